package request

import (
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// SortKey is one field to sort by.
type SortKey struct {
	Field *field.Field
	// Desc puts great values first. Images without a value come last anyway.
	Desc bool
}

// MaxSortKeys bounds the keys of one sort. Each costs an index of its field.
const MaxSortKeys = 8

// parseSort reads the values of sort, for example "-OsTag.Version". The first key
// that differs decides. A field that is named twice is harmless: the second key
// never decides. The error completes "sort ...".
func parseSort(s *field.Schema, values []string) ([]SortKey, error) {
	if len(values) > MaxSortKeys {
		return nil, fault.NewTooManyError(len(values), "keys", MaxSortKeys)
	}
	keys := make([]SortKey, 0, len(values))
	for _, v := range values {
		name, desc := strings.CutPrefix(v, "-")
		// A withheld field is unknown here: an order would tell its values.
		f := s.FieldNamed(name)
		switch {
		case f == nil && namesDirection(name):
			return nil, fault.CompleteReason(message.New(
				"names the unknown field %s. For descending write - in front of a field", fault.Quote(name)))
		case f == nil:
			return nil, newUnknownFieldError(name, s.FieldNames())
		}
		keys = append(keys, SortKey{f, desc})
	}
	return keys, nil
}

// namesDirection reports whether a name without a field is a direction, or ends with
// one, as in other interfaces: "Size:desc".
func namesDirection(name string) bool {
	name = field.FoldCase(name)
	for _, direction := range []string{"asc", "desc", "ascending", "descending"} {
		rest, ok := strings.CutSuffix(name, direction)
		if ok && (rest == "" || strings.ContainsAny(rest[len(rest)-1:], ":. _-")) {
			return true
		}
	}
	return name == ""
}
