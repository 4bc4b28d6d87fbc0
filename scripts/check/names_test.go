package main

import (
	"slices"
	"strconv"
	"testing"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/check/rostemplate"
)

// keysOfOurOwn are the mappings whose keys are no property names: settings, the
// conditions of a policy, the dimensions of a metric.
var keysOfOurOwn = []string{"EnvironmentVariables", "StringLike", "Condition", "Resources"}

// TestEveryMisspeltNameIsFound breaks every name in every resource of
// template.yaml, one at a time. Each must be found. The names are broken in the
// parsed document: parsing takes ten times as long as the check.
func TestEveryMisspeltNameIsFound(t *testing.T) {
	t.Parallel()
	const parts = 4 // that run side by side, each with a document of its own
	text := readTemplate(t)
	for part := range parts {
		t.Run(strconv.Itoa(part), func(t *testing.T) {
			t.Parallel()
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
				t.Fatal(err)
			}
			keys := resourceKeys(&doc)
			if len(keys) < 400 {
				t.Fatalf("only %d names", len(keys))
			}
			for i := part; i < len(keys); i += parts {
				name := keys[i].Value
				keys[i].Value = "X" + name
				template, err := rostemplate.ParseDocument(&doc)
				if err != nil {
					t.Fatal(err)
				}
				if found := checkParsed(t, template); len(found) == 0 {
					t.Errorf("line %d: %s may be called X%s", keys[i].Line, name, name)
				}
				keys[i].Value = name
			}
		})
	}
}

// resourceKeys are the names within the resources of a template.
func resourceKeys(doc *yaml.Node) []*yaml.Node {
	root := doc.Content[0]
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value == "Resources" {
			return keysBelow(root.Content[i+1], 0)
		}
	}
	return nil
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
