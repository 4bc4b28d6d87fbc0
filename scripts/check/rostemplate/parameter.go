package rostemplate

import (
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Types of parameters, as the language knows them.
const (
	typeString = "String"
	typeNumber = "Number"
	typeBool   = "Boolean"
	typeList   = "CommaDelimitedList"
)

var parameterName = regexp.MustCompile(`^[A-Za-z0-9]+$`)

func (c *checker) parameters() {
	for name, p := range entries(c.sections["Parameters"]) {
		c.where = "parameter " + name.Value
		c.keys(p, "Type", "Default", "AllowedValues", "AllowedPattern", "MaxLength", "MinLength", "MaxValue", "MinValue", "NoEcho", "Description",
			"ConstraintDescription", "Label", "AssociationProperty", "AssociationPropertyMetadata", "Confirm", "TextArea", "Required", "Placeholder")
		if !parameterName.MatchString(name.Value) {
			c.fault(name, "a name has letters and digits only")
		}
		is := member(p, "Type")
		switch {
		case is == nil:
			c.fault(name, "Type is required")
			continue
		case !slices.Contains(c.catalog.Language.Parameters, is.Value):
			c.fault(is, "type %q does not exist%s", is.Value, didYouMean(is.Value, c.catalog.Language.Parameters))
		}
		for _, value := range c.values(p) {
			c.parameterValue(p, value)
		}
	}
}

// values are all values of a parameter that the template itself names.
func (c *checker) values(p *yaml.Node) []*yaml.Node {
	var list []*yaml.Node
	if d := member(p, "Default"); d != nil {
		list = append(list, d)
	}
	if a := member(p, "AllowedValues"); a != nil {
		list = append(list, a.Content...)
	}
	return list
}

// parameterValue holds a value against the parameter's own constraints.
func (c *checker) parameterValue(p, value *yaml.Node) {
	if want := map[string]string{typeString: "!!str", typeBool: "!!bool"}[member(p, "Type").Value]; want != "" && value.Tag != want {
		c.fault(value, "%s is no %s", value.Value, member(p, "Type").Value)
	}
	number, err := strconv.ParseFloat(value.Value, 64)
	if member(p, "Type").Value == typeNumber && err != nil {
		c.fault(value, "%s is no number", value.Value)
	}
	for key, bound := range entries(p) {
		limit, _ := strconv.ParseFloat(bound.Value, 64)
		length := float64(len([]rune(value.Value)))
		switch key.Value {
		case "AllowedValues":
			if !slices.ContainsFunc(bound.Content, func(n *yaml.Node) bool { return n.Value == value.Value && n.Tag == value.Tag }) {
				c.fault(value, "%q is not among AllowedValues", value.Value)
			}
		case "AllowedPattern":
			if form, err := regexp.Compile(bound.Value); err != nil {
				c.fault(bound, "AllowedPattern: %v", err)
			} else if !form.MatchString(value.Value) {
				c.fault(value, "%q does not match AllowedPattern", value.Value)
			}
		case "MinValue", "MaxValue":
			if key.Value == "MinValue" && number < limit || key.Value == "MaxValue" && number > limit {
				c.fault(value, "%s is beyond %s", value.Value, key.Value)
			}
		case "MinLength", "MaxLength":
			if key.Value == "MinLength" && length < limit || key.Value == "MaxLength" && length > limit {
				c.fault(value, "%q is beyond %s", value.Value, key.Value)
			}
		}
	}
}

// metadata holds the groups of parameters against the parameters.
func (c *checker) metadata() {
	c.where = "metadata"
	groups := member(member(c.sections["Metadata"], "ALIYUN::ROS::Interface"), "ParameterGroups")
	if groups == nil {
		return
	}
	known, seen := names(c.sections["Parameters"]), map[string]bool{}
	for _, group := range groups.Content {
		c.keys(group, "Label", "Parameters")
		if member(member(group, "Label"), "default") == nil {
			c.fault(group, "a group has no Label with a default")
		}
		list := member(group, "Parameters")
		if list == nil {
			c.fault(group, "a group has no Parameters")
			continue
		}
		for _, p := range list.Content {
			if !slices.Contains(known, p.Value) {
				c.fault(p, "parameter %q does not exist%s", p.Value, didYouMean(p.Value, known))
			} else if seen[p.Value] {
				c.fault(p, "parameter %q is in two groups", p.Value)
			}
			seen[p.Value] = true
		}
	}
	for name := range entries(c.sections["Parameters"]) {
		if !seen[name.Value] {
			c.fault(name, "parameter %q is in no group", name.Value)
		}
	}
}
