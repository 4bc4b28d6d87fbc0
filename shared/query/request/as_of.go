package request

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"community-images/shared/catalog"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// AsOf is a point in the history of a region, as a caller names it.
type AsOf struct {
	IsSet    bool          // false: the caller named none
	Sequence int64         // of a commit; 0: it is a time
	time     time.Time     // zero: it is relative
	ago      time.Duration // before now; used if sequence and time are zero
}

const (
	// allowedTimes describes all forms of a moment, for messages and the OpenAPI
	// document.
	allowedTimes = allowedInstants + ", or the number of a commit"
	// allowedInstants describes those that are no commit.
	allowedInstants = "an RFC 3339 time or date, epoch seconds or milliseconds, a time before now such as -24h or -7d, " +
		"now"
	allowedUnits = "s, m, h, d, w"

	nowText = "now" // the present, in any case

	// Numbers below firstEpoch are commits, numbers below firstMilli seconds.
	firstEpoch = 1_000_000_000
	firstMilli = 100_000_000_000
	lastMilli  = 253_402_300_799_999 // 9999-12-31
	// maxAgo bounds how far back a moment lies that is relative to now. It only
	// keeps the sums within range.
	maxAgo = 100 * 365 * 24 * time.Hour

	// clockTolerance is how far ahead the clock of a caller may be.
	clockTolerance = time.Minute
)

// AtCommit returns the moment after a commit.
func AtCommit(sequence int64) AsOf { return AsOf{IsSet: true, Sequence: sequence} }

// The errors of ParseAsOf and parseDuration.
var (
	// errNotAsOf rejects a text that has none of the forms of allowedTimes.
	errNotAsOf = errors.New("is not a time or a commit")
	// errNoZone rejects a time of day that does not say in which zone.
	errNoZone = errors.New("has no time zone")
	// errNotDuration rejects a time before now that parseDuration cannot read.
	errNotDuration = errors.New("is not a duration")
)

// IsInFuture returns true for a time whose state is not known yet.
func (a AsOf) IsInFuture(now time.Time) bool {
	return a.ResolveTime(now).After(now.Add(clockTolerance))
}

// newFutureTimeError completes "NAME ..." for a time that lies in the future.
func newFutureTimeError(t time.Time) error {
	return fault.Reason("must not be in the future, got %s", catalog.At(t))
}

// ParseAsOf reads the forms of allowedTimes.
func ParseAsOf(s string) (AsOf, error) {
	if field.FoldCase(s) == nowText {
		return AsOf{IsSet: true}, nil
	}
	// A minus sign begins a time before now.
	if ago, ok := strings.CutPrefix(s, "-"); ok {
		d, err := parseDuration(ago)
		if err != nil || d > maxAgo {
			return AsOf{}, errNotDuration
		}
		return AsOf{IsSet: true, ago: d}, nil
	}
	// What a number means depends on its size: no log will have a billion
	// commits, and 1973 is before any commit in milliseconds.
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case s[0] == '+' || n < 1 || n > lastMilli:
			return AsOf{}, errNotAsOf
		case n < firstEpoch:
			return AsOf{IsSet: true, Sequence: n}, nil
		case n < firstMilli:
			return AsOf{IsSet: true, time: time.Unix(n, 0)}, nil
		}
		return AsOf{IsSet: true, time: time.UnixMilli(n)}, nil
	}
	return parseTime(s)
}

// parseTime reads an RFC 3339 time, which may lack seconds, or a date. It returns errNoZone
// for a time that only lacks its zone.
func parseTime(s string) (AsOf, error) {
	// People write a space between date and time.
	if len(s) > len(time.DateOnly) && s[len(time.DateOnly)] == ' ' {
		s = s[:len(time.DateOnly)] + "T" + s[len(time.DateOnly)+1:]
	}
	// A plus sign in a query means a space, and few people escape that of a time
	// zone. RFC 3339 allows lower-case t and z.
	s = strings.ToUpper(strings.Replace(s, " ", "+", 1))
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly} {
		t, err := time.Parse(layout, s)
		if t = t.UTC(); err == nil && t.Year() >= 1970 && t.Year() <= 9999 {
			return AsOf{IsSet: true, time: t}, nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if _, err := time.Parse(layout, s); err == nil {
			return AsOf{}, errNoZone
		}
	}
	return AsOf{}, errNotAsOf
}

// ResolveTime returns the time that is meant at now. It is zero for a commit,
// and if none is set.
func (a AsOf) ResolveTime(now time.Time) time.Time {
	if a.Sequence != 0 || !a.IsSet {
		return time.Time{}
	}
	if a.time.IsZero() {
		return now.Add(-a.ago)
	}
	return a.time
}

// IsAbsolute returns true for a commit or a time that does not depend on now.
func (a AsOf) IsAbsolute() bool { return a.Sequence != 0 || !a.time.IsZero() }

// parseDuration reads 90s, 10m, 24h, 7d, 2w and sums such as 1d12h. Unlike
// time.ParseDuration it knows days and weeks, and no sign.
func parseDuration(s string) (time.Duration, error) {
	if s == "" || len(s) > 40 {
		return 0, errNotDuration
	}
	var total time.Duration
	for s != "" {
		// The number goes up to the first letter, the unit up to the next digit.
		n := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n < 1 {
			return 0, errNotDuration
		}
		number := s[:n]
		s = s[n:]
		end := strings.IndexFunc(s, func(r rune) bool { return '0' <= r && r <= '9' })
		if end < 0 {
			end = len(s)
		}
		d, err := parseQuantity(number, durationUnits[s[:end]])
		if err != nil {
			return 0, err
		}
		// Every limit of a caller is below this sum, which cannot overflow.
		if total += d; total > math.MaxInt64/4 {
			return 0, errNotDuration
		}
		s = s[end:]
	}
	return total, nil
}

// parseQuantity returns a decimal number of a unit, rounded to nanoseconds. The
// whole part is exact. A unit of 0 is an error.
func parseQuantity(number string, unit time.Duration) (time.Duration, error) {
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || unit == 0 || value*float64(unit) > math.MaxInt64/4 {
		return 0, errNotDuration
	}
	whole, fraction, _ := strings.Cut(number, ".")
	count, part := 0, 0.0
	if whole != "" {
		count, err = strconv.Atoi(whole)
	}
	if err == nil && fraction != "" {
		part, err = strconv.ParseFloat("0."+fraction, 64)
	}
	if err != nil {
		return 0, errNotDuration
	}
	return time.Duration(count)*unit + time.Duration(math.Round(part*float64(unit))), nil
}

// durationUnits are the units of a duration. A day always has 24 hours: times
// are in UTC, where no day is longer.
var durationUnits = map[string]time.Duration{
	"s": time.Second,
	"m": time.Minute,
	"h": time.Hour,
	"d": 24 * time.Hour,
	"w": 7 * 24 * time.Hour,
}
