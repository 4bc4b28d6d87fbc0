package archive

import "time"

// monthLayout is the form of a month of the log, for package time.
const monthLayout = "2006-01"

// monthOf returns the month of the log to which a commit at t belongs.
func monthOf(t time.Time) string { return t.UTC().Format(monthLayout) }

// isMonth reports whether month has the form of monthLayout.
func isMonth(month string) bool {
	t, err := time.Parse(monthLayout, month)
	return err == nil && t.Format(monthLayout) == month
}
