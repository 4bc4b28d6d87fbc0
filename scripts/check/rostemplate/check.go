package rostemplate

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rosmodel"
)

// checker checks a template once.
type checker struct {
	*Template
	// catalog has the models and the names of the language.
	catalog rosmodel.Catalog
	used    map[string]bool // parameters, conditions and mappings that something refers to

	where string   // what is being checked, for problems
	holds []string // the conditions that are known to hold there
}

// Check compares a template with the models. The problems are in the order of
// the template.
func Check(t *Template, catalog rosmodel.Catalog) []Problem {
	c := &checker{
		// A copy, because report adds to its problems.
		Template: &Template{sections: t.sections, problems: slices.Clone(t.problems)},
		catalog:  catalog, used: map[string]bool{},
	}
	// In the order in which a person reads a template; only reportUnused must be last.
	c.checkParameters()
	c.checkParameterGroups()
	c.checkConditions()
	c.checkRules()
	c.checkResources()
	c.checkOutputs()
	c.reportUnused()
	// A value that several references use is checked, and reported, for each.
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return slices.Compact(c.problems)
}

// report adds a problem at the place that is being checked.
func (c *checker) report(at *yaml.Node, format string, args ...any) {
	c.addProblem(at, c.where, format, args...)
}

// checkKeys reports the keys of a mapping that are not known.
func (c *checker) checkKeys(n *yaml.Node, known ...string) {
	if n.Kind != yaml.MappingNode {
		c.report(n, "is not a mapping")
	}
	for key := range entries(n) {
		if !slices.Contains(known, key.Value) {
			c.report(key, "%s does not exist%s", key.Value, didYouMean(key.Value, known))
		}
	}
}

// checkConditions checks the section Conditions. It does not look for cycles:
// ROS refuses those itself.
func (c *checker) checkConditions() {
	for name, value := range entries(c.sections["Conditions"]) {
		c.where = "condition " + name.Value
		c.checkCondition(value)
	}
}

// checkRules checks the section Rules. ROS checks the parameters by these rules
// when a stack is created.
func (c *checker) checkRules() {
	for name, rule := range entries(c.sections["Rules"]) {
		c.where = "rule " + name.Value
		c.checkKeys(rule, "RuleCondition", "Assertions")
		if when := member(rule, "RuleCondition"); when != nil {
			c.checkCondition(when)
		}
		// A rule without assertions checks nothing.
		assertions := member(rule, "Assertions")
		if assertions == nil || assertions.Kind != yaml.SequenceNode || len(assertions.Content) == 0 {
			c.report(name, "has no Assertions")
			continue
		}
		for _, a := range assertions.Content {
			c.checkKeys(a, "Assert", "AssertDescription")
			// The description is optional.
			if assert := member(a, "Assert"); assert != nil {
				c.checkCondition(assert)
			} else {
				c.report(a, "Assert is required")
			}
		}
	}
}

// checkOutputs checks the section Outputs. An output may refer to a resource
// that has a condition only if the output has the same condition.
func (c *checker) checkOutputs() {
	for name, output := range entries(c.sections["Outputs"]) {
		c.where = "output " + name.Value
		c.checkKeys(output, "Description", "Label", "Condition", "Value")
		// The output exists only with its condition, so it may rely on it.
		c.holds = c.ownCondition(output)
		if value := member(output, "Value"); value != nil {
			c.checkUnmodelled(value)
		} else {
			c.report(name, "Value is required")
		}
	}
	c.holds = nil
}

// ownCondition checks the condition of a resource or an output and returns it
// as the list of conditions that hold there.
func (c *checker) ownCondition(n *yaml.Node) []string {
	condition := member(n, "Condition")
	if condition == nil {
		return nil
	}
	c.useCondition(condition)
	return []string{condition.Value}
}

// useCondition marks a condition as used, and reports it if it does not exist.
func (c *checker) useCondition(name *yaml.Node) {
	known := keyNames(c.sections["Conditions"])
	if !slices.Contains(known, name.Value) {
		c.report(name, "condition %q does not exist%s", name.Value, didYouMean(name.Value, known))
	}
	c.used[name.Value] = true
}

// reportUnused reports what nothing refers to: an unused parameter is most often
// a property that lost its reference. It must run after all other checks.
func (c *checker) reportUnused() {
	for _, section := range []struct{ name, what string }{
		{"Parameters", "parameter "}, {"Conditions", "condition "}, {"Mappings", "mapping "},
	} {
		for name := range entries(c.sections[section.name]) {
			// References are collected from conditions, rules, resources and outputs.
			if !c.used[name.Value] {
				c.addProblem(name, section.what+name.Value, "nothing refers to it")
			}
		}
	}
}
