package operate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// matches is what EventBridge's patterns of these two attributes mean: a
// value, or the beginning or the end of one.
func matches(t *testing.T, pattern map[string][]any, event map[string]any) bool {
	t.Helper()
	for attribute, choices := range pattern {
		value, _ := event[attribute].(string)
		if !slices.ContainsFunc(choices, func(choice any) bool {
			switch c := choice.(type) {
			case string:
				return value == c
			case map[string]any:
				prefix, _ := c["prefix"].(string)
				suffix, _ := c["suffix"].(string)
				if len(c) != 1 || prefix+suffix == "" {
					t.Fatalf("the pattern has %v", c)
				}
				return strings.HasPrefix(value, prefix) && strings.HasSuffix(value, suffix)
			}
			t.Fatalf("the pattern has %v", choice)
			return false
		}) {
			return false
		}
	}
	return true
}

// TestPatternsMatchTheSampleEvents holds the template's event pattern, and the wider
// one of the document, against the samples that the snapshot function is
// tested with.
func TestPatternsMatchTheSampleEvents(t *testing.T) {
	t.Parallel()
	decode := func(text string) (pattern map[string][]any) {
		if err := json.Unmarshal([]byte(text), &pattern); err != nil || len(pattern) != 2 {
			t.Fatalf("%v in the pattern %s", err, text)
		}
		return pattern
	}
	parameter, _ := readTemplate(t).Parameters["EventPattern"].(map[string]any)
	text, _ := parameter["Default"].(string)
	narrow := decode(text)
	wide := decode(regexp.MustCompile(`\{"source": .*`).FindString(readDocument(t).whole))
	files, err := filepath.Glob(top + "functions/snapshot/testdata/events/*.json")
	if err != nil || len(files) < 15 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var event map[string]any
		if json.Unmarshal(data, &event) != nil || event["specversion"] == nil {
			continue // a batch, and a record without its envelope
		}
		name := filepath.Base(path)
		trail := strings.HasPrefix(name, "trail-")
		if got, want := matches(t, narrow, event), !trail && name != "node-created.json"; got != want {
			t.Errorf("the template's pattern takes %s: %v", name, got)
		}
		if got, want := matches(t, wide, event), event["source"] == "acs.ehpc" &&
			name != "node-created.json"; got != want {
			t.Errorf("the wider pattern takes %s: %v", name, got)
		}
	}
}
