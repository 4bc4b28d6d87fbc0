package rostemplate

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rosmodel"
)

// noValue is the pseudo parameter that removes a property or list element.
const noValue = "ALIYUN::NoValue"

// argumentCounts are the lengths of the argument lists of functions.
var argumentCounts = map[string]int{
	"Fn::GetAtt": 2, "Fn::If": 3, "Fn::Join": 2, "Fn::Split": 2, "Fn::Select": 2, "Fn::Equals": 2,
}

// hasArguments reports whether the argument of a function is a list of the
// right length. It accepts all arguments of functions that are not in
// argumentCounts.
func hasArguments(function string, arg *yaml.Node) bool {
	count, known := argumentCounts[function]
	return !known || arg.Kind == yaml.SequenceNode && len(arg.Content) == count
}

// functionCall returns the name and the argument of a function call. The name
// is empty if the node is not a call.
func functionCall(n *yaml.Node) (name string, arg *yaml.Node) {
	// A call is a mapping with one key.
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return "", nil
	}
	if key := n.Content[0].Value; key == "Ref" || strings.HasPrefix(key, "Fn::") {
		// The name need not exist; checkCall reports that.
		return key, n.Content[1]
	}
	return "", nil
}

// isNoValue reports whether a node is a reference to ALIYUN::NoValue, as which a
// property counts as missing.
func isNoValue(n *yaml.Node) bool {
	name, arg := functionCall(n)
	return name == "Ref" && arg.Value == noValue
}

// checkCall checks that a function exists, its arguments, and that what they
// name exists.
func (c *checker) checkCall(n *yaml.Node, name string, arg *yaml.Node) {
	if functions := c.catalog.Language.Functions; !slices.Contains(functions, name) {
		c.report(n, "function %s does not exist%s", name, didYouMean(name, functions))
		return
	}
	switch name {
	// Each function whose argument names something is checked by its own rules.
	case "Ref":
		c.checkRef(arg)
	case "Fn::GetAtt":
		c.checkGetAtt(arg)
	case "Fn::If":
		if !hasArguments(name, arg) {
			c.report(arg, "Fn::If takes a condition and two values")
			return
		}
		// Where no property says what fits, only the calls within are checked.
		c.checkBranches(arg, c.checkUnmodelled)
	case "Fn::Join":
		c.checkJoin(arg)
	// Fn::Sub hides references in a text, where they would not be checked.
	case "Fn::Sub":
		c.report(arg, "Fn::Sub is not supported here: write Fn::Join")
	default:
		c.checkUnmodelled(arg)
	}
}

// checkUnmodelled checks the function calls within a value that no model
// describes.
func (c *checker) checkUnmodelled(n *yaml.Node) {
	// A call may stand at any depth of such a value.
	if name, arg := functionCall(n); name != "" {
		c.checkCall(n, name, arg)
		return
	}
	for key, value := range entries(n) {
		// Beside other keys it is not a call, which is never meant.
		if key.Value == "Ref" || strings.HasPrefix(key.Value, "Fn::") {
			c.report(key, "%s stands beside other keys", key.Value)
		} else if strings.Contains(key.Value, "::") {
			suggestion := didYouMean(key.Value, c.catalog.Language.Functions)
			c.report(key, "function %s does not exist%s", key.Value, suggestion)
		}
		c.checkUnmodelled(value)
	}
	if n.Kind == yaml.SequenceNode {
		for _, child := range n.Content {
			c.checkUnmodelled(child)
		}
	}
}

// checkRef checks that a parameter, pseudo parameter or resource exists, and
// marks a parameter as used.
func (c *checker) checkRef(arg *yaml.Node) {
	// A parameter counts before a resource of the same name.
	parameters, resources := c.Parameters(), c.Resources()
	switch {
	case slices.Contains(parameters, arg.Value):
		c.used[arg.Value] = true
	// Pseudo parameters always have a value.
	case slices.Contains(c.catalog.Language.Pseudo, arg.Value):
	case slices.Contains(resources, arg.Value):
		c.checkExists(arg, arg.Value)
	default:
		known := slices.Concat(parameters, resources, c.catalog.Language.Pseudo)
		c.report(arg, "Ref: there is no parameter or resource %q%s", arg.Value, didYouMean(arg.Value, known))
	}
}

// checkGetAtt checks that the resource exists and that its type has the
// attribute. It accepts all attributes of types without a model, which are
// reported with the resource.
func (c *checker) checkGetAtt(arg *yaml.Node) {
	if !hasArguments("Fn::GetAtt", arg) {
		c.report(arg, "Fn::GetAtt takes a resource and an attribute")
		return
	}
	// The resource must exist, here and under this condition, and have the attribute.
	name, attribute := arg.Content[0], arg.Content[1]
	if known := c.Resources(); !slices.Contains(known, name.Value) {
		c.report(name, "Fn::GetAtt: resource %q does not exist%s", name.Value, didYouMean(name.Value, known))
		return
	}
	c.checkExists(name, name.Value)
	is := member(member(c.sections["Resources"], name.Value), "Type")
	if is == nil {
		return
	}
	// The list of attributes is short, so a suggestion helps.
	if t, known := c.catalog.Types[is.Value]; known && !slices.Contains(t.Attributes, attribute.Value) {
		c.report(attribute, "Fn::GetAtt: %s (%s) has no attribute %s%s",
			name.Value, is.Value, attribute.Value, didYouMean(attribute.Value, t.Attributes))
	}
}

