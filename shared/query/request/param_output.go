package request

import (
	"slices"
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// The parameters about the form of an answer.
var (
	// paramFormat sets Request.Format. Without it the header Accept decides, after
	// the parameters are parsed.
	paramFormat = Param{
		Name: "format", allowed: "a format of the route", perPage: true, ignoresCase: true, Example: "json",
		About: "form of the answer; default: by the Accept header, else the first",
		parse: func(p *parser, v []string) error {
			name := field.FoldCase(v[0])
			if !slices.Contains(p.request.Route.Formats, name) {
				return &fault.ValueError{Value: v[0], Suggestion: fault.DidYouMean(name, p.request.Route.Formats)}
			}
			p.request.Format = name
			return nil
		},
	}
	// paramBOM sets Request.BOM, for spreadsheets that take csv without it for
	// another character set than UTF-8.
	paramBOM = Param{
		Name: "bom", allowed: allowedBool, perPage: true, ignoresCase: true, formats: []string{FormatCSV},
		Example: "true",
		About:   "true: format=csv begins with a byte order mark, as Excel needs it for UTF-8",
		parse: func(p *parser, v []string) (err error) {
			p.request.Bom, err = parseBool(v[0])
			return err
		},
	}
	// paramPretty sets Request.Pretty.
	paramPretty = Param{
		Name: "pretty", allowed: allowedBool, perPage: true, ignoresCase: true, formats: []string{FormatJSON},
		Example: "true",
		About:   "true: format=json has line ends and indents",
		parse: func(p *parser, v []string) (err error) {
			p.request.Pretty, err = parseBool(v[0])
			return err
		},
	}
)

// The languages of pages, as the parameter lang names them.
const (
	English = "en"
	Chinese = "zh"
)

// paramLanguage sets Request.Language. It has no effect in other formats, so that the address
// of a page works with each of them.
var paramLanguage = Param{
	Name: "lang", allowed: English + " or " + Chinese, perPage: true, ignoresCase: true, Example: English,
	About: "language of format=html; default: by the header Accept-Language",
	parse: func(p *parser, v []string) error {
		name := field.FoldCase(v[0])
		if name != English && name != Chinese {
			return &fault.ValueError{Value: v[0]}
		}
		p.request.Language = name
		return nil
	},
}

// allowedBool describes what parseBool reads.
const allowedBool message.Template = "true or false"

// parseBool reads true or false, in any case.
func parseBool(s string) (bool, error) {
	switch field.FoldCase(s) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, &fault.ValueError{Value: s}
}

// EffectiveFormats returns the formats of a route in which the parameter has an effect; nil:
// all.
func (p Param) EffectiveFormats(rt *Route) []string {
	if p.formats == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(rt.Formats), func(f string) bool { return !slices.Contains(p.formats, f) })
}

// checkFormatParams adds the faults of parameters that have no effect in the format of the
// answer. isGiven says that the parameter format has chosen it, and not the header Accept.
func (p *parser) checkFormatParams(isGiven bool) {
	req := p.request
	origin := message.New("with format=%s", req.Format)
	switch {
	case req.Format == "": // Accept allows no format, which is an error of its own
		return
	case !isGiven && req.Format == req.Route.Formats[0]:
		origin = message.New("with %s, the default", req.Format)
	case !isGiven:
		origin = message.New("with %s, which the Accept header asks for", req.Format)
	}
	for _, given := range p.given {
		def := req.Route.paramNamed(given.name)
		if def == nil || def.formats == nil || slices.Contains(def.formats, req.Format) {
			continue
		}
		if def.allowed == allowedBool && given.folded[0] == "false" { // asks for nothing
			continue
		}
		p.addFault(fault.CodeInvalid, def.Name, message.New("is for format=%s only, got %s %s",
			message.Choice(def.EffectiveFormats(req.Route)), fault.QuoteText(field.JoinList(given.values), 80), origin),
			message.Text{})
	}
}

// parseColumns looks up the names of the parameter fields, in any case, and
// drops repeated ones.
func (p *parser) parseColumns(values []string) ([]field.Column, error) {
	known := p.schema.ColumnNames()
	var list []field.Column
	for _, v := range values {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, v) })
		if i < 0 {
			return nil, newUnknownFieldError(v, known)
		}
		// The column gets the spelling of the table, whatever the caller wrote.
		c := field.Column{Name: known[i], IsObject: slices.Contains(field.ObjectFields, known[i])}
		if !c.IsObject {
			c.Field = p.schema.FieldNamed(c.Name)
		}
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list, nil
}

// parseFields looks up field names and drops repeated ones.
func (p *parser) parseFields(names []string) ([]*field.Field, error) {
	var list []*field.Field
	for _, name := range names {
		f := p.schema.FieldNamed(name)
		if f == nil {
			return nil, newUnknownFieldError(name, p.schema.FieldNames())
		}
		if !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return list, nil
}

// newUnknownFieldError says that a list of fields names one that is not among
// the known ones.
func newUnknownFieldError(name string, known []string) error {
	reason := message.New("names the unknown field %s", fault.Quote(name))
	return &fault.ReasonError{Reason: message.Join(reason, fault.DidYouMean(name, known))}
}
