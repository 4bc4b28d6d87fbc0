package field

import (
	"community-images/shared/catalog"
)

// AppendString appends a JSON string. It escapes as stored objects do, so that
// equal texts have equal bytes in every answer.
func AppendString(b []byte, s string) []byte { return catalog.AppendString(b, s) }

// AppendStrings appends a JSON array of strings. A nil list becomes [] and not
// null: callers need not test for it.
func AppendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, s)
	}
	return append(b, ']')
}
