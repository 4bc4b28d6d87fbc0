package query

import (
	"iter"
	"strings"
)

// cellTable is an answer as rows of cells, for the formats csv, tsv and table.
type cellTable struct {
	columns []string
	// rows yields a cell for each column. A row is valid until the next one.
	rows iter.Seq[[]string]
	// hasRawCells says that the cells of csv keep their line ends, because the caller
	// has named the columns. Otherwise line ends become spaces.
	hasRawCells bool
	byteOrder   bool   // csv begins with a byte order mark
	lastLine    string // of a table; empty: none
}

// byteOrderMark tells spreadsheets that a file is UTF-8.
const byteOrderMark = "\ufeff"

// render writes the table in one of its formats.
func (t cellTable) render(format string) []byte {
	switch format {
	case formatTSV:
		return t.renderTSV()
	case formatTable:
		return t.renderText()
	}
	return t.renderCSV()
}

// renderCSV writes csv with a header row.
func (t cellTable) renderCSV() []byte {
	var w csvWriter
	if t.byteOrder {
		w.text = append(w.text, byteOrderMark...)
	}
	w.writeRow(t.columns)
	var clean []string
	for cells := range t.rows {
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
func (t cellTable) renderTSV() []byte {
	b := appendTSVRow(nil, t.columns)
	for cells := range t.rows {
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
func (t cellTable) renderText() []byte {
	table := [][]string{t.columns}
	for cells := range t.rows {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = replaceControls(cell)
			if !strings.HasSuffix(t.columns[i], "Id") {
				row[i] = terminalWidth.Truncate(row[i], maxCellWidth, "…")
			}
		}
		table = append(table, row)
	}
	b := alignRows(table)
	if t.lastLine != "" {
		b = append(append(b, t.lastLine...), '\n')
	}
	return b
}

// rowsOf returns the rows of a list, made one by one.
func rowsOf[T any](list []T, cellsOf func(T) []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for _, item := range list {
			if !yield(cellsOf(item)) {
				return
			}
		}
	}
}
