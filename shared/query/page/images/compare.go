package images

import (
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/field"
	"community-images/shared/query/page/ui"
)

// maxCompared is the largest number of images that are shown side by side.
const maxCompared = 4

// isComparison reports whether the address names the images, and so few that a person wants
// to compare them. Scopes can disagree about the content of one, which then stands there
// twice.
func (v *imagesView) isComparison() bool {
	n := len(v.p.Rows)
	return v.p.Request.ImageIDs != nil && v.p.Request.Columns == nil && n > 1 && n <= maxCompared &&
		len(v.p.PageRows()) == n
}

// comparison shows images side by side, field by field. Fields that differ are marked.
func (v *imagesView) comparison() g.Node {
	rows := v.p.PageRows()
	columns := []ui.Column{{Name: v.T("Field")}}
	for _, row := range rows {
		columns = append(columns, ui.Column{Name: v.p.Set.Image(row).ImageID})
	}
	var lines []g.Node
	differing := 0
	for _, c := range v.comparedColumns() {
		values := make([]string, len(rows))
		for i, row := range rows {
			values[i] = v.p.CellText(c, row)
		}
		isEmpty, differs := true, false
		for _, value := range values {
			isEmpty = isEmpty && value == ""
			differs = differs || value != values[0] && c.Name != "ImageId"
		}
		if isEmpty {
			continue
		}
		if differs {
			differing++
		}
		lines = append(lines, v.comparedLine(c, values, differs))
	}
	return g.Group{
		h.H2(g.Text(v.N(differing, "%d field differs", "%d fields differ"))),
		h.Div(h.Class("comparison"), ui.Table(v.T("Comparison"), columns, lines)),
		h.P(ui.LiveLink(v.address.Without("ImageId"), v.T("Back to the list"))),
	}
}

// comparedColumns are the fields of a comparison, the readable ones first.
func (v *imagesView) comparedColumns() []fieldColumn {
	var columns []fieldColumn
	for _, name := range []string{"ImageId", "ImageName"} {
		if f := v.p.Schema.FieldNamed(name); f != nil {
			columns = append(columns, fieldColumn{Name: name, Field: f})
		}
	}
	columns = append(columns, v.p.Schema.ReadableColumns()...)
	if f := v.p.Schema.FieldNamed(field.FirstSeen); f != nil {
		columns = append(columns, fieldColumn{Name: f.Name, Field: f})
	}
	columns = append(columns, fieldColumn{Name: field.ColumnAll})
	return v.p.Schema.FlattenColumns(columns)
}

// comparedLine shows one field of all images.
func (v *imagesView) comparedLine(c fieldColumn, values []string, differs bool) g.Node {
	head := g.Group{g.Text(c.Name)}
	if differs {
		head = append(head, g.Text(" "), ui.Pill("warn", v.T("differs")))
	}
	cells := g.Group{h.Th(h.Scope("row"), head)}
	for i, value := range values {
		id := v.p.Set.Image(v.p.PageRows()[i]).ImageID
		content := g.Text(strings.ReplaceAll(value, ";", "; "))
		if c.Name == "ImageId" {
			content = ui.Link(v.ToImage(id), id)
		}
		cells = append(cells, ui.Cell(id, content))
	}
	return h.Tr(g.If(differs, h.Class("differs")), cells)
}
