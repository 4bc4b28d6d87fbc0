package query

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// The formats, as the parameter names them.
const (
	formatJSON   = "json"
	formatNDJSON = "ndjson"
	formatCSV    = "csv"
	formatTSV    = "tsv"
	formatTable  = "table"
	formatIDs    = "ids"
	formatAtom   = "atom"
	formatHTML   = "html"
	formatText   = "text"

	formatOpenMetrics = "openmetrics"
	formatPrometheus  = "prometheus"
)

// mediaTypes are the Content-Types of the formats, and what Accept calls
// them; json first, as it is what */* means.
var mediaTypes = []struct{ format, media, params string }{
	{formatJSON, "application/json", ""},
	{formatNDJSON, "application/x-ndjson", ""},
	{formatCSV, "text/csv", "; charset=utf-8; header=present"},
	{formatTSV, "text/tab-separated-values", "; charset=utf-8"},
	{formatTable, "text/plain", "; charset=utf-8"},
	{formatIDs, "text/plain", "; charset=utf-8"},
	{formatAtom, "application/atom+xml", "; charset=utf-8"},
	{formatHTML, "text/html", "; charset=utf-8"},
	{formatText, "text/plain", "; charset=utf-8"},
	{formatOpenMetrics, "application/openmetrics-text", "; version=1.0.0; charset=utf-8"},
	{formatPrometheus, "text/plain", "; version=0.0.4; charset=utf-8"},
}

func contentType(format string) string {
	for _, m := range mediaTypes {
		if m.format == format {
			return m.media + m.params
		}
	}
	return "application/json"
}

// imagePage is one page of a list of images, ready to be rendered.
type imagePage struct {
	schema  *schema
	set     *imageSet
	places  []int32 // of all that is asked for, on whatever page
	from    int32   // in places: where this page begins
	to      int32   // and ends
	next    string  // cursor of the next page; empty: this is the last
	request *request
	facets  []facet
}

// render appends the page to prefix in the format that is asked for.
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

// visiblePlaces are the places of the images on this page.
func (p *imagePage) visiblePlaces() []int32 { return p.places[p.from:p.to] }

// estimateSize estimates the bytes of the page as JSON.
func (p *imagePage) estimateSize() int {
	n := 256
	for _, place := range p.visiblePlaces() {
		n += len(p.set.image(place).Raw) + 1
		if p.set.scopesOf != nil {
			n += 32 + 28*len(p.set.scopesOf[place])
		}
	}
	return n
}

func (p *imagePage) appendJSON(prefix []byte) []byte {
	b := append(make([]byte, 0, len(prefix)+p.estimateSize()), prefix...)
	b = append(b, `,"TotalCount":`...)
	b = strconv.AppendInt(b, int64(len(p.places)), 10)
	b = append(b, `,"NextCursor":`...)
	b = appendString(b, p.next)
	if p.request.facets != nil {
		b = append(b, `,"Facets":`...)
		b = appendFacets(b, p.facets)
	}
	b = append(b, `,"Images":[`...)
	namesakes := p.usesReservedNames()
	for i, place := range p.visiblePlaces() {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.set.appendImage(b, place, p.request.columns, namesakes)
	}
	return append(b, "]}\n"...)
}

func (p *imagePage) renderNDJSON() []byte {
	b := make([]byte, 0, p.estimateSize())
	namesakes := p.usesReservedNames()
	for _, place := range p.visiblePlaces() {
		b = append(p.set.appendImage(b, place, p.request.columns, namesakes), '\n')
	}
	return b
}

// namesakes says whether an image of the page may have members of the names
// that are added to it.
func (p *imagePage) usesReservedNames() bool {
	return p.request.columns == nil && p.set.scopesOf != nil && p.set.owner.reserved.anyUsed(p.set, p.visiblePlaces())
}

