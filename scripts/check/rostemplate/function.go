package rostemplate

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rosmodel"
)

const noValue = "ALIYUN::NoValue"

// intrinsic is name and argument of a function call; empty if the node is
// none.
func intrinsic(n *yaml.Node) (name string, arg *yaml.Node) {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return "", nil
	}
	if key := n.Content[0].Value; key == "Ref" || strings.HasPrefix(key, "Fn::") {
		return key, n.Content[1]
	}
	return "", nil
}

func isNoValue(n *yaml.Node) bool {
	name, arg := intrinsic(n)
	return name == "Ref" && arg.Value == noValue
}

// function checks a call: that the function exists and that what it names
// exists.
func (c *checker) function(n *yaml.Node, name string, arg *yaml.Node) {
	if !slices.Contains(c.catalog.Language.Functions, name) {
		c.fault(n, "function %s does not exist%s", name, didYouMean(name, c.catalog.Language.Functions))
		return
	}
	switch name {
	case "Ref":
		c.ref(arg)
	case "Fn::GetAtt":
		c.getAtt(arg)
	case "Fn::If":
		if arg.Kind != yaml.SequenceNode || len(arg.Content) != 3 {
			c.fault(arg, "Fn::If takes a condition and two values")
			return
		}
		c.branches(arg, c.open)
	case "Fn::Join":
		c.joined(arg)
	case "Fn::Sub":
		c.fault(arg, "Fn::Sub is not checked here: write Fn::Join")
	default:
		c.open(arg)
	}
}

// open checks the functions within a value for which there is no model.
func (c *checker) open(n *yaml.Node) {
	if name, arg := intrinsic(n); name != "" {
		c.function(n, name, arg)
		return
	}
	for key, value := range entries(n) {
		if key.Value == "Ref" || strings.HasPrefix(key.Value, "Fn::") {
			c.fault(key, "%s stands beside other keys", key.Value)
		} else if strings.Contains(key.Value, "::") {
			c.fault(key, "function %s does not exist%s", key.Value, didYouMean(key.Value, c.catalog.Language.Functions))
		}
		c.open(value)
	}
	if n.Kind == yaml.SequenceNode {
		for _, child := range n.Content {
			c.open(child)
		}
	}
}

func (c *checker) ref(arg *yaml.Node) {
	parameters, resources := names(c.sections["Parameters"]), names(c.sections["Resources"])
	switch {
	case slices.Contains(parameters, arg.Value):
		c.used[arg.Value] = true
	case slices.Contains(c.catalog.Language.Pseudo, arg.Value):
	case slices.Contains(resources, arg.Value):
		c.needs(arg, arg.Value)
	default:
		known := slices.Concat(parameters, resources, c.catalog.Language.Pseudo)
		c.fault(arg, "Ref: there is no parameter or resource %q%s", arg.Value, didYouMean(arg.Value, known))
	}
}

// needs notes that the resource that is being checked waits for another.
func (c *checker) needs(at *yaml.Node, name string) {
	if c.resource != "" {
		c.reachable[name] = true
	}
	c.exists(at, name)
}

func (c *checker) getAtt(arg *yaml.Node) {
	if arg.Kind != yaml.SequenceNode || len(arg.Content) != 2 {
		c.fault(arg, "Fn::GetAtt takes a resource and an attribute")
		return
	}
	name, attribute := arg.Content[0], arg.Content[1]
	known := names(c.sections["Resources"])
	if !slices.Contains(known, name.Value) {
		c.fault(name, "Fn::GetAtt: resource %q does not exist%s", name.Value, didYouMean(name.Value, known))
		return
	}
	c.needs(name, name.Value)
	is := member(member(c.sections["Resources"], name.Value), "Type")
	if is == nil {
		return
	}
	if t, known := c.catalog.Types[is.Value]; known && !slices.Contains(t.Attributes, attribute.Value) {
		c.fault(attribute, "Fn::GetAtt: %s (%s) has no attribute %s%s", name.Value, is.Value, attribute.Value, didYouMean(attribute.Value, t.Attributes))
	}
}

