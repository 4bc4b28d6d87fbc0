package deploytest

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// scope evaluates ROS' functions in the middle of a stack.
type scope struct {
	*wanted
	stack   *stack // nil: within a condition
	preview bool   // resources that are not there yet have unknown values
}

// absent is ALIYUN::NoValue.
type absent struct{}

// properties are those of a resource, evaluated.
func (w *wanted) properties(s *stack, name string, preview bool) (map[string]any, error) {
	v, err := scope{w, s, preview}.value(map[string]any(w.Resources[name].Properties))
	if err != nil {
		return nil, fault(400, "StackValidationFailed", "Resource %s: %v", name, err)
	}
	m, _ := v.(map[string]any)
	return m, nil
}

func (w *wanted) outputs(s *stack) ([]object, error) {
	list := []object{}
	for _, name := range slices.Sorted(maps.Keys(w.Outputs)) {
		o := w.Outputs[name]
		if holds, err := w.holds(o.Condition); err != nil || !holds {
			continue
		}
		v, err := scope{w, s, false}.value(o.Value)
		if err != nil {
			return nil, err
		}
		description, _ := o.Description.(string)
		list = append(list, object{"OutputKey": name, "Description": description, "OutputValue": v})
	}
	return list, nil
}

// holds evaluates a condition; the empty one holds.
func (w *wanted) holds(name string) (bool, error) {
	if name == "" {
		return true, nil
	}
	c, ok := w.Conditions[name]
	if !ok {
		return false, fault(400, "InvalidTemplate", "there is no condition %s", name)
	}
	return scope{w, nil, false}.truth(c)
}

func (e scope) truth(v any) (bool, error) {
	if name, ok := v.(string); ok {
		return e.holds(name)
	}
	got, err := e.value(v)
	if err != nil {
		return false, err
	}
	b, ok := got.(bool)
	if !ok {
		return false, fmt.Errorf("%v is no condition", v)
	}
	return b, nil
}

func (e scope) value(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		list := []any{}
		for _, x := range v {
			got, err := e.value(x)
			if err != nil {
				return nil, err
			}
			if got != (absent{}) {
				list = append(list, got)
			}
		}
		return list, nil
	case map[string]any:
		for name, argument := range v {
			if len(v) == 1 && (name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::")) {
				return e.call(name, argument)
			}
		}
		m := map[string]any{}
		for key, x := range v {
			got, err := e.value(x)
			if err != nil {
				return nil, err
			}
			if got != (absent{}) {
				m[key] = got
			}
		}
		return m, nil
	}
	return v, nil
}

// call evaluates a function.
func (e scope) call(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		return e.ref(fmt.Sprint(argument))
	case "Condition":
		return e.holds(fmt.Sprint(argument))
	case "Fn::If":
		list, ok := argument.([]any)
		if !ok || len(list) != 3 {
			return nil, fmt.Errorf("Fn::If takes three: %v", argument)
		}
		yes, err := e.truth(list[0])
		switch {
		case err != nil:
			return nil, err
		case yes:
			return e.value(list[1])
		}
		return e.value(list[2])
	case "Fn::And", "Fn::Or", "Fn::Not":
		return e.logic(name, argument)
	case "Fn::Sub":
		return e.sub(argument)
	}
	v, err := e.value(argument)
	if err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	switch {
	case name == "Fn::GetAtt" && len(list) == 2:
		return e.attribute(fmt.Sprint(list[0]), fmt.Sprint(list[1]))
	case name == "Fn::Equals" && len(list) == 2:
		return reflect.DeepEqual(list[0], list[1]) || fmt.Sprint(list[0]) == fmt.Sprint(list[1]), nil
	case name == "Fn::Join" && len(list) == 2:
		parts, ok := list[1].([]any)
		if !ok {
			return nil, fmt.Errorf("Fn::Join takes a list: %v", list[1])
		}
		var texts []string
		for _, p := range parts {
			texts = append(texts, fmt.Sprint(p))
		}
		return strings.Join(texts, fmt.Sprint(list[0])), nil
	case name == "Fn::Split" && len(list) == 2:
		parts := []any{}
		for part := range strings.SplitSeq(fmt.Sprint(list[1]), fmt.Sprint(list[0])) {
			parts = append(parts, part)
		}
		return parts, nil
	case name == "Fn::Select" && len(list) == 2:
		parts, _ := list[1].([]any)
		i, err := strconv.Atoi(fmt.Sprint(list[0]))
		if err != nil || i < 0 || i >= len(parts) {
			return nil, fmt.Errorf("Fn::Select finds no %v in %v", list[0], list[1])
		}
		return parts[i], nil
	case name == "Fn::Length":
		return len(list), nil
	case name == "Fn::Str":
		return fmt.Sprint(v), nil
	}
	return nil, fmt.Errorf("function %s with %v is not known here", name, argument)
}

func (e scope) logic(name string, argument any) (any, error) {
	list, ok := argument.([]any)
	if !ok {
		list = []any{argument}
	}
	and, or := true, false
	for _, x := range list {
		b, err := e.truth(x)
		if err != nil {
			return nil, err
		}
		and, or = and && b, or || b
	}
	switch name {
	case "Fn::And":
		return and, nil
	case "Fn::Or":
		return or, nil
	}
	return !and, nil
}

var hole = regexp.MustCompile(`\$\{[^}]+\}`)

// sub replaces ${Name} and ${Resource.Attribute}.
func (e scope) sub(argument any) (any, error) {
	text, own := fmt.Sprint(argument), map[string]any{}
	if list, ok := argument.([]any); ok && len(list) == 2 {
		text = fmt.Sprint(list[0])
		own, _ = list[1].(map[string]any)
	}
	var failed error
	text = hole.ReplaceAllStringFunc(text, func(h string) string {
		name := h[2 : len(h)-1]
		var v any
		var err error
		if x, ok := own[name]; ok {
			v, err = e.value(x)
		} else if resource, attribute, ok := strings.Cut(name, "."); ok {
			v, err = e.attribute(resource, attribute)
		} else {
			v, err = e.ref(name)
		}
		if err != nil {
			failed = err
		}
		return fmt.Sprint(v)
	})
	return text, failed
}

func (e scope) ref(name string) (any, error) {
	switch name {
	case "ALIYUN::NoValue":
		return absent{}, nil
	case "ALIYUN::TenantId", "ALIYUN::AccountId":
		return "1234567890123456", nil
	}
	if v, ok := e.values[name]; ok {
		return v, nil
	}
	if e.stack == nil {
		return nil, fmt.Errorf("a condition refers to %s, which is no parameter", name)
	}
	switch name {
	case "ALIYUN::Region":
		return e.stack.cloud.Region, nil
	case "ALIYUN::StackName":
		return e.stack.name, nil
	case "ALIYUN::StackId":
		return e.stack.id, nil
	}
	if r := e.stack.resources[name]; r != nil {
		return r.physical, nil
	}
	if _, declared := e.Resources[name]; declared && e.preview {
		return "(known later)", nil
	}
	return nil, fmt.Errorf("there is no %s", name)
}

func (e scope) attribute(resource, attribute string) (any, error) {
	if r := e.stack.resources[resource]; r != nil {
		v, ok := r.attributes[attribute]
		if !ok {
			return nil, fmt.Errorf("%s %s has no attribute %s", r.kind, resource, attribute)
		}
		return v, nil
	}
	if _, declared := e.Resources[resource]; declared && e.preview {
		return "(known later)", nil
	}
	return nil, fmt.Errorf("there is no resource %s", resource)
}
