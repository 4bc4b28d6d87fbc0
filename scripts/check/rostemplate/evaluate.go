package rostemplate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Values are what the references in a template stand for.
type Values struct {
	// Parameters may come from ParameterValues, which has converted them.
	Parameters map[string]any    // strings, numbers, booleans and lists; defaults are used for missing ones
	Pseudo     map[string]string // "ALIYUN::Region" and so on
	// Resource returns an attribute of a resource, or what Ref returns if the
	// attribute is empty. If Resource is nil, an attribute is
	// "<Resource.Attribute>", and Ref of a resource is an error.
	Resource func(name, attribute string) (any, error)
}

// Resource is an evaluated resource. Its properties are maps, lists, strings,
// numbers and booleans.
type Resource struct {
	// Type is the name of the resource type.
	Type   string
	Retain bool // the resource stays when its stack is deleted
	// Properties has only what remains after conditions and NoValue.
	Properties map[string]any
}

// Output is an evaluated output.
type Output struct {
	// Description is empty if the template has none.
	Name, Description string
	// Value is mostly a string.
	Value any
}

// omitted is the value of ALIYUN::NoValue: its property or list element is left
// out.
type omitted struct{}

// evaluator evaluates one template. It keeps the first error and goes on with
// nil values.
type evaluator struct {
	// t is not changed.
	t *Template
	// values are those of the parameters and pseudo parameters.
	values Values
	// err is the first error; later ones are most often consequences of it.
	err error
}

// Evaluate returns the resources whose conditions hold.
func (t *Template) Evaluate(values Values) (map[string]Resource, error) {
	// One evaluator for all resources, so that the first error of any is kept.
	e := &evaluator{t: t, values: values}
	resources := map[string]Resource{}
	for name, r := range entries(t.sections["Resources"]) {
		// Resources that do not exist are not evaluated: they may refer to others
		// that do not exist either.
		if e.exists(r) {
			resources[name.Value] = e.resource(r)
		}
	}
	return resources, e.err
}

// EvaluateResource returns one resource, whether its condition holds or not.
func (t *Template) EvaluateResource(name string, values Values) (Resource, error) {
	e := &evaluator{t: t, values: values}
	r := e.resource(member(t.sections["Resources"], name))
	return r, e.err
}

// EvaluateOutputs returns the outputs whose conditions hold, in the order of
// the template.
func (t *Template) EvaluateOutputs(values Values) ([]Output, error) {
	e := &evaluator{t: t, values: values}
	var outputs []Output
	for name, o := range entries(t.sections["Outputs"]) {
		if !e.exists(o) {
			continue
		}
		// Outputs without their condition may refer to resources that do not exist.
		output := Output{Name: name.Value, Value: e.member(o, "Value")}
		output.Description, _ = e.member(o, "Description").(string)
		outputs = append(outputs, output)
	}
	return outputs, e.err
}

// CheckRules returns an error if an assertion of the rules does not hold.
func (t *Template) CheckRules(values Values) error {
	e := &evaluator{t: t, values: values}
	for name, rule := range entries(t.sections["Rules"]) {
		// A rule without a condition always applies.
		if when := member(rule, "RuleCondition"); when != nil && !e.holds(when) {
			continue
		}
		// Check reports rules without assertions.
		assertions := member(rule, "Assertions")
		if assertions == nil {
			continue
		}
		for _, a := range assertions.Content {
			if assert := member(a, "Assert"); assert == nil || !e.holds(assert) {
				description, _ := e.member(a, "AssertDescription").(string)
				e.fail(a, "rule %s: %s", name.Value, description)
			}
		}
	}
	return e.err
}

