// Package rostemplate reads ROS templates: it checks one against the
// published models of its resource types, and resolves one with parameters.
// Every problem is one line that names the place, what is wrong and, where
// there is a near miss, what was probably meant.
package rostemplate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxSize is the largest template body that ROS takes, in bytes.
const maxSize = 524288

// Template is a template as it is written.
type Template struct {
	sections map[string]*yaml.Node // by name; absent ones are nil
	problems []Problem             // found while reading
}

// Problem is one thing that is wrong.
type Problem struct {
	Line  int    // of the template, from 1
	Where string // a resource with its type, or a section: "Bucket (ALIYUN::OSS::Bucket)"
	Text  string
}

func (p Problem) String() string { return fmt.Sprintf("line %d: %s: %s", p.Line, p.Where, p.Text) }

var sectionNames = []string{
	"ROSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs",
}

// Parse reads a template. The error is about YAML; all else that is wrong
// Check reports.
func Parse(data []byte) (*Template, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("parsing the template: %w", err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("parsing the template: it is not a mapping")
	}
	t := &Template{sections: map[string]*yaml.Node{}}
	if len(data) > maxSize {
		t.report(doc.Content[0], "template", "has %d bytes; ROS takes %d", len(data), maxSize)
	}
	t.lint(doc.Content[0])
	for name, value := range entries(doc.Content[0]) {
		if !slices.Contains(sectionNames, name.Value) {
			t.report(name, "template", "section %q does not exist%s", name.Value, didYouMean(name.Value, sectionNames))
		}
		t.sections[name.Value] = value
	}
	if v := t.sections["ROSTemplateFormatVersion"]; v == nil || v.Value != "2015-09-01" {
		t.report(doc.Content[0], "template", `ROSTemplateFormatVersion is not '2015-09-01'`)
	}
	return t, nil
}

// lint reports what YAML allows and a template should not have.
func (t *Template) lint(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		t.report(n, "template", "alias *%s: ROS does not promise to know them", n.Value)
		return
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		t.report(n, "template", "tag %s: write the function out", n.Tag)
	}
	seen := map[string]bool{}
	for key := range entries(n) {
		if seen[key.Value] {
			t.report(key, "template", "key %q is there twice", key.Value)
		}
		seen[key.Value] = true
	}
	for _, child := range n.Content {
		t.lint(child)
	}
}

func (t *Template) report(at *yaml.Node, where, format string, args ...any) {
	t.problems = append(t.problems, Problem{Line: at.Line, Where: where, Text: fmt.Sprintf(format, args...)})
}

// entries yields keys and values of a mapping; none of anything else.
func entries(n *yaml.Node) func(func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// member is the value of a key; nil if there is none.
func member(n *yaml.Node, name string) *yaml.Node {
	for key, value := range entries(n) {
		if key.Value == name {
			return value
		}
	}
	return nil
}

// names are the keys of a section, as they are written.
func names(n *yaml.Node) []string {
	var list []string
	for key := range entries(n) {
		list = append(list, key.Value)
	}
	return list
}

// Parameters lists the names of the parameters, as they are written.
func (t *Template) Parameters() []string { return names(t.sections["Parameters"]) }

// Types lists the types that a catalog needs for the template, sorted: those
// of its resources, and those of its triggers' configurations.
func (t *Template) Types() []string {
	var list []string
	for _, r := range entries(t.sections["Resources"]) {
		if id := member(r, "Type"); id != nil {
			list = append(list, id.Value)
		}
		if config := triggerConfigType(r); config != "" {
			list = append(list, config)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
