package sqlitetest

import (
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/query/querytest"
)

// lookup is a generated lookup, before it becomes a URL or SQL.
type lookup struct {
	clusters, types []string // nil: not given
	conditions      []condition
	q               string
	sort            []sortBy
	latestBy        []string
	facets          []string
	fields          []string // nil: not given
	minCount        int
	limit           int
	format          string
}

type condition struct {
	field, op string // op without i
	fold      bool
	values    []string
}

type sortBy struct {
	field string
	desc  bool
}

func generateLookup(r *rand.Rand, o generatedCatalog) lookup {
	l := lookup{limit: 1 + r.IntN(40), format: "json"}
	l.clusters, l.types = generateNames(r, clusterNames[1:], 30), generateNames(r, typeNames[1:], 60)
	for range r.IntN(4) {
		c := generateCondition(r, o)
		if querytest.Chance(r, 15) {
			c = generateDateCondition(r, o)
		}
		same := func(d condition) bool { return d.field == c.field && d.op == c.op && d.fold == c.fold }
		if !slices.ContainsFunc(l.conditions, same) { // one name twice is one list
			l.conditions = append(l.conditions, c)
		}
	}
	if querytest.Chance(r, 15) {
		l.q = querytest.Pick(r, []string{"linux", "CENTOS 7", "hpc 7.1", "深度", "100%", "école", "m-1", "cmjj image",
			"  x  ", "STRASSE", "'", `"`})
	}
	for range r.IntN(4) {
		l.sort = append(l.sort, sortBy{querytest.Pick(r, everyColumn), querytest.Chance(r, 50)})
	}
	if querytest.Chance(r, 50) {
		l.sort = append([]sortBy{{querytest.Pick(r, []string{"OsTag.Version", "BaseOsTag.Version", "Size", "Status",
			"FirstSeen", "ChangedAt"}), querytest.Chance(r, 50)}}, l.sort...)
	}
	if querytest.Chance(r, 20) {
		l.latestBy = pickFields(r, 2)
	}
	if querytest.Chance(r, 20) {
		l.facets = pickFields(r, 3)
	}
	if querytest.Chance(r, 20) {
		l.minCount = 1 + r.IntN(5)
	}
	if querytest.Chance(r, 20) {
		l.fields = querytest.Pick(r, [][]string{{"ImageId", "FirstSeen", "ChangedAt"}, {"ChangedAt", "ImageId"},
			{"FirstSeen", "ImageId"}})
		l.format = querytest.Pick(r, []string{"json", "ndjson", "csv", "tsv"})
	} else if querytest.Chance(r, 15) {
		l.format = querytest.Pick(r, []string{"ids", "ndjson"})
	}
	if l.format != "json" {
		l.facets = nil // which other formats refuse
	}
	return l
}

