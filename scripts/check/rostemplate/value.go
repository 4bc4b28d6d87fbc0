package rostemplate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rosmodel"
)

// object checks the members of an object. path is its place in the model, at
// its place in the resource for people to read.
func (c *checker) object(n *yaml.Node, t *rosmodel.Type, path, at string) {
	if n.Kind != yaml.MappingNode {
		c.fault(n, "%s is not a mapping", orProperties(at))
		return
	}
	for key, value := range entries(n) {
		p, members, known := t.Find(path, key.Value)
		if !known {
			c.fault(key, "property %s does not exist%s", join(at, key.Value), didYouMean(key.Value, plain(t.Members(path))))
			continue
		}
		c.value(value, t, p, members, join(at, key.Value))
	}
	for _, name := range t.Members(path) {
		name = strings.TrimSuffix(name, "[]")
		p, _, _ := t.Find(path, name)
		if value := member(n, name); p.Required && (value == nil || isNoValue(value)) {
			c.fault(n, "property %s is required", join(at, name))
		}
	}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

func orProperties(at string) string {
	if at == "" {
		return "Properties"
	}
	return at
}

func plain(members []string) []string {
	list := slices.Clone(members)
	for i := range list {
		list[i] = strings.TrimSuffix(list[i], "[]")
	}
	return list
}

// value checks one value, whatever it is written as.
func (c *checker) value(n *yaml.Node, t *rosmodel.Type, p rosmodel.Property, path, at string) {
	if name, arg := intrinsic(n); name != "" {
		if name == "Fn::If" && arg.Kind == yaml.SequenceNode && len(arg.Content) == 3 {
			c.branches(arg, func(branch *yaml.Node) { c.value(branch, t, p, path, at) })
			return
		}
		c.function(n, name, arg)
		c.result(n, name, arg, p, at)
		return
	}
	switch {
	case p.List:
		c.list(n, t, p, path, at)
	case p.Map:
		c.mapping(n, t, p, path, at)
	default:
		c.single(n, t, p, path, at)
	}
}

func (c *checker) list(n *yaml.Node, t *rosmodel.Type, p rosmodel.Property, path, at string) {
	if n.Kind != yaml.SequenceNode {
		c.fault(n, "property %s is a list", at)
		return
	}
	c.bounds(n, float64(len(n.Content)), p.MinLength, p.MaxLength, "entries", at)
	element := p
	element.List, element.MinLength, element.MaxLength = false, nil, nil
	for i, child := range n.Content {
		c.value(child, t, element, path, fmt.Sprintf("%s[%d]", at, i))
	}
}

func (c *checker) mapping(n *yaml.Node, t *rosmodel.Type, p rosmodel.Property, path, at string) {
	if n.Kind != yaml.MappingNode {
		c.fault(n, "property %s is a mapping", at)
		return
	}
	element := p
	element.Map = false
	for key, child := range entries(n) {
		c.value(child, t, element, path, join(at, key.Value))
	}
}

func (c *checker) single(n *yaml.Node, t *rosmodel.Type, p rosmodel.Property, path, at string) {
	switch p.Kind {
	case rosmodel.Object:
		c.object(n, t, path, at)
		return
	case rosmodel.Any:
		c.open(n)
		return
	}
	tags := map[string][]string{rosmodel.String: {"!!str"}, rosmodel.Number: {"!!int", "!!float"}, rosmodel.Boolean: {"!!bool"}}[p.Kind]
	if n.Kind != yaml.ScalarNode || !slices.Contains(tags, n.Tag) {
		c.fault(n, "property %s is a %s", at, p.Kind)
		return
	}
	c.scalar(n, n.Value, p, at)
}

// scalar holds the text of a value against the rules of a property.
func (c *checker) scalar(n *yaml.Node, text string, p rosmodel.Property, at string) {
	if len(p.Allowed) > 0 {
		var known []string
		for _, a := range p.Allowed {
			known = append(known, fmt.Sprint(a))
		}
		if !slices.Contains(known, text) {
			c.fault(n, "property %s may not be %q, but %s%s", at, text, strings.Join(known, ", "), didYouMean(text, known))
		}
	}
	if form, err := regexp.Compile(p.Pattern); err != nil {
		c.fault(n, "property %s: its pattern %s cannot be checked here", at, p.Pattern)
	} else if !form.MatchString(text) {
		c.fault(n, "property %s: %q does not match %s", at, text, p.Pattern)
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil && p.Kind == rosmodel.Number {
		c.bounds(n, number, p.Min, p.Max, "", at)
	}
	c.bounds(n, float64(len([]rune(text))), p.MinLength, p.MaxLength, "characters", at)
}

func (c *checker) bounds(n *yaml.Node, is float64, least, most *float64, unit, at string) {
	if unit != "" {
		unit = " " + unit
	}
	if least != nil && is < *least {
		c.fault(n, "property %s is %v%s; at least %v", at, is, unit, *least)
	}
	if most != nil && is > *most {
		c.fault(n, "property %s is %v%s; at most %v", at, is, unit, *most)
	}
}
