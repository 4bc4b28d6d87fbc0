package request

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"community-images/shared/access"
	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// Bounds of what a request may ask for.
const (
	// defaultLimit is the limit of a page whose caller gives none. Formats without
	// pages have none; see request.setDefaultLimit.
	defaultLimit = 100
	// MaxLimit is the largest limit. A page of so many images is about 1 MB.
	MaxLimit = 1000
	// MaxMinCount is the largest minCount, more than any region has images.
	MaxMinCount = 1_000_000
	// MaxListValues bounds the values of one list parameter.
	MaxListValues = 200

	// MaxURIBytes is what FC accepts for path and query together.
	MaxURIBytes    = 4096 // of the escaped path and query
	LinkReserve    = 80   // of MaxURIBytes: the most that a Link to a next page adds
	maxCursorBytes = 40   // of a decoded or encoded cursor
)

// Param is one parameter of a route.
type Param struct {
	Name    string
	About   string           // for the OpenAPI document
	allowed message.Template // a noun phrase: completes "must be ..." and "Allowed: ..."
	IsList  bool             // commas separate values; see field.SplitList
	// allowedNames is in the place of allowed where that is no constant.
	allowedNames message.Text
	perPage      bool // may differ between the pages of one answer
	ignoresCase  bool // the values are names that match in any case
	// formats are those in which the parameter has an effect; nil: all.
	formats []string
	isWords bool   // commas separate words, so that empty values do not matter
	Example string // a value that works on any archive; empty: there is none
	// parse reads the values into p.request. Its error is a *fault.ValueError, or
	// completes "NAME ...".
	parse func(p *parser, values []string) error
}

// parser parses one request and collects its faults. A caller gets all faults
// at once, so that a wrong request is mended in one go.
type parser struct {
	schema  *field.Schema
	config  *Config
	request *Request      // what is parsed so far; of no use if there are faults
	faults  []fault.Fault // in the order of the query
	given   []*givenParam // the valid parameters, filters too, by their names in the table
}

// Raw is a request to a route as it came.
type Raw struct {
	Variable string // of the path, decoded: the ImageId, or the name of an alias
	Query    string // escaped
	Accept   string // the header Accept
	// ForPage says that a page shows the answer. The format is FormatHTML then, also of a
	// route that has no page.
	ForPage bool
}

// Parse parses a request to a route. Its error names every fault.
// Nothing is read from the store.
func Parse(c *Config, rt *Route, raw Raw) (*Request, error) {
	p := &parser{schema: c.Schema, config: c, request: &Request{Route: rt}}
	if rt.HasAliasName() {
		p.request.AliasName = raw.Variable
	} else {
		p.request.ImageID = raw.Variable
	}
	if raw.ForPage {
		p.request.Format = FormatHTML
	}
	for _, param := range p.splitQuery(raw.Query) {
		p.parseAny(param)
	}
	isFormatGiven := p.request.Format != ""
	isAcceptable := p.chooseFormat(raw.Accept)
	// Combinations are checked last: they need to know what is given.
	p.checkCombination(isFormatGiven)
	switch {
	case len(p.faults) > 0:
		return nil, fault.NewError(p.faults)
	case !isAcceptable:
		return nil, newNotAcceptableError(rt)
	}
	p.request.setDefaultLimit()
	p.request.GivenSelection = p.request.Selection
	if rt.selects != nil {
		p.request.Selection = rt.selects(p.request.Selection)
	}
	p.request.findDerivedFields(p.schema)
	// Sorted, so that the order in the query does not matter to caches.
	slices.SortFunc(p.given, func(a, b *givenParam) int { return strings.Compare(a.name, b.name) })
	p.request.given = p.given
	p.request.Canonical, p.request.CursorKey = p.canonicalQuery(true), p.canonicalQuery(false)
	p.request.Spelling = p.spelling()
	return p.request, nil
}

// rawParam is a parameter whose name has not been looked up yet.
type rawParam struct {
	name   string   // decoded
	values []string // decoded, in the order of the query
}

