package render

import (
	"strings"

	"community-images/shared/query/field"
)

// appendHints appends the member Hints, if there are any.
func appendHints(b []byte, texts []string) []byte {
	if len(texts) == 0 {
		return b
	}
	return field.AppendStrings(append(b, `,"Hints":`...), texts)
}

// AddHints returns the last line of a table with hints after it, each on a line.
func AddHints(lastLine string, texts []string) string {
	lines := []string{}
	if lastLine != "" {
		lines = append(lines, lastLine)
	}
	for _, text := range texts {
		lines = append(lines, "Hint: "+text)
	}
	return strings.Join(lines, "\n")
}
