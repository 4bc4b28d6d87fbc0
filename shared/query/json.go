package query

import "community-images/shared/catalog"

// appendString appends a JSON string. It escapes as stored objects do, so that
// equal texts have equal bytes in every answer.
func appendString(b []byte, s string) []byte { return catalog.AppendString(b, s) }

// appendStrings appends a JSON array of strings. A nil list becomes [] and not
// null: callers need not test for it.
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
