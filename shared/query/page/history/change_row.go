package history

import (
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// changeRow is a row of changes: of an image, or of a cluster that ended. It is made from a
// render.Change, or from a render.Event of one scope.
type changeRow struct {
	sequence int64 // 0: it is of a diff
	at       catalog.Time
	kind     string
	imageID  string // empty: a cluster ended
	name     string
	fields   []render.FieldChange
	offered  *bool // nil: not known

	lost, gained, changed []string // clusters
	instanceType          string   // of an event; empty: every type, or several

	ended *render.Change // nil: it is of an image
}

// newChangeRow returns a row of an image or of a cluster.
func newChangeRow(c *render.Change) changeRow {
	row := changeRow{
		sequence: c.Sequence, at: c.CommittedAt, kind: string(c.Kind), imageID: c.ImageID, name: c.ImageName,
		fields: c.Fields, offered: c.Offered,
		lost: clustersIn(c.Lost), gained: clustersIn(c.Gained), changed: clustersIn(c.Changed),
	}
	if c.ClusterID != nil {
		row.ended = c
	}
	return row
}

// newScopeRow returns a row of one scope.
func newScopeRow(e *render.Event) changeRow {
	row := changeRow{
		sequence: e.Sequence, at: e.CommittedAt, kind: string(e.Kind), imageID: e.ImageID, name: e.ImageName,
		fields: e.Fields, instanceType: e.InstanceType,
	}
	clusters := []string{e.ClusterID}
	switch e.Kind {
	case "added":
		row.gained = clusters
	case "removed":
		row.lost = clusters
	case "changed":
		row.changed = clusters
	case "ended":
		row.ended = &render.Change{}
		row.ended.ClusterID, row.ended.ClusterName, row.ended.ImageCount = &e.ClusterID, e.ClusterName, e.ImageCount
		if e.InstanceType != "" {
			row.ended.InstanceTypes = []string{e.InstanceType}
		}
	}
	return row
}

// newRows returns the rows of a list that has an entry for each image, or for each scope.
func newRows(changes []render.Change, events []render.Event) []changeRow {
	rows := make([]changeRow, 0, len(changes)+len(events))
	for i := range changes {
		rows = append(rows, newChangeRow(&changes[i]))
	}
	for i := range events {
		rows = append(rows, newScopeRow(&events[i]))
	}
	return rows
}

// clustersIn returns the clusters of scopes. The list without a cluster is an empty id.
func clustersIn(s *render.Scopes) []string {
	switch {
	case s == nil:
		return nil
	case s.EveryCluster:
		return append([]string{""}, s.Clusters...)
	}
	return s.Clusters
}

// subject shows the image, or the cluster that ended.
func (row *changeRow) subject(in *ui.Input, names ui.ClusterNames) g.Node {
	if row.ended == nil {
		return ui.NameOverID(in.ToImage(row.imageID), row.name, row.imageID)
	}
	id := *row.ended.ClusterID
	return g.Group{h.Span(h.Class("name"), g.El("bdi", g.Text(names.Of(in, id)))), h.Code(g.Text(id))}
}

// clusters shows the clusters of the row. If several things happened to an image in one commit,
// each has a line.
func (row *changeRow) clusters(in *ui.Input, names ui.ClusterNames) g.Node {
	if row.ended != nil {
		return row.endedImages(in)
	}
	lists := []struct {
		kind string
		ids  []string
	}{{"removed", row.lost}, {"added", row.gained}, {"changed", row.changed}}
	lines := g.Group{}
	for _, l := range lists {
		if len(l.ids) == 0 {
			continue
		}
		line := g.Group{names.List(in, l.ids)}
		if l.kind != row.kind {
			line = append(g.Group{in.KindPill(l.kind), g.Text(" ")}, line...)
		}
		lines = append(lines, h.Div(line))
	}
	if row.instanceType != "" {
		lines = append(lines, h.Div(h.Class("soft"), g.Text(row.instanceType)))
	}
	return h.Div(lines)
}

// endedImages says how many images went with a cluster, with a link to them.
func (row *changeRow) endedImages(in *ui.Input) g.Node {
	count := 0
	if row.ended.ImageCount != nil {
		count = *row.ended.ImageCount
	}
	text := g.Text(in.N(count, "%d image went with it", "%d images went with it"))
	types := g.Group{}
	for _, name := range row.ended.InstanceTypes {
		types = append(types, h.Div(h.Class("soft"), g.Text(name)))
	}
	if row.sequence == 0 || count == 0 {
		return h.Div(text, types)
	}
	id := *row.ended.ClusterID
	if id == "" {
		id = catalog.Any
	}
	list := in.To("/v1/changes", "since", strconv.FormatInt(row.sequence-1, 10),
		"at", strconv.FormatInt(row.sequence, 10), "by", "scope", "kind", "removed").WithValue("ClusterId", id)
	return h.Div(text, g.Text(" · "), ui.Link(list, in.T("list them")), types)
}

// stateNow says whether anything offers the image when the feed or the diff ends.
func (row *changeRow) stateNow(in *ui.Input) g.Node {
	switch {
	case row.offered == nil:
		return nil
	case *row.offered:
		return g.Text(in.T("offered"))
	}
	return h.Span(h.Class("lost"), g.Text(in.T("offered nowhere any more")))
}

// tally counts what happened in rows, images and clusters once each.
type tally struct{ added, gone, removed, changed, ended map[string]bool }

func newTally(rows []changeRow) tally {
	t := tally{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for i := range rows {
		t.add(&rows[i])
	}
	return t
}

func (t tally) add(row *changeRow) {
	if row.ended != nil {
		t.ended[*row.ended.ClusterID] = true
	}
	if len(row.gained) > 0 {
		t.added[row.imageID] = true
	}
	if len(row.changed) > 0 {
		t.changed[row.imageID] = true
	}
	if len(row.lost) > 0 {
		t.removed[row.imageID] = true
		if row.offered != nil && !*row.offered {
			t.gone[row.imageID] = true
		}
	}
}

// card shows a number with what it counts. It leads to what it counts.
func card(to ui.Address, n int, text string, isBad bool) g.Node {
	class := "card"
	if isBad && n > 0 {
		class = "card lost"
	}
	return h.A(h.Class(class), h.Href(to.String()), h.Strong(g.Text(strconv.Itoa(n))), h.Span(g.Text(text)))
}
