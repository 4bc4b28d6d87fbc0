package format

import (
	"maps"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// Index is the content of a region with every image once. It is derived from the
// log and the snapshots. Whoever needs all lists of a region reads this one object
// instead of a snapshot for each, and reads snapshots for what it lacks.
//
// A digest of its own proves it. Its lists are named by their digests, so an older
// index is never wrong, only less complete. It must not be changed once it has been
// handed out.
type Index struct {
	// RegionID names the region.
	RegionID string
	// Sequence is the commit up to which the index goes.
	Sequence int64
	// CommittedAt is the time of that commit.
	CommittedAt catalog.Time
	// Images has each content once, in canonical order.
	Images []*catalog.Image
	// Dates has those of each of Images, by its ImageID.
	Dates []ImageDates
	// Lists has positions in Images, ascending, by snapshot digest.
	Lists map[string][]int32
	// Gone has the dates of ImageIDs that were published and are in none of Images.
	Gone map[string]ImageDates
}

// List returns the images of the snapshot with a digest. ok is false if the index
// does not have it.
func (x *Index) List(digest string) (images []*catalog.Image, ok bool) {
	positions, ok := x.Lists[digest]
	if !ok {
		return nil, false
	}
	images = make([]*catalog.Image, len(positions))
	for i, p := range positions {
		images[i] = x.Images[p]
	}
	return images, true
}

// DatesOf returns the dates of an image in any scope of the region. ok is false if
// the index does not know the image.
func (x *Index) DatesOf(id string) (dates ImageDates, ok bool) {
	i, ok := slices.BinarySearchFunc(x.Images, id, func(im *catalog.Image, id string) int {
		return strings.Compare(im.ImageID, id)
	})
	if ok {
		return x.Dates[i], true
	}
	dates, ok = x.Gone[id]
	return dates, ok
}

// AllDates returns what DatesOf returns for each image that the index knows.
func (x *Index) AllDates() DatesByID {
	all := make(DatesByID, len(x.Images)+len(x.Gone))
	maps.Copy(all, x.Gone)
	for i, im := range x.Images {
		all[im.ImageID] = x.Dates[i]
	}
	return all
}
