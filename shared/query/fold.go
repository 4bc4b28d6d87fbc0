package query

import (
	"strings"
	"unicode"
)

// fold is the one spelling of all texts that differ in case only, letter by
// letter: those in lower case, and letters with more than two forms as one, as
// an expression with (?i) takes them (σ and ς are both Σ).
func foldCase(s string) string {
	s = strings.ToLower(s)
	if !strings.ContainsFunc(s, mayHaveOtherForms) {
		return s
	}
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

// mayFold passes over the most frequent letters in lower case that have no
// third form: ASCII, and what stands between Coptic and Cyrillic, which is CJK
// and has no case.
func mayHaveOtherForms(r rune) bool { return r >= 0x80 && r < 0x2e80 || r >= 0xa640 }
