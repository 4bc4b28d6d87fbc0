package images

import (
	"bytes"
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// maxEventRows is the number of rows of events that the page of an image shows.
const maxEventRows = 200

// eventsSection lists what happened to the image, newest first.
func (r *imageReport) eventsSection() g.Node {
	in := r.in
	title := in.T("What happened")
	if r.history == nil {
		return ui.Section(title, h.P(g.Text(in.T("The history cannot be shown: %s", r.historyErr.Message))))
	}
	groups := groupEvents(r.history.Events)
	slices.Reverse(groups)
	columns := []ui.Column{{Name: in.T("When")}, {Name: in.T("What")}, {Name: in.T("Where")}}
	var rows []g.Node
	for _, events := range groups[:min(len(groups), maxEventRows)] {
		first := events[0]
		rows = append(rows, h.Tr(
			ui.Cell(in.T("When"), in.TimeNode(first.CommittedAt)),
			ui.Cell(in.T("What"), in.KindPill(string(first.Kind)), in.FieldChanges(first.Fields)),
			ui.Cell(in.T("Where"), r.clustersOfEvents(events)),
		))
	}
	more := g.Node(nil)
	if n := len(groups) - maxEventRows; n > 0 {
		csv := in.Here().Without("lang").With("format", request.FormatCSV)
		csv.Path += "/history"
		more = h.P(g.Text(in.N(n, "%d older entry is not shown: ", "%d older entries are not shown: ")),
			ui.Link(csv, "CSV"))
	}
	return ui.Section(title, ui.Table(title, columns, rows), more)
}

// groupEvents puts the events of a commit together that say the same about several scopes.
func groupEvents(events []render.Event) (groups [][]*render.Event) {
	for i := range events {
		e := &events[i]
		last := len(groups) - 1
		if last >= 0 && isSameEvent(groups[last][0], e) {
			groups[last] = append(groups[last], e)
			continue
		}
		groups = append(groups, []*render.Event{e})
	}
	return groups
}

func isSameEvent(a, b *render.Event) bool {
	return a.Sequence == b.Sequence && a.Kind == b.Kind && slices.EqualFunc(a.Fields, b.Fields,
		func(x, y render.FieldChange) bool {
			return x.Field == y.Field && bytes.Equal(x.Before, y.Before) && bytes.Equal(x.After, y.After)
		})
}

// clustersOfEvents shows the clusters of events, with their instance types.
func (r *imageReport) clustersOfEvents(events []*render.Event) g.Node {
	types := map[string][]string{}
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ClusterID)
		types[e.ClusterID] = append(types[e.ClusterID], r.typeName(e.InstanceType))
	}
	lines := g.Group{}
	ids = r.names.Sort(r.in, ids)
	line := func(id string) g.Node {
		text := ""
		for i, name := range types[id] {
			if i > 0 {
				text += r.in.T(", ")
			}
			text += name
		}
		return h.Div(r.names.Node(r.in, id), g.Text(" "), h.Span(h.Class("soft"), g.Text(text)))
	}
	for _, id := range ids[:min(len(ids), ui.MaxShown)] {
		lines = append(lines, line(id))
	}
	if n := len(ids) - ui.MaxShown; n > 0 {
		lines = append(lines, h.Details(h.Summary(g.Text(r.in.N(n, "and %d more", "and %d more"))),
			g.Map(ids[ui.MaxShown:], line)))
	}
	return h.Div(lines)
}

// typeName returns the name of an instance type. The list without one is that of the images
// that every type of the cluster supports.
func (r *imageReport) typeName(name string) string {
	if name == "" {
		return r.in.T("every type")
	}
	return name
}
