package ehpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ListCommunityImages and ListRegions are documented without pages: the list in an
// answer is the whole list. If E-HPC began to page, a first page that is taken for the
// whole list would look as if all other entries had gone.

// findWholeList returns the array doc.<outer>.<inner> as findArray does. It returns an
// error if the answer says that the array is a part of the list. The members that say
// so may stand beside the outer object or in it.
func findWholeList(doc map[string]json.RawMessage, outer, inner string) (json.RawMessage, error) {
	array, err := findArray(doc, outer, inner)
	if err != nil {
		return nil, err
	}
	within, err := parseObject(doc[outer])
	if err != nil {
		return nil, err
	}
	for _, members := range []map[string]json.RawMessage{doc, within} {
		// In the order of their names, so that the same answer gives the same error.
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if err := checkPaging(name, members[name], array); err != nil {
				return nil, err
			}
		}
	}
	return array, nil
}

// checkPaging returns an error if a member of an answer says that the list is longer or
// shorter than the array, or that more follows. Members are known by Alibaba Cloud's
// names in any case, because its APIs do not agree on one. null and other members say
// nothing.
func checkPaging(name string, value, array json.RawMessage) error {
	if string(value) == "null" {
		return nil
	}
	switch strings.ToLower(name) {
	case "totalcount":
		// A smaller count is an error too: the answer contradicts itself.
		total, err := parseCount(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if n := countElements(array); n != total {
			return fmt.Errorf("the answer has %d entries and %s %d", n, name, total)
		}
	case "nexttoken":
		// The last page of a list has an empty token, or none.
		if hasText(value) {
			return fmt.Errorf("the answer has a %s: it is a part of a list", name)
		}
	case "istruncated":
		if string(value) != "false" {
			return errors.New("the answer says that it is truncated")
		}
	case "pagenumber":
		// Pages are counted from 1. Some calls say 0 where nothing was asked for.
		number, err := parseCount(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if number > 1 {
			return fmt.Errorf("the answer says that it is page %d of a list", number)
		}
	}
	return nil
}

// hasText reports whether a member is there and is neither null nor an empty string.
func hasText(value json.RawMessage) bool {
	return len(value) > 0 && string(value) != "null" && string(value) != `""`
}

// countElements returns the number of elements of a valid array.
func countElements(array json.RawMessage) int {
	var list []json.RawMessage
	_ = json.Unmarshal(array, &list) // no error: findArray has seen that it is an array
	return len(list)
}