// splitQuery decodes a raw query. Values of names that differ only in case go
// to one parameter. Parts that cannot be decoded become faults.
func (p *parser) splitQuery(rawQuery string) []rawParam {
	var list []rawParam
	for part := range strings.SplitSeq(rawQuery, "&") {
		// "a=1&&b=2" and a trailing & are harmless.
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(k)
		value, valueErr := url.QueryUnescape(v)
		switch {
		case name == "" && nameErr == nil:
			p.addFault(fault.CodeUnknown, `""`, message.New(isNoName), p.request.Route.describeParams())
			continue
		case nameErr != nil || !IsPrintable(name):
			p.addFault(fault.CodeUnknown, fault.Truncate(k, 80), message.New(isNoName),
				p.request.Route.describeParams())
			continue
		case valueErr != nil:
			reason := message.New("has a percent sign that begins no escape: %s", fault.Quote(v))
			p.addFault(fault.CodeInvalid, fault.QuoteName(name), reason, message.New("percent-encoded UTF-8"))
			continue
		case !IsPrintable(value):
			reason := message.New("must be UTF-8 without control characters, got %s", fault.Quote(value))
			p.addFault(fault.CodeInvalid, fault.QuoteName(name), reason, message.Text{})
			continue
		}
		// A repeated name adds a value: "?kind=added&kind=removed" is a list.
		i := slices.IndexFunc(list, func(r rawParam) bool { return strings.EqualFold(r.name, name) })
		if i < 0 {
			i = len(list)
			list = append(list, rawParam{name: name})
		}
		list[i].values = append(list[i].values, value)
	}
	return list
}

// isNoName rejects a name that no parameter can have.
const isNoName message.Template = "is not a parameter name"

// IsPrintable returns true for valid UTF-8 without control characters, of Latin-1
// too.
func IsPrintable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// parseAny parses a parameter of the route, or else a filter by a field.
func (p *parser) parseAny(raw rawParam) {
	rt := p.request.Route
	for _, def := range rt.Params {
		if strings.EqualFold(def.Name, raw.name) {
			p.parseParam(def, raw)
			return
		}
	}
	if rt.refuses != nil {
		if reason := rt.refuses(raw.name); reason != "" {
			p.addFault(fault.CodeInvalid, fault.QuoteName(raw.name), message.Untranslated(reason), message.Text{})
			return
		}
	}
	if !rt.Filters || !p.parseFilter(raw) {
		p.rejectUnknown(raw.name)
	}
}

// rejectUnknown adds the fault of a parameter that the route does not have.
// Beyond fault.MaxFaults it is only counted: looking for similar names takes long.
func (p *parser) rejectUnknown(name string) {
	rt := p.request.Route
	switch {
	case len(p.faults) >= fault.MaxFaults:
		p.faults = append(p.faults, fault.Fault{Code: fault.CodeUnknown})
		return
	case access.IsTokenParameter(name):
		p.faults = append(p.faults, fault.NewTokenFault())
		return
	}
	reason := message.New("is not a parameter of %s", rt.Pattern)
	// A name from Options.Redact is no secret: the operator's document lists it.
	if slices.ContainsFunc(p.schema.Withheld, func(w string) bool { return field.IsWithheldMember(w, name) }) {
		reason = message.New("is withheld by this service")
	}
	reason = message.Join(reason, fault.SuggestionText(p.suggestParam(name)))
	p.addFault(fault.CodeUnknown, fault.QuoteName(name), reason, rt.describeParams())
}

// suggestParam returns the parameter that an unknown one means; empty: none.
func (p *parser) suggestParam(name string) string {
	if p.request.Route.Filters {
		// A filter is compared by its two parts: the field, then the operator.
		if field, op := splitFilterName(p.schema, name); op != "" || field != name {
			return suggestFilter(p.schema, name)
		}
	}
	return fault.SuggestName(name, p.knownNames())
}

// addFault adds a fault; see Fault for the texts.
func (p *parser) addFault(code, name string, reason, allowed message.Text) {
	p.faults = append(p.faults, fault.Fault{Code: code, Name: name, Reason: reason, Allowed: allowed})
}

