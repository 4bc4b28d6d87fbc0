package images

import (
	"io"
	"net/url"
	"strings"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/page/ui"
)

// fieldColumn is what an answer shows of an image.
type fieldColumn = field.Column

// defaultFields are the fields that the page shows without the parameter fields.
var defaultFields = []string{"OsTag.Platform", "OsTag.Version", "Status", "Size", field.FirstSeen, field.ColumnClusters}

// imageColumn is a column of the list.
type imageColumn struct {
	ui.Column
	start rendered // of a cell
	// write writes the content of the cell of a row.
	write func(m *markup, row int32)
}

// imageTable shows the images of a page. Each has a box to choose it for a comparison.
func (v *imagesView) imageTable() g.Node {
	columns := v.columns()
	headers := make([]ui.Column, len(columns))
	for i := range columns {
		headers[i] = columns[i].Column
	}
	rows := g.NodeFunc(func(w io.Writer) error {
		m := make(markup, 0, 2048)
		for _, row := range v.p.PageRows() {
			m = m[:0]
			m.html("<tr>")
			for i := range columns {
				m.rendered(columns[i].start)
				columns[i].write(&m, row)
				m.html("</td>")
			}
			m.html("</tr>")
			if _, err := w.Write(m); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Group{
		v.columnsForm(),
		h.Form(h.Method("get"), h.Action(v.address.Path), h.Class("compare"), v.keepPlace(),
			ui.Table(v.T("Images"), headers, []g.Node{rows}),
			h.Button(h.Type("submit"), g.Text(v.T("Compare the chosen images")))),
	}
}

// keepPlace returns the parameters that say where and when the images of a form are looked at.
func (v *imagesView) keepPlace() g.Node {
	var kept []g.Node
	for _, name := range []string{"RegionId", "ClusterId", "InstanceType", "at", "lang"} {
		if value := v.address.Get(name); value != "" {
			kept = append(kept, ui.Hidden(name, value))
		}
	}
	return g.Group(kept)
}

// columns returns the columns of the list.
func (v *imagesView) columns() []imageColumn {
	columns := []imageColumn{v.choiceColumn(), v.nameColumn()}
	if v.p.Request.Columns == nil {
		return append(columns, v.defaultColumns()...)
	}
	for _, c := range v.p.Schema.FlattenColumns(v.p.Request.Columns) {
		if c.Name != "ImageId" && c.Name != "ImageName" {
			columns = append(columns, v.fieldColumn(c.Name, c))
		}
	}
	return columns
}

// defaultColumns are what people read of an image.
func (v *imagesView) defaultColumns() []imageColumn {
	var columns []imageColumn
	if c, ok := v.systemColumn(); ok {
		columns = append(columns, c)
	}
	for _, c := range []facetTitle{{"Status", "Status"}, {"Size", "Size"}, {field.FirstSeen, "First seen"}} {
		if f := v.p.Schema.FieldNamed(c.field); f != nil { // else it is redacted
			columns = append(columns, v.fieldColumn(v.T(c.title), fieldColumn{Name: f.Name, Field: f}))
		}
	}
	if v.p.Set.ScopesOf != nil && len(v.p.Set.ClustersOfSet()) > 0 {
		columns = append(columns, v.offeredColumn())
	}
	return columns
}

// newColumn returns a column. keys are values of sort: that of the first click, then the
// opposite. Without keys it cannot be sorted.
func (v *imagesView) newColumn(label, class string, keys ...string) imageColumn {
	c := imageColumn{Column: ui.Column{Name: label, Numeric: strings.HasPrefix(class, "number")}}
	c.start = renderNode(h.Td(g.Attr("data-label", label), g.If(class != "", h.Class(class))))
	c.start = c.start[:len(c.start)-len("</td>")]
	if len(keys) == 0 {
		return c
	}
	next := keys[0]
	switch now := v.address.Get("sort"); {
	case strings.EqualFold(now, keys[0]):
		c.Arrow, next = arrowOf(keys[0]), keys[1]
	case strings.EqualFold(now, keys[1]):
		c.Arrow = arrowOf(keys[1])
	}
	c.Sort = v.address.With("sort", next).String()
	return c
}

// arrowOf returns the direction of a value of sort: that of its last key.
func arrowOf(sort string) string {
	if strings.Contains(sort, "-") {
		return "↓"
	}
	return "↑"
}

// choiceColumn has a box for each image.
func (v *imagesView) choiceColumn() imageColumn {
	c := v.newColumn(v.T("Choose"), "pick")
	c.IsQuiet = true
	prefix := v.T("Choose") + " "
	c.write = func(m *markup, row int32) {
		m.html(`<input type="checkbox" name="ImageId" value="`)
		m.text(v.p.Set.Image(row).ImageID)
		m.html(`" aria-label="`)
		m.text(prefix)
		m.text(v.p.Set.Image(row).ImageID)
		m.html(`">`)
	}
	return c
}

// nameColumn has the name of the image above its id, and leads to the image.
func (v *imagesView) nameColumn() imageColumn {
	keys, name := []string{"ImageId", "-ImageId"}, func(int32) string { return "" }
	if f := v.p.Schema.FieldNamed("ImageName"); f != nil { // else it is redacted
		keys = []string{"ImageName", "-ImageName"}
		name = func(row int32) string { return f.ValueOf(v.p.Set.Image(row)) }
	}
	c := v.newColumn(v.T("Image"), "title", keys...)
	_, query, _ := strings.Cut(v.ToImage("x").String(), "?")
	c.write = func(m *markup, row int32) {
		id, shown := v.p.Set.Image(row).ImageID, name(row)
		if shown == "" {
			shown = id
		}
		m.html(`<a class="name" href="/v1/images/`)
		m.text(url.PathEscape(id))
		if query != "" {
			m.html("?")
			m.text(query)
		}
		m.html(`">`)
		m.text(shown)
		m.html(`</a><code>`)
		m.text(id)
		m.html(`</code>`)
	}
	return c
}

// systemColumn has the platform and its version. It returns false if both are redacted.
func (v *imagesView) systemColumn() (imageColumn, bool) {
	platform, version := v.p.Schema.FieldNamed("OsTag.Platform"), v.p.Schema.FieldNamed("OsTag.Version")
	switch {
	case platform == nil && version == nil:
		return imageColumn{}, false
	case platform == nil:
		return v.fieldColumn(v.T("System"), fieldColumn{Name: version.Name, Field: version}), true
	case version == nil:
		return v.fieldColumn(v.T("System"), fieldColumn{Name: platform.Name, Field: platform}), true
	}
	c := v.newColumn(v.T("System"), "short", "OsTag.Platform,-OsTag.Version", "-OsTag.Platform,OsTag.Version")
	platformOf, versionOf := v.p.Set.ValueReader(platform), v.p.Set.ValueReader(version)
	c.write = func(m *markup, row int32) {
		m.text(platformOf(row))
		m.html(" ")
		m.text(versionOf(row))
	}
	return c, true
}

// fieldColumn has the values of one field, or what an answer adds to images.
func (v *imagesView) fieldColumn(label string, of fieldColumn) imageColumn {
	f := of.Field
	if f == nil {
		c := v.newColumn(label, "")
		c.write = func(m *markup, row int32) { m.text(strings.ReplaceAll(v.p.CellText(of, row), ";", ", ")) }
		return c
	}
	if f.IsDerived {
		c := v.newColumn(label, "", "-"+f.Name, f.Name) // the latest first
		c.write = v.writeAge(f)
		return c
	}
	read := v.p.Set.ValueReader(f)
	switch {
	case f.Name == "Status":
		c := v.newColumn(label, "short", f.Name, "-"+f.Name)
		pills := map[string]rendered{}
		c.write = func(m *markup, row int32) {
			status := read(row)
			if pills[status] == "" {
				pills[status] = renderNode(ui.StatusPill(status))
			}
			m.rendered(pills[status])
		}
		return c
	case f.Kind == field.NumberKind:
		c := v.newColumn(label, "number short", "-"+f.Name, f.Name)
		c.write = func(m *markup, row int32) {
			if size := read(row); size != "" {
				m.text(size)
				m.html(" GiB")
			}
		}
		return c
	}
	c := v.newColumn(label, "", f.Name, "-"+f.Name)
	c.write = func(m *markup, row int32) { m.text(read(row)) }
	return c
}

// writeAge returns what writes the age of a date. Many images have the same.
func (v *imagesView) writeAge(f *field.Field) func(m *markup, row int32) {
	ages := map[time.Time]rendered{{}: renderNode(h.Span(h.Class("soft"), g.Text(v.T("before history"))))}
	return func(m *markup, row int32) {
		at := v.p.Dates.TimeOf(f.Name, v.p.Set.Image(row).ImageID)
		if ages[at.Time] == "" {
			ages[at.Time] = renderNode(v.AgeNode(catalog.Time{Time: at.Time}))
		}
		m.rendered(ages[at.Time])
	}
}
