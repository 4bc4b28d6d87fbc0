package deploytest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// stack is a ROS stack. The cloud's lock guards it.
type stack struct {
	cloud           *Cloud
	id, name, token string
	status, reason  string
	current         *target // in force; nil: the stack was never complete
	created         *target // what CreateStack was called with
	resources       map[string]*resource
	order           []string        // of their creation
	retain          map[string]bool // resources that the caller of DeleteStack wants to keep
	events          []event
}

// event is a change of the status of a resource, or of the stack.
type event struct{ id, time, resource, kind, status, reason string }

func (s *stack) isBusy() bool { return strings.HasSuffix(s.status, "_IN_PROGRESS") }

// previousParameters returns the parameters in force if the caller wants to
// keep them.
func (s *stack) previousParameters(r request) map[string]string {
	if r.Get("UsePreviousParameters") != "true" || s.current == nil {
		return nil
	}
	return s.current.given
}

// addEvent records a status of a resource.
func (s *stack) addEvent(resource, kind, status, reason string) {
	s.events = append(s.events, event{
		id: s.cloud.newID("event"), time: time.Now().UTC().Format("2006-01-02T15:04:05"),
		resource: resource, kind: kind, status: status, reason: reason,
	})
}

// setStatus sets the status of the stack and records it.
func (s *stack) setStatus(status, reason string) {
	s.status, s.reason = status, reason
	s.addEvent(s.name, "ALIYUN::ROS::Stack", status, reason)
}

// startAction starts an action. It goes on after the call that started it.
func (s *stack) startAction(action string, to *target) {
	s.setStatus(action+"_IN_PROGRESS", "Stack "+action+" started")
	s.cloud.working.Go(func() { s.runAction(action, to) })
}

// runAction runs an action to its end, with a rollback if it fails.
func (s *stack) runAction(action string, to *target) {
	if action == "DELETE" {
		if reason := s.removeResources(s.retain); reason != "" {
			s.lockAndSetStatus("DELETE_FAILED", reason)
			return
		}
		s.lockAndSetStatus("DELETE_COMPLETE", "Stack DELETE completed successfully")
		return
	}
	reason := s.applyTarget(to)
	s.cloud.mu.Lock()
	before := s.current
	s.cloud.mu.Unlock()
	switch {
	case reason == "":
		s.cloud.mu.Lock()
		s.current = to
		s.cloud.mu.Unlock()
		s.lockAndSetStatus(action+"_COMPLETE", "Stack "+action+" completed successfully")
	case action == "CREATE":
		s.lockAndSetStatus("CREATE_ROLLBACK_IN_PROGRESS", reason)
		s.removeResources(nil)
		s.lockAndSetStatus("CREATE_ROLLBACK_COMPLETE", reason)
	default:
		s.lockAndSetStatus("ROLLBACK_IN_PROGRESS", reason)
		if again := s.applyTarget(before); again != "" {
			s.lockAndSetStatus("ROLLBACK_FAILED", again)
			return
		}
		s.lockAndSetStatus("ROLLBACK_COMPLETE", reason)
	}
}

func (s *stack) lockAndSetStatus(status, reason string) {
	s.cloud.mu.Lock()
	defer s.cloud.mu.Unlock()
	s.setStatus(status, reason)
}

// applyTarget creates, updates and removes resources until the stack is as it
// should be. It returns why it failed.
func (s *stack) applyTarget(to *target) (reason string) {
	names, err := s.existingResources(to)
	if err != nil {
		return err.Error()
	}
	kept := map[string]bool{}
	for _, name := range names {
		if reason := s.applyResource(to, name); reason != "" {
			return fmt.Sprintf("Resource %s failed: %s", name, reason)
		}
		kept[name] = true
	}
	return s.removeResources(kept)
}

// existingResources returns the resources that the target has, each after those
// that it depends on.
func (s *stack) existingResources(to *target) ([]string, error) {
	return to.ExistingResources(to.inStack(s, true))
}

