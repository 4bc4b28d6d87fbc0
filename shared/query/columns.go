package query

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
)

// column is what a projection or a table shows of an image.
type column struct {
	name     string
	field    *field // nil: a whole object, or computed from the scopes
	isObject bool
}

// The columns that come from the scopes and not from the image.
const (
	columnClusters       = "Clusters"
	columnInstanceTypes  = "InstanceTypes"
	columnContentDiffers = "ContentDiffers"
)

// columnNames are what the parameter fields takes.
func (s *schema) columnNames() []string {
	return slices.Concat(s.fieldNames(), objectFields,
		[]string{columnClusters, columnInstanceTypes, columnContentDiffers})
}

// parseColumns reads the parameter fields.
func (p *parser) parseColumns(values []string) ([]column, error) {
	known := p.schema.columnNames()
	var list []column
	for _, v := range values {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, v) })
		if i < 0 {
			return nil, newUnknownFieldError(v, known)
		}
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

// flat replaces objects by their members, each once, for formats of cells.
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
		for i := range s.fields {
			if f := &s.fields[i]; strings.HasPrefix(f.name, c.name+".") {
				add(column{name: f.name, field: f})
			}
		}
	}
	return list
}

// every is a column for each field.
func (s *schema) allColumns() []column {
	list := make([]column, len(s.fields))
	for i := range s.fields {
		list[i] = column{name: s.fields[i].name, field: &s.fields[i]}
	}
	return list
}

// brief is what a table shows if no fields are asked for.
func (s *schema) tableColumns() []column {
	var list []column
	for _, name := range []string{"ImageId", "ImageName", "Status", "OsTag.Platform", "OsTag.Version",
		"OsTag.Architecture", "Size"} {
		list = append(list, column{name: name, field: s.fieldNamed(name)})
	}
	return list
}

// cell is the text of a column for the image at a place of the set.
func (c column) cellText(s *imageSet, place int32) string {
	switch {
	case c.field != nil:
		return c.field.valueOf(s.image(place))
	case c.name == columnClusters:
		return strings.Join(s.offeringClusters(place), ";")
	case c.name == columnContentDiffers:
		return strconv.FormatBool(s.differingIDs[s.image(place).ImageID])
	}
	return strings.Join(s.offeringTypes(place), ";")
}

// appendImage writes the image at a place as JSON: upstream's object as it
// is, or the asked columns of it, and the scopes that offer it. namesakes says
// that it may have members of the names that are added.
func (s *imageSet) appendImage(b []byte, place int32, columns []column, namesakes bool) []byte {
	im := s.image(place)
	if columns == nil {
		switch {
		case s.scopesOf == nil:
			return append(b, im.Raw...)
		case namesakes:
			b = s.appendWithoutReserved(b, im)
		default:
			b = append(b, im.Raw[:len(im.Raw)-1]...)
		}
		return append(s.appendOffers(b, place, true, s.byType, false), '}')
	}
	b = append(b, '{')
	start := len(b)
	b = appendColumns(b, im, columns)
	has := func(name string) bool {
		return slices.ContainsFunc(columns, func(c column) bool { return c.name == name })
	}
	b = s.appendOffers(b, place, has(columnClusters), has(columnInstanceTypes), has(columnContentDiffers))
	if len(b) > start && b[start] == ',' {
		b = append(b[:start], b[start+1:]...)
	}
	return append(b, '}')
}

// appendOpen writes upstream's object but for its end, and without members of
// the names that appendOffers adds.
func (s *imageSet) appendWithoutReserved(b []byte, im *catalog.Image) []byte {
	separator := byte('{')
	for name, value := range jsonscan.Members(im.Raw) {
		if name == columnClusters || name == columnInstanceTypes && s.byType || name == columnContentDiffers &&
			s.differingIDs[im.ImageID] {
			continue
		}
		b = append(b, separator)
		b = append(append(appendString(b, name), ':'), value...)
		separator = ','
	}
	return b
}

// namesakes know which images may have members of the names that answers add.
// E-HPC has sent none yet; looking at every image for every answer would take
// longer than writing it.
type reservedNames struct {
	mu    sync.Mutex
	known []int8 // by catalog.Image.Number: 0 not looked at yet, 1 may have, -1 has none
}

