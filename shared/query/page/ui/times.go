package ui

import (
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
)

// age says in words how long ago a time was.
func (in *Input) age(t time.Time) string {
	switch d := in.Now.Sub(t); {
	case d < time.Minute:
		return in.T("just now")
	case d < time.Hour:
		return in.T("%d min ago", int(d/time.Minute))
	case d < 24*time.Hour:
		return in.T("%d h ago", int(d/time.Hour))
	case d < 48*time.Hour:
		return in.T("yesterday")
	default:
		return in.T("%d days ago", int(d/(24*time.Hour)))
	}
}

// AgeNode shows the age of a time. The exact time is its title. The script adds the time in
// the reader's zone.
func (in *Input) AgeNode(t catalog.Time) g.Node {
	if t.IsZero() {
		return g.Text("–")
	}
	return h.Time(h.DateTime(machineTime(t.Time)), h.Title(UTCText(t.Time)), g.Attr("data-age"),
		g.Text(in.age(t.Time)))
}

// TimeNode shows a time in UTC. The script replaces it by the reader's zone, with UTC
// beside.
func (in *Input) TimeNode(t catalog.Time) g.Node {
	if t.IsZero() {
		return g.Text("–")
	}
	return h.Time(h.DateTime(machineTime(t.Time)), g.Text(UTCText(t.Time)))
}

// ClockNode shows the time of day in UTC. The script shows that of the reader's zone.
func (in *Input) ClockNode(t catalog.Time) g.Node {
	return h.Time(h.DateTime(machineTime(t.Time)), h.Title(UTCText(t.Time)), h.Data("clock", ""),
		g.Text(t.UTC().Format("15:04")))
}

// DateNode shows the day of a time in UTC, with the time of day as title. The script shows
// both in the reader's zone.
func (in *Input) DateNode(t catalog.Time) g.Node {
	if t.IsZero() {
		return g.Text("–")
	}
	return h.Time(h.DateTime(machineTime(t.Time)), h.Title(UTCText(t.Time)), h.Data("date", ""), g.Text(DayOf(t)))
}

// DayOf returns the day of a time in UTC.
func DayOf(t catalog.Time) string { return t.UTC().Format(time.DateOnly) }

// UTCText returns a time to the minute, as people read it.
func UTCText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// machineTime returns a time for the attribute datetime.
func machineTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Length says in words how long a span of time is.
func (in *Input) Length(d time.Duration) string {
	switch {
	case d < time.Minute:
		return in.T("%d s", max(0, int(d/time.Second)))
	case d < time.Hour:
		return in.T("%d min", int(d/time.Minute))
	case d < 48*time.Hour:
		return in.T("%d h", int(d/time.Hour))
	default:
		return in.T("%d days", int(d/(24*time.Hour)))
	}
}

// TimeSince says in words how much time has passed since a time.
func (in *Input) TimeSince(t catalog.Time) string { return in.Length(in.Now.Sub(t.Time)) }
