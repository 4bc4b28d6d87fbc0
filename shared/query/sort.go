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

const maxSortKeys = 8

// parseSort reads the values of sort, for example "-OsTag.Version".
func parseSort(s *schema, values []string) ([]sortKey, error) {
	if len(values) > maxSortKeys {
		return nil, newTooManyError(len(values), "keys", maxSortKeys)
	}
	keys := make([]sortKey, 0, len(values))
	for _, v := range values {
		name, desc := strings.CutPrefix(v, "-")
		f := s.fieldNamed(name)
		if f == nil {
			return nil, newUnknownFieldError(name, s.fieldNames())
		}
		keys = append(keys, sortKey{f, desc})
	}
	return keys, nil
}
