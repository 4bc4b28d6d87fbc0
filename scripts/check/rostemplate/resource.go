package rostemplate

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rosmodel"
)

// triggerConfigType is the model of a trigger's configuration; empty if the
// resource is no trigger, or its type is not written out.
func triggerConfigType(r *yaml.Node) string {
	is, trigger := member(r, "Type"), member(member(r, "Properties"), "TriggerType")
	if is == nil || is.Value != "ALIYUN::FC3::Trigger" || trigger == nil || trigger.Kind != yaml.ScalarNode {
		return ""
	}
	return rosmodel.TriggerConfig(trigger.Value)
}

func (c *checker) resources() {
	depends := map[string][]string{}
	for name, r := range entries(c.sections["Resources"]) {
		c.resource, c.reachable, c.holding = name.Value, map[string]bool{}, nil
		c.where = name.Value
		c.oneResource(name, r)
		for other := range c.reachable {
			depends[name.Value] = append(depends[name.Value], other)
		}
	}
	c.resource, c.holding = "", nil
	c.cycles(depends)
}

func (c *checker) oneResource(name, r *yaml.Node) {
	c.keys(r, "Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "Metadata", "Count")
	is := member(r, "Type")
	if is == nil {
		c.fault(name, "Type is required")
		return
	}
	c.where += " (" + is.Value + ")"
	c.under(r)
	c.dependsOn(r)
	if policy := member(r, "DeletionPolicy"); policy != nil && policy.Value != "Retain" && policy.Value != "Delete" {
		c.fault(policy, "DeletionPolicy %q is neither Retain nor Delete", policy.Value)
	}
	t, known := c.catalog.Types[is.Value]
	if !known {
		var all []string
		for id := range c.catalog.Types {
			if !strings.Contains(id, " ") {
				all = append(all, id)
			}
		}
		slices.Sort(all)
		c.fault(is, "there is no model of this type%s", didYouMean(is.Value, all))
		return
	}
	properties := member(r, "Properties")
	if properties == nil {
		properties = &yaml.Node{Kind: yaml.MappingNode, Line: name.Line}
	}
	c.object(properties, t, "", "")
	if config := member(properties, "TriggerConfig"); config != nil {
		c.triggerConfig(r, config)
	}
}

// triggerConfig checks what the model of a trigger leaves open.
func (c *checker) triggerConfig(r, config *yaml.Node) {
	id := triggerConfigType(r)
	t, known := c.catalog.Types[id]
	if !known {
		c.fault(config, "there is no model of a trigger of this type")
		return
	}
	c.object(config, t, "", "TriggerConfig")
}

func (c *checker) dependsOn(r *yaml.Node) {
	on := member(r, "DependsOn")
	if on == nil {
		return
	}
	list := []*yaml.Node{on}
	if on.Kind == yaml.SequenceNode {
		list = on.Content
	}
	known := names(c.sections["Resources"])
	for _, n := range list {
		if !slices.Contains(known, n.Value) {
			c.fault(n, "DependsOn: resource %q does not exist%s", n.Value, didYouMean(n.Value, known))
			continue
		}
		c.reachable[n.Value] = true
		c.exists(n, n.Value)
	}
}

// exists reports a resource that may not be there where it is needed.
func (c *checker) exists(at *yaml.Node, name string) {
	condition := member(member(c.sections["Resources"], name), "Condition")
	if condition != nil && !slices.Contains(c.holding, condition.Value) {
		c.fault(at, "resource %s exists only if %s; nothing says so here", name, condition.Value)
	}
}

// cycles reports resources that wait for each other.
func (c *checker) cycles(depends map[string][]string) {
	done := map[string]bool{}
	var visit func(name string, path []string) bool
	visit = func(name string, path []string) bool {
		if slices.Contains(path, name) {
			c.where = name
			c.fault(member(c.sections["Resources"], name), "waits for itself: %s", strings.Join(append(path[slices.Index(path, name):], name), " -> "))
			return false
		}
		if done[name] {
			return true
		}
		slices.Sort(depends[name])
		for _, next := range depends[name] {
			if !visit(next, append(path, name)) {
				return false
			}
		}
		done[name] = true
		return true
	}
	for name := range entries(c.sections["Resources"]) {
		if !visit(name.Value, nil) {
			return
		}
	}
}