// applyResource creates or updates one resource. It returns why it failed.
func (s *stack) applyResource(to *target, name string) (reason string) {
	s.cloud.mu.Lock()
	defer s.cloud.mu.Unlock()
	r, err := to.evaluate(s, name, false)
	if err != nil {
		return err.Error()
	}
	before := s.resources[name]
	if before != nil && reflect.DeepEqual(before.properties, r.Properties) {
		return ""
	}
	action := "UPDATE"
	next := &resource{name: name, kind: r.Type, properties: r.Properties, retained: r.Retain}
	if before == nil {
		action = "CREATE"
		s.order = append(s.order, name)
	}
	s.addEvent(name, next.kind, action+"_IN_PROGRESS", "state changed")
	if reason = s.waitForStep(action, name); reason == "" {
		if err := next.apply(s, before); err != nil {
			reason = err.Error()
		}
	}
	if reason != "" {
		s.addEvent(name, next.kind, action+"_FAILED", reason)
		return reason
	}
	s.resources[name] = next
	s.addEvent(name, next.kind, action+"_COMPLETE", "state changed")
	return ""
}

// waitForStep waits as long as a step takes, and calls the test's hook. It
// releases the lock meanwhile.
func (s *stack) waitForStep(action, name string) (reason string) {
	breakage, pause := s.cloud.hooks.breakage, s.cloud.Step
	s.cloud.mu.Unlock()
	defer s.cloud.mu.Lock()
	time.Sleep(pause)
	if breakage != nil {
		reason = breakage(action, name)
	}
	return reason
}

// removeResources removes the resources that are not to be kept, the newest
// first. It returns why it failed.
func (s *stack) removeResources(keep map[string]bool) (reason string) {
	s.cloud.mu.Lock()
	defer s.cloud.mu.Unlock()
	for i := len(s.order) - 1; i >= 0; i-- {
		name := s.order[i]
		r := s.resources[name]
		if keep[name] {
			continue
		}
		s.order = slices.Delete(s.order, i, i+1)
		if r == nil || r.retained { // it was never created, or it outlives the stack
			delete(s.resources, name)
			continue
		}
		s.addEvent(name, r.kind, "DELETE_IN_PROGRESS", "state changed")
		reason := s.waitForStep("DELETE", name)
		if reason == "" {
			if err := r.remove(s); err != nil {
				reason = err.Error()
			}
		}
		if reason != "" {
			s.order = slices.Insert(s.order, i, name)
			s.addEvent(name, r.kind, "DELETE_FAILED", reason)
			return fmt.Sprintf("Resource %s failed: %s", name, reason)
		}
		delete(s.resources, name)
		s.addEvent(name, r.kind, "DELETE_COMPLETE", "state changed")
	}
	return ""
}

// changes returns what applyTarget would do.
func (s *stack) changes(to *target) ([]object, error) {
	names, err := s.existingResources(to)
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, name := range names {
		r, err := to.evaluate(s, name, true)
		if err != nil {
			return nil, err
		}
		change := object{"LogicalResourceId": name, "ResourceType": r.Type, "Action": "None"}
		switch before := s.resources[name]; {
		case before == nil:
			change["Action"] = "Add"
		case !reflect.DeepEqual(before.properties, r.Properties):
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

// describe returns the response of GetStack.
func (s *stack) describe() object {
	d := object{"StackId": s.id, "StackName": s.name, "Status": s.status, "StatusReason": s.reason}
	in := s.current
	if in == nil {
		in = s.created
	}
	parameters := []object{}
	for name, value := range in.values {
		if in.IsSecret(name) {
			value = "******"
		}
		parameters = append(parameters, object{"ParameterKey": name, "ParameterValue": fmt.Sprint(value)})
	}
	d["Parameters"] = parameters
	if s.current != nil && !s.isBusy() {
		if outputs, err := s.current.EvaluateOutputs(s.current.inStack(s, false)); err == nil {
			list := []object{}
			for _, o := range outputs {
				list = append(list, object{"OutputKey": o.Name, "Description": o.Description, "OutputValue": o.Value})
			}
			d["Outputs"] = list
		}
	}
	return d
}

// listEvents returns a page of events.
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
		page = append(page, object{
			"EventId": e.id, "CreateTime": e.time, "LogicalResourceId": e.resource, "ResourceType": e.kind,
			"Status": e.status, "StatusReason": e.reason,
		})
	}
	return object{"Events": page, "TotalCount": len(s.events), "PageNumber": number, "PageSize": size}, nil
}

func (s *stack) listResources() object {
	list := []object{}
	for _, name := range s.order {
		if r := s.resources[name]; r != nil {
			list = append(list, object{
				"LogicalResourceId": name, "ResourceType": r.kind, "PhysicalResourceId": r.physical,
			})
		}
	}
	return object{"Resources": list}
}