// renderIDs writes each id once, at the first of the contents that it has.
func (p *imagePage) renderIDs() []byte {
	var b []byte
	for i, place := range p.visiblePlaces() {
		if from, to := p.set.placesWithSameID(place); to-from > 1 {
			same := func(other int32) bool { return from <= other && other < to }
			if slices.ContainsFunc(p.places[:int(p.from)+i], same) {
				continue
			}
		}
		b = append(append(b, p.set.image(place).ImageID...), '\n')
	}
	return b
}

// hasDifferingContent says whether the content of an image of the page differs between
// the scopes.
func (p *imagePage) hasDifferingContent() bool {
	return len(p.set.differingIDs) > 0 && slices.ContainsFunc(p.visiblePlaces(), func(place int32) bool { return p.set.differingIDs[p.set.image(place).ImageID] })
}

// selectColumns are those asked for, or the default of the format, with the
// clusters if there can be several, and whether their contents differ.
func (p *imagePage) selectColumns(byDefault []column, differs bool) []column {
	if p.request.columns != nil {
		return p.schema.flattenColumns(p.request.columns)
	}
	if p.set.scopesOf != nil {
		byDefault = append(slices.Clone(byDefault), column{name: columnClusters})
		if p.set.byType {
			byDefault = append(byDefault, column{name: columnInstanceTypes})
		}
		if differs {
			byDefault = append(byDefault, column{name: columnContentDiffers})
		}
	}
	return byDefault
}

func (p *imagePage) forEachRow(columns []column, each func(cells []string)) {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	each(cells)
	for _, place := range p.visiblePlaces() {
		for i, c := range columns {
			cells[i] = c.cellText(p.set, place)
		}
		each(cells)
	}
}

func (p *imagePage) renderCSV() []byte {
	s := newCSVWriter()
	p.forEachRow(p.selectColumns(p.schema.allColumns(), true), s.writeRow)
	return s.text.Bytes()
}

// replaceControls replaces what would break a line or a cell, what a terminal takes
// for a command, and what turns the direction of the text that follows.
func replaceControls(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, 0x7f <= r && r <= 0x9f, r == 0x2028, r == 0x2029, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
			return ' '
		}
		return r
	}, s)
}

func (p *imagePage) renderTSV() []byte {
	var b []byte
	p.forEachRow(p.selectColumns(p.schema.allColumns(), true), func(cells []string) {
		for i, cell := range cells {
			if i > 0 {
				b = append(b, '\t')
			}
			// Spreadsheets read a quoted text, too, and take the quotation marks off.
			b = append(b, escapeFormula(replaceControls(cell), formulaStarts+`"`)...)
		}
		b = append(b, '\n')
	})
	return b
}

// terminalWidth measures text on a terminal. Being made by hand, it does not look at
// the environment as the package's own does.
var terminalWidth = &runewidth.Condition{StrictEmojiNeutral: true}

// maxCell is the width at which a table cuts a cell, marking the cut.
const maxCell = 60

// renderTable writes aligned text with a header row; wide characters count for two.
func (p *imagePage) renderTable() []byte {
	columns := p.selectColumns(p.schema.tableColumns(), p.hasDifferingContent())
	widths := make([]int, len(columns))
	var rows [][]string
	p.forEachRow(columns, func(cells []string) {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = terminalWidth.Truncate(replaceControls(cell), maxCell, "…")
			if columns[i].name == "ImageId" {
				row[i] = replaceControls(cell)
			}
			widths[i] = max(widths[i], terminalWidth.StringWidth(row[i]))
		}
		rows = append(rows, row)
	})
	return alignRows(rows, widths)
}

func alignRows(rows [][]string, widths []int) []byte {
	var b []byte
	for _, row := range rows {
		for i, cell := range row {
			b = append(b, cell...)
			if i+1 < len(row) {
				b = append(b, strings.Repeat(" ", widths[i]-terminalWidth.StringWidth(cell)+2)...)
			}
		}
		b = append(bytes.TrimRight(b, " "), '\n')
	}
	return b
}
