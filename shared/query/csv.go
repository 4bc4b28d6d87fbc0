package query

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// csvWriter writes csv (RFC 4180). Its lines end with \r\n. Line ends within a
// cell stay as they are; the encoder's own UseCRLF would change them, and with
// them a script. It writes into memory, where nothing can fail.
type csvWriter struct {
	text    bytes.Buffer
	encoder *csv.Writer
	escaped []string // cells of a row; reused
}

func newCSVWriter() *csvWriter {
	w := &csvWriter{}
	w.encoder = csv.NewWriter(&w.text)
	return w
}

// writeRow adds a line. A single empty cell is quoted, because readers skip
// empty lines.
func (w *csvWriter) writeRow(cells []string) {
	if len(cells) == 1 && cells[0] == "" {
		w.text.WriteString(`""` + "\r\n")
		return
	}
	w.escaped = w.escaped[:0]
	for _, cell := range cells {
		w.escaped = append(w.escaped, escapeFormula(cell, formulaStarts))
	}
	_ = w.encoder.Write(w.escaped) // a bytes.Buffer does not fail
	w.encoder.Flush()
	// The encoder has ended the row with \n alone.
	w.text.Truncate(w.text.Len() - len("\n"))
	w.text.WriteString("\r\n")
}

// formulaStarts are the characters with which a formula begins in a
// spreadsheet.
const formulaStarts = "=+-@＝＋－＠"

// escapeFormula puts an apostrophe before a cell that a spreadsheet would run
// as a formula: one that begins with one of starts. Invisible characters before
// it are ignored, because some spreadsheets remove them.
func escapeFormula(cell, starts string) string {
	// A byte order mark, a no-break space or a control character can stand
	// before it.
	visible := strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
	first, _ := utf8.DecodeRuneInString(visible)
	isFormula := visible != "" && strings.ContainsRune(starts, first)
	// A tab or a line end at the beginning is dangerous by itself (OWASP, CSV
	// injection).
	if isFormula || cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
