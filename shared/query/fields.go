package query

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// fieldKind says how the values of a field compare.
type fieldKind int

const (
	textKind    fieldKind = iota // byte by byte
	versionKind                  // see compareVersions
	numberKind                   // by value
)

// field is one field of an image that parameters can name.
type field struct {
	index int    // in schema.fields
	name  string // dotted, as it is written in parameters
	kind  fieldKind
	about string   // a noun phrase for the OpenAPI document
	enum  []string // documented values; others are possible
	// ignoresCase says that the values are from a fixed set, and that filters match
	// them in any case.
	ignoresCase bool
	// mayHaveStar says that values can have a "*". Ids have some in documents and
	// samples.
	mayHaveStar bool
}

// fields is the table of all fields, in the order of csv columns. Filters, sort,
// facets, columns and the OpenAPI document are made from it.
var fields = []field{
	{name: "ImageId", about: "id of the image", mayHaveStar: true},
	{name: "ImageName", about: "name of the image"},
	{name: "Status", about: "state of the image", ignoresCase: true,
		enum: []string{"UnAvailable", "Available", "Creating", "CreateFailed"}},
	{name: "Size", kind: numberKind, about: "size in GiB"},
	{name: "ImageOwnerAlias", about: "self: custom image; others: shared image", ignoresCase: true,
		enum: []string{"self", "others"}},
	{name: "SkuCode", about: "ECS: pay-as-you-go; package: subscription", ignoresCase: true,
		enum: []string{"ECS", "package"}},
	{name: "PricingCycle", about: "billing unit", ignoresCase: true,
		enum: []string{"Hour", "Month", "Year"}},
	{name: "ProductCode", about: "product code in Alibaba Cloud Marketplace", mayHaveStar: true},
	{name: "Uid", about: "owner of the image", mayHaveStar: true},
	{name: "Description", about: "description of the image", mayHaveStar: true},
	{name: "PostInstallScript", about: "script that runs after the installation", mayHaveStar: true},
	{name: "BaseOsTag.Platform", about: "distribution of the base system", ignoresCase: true},
	{name: "BaseOsTag.OsTag", about: "tag of the base system"},
	{name: "BaseOsTag.Version", kind: versionKind, about: "version of the base system"},
	{name: "BaseOsTag.Architecture", about: "architecture of the base system", ignoresCase: true},
	{name: "OsTag.Platform", about: "distribution of the system", ignoresCase: true},
	{name: "OsTag.OsTag", about: "tag of the system"},
	{name: "OsTag.Version", kind: versionKind, about: "version of the system"},
	{name: "OsTag.Architecture", about: "architecture of the system", ignoresCase: true},
	{name: "OsTag.BaseOsTag", about: "tag of the system's base"},
}

// objectFields are members that hold fields. As a filter each means its member
// OsTag, as E-HPC's own parameter BaseOsTag does.
var objectFields = []string{"BaseOsTag", "OsTag"}

// valueOf returns the value of the field as text. It is empty if the image has
// no value. Numbers have one spelling each, and what is not a number is no value.
func (f *field) valueOf(im *catalog.Image) string {
	s := im.Text(f.name)
	if f.kind != numberKind || s == "" {
		return s
	}
	// 40, 40.0 and 4e1 become one value, so that they are one facet and group.
	n, ok := parseNumber(s)
	if !ok {
		return ""
	}
	return n.String()
}

// compareValues orders two values of the field that are not empty.
func (f *field) compareValues(a, b string) int {
	switch f.kind {
	case versionKind:
		return compareVersions(a, b)
	case numberKind:
		return compareNumbers(a, b)
	}
	return strings.Compare(a, b)
}

// schema is the table of fields without those that the service withholds.
type schema struct {
	fields   []field           // in the order of csv columns
	withheld []string          // names of members or fields, from Options.Redact
	byName   map[string]*field // by case-folded name; objectFields are aliases
}

// newSchema returns the table without the members or fields to redact.
func newSchema(redact []string) *schema {
	s := &schema{withheld: redact, byName: map[string]*field{}}
	for _, f := range fields {
		// An operator may withhold a member as a whole, or one field of it.
		top, _, _ := strings.Cut(f.name, ".")
		if !slices.Contains(redact, top) && !slices.Contains(redact, f.name) {
			s.fields = append(s.fields, f)
		}
	}
	for i := range s.fields {
		s.fields[i].index = i
		s.byName[foldCase(s.fields[i].name)] = &s.fields[i]
	}
	for _, object := range objectFields {
		if f := s.byName[foldCase(object)+".ostag"]; f != nil {
			s.byName[foldCase(object)] = f
		}
	}
	return s
}

// fieldNamed returns the field of a name in any case, or nil.
func (s *schema) fieldNamed(name string) *field { return s.byName[foldCase(name)] }

// fieldNames lists the fields, without objectFields.
func (s *schema) fieldNames() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}

// visibleChanges drops the changes of redacted fields.
func (s *schema) visibleChanges(changes []catalog.FieldChange) []catalog.FieldChange {
	if len(s.withheld) == 0 {
		return changes
	}
	// An empty Field means that the whole image differs, which would show that
	// a redacted field changed.
	return slices.DeleteFunc(slices.Clone(changes), func(c catalog.FieldChange) bool {
		return c.Field == "" || slices.ContainsFunc(s.withheld, func(w string) bool { return isWithheldMember(w, c.Field) })
	})
}

// isWithheldMember returns true if a name, with or without a filter operator,
// is that of the withheld member.
func isWithheldMember(withheld, name string) bool {
	name, _, _ = strings.Cut(name, "__")
	return strings.EqualFold(withheld, name)
}
