package rostemplate

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rosmodel"
)

// resourceKeys are the keys that ROS documents for a resource.
var resourceKeys = []string{"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "Metadata", "Count"}

// triggerConfigType returns the name of the model of a trigger's configuration.
// It is empty if the resource is not a trigger or its TriggerType is not a
// plain text.
func triggerConfigType(resource *yaml.Node) string {
	is, trigger := member(resource, "Type"), member(member(resource, "Properties"), "TriggerType")
	if is == nil || is.Value != "ALIYUN::FC3::Trigger" || trigger == nil || trigger.Kind != yaml.ScalarNode {
		return ""
	}
	return rosmodel.TriggerConfig(trigger.Value)
}

// checkResources checks all resources, and that they do not wait for each other.
func (c *checker) checkResources() {
	for name, r := range entries(c.sections["Resources"]) {
		c.where = name.Value
		c.checkResource(name, r)
	}
	c.holds = nil
	// Show the whole path: a cycle has no single line that is wrong.
	if _, cycle := c.sortResources(); cycle != nil {
		c.where = cycle[0]
		c.report(member(c.sections["Resources"], cycle[0]), "waits for itself: %s", strings.Join(cycle, " -> "))
	}
}

// checkResource checks one resource: its keys, its condition, what it depends on,
// and its properties against the model of its type.
func (c *checker) checkResource(name, resource *yaml.Node) {
	c.checkKeys(resource, resourceKeys...)
	is := member(resource, "Type")
	if is == nil {
		c.report(name, "Type is required")
		return
	}
	// From here on, problems name the type as well.
	c.where += " (" + is.Value + ")"
	c.holds = c.ownCondition(resource)
	c.checkDependsOn(resource)
	// A misspelt policy would delete the bucket with the stack.
	policy := member(resource, "DeletionPolicy")
	if policy != nil && policy.Value != "Retain" && policy.Value != "Delete" {
		c.report(policy, "DeletionPolicy %q is neither Retain nor Delete", policy.Value)
	}
	// Everything below needs the model.
	t, known := c.catalog.Types[is.Value]
	if !known {
		c.reportUnknownType(is)
		return
	}
	// Without properties the required ones are missing; an empty mapping says so.
	properties := member(resource, "Properties")
	if properties == nil {
		properties = &yaml.Node{Kind: yaml.MappingNode, Line: name.Line}
	}
	c.checkObject(properties, location{model: t})
	// For ROS a TriggerConfig is any map; FC's API says what belongs into it.
	if config := member(properties, "TriggerConfig"); config != nil {
		c.checkTriggerConfig(resource, config)
	}
}

// reportUnknownType reports a type without a model. The type may exist: then the
// models have to be updated.
func (c *checker) reportUnknownType(is *yaml.Node) {
	var types []string
	for id := range c.catalog.Types {
		if !strings.Contains(id, " ") { // leave out the configurations of triggers
			types = append(types, id)
		}
	}
	slices.Sort(types)
	c.report(is, "there is no model of this type%s", didYouMean(is.Value, types))
}

// checkTriggerConfig checks the configuration of a trigger. The model of the
// trigger does not describe it.
func (c *checker) checkTriggerConfig(resource, config *yaml.Node) {
	t, known := c.catalog.Types[triggerConfigType(resource)]
	if !known {
		c.report(config, "there is no model of a trigger of this type")
		return
	}
	c.checkObject(config, location{model: t, shown: "TriggerConfig"})
}

// checkDependsOn checks that the resources in DependsOn exist. Cycles are found
// later, by checkResources.
func (c *checker) checkDependsOn(resource *yaml.Node) {
	known := c.Resources()
	for _, n := range dependsOn(resource) {
		// The name may be a misspelt one.
		if !slices.Contains(known, n.Value) {
			c.report(n, "DependsOn: resource %q does not exist%s", n.Value, didYouMean(n.Value, known))
			continue
		}
		c.checkExists(n, n.Value)
	}
}

// checkExists reports a reference to a resource whose condition may not hold
// where the reference is.
func (c *checker) checkExists(at *yaml.Node, name string) {
	// Comparing names is enough: template.yaml has no nested conditions of existence.
	condition := member(member(c.sections["Resources"], name), "Condition")
	if condition != nil && !slices.Contains(c.holds, condition.Value) {
		c.report(at, "resource %s exists only if %s; nothing says so here", name, condition.Value)
	}
}
