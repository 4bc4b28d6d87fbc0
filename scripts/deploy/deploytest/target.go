package deploytest

import (
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"community-images/scripts/check/rostemplate"
)

// target is what a stack is to become: a template with its parameters.
type target struct {
	*rostemplate.Template
	body   string
	given  map[string]string // parameters that the caller gave, now or before
	values map[string]any    // of all parameters, by their types
}

// newTarget reads a template and checks the parameters. It takes the ones that
// are not given from previous. The error is an *apiError.
func newTarget(body string, given, previous map[string]string) (*target, error) {
	t, err := rostemplate.Parse([]byte(body))
	if err != nil {
		return nil, newError(http.StatusBadRequest, "InvalidTemplate", "%v", err)
	}
	if problems := t.Problems(); len(problems) > 0 {
		return nil, newError(http.StatusBadRequest, "InvalidTemplate", "%v", problems[0])
	}
	if len(t.Resources()) == 0 {
		return nil, newError(http.StatusBadRequest, "InvalidTemplate", "the template has no resources")
	}
	to := &target{Template: t, body: body, given: map[string]string{}}
	for name, value := range previous {
		if slices.Contains(t.Parameters(), name) {
			to.given[name] = value
		}
	}
	maps.Copy(to.given, given)
	to.values, err = t.ParameterValues(to.given)
	var invalid *rostemplate.ParameterError
	if errors.As(err, &invalid) {
		return nil, newError(http.StatusBadRequest, invalid.Code, "%s", invalid.Text)
	}
	if err := t.CheckRules(rostemplate.Values{Parameters: to.values}); err != nil {
		return nil, newError(http.StatusBadRequest, "StackValidationFailed", "%v", err)
	}
	return to, nil
}

// equals reports whether both have the same template and the same values of the
// parameters.
func (to *target) equals(other *target) bool {
	return other != nil && to.body == other.body && reflect.DeepEqual(to.values, other.values)
}

// inStack returns the values that references have in a stack. In a preview,
// resources that do not exist yet have unknown attributes.
func (to *target) inStack(s *stack, preview bool) rostemplate.Values {
	return rostemplate.Values{
		Parameters: to.values,
		Pseudo: map[string]string{
			"ALIYUN::TenantId": account, "ALIYUN::AccountId": account,
			"ALIYUN::Region": s.cloud.Region, "ALIYUN::StackName": s.name, "ALIYUN::StackId": s.id,
		},
		Resource: func(name, attribute string) (any, error) {
			r := s.resources[name]
			switch {
			case r == nil && preview && slices.Contains(to.Resources(), name):
				return "(known later)", nil
			case r == nil:
				return nil, newError(http.StatusBadRequest, "StackValidationFailed", "there is no resource %s", name)
			case attribute == "":
				return r.physical, nil
			}
			value, ok := r.attributes[attribute]
			if !ok {
				return nil, newError(http.StatusBadRequest, "StackValidationFailed",
					"%s %s has no attribute %s", r.kind, name, attribute)
			}
			return value, nil
		},
	}
}

// evaluate evaluates one resource in a stack.
func (to *target) evaluate(s *stack, name string, preview bool) (rostemplate.Resource, error) {
	r, err := to.EvaluateResource(name, to.inStack(s, preview))
	if err != nil {
		err = newError(http.StatusBadRequest, "StackValidationFailed", "Resource %s: %v", name, err)
	}
	return r, err
}
