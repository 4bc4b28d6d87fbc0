package subscription

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// Event is a kind of event, in the words of the parameter kind of /v1/changes, and more.
type Event string

// The kinds of events.
const (
	Added         Event = "added"           // an image is new
	Removed       Event = "removed"         // an image is gone
	Changed       Event = "changed"         // an image has other fields
	Ended         Event = "ended"           // a cluster or instance type is no longer there
	BootImageGone Event = "boot-image-gone" // a cluster lost the image that it boots from
	Alias         Event = "alias"           // an alias stands for another image
	RegionFailing Event = "region-failing"  // E-HPC fails in a region, or is well again
)

// events lists the kinds in the order of documents.
var events = []string{
	string(Added), string(Removed), string(Changed), string(Ended), string(BootImageGone), string(Alias),
	string(RegionFailing),
}

// Filter says what a receiver is told of. Empty lists allow everything.
type Filter struct {
	Kinds         []string
	Regions       []string
	Clusters      []string // catalog.Any stands for the lists without a cluster
	InstanceTypes []string // catalog.Any stands for the lists without an instance type
	Images        []string // ids
	Aliases       []string // names
	// ChangedFields are the fields whose change counts for Changed, for example Status.
	ChangedFields []string
	// Conditions are about the content of images. All must hold.
	Conditions []Condition
}

// Condition is about a field of an image.
type Condition struct {
	Field string
	// Values are the allowed ones, or globs.
	Values []string
	IsGlob bool
}

// imageFields are the fields that conditions can name: those of a community image, as
// E-HPC documents them. /v1/images has the same.
var imageFields = []string{
	"ImageName", "Status", "Size", "ImageOwnerAlias", "SkuCode", "PricingCycle", "ProductCode", "Uid", "Description",
	"PostInstallScript", "BaseOsTag.Platform", "BaseOsTag.OsTag", "BaseOsTag.Version", "BaseOsTag.Architecture",
	"OsTag.Platform", "OsTag.OsTag", "OsTag.Version", "OsTag.Architecture", "OsTag.BaseOsTag",
}

// foldedFields have values of a fixed set, which match in any case, as in /v1/images.
var foldedFields = []string{
	"Status", "ImageOwnerAlias", "SkuCode", "PricingCycle", "BaseOsTag.Platform", "BaseOsTag.Architecture",
	"OsTag.Platform", "OsTag.Architecture",
}

const (
	// maxValues bounds a list of a filter.
	maxValues = 200
	// globSuffix follows the name of a field whose values are globs.
	globSuffix = "__glob"
)

// filterMembers are the members of a filter, without the conditions.
var filterMembers = []string{"kind", "RegionId", "ClusterId", "InstanceType", "ImageId", "alias", "changedField"}

// filter reads a filter, which may be absent.
func (r *reader) filter(at string, raw json.RawMessage) (f Filter) {
	if raw == nil {
		return f
	}
	members := slices.Clone(filterMembers)
	for _, field := range imageFields {
		members = append(members, field, field+globSuffix)
	}
	m := r.object(at, raw, members...)
	f = Filter{
		Kinds:         r.values(at+".kind", m["kind"], events),
		Regions:       r.names(at+".RegionId", m["RegionId"]),
		Clusters:      r.names(at+".ClusterId", m["ClusterId"]),
		InstanceTypes: r.names(at+".InstanceType", m["InstanceType"]),
		Images:        r.values(at+".ImageId", m["ImageId"], nil),
		Aliases:       r.values(at+".alias", m["alias"], nil),
		ChangedFields: r.values(at+".changedField", m["changedField"], imageFields),
	}
	for _, name := range sortedKeys(m) {
		field, isGlob := strings.CutSuffix(name, globSuffix)
		if !slices.Contains(imageFields, field) {
			continue
		}
		c := Condition{Field: field, Values: r.values(at+"."+name, m[name], nil), IsGlob: isGlob}
		if c.isFolded() {
			for i := range c.Values {
				c.Values[i] = strings.ToLower(c.Values[i])
			}
		}
		for i, v := range c.Values {
			if _, err := path.Match(v, ""); isGlob && err != nil {
				r.fault(fmt.Sprintf("%s.%s[%d]", at, name, i), quote(v), "is not a pattern", "text with *, ? and [a-z]")
			}
		}
		f.Conditions = append(f.Conditions, c)
	}
	return f
}

