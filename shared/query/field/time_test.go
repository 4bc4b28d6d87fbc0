package field

import (
	"slices"
	"testing"
	"time"

	"community-images/shared/catalog"
)

// TestTimesCompareAsTexts checks that the texts of times have the order of the times,
// parts of a millisecond included, and that stored times have the same text.
func TestTimesCompareAsTexts(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 29, 23, 59, 59, 999_000_000, time.UTC)
	var texts []string
	for _, later := range []time.Duration{0, 1, 999_990, 1_000_000, 1_000_100, 10_000_000} {
		texts = append(texts, FormatTime(start.Add(later)))
	}
	if !slices.IsSortedFunc(texts, CompareTimes) || len(slices.Compact(slices.Clone(texts))) != len(texts) {
		t.Errorf("%q are not in order", texts)
	}
	if got, want := FormatTime(start), catalog.At(start).String(); got != want {
		t.Errorf("a time is %q, stored as %q", got, want)
	}
	if got := FormatTime(start.Add(1)); got != "2026-11-29T23:59:59.999000001Z" {
		t.Errorf("a nanosecond later it is %q", got)
	}
}