// ExistingResources returns the names of the resources whose conditions hold,
// each after those that it depends on.
func (t *Template) ExistingResources(values Values) ([]string, error) {
	// The order is that of creation; deletion goes the other way.
	sorted, cycle := t.sortResources()
	if cycle != nil {
		return nil, fmt.Errorf("resources depend on each other: %s", strings.Join(cycle, " -> "))
	}
	e := &evaluator{t: t, values: values}
	existing := slices.DeleteFunc(sorted, func(name string) bool {
		return !e.exists(member(t.sections["Resources"], name))
	})
	return existing, e.err
}

// exists reports whether the condition of a resource or an output holds.
func (e *evaluator) exists(n *yaml.Node) bool {
	condition := member(n, "Condition")
	return condition == nil || e.holds(condition)
}

// resource evaluates a resource. A resource without properties has an empty map.
func (e *evaluator) resource(n *yaml.Node) Resource {
	var r Resource
	// A resource without a type has its own problem.
	if id := member(n, "Type"); id != nil {
		r.Type = id.Value
	}
	// The default is Delete.
	if policy := member(n, "DeletionPolicy"); policy != nil {
		r.Retain = policy.Value == "Retain"
	}
	r.Properties, _ = e.member(n, "Properties").(map[string]any)
	if r.Properties == nil {
		r.Properties = map[string]any{}
	}
	return r
}

// fail keeps the error if it is the first one. It returns nil, so that callers
// can return it as the value.
func (e *evaluator) fail(n *yaml.Node, format string, args ...any) any {
	if e.err == nil {
		e.err = fmt.Errorf("evaluating line %d: %s", n.Line, fmt.Sprintf(format, args...))
	}
	return nil
}

// member returns the value of a key; nil if the key is missing.
func (e *evaluator) member(n *yaml.Node, name string) any {
	if value := member(n, name); value != nil {
		return e.value(value)
	}
	return nil
}

// value evaluates a node: a function call, a mapping, a list or a scalar. Members
// and elements that are NoValue are left out.
func (e *evaluator) value(n *yaml.Node) any {
	if name, arg := functionCall(n); name != "" {
		return e.call(n, name, arg)
	}
	switch n.Kind {
	case yaml.MappingNode:
		// A member whose value is NoValue does not exist.
		object := map[string]any{}
		for key, value := range entries(n) {
			if v := e.value(value); v != (omitted{}) {
				object[key.Value] = v
			}
		}
		return object
	case yaml.SequenceNode:
		// An element whose value is NoValue does not exist: later ones move up.
		list := []any{}
		for _, child := range n.Content {
			if v := e.value(child); v != (omitted{}) {
				list = append(list, v)
			}
		}
		return list
	}
	// Decode gives strings, numbers and booleans by the rules of YAML, as ROS does.
	var v any
	if err := n.Decode(&v); err != nil {
		e.fail(n, "%v", err)
	}
	return v
}

// call evaluates a function that returns a value. Functions that return true or
// false are evaluated by holds.
func (e *evaluator) call(n *yaml.Node, name string, arg *yaml.Node) any {
	if !hasArguments(name, arg) {
		return e.fail(n, "%s takes a list of %d, not %d", name, argumentCounts[name], len(arg.Content))
	}
	switch name {
	// Only what template.yaml uses is implemented. Anything else is an error.
	case "Ref":
		return e.reference(arg)
	case "Fn::GetAtt":
		return e.attribute(arg, arg.Content[0].Value, arg.Content[1].Value)
	case "Fn::If":
		// The other value is not evaluated: it may refer to what does not exist.
		if e.holds(arg.Content[0]) {
			return e.value(arg.Content[1])
		}
		return e.value(arg.Content[2])
	case "Fn::Str":
		return fmt.Sprint(e.value(arg))
	case "Fn::Length":
		return len(e.list(arg))
	case "Fn::Select":
		return e.selected(arg)
	case "Fn::Split":
		list := []any{}
		for part := range strings.SplitSeq(e.text(arg.Content[1]), e.text(arg.Content[0])) {
			list = append(list, part)
		}
		return list
	case "Fn::Join":
		// Numbers and booleans are written as fmt does; checkJoin allows only strings.
		var parts []string
		for _, part := range e.list(arg.Content[1]) {
			parts = append(parts, fmt.Sprint(part))
		}
		return strings.Join(parts, e.text(arg.Content[0]))
	}
	return e.fail(n, "function %s is not supported", name)
}

