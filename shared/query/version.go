package query

import (
	"cmp"
	"strconv"
	"strings"
)

// compareVersions orders versions the way people count them: a run of digits
// is one number (7.10 > 7.9, 7.2 < 2003), any other character stands for
// itself without regard to case, a number comes after any other character and
// the end before everything (12 < 12 SP1 < 12.1). Leading zeros do not count.
//
// It is a total preorder, which sorting needs and the natural-order libraries
// looked at do not give (they fall back to bytes after equal numbers).
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		da, db := leadingDigits(a), leadingDigits(b)
		switch {
		case da > 0 && db > 0:
			if c := compareDigits(a[:da], b[:db]); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
		case da > 0:
			return 1
		case db > 0:
			return -1
		default:
			if c := cmp.Compare(lower(a[0]), lower(b[0])); c != 0 {
				return c
			}
			a, b = a[1:], b[1:]
		}
	}
	return cmp.Compare(len(a), len(b))
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// compareDigits compares numbers of any length.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func lower(c byte) byte {
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
