package rostemplate

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Values are what a template is resolved with.
type Values struct {
	Parameters map[string]any    // in place of defaults: texts, numbers, booleans
	Pseudo     map[string]string // "ALIYUN::Region" and so on
	// Attribute is what Fn::GetAtt of a resource returns; nil, or an empty
	// text, stands for one that is not known before the stack is made:
	// "<Resource.Attribute>".
	Attribute func(resource, name string) string
}

// Resource is a resource of a resolved template. Its properties are maps,
// lists, texts, numbers and booleans.
type Resource struct {
	Type       string
	Properties map[string]any
}

// absent is the value of ALIYUN::NoValue.
type absent struct{}

// resolver resolves one template.
type resolver struct {
	t      *Template
	values Values
	err    error // the first
}

// Resolve returns the resources that ROS would make, those left out whose
// condition does not hold. The template should be one that passes Check.
func (t *Template) Resolve(values Values) (map[string]Resource, error) {
	r := &resolver{t: t, values: values}
	resources := map[string]Resource{}
	for name, n := range entries(t.sections["Resources"]) {
		if condition := member(n, "Condition"); condition != nil && !r.holds(condition) {
			continue
		}
		properties, _ := r.value(orEmpty(member(n, "Properties"))).(map[string]any)
		resources[name.Value] = Resource{Type: member(n, "Type").Value, Properties: properties}
	}
	return resources, r.err
}

func orEmpty(n *yaml.Node) *yaml.Node {
	if n == nil {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return n
}

func (r *resolver) fail(n *yaml.Node, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("resolving line %d: %s", n.Line, fmt.Sprintf(format, args...))
	}
}

func (r *resolver) value(n *yaml.Node) any {
	if name, arg := intrinsic(n); name != "" {
		return r.call(n, name, arg)
	}
	switch n.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for key, value := range entries(n) {
			if v := r.value(value); v != (absent{}) {
				object[key.Value] = v
			}
		}
		return object
	case yaml.SequenceNode:
		list := []any{}
		for _, child := range n.Content {
			if v := r.value(child); v != (absent{}) {
				list = append(list, v)
			}
		}
		return list
	}
	var v any
	if err := n.Decode(&v); err != nil {
		r.fail(n, "%v", err)
	}
	return v
}

func (r *resolver) call(n *yaml.Node, name string, arg *yaml.Node) any {
	switch name {
	case "Ref":
		return r.ref(arg)
	case "Fn::GetAtt":
		resource, attribute := arg.Content[0].Value, arg.Content[1].Value
		if r.values.Attribute != nil {
			if v := r.values.Attribute(resource, attribute); v != "" {
				return v
			}
		}
		return "<" + resource + "." + attribute + ">"
	case "Fn::If":
		if r.holds(arg.Content[0]) {
			return r.value(arg.Content[1])
		}
		return r.value(arg.Content[2])
	case "Fn::Str":
		return fmt.Sprint(r.value(arg))
	case "Fn::Length":
		list, _ := r.value(arg).([]any)
		return len(list)
	case "Fn::Split":
		var list []any
		for part := range strings.SplitSeq(fmt.Sprint(r.value(arg.Content[1])), arg.Content[0].Value) {
			list = append(list, part)
		}
		return list
	case "Fn::Join":
		var parts []string
		for _, part := range arg.Content[1].Content {
			if v := r.value(part); v != (absent{}) {
				parts = append(parts, fmt.Sprint(v))
			}
		}
		return strings.Join(parts, arg.Content[0].Value)
	}
	r.fail(n, "function %s is not known here", name)
	return nil
}

func (r *resolver) ref(arg *yaml.Node) any {
	if arg.Value == noValue {
		return absent{}
	}
	if v, given := r.values.Parameters[arg.Value]; given {
		return v
	}
	if v, given := r.values.Pseudo[arg.Value]; given {
		return v
	}
	parameter := member(r.t.sections["Parameters"], arg.Value)
	if d := member(parameter, "Default"); d != nil {
		return r.value(d)
	}
	if parameter != nil {
		r.fail(arg, "parameter %s has no default and no value", arg.Value)
	} else {
		r.fail(arg, "%s has no value", arg.Value)
	}
	return nil
}

// holds says whether a condition, or an expression of them, is true.
func (r *resolver) holds(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		expression := member(r.t.sections["Conditions"], n.Value)
		if expression == nil {
			r.fail(n, "condition %s does not exist", n.Value)
			return false
		}
		return r.holds(expression)
	}
	name, arg := intrinsic(n)
	switch name {
	case "Fn::Equals":
		return fmt.Sprint(r.value(arg.Content[0])) == fmt.Sprint(r.value(arg.Content[1]))
	case "Fn::Not":
		return !r.holds(arg.Content[0])
	case "Fn::And":
		return !slices.ContainsFunc(arg.Content, func(n *yaml.Node) bool { return !r.holds(n) })
	case "Fn::Or":
		return slices.ContainsFunc(arg.Content, r.holds)
	}
	r.fail(n, "this is no condition")
	return false
}