// branches checks both values of Fn::If, the first with its condition held.
func (c *checker) branches(arg *yaml.Node, check func(*yaml.Node)) {
	c.refersToCondition(arg.Content[0])
	held := c.holding
	c.holding = append(slices.Clone(held), arg.Content[0].Value)
	check(arg.Content[1])
	c.holding = held
	check(arg.Content[2])
}

// joined demands texts: ROS does not say what it makes of a number.
func (c *checker) joined(arg *yaml.Node) {
	if arg.Kind != yaml.SequenceNode || len(arg.Content) != 2 || arg.Content[1].Kind != yaml.SequenceNode {
		c.fault(arg, "Fn::Join takes a delimiter and a list")
		return
	}
	text := rosmodel.Property{Kind: rosmodel.String}
	for _, part := range append([]*yaml.Node{arg.Content[0]}, arg.Content[1].Content...) {
		c.value(part, &rosmodel.Type{}, text, "", "Fn::Join")
	}
}

// condition checks an expression that is true or false.
func (c *checker) condition(n *yaml.Node) {
	name, arg := intrinsic(n)
	if n.Kind == yaml.ScalarNode {
		c.refersToCondition(n)
		return
	}
	if key := member(n, "Condition"); key != nil && len(n.Content) == 2 {
		c.refersToCondition(key)
		return
	}
	switch name {
	case "Fn::Not", "Fn::And", "Fn::Or":
		for _, child := range arg.Content {
			c.condition(child)
		}
		if arg.Kind != yaml.SequenceNode || name == "Fn::Not" && len(arg.Content) != 1 || name != "Fn::Not" && len(arg.Content) < 2 {
			c.fault(arg, "%s does not take %d conditions", name, len(arg.Content))
		}
	case "Fn::Equals":
		if arg.Kind != yaml.SequenceNode || len(arg.Content) != 2 {
			c.fault(arg, "Fn::Equals takes two values")
		}
		c.open(arg)
	default:
		c.fault(n, "this is no condition")
	}
}

// result holds what a call returns against what a property takes.
func (c *checker) result(n *yaml.Node, name string, arg *yaml.Node, p rosmodel.Property, at string) {
	switch name {
	case "Fn::Join", "Fn::Str", "Fn::Base64Encode", "Fn::Replace", "Fn::Base64Decode", "Fn::FormatTime":
		c.returns(n, p, at, rosmodel.String, false)
	case "Fn::Split":
		c.returns(n, p, at, rosmodel.String, true)
	case "Fn::Length", "Fn::Index", "Fn::Calculate", "Fn::Add", "Fn::Max", "Fn::Min", "Fn::Avg":
		c.returns(n, p, at, rosmodel.Number, false)
	case "Ref":
		c.refResult(n, arg, p, at)
	}
}

func (c *checker) returns(n *yaml.Node, p rosmodel.Property, at, kind string, list bool) {
	if p.Kind != rosmodel.Any && (p.Kind != kind || p.Map) || p.List != list {
		what := p.Kind
		if p.List {
			what = "list"
		} else if p.Map {
			what = "mapping"
		}
		c.fault(n, "property %s is a %s; this is a %s%s", at, what, map[bool]string{true: "list of ", false: ""}[list], kind)
	}
}

// refResult holds a parameter's type and all values that the template names
// against a property.
func (c *checker) refResult(n, arg *yaml.Node, p rosmodel.Property, at string) {
	parameter := member(c.sections["Parameters"], arg.Value)
	is := member(parameter, "Type")
	switch {
	case arg.Value == noValue || parameter != nil && is == nil:
	case parameter == nil:
		c.returns(n, p, at, rosmodel.String, false)
	case is.Value == typeList:
		c.returns(n, p, at, rosmodel.String, true)
	case is.Value == typeString, is.Value == typeNumber, is.Value == typeBool:
		c.returns(n, p, at, map[string]string{typeString: rosmodel.String, typeNumber: rosmodel.Number, typeBool: rosmodel.Boolean}[is.Value], false)
		for _, value := range c.values(parameter) {
			if value.Value != "" || value != member(parameter, "Default") { // an empty default stands for none, under a condition
				c.scalar(n, value.Value, p, at)
			}
		}
	}
}
