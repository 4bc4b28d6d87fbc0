package images

import (
	"fmt"
	"maps"
	"slices"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// timeline is when each cluster offered an image: with at least one instance type.
type timeline struct {
	start      catalog.Time // of the first event; zero: there is none
	end        time.Time    // now
	lastChange catalog.Time // of the content; zero: it never changed
	clusters   map[string]*clusterLine
}

// clusterLine is when one cluster offered an image.
type clusterLine struct {
	periods []period // in the order of time
	changes []catalog.Time
	types   map[string]bool // that offer it after the last event
}

// period is a time during which a cluster offered an image.
type period struct {
	from catalog.Time
	to   catalog.Time // zero: it still does
}

// newTimeline makes the timeline of events, which are oldest first.
func newTimeline(events []render.Event, now time.Time) *timeline {
	t := &timeline{end: now, clusters: map[string]*clusterLine{}}
	for i := range events {
		e := &events[i]
		if t.start.IsZero() {
			t.start = e.CommittedAt
		}
		line := t.clusters[e.ClusterID]
		if line == nil {
			line = &clusterLine{types: map[string]bool{}}
			t.clusters[e.ClusterID] = line
		}
		if line.add(e) {
			t.lastChange = e.CommittedAt
		}
	}
	return t
}

// add adds an event. It returns true for a change of the content.
func (l *clusterLine) add(e *render.Event) (isChange bool) {
	switch e.Kind {
	case "changed":
		if n := len(l.changes); n == 0 || !l.changes[n-1].Equal(e.CommittedAt.Time) {
			l.changes = append(l.changes, e.CommittedAt)
		}
		return true
	case "added", "kept":
		if len(l.types) == 0 && !l.resumes(e.CommittedAt) {
			l.periods = append(l.periods, period{from: e.CommittedAt})
		}
		l.types[e.InstanceType] = true
	case "removed":
		delete(l.types, e.InstanceType)
		if n := len(l.periods); n > 0 && len(l.types) == 0 {
			l.periods[n-1].to = e.CommittedAt
		}
	}
	return false
}

// resumes goes on with the last period if it ended in the same commit: with one instance
// type, while another one began.
func (l *clusterLine) resumes(at catalog.Time) bool {
	n := len(l.periods)
	if n == 0 || !l.periods[n-1].to.Equal(at.Time) {
		return false
	}
	l.periods[n-1].to = catalog.Time{}
	return true
}

// lostAt returns when a cluster stopped offering the image; zero: it offers it.
func (l *clusterLine) lostAt() catalog.Time {
	if len(l.periods) == 0 {
		return catalog.Time{}
	}
	return l.periods[len(l.periods)-1].to
}

// maxLines is the number of clusters whose lines are shown before the rest is folded away.
const maxLines = 20

// timelineSection draws when each cluster offered the image. The list of events says the
// same in words.
func (r *imageReport) timelineSection() g.Node {
	if r.timeline == nil || r.timeline.start.IsZero() {
		return nil
	}
	in := r.in
	title := in.T("Where it was offered")
	ids := r.names.Sort(in, slices.Collect(maps.Keys(r.timeline.clusters)))
	line := func(id string) g.Node { return r.drawLine(id) }
	shown := ids[:min(len(ids), maxLines)]
	figure := h.Figure(h.Class("timeline"), h.Role("img"),
		h.Aria("label", in.T("Drawing of the times at which each cluster offered the image. "+
			"The list below says the same.")),
		g.Map(shown, line), r.timeline.axis())
	if len(ids) == len(shown) {
		return ui.Section(title, figure)
	}
	rest := ids[len(shown):]
	more := in.N(len(rest), "%d more cluster", "%d more clusters")
	return ui.Section(title, figure, h.Details(h.Summary(g.Text(more)),
		h.Figure(h.Class("timeline"), h.Aria("hidden", "true"), g.Map(rest, line), r.timeline.axis())))
}

// drawLine draws the periods of one cluster as bars, and changes as dots.
func (r *imageReport) drawLine(id string) g.Node {
	in, line := r.in, r.timeline.clusters[id]
	var marks g.Group
	for _, p := range line.periods {
		class, to := "offered", in.T("now")
		end := r.timeline.end
		if !p.to.IsZero() {
			class, to, end = "ended", ui.UTCText(p.to.Time), p.to.Time
		}
		from := r.timeline.percent(p.from.Time)
		marks = append(marks, g.El("rect", h.Class(class), g.Attr("x", percentText(from)), g.Attr("y", "3"),
			g.Attr("width", percentText(max(r.timeline.percent(end)-from, 0.4))), g.Attr("height", "18"),
			g.Attr("rx", "3"), g.El("title", g.Text(ui.UTCText(p.from.Time)+" – "+to))))
	}
	for _, at := range line.changes {
		marks = append(marks, g.El("circle", g.Attr("cx", percentText(r.timeline.percent(at.Time))), g.Attr("cy", "12"),
			g.Attr("r", "5"), g.El("title", g.Text(in.T("changed")+" "+ui.UTCText(at.Time)))))
	}
	return h.Div(h.Span(r.names.Node(in, id)), h.SVG(r.timeline.grid(), marks))
}

// ticks is the number of dates on the axis.
const ticks = 5

// grid draws a line for each date of the axis.
func (t *timeline) grid() (lines g.Group) {
	for i := range ticks {
		x := percentText(float64(i) * 100 / (ticks - 1))
		lines = append(lines, g.El("line", g.Attr("x1", x), g.Attr("x2", x), g.Attr("y1", "0"), g.Attr("y2", "24")))
	}
	return lines
}

// axis shows dates below the lines: times of day, if they are near each other.
func (t *timeline) axis() g.Node {
	layout, step := "01-02", t.end.Sub(t.start.Time)/(ticks-1)
	if step < 24*time.Hour {
		layout = "01-02 15:04"
	}
	var texts g.Group
	for i := range ticks {
		anchor := "middle"
		switch i {
		case 0:
			anchor = "start"
		case ticks - 1:
			anchor = "end"
		}
		texts = append(texts, g.El("text", g.Attr("x", percentText(float64(i)*100/(ticks-1))), g.Attr("y", "14"),
			g.Attr("text-anchor", anchor), g.Text(t.start.Add(time.Duration(i)*step).UTC().Format(layout))))
	}
	return h.Div(h.Span(g.Text("UTC")), h.SVG(texts))
}

// percent returns where a time lies between the start and the end.
func (t *timeline) percent(at time.Time) float64 {
	whole := t.end.Sub(t.start.Time)
	if whole <= 0 {
		return 0
	}
	return min(100, max(0, 100*float64(at.Sub(t.start.Time))/float64(whole)))
}

func percentText(p float64) string { return fmt.Sprintf("%.2f%%", p) }
