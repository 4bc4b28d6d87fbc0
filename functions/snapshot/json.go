package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// parseObject reads a JSON object, or a JSON string that holds one. It returns nil
// for anything else, and for a string that has a member twice.
func parseObject(raw json.RawMessage) (members map[string]json.RawMessage) {
	if inner := parseString(raw); inner != "" {
		raw = json.RawMessage(inner)
		if _, err := catalog.Canonical(raw); err != nil {
			return nil
		}
	}
	_ = json.Unmarshal(raw, &members)
	return members
}

// parseString reads a JSON string. It returns "" for anything else.
func parseString(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s)
	return s
}

// findString returns the string under the first of the names that an object has,
// without regard to case. If it has none of them, the objects within it are
// searched, down to the given depth. Members are searched in the order of their
// names, so that the same event always gives the same result.
func findString(members map[string]json.RawMessage, depth int, names ...string) string {
	keys := slices.Sorted(maps.Keys(members))
	// What stands at this level counts more than what is nested.
	for _, name := range names {
		for _, key := range keys {
			if s := parseString(members[key]); s != "" && strings.EqualFold(key, name) {
				return s
			}
		}
	}
	for _, key := range keys {
		if depth > 0 {
			if s := findString(parseObject(members[key]), depth-1, names...); s != "" {
				return s
			}
		}
	}
	return ""
}
