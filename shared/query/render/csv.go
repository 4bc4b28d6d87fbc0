package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// csvWriter writes csv (RFC 4180). Its lines end with \r\n. Line ends within a
// cell stay as they are: package encoding/csv would change them, and with them a
// script.
type csvWriter struct{ text []byte }

// writeRow adds a line. A single empty cell is quoted, because readers skip
// empty lines.
func (w *csvWriter) writeRow(cells []string) {
	for i, cell := range cells {
		if i > 0 {
			w.text = append(w.text, ',')
		}
		guarded := guardFormulas(cell, formulaStarts, ";\t\r\n")
		// A guarded part is quoted too. It then stays one cell where a reader
		// splits at several characters and knows quotes.
		isSplit := guarded != cell && strings.ContainsAny(cell, ";\t")
		if isSplit || needsQuotes(guarded) || len(cells) == 1 && cell == "" {
			w.text = append(w.text, '"')
			w.text = append(w.text, strings.ReplaceAll(guarded, `"`, `""`)...)
			w.text = append(w.text, '"')
			continue
		}
		w.text = append(w.text, guarded...)
	}
	w.text = append(w.text, "\r\n"...)
}

// needsQuotes returns true if a cell has a character with a meaning in csv, or
// spaces in front, which some readers remove.
func needsQuotes(cell string) bool {
	first, _ := utf8.DecodeRuneInString(cell)
	return strings.ContainsAny(cell, ",\"\r\n") || cell != "" && unicode.IsSpace(first)
}

// formulaStarts are the characters with which a formula begins in a
// spreadsheet.
const formulaStarts = "=+-@＝＋－＠"

// guardFormulas puts an apostrophe before everything in a cell that a spreadsheet
// would run as a formula: the cell itself if it begins with one of starts, and
// each part after one of separators.
//
// Which separators a spreadsheet splits at depends on its language and on what
// was chosen the last time, so a cell can become several.
func guardFormulas(cell, starts, separators string) string {
	var b strings.Builder
	if isFormula(cell, starts) {
		b.WriteByte('\'')
	}
	rest := cell
	for end := strings.IndexAny(rest, separators); end >= 0; end = strings.IndexAny(rest, separators) {
		b.WriteString(rest[:end+1])
		rest = rest[end+1:]
		part := rest
		if next := strings.IndexAny(rest, separators); next >= 0 {
			part = rest[:next]
		}
		// The spreadsheet takes quotation marks off a part, behind which a
		// formula can hide. Those of a whole cell are doubled by the writer.
		if first, ok := firstVisible(part); ok && strings.ContainsRune(starts+`"`, first) {
			b.WriteByte('\'')
		}
	}
	if b.Len() == 0 {
		return cell
	}
	b.WriteString(rest)
	return b.String()
}

// isFormula returns true if a spreadsheet could run a cell. A tab or a line end at
// the beginning is dangerous by itself (OWASP, CSV injection).
func isFormula(cell, starts string) bool {
	if cell == "" {
		return false
	}
	first, ok := firstVisible(cell)
	return ok && strings.ContainsRune(starts, first) || strings.ContainsRune("\t\r\n", rune(cell[0]))
}

// firstVisible returns the first visible character of a text. Some spreadsheets
// remove what can stand before it, for example a byte order mark, a no-break
// space or a control character. It returns false if there is none.
func firstVisible(text string) (r rune, ok bool) {
	visible := strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
	r, _ = utf8.DecodeRuneInString(visible)
	return r, visible != ""
}
