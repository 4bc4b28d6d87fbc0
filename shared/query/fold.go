package query

import (
	"strings"
	"unicode"
)

// foldCase returns a text without differences of case. Two strings are equal
// after foldCase exactly if (?i) would match them: letters with more than two
// forms become one letter, for example σ and ς.
func foldCase(s string) string {
	s = strings.ToLower(s)
	if !strings.ContainsFunc(s, mayHaveOtherForms) {
		return s
	}
	// All forms of a letter get the least of them, in lower case.
	return strings.Map(func(r rune) rune {
		if !mayHaveOtherForms(r) {
			return r
		}
		first := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			first = min(first, other)
		}
		return unicode.ToLower(first)
	}, s)
}

// mayHaveOtherForms returns false for the most frequent lower-case letters
// without a third form: ASCII, and the CJK blocks, which have no case.
func mayHaveOtherForms(r rune) bool { return r >= 0x80 && r < 0x2e80 || r >= 0xa640 }
