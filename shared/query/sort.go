package query

import (
	"strings"
)

// sortKey is one field to sort by.
type sortKey struct {
	field *field
	// desc puts great values first. Images without a value come last anyway.
	desc bool
}

// maxSortKeys bounds the keys of one sort. Each costs an index of its field.
const maxSortKeys = 8

// parseSort reads the values of sort, for example "-OsTag.Version". The first key
// that differs decides. A field that is named twice is harmless: the second key
// never decides. The error completes "sort ...".
func parseSort(s *schema, values []string) ([]sortKey, error) {
	if len(values) > maxSortKeys {
		return nil, newTooManyError(len(values), "keys", maxSortKeys)
	}
	keys := make([]sortKey, 0, len(values))
	for _, v := range values {
		name, desc := strings.CutPrefix(v, "-")
		// A withheld field is unknown here: an order would tell its values.
		f := s.fieldNamed(name)
		if f == nil {
			return nil, newUnknownFieldError(name, s.fieldNames())
		}
		keys = append(keys, sortKey{f, desc})
	}
	return keys, nil
}
