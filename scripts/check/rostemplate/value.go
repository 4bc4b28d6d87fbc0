package rostemplate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rosmodel"
)

// location is a place in a resource.
type location struct {
	// model describes the resource, or the configuration of a trigger.
	model *rosmodel.Type
	path  string // of the object in the model; empty: the resource itself
	shown string // the place as problems name it, for example "Code.OssObjectName"; empty: Properties
}

// below returns the place of a member.
func (l location) below(path, name string) location {
	if l.shown != "" {
		name = l.shown + "." + name
	}
	return location{model: l.model, path: path, shown: name}
}

// checkObject checks the members of an object, and that the required ones are
// there.
func (c *checker) checkObject(n *yaml.Node, l location) {
	if n.Kind != yaml.MappingNode {
		// A problem has to name a place, and the resource itself has no name here.
		shown := l.shown
		if shown == "" {
			shown = "Properties"
		}
		c.report(n, "%s is not a mapping", shown)
		return
	}
	// The names of a list's properties end in [], which a template does not have.
	known := l.model.Members(l.path)
	for i := range known {
		known[i] = strings.TrimSuffix(known[i], "[]")
	}
	for key, value := range entries(n) {
		// First what is there: each member must be known and fit.
		p, path, ok := l.model.Find(l.path, key.Value)
		inner := l.below(path, key.Value)
		if !ok {
			c.report(key, "property %s does not exist%s", inner.shown, didYouMean(key.Value, known))
			continue
		}
		c.checkValue(value, p, inner)
	}
	// Check again for what is missing. NoValue removes a property, so it does not
	// satisfy a required one.
	for _, name := range known {
		p, path, _ := l.model.Find(l.path, name)
		if value := member(n, name); p.Required && (value == nil || isNoValue(value)) {
			c.report(n, "property %s is required", l.below(path, name).shown)
		}
	}
}

// checkValue checks a value of any form against its property.
func (c *checker) checkValue(n *yaml.Node, p rosmodel.Property, l location) {
	if name, arg := functionCall(n); name != "" {
		// Either branch may become the value, so both must fit.
		if name == "Fn::If" && hasArguments(name, arg) {
			c.checkBranches(arg, func(branch *yaml.Node) { c.checkValue(branch, p, l) })
			return
		}
		// First what the call refers to, then whether its result fits the property.
		c.checkCall(n, name, arg)
		c.checkResult(n, p, l)
		return
	}
	switch {
	// A list of maps does not occur in the models.
	case p.List:
		c.checkList(n, p, l)
	case p.Map:
		c.checkMap(n, p, l)
	default:
		c.checkSingle(n, p, l)
	}
}

// checkList checks the length of a list, and each element. The rules of the
// property are those of the elements, except for the length.
func (c *checker) checkList(n *yaml.Node, p rosmodel.Property, l location) {
	if n.Kind != yaml.SequenceNode {
		c.report(n, "property %s is a list", l.shown)
		return
	}
	// The limits of length are the list's; all other rules are the elements'.
	c.checkLength(n, len(n.Content), p, l.shown, "entries")
	// Of a copy, so that the list's own rules stay.
	element := p
	element.List, element.MinLength, element.MaxLength = false, nil, nil
	for i, child := range n.Content {
		c.checkValue(child, element, location{l.model, l.path, fmt.Sprintf("%s[%d]", l.shown, i)})
	}
}

// checkMap checks a mapping from any names to values of one kind.
func (c *checker) checkMap(n *yaml.Node, p rosmodel.Property, l location) {
	if n.Kind != yaml.MappingNode {
		c.report(n, "property %s is a mapping", l.shown)
		return
	}
	element := p
	element.Map = false
	// The keys are free, for example the names of environment variables.
	for key, child := range entries(n) {
		c.checkValue(child, element, l.below(l.path, key.Value))
	}
}

// kindTags are the YAML tags of the kinds of scalar.
var kindTags = map[string][]string{
	rosmodel.String: {"!!str"}, rosmodel.Number: {"!!int", "!!float"}, rosmodel.Boolean: {"!!bool"},
}

// checkSingle checks a value that is neither a list nor a map.
func (c *checker) checkSingle(n *yaml.Node, p rosmodel.Property, l location) {
	switch {
	case p.Kind == rosmodel.Object:
		c.checkObject(n, l)
	// No rules, but calls within the value must still be right.
	case p.Kind == rosmodel.Any:
		c.checkUnmodelled(n)
	// YAML's own typing decides: '10' is a string, 10 a number.
	case n.Kind != yaml.ScalarNode || !slices.Contains(kindTags[p.Kind], n.Tag):
		c.report(n, "property %s is a %s", l.shown, p.Kind)
	default:
		c.checkScalar(n, p, l)
	}
}

// checkScalar checks the text of a value against the rules of its property.
func (c *checker) checkScalar(n *yaml.Node, p rosmodel.Property, l location) {
	// Numbers are compared as they are written.
	if len(p.Allowed) > 0 {
		var known []string
		for _, a := range p.Allowed {
			known = append(known, fmt.Sprint(a))
		}
		if !slices.Contains(known, n.Value) {
			c.report(n, "property %s may not be %q, but %s%s",
				l.shown, n.Value, strings.Join(known, ", "), didYouMean(n.Value, known))
		}
	}
	// The pattern is JavaScript's. Most are valid in Go, too; the others are
	// reported, so that nobody believes they were checked.
	if pattern, err := compileOnce(p.Pattern); err != nil {
		c.report(n, "property %s: its pattern %s cannot be checked here", l.shown, p.Pattern)
	} else if !pattern.MatchString(n.Value) {
		c.report(n, "property %s: %q does not match %s", l.shown, n.Value, p.Pattern)
	}
	// Only numbers have a range; a string of digits has a length.
	if number, err := strconv.ParseFloat(n.Value, 64); err == nil && p.Kind == rosmodel.Number {
		c.checkRange(n, fmt.Sprintf("property %s is %v", l.shown, number), number, p.Min, p.Max)
	}
	c.checkLength(n, len([]rune(n.Value)), p, l.shown, "characters")
}

// checkLength checks the length of a list or a string. shown is the place and
// unit what is counted.
func (c *checker) checkLength(n *yaml.Node, length int, p rosmodel.Property, shown, unit string) {
	c.checkRange(n, fmt.Sprintf("property %s is %d %s", shown, length, unit), float64(length), p.MinLength, p.MaxLength)
}

// checkRange reports a number that is out of its range. A nil limit does not
// limit.
func (c *checker) checkRange(n *yaml.Node, text string, number float64, least, most *float64) {
	// Both limits are inclusive.
	if least != nil && number < *least {
		c.report(n, "%s; at least %v", text, *least)
	}
	if most != nil && number > *most {
		c.report(n, "%s; at most %v", text, *most)
	}
}
