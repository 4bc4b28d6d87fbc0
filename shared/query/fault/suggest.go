package fault

import (
	"slices"
	"strconv"
	"strings"

	"community-images/shared/editdistance"
	"community-images/shared/message"
	"community-images/shared/query/field"
)

// Quote returns a caller's text for a message: in quotes, escaped, and cut after
// 80 bytes.
func Quote(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.QuoteToASCII(strings.TrimSuffix(Truncate(s, most), "…")) + "…"
	}
	return strconv.QuoteToASCII(s)
}

// QuoteText is Quote for texts of all languages, cut after limit bytes. It escapes only
// what cannot be printed.
func QuoteText(s string, limit int) string { return strconv.Quote(Truncate(s, limit)) }

// QuoteName is quote without the quotes, for the name of a parameter.
func QuoteName(s string) string {
	q, cut := strings.CutSuffix(Quote(s), "…")
	q = q[1 : len(q)-1]
	if cut {
		q += "…"
	}
	return q
}

// DidYouMean returns `. Did you mean "x"?`, or nothing if no known name is similar.
func DidYouMean(name string, known []string) message.Text {
	return SuggestionText(SuggestName(name, known))
}

// DidYouMeanID is DidYouMean for clusters and instance types. It allows one edit
// only, because such ids differ from each other by little.
func DidYouMeanID(name string, known []string) message.Text {
	return SuggestionText(NearestName(name, known, 1))
}

// MaxEdits returns how many edits may lie between a word and what was meant.
func MaxEdits(word string) int { return max(1, len(word)/3) }

// SuggestionText ends a sentence and asks whether a name was meant. It is empty
// for an empty name.
func SuggestionText(name string) message.Text {
	if name == "" {
		return message.Text{}
	}
	return message.New(". Did you mean %q?", name)
}

// NearestName returns the known name with the fewest edits from name, in any
// case. It returns an empty text if all need more than maxEdits. Leaving out the part
// before the dot counts as one edit. Of equally near names the shortest wins. It knows no
// synonyms; SuggestName does.
func NearestName(name string, known []string, maxEdits int) string {
	if len(name) > maxSuggestedName {
		return ""
	}
	name = field.FoldCase(name)
	best, distance := "", min(maxEdits, len(name)-1)+1 // one that shares nothing is not near
	for _, k := range known {
		d := countEdits(name, k)
		if d < distance || d == distance && best != "" && len(k) < len(best) {
			best, distance = k, d
		}
	}
	return best
}

// maxSuggestedName is the longest name, in bytes, for which similar ones are
// looked for. That takes long.
const maxSuggestedName = 64

// countEdits returns how many edits lie between a case-folded name and a known
// one. Leaving out the part before the dot counts as one edit.
func countEdits(name, known string) int {
	known = field.FoldCase(known)
	edits := editdistance.Distance(name, known)
	if _, last, dotted := strings.Cut(known, "."); dotted {
		edits = min(edits, 1+editdistance.Distance(name, last))
	}
	return edits
}

// IsEquallyNear returns true if as many edits lie between a case-folded name and
// either of two known ones.
func IsEquallyNear(name, a, b string) bool { return countEdits(name, a) == countEdits(name, b) }

// Truncate cuts a text after at most limit bytes, at the beginning of a
// character, and marks the cut.
func Truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	// Bytes 10xxxxxx continue a character of UTF-8.
	for limit > 0 && s[limit]&0xc0 == 0x80 {
		limit--
	}
	return s[:limit] + "…"
}

// nameSynonyms are names that people and other interfaces give to parameters and
// fields, as normalizeName writes them. Of several meanings the first counts that
// the route has.
var nameSynonyms = map[string][]string{
	// Fields.
	"id":           {"ImageId"},
	"image":        {"ImageId"},
	"imageids":     {"ImageId"},
	"name":         {"ImageName"},
	"state":        {"Status"},
	"owner":        {"ImageOwnerAlias"},
	"alias":        {"ImageOwnerAlias"},
	"sku":          {"SkuCode"},
	"product":      {"ProductCode"},
	"script":       {"PostInstallScript"},
	"platform":     {"OsTag.Platform"},
	"os":           {"OsTag.Platform"},
	"distro":       {"OsTag.Platform"},
	"distribution": {"OsTag.Platform"},
	"version":      {"OsTag.Version"},
	"osversion":    {"OsTag.Version"},
	"arch":         {"OsTag.Architecture"},
	"architecture": {"OsTag.Architecture"},
	// Parameters.
	"cluster":       {"ClusterId"},
	"clusters":      {"ClusterId"},
	"clusterids":    {"ClusterId"},
	"type":          {"InstanceType"},
	"types":         {"InstanceType"},
	"instance":      {"InstanceType"},
	"instancetypes": {"InstanceType"},
	"region":        {"RegionId"},
	"search":        {"q"},
	"query":         {"q"},
	"text":          {"q"},
	"order":         {"sort"},
	"orderby":       {"sort"},
	"sortby":        {"sort"},
	"maxresults":    {"limit"},
	"pagesize":      {"limit"},
	"page":          {"cursor"},
	"pagenumber":    {"cursor"},
	"offset":        {"cursor"},
	"next":          {"cursor"},
	"nextcursor":    {"cursor"},
	"nexttoken":     {"cursor"},
	"columns":       {"fields"},
	"select":        {"fields"},
	"groupby":       {"latestBy"},
	"latest":        {"latestBy"},
	"time":          {"at"},
	"date":          {"at"},
	"asof":          {"at"},
	"since":         {"from"},
	"start":         {"since", "from"},
	"after":         {"since", "from"},
	"from":          {"since"},
	"until":         {"to"},
	"end":           {"to"},
	"before":        {"to"},
	"output":        {"format"},
	"event":         {"kind"},
	"action":        {"kind"},
}

// normalizeName returns a name in lower case without what separates words.
func normalizeName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || r == ' ' {
			return -1
		}
		return r
	}, field.FoldCase(name))
}

// SuggestName returns the known name that an unknown one means: one that differs
// in separators only, a synonym, or a near one. It is empty if none is
// meant.
func SuggestName(name string, known []string) string {
	if len(name) > maxSuggestedName {
		return ""
	}
	plain := normalizeName(name)
	for _, k := range known {
		if plain != "" && plain == normalizeName(k) {
			return k
		}
	}
	for _, meant := range nameSynonyms[plain] {
		if slices.Contains(known, meant) {
			return meant
		}
	}
	return NearestName(name, known, MaxEdits(name))
}
