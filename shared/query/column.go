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
	// columnContentDiffers says whether scopes disagree about its content.
	columnContentDiffers = "ContentDiffers"
)

// columnNames lists what the parameter fields allows.
func (s *schema) columnNames() []string {
	return slices.Concat(s.fieldNames(), objectFields,
		[]string{columnClusters, columnInstanceTypes, columnContentDiffers})
}

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

// allColumns returns a column for each field.
func (s *schema) allColumns() []column {
	list := make([]column, len(s.fields))
	for i := range s.fields {
		list[i] = column{name: s.fields[i].name, field: &s.fields[i]}
	}
	return list
}

// tableColumns returns what a table shows without the parameter fields.
func (s *schema) tableColumns() []column {
	var list []column
	for _, name := range []string{"ImageId", "ImageName", "Status", "OsTag.Platform", "OsTag.Version",
		"OsTag.Architecture", "Size"} {
		list = append(list, column{name: name, field: s.fieldNamed(name)})
	}
	return list
}
