package changes

import (
	"cmp"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// Changes is what some commits did, for one filter. Lists are sorted by id.
type Changes struct {
	RegionID string
	// From and To are the numbers of the first and the last commit.
	From, To int64
	// At is the time of the last commit.
	At         catalog.Time
	Added      []Image
	Removed    []Image
	Changed    []ChangedImage
	Ended      []Ended
	BootImages []BootImage
	Aliases    []AliasMove
}

// Image names an image.
type Image struct {
	ImageID string `json:"ImageId"`
	// ImageName is empty if E-HPC gave none.
	ImageName string `json:"ImageName"`
}

// ChangedImage is an image with other content.
type ChangedImage struct {
	Image
	// Fields are the names of the fields that differ, sorted. It is empty if one id has
	// several contents.
	Fields []string `json:"Fields,omitempty"`
}

// Ended is a cluster, or some instance types of one, that is no longer there.
type Ended struct {
	// ClusterID is empty for the lists without a cluster.
	ClusterID   string `json:"ClusterId,omitempty"`
	ClusterName string `json:"ClusterName,omitempty"`
	// InstanceTypes are those that ended, catalog.Any for the list without one. It is empty if
	// the whole cluster ended.
	InstanceTypes []string `json:"InstanceTypes,omitempty"`
}

// BootImage is a cluster that lost the image that it boots from: none of its lists has it.
type BootImage struct {
	ClusterID   string `json:"ClusterId"`
	ClusterName string `json:"ClusterName,omitempty"`
	Image
}

// AliasMove is an alias that stands for another image.
type AliasMove struct {
	Name string `json:"Name"`
	// From and To are the images before and after. An ImageID is empty if the alias had none: no
	// image matched, its pinned image was gone, or its lookup cannot be answered.
	From Image `json:"From"`
	To   Image `json:"To"`
}

// IsEmpty reports whether there is nothing to tell.
func (c *Changes) IsEmpty() bool {
	return len(c.Added)+len(c.Removed)+len(c.Changed)+len(c.Ended)+len(c.BootImages)+len(c.Aliases) == 0
}

// sort sorts all lists.
func (c *Changes) sort() {
	byID := func(a, b Image) int { return strings.Compare(a.ImageID, b.ImageID) }
	slices.SortFunc(c.Added, byID)
	slices.SortFunc(c.Removed, byID)
	slices.SortFunc(c.Changed, func(a, b ChangedImage) int { return byID(a.Image, b.Image) })
	slices.SortFunc(c.Ended, func(a, b Ended) int { return strings.Compare(a.ClusterID, b.ClusterID) })
	slices.SortFunc(c.BootImages, func(a, b BootImage) int {
		return cmp.Or(strings.Compare(a.ClusterID, b.ClusterID), byID(a.Image, b.Image))
	})
	slices.SortFunc(c.Aliases, func(a, b AliasMove) int { return strings.Compare(a.Name, b.Name) })
}
