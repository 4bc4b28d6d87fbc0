package fleet

import (
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// MatrixPage is the page of /v1/matrix.
func MatrixPage() ui.Page {
	return ui.Page{
		// It has the names of the clusters.
		Subrequests: func(in *ui.Input) []ui.Subrequest {
			return []ui.Subrequest{in.KeepTime(in.To("/v1/clusters")).Subrequest()}
		},
		Title: func(in *ui.Input, _ []ui.Answer) string { return in.T("Matrix") },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			v := &matrixView{in: in, matrix: answers[0].Value.(*render.Matrix), names: ui.NewClusterNames(answers[1]),
				next: answers[0].Next, hints: answers[0].Hints}
			return v.main()
		},
	}
}

// matrixView makes the page of the matrix.
type matrixView struct {
	in     *ui.Input
	matrix *render.Matrix
	names  ui.ClusterNames
	next   string // cursor of the next page; empty: this is the last
	hints  []message.Text
}

func (v *matrixView) main() g.Node {
	in := v.in
	return g.Group{
		h.H1(g.Text(in.T("Matrix"))), v.summary(), pastNotice(in), v.choices(), v.searchForm(), v.grid(), v.pages(),
		in.FormatLinks(),
	}
}

// summary says how large the matrix is.
func (v *matrixView) summary() g.Node {
	in, m := v.in, v.matrix
	parts := []string{in.Region, in.N(m.TotalCount, "%d image", "%d images"),
		in.N(len(m.Columns), "%d column", "%d columns")}
	if m.TotalCount > 0 && len(m.Columns) > 1 {
		parts = append(parts, in.T("%d in every column", len(m.Shared)))
	}
	return h.P(h.Class("soft"), g.Text(strings.Join(parts, " · ")))
}

// hasTypeColumns reports whether the columns are instance types, as render.ImageMatrix
// labels them.
func (v *matrixView) hasTypeColumns() bool {
	sel := v.in.Request.Selection
	return sel.Types != nil && !request.CanMatchSeveral(sel.Clusters)
}

// choices links to other columns.
func (v *matrixView) choices() g.Node {
	in := v.in
	byCluster := in.Here().Without("ClusterId", "InstanceType", "cursor")
	byType := byCluster.With("InstanceType", request.AllNames)
	byBoth := byType.With("ClusterId", request.AllNames)
	given := in.Request.GivenSelection
	both := given.Clusters != nil && given.Types != nil && !v.hasTypeColumns()
	chip := func(to ui.Address, isCurrent bool, text string) g.Node {
		return h.A(h.Href(to.String()), g.If(isCurrent, h.Aria("current", "true")), g.Text(text))
	}
	return h.Nav(h.Class("filters"), h.Aria("label", in.T("Columns")),
		chip(byCluster, !both && !v.hasTypeColumns(), in.T("By cluster")),
		chip(byType, v.hasTypeColumns(), in.T("By instance type")),
		chip(byBoth, both, in.T("By both")))
}

// searchForm filters the rows. It keeps the other conditions.
func (v *matrixView) searchForm() g.Node {
	in := v.in
	kept := in.Here().Without("q", "cursor", "format")
	fields := []g.Node{h.Method("get"), h.Action(in.Path), h.Role("search"), h.Class("find")}
	for name, values := range kept.Sorted() {
		fields = append(fields, ui.Hidden(name, values))
	}
	return h.Form(append(fields,
		h.Label(h.Class("hidden"), h.For("q"), g.Text(in.T("Search images"))),
		h.Input(h.Type("search"), h.ID("q"), h.Name("q"), h.Value(in.Here().Get("q")),
			h.Placeholder(in.T("Name, description, id, product code"))),
		h.Button(h.Type("submit"), g.Text(in.T("Search"))),
		g.If(in.Here().Get("q") != "", ui.Link(in.Here().Without("q", "cursor"), in.T("Clear"))),
	)...)
}