// any says whether one of the images at places of s may have such a member.
func (n *reservedNames) anyUsed(s *imageSet, places []int32) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	found := false
	for _, p := range places {
		number := int(s.numbers[p])
		if more := number + 1 - len(n.known); more > 0 {
			n.known = append(n.known, make([]int8, more)...)
		}
		if n.known[number] == 0 {
			n.known[number] = -1
			raw := s.image(p).Raw
			if strings.Contains(raw, `"Clusters":`) || strings.Contains(raw, `"InstanceTypes":`) ||
				strings.Contains(raw, `"ContentDiffers":`) {
				n.known[number] = 1
			}
		}
		found = found || n.known[number] > 0
	}
	return found
}

// offeringClusters are the clusters that offer the image at a place, without
// "none"; of a single scope its own.
func (s *imageSet) offeringClusters(place int32) []string {
	if s.scopesOf != nil {
		return s.clustersOffering(place)
	}
	return listUnlessEmpty(s.scopes[0].ClusterID)
}

func (s *imageSet) offeringTypes(place int32) []string {
	if s.scopesOf != nil {
		return s.typesOffering(place)
	}
	return listUnlessEmpty(s.scopes[0].InstanceType)
}

func listUnlessEmpty(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// appendOffers writes the members that come from the scopes, each with a
// comma before it. That content differs is said always, that it does not only
// if that is asked.
func (s *imageSet) appendOffers(b []byte, place int32, clusters, types, differs bool) []byte {
	if clusters {
		b = append(b, `,"Clusters":`...)
		b = s.appendClusters(b, place)
	}
	if types {
		b = append(b, `,"InstanceTypes":`...)
		b = appendStrings(b, s.offeringTypes(place))
	}
	switch {
	case s.differingIDs[s.image(place).ImageID]:
		b = append(b, `,"ContentDiffers":true`...)
	case differs:
		b = append(b, `,"ContentDiffers":false`...)
	}
	return b
}

// appendClusters is the array of clusters(place). Cluster ids are names of the
// archive, which have no character to escape.
func (s *imageSet) appendClusters(b []byte, place int32) []byte {
	if s.scopesOf == nil {
		return appendStrings(b, s.offeringClusters(place))
	}
	b = append(b, '[')
	last := ""
	for _, o := range s.scopesOf[place] {
		name := s.quotedClusterIDs[o]
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

// appendColumns writes members in the order of the columns, each with a comma
// before it; the members of one object stand together. What the image does
// not have is left out.
func appendColumns(b []byte, im *catalog.Image, columns []column) []byte {
	var names, values [16]string // of the members that are asked for
	n := 0
	for _, c := range columns {
		if c.field == nil && !c.isObject {
			continue // it comes from the scopes
		}
		top, _, _ := strings.Cut(c.name, ".")
		if n < len(names) && !slices.Contains(names[:n], top) {
			names[n] = top
			n++
		}
	}
	left := n
	for name, value := range jsonscan.Members(im.Raw) {
		if i := slices.Index(names[:n], name); i >= 0 {
			values[i] = value
			if left--; left == 0 {
				break
			}
		}
	}
	for i, top := range names[:n] {
		value := values[i]
		if value == "" {
			continue
		}
		if value[0] == '{' {
			value = pickMembers(value, top, columns)
		} else if !isShown(value, top, columns) {
			continue
		}
		b = append(append(appendString(append(b, ','), top), ':'), value...)
	}
	return b
}

// shows says whether a member that is no object is in the columns: as a whole,
// or as the tag that a text there stands for.
func isShown(value, top string, columns []column) bool {
	return slices.ContainsFunc(columns, func(c column) bool {
		return c.name == top || c.name == top+".OsTag" && value != "null"
	})
}

// pick is the object with the members that the columns name.
func pickMembers(object, top string, columns []column) string {
	inner := map[string]string{}
	for name, value := range jsonscan.Members(object) {
		inner[name] = value
	}
	b := []byte{'{'}
	for _, c := range columns {
		if c.name == top {
			return object
		}
		name, ok := strings.CutPrefix(c.name, top+".")
		if value, has := inner[name]; ok && has {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = append(append(appendString(b, name), ':'), value...)
		}
	}
	return string(append(b, '}'))
}