// checkBranches checks both values of Fn::If. The condition holds in the first
// one.
func (c *checker) checkBranches(arg *yaml.Node, check func(*yaml.Node)) {
	// References within the first value may rely on the condition.
	c.useCondition(arg.Content[0])
	// The condition does not hold in the second value.
	outside := c.holds
	c.holds = append(slices.Clone(outside), arg.Content[0].Value)
	check(arg.Content[1])
	c.holds = outside
	check(arg.Content[2])
}

// checkJoin requires strings. ROS does not document how it formats numbers.
func (c *checker) checkJoin(arg *yaml.Node) {
	if !hasArguments("Fn::Join", arg) || arg.Content[1].Kind != yaml.SequenceNode {
		c.report(arg, "Fn::Join takes a delimiter and a list")
		return
	}
	// The delimiter and each part of a literal list must be strings.
	text := rosmodel.Property{Kind: rosmodel.String}
	for _, part := range append([]*yaml.Node{arg.Content[0]}, arg.Content[1].Content...) {
		c.checkValue(part, text, location{model: &rosmodel.Type{}, shown: "Fn::Join"})
	}
}

// checkCondition checks the name of a condition, or an expression that is true
// or false.
func (c *checker) checkCondition(n *yaml.Node) {
	// A name.
	if n.Kind == yaml.ScalarNode {
		c.useCondition(n)
		return
	}
	// A name in the long form {Condition: Name}.
	if key := member(n, "Condition"); key != nil && len(n.Content) == 2 {
		c.useCondition(key)
		return
	}
	switch name, arg := functionCall(n); name {
	case "Fn::Not", "Fn::And", "Fn::Or":
		for _, child := range arg.Content {
			c.checkCondition(child)
		}
		// Fn::Not takes one condition, the others two or more.
		isNot, count := name == "Fn::Not", len(arg.Content)
		if arg.Kind != yaml.SequenceNode || isNot && count != 1 || !isNot && count < 2 {
			c.report(arg, "%s does not take %d conditions", name, count)
		}
	// The two values may be of any kind.
	case "Fn::Equals":
		if !hasArguments(name, arg) {
			c.report(arg, "Fn::Equals takes two values")
		}
		c.checkUnmodelled(arg)
	default:
		c.report(n, "this is not a condition")
	}
}

// checkResult checks what a call returns against what a property accepts.
func (c *checker) checkResult(n *yaml.Node, p rosmodel.Property, l location) {
	switch name, arg := functionCall(n); name {
	case "Fn::Join", "Fn::Str", "Fn::Base64Encode", "Fn::Replace", "Fn::Base64Decode", "Fn::FormatTime":
		c.checkKind(n, p, l, rosmodel.Property{Kind: rosmodel.String})
	// Fn::Select and Fn::GetAtt may return anything, so they fit everywhere.
	case "Fn::Split":
		c.checkKind(n, p, l, rosmodel.Property{Kind: rosmodel.String, List: true})
	case "Fn::Length", "Fn::Index", "Fn::Calculate", "Fn::Add", "Fn::Max", "Fn::Min", "Fn::Avg":
		c.checkKind(n, p, l, rosmodel.Property{Kind: rosmodel.Number})
	case "Ref":
		c.checkRefResult(n, arg, p, l)
	}
}

// checkKind compares the kind of a call's result with the kind of the property.
func (c *checker) checkKind(n *yaml.Node, p rosmodel.Property, l location, result rosmodel.Property) {
	// The kinds fit: any kind fits a property without rules.
	if p.List == result.List && (p.Kind == rosmodel.Any || p.Kind == result.Kind && !p.Map) {
		return
	}
	// Say what the property is and what the call gives.
	want := p.Kind
	if p.List {
		want = "list"
	} else if p.Map {
		want = "mapping"
	}
	is := result.Kind
	if result.List {
		is = "list of " + is
	}
	c.report(n, "property %s is a %s; this is a %s", l.shown, want, is)
}

// parameterKinds are the kinds of value that the types of parameters have.
var parameterKinds = map[string]rosmodel.Property{
	typeString: {Kind: rosmodel.String}, typeNumber: {Kind: rosmodel.Number}, typeBool: {Kind: rosmodel.Boolean},
	typeList: {Kind: rosmodel.String, List: true},
}

// checkRefResult checks a parameter's type, and all its values that the
// template names, against a property. Ref of everything else returns a string.
func (c *checker) checkRefResult(n, arg *yaml.Node, p rosmodel.Property, l location) {
	// NoValue leaves the property out; checkObject knows the required ones.
	if arg.Value == noValue {
		return
	}
	parameter := member(c.sections["Parameters"], arg.Value)
	if parameter == nil {
		c.checkKind(n, p, l, rosmodel.Property{Kind: rosmodel.String})
		return
	}
	is := member(parameter, "Type")
	if is == nil {
		return // reported with the parameter
	}
	// A type that is not known here may have any values.
	kind, known := parameterKinds[is.Value]
	if !known {
		return
	}
	c.checkKind(n, p, l, kind)
	// The rules of the elements cannot be applied to the text of the whole list.
	if kind.List {
		return
	}
	for _, value := range valuesInTemplate(parameter) {
		// An empty default stands for no value, and a condition tests for it.
		if value.Value != "" || value != member(parameter, "Default") {
			c.checkScalar(value, p, l)
		}
	}
}
