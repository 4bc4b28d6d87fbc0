package render

import (
	"fmt"

	"community-images/shared/catalog"
)

// AppendMembers appends the members of a struct to an envelope, whose object is open,
// and closes it. The line ends after it.
func AppendMembers(envelope []byte, v any) ([]byte, error) {
	line, err := catalog.MarshalLine(v)
	if err != nil {
		return nil, fmt.Errorf("encoding an answer: %w", err)
	}
	if len(envelope) > 0 {
		line[0] = ','
	}
	return append(envelope, line...), nil
}

// AppendLines appends each item of a list as one line of JSON.
func AppendLines[T, J any](b []byte, list []T, toJSON func(T) J) ([]byte, error) {
	for _, item := range list {
		line, err := catalog.MarshalLine(toJSON(item))
		if err != nil {
			return nil, fmt.Errorf("encoding a line: %w", err)
		}
		b = append(b, line...)
	}
	return b, nil
}
