package query

import (
	"slices"
	"strings"
)

// The parameters about the form of an answer.
var (
	// paramFormat sets request.format. Without it the header Accept decides, after
	// the parameters are parsed.
	paramFormat = param{
		name: "format", allowed: "a format of the route", perPage: true, ignoresCase: true, example: "json",
		about: "form of the answer; default: by the Accept header, else the first",
		parse: func(p *parser, v []string) error {
			name := foldCase(v[0])
			if !slices.Contains(p.request.route.formats, name) {
				return &valueError{v[0], didYouMean(name, p.request.route.formats)}
			}
			p.request.format = name
			return nil
		},
	}
	// paramBOM sets request.bom, for spreadsheets that take csv without it for
	// another character set than UTF-8.
	paramBOM = param{
		name: "bom", allowed: allowedBool, perPage: true, ignoresCase: true, example: "true",
		about: "true: format=csv begins with a byte order mark, as Excel needs it for UTF-8",
		parse: func(p *parser, v []string) (err error) {
			p.request.bom, err = parseBool(v[0])
			return err
		},
	}
	// paramPretty sets request.pretty.
	paramPretty = param{
		name: "pretty", allowed: allowedBool, perPage: true, ignoresCase: true, example: "true",
		about: "true: format=json has line ends and indents",
		parse: func(p *parser, v []string) (err error) {
			p.request.pretty, err = parseBool(v[0])
			return err
		},
	}
)

// allowedBool describes what parseBool reads.
const allowedBool = "true or false"

// parseBool reads true or false, in any case.
func parseBool(s string) (bool, error) {
	switch foldCase(s) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, &valueError{value: s}
}

// checkFormatParams adds the faults of parameters that the format has no use for.
func (p *parser) checkFormatParams() {
	req := p.request
	if req.bom && req.format != formatCSV {
		p.addFault(codeInvalid, paramBOM.name, "is for format=csv only", "")
	}
	if req.pretty && req.format != formatJSON {
		p.addFault(codeInvalid, paramPretty.name, "is for format=json only", "")
	}
}

// parseColumns looks up the names of the parameter fields, in any case, and
// drops repeated ones.
func (p *parser) parseColumns(values []string) ([]column, error) {
	known := p.schema.columnNames()
	var list []column
	for _, v := range values {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, v) })
		if i < 0 {
			return nil, newUnknownFieldError(v, known)
		}
		// The column gets the spelling of the table, whatever the caller wrote.
		c := column{name: known[i], isObject: slices.Contains(objectFields, known[i])}
		if !c.isObject {
			c.field = p.schema.fieldNamed(c.name)
		}
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list, nil
}