// text evaluates an argument and formats it as ROS does in a string.
func (e *evaluator) text(n *yaml.Node) string { return fmt.Sprint(e.value(n)) }

// list evaluates an argument that must be a list.
func (e *evaluator) list(n *yaml.Node) []any {
	// The elements are evaluated already.
	list, ok := e.value(n).([]any)
	if !ok {
		e.fail(n, "this must be a list")
	}
	return list
}

// selected evaluates Fn::Select of an index, from 0, and a list.
func (e *evaluator) selected(arg *yaml.Node) any {
	list := e.list(arg.Content[1])
	// The index may be a number or a text of one.
	i, err := strconv.Atoi(e.text(arg.Content[0]))
	if err != nil || i < 0 || i >= len(list) {
		return e.fail(arg, "Fn::Select: there is no element %s in a list of %d", arg.Content[0].Value, len(list))
	}
	return list[i]
}

// reference evaluates Ref.
func (e *evaluator) reference(arg *yaml.Node) any {
	if arg.Value == noValue {
		return omitted{}
	}
	// Names of pseudo parameters contain "::", so they are never names of
	// parameters.
	if v, given := e.values.Parameters[arg.Value]; given {
		return v
	}
	if v, given := e.values.Pseudo[arg.Value]; given {
		return v
	}
	// No value was given: use the default.
	parameter := member(e.t.sections["Parameters"], arg.Value)
	if value := member(parameter, "Default"); value != nil {
		return e.value(value)
	}
	switch {
	case parameter != nil:
		return e.fail(arg, "parameter %s has no default and no value", arg.Value)
	// The caller knows the resources, for example a stack that is being made.
	case e.values.Resource != nil && member(e.t.sections["Resources"], arg.Value) != nil:
		return e.attribute(arg, arg.Value, "")
	}
	return e.fail(arg, "%s has no value", arg.Value)
}

// attribute evaluates Fn::GetAtt, and Ref of a resource with an empty attribute.
func (e *evaluator) attribute(arg *yaml.Node, resource, attribute string) any {
	// A readable stand-in, for checks of a template without a stack.
	if e.values.Resource == nil {
		return "<" + resource + "." + attribute + ">"
	}
	v, err := e.values.Resource(resource, attribute)
	if err != nil {
		return e.fail(arg, "%v", err)
	}
	return v
}

// holds evaluates the name of a condition, or an expression that is true or
// false.
func (e *evaluator) holds(n *yaml.Node) bool {
	if key := member(n, "Condition"); key != nil && len(n.Content) == 2 {
		n = key
	}
	if n.Kind == yaml.ScalarNode {
		// A condition may refer to other conditions.
		expression := member(e.t.sections["Conditions"], n.Value)
		if expression == nil {
			e.fail(n, "condition %s does not exist", n.Value)
			return false
		}
		return e.holds(expression)
	}
	name, arg := functionCall(n)
	operands := []*yaml.Node{arg} // Fn::Not takes its operand with or without a list
	if arg != nil && arg.Kind == yaml.SequenceNode {
		operands = arg.Content
	}
	switch {
	// Values are compared as texts: true equals "true".
	case name == "Fn::Equals" && len(operands) == 2:
		return e.text(operands[0]) == e.text(operands[1])
	case name == "Fn::Not" && len(operands) == 1:
		return !e.holds(operands[0])
	// And and Or stop at the first operand that decides.
	case name == "Fn::And":
		return !slices.ContainsFunc(operands, func(n *yaml.Node) bool { return !e.holds(n) })
	case name == "Fn::Or":
		return slices.ContainsFunc(operands, e.holds)
	}
	e.fail(n, "this is not a condition")
	return false
}
