package query

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// csvWriter is text as csv (RFC 4180). Its lines end with \r\n; line ends within a
// cell stay as they are, which the encoder's own UseCRLF would change, and
// with them what a script means.
type csvWriter struct {
	text    bytes.Buffer
	encoder *csv.Writer
	safe    []string // cells of a row
}

func newCSVWriter() *csvWriter {
	s := &csvWriter{}
	s.encoder = csv.NewWriter(&s.text)
	return s
}

// writeRow adds a line. A single cell that is empty is quoted: readers pass over
// empty lines.
func (s *csvWriter) writeRow(cells []string) {
	if len(cells) == 1 && cells[0] == "" {
		s.text.WriteString(`""` + "\r\n")
		return
	}
	s.safe = s.safe[:0]
	for _, cell := range cells {
		s.safe = append(s.safe, escapeFormula(cell, formulaStarts))
	}
	_ = s.encoder.Write(s.safe) // a bytes.Buffer does not fail
	s.encoder.Flush()
	s.text.Truncate(s.text.Len() - 1)
	s.text.WriteString("\r\n")
}

// formulaStarts are what a formula may begin with.
const formulaStarts = "=+-@＝＋－＠"

// escapeFormula keeps a spreadsheet from taking a text for a formula: one that begins
// with one of the marks gets an apostrophe in front, which spreadsheets take for
// "this is text". What cannot be seen before the mark does not help, as some take
// it off.
func escapeFormula(s, marks string) string {
	bare := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
	first, _ := utf8.DecodeRuneInString(bare)
	if bare != "" && strings.ContainsRune(marks, first) || s != "" && strings.ContainsRune("\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
