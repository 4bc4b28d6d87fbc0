package render

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
)

// appendImage appends the image in a row as JSON: E-HPC's object, or the columns
// of it if those are not nil, and the scopes that offer it. field.MayBeRenamed must be
// true if it may be for the image; see field.AppendUpstreamImage.
func (p *ImagePage) appendImage(b []byte, row int32, mayBeRenamed bool) []byte {
	s, columns, im := p.Set, p.Request.Columns, p.Set.Image(row)
	if isWhole := field.HasColumn(columns, field.ColumnAll); columns == nil || isWhole {
		if mayBeRenamed {
			b = field.AppendUpstreamMembers(b, im.Raw)
		} else {
			b = append(b, im.Raw[:len(im.Raw)-1]...)
		}
		if isWhole {
			b = appendOffers(b, s, row, true, true, true)
			return append(p.appendDates(appendOfferPairs(b, s, row, columns), im.ImageID), '}')
		}
		// Of a single scope nothing is added: the caller knows it.
		if s.ScopesOf != nil {
			b = appendOffers(b, s, row, true, s.ByType, false)
		}
		return append(b, '}')
	}
	b = append(b, '{')
	start := len(b)
	b = appendColumns(b, im, columns)
	b = appendOffers(b, s, row, field.HasColumn(columns, field.ColumnClusters),
		field.HasColumn(columns, field.ColumnInstanceTypes),
		field.HasColumn(columns, field.ColumnContentDiffers))
	b = p.appendDates(appendOfferPairs(b, s, row, columns), im.ImageID)
	// Every member was appended with a comma before it.
	if len(b) > start && b[start] == ',' {
		b = append(b[:start], b[start+1:]...)
	}
	return append(b, '}')
}

// appendDates appends the derived fields of an image that the columns name, each with a
// comma before it. A date that is not known is empty.
func (p *ImagePage) appendDates(b []byte, imageID string) []byte {
	if len(p.Request.DerivedFields) == 0 {
		return b
	}
	for _, c := range p.Request.Columns {
		if c.Field != nil && c.Field.IsDerived {
			b = append(field.AppendString(append(b, ','), c.Name), ':')
			b = field.AppendString(b, p.Dates.TextOf(c.Field, imageID))
		}
	}
	return b
}

// appendOfferPairs appends the pairs of cluster and type that offer the image in a row,
// with a comma before them, if the columns have them. Names are empty for the lists without
// a cluster or a type.
func appendOfferPairs(b []byte, s *imageset.Set, row int32, columns []field.Column) []byte {
	if !field.HasColumn(columns, field.ColumnOffers) {
		return b
	}
	b = append(b, `,"Offers":[`...)
	for i, o := range s.OffersOf(row) {
		if i > 0 {
			b = append(b, ',')
		}
		b = field.AppendString(append(b, `{"ClusterId":`...), o.ClusterID)
		b = append(field.AppendString(append(b, `,"InstanceType":`...), o.InstanceType), '}')
	}
	return append(b, ']')
}

// appendOffers appends the members that come from the scopes, each with a comma
// before it. ContentDiffers is always added if it is true, and if it is false
// only where differs is set.
func appendOffers(b []byte, s *imageset.Set, row int32, clusters, types, differs bool) []byte {
	if clusters {
		b = append(b, `,"Clusters":`...)
		b = appendClusters(b, s, row)
	}
	if types {
		b = append(b, `,"InstanceTypes":`...)
		b = field.AppendStrings(b, s.OfferingTypes(row))
	}
	switch {
	case s.DifferingIDs[s.Image(row).ImageID]:
		b = append(b, `,"ContentDiffers":true`...)
	case differs:
		b = append(b, `,"ContentDiffers":false`...)
	}
	return b
}

// appendClusters appends the clusters that offer the image in a row as a JSON
// array. Their ids were checked and quoted before: they need no escapes.
func appendClusters(b []byte, s *imageset.Set, row int32) []byte {
	if s.ScopesOf == nil {
		return field.AppendStrings(b, s.OfferingClusters(row))
	}
	b = append(b, '[')
	last := ""
	for _, o := range s.ScopesOf[row] {
		// A cluster with several instance types stands in several scopes, next to
		// each other. Empty is the list without a cluster.
		name := s.QuotedClusterIDs[o]
		if name == last {
			continue
		}
		if last != "" {
			b = append(b, ',')
		}
		b = append(b, name...)
		last = name
	}
	return append(b, ']')
}

// appendColumns appends members of an image in the order of the columns, each
// with a comma before it. The fields of one object stay together. Members that
// the image does not have are left out.
func appendColumns(b []byte, im *catalog.Image, columns []field.Column) []byte {
	// First the members that are asked for. The arrays save allocations.
	var nameArray, valueArray [16]string
	names, values := nameArray[:0], valueArray[:0]
	for _, c := range columns {
		if c.Field == nil && !c.IsObject || c.Field != nil && c.Field.IsDerived {
			continue // it does not come from the image
		}
		top, _, _ := strings.Cut(c.Name, ".")
		if !slices.Contains(names, top) {
			names, values = append(names, top), append(values, "")
		}
	}
	// Then their values, in one pass that ends with the last of them.
	left := len(names)
	for name, value := range jsonscan.Members(im.Raw) {
		if i := slices.Index(names, name); i >= 0 {
			values[i] = value
			if left--; left == 0 {
				break
			}
		}
	}
	// Last the output, in the order of the columns.
	for i, top := range names {
		value := values[i]
		if value == "" {
			continue // the image has no such member
		}
		if value[0] == '{' {
			value = keepMembers(value, top, columns)
		} else if !isShown(value, top, columns) {
			continue
		}
		b = append(append(field.AppendString(append(b, ','), top), ':'), value...)
	}
	return b
}

// isShown returns true if a member that should be an object, and is not one, is
// in the columns: as a whole, or as the OsTag that a text in its place means.
func isShown(value, top string, columns []field.Column) bool {
	return slices.ContainsFunc(columns, func(c field.Column) bool {
		return c.Name == top || c.Name == top+".OsTag" && value != "null"
	})
}

// keepMembers returns the JSON object with only the fields that the columns
// name, or the whole object if one of them is the object.
func keepMembers(object, top string, columns []field.Column) string {
	inner := map[string]string{} // the members of the object
	for name, value := range jsonscan.Members(object) {
		inner[name] = value
	}
	b := []byte{'{'}
	for _, c := range columns {
		if c.Name == top {
			return object
		}
		name, ok := strings.CutPrefix(c.Name, top+".")
		if value, has := inner[name]; ok && has {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = append(append(field.AppendString(b, name), ':'), value...)
		}
	}
	return string(append(b, '}'))
}
