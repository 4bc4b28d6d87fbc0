package subscription

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
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
//
// A condition limits only the events that it can be about. Kinds and Regions limit all,
// Selection those of images and ended clusters, ImageIDs, Conditions and Words those of images,
// Aliases those of aliases. The cluster that lost its boot image must be in Selection, whatever
// the instance types, and the image must meet the conditions on images. See also README.md of
// package notify.
type Filter struct {
	Kinds     []string
	Regions   []string
	Selection request.Selection // of clusters and instance types
	Aliases   []string          // names
	// ChangedFields are the fields whose change counts for Changed. An object stands for all of
	// its fields.
	ChangedFields []string
	// ImageIDs are sorted.
	ImageIDs []string
	// Conditions are about the content of images. All must hold.
	Conditions []filter.Predicate
	// Words must all be in the text of an image. They are case folded.
	Words [][]byte
}

// Wants reports whether events of a kind are told.
func (f *Filter) Wants(e Event) bool { return allows(f.Kinds, string(e)) }

// HasRegion reports whether events of a region are told.
func (f *Filter) HasRegion(region string) bool { return allows(f.Regions, region) }

// HasCluster reports whether events of a cluster are told. An empty id stands for none.
func (f *Filter) HasCluster(cluster string) bool { return includes(f.Selection.Clusters, cluster) }

// HasScope reports whether events of a scope are told.
func (f *Filter) HasScope(cluster, instanceType string) bool {
	return f.HasCluster(cluster) && includes(f.Selection.Types, instanceType)
}

// HasAlias reports whether moves of an alias are told.
func (f *Filter) HasAlias(name string) bool { return allows(f.Aliases, name) }

// HasImage reports whether events of an image are told, whatever its content.
func (f *Filter) HasImage(id string) bool { return allows(f.ImageIDs, id) }

// HasField reports whether the change of a field counts. A change of an object counts for each
// of its fields.
func (f *Filter) HasField(changed string) bool {
	return len(f.ChangedFields) == 0 || slices.ContainsFunc(f.ChangedFields, func(wanted string) bool {
		return changed == wanted || strings.HasPrefix(changed, wanted+".") || strings.HasPrefix(wanted, changed+".")
	})
}

// NeedsContent reports whether the content of an image decides.
func (f *Filter) NeedsContent() bool { return len(f.Conditions)+len(f.Words) > 0 }

// Matches reports whether the content of an image meets all conditions.
func (f *Filter) Matches(im *catalog.Image) bool {
	fails := func(c filter.Predicate) bool { return !c.Test(c.Field.ValueOf(im)) }
	return !slices.ContainsFunc(f.Conditions, fails) &&
		(len(f.Words) == 0 || field.ContainsWords([]byte(field.SearchText(im)), f.Words))
}

// allows reports whether a list has a value. An empty list has every value.
func allows(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

// includes reports whether a list of clusters or instance types matches a name of a scope. An
// empty list matches every name.
func includes(names []string, name string) bool {
	return len(names) == 0 || request.MatchesName(names, name)
}
