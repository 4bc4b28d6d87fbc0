package query

import (
	"fmt"
	"strconv"
	"strings"

	"community-images/shared/slip"
)

// quote writes a caller's text into a message: escaped, and cut if it is long.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "…"
	}
	return strconv.QuoteToASCII(s)
}

// didYouMean is ", did you mean "x"?" or nothing.
func didYouMean(name string, known []string) string {
	if best := nearest(name, known); best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	return ""
}

// nearest is the known name that a slip of the keyboard away, without regard
// to case, or whose last part is the given name; empty if there is none.
func nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	name = strings.ToLower(name)
	best, distance := "", 1+max(1, len(name)/3)
	for _, k := range known {
		low := strings.ToLower(k)
		if _, last, dotted := strings.Cut(low, "."); dotted && last == name && distance > 1 {
			best, distance = k, 1
		}
		if d := slip.Distance(name, low); d < distance {
			best, distance = k, d
		}
	}
	return best
}
