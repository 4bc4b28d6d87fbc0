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
	given     []pair // the parameters as given, sorted by name
	canonical string // one spelling of the whole query, for ETags
	cursorKey string // canonical without the parameters that may change from page to page
}

// scopeParams say which scopes a request is about, and as of when.
type scopeParams struct {
	region string // empty: not given
	choice selection
	at     moment
	maxAge time.Duration // 0: any age
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
	from, to     moment
}

const (
	defaultLimit = 100
	maxLimit     = 1000
	maxMinCount  = 1_000_000
	maxNames     = 200 // values of one list
	maxQuery     = 4096
	cursorRoom   = 80 // of maxQuery: what the Link to a next page adds, at most

	longestCursor = 40 // bytes
)

// param is one parameter of a route.
type param struct {
	name    string
	about   string
	allowed string // as an error says it
	list    bool   // commas separate values
	page    bool   // may change from page to page
	names   bool   // the values are names that are matched in any case
	example string // a value that works anywhere
	parse   func(p *parser, v []string) error
}

// fault is what is wrong with one parameter.
type fault struct {
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
	faults  []fault
	given   []pair
}

// pair is one parameter as it was given: the name as the tables write it.
type pair struct {
	name   string
	values []string
	page   bool
}

// parse reads the query of a request on a route. All the faults are returned,
// in the order of the query.
func parse(c *config, rt *route, id, rawQuery string) (*request, []fault) {
	p := &parser{schema: c.schema, config: c, request: &request{route: rt, imageID: id}}
	p.request.limit = defaultLimit
	given, faults := split(rawQuery)
	for _, f := range faults {
		if f.code == codeUnknown {
			f.allowed = rt.paramNames()
		}
		p.faults = append(p.faults, f)
	}
	for _, g := range given {
		p.take(g)
	}
	p.check()
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	p.request.given = p.given
	p.request.canonical, p.request.cursorKey = p.canonical(true), p.canonical(false)
	return p.request, nil
}

// raw is a parameter before its meaning is known.
type raw struct {
	name  string
	texts []string
}

// split takes a query apart. Names that differ in case only are one.
func split(query string) (list []raw, faults []fault) {
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(k)
		text, err2 := url.QueryUnescape(v)
		switch {
		case err1 != nil || !clean(name):
			faults = append(faults, fault{codeUnknown, truncate(k, 80), "is not a parameter name", ""})
			continue
		case name == "":
			faults = append(faults, fault{codeUnknown, `""`, "is not a parameter name", ""})
			continue
		case err2 != nil:
			faults = append(faults, fault{codeInvalid, quoteName(name), fmt.Sprintf("%s has a percent sign that does not begin an escape", quote(v)), "percent-encoded UTF-8"})
			continue
		case !clean(text):
			faults = append(faults, fault{codeInvalid, quoteName(name), fmt.Sprintf("%s is not UTF-8 text without control characters", quote(text)), "printable UTF-8"})
			continue
		}
		i := slices.IndexFunc(list, func(r raw) bool { return strings.EqualFold(r.name, name) })
		if i < 0 {
			list = append(list, raw{name: name})
			i = len(list) - 1
		}
		list[i].texts = append(list[i].texts, text)
	}
	return list, faults
}

func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// take parses one parameter.
func (p *parser) take(g raw) {
	for i := range p.request.route.params {
		if def := p.request.route.params[i]; strings.EqualFold(def.name, g.name) {
			p.takeParam(def, g)
			return
		}
	}
	if p.request.route.filters && p.takeFilter(g) {
		return
	}
	if len(p.faults) >= maxFaults { // an error only counts it, and to look for what is meant takes long
		p.fault(codeUnknown, "", "", "")
		return
	}
	if access.IsTokenParameter(g.name) {
		p.faults = append(p.faults, tokenFault(quoteName(g.name)))
		return
	}
	reason := "is not a parameter of " + p.request.route.pattern
	if slices.ContainsFunc(p.schema.withheld, func(w string) bool { return sameTop(w, g.name) }) {
		reason = "is withheld by this service"
	}
	meant := didYouMean(g.name, p.known())
	if name, op, isFilter := strings.Cut(g.name, "__"); isFilter && p.request.route.filters {
		meant = hint(p.schema.nearestFilter(name, op))
	}
	p.fault(codeUnknown, quoteName(g.name), reason+meant, p.request.route.paramNames())
}

