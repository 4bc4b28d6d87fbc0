package page

import (
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/field"
	"community-images/shared/query/render"
)

// imagesPage is the page of /v1/images.
func imagesPage() page {
	return page{
		title: func(in *Input, _ []Answer) string { return in.T("Images") },
		main: func(in *Input, answers []Answer) g.Node {
			p := answers[0].Value.(*render.ImagePage)
			return g.Group{h.H1(g.Text(in.T("Images"))), imageTable(in, p), in.formatLinks()}
		},
	}
}

// imageTable shows the images of a page.
func imageTable(in *Input, p *render.ImagePage) g.Node {
	columns := []column{{name: in.T("Image")}, {name: in.T("System")}, {name: in.T("Status")},
		{name: in.T("Size"), numeric: true}}
	text := func(name string, row int32) string {
		f := p.Schema.FieldNamed(name)
		if f == nil { // it is redacted
			return ""
		}
		return p.CellText(field.Column{Name: name, Field: f}, row)
	}
	var rows []g.Node
	for _, row := range p.PageRows() {
		id := p.Set.Image(row).ImageID
		rows = append(rows, h.Tr(
			cell(in.T("Image"), nameOverID(in.toImage(id), text("ImageName", row), id)),
			cell(in.T("System"), g.Text(text("OsTag.Platform", row)+" "+text("OsTag.Version", row))),
			cell(in.T("Status"), statusPill(text("Status", row))),
			numberCell(in.T("Size"), text("Size", row)+" GiB"),
		))
	}
	return table(in.T("Images")+" "+strconv.Itoa(len(p.Rows)), columns, rows)
}
