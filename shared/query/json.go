package query

import (
	"fmt"

	"community-images/shared/catalog"
)

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

// appendMembers appends the members of a struct to an envelope, whose object is open,
// and closes it. The line ends after it.
func appendMembers(envelope []byte, v any) ([]byte, error) {
	line, err := catalog.MarshalLine(v)
	if err != nil {
		return nil, fmt.Errorf("encoding an answer: %w", err)
	}
	if len(envelope) > 0 {
		line[0] = ','
	}
	return append(envelope, line...), nil
}

// appendLines appends each item of a list as one line of JSON.
func appendLines[T, J any](b []byte, list []T, toJSON func(T) J) ([]byte, error) {
	for _, item := range list {
		line, err := catalog.MarshalLine(toJSON(item))
		if err != nil {
			return nil, fmt.Errorf("encoding a line: %w", err)
		}
		b = append(b, line...)
	}
	return b, nil
}
