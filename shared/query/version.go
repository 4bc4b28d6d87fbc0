package query

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The classes of the parts of a version, in order.
const (
	previewPart = iota // of previews
	noPart             // there is no part left
	wordPart
	numberPart
)

// previews are the words for what comes before a version.
var previewWords = []string{"alpha", "beta", "dev", "pre", "preview", "rc"}

// compareVersions orders versions the way people count them, part by part:
// runs of digits are numbers (7.10 > 7.9), runs of letters are words without
// regard to case, everything else only separates (12-SP1 = 12 sp1), and so
// does a v in front (v7.2 = 7.2). At the first part that differs a number comes
// after a word, and a version before what it begins (12 < 12 SP1 < 12.1) and
// after its previews (7.2-rc1 < 7.2). It is the order of rpm but for letter
// case, previews and the v.
//
// It is a total preorder, which sorting needs and the natural-order libraries
// looked at do not give (they fall back to bytes after equal numbers).
func compareVersions(a, b string) int {
	a, b = trimLeadingV(a), trimLeadingV(b)
	for {
		x, classX, restA := cutVersionPart(a)
		y, classY, restB := cutVersionPart(b)
		c := cmp.Compare(classX, classY)
		switch {
		case c != 0 || classX == noPart:
			return c
		case classX == numberPart:
			c = compareDigits(x, y)
		default:
			c = compareWords(x, y)
		}
		if c != 0 {
			return c
		}
		a, b = restA, restB
	}
}

// withoutV drops a v that stands before a digit.
func trimLeadingV(s string) string {
	if len(s) > 1 && lowerASCII(s[0]) == 'v' && byteClass(s[1]) == numberPart {
		return s[1:]
	}
	return s
}

// versionPart is the part that a version begins with.
func cutVersionPart(s string) (part string, class int, rest string) {
	for s != "" && byteClass(s[0]) == noPart {
		s = s[1:]
	}
	if s == "" {
		return "", noPart, ""
	}
	class = byteClass(s[0])
	end := 1
	for end < len(s) && byteClass(s[end]) == class {
		end++
	}
	part, rest = s[:end], s[end:]
	if class == wordPart && slices.ContainsFunc(previewWords, func(p string) bool {
		return strings.EqualFold(p, part)
	}) {
		class = previewPart
	}
	return part, class, rest
}

// classOf is what a byte belongs to; endPart: it separates. Letters that are
// not ASCII are in words.
func byteClass(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return numberPart
	case 'a' <= lowerASCII(c) && lowerASCII(c) <= 'z', c >= 0x80:
		return wordPart
	}
	return noPart
}

// compareDigits compares numbers of any length.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareWords compares by bytes, ASCII letters without regard to case.
func compareWords(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lowerASCII(a[i]), lowerASCII(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// compareNumbers compares two decimal numbers that have been checked.
func compareNumbers(a, b string) int {
	x, _ := strconv.ParseFloat(a, 64)
	y, _ := strconv.ParseFloat(b, 64)
	return cmp.Compare(x, y)
}
