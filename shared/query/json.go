package query

import "community-images/shared/catalog"

// appendString appends a JSON string.
func appendString(b []byte, s string) []byte { return catalog.AppendString(b, s) }

// appendStrings appends a JSON array of strings.
func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}
