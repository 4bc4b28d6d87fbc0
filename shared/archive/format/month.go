package format

import "time"

// monthLayout is the form of a month of the log, for package time.
const monthLayout = "2006-01"

// MonthOf returns the month of the log, in UTC, to which a commit at t belongs.
func MonthOf(t time.Time) string { return t.UTC().Format(monthLayout) }

// IsMonth reports whether month is a month of the log, for example "2006-01".
func IsMonth(month string) bool {
	t, err := time.Parse(monthLayout, month)
	return err == nil && t.Format(monthLayout) == month
}
