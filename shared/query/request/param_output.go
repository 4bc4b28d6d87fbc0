package request

import (
	"slices"
	"strings"

	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// The parameters about the form of an answer.
var (
	// paramFormat sets request.format. Without it the header Accept decides, after
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
	// paramBOM sets request.bom, for spreadsheets that take csv without it for
	// another character set than UTF-8.
	paramBOM = Param{
		Name: "bom", allowed: allowedBool, perPage: true, ignoresCase: true, Example: "true",
		About: "true: format=csv begins with a byte order mark, as Excel needs it for UTF-8",
		parse: func(p *parser, v []string) (err error) {
			p.request.Bom, err = parseBool(v[0])
			return err
		},
	}
	// paramPretty sets request.pretty.
	paramPretty = Param{
		Name: "pretty", allowed: allowedBool, perPage: true, ignoresCase: true, Example: "true",
		About: "true: format=json has line ends and indents",
		parse: func(p *parser, v []string) (err error) {
			p.request.Pretty, err = parseBool(v[0])
			return err
		},
	}
)

// allowedBool describes what parseBool reads.
const allowedBool = "true or false"

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

// checkFormatParams adds the faults of parameters that the format has no use for.
func (p *parser) checkFormatParams() {
	req := p.request
	if req.Bom && req.Format != FormatCSV {
		p.addFault(fault.CodeInvalid, paramBOM.Name, "is for format=csv only", "")
	}
	if req.Pretty && req.Format != FormatJSON {
		p.addFault(fault.CodeInvalid, paramPretty.Name, "is for format=json only", "")
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
