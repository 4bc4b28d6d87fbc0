package field

import (
	"strings"
	"time"
)

// FormatTime returns a time as fields of TimeKind have it: as catalog.Time writes it,
// with more digits if it has a part of a millisecond.
func FormatTime(t time.Time) string {
	const nanoseconds, noFraction = "2006-01-02T15:04:05.000000000", "000000"
	s := t.UTC().Format(nanoseconds)
	fraction := strings.TrimRight(s[len(s)-len(noFraction):], "0")
	return s[:len(s)-len(noFraction)] + fraction + "Z"
}

// CompareTimes orders two times as FormatTime writes them.
func CompareTimes(a, b string) int {
	// All have a fixed width up to the milliseconds.
	return strings.Compare(strings.TrimSuffix(a, "Z"), strings.TrimSuffix(b, "Z"))
}
