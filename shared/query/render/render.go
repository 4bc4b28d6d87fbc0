package render

import (
	"fmt"
	"slices"
	"strconv"

	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// ImagePage is one page of a list of images, ready to be rendered. It shares
// its rows with the set or the caches, so they must not be changed.
type ImagePage struct {
	Schema   *field.Schema      // of the caller: without what is withheld
	Request  *request.Request   // its format and columns count here
	Set      *imageset.Set      // that rows belong to
	Rows     []int32            // of set, on all pages together, in the order of the answer
	From, To int                // the page is rows[from:to]
	Next     string             // cursor of the next page; empty: this is the last
	Dates    *state.RegionDates // the values of derived fields; nil: none is named
	Facets   []imageset.Facet   // counted before the page was cut; nil: not asked for
	Hints    []string           // why there are few images or none, in sentences
	Filter   imageset.Filter    // that the rows match
	Subject  *state.Subject     // that the set belongs to
}

// Render appends the page to prefix in the format of the request. The other
// formats have no envelope: prefix is empty for them.
func (p *ImagePage) Render(prefix []byte) []byte {
	switch p.Request.Format {
	case request.FormatIDs:
		return p.renderIDs()
	case request.FormatNDJSON:
		return p.renderNDJSON()
	case request.FormatCSV, request.FormatTSV, request.FormatTable:
		return p.toTable(p.Request.Format).Render(p.Request.Format)
	}
	return p.appendJSON(prefix)
}

// PageRows returns the rows of this page.
func (p *ImagePage) PageRows() []int32 { return p.Rows[p.From:p.To] }

// estimateSize estimates the size of the page as JSON, in bytes. It allocates
// enough for one buffer in nearly all cases. Too small an estimate costs a
// copy, too large a one memory for a moment.
func (p *ImagePage) estimateSize() int {
	n := 256
	for _, row := range p.PageRows() {
		n += len(p.Set.Image(row).Raw) + 1
		// Names of clusters take the most of what is added to an image.
		if p.Set.ScopesOf != nil {
			n += 32 + 28*len(p.Set.ScopesOf[row])
		}
	}
	return n
}

// appendJSON writes the members after the envelope, which prefix holds.
func (p *ImagePage) appendJSON(prefix []byte) []byte {
	b := append(make([]byte, 0, len(prefix)+p.estimateSize()), prefix...)
	b = append(b, `,"TotalCount":`...)
	b = strconv.AppendInt(b, int64(len(p.Rows)), 10)
	b = append(b, `,"NextCursor":`...)
	b = field.AppendString(b, p.Next)
	if p.Request.Facets != nil {
		b = append(b, `,"Facets":`...)
		b = appendFacets(b, p.Facets)
	}
	b = appendHints(b, p.Hints)
	b = append(b, `,"Images":[`...)
	mayBeRenamed := p.mayBeRenamed()
	for i, row := range p.PageRows() {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.appendImage(b, row, mayBeRenamed)
	}
	return append(b, "]}\n"...)
}

// renderNDJSON writes one image a line. Counts and cursors are in headers.
func (p *ImagePage) renderNDJSON() []byte {
	b := make([]byte, 0, p.estimateSize())
	mayBeRenamed := p.mayBeRenamed()
	for _, row := range p.PageRows() {
		b = append(p.appendImage(b, row, mayBeRenamed), '\n')
	}
	return b
}

// mayBeRenamed returns true if it may be for an image of the page. The documented
// fields, which columns show, never are.
func (p *ImagePage) mayBeRenamed() bool {
	return (p.Request.Columns == nil || field.HasColumn(p.Request.Columns, field.ColumnAll)) &&
		p.Set.Owner.Renamed.IncludeAny(p.Set, p.PageRows())
}

// renderIDs writes each ImageId once, on the page with the first of its
// contents. A page can therefore have fewer lines than limit.
func (p *ImagePage) renderIDs() []byte {
	var b []byte
	for i, row := range p.PageRows() {
		if from, to := p.Set.RowsWithSameID(row); to-from > 1 {
			// Whatever the order, the first row of the id writes it.
			hasSameID := func(other int32) bool { return from <= other && other < to }
			if slices.ContainsFunc(p.Rows[:p.From+i], hasSameID) {
				continue
			}
		}
		b = append(append(b, p.Set.Image(row).ImageID...), '\n')
	}
	return b
}

// hasDifferingContent returns true if the scopes disagree about the content of
// an image of the page. A table then has a column for it, so that two lines
// with one id are explained.
func (p *ImagePage) hasDifferingContent() bool {
	differs := func(row int32) bool { return p.Set.DifferingIDs[p.Set.Image(row).ImageID] }
	return len(p.Set.DifferingIDs) > 0 && slices.ContainsFunc(p.PageRows(), differs)
}

// selectColumns returns the columns of a format with cells. Without fields these are the
// ones that people read; see schema.readableColumns.
//
// An object such as OsTag becomes a column for each of its members.
func (p *ImagePage) selectColumns(format string) []field.Column {
	if p.Request.Columns != nil {
		return p.Schema.FlattenColumns(p.Request.Columns)
	}
	columns := p.Schema.ReadableColumns()
	isTable, several := format == request.FormatTable, p.Set.ScopesOf != nil
	// Programs want the same columns for every question. In a table, a column that says
	// what was asked would only be in the way.
	if several || !isTable {
		columns = append(columns, field.Column{Name: field.ColumnClusters})
	}
	if p.Set.ByType || !isTable {
		columns = append(columns, field.Column{Name: field.ColumnInstanceTypes})
	}
	if several && (!isTable || p.hasDifferingContent()) {
		columns = append(columns, field.Column{Name: field.ColumnContentDiffers})
	}
	return columns
}

// toTable returns the page as rows of cells.
func (p *ImagePage) toTable(format string) Table {
	columns := p.selectColumns(format)
	t := Table{
		hasRawCells: p.Request.Columns != nil, ByteOrder: p.Request.Bom,
		LastLine: AddHints(DescribePage(p.From, p.To, len(p.Rows), p.Next), p.Hints),
	}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Name)
	}
	t.Rows = func(yield func([]string) bool) {
		cells := make([]string, len(columns))
		for _, row := range p.PageRows() {
			for i, c := range columns {
				cells[i] = p.CellText(c, row)
			}
			if !yield(cells) {
				return
			}
		}
	}
	return t
}

// CellText returns the text of a column for the image in a row.
func (p *ImagePage) CellText(c field.Column, row int32) string {
	if c.Field != nil && c.Field.IsDerived {
		return p.Dates.TextOf(c.Field, p.Set.Image(row).ImageID)
	}
	return p.Set.CellText(c, row)
}

// DescribePage returns the last line of a table that holds entries from to to-1 of
// total. It is empty if these are all. next is the cursor of the next page.
func DescribePage(from, to, total int, next string) string {
	switch {
	case to-from == total:
		return ""
	case next == "":
		return fmt.Sprintf("%d of %d shown; these are the last.", to-from, total)
	}
	return fmt.Sprintf("%d of %d shown; add cursor=%s for the next, or leave limit out for all.", to-from, total, next)
}
