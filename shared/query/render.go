package query

import (
	"fmt"
	"slices"
	"strconv"
)

// imagePage is one page of a list of images, ready to be rendered. It shares
// its rows with the set or the caches, so they must not be changed.
type imagePage struct {
	schema   *schema   // of the caller: without what is withheld
	request  *request  // its format and columns count here
	set      *imageSet // that rows belong to
	rows     []int32   // of set, on all pages together, in the order of the answer
	from, to int       // the page is rows[from:to]
	next     string    // cursor of the next page; empty: this is the last
	facets   []facet   // counted before the page was cut; nil: not asked for
}

// render appends the page to prefix in the format of the request. The other
// formats have no envelope: prefix is empty for them.
func (p *imagePage) render(prefix []byte) []byte {
	switch p.request.format {
	case formatIDs:
		return p.renderIDs()
	case formatNDJSON:
		return p.renderNDJSON()
	case formatCSV, formatTSV, formatTable:
		return p.toTable(p.request.format).render(p.request.format)
	}
	return p.appendJSON(prefix)
}

// pageRows returns the rows of this page.
func (p *imagePage) pageRows() []int32 { return p.rows[p.from:p.to] }

// estimateSize estimates the size of the page as JSON, in bytes. It allocates
// enough for one buffer in nearly all cases. Too small an estimate costs a
// copy, too large a one memory for a moment.
func (p *imagePage) estimateSize() int {
	n := 256
	for _, row := range p.pageRows() {
		n += len(p.set.image(row).Raw) + 1
		// Names of clusters take the most of what is added to an image.
		if p.set.scopesOf != nil {
			n += 32 + 28*len(p.set.scopesOf[row])
		}
	}
	return n
}

// appendJSON writes the members after the envelope, which prefix holds.
func (p *imagePage) appendJSON(prefix []byte) []byte {
	b := append(make([]byte, 0, len(prefix)+p.estimateSize()), prefix...)
	b = append(b, `,"TotalCount":`...)
	b = strconv.AppendInt(b, int64(len(p.rows)), 10)
	b = append(b, `,"NextCursor":`...)
	b = appendString(b, p.next)
	if p.request.facets != nil {
		b = append(b, `,"Facets":`...)
		b = appendFacets(b, p.facets)
	}
	b = append(b, `,"Images":[`...)
	mayBeRenamed := p.mayBeRenamed()
	for i, row := range p.pageRows() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendImage(b, p.set, row, p.request.columns, mayBeRenamed)
	}
	return append(b, "]}\n"...)
}

// renderNDJSON writes one image a line. Counts and cursors are in headers.
func (p *imagePage) renderNDJSON() []byte {
	b := make([]byte, 0, p.estimateSize())
	mayBeRenamed := p.mayBeRenamed()
	for _, row := range p.pageRows() {
		b = append(appendImage(b, p.set, row, p.request.columns, mayBeRenamed), '\n')
	}
	return b
}

// mayBeRenamed returns true if it may be for an image of the page. The documented
// fields, which columns show, never are.
func (p *imagePage) mayBeRenamed() bool {
	return (p.request.columns == nil || hasColumn(p.request.columns, columnAll)) &&
		p.set.owner.renamed.includeAny(p.set, p.pageRows())
}

// renderIDs writes each ImageId once, on the page with the first of its
// contents. A page can therefore have fewer lines than limit.
func (p *imagePage) renderIDs() []byte {
	var b []byte
	for i, row := range p.pageRows() {
		if from, to := p.set.rowsWithSameID(row); to-from > 1 {
			// Whatever the order, the first row of the id writes it.
			hasSameID := func(other int32) bool { return from <= other && other < to }
			if slices.ContainsFunc(p.rows[:p.from+i], hasSameID) {
				continue
			}
		}
		b = append(append(b, p.set.image(row).ImageID...), '\n')
	}
	return b
}

// hasDifferingContent returns true if the scopes disagree about the content of
// an image of the page. A table then has a column for it, so that two lines
// with one id are explained.
func (p *imagePage) hasDifferingContent() bool {
	differs := func(row int32) bool { return p.set.differingIDs[p.set.image(row).ImageID] }
	return len(p.set.differingIDs) > 0 && slices.ContainsFunc(p.pageRows(), differs)
}

// selectColumns returns the columns of a format with cells. Without fields these are the
// ones that people read; see schema.readableColumns.
//
// An object such as OsTag becomes a column for each of its members.
func (p *imagePage) selectColumns(format string) []column {
	if p.request.columns != nil {
		return p.schema.flattenColumns(p.request.columns)
	}
	columns := p.schema.readableColumns()
	isTable, several := format == formatTable, p.set.scopesOf != nil
	// Programs want the same columns for every question. In a table, a column that says
	// what was asked would only be in the way.
	if several || !isTable {
		columns = append(columns, column{name: columnClusters})
	}
	if p.set.byType || !isTable {
		columns = append(columns, column{name: columnInstanceTypes})
	}
	if several && (!isTable || p.hasDifferingContent()) {
		columns = append(columns, column{name: columnContentDiffers})
	}
	return columns
}

// toTable returns the page as rows of cells.
func (p *imagePage) toTable(format string) cellTable {
	columns := p.selectColumns(format)
	t := cellTable{
		hasRawCells: p.request.columns != nil, byteOrder: p.request.bom,
		lastLine: describePage(p.from, p.to, len(p.rows), p.next),
	}
	for _, c := range columns {
		t.columns = append(t.columns, c.name)
	}
	t.rows = func(yield func([]string) bool) {
		cells := make([]string, len(columns))
		for _, row := range p.pageRows() {
			for i, c := range columns {
				cells[i] = p.set.cellText(c, row)
			}
			if !yield(cells) {
				return
			}
		}
	}
	return t
}

// describePage returns the last line of a table that holds entries from to to-1 of
// total. It is empty if these are all. next is the cursor of the next page.
func describePage(from, to, total int, next string) string {
	switch {
	case to-from == total:
		return ""
	case next == "":
		return fmt.Sprintf("%d of %d shown; these are the last.", to-from, total)
	}
	return fmt.Sprintf("%d of %d shown; add cursor=%s for the next, or leave limit out for all.", to-from, total, next)
}
