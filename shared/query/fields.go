package query

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/catalog"
)

// kind says how the values of a field compare.
type fieldKind int

const (
	textKind    fieldKind = iota // byte by byte
	versionKind                  // see compareVersions
	numberKind                   // by value
)

// field is one field of an image as the grammar knows it.
type field struct {
	index int    // in schema.fields
	name  string // dotted, as it is written in parameters
	kind  fieldKind
	about string
	enum  []string // documented values; others are possible
}

// fields is the table that parameters, filters, sorting, facets, csv columns
// and the OpenAPI document are made from, in the order of csv columns.
var fields = []field{
	{name: "ImageId", about: "id of the image"},
	{name: "ImageName", about: "name of the image"},
	{name: "Status", about: "state of the image",
		enum: []string{"UnAvailable", "Available", "Creating", "CreateFailed"}},
	{name: "Size", kind: numberKind, about: "size in GiB"},
	{name: "ImageOwnerAlias", about: "self: custom image; others: shared image",
		enum: []string{"self", "others"}},
	{name: "SkuCode", about: "ECS: pay-as-you-go; package: subscription",
		enum: []string{"ECS", "package"}},
	{name: "PricingCycle", about: "billing unit",
		enum: []string{"Hour", "Month", "Year"}},
	{name: "ProductCode", about: "product code in Alibaba Cloud Marketplace"},
	{name: "Uid", about: "owner of the image"},
	{name: "Description", about: "description of the image"},
	{name: "PostInstallScript", about: "script that runs after the installation"},
	{name: "BaseOsTag.Platform", about: "distribution of the base system"},
	{name: "BaseOsTag.OsTag", about: "tag of the base system"},
	{name: "BaseOsTag.Version", kind: versionKind, about: "version of the base system"},
	{name: "BaseOsTag.Architecture", about: "architecture of the base system"},
	{name: "OsTag.Platform", about: "distribution of the system"},
	{name: "OsTag.OsTag", about: "tag of the system"},
	{name: "OsTag.Version", kind: versionKind, about: "version of the system"},
	{name: "OsTag.Architecture", about: "architecture of the system"},
	{name: "OsTag.BaseOsTag", about: "tag of the system's base"},
}

// objects are the fields that hold others; as a filter each stands for its
// member OsTag, as upstream's parameter BaseOsTag does.
var objectFields = []string{"BaseOsTag", "OsTag"}

// text is the value of the field, empty if the image has none. A size that is
// no number is none; equal ones have one text.
func (f *field) valueOf(im *catalog.Image) string {
	s := im.Text(f.name)
	if f.kind != numberKind || s == "" {
		return s
	}
	n, ok := parseNumber(s)
	switch size := math.Abs(n); {
	case !ok:
		return ""
	case size == 0:
		return "0" // and not -0
	case 1e-6 <= size && size < 1e21: // beyond, the zeros are more than the digits
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}

// parseNumber reads a decimal number. ParseFloat takes hexadecimal ones,
// underscores, infinity and what is no number, too.
func parseNumber(s string) (n float64, ok bool) {
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && isDecimalText(s)
}

// decimal says whether a text has no character that decimal numbers lack.
func isDecimalText(s string) bool { return strings.Trim(s, "0123456789.eE+-") == "" }

// compare orders two values of the field that are not empty.
func (f *field) compareValues(a, b string) int {
	switch f.kind {
	case versionKind:
		return compareVersions(a, b)
	case numberKind:
		return compareNumbers(a, b)
	}
	return strings.Compare(a, b)
}

// schema is the field table without what is withheld.
type schema struct {
	fields   []field
	withheld []string
	byName   map[string]*field // lower case
}

func newSchema(redact []string) *schema {
	s := &schema{withheld: redact, byName: map[string]*field{}}
	for _, f := range fields {
		top, _, _ := strings.Cut(f.name, ".")
		if !slices.Contains(redact, top) && !slices.Contains(redact, f.name) {
			s.fields = append(s.fields, f)
		}
	}
	for i := range s.fields {
		s.fields[i].index = i
		s.byName[strings.ToLower(s.fields[i].name)] = &s.fields[i]
	}
	for _, object := range objectFields {
		if f := s.byName[strings.ToLower(object)+".ostag"]; f != nil {
			s.byName[strings.ToLower(object)] = f
		}
	}
	return s
}

// field finds a field by its name in any case, nil if there is none.
func (s *schema) fieldNamed(name string) *field { return s.byName[strings.ToLower(name)] }

func (s *schema) fieldNames() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}