// values reads one text or a list of texts. known lists what is allowed; nil: any text.
func (r *reader) values(at string, raw json.RawMessage, known []string) (list []string) {
	if raw == nil {
		return nil
	}
	elements := []json.RawMessage{raw}
	if raw[0] != '"' {
		elements = r.array(at, raw, maxValues)
		if len(elements) == 0 && !r.failed(at) {
			r.fault(at, "", "is empty", "at least one value; without the member there is no condition")
		}
	}
	for i, element := range elements {
		path := at
		if raw[0] != '"' {
			path = fmt.Sprintf("%s[%d]", at, i)
		}
		text, ok := r.requiredText(path, element, "text that is not empty")
		if ok && known != nil && !slices.Contains(known, text) {
			r.fault(path, quote(text), "is not known", strings.Join(known, ", "))
		}
		list = append(list, text)
	}
	return list
}

// names reads ids of regions, clusters or instance types.
func (r *reader) names(at string, raw json.RawMessage) []string {
	list := r.values(at, raw, nil)
	for _, name := range list {
		if name != "" && name != catalog.Any && catalog.ValidateName("name", name) != nil {
			r.fault(at, quote(name), "cannot be an id", "characters of A-Z a-z 0-9 . _ -; "+catalog.Any+" for none")
		}
	}
	return list
}

// isFolded reports whether values match in any case.
func (c *Condition) isFolded() bool { return slices.Contains(foldedFields, c.Field) }

// Wants reports whether events of a kind are told.
func (f *Filter) Wants(e Event) bool { return allows(f.Kinds, string(e)) }

// HasRegion reports whether events of a region are told.
func (f *Filter) HasRegion(region string) bool { return allows(f.Regions, region) }

// HasCluster reports whether events of a cluster are told. An empty id stands for none.
func (f *Filter) HasCluster(cluster string) bool { return allows(f.Clusters, orAny(cluster)) }

// HasScope reports whether events of a scope are told.
func (f *Filter) HasScope(cluster, instanceType string) bool {
	return f.HasCluster(cluster) && allows(f.InstanceTypes, orAny(instanceType))
}

// HasAlias reports whether moves of an alias are told.
func (f *Filter) HasAlias(name string) bool { return allows(f.Aliases, name) }

// HasImage reports whether events of an image are told, whatever its content.
func (f *Filter) HasImage(id string) bool { return allows(f.Images, id) }

// HasField reports whether the change of a field counts. A field of an object counts with
// its object's name too.
func (f *Filter) HasField(field string) bool { return allows(f.ChangedFields, field) }

// NeedsContent reports whether the content of an image decides.
func (f *Filter) NeedsContent() bool { return len(f.Conditions) > 0 }

// Matches reports whether the content of an image meets all conditions.
func (f *Filter) Matches(im *catalog.Image) bool {
	return !slices.ContainsFunc(f.Conditions, func(c Condition) bool { return !c.matches(im) })
}

// matches reports whether an image meets the condition.
func (c *Condition) matches(im *catalog.Image) bool {
	text := im.Text(c.Field)
	if c.isFolded() {
		text = strings.ToLower(text)
	}
	if !c.IsGlob {
		return slices.Contains(c.Values, text)
	}
	return slices.ContainsFunc(c.Values, func(glob string) bool {
		// A slash is a character like any other here.
		ok, err := path.Match(strings.ReplaceAll(glob, "/", "\x00"), strings.ReplaceAll(text, "/", "\x00"))
		return ok && err == nil
	})
}

// allows reports whether a list has a value. An empty list has every value.
func allows(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

// orAny returns catalog.Any for an empty name.
func orAny(name string) string {
	if name == "" {
		return catalog.Any
	}
	return name
}
