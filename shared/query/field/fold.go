package field

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FoldCase returns a text without differences of case, by Unicode's simple
// folding. It is the one rule wherever case does not matter: two strings are
// equal after FoldCase exactly if strings.EqualFold and (?i) take them for equal.
//
// So σ and ς are one letter, and İ is no i: in most languages it is not.
func FoldCase(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return strings.Map(FoldRune, s)
}

// isASCII returns true if a text has ASCII characters only.
func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// FoldRune returns the same letter for all forms of a letter: the lower-case one
// in ASCII, else the one with the least code.
func FoldRune(r rune) rune {
	// The CJK blocks have no case.
	if 0x2e80 <= r && r < 0xa640 {
		return r
	}
	first := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		first = min(first, other)
	}
	// K and S have forms beyond ASCII. Their least one is the upper-case letter.
	if 'A' <= first && first <= 'Z' {
		return first + 'a' - 'A'
	}
	return first
}
