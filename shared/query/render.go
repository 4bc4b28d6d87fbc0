package query

import (
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
	case formatCSV:
		return p.renderCSV()
	case formatTSV:
		return p.renderTSV()
	case formatTable:
		return p.renderTable()
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
		b = p.set.appendImage(b, row, p.request.columns, mayBeRenamed)
	}
	return append(b, "]}\n"...)
}

// renderNDJSON writes one image a line. Counts and cursors are in headers.
func (p *imagePage) renderNDJSON() []byte {
	b := make([]byte, 0, p.estimateSize())
	mayBeRenamed := p.mayBeRenamed()
	for _, row := range p.pageRows() {
		b = append(p.set.appendImage(b, row, p.request.columns, mayBeRenamed), '\n')
	}
	return b
}

// mayBeRenamed returns true if it may be for an image of the page. The documented
// fields, which columns show, never are.
func (p *imagePage) mayBeRenamed() bool {
	return p.request.columns == nil && p.set.owner.renamed.includeAny(p.set, p.pageRows())
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

// selectColumns returns the columns that the request names. If it names none it
// returns defaults, and the columns that say who offers an image if several
// scopes can.
//
// An object such as OsTag becomes a column for each of its members.
func (p *imagePage) selectColumns(defaults []column, withContentDiffers bool) []column {
	if p.request.columns != nil {
		return p.schema.flattenColumns(p.request.columns)
	}
	if p.set.scopesOf == nil {
		return defaults
	}
	// An answer that mixes instance types says which; so does one that mixes
	// contents.
	columns := append(slices.Clone(defaults), column{name: columnClusters})
	if p.set.byType {
		columns = append(columns, column{name: columnInstanceTypes})
	}
	if withContentDiffers {
		columns = append(columns, column{name: columnContentDiffers})
	}
	return columns
}

// forEachTableRow calls write with the names of the columns, then with the cells of
// each row. The slice is reused: write must not keep it.
func (p *imagePage) forEachTableRow(columns []column, write func(cells []string)) {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	write(cells)
	for _, row := range p.pageRows() {
		for i, c := range columns {
			cells[i] = p.set.cellText(c, row)
		}
		write(cells)
	}
}

// renderCSV writes all documented fields, or those that the request names.
func (p *imagePage) renderCSV() []byte {
	var w csvWriter
	p.forEachTableRow(p.selectColumns(p.schema.allColumns(), true), w.writeRow)
	return w.text
}

// renderTSV writes one line an image: line ends and tabs in a cell become
// spaces.
func (p *imagePage) renderTSV() []byte {
	var b []byte
	p.forEachTableRow(p.selectColumns(p.schema.allColumns(), true), func(cells []string) {
		for i, cell := range cells {
			if i > 0 {
				b = append(b, '\t')
			}
			// A spreadsheet removes the quotation marks of a quoted cell,
			// behind which a formula can hide. Some split at commas too.
			b = append(b, guardFormulas(replaceControls(cell), formulaStarts+`"`, ";,")...)
		}
		b = append(b, '\n')
	})
	return b
}

// renderTable writes aligned text with a header row, for people. Cells are cut,
// so it is not for programs.
func (p *imagePage) renderTable() []byte {
	columns := p.selectColumns(p.schema.tableColumns(), p.hasDifferingContent())
	var table [][]string
	p.forEachTableRow(columns, func(cells []string) {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = replaceControls(cell)
			if columns[i].name != "ImageId" { // a cut id would be of no use
				row[i] = terminalWidth.Truncate(row[i], maxCellWidth, "…")
			}
		}
		table = append(table, row)
	})
	return alignRows(table)
}
