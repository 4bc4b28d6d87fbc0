package rostemplate

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// sortResources returns the resources, each after those that it depends on. If
// resources depend on each other it returns the cycle instead, which begins and
// ends with the same name.
func (t *Template) sortResources() (sorted, cycle []string) {
	resources := t.sections["Resources"]
	var visit func(name string, path []string) (cycle []string)
	visit = func(name string, path []string) []string {
		// The path came back to one of its own names.
		if i := slices.Index(path, name); i >= 0 {
			return append(slices.Clone(path[i:]), name)
		}
		// A resource with several users is visited for each of them.
		// It has its place already.
		if slices.Contains(sorted, name) {
			return nil
		}
		// Depth first: everything that it needs comes before it.
		for _, other := range dependencies(member(resources, name)) {
			// The names include parameters, pseudo parameters and unknown names.
			if member(resources, other) == nil {
				continue
			}
			if cycle := visit(other, append(path, name)); cycle != nil {
				return cycle
			}
		}
		sorted = append(sorted, name)
		return nil
	}
	// In the order of the template, so that the result is stable.
	for name := range entries(resources) {
		if cycle := visit(name.Value, nil); cycle != nil {
			return nil, cycle
		}
	}
	return sorted, nil
}

// dependencies returns the names that a resource refers to, sorted, parameters
// included.
func dependencies(resource *yaml.Node) []string {
	names := references(member(resource, "Properties"))
	// Named explicitly, where no reference shows it.
	for _, n := range dependsOn(resource) {
		names = append(names, n.Value)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// dependsOn returns the elements of DependsOn, which is a name or a list of
// names.
func dependsOn(resource *yaml.Node) []*yaml.Node {
	on := member(resource, "DependsOn")
	switch {
	case on == nil:
		return nil
	case on.Kind == yaml.SequenceNode:
		return on.Content
	}
	return []*yaml.Node{on}
}

// references returns the names in all calls of Ref and Fn::GetAtt within a
// value.
func references(n *yaml.Node) (names []string) {
	if n == nil {
		return nil
	}
	switch name, arg := functionCall(n); {
	case name == "Ref":
		names = append(names, arg.Value)
	case name == "Fn::GetAtt" && hasArguments(name, arg):
		names = append(names, arg.Content[0].Value)
	}
	// Arguments may have calls too.
	for _, child := range n.Content {
		names = append(names, references(child)...)
	}
	return names
}
