package query

import (
	"slices"
	"strings"
)

// column is what fields= or a table shows of an image.
type column struct {
	name     string // as the parameter fields names it
	field    *field // nil: a whole object, or computed from the scopes
	isObject bool   // BaseOsTag or OsTag as a whole
}

// The columns that come from the scopes and not from the image.
const (
	// columnClusters is the ids of the clusters that offer an image.
	columnClusters = "Clusters"
	// columnInstanceTypes is the types for which any of them offers it.
	columnInstanceTypes = "InstanceTypes"
	// columnAll stands for the whole image, and every other column.
	columnAll = "*"
	// columnContentDiffers says whether scopes disagree about its content.
	columnContentDiffers = "ContentDiffers"
)

// columnNames lists what the parameter fields allows.
func (s *schema) columnNames() []string {
	return slices.Concat(s.fieldNames(), objectFields, offerColumns, []string{columnAll})
}

// offerColumns are the columns that come from the scopes.
var offerColumns = []string{columnClusters, columnInstanceTypes, columnContentDiffers}

// flattenColumns replaces objects by their fields, for formats with cells. No
// column is in the result twice.
func (s *schema) flattenColumns(columns []column) []column {
	var list []column
	add := func(c column) {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	for _, c := range columns {
		if c.name == columnAll {
			for _, of := range s.allColumns() {
				add(of)
			}
			continue
		}
		if !c.isObject {
			add(c)
			continue
		}
		// The members of an object take its place, in the order of the table.
		for i := range s.fields {
			if f := &s.fields[i]; strings.HasPrefix(f.name, c.name+".") {
				add(column{name: f.name, field: f})
			}
		}
	}
	return list
}

// allColumns returns a column for each field, and those that come from the scopes.
func (s *schema) allColumns() []column {
	var list []column
	for i := range s.fields {
		list = append(list, column{name: s.fields[i].name, field: &s.fields[i]})
	}
	for _, name := range offerColumns {
		list = append(list, column{name: name})
	}
	return list
}

// readableColumns returns what people read of an image. Formats with cells have these
// columns without the parameter fields.
func (s *schema) readableColumns() []column {
	var list []column
	for _, name := range []string{"ImageId", "ImageName", "Status", "OsTag.Platform", "OsTag.Version",
		"OsTag.Architecture", "Size"} {
		if f := s.fieldNamed(name); f != nil { // else it is redacted
			list = append(list, column{name: name, field: f})
		}
	}
	return list
}

// hasColumn reports whether columns include the one of a name.
func hasColumn(columns []column, name string) bool {
	return slices.ContainsFunc(columns, func(c column) bool { return c.name == name })
}
