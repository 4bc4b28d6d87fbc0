package rostemplate

import (
	"strings"

	"community-images/shared/slip"
)

// didYouMean names the known word that a wrong one is near to, as the end of
// a sentence; empty if none is near.
func didYouMean(wrong string, known []string) string {
	best, least := "", max(2, len(wrong)/3)+1
	for _, k := range known {
		a, b := strings.ToLower(wrong), strings.ToLower(k)
		d := slip.Distance(a, b)
		if len(a) > 3 && len(b) > 3 && (strings.Contains(a, b) || strings.Contains(b, a)) {
			d = 1 // a word too few or too many
		}
		if d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
