package rostemplate

import (
	"strings"

	"community-images/shared/editdistance"
)

// didYouMean returns "; did you mean X?" for the known word X that is most
// similar to a wrong one. It is empty if none is similar.
func didYouMean(wrong string, known []string) string {
	best, least := "", max(2, len(wrong)/3)+1
	for _, k := range known {
		// Wrong case alone is the most similar of all.
		a, b := strings.ToLower(wrong), strings.ToLower(k)
		distance := editdistance.Distance(a, b)
		if len(a) > 3 && len(b) > 3 && (strings.Contains(a, b) || strings.Contains(b, a)) {
			distance = 1 // a part of the name is missing or too much
		}
		if distance < least {
			best, least = k, distance
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
