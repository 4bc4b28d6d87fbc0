package rostemplate

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rosmodel"
)

// checker goes through a template once.
type checker struct {
	*Template
	catalog rosmodel.Catalog
	used    map[string]bool // parameters, conditions and mappings that something refers to

	where     string          // what is being checked
	resource  string          // which resource; empty: none
	holding   []string        // conditions that hold where the checker is
	reachable map[string]bool // resources that the resource depends on
}

// Check compares a template with the models. The problems are in the order
// of the template.
func Check(t *Template, catalog rosmodel.Catalog) []Problem {
	c := &checker{Template: &Template{sections: t.sections, problems: slices.Clone(t.problems)}, catalog: catalog, used: map[string]bool{}}
	c.parameters()
	c.metadata()
	c.conditions()
	c.rules()
	c.resources()
	c.outputs()
	c.unused()
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return slices.Compact(c.problems)
}

func (c *checker) fault(at *yaml.Node, format string, args ...any) {
	c.report(at, c.where, format, args...)
}

// keys reports keys of a mapping that are none of the known ones.
func (c *checker) keys(n *yaml.Node, known ...string) {
	if n.Kind != yaml.MappingNode {
		c.fault(n, "is not a mapping")
	}
	for key := range entries(n) {
		if !slices.Contains(known, key.Value) {
			c.fault(key, "%s does not exist%s", key.Value, didYouMean(key.Value, known))
		}
	}
}

func (c *checker) conditions() {
	for name, value := range entries(c.sections["Conditions"]) {
		c.where = "condition " + name.Value
		c.condition(value)
	}
}

// rules are checks that ROS makes of the parameters when a stack is made.
func (c *checker) rules() {
	for name, rule := range entries(c.sections["Rules"]) {
		c.where = "rule " + name.Value
		c.keys(rule, "RuleCondition", "Assertions")
		if when := member(rule, "RuleCondition"); when != nil {
			c.condition(when)
		}
		assertions := member(rule, "Assertions")
		if assertions == nil || assertions.Kind != yaml.SequenceNode || len(assertions.Content) == 0 {
			c.fault(name, "has no Assertions")
			continue
		}
		for _, a := range assertions.Content {
			c.keys(a, "Assert", "AssertDescription")
			if assert := member(a, "Assert"); assert != nil {
				c.condition(assert)
			} else {
				c.fault(a, "Assert is required")
			}
		}
	}
}

func (c *checker) outputs() {
	for name, output := range entries(c.sections["Outputs"]) {
		c.where = "output " + name.Value
		c.keys(output, "Description", "Label", "Condition", "Value")
		c.holding = nil
		c.under(output)
		if value := member(output, "Value"); value != nil {
			c.open(value)
		} else {
			c.fault(name, "Value is required")
		}
	}
	c.holding = nil
}

// under takes over the condition of a resource or an output.
func (c *checker) under(n *yaml.Node) {
	if condition := member(n, "Condition"); condition != nil {
		c.refersToCondition(condition)
		c.holding = append(c.holding, condition.Value)
	}
}

func (c *checker) refersToCondition(n *yaml.Node) {
	known := names(c.sections["Conditions"])
	if !slices.Contains(known, n.Value) {
		c.fault(n, "condition %q does not exist%s", n.Value, didYouMean(n.Value, known))
	}
	c.used[n.Value] = true
}

func (c *checker) unused() {
	for _, section := range []struct{ name, what string }{{"Parameters", "parameter "}, {"Conditions", "condition "}, {"Mappings", "mapping "}} {
		for name := range entries(c.sections[section.name]) {
			if !c.used[name.Value] {
				c.report(name, section.what+name.Value, "nothing refers to it")
			}
		}
	}
}
