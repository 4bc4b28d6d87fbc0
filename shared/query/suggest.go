package query

import (
	"fmt"
	"strconv"
	"strings"

	"community-images/shared/editdistance"
)

// quote writes a caller's text into a message: escaped, and cut if it is long.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.QuoteToASCII(strings.TrimSuffix(truncate(s, most), "…")) + "…"
	}
	return strconv.QuoteToASCII(s)
}

// quoteName is quote without the quotes, for the name of a parameter.
func quoteName(s string) string {
	q, cut := strings.CutSuffix(quote(s), "…")
	q = q[1 : len(q)-1]
	if cut {
		q += "…"
	}
	return q
}

// didYouMean returns `. Did you mean "x"?`, or nothing if no known name is similar.
func didYouMean(name string, known []string) string {
	return suggestionText(nearestName(name, known, maxEdits(name)))
}

// didYouMeanID is didYouMean for clusters and instance types, which differ
// from each other by little.
func didYouMeanID(name string, known []string) string {
	return suggestionText(nearestName(name, known, 1))
}

// slipsIn is how many slips a word may have and be known all the same.
func maxEdits(word string) int { return max(1, len(word)/3) }

func suggestionText(best string) string {
	if best == "" {
		return ""
	}
	return fmt.Sprintf(". Did you mean %q?", best)
}

// nearest is the known name that is at most some slips of the keyboard away,
// without regard to case; to leave out what is before its last part is one
// slip. Empty: there is none. Of names that are as near, the shorter is meant.
func nearestName(name string, known []string, slips int) string {
	if len(name) > 64 {
		return ""
	}
	name = strings.ToLower(name)
	best, distance := "", min(slips, len(name)-1)+1 // one that shares nothing is not near
	for _, k := range known {
		low := strings.ToLower(k)
		d := editdistance.Distance(name, low)
		if _, last, dotted := strings.Cut(low, "."); dotted {
			d = min(d, 1+editdistance.Distance(name, last))
		}
		if d < distance || d == distance && best != "" && len(k) < len(best) {
			best, distance = k, d
		}
	}
	return best
}

// nearestFilter is the condition on a field that is meant by a misspelt one,
// with the operator if that is known too.
func (s *schema) nearestFilter(name, op string) string {
	best := nearestName(name, append(s.fieldNames(), objectFields...), maxEdits(name))
	f := s.fieldNamed(best)
	if f == nil {
		return ""
	}
	op = strings.ToLower(op)
	if known, _ := findOperator(f.kind, op); known == nil {
		if op = nearestName(op, operatorNames(f.kind), maxEdits(op)); op == "" {
			return best
		}
	}
	return best + "__" + op
}
