package deploytest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// stack is a stack and what was made of it. The cloud's lock guards it.
type stack struct {
	cloud           *Cloud
	id, name, token string
	status, reason  string
	is              *wanted // template and parameters in force; nil: never complete
	asked           *wanted // by CreateStack
	resources       map[string]*resource
	order           []string // in which they were made
	retain          map[string]bool
	events          []event
}

type event struct{ id, time, resource, kind, status, reason string }

func (s *stack) busy() bool { return strings.HasSuffix(s.status, "_IN_PROGRESS") }

func (s *stack) previous(r request) map[string]string {
	if r.Get("UsePreviousParameters") != "true" || s.is == nil {
		return nil
	}
	return s.is.given
}

// note sets a status and writes it down; the stack's own if there is no
// resource.
func (s *stack) note(resource, kind, status, reason string) {
	if resource == "" {
		resource, kind = s.name, "ALIYUN::ROS::Stack"
		s.status, s.reason = status, reason
	}
	s.events = append(s.events, event{s.cloud.id("event"), time.Now().UTC().Format("2006-01-02T15:04:05"), resource, kind, status, reason})
}

// begin starts an action, which goes on without the caller.
func (s *stack) begin(action string, to *wanted) {
	s.note("", "", action+"_IN_PROGRESS", "Stack "+action+" started")
	s.cloud.working.Go(func() { s.work(action, to) })
}

func (s *stack) work(action string, to *wanted) {
	if action == "DELETE" {
		if reason := s.clear(s.retain); reason != "" {
			s.end("DELETE_FAILED", reason)
			return
		}
		s.end("DELETE_COMPLETE", "Stack DELETE completed successfully")
		return
	}
	reason := s.reach(to)
	s.cloud.mu.Lock()
	before := s.is
	s.cloud.mu.Unlock()
	switch {
	case reason == "":
		s.cloud.mu.Lock()
		s.is = to
		s.cloud.mu.Unlock()
		s.end(action+"_COMPLETE", "Stack "+action+" completed successfully")
	case action == "CREATE":
		s.end("CREATE_ROLLBACK_IN_PROGRESS", reason)
		s.clear(nil)
		s.end("CREATE_ROLLBACK_COMPLETE", reason)
	default:
		s.end("ROLLBACK_IN_PROGRESS", reason)
		if again := s.reach(before); again != "" {
			s.end("ROLLBACK_FAILED", again)
			return
		}
		s.end("ROLLBACK_COMPLETE", reason)
	}
}

func (s *stack) end(status, reason string) {
	s.cloud.mu.Lock()
	defer s.cloud.mu.Unlock()
	s.note("", "", status, reason)
}

// reach makes, changes and removes resources, in the order of what they refer
// to, until they are as wanted. The result says what failed.
func (s *stack) reach(to *wanted) (reason string) {
	names, err := to.sorted()
	if err != nil {
		return err.Error()
	}
	for _, name := range names {
		if reason := s.bringResource(to, name); reason != "" {
			return fmt.Sprintf("Resource %s failed: %s", name, reason)
		}
	}
	gone := map[string]bool{}
	for _, name := range names {
		gone[name] = true // is to be kept
	}
	return s.clear(gone)
}

func (s *stack) bringResource(to *wanted, name string) (reason string) {
	s.cloud.mu.Lock()
	defer s.cloud.mu.Unlock()
	properties, err := to.properties(s, name, false)
	if err != nil {
		return err.Error()
	}
	have := s.resources[name]
	if have != nil && reflect.DeepEqual(have.properties, properties) {
		return ""
	}
	action := "UPDATE"
	next := &resource{name: name, kind: to.kind(name), properties: properties, retained: to.Resources[name].DeletionPolicy == "Retain"}
	if have == nil {
		action = "CREATE"
		s.order = append(s.order, name)
	}
	s.note(name, next.kind, action+"_IN_PROGRESS", "state changed")
	if reason = s.step(action, name); reason == "" {
		if err := next.bring(s, have); err != nil {
			reason = err.Error()
		}
	}
	if reason != "" {
		s.note(name, next.kind, action+"_FAILED", reason)
		return reason
	}
	s.resources[name] = next
	s.note(name, next.kind, action+"_COMPLETE", "state changed")
	return ""
}

