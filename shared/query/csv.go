package query

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// sheet is text as csv (RFC 4180). Its lines end with \r\n; line ends within a
// cell stay as they are, which the encoder's own UseCRLF would change, and
// with them what a script means.
type sheet struct {
	text    bytes.Buffer
	encoder *csv.Writer
	safe    []string // cells of a row
}

func newSheet() *sheet {
	s := &sheet{}
	s.encoder = csv.NewWriter(&s.text)
	return s
}

// row adds a line. A single cell that is empty is quoted: readers pass over
// empty lines.
func (s *sheet) row(cells []string) {
	if len(cells) == 1 && cells[0] == "" {
		s.text.WriteString(`""` + "\r\n")
		return
	}
	s.safe = s.safe[:0]
	for _, cell := range cells {
		s.safe = append(s.safe, defuse(cell))
	}
	_ = s.encoder.Write(s.safe) // a bytes.Buffer does not fail
	s.encoder.Flush()
	s.text.Truncate(s.text.Len() - 1)
	s.text.WriteString("\r\n")
}

// defuse keeps a spreadsheet from taking a text for a formula: such a text
// gets an apostrophe in front, which spreadsheets take for "this is text".
func defuse(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) || strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠") {
		return "'" + s
	}
	return s
}