// grid is the table. Its headers and first column stay in sight.
func (v *matrixView) grid() g.Node {
	in, m := v.in, v.matrix
	switch {
	case len(m.Columns) == 0:
		return ui.EmptyState(in.T("There is no column."), in.SayAll(v.hints),
			ui.Link(in.To("/v1/clusters"), in.T("Clusters")))
	case len(m.Rows) == 0:
		return ui.EmptyState(in.T("No image matches."), in.SayAll(v.hints),
			ui.Link(in.To("/v1/matrix"), in.T("Show all")))
	}
	caption := in.T("Images by column: ✓ where it is offered")
	head := []g.Node{h.Th(h.Scope("col"), g.Text(in.T("Image")))}
	for _, label := range m.Columns {
		head = append(head, h.Th(h.Scope("col"), v.columnHeader(label)))
	}
	offered := h.Td(h.Class("yes"), mark("✓", in.T("offered")))
	missing := h.Td(h.Class("no"), mark("–", in.T("not offered")))
	return h.Div(h.Class("grid"), h.TabIndex("0"), h.Role("region"), h.Aria("label", caption),
		h.Table(h.Caption(h.Class("hidden"), g.Text(caption)), h.THead(h.Tr(head...)),
			h.TBody(g.Map(m.Rows, func(row render.MatrixRow) g.Node { return v.row(row, offered, missing) }))))
}

// mark is a sign with its meaning for screen readers.
func mark(sign, meaning string) g.Node {
	return g.Group{h.Span(h.Aria("hidden", "true"), g.Text(sign)), h.Span(h.Class("hidden"), g.Text(meaning))}
}

// row shows an image. offered and missing are the cells of the columns.
func (v *matrixView) row(row render.MatrixRow, offered, missing g.Node) g.Node {
	in := v.in
	cells := []g.Node{h.Th(h.Scope("row"), ui.NameOverID(in.ToImage(row.ImageID), row.ImageName, row.ImageID),
		g.If(row.Everywhere && len(v.matrix.Columns) > 1, ui.Pill("calm", in.T("everywhere"))),
		g.If(row.ContentDiffers, ui.Pill("warn", in.T("contents differ"))),
		g.If(row.Status != "" && row.Status != "Available", ui.StatusPill(row.Status)))}
	has := map[string]bool{}
	for _, label := range row.OfferedBy {
		has[label] = true
	}
	for _, label := range v.matrix.Columns {
		if has[label] {
			cells = append(cells, offered)
		} else {
			cells = append(cells, missing)
		}
	}
	return h.Tr(cells...)
}

// columnHeader names a column and links to its images.
func (v *matrixView) columnHeader(label string) g.Node {
	in := v.in
	cluster, instanceType, isPath := strings.Cut(label, "/")
	switch {
	case isPath:
		return columnLink(toScope(in, in.Region, cluster, instanceType), v.clusterName(cluster), instanceType)
	case v.hasTypeColumns():
		name := label
		if label == catalog.Any {
			name = in.T("Without a type")
		}
		clusters := request.JoinSelected(v.in.Request.GivenSelection.Clusters)
		if clusters == "" {
			clusters = catalog.Any
		}
		return columnLink(toScope(in, in.Region, clusters, label), name, "")
	}
	types := request.JoinSelected(v.in.Request.GivenSelection.Types)
	if types == "" {
		types = catalog.Any
	}
	return columnLink(toScope(in, in.Region, label, types), v.clusterName(label), label)
}

// columnLink shows a name above what programs read, if that is something else.
func columnLink(to ui.Address, name, id string) g.Node {
	return g.Group{h.A(h.Class("name"), h.Href(to.String()), g.Text(name)),
		g.If(id != "" && id != name, h.Code(g.Text(id)))}
}

// clusterName returns what people call a cluster that a label names.
func (v *matrixView) clusterName(label string) string {
	if label == catalog.Any {
		label = ""
	}
	return v.names.Of(v.in, label)
}

// pages links to the next page, and to the first.
func (v *matrixView) pages() g.Node {
	in := v.in
	var links []g.Node
	if in.Request.Cursor != nil {
		links = append(links, ui.Link(in.Here().Without("cursor"), in.T("First page")))
	}
	if v.next != "" {
		links = append(links, h.A(h.Rel("next"), h.Href(in.Here().With("cursor", v.next).String()),
			g.Text(in.T("Next page"))))
	}
	if links == nil {
		return nil
	}
	return h.Nav(append([]g.Node{h.Class("pages"), h.Aria("label", in.T("Pages"))}, links...)...)
}
