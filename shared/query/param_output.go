package query

import (
	"slices"
	"strings"
)

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
