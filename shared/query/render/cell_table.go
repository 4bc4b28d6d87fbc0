package render

import (
	"iter"
	"strings"

	"community-images/shared/query/request"
)

// Table is an answer as rows of cells, for the formats csv, tsv and table.
type Table struct {
	Columns []string
	// Rows yields a cell for each column. A row is valid until the next one.
	Rows iter.Seq[[]string]
	// hasRawCells says that the cells of csv keep their line ends, because the caller
	// has named the columns. Otherwise line ends become spaces.
	hasRawCells bool
	ByteOrder   bool   // csv begins with a byte order mark
	LastLine    string // of a table; empty: none
}

// byteOrderMark tells spreadsheets that a file is UTF-8.
const byteOrderMark = "\ufeff"

// Render writes the table in one of its formats.
func (t Table) Render(format string) []byte {
	switch format {
	case request.FormatTSV:
		return t.renderTSV()
	case request.FormatTable:
		return t.renderText()
	}
	return t.renderCSV()
}

// renderCSV writes csv with a header row.
func (t Table) renderCSV() []byte {
	var w csvWriter
	if t.ByteOrder {
		w.text = append(w.text, byteOrderMark...)
	}
	w.writeRow(t.Columns)
	var clean []string
	for cells := range t.Rows {
		if !t.hasRawCells {
			clean = clean[:0]
			for _, cell := range cells {
				clean = append(clean, replaceControls(cell))
			}
			cells = clean
		}
		w.writeRow(cells)
	}
	return w.text
}

// renderTSV writes one line a row: line ends and tabs in a cell become spaces.
func (t Table) renderTSV() []byte {
	b := appendTSVRow(nil, t.Columns)
	for cells := range t.Rows {
		b = appendTSVRow(b, cells)
	}
	return b
}

// appendTSVRow appends a line. A spreadsheet removes the quotation marks of a quoted
// cell, behind which a formula can hide. Some split at commas too.
func appendTSVRow(b []byte, cells []string) []byte {
	for i, cell := range cells {
		if i > 0 {
			b = append(b, '\t')
		}
		b = append(b, guardFormulas(replaceControls(cell), formulaStarts+`"`, ";,")...)
	}
	return append(b, '\n')
}

// renderText writes aligned text with a header row, for people. Cells are cut, except
// ids: a cut id would be of no use. So it is not for programs.
func (t Table) renderText() []byte {
	table := [][]string{t.Columns}
	for cells := range t.Rows {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = replaceControls(cell)
			if !strings.HasSuffix(t.Columns[i], "Id") {
				row[i] = terminalWidth.Truncate(row[i], maxCellWidth, "…")
			}
		}
		table = append(table, row)
	}
	b := alignRows(table)
	if t.LastLine != "" {
		b = append(append(b, t.LastLine...), '\n')
	}
	return b
}

// Rows returns the rows of a list, made one by one.
func Rows[T any](list []T, cellsOf func(T) []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for _, item := range list {
			if !yield(cellsOf(item)) {
				return
			}
		}
	}
}
