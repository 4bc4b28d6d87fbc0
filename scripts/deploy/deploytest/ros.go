package deploytest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// apiError is an error response with ROS's own codes.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// newError returns an *apiError.
func newError(status int, code, format string, args ...any) error {
	return &apiError{status, code, fmt.Sprintf(format, args...)}
}

// request has the parameters of a ROS call, from its query and its form.
type request struct{ url.Values }

// parameters returns the values of Parameters.N.ParameterValue by
// Parameters.N.ParameterKey.
func (r request) parameters() map[string]string {
	all := map[string]string{}
	for n := 1; r.Has("Parameters." + strconv.Itoa(n) + ".ParameterKey"); n++ {
		at := "Parameters." + strconv.Itoa(n)
		all[r.Get(at+".ParameterKey")] = r.Get(at + ".ParameterValue")
	}
	return all
}

func (c *Cloud) serveROS(w http.ResponseWriter, r *http.Request) {
	action, body, ok := c.readCall(w, r, "2019-09-10")
	if !ok {
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		respondError(w, http.StatusBadRequest, "InvalidBody", err.Error())
		return
	}
	for name, values := range r.URL.Query() {
		form[name] = values
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	reply, err := c.handle(action, request{form})
	if e, ok := err.(*apiError); ok {
		respondError(w, e.status, e.code, e.message)
		return
	}
	if err != nil {
		respondError(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	reply["RequestId"] = "0F1E2D3C-0000-4000-8000-000000000002"
	respond(w, reply)
}

type object = map[string]any

// noSuchAction is the message of InvalidAction.NotFound.
const noSuchAction = "Specified api is not found, please check your url and method."

// handle handles one action of ROS.
func (c *Cloud) handle(action string, r request) (object, error) {
	if r.Get("RegionId") != c.Region {
		return nil, newError(http.StatusBadRequest, "InvalidRegionId",
			"region %q is not %q", r.Get("RegionId"), c.Region)
	}
	switch action {
	case "ListStacks":
		return c.listStacks(r)
	case "CreateStack":
		return c.createStack(r)
	case "PreviewStack":
		return c.previewStack(r)
	}
	s, err := c.stackByID(r.Get("StackId"))
	if err != nil {
		return nil, err
	}
	switch action {
	case "GetStack":
		return s.describe(), nil
	case "UpdateStack":
		return c.updateStack(s, r)
	case "DeleteStack":
		return c.deleteStack(s, r)
	case "ListStackEvents":
		return s.listEvents(r)
	case "ListStackResources":
		return s.listResources(), nil
	}
	return nil, newError(http.StatusNotFound, "InvalidAction.NotFound", noSuchAction)
}

func (c *Cloud) stackByID(id string) (*stack, error) {
	for _, s := range c.stacks {
		if s.id == id {
			return s, nil
		}
	}
	return nil, newError(http.StatusNotFound, "StackNotFound", "The Stack (%s) could not be found.", id)
}

// listStacks returns a page of all stacks, or of those with one name. Deleted
// stacks stay in the list.
func (c *Cloud) listStacks(r request) (object, error) {
	size, number, err := r.page()
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, s := range c.stacks {
		if !r.Has("StackName.1") || s.name == r.Get("StackName.1") {
			list = append(list, object{"StackId": s.id, "StackName": s.name, "Status": s.status})
		}
	}
	page := list[min(len(list), (number-1)*size):min(len(list), number*size)]
	return object{"Stacks": page, "TotalCount": len(list), "PageNumber": number, "PageSize": size}, nil
}

// page returns PageSize and PageNumber. They default to 10 and 1.
func (r request) page() (size, number int, err error) {
	size, number = 10, 1
	for name, into := range map[string]*int{"PageSize": &size, "PageNumber": &number} {
		if !r.Has(name) {
			continue
		}
		if *into, err = strconv.Atoi(r.Get(name)); err != nil || *into < 1 || name == "PageSize" && *into > 50 {
			return 0, 0, newError(http.StatusBadRequest, "InvalidParameter", "%s %q is invalid.", name, r.Get(name))
		}
	}
	return size, number, nil
}

func (c *Cloud) createStack(r request) (object, error) {
	name := r.Get("StackName")
	for _, s := range c.stacks {
		switch {
		case s.name != name || s.status == "DELETE_COMPLETE":
		case s.token == r.Get("ClientToken"):
			return object{"StackId": s.id}, nil // the call was repeated
		default:
			return nil, newError(http.StatusConflict, "StackExists", "The Stack (%s) already exists.", name)
		}
	}
	to, err := newTarget(r.Get("TemplateBody"), r.parameters(), nil)
	if err != nil {
		return nil, err
	}
	if err := r.checkTimeout(); err != nil {
		return nil, err
	}
	s := &stack{cloud: c, id: c.newID("stack"), name: name, token: r.Get("ClientToken"), created: to}
	s.resources = map[string]*resource{}
	c.stacks = append(c.stacks, s)
	s.startAction("CREATE", to)
	return object{"StackId": s.id}, nil
}

func (r request) checkTimeout() error {
	minutes := r.Get("TimeoutInMinutes")
	if n, err := strconv.Atoi(minutes); err != nil || n < 10 || n > 1440 {
		return newError(http.StatusBadRequest, "InvalidParameter", "TimeoutInMinutes %q is not from 10 to 1440.", minutes)
	}
	return nil
}

// checkIdle returns an error if an action of the stack is in progress.
func (s *stack) checkIdle() error {
	if s.isBusy() {
		return newError(http.StatusConflict, "ActionInProgress",
			"Stack %s already has an action (%s) in progress.", s.name, s.status)
	}
	return nil
}

func (c *Cloud) updateStack(s *stack, r request) (object, error) {
	if err := s.checkIdle(); err != nil {
		return nil, err
	}
	to, err := newTarget(r.Get("TemplateBody"), r.parameters(), s.previousParameters(r))
	if err != nil {
		return nil, err
	}
	if err := r.checkTimeout(); err != nil {
		return nil, err
	}
	if to.equals(s.current) {
		message := "Update the completely same stack is not supported."
		return nil, newError(http.StatusBadRequest, "NotSupported", "%s", message)
	}
	s.startAction("UPDATE", to)
	return object{"StackId": s.id}, nil
}

// previewStack returns what an update, or a new stack, would change.
func (c *Cloud) previewStack(r request) (object, error) {
	s := &stack{cloud: c, id: "stack-preview", name: r.Get("StackName"), resources: map[string]*resource{}}
	if id := r.Get("StackId"); id != "" {
		if r.Has("StackName") {
			message := "You must and can specify only one of StackName and StackId."
			return nil, newError(http.StatusBadRequest, "InvalidParameter", "%s", message)
		}
		var err error
		if s, err = c.stackByID(id); err != nil {
			return nil, err
		}
	}
	to, err := newTarget(r.Get("TemplateBody"), r.parameters(), s.previousParameters(r))
	if err != nil {
		return nil, err
	}
	changes, err := s.changes(to)
	return object{"Stack": object{"StackName": s.name, "Resources": changes}}, err
}

func (c *Cloud) deleteStack(s *stack, r request) (object, error) {
	if err := s.checkIdle(); err != nil {
		return nil, err
	}
	s.retain = map[string]bool{}
	for n := 1; r.Has("RetainResources." + strconv.Itoa(n)); n++ {
		s.retain[r.Get("RetainResources."+strconv.Itoa(n))] = true
	}
	s.startAction("DELETE", nil)
	return object{}, nil
}
