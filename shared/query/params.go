package query

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"community-images/shared/access"
	"community-images/shared/catalog"
)

// request is a parsed request: everything that a route needs, before anything
// is read from the store. It is shared between lookups and must not be changed.
type request struct {
	route   *route
	imageID string // from the path; empty on routes without {ImageId}
	scopeParams
	filterParams
	listParams
	outputParams
	historyParams
	given     []givenParam // the parameters as given, sorted by name
	canonical string       // one spelling of the whole query, for ETags
	cursorKey string       // canonical without the parameters that may change from page to page
}

// scopeParams say which scopes a request is about, and as of when.
type scopeParams struct {
	region    string // empty: not given
	selection selection
	at        asOf
	maxAge    time.Duration // 0: any age
}

// filterParams say which images match.
type filterParams struct {
	imageIDs    []string // of ImageId=, sorted, without duplicates; nil: any
	conditions  []predicate
	cost        int      // sum of the costs of conditions
	searchWords [][]byte // of q, case folded, sorted, without duplicates
	minCount    int      // 0: no minimum
}

// listParams say in which order the matches come and which of them are shown.
type listParams struct {
	sort     []sortKey
	latestBy []*field
	limit    int
	cursor   *cursor // nil: the first page
}

// outputParams say what an answer shows of each match, and in which format.
type outputParams struct {
	columns []column // of fields=; nil: whole images
	facets  []*field
	format  string
}

// historyParams say which events a feed shows and which states a diff compares.
type historyParams struct {
	since        feedSince
	kinds        []eventKind // nil: the default of the route
	feedImageIDs []string    // sorted, without duplicates; nil: any
	from, to     asOf
}

const (
	defaultLimit  = 100
	maxLimit      = 1000
	maxMinCount   = 1_000_000
	maxListValues = 200 // values of one list
	maxURIBytes   = 4096
	linkReserve   = 80 // of maxQuery: what the Link to a next page adds, at most

	maxCursorBytes = 40 // bytes
)

// param is one parameter of a route.
type param struct {
	name        string
	about       string
	allowed     string // as an error says it
	isList      bool   // commas separate values
	perPage     bool   // may change from page to page
	ignoresCase bool   // the values are names that are matched in any case
	example     string // a value that works anywhere
	parse       func(p *parser, v []string) error
}

// fault is what is wrong with one parameter.
type paramFault struct {
	code    string
	name    string
	reason  string
	allowed string
}

// parser collects the faults of one request.
type parser struct {
	schema  *schema
	config  *config
	request *request
	faults  []paramFault
	given   []givenParam
}

// pair is one parameter as it was given: the name as the tables write it.
type givenParam struct {
	name    string
	values  []string
	perPage bool
}

// parse reads the query of a request on a route. All the faults are returned,
// in the order of the query.
func parse(c *config, rt *route, id, rawQuery string) (*request, []paramFault) {
	p := &parser{schema: c.schema, config: c, request: &request{route: rt, imageID: id}}
	p.request.limit = defaultLimit
	given, faults := splitQuery(rawQuery)
	for _, f := range faults {
		if f.code == codeUnknown {
			f.allowed = rt.paramNames()
		}
		p.faults = append(p.faults, f)
	}
	for _, g := range given {
		p.parseOne(g)
	}
	p.checkCombination()
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	p.request.given = p.given
	p.request.canonical, p.request.cursorKey = p.canonicalQuery(true), p.canonicalQuery(false)
	return p.request, nil
}

// raw is a parameter before its meaning is known.
type rawParam struct {
	name  string
	texts []string
}

