package field

import (
	"slices"
	"strings"
)

// Column is what fields= or a table shows of an image.
type Column struct {
	Name     string // as the parameter fields names it
	Field    *Field // nil: a whole object, or computed from the scopes
	IsObject bool   // BaseOsTag or OsTag as a whole
}

// The columns that come from the scopes and not from the image.
const (
	// ColumnClusters is the ids of the clusters that offer an image.
	ColumnClusters = "Clusters"
	// ColumnInstanceTypes is the types for which any of them offers it.
	ColumnInstanceTypes = "InstanceTypes"
	// ColumnOffers is the pairs of cluster and type that offer an image.
	ColumnOffers = "Offers"
	// ColumnAll stands for the whole image, and every other column but ColumnOffers,
	// which can be longer than the image, and those of derived fields, which cost a
	// read.
	ColumnAll = "*"
	// ColumnContentDiffers says whether scopes disagree about its content.
	ColumnContentDiffers = "ContentDiffers"
)

// ColumnNames lists what the parameter fields allows.
func (s *Schema) ColumnNames() []string {
	return slices.Concat(s.FieldNames(), ObjectFields, offerColumns, []string{ColumnOffers, ColumnAll})
}

// offerColumns are the columns that come from the scopes.
var offerColumns = []string{ColumnClusters, ColumnInstanceTypes, ColumnContentDiffers}

// FlattenColumns replaces objects by their fields, for formats with cells. No
// column is in the result twice.
func (s *Schema) FlattenColumns(columns []Column) []Column {
	var list []Column
	add := func(c Column) {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	for _, c := range columns {
		if c.Name == ColumnAll {
			for _, of := range s.allColumns() {
				add(of)
			}
			continue
		}
		if !c.IsObject {
			add(c)
			continue
		}
		// The members of an object take its place, in the order of the table.
		for i := range s.Fields {
			if f := &s.Fields[i]; strings.HasPrefix(f.Name, c.Name+".") {
				add(Column{Name: f.Name, Field: f})
			}
		}
	}
	return list
}

// allColumns returns a column for each field of an image, and those that come from the scopes.
func (s *Schema) allColumns() []Column {
	var list []Column
	for i := range s.Fields {
		if f := &s.Fields[i]; !f.IsDerived {
			list = append(list, Column{Name: f.Name, Field: f})
		}
	}
	for _, name := range offerColumns {
		list = append(list, Column{Name: name})
	}
	return list
}

// ReadableColumns returns what people read of an image. Formats with cells have these
// columns without the parameter fields.
func (s *Schema) ReadableColumns() []Column {
	var list []Column
	for _, name := range []string{"ImageId", "ImageName", "Status", "OsTag.Platform", "OsTag.Version",
		"OsTag.Architecture", "Size"} {
		if f := s.FieldNamed(name); f != nil { // else it is redacted
			list = append(list, Column{Name: name, Field: f})
		}
	}
	return list
}

// HasColumn reports whether columns include the one of a name.
func HasColumn(columns []Column, name string) bool {
	return slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name })
}
