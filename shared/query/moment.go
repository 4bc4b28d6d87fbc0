package query

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// moment is a point in the history of a region as a caller names it.
type asOf struct {
	set      bool
	sequence int64         // of a commit; 0: it is a time
	time     time.Time     // absolute
	back     time.Duration // before now; used if time is zero
}

const (
	asOfForms = "an RFC 3339 time or date, epoch seconds or milliseconds, a time before now such as -24h or -7d, or the number of a commit"
	// Numbers below firstEpoch are commits, below firstMilli seconds.
	firstEpoch = 1_000_000_000
	firstMilli = 100_000_000_000
	lastMilli  = 253_402_300_799_999 // 9999-12-31
	maxBack    = 100 * 365 * 24 * time.Hour
)

var errNotAsOf = errors.New("is not a time or commit")

// future says whether a moment lies in the future, where the state is not yet
// known. Callers whose clock is a little ahead have a minute of grace.
func (m asOf) isInFuture(now time.Time) bool { return m.resolveTime(now).After(now.Add(time.Minute)) }

// parseMoment reads the forms of momentForms.
func parseAsOf(s string) (asOf, error) {
	if back, ok := strings.CutPrefix(s, "-"); ok {
		d, err := parseDuration(back)
		if err != nil || d > maxBack {
			return asOf{}, errNotAsOf
		}
		return asOf{set: true, back: d}, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case s[0] == '+' || n < 1 || n > lastMilli:
			return asOf{}, errNotAsOf
		case n < firstEpoch:
			return asOf{set: true, sequence: n}, nil
		case n < firstMilli:
			return asOf{set: true, time: time.Unix(n, 0)}, nil
		}
		return asOf{set: true, time: time.UnixMilli(n)}, nil
	}
	// A plus sign in a query means a space, and few people escape it. RFC 3339
	// allows t and z.
	s = strings.ToUpper(strings.Replace(s, " ", "+", 1))
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		t, err := time.Parse(layout, s)
		if t = t.UTC(); err == nil && t.Year() >= 1970 && t.Year() <= 9999 {
			return asOf{set: true, time: t}, nil
		}
	}
	return asOf{}, errNotAsOf
}

// instant is the time that is meant, zero for a commit.
func (m asOf) resolveTime(now time.Time) time.Time {
	if m.sequence != 0 || !m.set {
		return time.Time{}
	}
	if m.time.IsZero() {
		return now.Add(-m.back)
	}
	return m.time
}

// pinned says whether the moment means the same at any time.
func (m asOf) isAbsolute() bool { return m.sequence != 0 || !m.time.IsZero() }

// parseDuration reads 90s, 10m, 24h, 7d, 2w and sums such as 1d12h.
func parseDuration(s string) (time.Duration, error) {
	bad := errors.New("is not a duration")
	if s == "" || len(s) > 40 {
		return 0, bad
	}
	var total float64
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n < 1 {
			return 0, bad
		}
		value, err := strconv.ParseFloat(s[:n], 64)
		if err != nil {
			return 0, bad
		}
		s = s[n:]
		m := strings.IndexFunc(s, func(r rune) bool { return '0' <= r && r <= '9' })
		if m < 0 {
			m = len(s)
		}
		unit, ok := durationUnits[s[:m]]
		if !ok {
			return 0, bad
		}
		total += value * float64(unit)
		s = s[m:]
	}
	if total > math.MaxInt64/2 {
		return 0, bad
	}
	return time.Duration(total), nil
}

var durationUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}