// split takes a query apart. Names that differ in case only are one.
func splitQuery(query string) (list []rawParam, faults []paramFault) {
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(k)
		text, err2 := url.QueryUnescape(v)
		switch {
		case err1 != nil || !isPrintable(name):
			faults = append(faults, paramFault{codeUnknown, truncate(k, 80), "is not a parameter name", ""})
			continue
		case name == "":
			faults = append(faults, paramFault{codeUnknown, `""`, "is not a parameter name", ""})
			continue
		case err2 != nil:
			faults = append(faults, paramFault{codeInvalid, quoteName(name), fmt.Sprintf("%s has a percent sign that does not begin an escape", quote(v)), "percent-encoded UTF-8"})
			continue
		case !isPrintable(text):
			faults = append(faults, paramFault{codeInvalid, quoteName(name), fmt.Sprintf("%s is not UTF-8 text without control characters", quote(text)), "printable UTF-8"})
			continue
		}
		i := slices.IndexFunc(list, func(r rawParam) bool { return strings.EqualFold(r.name, name) })
		if i < 0 {
			list = append(list, rawParam{name: name})
			i = len(list) - 1
		}
		list[i].texts = append(list[i].texts, text)
	}
	return list, faults
}

func isPrintable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// take parses one parameter.
func (p *parser) parseOne(g rawParam) {
	for i := range p.request.route.params {
		if def := p.request.route.params[i]; strings.EqualFold(def.name, g.name) {
			p.parseParam(def, g)
			return
		}
	}
	if p.request.route.filters && p.parseFilter(g) {
		return
	}
	if len(p.faults) >= maxFaults { // an error only counts it, and to look for what is meant takes long
		p.addFault(codeUnknown, "", "", "")
		return
	}
	if access.IsTokenParameter(g.name) {
		p.faults = append(p.faults, newTokenFault(quoteName(g.name)))
		return
	}
	reason := "is not a parameter of " + p.request.route.pattern
	if slices.ContainsFunc(p.schema.withheld, func(w string) bool { return isWithheldMember(w, g.name) }) {
		reason = "is withheld by this service"
	}
	meant := didYouMean(g.name, p.knownNames())
	if name, op, isFilter := strings.Cut(g.name, "__"); isFilter && p.request.route.filters {
		meant = suggestionText(p.schema.nearestFilter(name, op))
	}
	p.addFault(codeUnknown, quoteName(g.name), reason+meant, p.request.route.paramNames())
}

func isWithheldMember(withheld, name string) bool {
	name, _, _ = strings.Cut(name, "__")
	return strings.EqualFold(withheld, name)
}

// quoteName keeps a name readable in a message.
func quoteName(s string) string {
	q, cut := strings.CutSuffix(quote(s), "…")
	q = q[1 : len(q)-1]
	if cut {
		q += "…"
	}
	return q
}

func (p *parser) addFault(code, name, reason, allowed string) {
	p.faults = append(p.faults, paramFault{code, name, reason, allowed})
}

// known lists every name that the route takes, for "did you mean".
func (p *parser) knownNames() []string {
	var names []string
	for _, def := range p.request.route.params {
		names = append(names, def.name)
	}
	if p.request.route.filters {
		names = append(names, p.schema.fieldNames()...)
		names = append(names, objectFields...)
	}
	return names
}

func (p *parser) parseParam(def param, g rawParam) {
	values := g.texts
	if def.isList {
		values = splitList(strings.Join(g.texts, ","))
	}
	if wrong := p.checkValues(def, values); wrong != "" {
		p.addFault(codeInvalid, def.name, wrong, p.config.describeAllowed(p.request.route, def))
		return
	}
	if def.ignoresCase { // one question, one spelling
		values = slices.Clone(values)
		for i := range values {
			values[i] = strings.ToLower(values[i])
		}
	}
	p.given = append(p.given, givenParam{def.name, values, def.perPage})
}

// read parses the values of a parameter and says what is wrong with them, if
// anything is.
func (p *parser) checkValues(def param, values []string) (wrong string) {
	switch {
	case !def.isList && len(values) > 1:
		return "is given more than once"
	case slices.Contains(values, ""):
		return "has an empty value"
	case len(values) > maxListValues:
		return fmt.Sprintf("has %d values, at most %d are taken", len(values), maxListValues)
	}
	if err := def.parse(p, values); err != nil {
		return err.Error()
	}
	return ""
}

