package query

import (
	"slices"
	"strconv"
	"strings"

	"community-images/shared/catalog"
)

// kind says how the values of a field compare.
type kind int

const (
	textKind    kind = iota // byte by byte
	versionKind             // see compareVersions
	numberKind              // by value
)

// field is one field of an image as the grammar knows it.
type field struct {
	place int    // in schema.fields
	name  string // dotted, as it is written in parameters
	kind  kind
	about string
	text  func(*catalog.Image) string // empty: the image has no value
	enum  []string                    // documented values; others are possible
}

// fields is the table that parameters, filters, sorting, facets, csv columns
// and the OpenAPI document are made from, in the order of csv columns.
var fields = []field{
	{name: "ImageId", about: "id of the image", text: func(im *catalog.Image) string { return im.ImageID }},
	{name: "ImageName", about: "name of the image", text: func(im *catalog.Image) string { return im.ImageName }},
	{name: "Status", about: "state of the image", text: func(im *catalog.Image) string { return im.Status },
		enum: []string{"UnAvailable", "Available", "Creating", "CreateFailed"}},
	{name: "Size", kind: numberKind, about: "size in GiB", text: sizeText},
	{name: "ImageOwnerAlias", about: "self: custom image; others: shared image", text: func(im *catalog.Image) string { return im.ImageOwnerAlias },
		enum: []string{"self", "others"}},
	{name: "SkuCode", about: "ECS: pay-as-you-go; package: subscription", text: func(im *catalog.Image) string { return im.SkuCode },
		enum: []string{"ECS", "package"}},
	{name: "PricingCycle", about: "billing unit", text: func(im *catalog.Image) string { return im.PricingCycle },
		enum: []string{"Hour", "Month", "Year"}},
	{name: "ProductCode", about: "product code in Alibaba Cloud Marketplace", text: func(im *catalog.Image) string { return im.ProductCode }},
	{name: "Uid", about: "owner of the image", text: func(im *catalog.Image) string { return im.UID }},
	{name: "Description", about: "description of the image", text: func(im *catalog.Image) string { return im.Description }},
	{name: "PostInstallScript", about: "script that runs after the installation", text: func(im *catalog.Image) string { return im.PostInstallScript }},
	{name: "BaseOsTag.Platform", about: "distribution of the base system", text: func(im *catalog.Image) string { return im.BaseOsTag.Platform }},
	{name: "BaseOsTag.OsTag", about: "tag of the base system", text: func(im *catalog.Image) string { return im.BaseOsTag.OsTag }},
	{name: "BaseOsTag.Version", kind: versionKind, about: "version of the base system", text: func(im *catalog.Image) string { return im.BaseOsTag.Version }},
	{name: "BaseOsTag.Architecture", about: "architecture of the base system", text: func(im *catalog.Image) string { return im.BaseOsTag.Architecture }},
	{name: "OsTag.Platform", about: "distribution of the system", text: func(im *catalog.Image) string { return im.OsTag.Platform }},
	{name: "OsTag.OsTag", about: "tag of the system", text: func(im *catalog.Image) string { return im.OsTag.OsTag }},
	{name: "OsTag.Version", kind: versionKind, about: "version of the system", text: func(im *catalog.Image) string { return im.OsTag.Version }},
	{name: "OsTag.Architecture", about: "architecture of the system", text: func(im *catalog.Image) string { return im.OsTag.Architecture }},
	{name: "OsTag.BaseOsTag", about: "tag of the system's base", text: func(im *catalog.Image) string { return im.OsTag.BaseOsTag }},
}

// objects are the fields that hold others; as a filter each stands for its
// member OsTag, as upstream's parameter BaseOsTag does.
var objects = []string{"BaseOsTag", "OsTag"}

func sizeText(im *catalog.Image) string {
	if !im.HasSize {
		return ""
	}
	return strconv.FormatInt(im.Size, 10)
}

// compare orders two values of the field that are not empty.
func (f *field) compare(a, b string) int {
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
		s.fields[i].place = i
		s.byName[strings.ToLower(s.fields[i].name)] = &s.fields[i]
	}
	for _, object := range objects {
		if f := s.byName[strings.ToLower(object)+".ostag"]; f != nil {
			s.byName[strings.ToLower(object)] = f
		}
	}
	return s
}

// field finds a field by its name in any case, nil if there is none.
func (s *schema) field(name string) *field { return s.byName[strings.ToLower(name)] }

func (s *schema) names() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}
