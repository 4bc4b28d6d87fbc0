package deploytest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// apiError is a refusal with ROS' own codes.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func fault(status int, code, format string, args ...any) error {
	return &apiError{status, code, fmt.Sprintf(format, args...)}
}

// request is a ROS call, its query and form in one.
type request struct{ url.Values }

// parameters reads Parameters.N.ParameterKey and -Value.
func (r request) parameters() map[string]string {
	all := map[string]string{}
	for n := 1; r.Has("Parameters." + strconv.Itoa(n) + ".ParameterKey"); n++ {
		at := "Parameters." + strconv.Itoa(n)
		all[r.Get(at+".ParameterKey")] = r.Get(at + ".ParameterValue")
	}
	return all
}

func (c *Cloud) serveROS(w http.ResponseWriter, r *http.Request) {
	action, body, ok := c.admit(w, r, "2019-09-10")
	if !ok {
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		answerError(w, http.StatusBadRequest, "InvalidBody", err.Error())
		return
	}
	for name, values := range r.URL.Query() {
		form[name] = values
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	reply, err := c.ask(action, request{form})
	if e, ok := err.(*apiError); ok {
		answerError(w, e.status, e.code, e.message)
		return
	}
	if err != nil {
		answerError(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	reply["RequestId"] = "0F1E2D3C-0000-4000-8000-000000000002"
	answer(w, reply)
}

type object = map[string]any

// ask answers one action.
func (c *Cloud) ask(action string, r request) (object, error) {
	if r.Get("RegionId") != c.Region {
		return nil, fault(http.StatusBadRequest, "InvalidRegionId", "region %q is not %q", r.Get("RegionId"), c.Region)
	}
	switch action {
	case "ListStacks":
		return c.listStacks(r)
	case "CreateStack":
		return c.create(r)
	case "PreviewStack":
		return c.preview(r)
	}
	s := c.stackBy(func(s *stack) bool { return s.id == r.Get("StackId") })
	if s == nil {
		return nil, fault(http.StatusNotFound, "StackNotFound", "The Stack (%s) could not be found.", r.Get("StackId"))
	}
	switch action {
	case "GetStack":
		return s.describe(), nil
	case "UpdateStack":
		return c.update(s, r)
	case "DeleteStack":
		return c.delete(s, r)
	case "ListStackEvents":
		return s.listEvents(r)
	case "ListStackResources":
		return s.listResources(), nil
	}
	return nil, fault(http.StatusNotFound, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
}

func (c *Cloud) stackBy(is func(*stack) bool) *stack {
	for _, s := range c.stacks {
		if is(s) {
			return s
		}
	}
	return nil
}

// listStacks answers a page of all stacks, or of those of one name.
func (c *Cloud) listStacks(r request) (object, error) {
	size, number, err := r.page()
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, s := range c.stacks { // deleted ones stay listed for a while
		if !r.Has("StackName.1") || s.name == r.Get("StackName.1") {
			list = append(list, object{"StackId": s.id, "StackName": s.name, "Status": s.status})
		}
	}
	page := list[min(len(list), (number-1)*size):min(len(list), number*size)]
	return object{"Stacks": page, "TotalCount": len(list), "PageNumber": number, "PageSize": size}, nil
}

// page reads PageSize and PageNumber, which are 10 and 1 if they are not given.
func (r request) page() (size, number int, err error) {
	size, number = 10, 1
	for name, into := range map[string]*int{"PageSize": &size, "PageNumber": &number} {
		if !r.Has(name) {
			continue
		}
		if *into, err = strconv.Atoi(r.Get(name)); err != nil || *into < 1 || name == "PageSize" && *into > 50 {
			return 0, 0, fault(http.StatusBadRequest, "InvalidParameter", "%s %q is invalid.", name, r.Get(name))
		}
	}
	return size, number, nil
}

func (c *Cloud) create(r request) (object, error) {
	name := r.Get("StackName")
	if s := c.stackBy(func(s *stack) bool { return s.name == name && s.status != "DELETE_COMPLETE" }); s != nil {
		if s.token == r.Get("ClientToken") {
			return object{"StackId": s.id}, nil
		}
		return nil, fault(http.StatusConflict, "StackExists", "The Stack (%s) already exists.", name)
	}
	wanted, err := parse(r.Get("TemplateBody"), r.parameters(), nil)
	if err != nil {
		return nil, err
	}
	if err := timeout(r); err != nil {
		return nil, err
	}
	s := &stack{cloud: c, id: c.id("stack"), name: name, token: r.Get("ClientToken"), resources: map[string]*resource{}, asked: wanted}
	c.stacks = append(c.stacks, s)
	s.begin("CREATE", wanted)
	return object{"StackId": s.id}, nil
}

func timeout(r request) error {
	if n, err := strconv.Atoi(r.Get("TimeoutInMinutes")); err != nil || n < 10 || n > 1440 {
		return fault(http.StatusBadRequest, "InvalidParameter", "TimeoutInMinutes %q is not from 10 to 1440.", r.Get("TimeoutInMinutes"))
	}
	return nil
}

func (c *Cloud) update(s *stack, r request) (object, error) {
	if s.busy() {
		return nil, fault(http.StatusConflict, "ActionInProgress", "Stack %s already has an action (%s) in progress.", s.name, s.status)
	}
	wanted, err := parse(r.Get("TemplateBody"), r.parameters(), s.previous(r))
	if err != nil {
		return nil, err
	}
	if err := timeout(r); err != nil {
		return nil, err
	}
	if wanted.same(s.is) {
		return nil, fault(http.StatusBadRequest, "NotSupported", "Update the completely same stack is not supported.")
	}
	s.begin("UPDATE", wanted)
	return object{"StackId": s.id}, nil
}

func (c *Cloud) preview(r request) (object, error) {
	s := &stack{cloud: c, id: "stack-preview", name: r.Get("StackName"), resources: map[string]*resource{}}
	if id := r.Get("StackId"); id != "" {
		if r.Has("StackName") {
			return nil, fault(http.StatusBadRequest, "InvalidParameter", "You must and can specify only one of StackName and StackId.")
		}
		if s = c.stackBy(func(s *stack) bool { return s.id == id }); s == nil {
			return nil, fault(http.StatusNotFound, "StackNotFound", "The Stack (%s) could not be found.", id)
		}
	}
	wanted, err := parse(r.Get("TemplateBody"), r.parameters(), s.previous(r))
	if err != nil {
		return nil, err
	}
	changes, err := s.changes(wanted)
	return object{"Stack": object{"StackName": s.name, "Resources": changes}}, err
}

func (c *Cloud) delete(s *stack, r request) (object, error) {
	if s.busy() {
		return nil, fault(http.StatusConflict, "ActionInProgress", "Stack %s already has an action (%s) in progress.", s.name, s.status)
	}
	s.retain = map[string]bool{}
	for n := 1; r.Has("RetainResources." + strconv.Itoa(n)); n++ {
		s.retain[r.Get("RetainResources."+strconv.Itoa(n))] = true
	}
	s.begin("DELETE", nil)
	return object{}, nil
}
