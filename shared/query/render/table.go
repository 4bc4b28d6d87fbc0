package render

import (
	"bytes"
	"strings"

	"github.com/mattn/go-runewidth"
)

// terminalWidth measures text in columns of a terminal. Wide characters count
// for two. Unlike the default of its package it does not depend on the
// environment.
var terminalWidth = &runewidth.Condition{StrictEmojiNeutral: true}

// maxCellWidth is the width at which a table cuts a cell, in columns. The cut
// is marked with an ellipsis.
const maxCellWidth = 60

// alignRows writes rows as text whose columns line up, two spaces apart. All
// rows have as many cells as the first. Trailing spaces are cut. A single row,
// for example of a table without images, is its header.
func alignRows(rows [][]string) []byte {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], terminalWidth.StringWidth(cell))
		}
	}
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

// replaceControls replaces characters with spaces that would break a line or a
// cell, that a terminal obeys as a command, or that change the direction of the
// text after them.
func replaceControls(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, 0x7f <= r && r <= 0x9f, // control characters
			r == 0x2028, r == 0x2029, // line and paragraph separators
			0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069: // bidirectional controls
			return ' '
		}
		return r
	}, s)
}