// takeFilter parses a parameter that is a field; false: it is none.
func (p *parser) parseFilter(g rawParam) bool {
	name, opName, hasOp := strings.Cut(g.name, "__")
	f := p.schema.fieldNamed(name)
	if f == nil {
		return false
	}
	if !hasOp {
		opName = "eq"
	}
	op, fold := findOperator(f.kind, strings.ToLower(opName))
	full := f.name
	if hasOp {
		full += "__" + strings.ToLower(opName)
	}
	if op == nil {
		names := operatorNames(f.kind)
		p.addFault(codeInvalid, quoteName(g.name), fmt.Sprintf("has the unknown operator %s%s", quote(opName), didYouMean(opName, names)), "the operators of "+f.name+", "+strings.Join(names, ", "))
		return true
	}
	values := splitList(strings.Join(g.texts, ","))
	if len(values) > maxListValues {
		p.addFault(codeInvalid, full, fmt.Sprintf("has %d values, at most %d are taken", len(values), maxListValues), "a list of values")
		return true
	}
	test, err := newPredicate(f, op, fold, values)
	if p.request.cost += test.cost; p.request.cost > maxTotalCost {
		err = errTotalCost
	}
	if err != nil {
		p.addFault(codeInvalid, full, err.Error(), describeOperand(f, op))
		return true
	}
	test.name = full
	if f.name == "ImageId" && op.name == "eq" && !fold && p.request.imageIDs == nil {
		p.request.imageIDs = slices.Compact(slices.Sorted(slices.Values(values)))
	} else {
		p.request.conditions = append(p.request.conditions, test)
	}
	p.given = append(p.given, givenParam{full, values, false})
	return true
}

// allowedValues says what a condition takes.
func describeOperand(f *field, op *operator) string {
	switch {
	case op.name == "exists":
		return "true, false"
	case f.kind == numberKind:
		return "numbers"
	case op.name == "regex":
		return "an RE2 expression for the whole value; write \\, for a comma"
	case op.name == "glob":
		return "a pattern of *, ? and [a-z] for the whole value"
	case len(f.enum) > 0:
		return "for example " + strings.Join(f.enum, ", ")
	}
	return "a value or a list of values"
}

// check finds what is wrong with parameters together.
func (p *parser) checkCombination() {
	for _, def := range p.request.route.params {
		if slices.Contains(p.request.route.required, def.name) && !slices.ContainsFunc(p.given, func(g givenParam) bool { return g.name == def.name }) &&
			!slices.ContainsFunc(p.faults, func(f paramFault) bool { return f.name == def.name }) {
			p.addFault(codeMissing, def.name, "is required", def.allowed)
		}
	}
	if p.request.route.checkParams != nil && len(p.faults) == 0 {
		p.request.route.checkParams(p)
	}
}

// canonical is the query in one spelling: sorted, without what only changes
// the page if pages is false.
func (p *parser) canonicalQuery(pages bool) string {
	slices.SortFunc(p.given, func(a, b givenParam) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	b.WriteString(p.request.route.pattern + "\n" + p.request.imageID + "\n")
	if pages && len(p.schema.withheld) > 0 { // an answer made under other settings is another
		b.WriteString("\x00" + strings.Join(p.schema.withheld, ",") + "\n")
	}
	for _, g := range p.given {
		if g.perPage && !pages {
			continue
		}
		b.WriteString(g.name)
		for _, v := range g.values {
			b.WriteString("\x00" + v)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// parseNames reads cluster ids or instance types, each once, in their order.
func parseNames(what string, values []string) ([]string, error) {
	var names []string
	for _, v := range values {
		if slices.Contains(names, v) {
			continue
		}
		names = append(names, v)
		if v == allNames && len(values) > 1 {
			return nil, errors.New("mixes * with names")
		}
		if v == allNames || v == catalog.Any {
			continue
		}
		if catalog.ValidateName(what, v) != nil {
			return nil, fmt.Errorf("%s is not a name", quote(v))
		}
	}
	return names, nil
}

func parseInt(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most || s[0] == '+' {
		return 0, fmt.Errorf("%s is not a whole number from %d to %d", quote(s), least, most)
	}
	return n, nil
}

// parseFields resolves field names of a list parameter.
func (p *parser) parseFields(values []string) ([]*field, error) {
	var list []*field
	for _, v := range values {
		f := p.schema.fieldNamed(v)
		if f == nil {
			return nil, fmt.Errorf("names the unknown field %s%s", quote(v), didYouMean(v, p.schema.fieldNames()))
		}
		if !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return list, nil
}
