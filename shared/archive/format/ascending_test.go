package format

import (
	"fmt"
	"strings"
	"testing"
)

// TestParseAscending: only ascending numbers below the limit, with one comma between two, are
// a list.
func TestParseAscending(t *testing.T) {
	t.Parallel()
	const invalid = "invalid"
	for text, want := range map[string]string{
		"": "[]", "0": "[0]", "7,42,99": "[7 42 99]",
		"100": invalid, "7,100": invalid, strings.Repeat("9", 40): invalid, // not below the limit
		"2,1": invalid, "2,2": invalid, // not ascending
		",": invalid, ",1": invalid, "1,": invalid, "1,,2": invalid,
		"-1": invalid, "+1": invalid, "1 ": invalid, "x": invalid,
	} {
		list, ok := parseAscending[int](text, 100)
		short, shortOK := parseAscending[int32]([]byte(text), 100)
		got := fmt.Sprint(list)
		if !ok {
			got = invalid
		}
		if got != want || shortOK != ok || fmt.Sprint(short) != fmt.Sprint(list) {
			t.Errorf("%q is %s, want %s; as bytes %v, %t", text, got, want, short, shortOK)
		}
	}
}
