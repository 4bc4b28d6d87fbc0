package history

import (
	"slices"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// DiffPage is the page of /v1/diff: the forms to choose what to compare, then the result.
func DiffPage() ui.Page {
	return ui.Page{
		Subrequests: askClusters,
		Explains:    isMistake,
		Title:       func(in *ui.Input, _ []ui.Answer) string { return in.T("Compare") },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			names := ui.NewClusterNames(answers[1])
			parts := g.Group{h.H1(g.Text(in.T("Compare"))), diffForms(in, names, answers[1])}
			view, _ := answers[0].Value.(*render.DiffView)
			switch {
			case answers[0].Err != nil:
				return append(parts, ui.Problem(in, answers[0].Err))
			case view == nil:
				return append(parts, h.P(h.Class("soft"), g.Text(in.T("Choose two times, or two clusters."))))
			}
			names.AddEnded(view.Changes)
			return append(parts, diffResult(in, view, names), in.FormatLinks())
		},
	}
}

// diffForms lets a person choose two times or two clusters.
func diffForms(in *ui.Input, names ui.ClusterNames, clusters ui.Answer) g.Node {
	here := in.Here()
	from, to, with := here.Get("from"), here.Get("to"), here.Get("with")
	timeCluster, cluster := here.Get("ClusterId"), ""
	if with != "" {
		timeCluster, cluster = "", timeCluster
	}
	if from == "" {
		from = "-24h"
	}
	ids := clusterChoices(in, names, choice{catalog.Any, in.T("every cluster")})
	if cluster == "" && len(ids) > 1 {
		cluster = ids[1].value
	}
	if with == "" {
		with = ids[len(ids)-1].value
	}
	common := g.Group{in.KeepRegion(), ui.KeepLanguage(in)}
	button := h.Button(h.Type("submit"), g.Text(in.T("Compare")))
	return h.Div(h.Class("forms"),
		h.Form(h.Method("get"), h.Action("/v1/diff"), h.Class("choose"), common, keep(in, "kind", "by"),
			h.FieldSet(h.Legend(g.Text(in.T("Two times"))),
				momentSelect(in, in.T("From"), "from", from, momentsAgo(in)),
				momentSelect(in, in.T("To"), "to", to, append([]choice{{"now", in.T("now")}}, momentsAgo(in)...)),
				selectNode(in.T("Cluster"), "ClusterId", timeCluster, clusterChoices(in, names, allClusters(in))),
				button)),
		h.Form(h.Method("get"), h.Action("/v1/diff"), h.Class("choose"), common, keep(in, "at"),
			h.FieldSet(h.Legend(g.Text(in.T("Two clusters"))),
				selectNode(in.T("Cluster"), "ClusterId", cluster, ids), selectNode(in.T("with"), "with", with, ids),
				selectNode(in.T("Instance type"), "InstanceType", here.Get("InstanceType"), typeChoices(in, clusters)),
				button)),
	)
}

// diffLabels name the two sides of a diff in the language of the page.
type diffLabels struct{ from, to, onlyFrom, onlyTo string }

// newDiffLabels returns the names of the sides: clusters, or times.
func newDiffLabels(in *ui.Input, view *render.DiffView, names ui.ClusterNames) diffLabels {
	if view.From.ClusterID == nil {
		return diffLabels{in.T("Before"), in.T("After"), in.T("Removed"), in.T("Added")}
	}
	from, to := names.Of(in, *view.From.ClusterID), names.Of(in, *view.To.ClusterID)
	return diffLabels{from, to, in.T("Only in %s", from), in.T("Only in %s", to)}
}

// diffResult shows what differs, by kind.
func diffResult(in *ui.Input, view *render.DiffView, names ui.ClusterNames) g.Node {
	rows := newRows(view.Changes, view.Events)
	for i := range view.Images {
		r := &view.Images[i]
		rows = append(rows, changeRow{kind: string(r.Kind), imageID: r.ImageID, name: r.ImageName, fields: r.Fields})
	}
	byKind := map[string][]changeRow{}
	for _, row := range rows {
		byKind[row.kind] = append(byKind[row.kind], row)
	}
	d := &diffTables{in: in, names: names, labels: newDiffLabels(in, view, names),
		isOfTimes: view.From.ClusterID == nil}
	parts := g.Group{d.comparedSides(view), d.numbers(byKind)}
	if len(rows) == 0 {
		return append(parts, ui.EmptyState(in.T("Nothing differs."), nil))
	}
	return append(parts,
		d.list("ended", in.T("Clusters that ended"), byKind["ended"]),
		d.list("removed", d.labels.onlyFrom, byKind["removed"]),
		d.list("added", d.labels.onlyTo, byKind["added"]), d.changed(byKind["changed"]))
}

// diffTables shows the rows of a diff.
type diffTables struct {
	in        *ui.Input
	names     ui.ClusterNames
	labels    diffLabels
	isOfTimes bool
}