// knownNames lists every name that the route takes, for "Did you mean".
func (p *parser) knownNames() []string {
	var names []string
	for _, def := range p.request.Route.Params {
		names = append(names, def.Name)
	}
	if p.request.Route.Filters {
		names = slices.Concat(names, p.schema.FieldNames(), field.ObjectFields)
	}
	return names
}

// parseParam parses a parameter that the route has.
func (p *parser) parseParam(def Param, raw rawParam) {
	values := splitValues(raw.values, def.IsList)
	err := checkValueCount(def, values)
	if err == nil {
		err = def.parse(p, values)
	}
	if err != nil {
		p.faults = append(p.faults, fault.New(def.Name, err, p.config.DescribeAllowed(p.request.Route, def)))
		return
	}
	given := &givenParam{name: def.Name, values: values, perPage: def.perPage}
	if def.ignoresCase {
		given.folded = foldAll(values)
	}
	p.given = append(p.given, given)
}

// checkValueCount returns an error if a parameter has too few or too many
// values.
func checkValueCount(def Param, values []string) error {
	switch {
	case !def.IsList && len(values) > 1:
		return fault.NewOneValueError(values)
	case len(values) > MaxListValues:
		return fault.NewTooManyError(len(values), "values", MaxListValues)
	case slices.Contains(values, "") && !(def.isWords && len(values) > 1):
		return fault.NewEmptyError(values)
	}
	return nil
}

// splitValues splits the values of a parameter at their commas. Of a list it drops
// the spaces around commas, and one comma at the end.
func splitValues(raw []string, isList bool) []string {
	values := field.SplitList(strings.Join(raw, ","))
	if !isList || len(values) == 1 {
		return values
	}
	last := len(values) - 1
	for i := range values {
		if i > 0 {
			values[i] = strings.TrimLeft(values[i], " ")
		}
		if i < last {
			values[i] = strings.TrimRight(values[i], " ")
		}
	}
	if values[last] == "" {
		values = values[:last]
	}
	return values
}

// checkCombination adds the faults of parameters that are missing or do not
// go together. isFormatGiven says that the parameter format has chosen the format.
func (p *parser) checkCombination(isFormatGiven bool) {
	rt := p.request.Route
	for _, def := range rt.Params {
		isGiven := slices.ContainsFunc(p.given, func(g *givenParam) bool { return g.name == def.Name })
		// One that is given and wrong has its fault already.
		isFaulty := slices.ContainsFunc(p.faults, func(f fault.Fault) bool { return f.Name == def.Name })
		if slices.Contains(rt.required, def.Name) && !isGiven && !isFaulty {
			p.addFault(fault.CodeMissing, def.Name, message.New("is required"), message.New(def.allowed))
		}
	}
	// Faults of single parameters come first: the rest might follow from them.
	if len(p.faults) > 0 {
		return
	}
	p.checkFormatParams(isFormatGiven)
	if rt.checkParams != nil {
		rt.checkParams(p)
	}
}

// parseNames reads clusters or instance types. It drops repeated ones. check returns an
// error for a value that no name can have.
func parseNames(values []string, check func(string) error) ([]string, error) {
	var names []string
	for _, v := range values {
		switch {
		case slices.Contains(names, v):
			continue
		case v == AllNames && len(values) > 1:
			return nil, fault.Reason("mixes * with names")
		case v != AllNames:
			if err := check(v); err != nil {
				return nil, err
			}
		}
		names = append(names, v)
	}
	return names, nil
}

// checkCluster returns an error for a text that is too long for the id or the name of a
// cluster.
func checkCluster(v string) error {
	if n := utf8.RuneCountInString(v); n > catalog.MaxNameLength {
		return fault.Reason("has a value of %d characters, %s; the limit is %d", n, fault.QuoteText(v, 80),
			catalog.MaxNameLength)
	}
	return nil
}

// checkInstanceType returns an error for a text that is neither an instance type nor
// catalog.Any.
func checkInstanceType(v string) error {
	if v != catalog.Any && catalog.ValidateName("InstanceType", v) != nil {
		return &fault.ValueError{Value: v}
	}
	return nil
}

// parseInt reads a decimal integer without a plus sign, within bounds.
func parseInt(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most || s[0] == '+' {
		return 0, &fault.ValueError{Value: s}
	}
	return n, nil
}
