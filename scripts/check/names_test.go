package main

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// keysOfOurOwn are the mappings whose keys are no property names: settings, the
// conditions of a policy, the dimensions of a metric.
var keysOfOurOwn = []string{"EnvironmentVariables", "StringLike", "Condition", "Resources"}

// TestEveryMisspeltNameIsFound breaks every name in every resource of
// template.yaml, one at a time. Each must be found, at its line.
func TestEveryMisspeltNameIsFound(t *testing.T) {
	t.Parallel()
	text := readTemplate(t)
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	var keys []*yaml.Node
	root := doc.Content[0]
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value == "Resources" {
			keys = keysBelow(root.Content[i+1], 0)
		}
	}
	if len(keys) < 400 {
		t.Fatalf("only %d names", len(keys))
	}
	for chunk := range slices.Chunk(keys, 100) {
		t.Run(chunk[0].Value, func(t *testing.T) {
			t.Parallel()
			for _, key := range chunk {
				lines := strings.Split(text, "\n")
				line, at := lines[key.Line-1], key.Column-1
				if !strings.HasPrefix(line[at:], key.Value) { // it is quoted
					at++
				}
				lines[key.Line-1] = line[:at] + "X" + line[at:]
				if found := check(t, strings.Join(lines, "\n")); len(found) == 0 {
					t.Errorf("line %d: %s may be called X%s", key.Line, key.Value, key.Value)
				}
			}
		})
	}
}

// keysBelow are the names within the resources. At depth 0 are the
// resources' own names, which are ours.
func keysBelow(n *yaml.Node, depth int) (keys []*yaml.Node) {
	if n.Kind == yaml.SequenceNode {
		for _, child := range n.Content {
			keys = append(keys, keysBelow(child, depth)...)
		}
	}
	if n.Kind != yaml.MappingNode {
		return keys
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if depth > 0 {
			keys = append(keys, key)
		}
		if !slices.Contains(keysOfOurOwn, key.Value) || depth == 0 {
			keys = append(keys, keysBelow(value, depth+1)...)
		}
	}
	return keys
}
