// Package rostemplate reads ROS templates. It checks a template against the
// published models of its resource types, and evaluates it with parameters as
// ROS does.
//
// Each problem is one line: the place, what is wrong there, and the known name
// that was probably meant.
package rostemplate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the largest template body that ROS accepts, in bytes.
const MaxSize = 524288

// Template is a parsed template.
type Template struct {
	sections map[string]*yaml.Node // by name
	problems []Problem             // found by Parse
}

// Problem is one mistake in a template.
type Problem struct {
	Line  int    // of the template, from 1
	Where string // a resource with its type, or a section: "Bucket (ALIYUN::OSS::Bucket)"
	// Text says what is wrong, without the place.
	Text string
}

// String returns the problem as a line for people.
func (p Problem) String() string { return fmt.Sprintf("line %d: %s: %s", p.Line, p.Where, p.Text) }

// sectionNames are the top-level keys that ROS documents.
var sectionNames = []string{
	"ROSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Rules", "Resources",
	"Outputs",
}

// Parse reads a template. It returns an error only if the data is not YAML or
// not a mapping. Problems and Check report all other mistakes.
func Parse(data []byte) (*Template, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("parsing the template: %w", err)
	}
	t, err := ParseDocument(&doc)
	if err == nil && len(data) > MaxSize {
		t.addProblem(doc.Content[0], "template", "has %d bytes; ROS accepts %d", len(data), MaxSize)
	}
	return t, err
}

// ParseDocument is Parse for a document that has been read as YAML. The
// template keeps the nodes of the document. It does not check the size.
func ParseDocument(doc *yaml.Node) (*Template, error) {
	// An empty file has no content; a list is not a template.
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("parsing the template: it is not a mapping")
	}
	// A document node has one child, the mapping of the sections.
	root := doc.Content[0]
	t := &Template{sections: map[string]*yaml.Node{}}
	// What follows reads the nodes directly, and would miss aliases and repeated keys.
	t.checkYAML(root)
	for name, value := range entries(root) {
		if !slices.Contains(sectionNames, name.Value) {
			suggestion := didYouMean(name.Value, sectionNames)
			t.addProblem(name, "template", "section %q does not exist%s", name.Value, suggestion)
		}
		// Keep an unknown section as well: it is reported once.
		t.sections[name.Value] = value
	}
	// ROS documents this version only.
	if version := t.sections["ROSTemplateFormatVersion"]; version == nil || version.Value != "2015-09-01" {
		t.addProblem(root, "template", `ROSTemplateFormatVersion is not '2015-09-01'`)
	}
	return t, nil
}

// checkYAML reports what YAML allows and ROS may not understand, in the node
// and below it.
func (t *Template) checkYAML(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		t.addProblem(n, "template", "alias *%s: ROS does not document aliases", n.Value)
		return
	}
	// The short forms !Ref and !GetAtt are those of another vendor.
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		t.addProblem(n, "template", "tag %s: write the function as Fn::…", n.Tag)
	}
	// The YAML package keeps both of two equal keys; which one counts is not defined.
	seen := map[string]bool{}
	for key := range entries(n) {
		if seen[key.Value] {
			t.addProblem(key, "template", "key %q is there twice", key.Value)
		}
		seen[key.Value] = true
	}
	// The whole document, keys included.
	for _, child := range n.Content {
		t.checkYAML(child)
	}
}

// addProblem adds a problem at the line of a node.
func (t *Template) addProblem(at *yaml.Node, where, format string, args ...any) {
	t.problems = append(t.problems, Problem{Line: at.Line, Where: where, Text: fmt.Sprintf(format, args...)})
}

// Problems returns what Parse found. Check finds these and all others.
func (t *Template) Problems() []Problem { return t.problems }

// Parameters returns the names of the parameters, in the order of the template.
func (t *Template) Parameters() []string { return keyNames(t.sections["Parameters"]) }

// Resources returns the names of the resources, in the order of the template.
func (t *Template) Resources() []string { return keyNames(t.sections["Resources"]) }

// IsSecret reports whether ROS hides the value of a parameter (NoEcho).
func (t *Template) IsSecret(parameter string) bool {
	// YAML reads true and "true" alike here: only the text counts.
	noEcho := member(member(t.sections["Parameters"], parameter), "NoEcho")
	return noEcho != nil && strings.EqualFold(noEcho.Value, "true")
}

// ParametersOfVariable returns the parameters that an environment variable of
// the functions is made of, sorted.
func (t *Template) ParametersOfVariable(variable string) []string {
	var found []string
	for _, r := range entries(t.sections["Resources"]) {
		// Only functions have environment variables.
		value := member(member(member(r, "Properties"), "EnvironmentVariables"), variable)
		// References to resources are no parameters.
		for _, name := range references(value) {
			if member(t.sections["Parameters"], name) != nil {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Types returns the names of the models that the template needs, sorted: the
// types of its resources, and those of the configurations of its triggers.
func (t *Template) Types() []string {
	var types []string
	for _, r := range entries(t.sections["Resources"]) {
		if id := member(r, "Type"); id != nil {
			types = append(types, id.Value)
		}
		// A trigger needs two models.
		if config := triggerConfigType(r); config != "" {
			types = append(types, config)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// entries iterates over the keys and values of a mapping. It yields nothing for
// other nodes and nil.
func entries(n *yaml.Node) func(func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		// The content of a mapping alternates between keys and values.
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// member returns the value of a key, or nil.
func member(n *yaml.Node, name string) *yaml.Node {
	for key, value := range entries(n) {
		if key.Value == name {
			return value
		}
	}
	return nil
}

// keyNames returns the keys of a mapping in their order.
func keyNames(n *yaml.Node) []string {
	var names []string
	for key := range entries(n) {
		names = append(names, key.Value)
	}
	return names
}