// step takes a resource's time and asks the test; the lock is let go of.
func (s *stack) step(action, name string) (reason string) {
	hook, pause := s.cloud.broken, s.cloud.Step
	s.cloud.mu.Unlock()
	defer s.cloud.mu.Lock()
	time.Sleep(pause)
	if hook != nil {
		reason = hook(action, name)
	}
	return reason
}

// clear removes what is not to be kept, the newest first.
func (s *stack) clear(keep map[string]bool) (reason string) {
	s.cloud.mu.Lock()
	defer s.cloud.mu.Unlock()
	for i := len(s.order) - 1; i >= 0; i-- {
		name := s.order[i]
		r := s.resources[name]
		if keep[name] {
			continue
		}
		s.order = slices.Delete(s.order, i, i+1)
		if r == nil || r.retained { // never made, or none of our business any more
			delete(s.resources, name)
			continue
		}
		s.note(name, r.kind, "DELETE_IN_PROGRESS", "state changed")
		reason := s.step("DELETE", name)
		if reason == "" {
			if err := r.remove(s); err != nil {
				reason = err.Error()
			}
		}
		if reason != "" {
			s.order = slices.Insert(s.order, i, name)
			s.note(name, r.kind, "DELETE_FAILED", reason)
			return fmt.Sprintf("Resource %s failed: %s", name, reason)
		}
		delete(s.resources, name)
		s.note(name, r.kind, "DELETE_COMPLETE", "state changed")
	}
	return ""
}

// changes is what reaching to would do.
func (s *stack) changes(to *wanted) ([]object, error) {
	names, err := to.sorted()
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, name := range names {
		properties, err := to.properties(s, name, true)
		if err != nil {
			return nil, err
		}
		change := object{"LogicalResourceId": name, "ResourceType": to.kind(name), "Action": "None"}
		switch have := s.resources[name]; {
		case have == nil:
			change["Action"] = "Add"
		case !reflect.DeepEqual(have.properties, properties):
			change["Action"], change["Replacement"] = "Modify", "False"
		}
		list = append(list, change)
	}
	for name, r := range s.resources {
		if !slices.Contains(names, name) {
			list = append(list, object{"LogicalResourceId": name, "ResourceType": r.kind, "Action": "Remove"})
		}
	}
	return list, nil
}

func (s *stack) describe() object {
	d := object{"StackId": s.id, "StackName": s.name, "Status": s.status, "StatusReason": s.reason}
	in := s.is
	if in == nil {
		in = s.asked
	}
	parameters := []object{}
	for name, value := range in.values {
		if in.secret(name) {
			value = "******"
		}
		parameters = append(parameters, object{"ParameterKey": name, "ParameterValue": fmt.Sprint(value)})
	}
	d["Parameters"] = parameters
	if s.is != nil && !s.busy() {
		if outputs, err := s.is.outputs(s); err == nil {
			d["Outputs"] = outputs
		}
	}
	return d
}

// listEvents answers a page.
func (s *stack) listEvents(r request) (object, error) {
	size, number, err := r.page()
	if err != nil {
		return nil, err
	}
	page, events := []object{}, slices.Clone(s.events)
	if !s.cloud.OldestFirst {
		slices.Reverse(events)
	}
	for _, e := range events[min(len(events), (number-1)*size):min(len(events), number*size)] {
		page = append(page, object{"EventId": e.id, "CreateTime": e.time, "LogicalResourceId": e.resource, "ResourceType": e.kind, "Status": e.status, "StatusReason": e.reason})
	}
	return object{"Events": page, "TotalCount": len(s.events), "PageNumber": number, "PageSize": size}, nil
}

func (s *stack) listResources() object {
	list := []object{}
	for _, name := range s.order {
		if r := s.resources[name]; r != nil {
			list = append(list, object{"LogicalResourceId": name, "ResourceType": r.kind, "PhysicalResourceId": r.physical})
		}
	}
	return object{"Resources": list}
}