// comparedSides says what is compared, with a link that exchanges both.
func (d *diffTables) comparedSides(view *render.DiffView) g.Node {
	in, here := d.in, d.in.Here()
	side := func(s render.DiffSide) g.Node {
		if s.ClusterID == nil {
			return g.Group{in.TimeNode(s.CommittedAt), g.Text(" "),
				h.Span(h.Class("soft"), g.Text(in.T("(commit %d)", s.Sequence))),
				g.If(!s.Captured, g.Text(" "+in.T("nothing captured")))}
		}
		count := in.N(*s.ImageCount, "(%d image)", "(%d images)") // both sides of two clusters have it
		return g.Group{h.Strong(d.names.Node(in, *s.ClusterID)), h.Span(h.Class("soft"), g.Text(" "+count))}
	}
	var swapped ui.Address
	if d.isOfTimes {
		to := here.Get("to")
		if to == "" {
			to = "now"
		}
		swapped = here.With("from", to).With("to", here.Get("from"))
	} else {
		swapped = here.With("ClusterId", here.Get("with")).With("with", here.Get("ClusterId"))
	}
	return h.P(h.Class("lead"), in.Sentence("From %s to %s", side(view.From), side(view.To)), g.Text(" · "),
		ui.Link(swapped, in.T("exchange")))
}

// numbers counts the rows of each kind, with links to the tables.
func (d *diffTables) numbers(byKind map[string][]changeRow) g.Node {
	in := d.in
	number := func(kind, text string, isBad bool) g.Node {
		class := "card"
		if isBad && len(byKind[kind]) > 0 {
			class = "card lost"
		}
		return h.A(h.Class(class), h.Href("#"+kind), h.Strong(g.Text(strconv.Itoa(len(byKind[kind])))),
			h.Span(g.Text(text)))
	}
	cards := g.Group{number("removed", d.labels.onlyFrom, d.isOfTimes), number("added", d.labels.onlyTo, false),
		number("changed", in.T("Changed"), false)}
	if d.isOfTimes {
		cards = append(cards, number("ended", in.T("Clusters that ended"), false))
	}
	return h.Div(h.Class("cards"), cards)
}

// maxDiffRows is the number of rows of one kind that the page shows.
const maxDiffRows = 500

// list shows the rows of one kind.
func (d *diffTables) list(kind, title string, rows []changeRow) g.Node {
	if len(rows) == 0 {
		return nil
	}
	in := d.in
	columns := []ui.Column{{Name: in.T("Image")}}
	if d.isOfTimes {
		columns = append(columns, ui.Column{Name: in.T("Where")}, ui.Column{Name: in.T("Then")})
	}
	var nodes []g.Node
	for i := range rows[:min(len(rows), maxDiffRows)] {
		row := &rows[i]
		cells := g.Group{ui.Cell(in.T("Image"), row.subject(in, d.names))}
		if d.isOfTimes {
			cells = append(cells, ui.Cell(in.T("Where"), row.clusters(in, d.names)),
				ui.Cell(in.T("Then"), row.stateNow(in)))
		}
		nodes = append(nodes, h.Tr(cells))
	}
	return h.Section(h.ID(kind), h.H2(g.Text(title+" "), h.Small(h.Class("soft"), g.Text(strconv.Itoa(len(rows))))),
		ui.Table(title, columns, nodes), d.notShown(len(rows)))
}

// changed shows the fields that differ side by side.
func (d *diffTables) changed(rows []changeRow) g.Node {
	if len(rows) == 0 {
		return nil
	}
	in := d.in
	columns := []ui.Column{{Name: in.T("Image")}, {Name: in.T("Field")}, {Name: d.labels.from}, {Name: d.labels.to}}
	var nodes []g.Node
	for i := range rows[:min(len(rows), maxDiffRows)] {
		row := &rows[i]
		for n, f := range row.fields {
			cells := g.Group{
				ui.Cell(in.T("Field"), h.Span(h.Class("soft"), g.Text(f.Field))),
				ui.Cell(d.labels.from, h.Del(in.ValueNode(f.Before))),
				ui.Cell(d.labels.to, h.Ins(in.ValueNode(f.After))),
			}
			if n == 0 {
				first := h.Td(h.Data("label", in.T("Image")), h.RowSpan(strconv.Itoa(len(row.fields))),
					row.subject(in, d.names),
					g.If(d.isOfTimes, row.clusters(in, d.names)))
				cells = slices.Insert(cells, 0, g.Node(first))
			}
			nodes = append(nodes, h.Tr(cells))
		}
	}
	title := in.T("Changed")
	return h.Section(h.ID("changed"), h.H2(g.Text(title+" "),
		h.Small(h.Class("soft"), g.Text(strconv.Itoa(len(rows))))),
		ui.Table(title, columns, nodes), d.notShown(len(rows)))
}

// notShown says how many rows a table leaves out.
func (d *diffTables) notShown(rows int) g.Node {
	if rows <= maxDiffRows {
		return nil
	}
	text := d.in.N(rows-maxDiffRows, "%d more row is not shown: ", "%d more rows are not shown: ")
	return h.P(g.Text(text), ui.Link(d.in.Here().As("csv"), "CSV"))
}