func generateNames(r *rand.Rand, names []string, none int) []string {
	switch {
	case querytest.Chance(r, none):
		return nil
	case querytest.Chance(r, 30):
		return []string{"*"}
	}
	var list []string
	for range 1 + r.IntN(3) {
		name := querytest.Pick(r, append(slices.Clone(names), "_any"))
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func pickFields(r *rand.Rand, most int) []string {
	var list []string
	for range 1 + r.IntN(most) {
		if f := querytest.Pick(r, everyColumn); !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return list
}

var (
	textOperators    = []string{"", "eq", "ne", "prefix", "suffix", "contains", "glob", "regex"}
	orderedOperators = []string{"gt", "gte", "lt", "lte"}
)

func generateCondition(r *rand.Rand, o generatedCatalog) condition {
	c := condition{field: querytest.Pick(r, everyField)}
	switch {
	case querytest.Chance(r, 10):
		c.field = querytest.Pick(r, everyColumn)
		c.op, c.values = "exists", []string{querytest.Pick(r, []string{"true", "false", "TRUE"})}
		return c
	case querytest.Chance(r, 25):
		c.field = querytest.Pick(r, []string{"OsTag.Version", "BaseOsTag.Version", "Size", "ImageName"})
		c.op = querytest.Pick(r, orderedOperators)
	case c.field == "Size":
		c.op = querytest.Pick(r, []string{"", "eq", "ne"})
	default:
		c.op = querytest.Pick(r, textOperators)
		c.fold = c.op != "" && querytest.Chance(r, 40)
	}
	count := 1 + r.IntN(1+r.IntN(4))
	if slices.Contains(orderedOperators, c.op) {
		count = 1 // a list is refused
	}
	for range count {
		v := c.makeAllowed(generateValue(r, o, c))
		if strings.HasSuffix(v, `\`) {
			v += "." // a backslash before the comma of a list would escape it
		}
		c.values = append(c.values, v)
	}
	return c
}

// fixedFields have a fixed set of values, which match in any case.
var fixedFields = []string{"Status", "ImageOwnerAlias", "SkuCode", "PricingCycle", "OsTag.Platform",
	"OsTag.Architecture", "BaseOsTag.Platform", "BaseOsTag.Architecture"}

// starFields can have a star in a value that is compared as a whole.
var starFields = []string{"ImageId", "Uid", "ProductCode", "Description", "PostInstallScript"}

// ignoresCase returns true if the condition matches in any case.
func (c condition) ignoresCase() bool {
	return c.fold || slices.Contains(fixedFields, c.field) && slices.Contains(textOperators, c.op)
}

// makeAllowed changes a value that would be refused, or that a list trims.
func (c condition) makeAllowed(v string) string {
	v = strings.Trim(v, " ")
	if slices.Contains([]string{"", "eq", "ne"}, c.op) && !slices.Contains(starFields, c.field) {
		v = strings.ReplaceAll(v, "*", "x")
	}
	if slices.Contains(versionFields, c.field) && slices.Contains(orderedOperators, c.op) &&
		!strings.ContainsAny(v, "0123456789") {
		v += "7"
	}
	if v == "" {
		return "x"
	}
	return v
}

// generateValue makes a value that the condition can match.
func generateValue(r *rand.Rand, o generatedCatalog, c condition) string {
	if c.field == "Size" {
		return querytest.Pick(r, []string{"40", "9", "100", "40.0", "40.5", "99.5", "1e2", "0", "500", "-1", "0040"})
	}
	v := querytest.Pick(r, o.images).texts[c.field]
	v = strings.Map(func(c rune) rune {
		if c < 0x20 {
			return -1 // a query holds no control characters
		}
		return c
	}, v)
	if v == "" {
		v = querytest.Pick(r, []string{"7.9", "Available", "x", "8.0", "Ä"})
	}
	if querytest.Chance(r, 10) {
		v = strings.ToUpper(v)
	}
	letters := []rune(v)
	cut := r.IntN(len(letters))
	switch c.op {
	case "prefix":
		return string(letters[:cut+1])
	case "suffix":
		return string(letters[cut:])
	case "contains":
		return string(letters[cut:min(len(letters), cut+1+r.IntN(4))])
	case "glob":
		return makeGlob(r, letters)
	case "regex":
		return makeRegex(r, letters)
	}
	return v
}

// makeGlob replaces some letters by wildcards. Special characters stay special.
func makeGlob(r *rand.Rand, letters []rune) string {
	var b strings.Builder
	for _, c := range letters {
		switch k := r.IntN(8); {
		case k == 0:
			b.WriteByte('?')
		case k == 1:
			b.WriteByte('*')
		case k == 2 && c != ']' && c != '^' && c != '!' && c != '-':
			b.WriteString(querytest.Pick(r, []string{"[" + string(c) + "]", "[a-z" + string(c) + "0-9]", "[^" +
				string(c) + "]", "[!.]"}))
		case c == '[':
			b.WriteString("[[]")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func makeRegex(r *rand.Rand, letters []rune) string {
	quoted := func(list []rune) string {
		var b strings.Builder
		for _, c := range list {
			if strings.ContainsRune(`\.+*?()|[]{}^$`, c) {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
		}
		return b.String()
	}
	cut := r.IntN(len(letters))
	return querytest.Pick(r, []string{
		quoted(letters), quoted(letters[:cut]) + ".*", ".*" + quoted(letters[cut:]), "(?s).*" + quoted(letters[cut:]),
		quoted(letters[:cut]) + "|" + quoted(letters), "[A-Za-z]+", `\d+(\.\d+)?`, `(?i)` + quoted(letters),
		`\p{Han}+.*`, `.{2,9}`, "a|ab|abc.*",
		`^` + quoted(letters) + `$`, `(?m)^.+$`,
	})
}

// makeURL returns the URL of a lookup. The parameters have a random order and case.
func (l lookup) makeURL(r *rand.Rand) string {
	var parts []string
	add := func(name string, values ...string) {
		if querytest.Chance(r, 10) {
			name = strings.ToLower(name)
		}
		escaped := make([]string, len(values))
		for i, v := range values {
			escaped[i] = escapeListValue(v)
		}
		if len(values) > 1 && querytest.Chance(r, 15) {
			for i, v := range escaped {
				escaped[i] = name + "=" + url.QueryEscape(v)
			}
			parts = append(parts, strings.Join(escaped, "&")) // their order counts
			return
		}
		parts = append(parts, name+"="+url.QueryEscape(strings.Join(escaped, ",")))
	}
	if l.clusters != nil {
		add("ClusterId", l.clusters...)
	}
	if l.types != nil {
		add("InstanceType", l.types...)
	}
	for _, c := range l.conditions {
		name := c.field
		if base, ok := strings.CutSuffix(name, ".OsTag"); ok && querytest.Chance(r, 30) {
			name = base // upstream's parameter
		}
		op := c.op
		if c.fold {
			op = "i" + op
		}
		if op != "" {
			name += "__" + op
		}
		add(name, c.values...)
	}
	var keys []string
	for _, k := range l.sort {
		keys = append(keys, map[bool]string{true: "-"}[k.desc]+k.field)
	}
	if keys != nil {
		add("sort", keys...)
	}
	if l.latestBy != nil {
		add("latestBy", l.latestBy...)
	}
	if l.facets != nil {
		add("facets", l.facets...)
	}
	if l.fields != nil {
		add("fields", l.fields...)
	}
	if l.q != "" {
		parts = append(parts, "q="+url.QueryEscape(l.q))
	}
	if l.minCount > 0 {
		add("minCount", strconv.Itoa(l.minCount))
	}
	if l.format != "json" {
		add("format", l.format)
	}
	add("limit", strconv.Itoa(l.limit))
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return "/v1/images?" + strings.Join(parts, "&")
}

// escapeListValue escapes a value of a list: a comma, and the backslashes before a
// comma or at the end.
func escapeListValue(v string) string {
	return beforeCommaOrEnd.ReplaceAllStringFunc(v, func(s string) string {
		slashes := strings.TrimSuffix(s, ",")
		if s != slashes {
			return slashes + slashes + `\,`
		}
		return slashes + slashes
	})
}

var beforeCommaOrEnd = regexp.MustCompile(`\\*,|\\+$`)
