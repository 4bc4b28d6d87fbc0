package field

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// FieldKind says how the values of a field compare.
type FieldKind int

const (
	TextKind    FieldKind = iota // byte by byte
	VersionKind                  // see CompareVersions
	NumberKind                   // by value
	TimeKind                     // by the instant; see CompareTimes
)

// The fields that say since when an image is known. E-HPC does not send them: they come
// from the index of a region, and are about all of its scopes.
const (
	// FirstSeen is the time of the first commit that had the image.
	FirstSeen = "FirstSeen"
	// ChangedAt is the time of the last commit that changed the image, or FirstSeen.
	ChangedAt = "ChangedAt"
)

// IsText reports whether values of the kind can be searched as text.
func (k FieldKind) IsText() bool { return k == TextKind || k == VersionKind }

// Field is one field of an image that parameters can name.
type Field struct {
	Index int    // in schema.fields
	Name  string // dotted, as it is written in parameters
	Kind  FieldKind
	About string   // a noun phrase for the OpenAPI document
	Enum  []string // documented values; others are possible
	// IgnoresCase says that the values are from a fixed set, and that filters match
	// them in any case.
	IgnoresCase bool
	// IsDerived says that the values are not in the image, so that ValueOf has none.
	IsDerived bool
	// MayHaveStar says that values can have a "*". Ids have some in documents and
	// samples.
	MayHaveStar bool
}

// fields is the table of all fields, in the order of csv columns. Filters, sort,
// facets, columns and the OpenAPI document are made from it.
var fields = []Field{
	{Name: "ImageId", About: "id of the image", MayHaveStar: true},
	{Name: "ImageName", About: "name of the image"},
	{Name: "Status", About: "state of the image", IgnoresCase: true,
		Enum: []string{"UnAvailable", "Available", "Creating", "CreateFailed"}},
	{Name: "Size", Kind: NumberKind, About: "size in GiB"},
	{Name: "ImageOwnerAlias", About: "self: custom image; others: shared image", IgnoresCase: true,
		Enum: []string{"self", "others"}},
	{Name: "SkuCode", About: "ECS: pay-as-you-go; package: subscription", IgnoresCase: true,
		Enum: []string{"ECS", "package"}},
	{Name: "PricingCycle", About: "billing unit", IgnoresCase: true,
		Enum: []string{"Hour", "Month", "Year"}},
	{Name: "ProductCode", About: "product code in Alibaba Cloud Marketplace", MayHaveStar: true},
	{Name: "Uid", About: "owner of the image", MayHaveStar: true},
	{Name: "Description", About: "description of the image", MayHaveStar: true},
	{Name: "PostInstallScript", About: "script that runs after the installation", MayHaveStar: true},
	{Name: "BaseOsTag.Platform", About: "distribution of the base system", IgnoresCase: true},
	{Name: "BaseOsTag.OsTag", About: "tag of the base system"},
	{Name: "BaseOsTag.Version", Kind: VersionKind, About: "version of the base system"},
	{Name: "BaseOsTag.Architecture", About: "architecture of the base system", IgnoresCase: true},
	{Name: "OsTag.Platform", About: "distribution of the system", IgnoresCase: true},
	{Name: "OsTag.OsTag", About: "tag of the system"},
	{Name: "OsTag.Version", Kind: VersionKind, About: "version of the system"},
	{Name: "OsTag.Architecture", About: "architecture of the system", IgnoresCase: true},
	{Name: "OsTag.BaseOsTag", About: "tag of the system's base"},
	{Name: FirstSeen, Kind: TimeKind, IsDerived: true, About: "time of the first commit that had the image in the region"},
	{Name: ChangedAt, Kind: TimeKind, IsDerived: true,
		About: "time of the last commit that changed a field of the image, or FirstSeen"},
}

// ObjectFields are members that hold fields. As a filter each means its member
// OsTag, as E-HPC's own parameter BaseOsTag does.
var ObjectFields = []string{"BaseOsTag", "OsTag"}

// ValueOf returns the value of the field as text. It is empty if the image has
// no value. Numbers have one spelling each, and what is not a number is no value.
func (f *Field) ValueOf(im *catalog.Image) string {
	s := im.Text(f.Name)
	if f.Kind != NumberKind || s == "" {
		return s
	}
	// 40, 40.0 and 4e1 become one value, so that they are one facet and group.
	n, ok := ParseNumber(s)
	if !ok {
		return ""
	}
	return n.String()
}

// CompareValues orders two values of the field that are not empty.
func (f *Field) CompareValues(a, b string) int {
	switch f.Kind {
	case VersionKind:
		return CompareVersions(a, b)
	case NumberKind:
		return compareNumbers(a, b)
	case TimeKind:
		return CompareTimes(a, b)
	}
	return strings.Compare(a, b)
}

// Schema is the table of fields without those that the service withholds.
type Schema struct {
	Fields   []Field           // in the order of csv columns
	Withheld []string          // names of members or fields, from Options.Redact
	byName   map[string]*Field // by case-folded name; ObjectFields are aliases
}

// NewSchema returns the table without the members or fields to redact.
func NewSchema(redact []string) *Schema {
	s := &Schema{Withheld: redact, byName: map[string]*Field{}}
	for _, f := range fields {
		// An operator may withhold a member as a whole, or one field of it.
		top, _, _ := strings.Cut(f.Name, ".")
		if !slices.Contains(redact, top) && !slices.Contains(redact, f.Name) {
			s.Fields = append(s.Fields, f)
		}
	}
	for i := range s.Fields {
		s.Fields[i].Index = i
		s.byName[FoldCase(s.Fields[i].Name)] = &s.Fields[i]
	}
	for _, object := range ObjectFields {
		if f := s.byName[FoldCase(object)+".ostag"]; f != nil {
			s.byName[FoldCase(object)] = f
		}
	}
	return s
}

// FieldNamed returns the field of a name in any case, or nil.
func (s *Schema) FieldNamed(name string) *Field { return s.byName[FoldCase(name)] }

// FieldNames lists the fields, without ObjectFields.
func (s *Schema) FieldNames() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// VisibleChanges drops the changes of redacted fields.
func (s *Schema) VisibleChanges(changes []catalog.FieldChange) []catalog.FieldChange {
	if len(s.Withheld) == 0 {
		return changes
	}
	// An empty Field means that the whole image differs, which would show that
	// a redacted field changed.
	return slices.DeleteFunc(slices.Clone(changes), func(c catalog.FieldChange) bool {
		isWithheld := func(w string) bool { return IsWithheldMember(w, c.Field) }
		return c.Field == "" || slices.ContainsFunc(s.Withheld, isWithheld)
	})
}

// IsWithheldMember returns true if a name, with or without a filter operator,
// is that of the withheld member.
func IsWithheldMember(withheld, name string) bool {
	name, _, _ = strings.Cut(name, "__")
	return strings.EqualFold(withheld, name)
}
