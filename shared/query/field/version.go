package field

import (
	"cmp"
	"slices"
	"strings"
)

// The classes of the parts of a version, in ascending order.
const (
	previewPart = iota // one of previewWords
	noPart             // the version has ended
	wordPart
	numberPart
)

// previewWords mark what comes before a version, for example 7.2-rc1.
var previewWords = []string{"alpha", "beta", "dev", "pre", "preview", "rc"}

// CompareVersions orders versions part by part, as people count them. Runs of
// digits are numbers (7.10 > 7.9). Runs of letters are words in any case. All
// other bytes, and a v in front, only separate parts (12-SP1 = 12 sp1, v7.2 =
// 7.2). At the first part that differs, a number is greater than a word, and a
// version is less than its extensions (12 < 12 SP1 < 12.1) but greater than its
// previews (7.2-rc1 < 7.2). Apart from case, previews and the v this is the
// order of rpm.
//
// It is a total preorder, as sorting needs. Libraries for natural order are
// not: they compare bytes after equal numbers.
func CompareVersions(a, b string) int {
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

// trimLeadingV removes a v in front of a digit.
func trimLeadingV(s string) string {
	if len(s) > 1 && lowerASCII(s[0]) == 'v' && byteClass(s[1]) == numberPart {
		return s[1:]
	}
	return s
}

// cutVersionPart cuts the first part off a version.
func cutVersionPart(s string) (part string, class int, rest string) {
	for s != "" && byteClass(s[0]) == noPart {
		s = s[1:]
	}
	if s == "" {
		return "", noPart, ""
	}
	// A part is as long as its bytes are of one class.
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

// byteClass returns numberPart or wordPart, or noPart for a separator. Letters
// outside ASCII are in words.
func byteClass(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return numberPart
	case 'a' <= lowerASCII(c) && lowerASCII(c) <= 'z', c >= 0x80:
		return wordPart
	}
	return noPart
}

// compareDigits compares runs of digits of any length as numbers.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareWords compares words in any case, by their bytes.
func compareWords(a, b string) int { return strings.Compare(FoldCase(a), FoldCase(b)) }

// lowerASCII returns an ASCII letter in lower case, and other bytes as they are.
func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
