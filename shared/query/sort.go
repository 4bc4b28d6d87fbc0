package query

import (
	"strings"
)

// sortKey is one step of an order.
type sortKey struct {
	field *field
	desc  bool
}

const maxSortKeys = 8

// parseSort reads "-OsTag.Version,ImageName".
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