func sameTop(withheld, name string) bool {
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

func (p *parser) fault(code, name, reason, allowed string) {
	p.faults = append(p.faults, fault{code, name, reason, allowed})
}

// known lists every name that the route takes, for "did you mean".
func (p *parser) known() []string {
	var names []string
	for _, def := range p.request.route.params {
		names = append(names, def.name)
	}
	if p.request.route.filters {
		names = append(names, p.schema.names()...)
		names = append(names, objects...)
	}
	return names
}

func (p *parser) takeParam(def param, g raw) {
	values := g.texts
	if def.list {
		values = splitList(strings.Join(g.texts, ","))
	}
	if wrong := p.read(def, values); wrong != "" {
		p.fault(codeInvalid, def.name, wrong, p.config.allowedFor(p.request.route, def))
		return
	}
	if def.names { // one question, one spelling
		values = slices.Clone(values)
		for i := range values {
			values[i] = strings.ToLower(values[i])
		}
	}
	p.given = append(p.given, pair{def.name, values, def.page})
}

// read parses the values of a parameter and says what is wrong with them, if
// anything is.
func (p *parser) read(def param, values []string) (wrong string) {
	switch {
	case !def.list && len(values) > 1:
		return "is given more than once"
	case slices.Contains(values, ""):
		return "has an empty value"
	case len(values) > maxNames:
		return fmt.Sprintf("has %d values, at most %d are taken", len(values), maxNames)
	}
	if err := def.parse(p, values); err != nil {
		return err.Error()
	}
	return ""
}

// takeFilter parses a parameter that is a field; false: it is none.
func (p *parser) takeFilter(g raw) bool {
	name, opName, hasOp := strings.Cut(g.name, "__")
	f := p.schema.field(name)
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
		p.fault(codeInvalid, quoteName(g.name), fmt.Sprintf("has the unknown operator %s%s", quote(opName), didYouMean(opName, names)), "the operators of "+f.name+", "+strings.Join(names, ", "))
		return true
	}
	values := splitList(strings.Join(g.texts, ","))
	if len(values) > maxNames {
		p.fault(codeInvalid, full, fmt.Sprintf("has %d values, at most %d are taken", len(values), maxNames), "a list of values")
		return true
	}
	test, err := condition(f, op, fold, values)
	if p.request.cost += test.cost; p.request.cost > maxTotalCost {
		err = errTogether
	}
	if err != nil {
		p.fault(codeInvalid, full, err.Error(), allowedValues(f, op))
		return true
	}
	test.name = full
	if f.name == "ImageId" && op.name == "eq" && !fold && p.request.imageIDs == nil {
		p.request.imageIDs = slices.Compact(slices.Sorted(slices.Values(values)))
	} else {
		p.request.conditions = append(p.request.conditions, test)
	}
	p.given = append(p.given, pair{full, values, false})
	return true
}

// allowedValues says what a condition takes.
func allowedValues(f *field, op *operator) string {
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
func (p *parser) check() {
	for _, def := range p.request.route.params {
		if slices.Contains(p.request.route.needs, def.name) && !slices.ContainsFunc(p.given, func(g pair) bool { return g.name == def.name }) &&
			!slices.ContainsFunc(p.faults, func(f fault) bool { return f.name == def.name }) {
			p.fault(codeMissing, def.name, "is required", def.allowed)
		}
	}
	if p.request.route.check != nil && len(p.faults) == 0 {
		p.request.route.check(p)
	}
}

// canonical is the query in one spelling: sorted, without what only changes
// the page if pages is false.
func (p *parser) canonical(pages bool) string {
	slices.SortFunc(p.given, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	b.WriteString(p.request.route.pattern + "\n" + p.request.imageID + "\n")
	if pages && len(p.schema.withheld) > 0 { // an answer made under other settings is another
		b.WriteString("\x00" + strings.Join(p.schema.withheld, ",") + "\n")
	}
	for _, g := range p.given {
		if g.page && !pages {
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
		f := p.schema.field(v)
		if f == nil {
			return nil, fmt.Errorf("names the unknown field %s%s", quote(v), didYouMean(v, p.schema.names()))
		}
		if !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return list, nil
}
