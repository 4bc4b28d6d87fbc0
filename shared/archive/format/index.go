package format

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"community-images/shared/catalog"
)

// Index is the content of a region with every image once. It is derived from the
// log and the snapshots. Whoever needs all lists of a region reads this one object
// instead of a snapshot for each, and reads snapshots for what it lacks.
//
// A digest of its own proves it. Its lists are named by their digests, so an older
// index is never wrong, only less complete. It must not be changed once it has been
// handed out, and is safe for concurrent use.
//
// A stored index is verified as a whole when it is read. Its images are interned when
// somebody asks for them: many answers need only their ids.
type Index struct {
	// RegionID names the region.
	RegionID string
	// Sequence is the commit up to which the index goes.
	Sequence int64
	// CommittedAt is the time of that commit.
	CommittedAt catalog.Time
	// Dates has those of each image, by its ImageID.
	Dates []ImageDates
	// Lists has positions of images, ascending, by snapshot digest.
	Lists map[string][]int32
	// Gone has the dates of ImageIDs that were published and are not those of any image.
	Gone map[string]ImageDates

	// images has each content once, in canonical order. Until they are interned they share
	// the memory of the stored object.
	images atomic.Pointer[[]*catalog.Image]
	// interner is where they are to be interned; nil: nowhere.
	interner   *catalog.Interner
	internOnce sync.Once
}

// contents returns the images, which may share the memory of the stored object.
func (x *Index) contents() []*catalog.Image {
	if images := x.images.Load(); images != nil {
		return *images
	}
	return nil
}

// Len returns the number of images. A position is a number from 0 to Len()-1.
func (x *Index) Len() int { return len(x.contents()) }

// ImageID returns the ImageID of the image at a position. Whoever keeps it must clone it:
// it may share the memory of the stored object.
func (x *Index) ImageID(position int) string { return x.contents()[position].ImageID }

// ContentBytes returns the length of all image objects together.
func (x *Index) ContentBytes() (n int) {
	for _, im := range x.contents() {
		n += len(im.Raw)
	}
	return n
}

// FindImage returns the positions of an ImageID: from to to-1. There is more than one if
// scopes disagree about the content, and none if from equals to.
func (x *Index) FindImage(id string) (from, to int) {
	images := x.contents()
	from, _ = slices.BinarySearchFunc(images, id, func(im *catalog.Image, id string) int {
		return strings.Compare(im.ImageID, id)
	})
	for to = from; to < len(images) && images[to].ImageID == id; to++ {
	}
	return from, to
}

// Images returns each content once, in canonical order. The caller must not change the
// slice.
func (x *Index) Images() []*catalog.Image {
	x.internOnce.Do(func() {
		images := x.intern(x.contents())
		x.images.Store(&images)
	})
	return x.contents()
}

// intern returns the interned images for some of contents.
func (x *Index) intern(images []*catalog.Image) []*catalog.Image {
	if x.interner == nil || len(images) == 0 || images[0].Number != 0 {
		return images
	}
	return x.interner.InternTrusted(images)
}

// List returns the images of the snapshot with a digest. ok is false if the index
// does not have it. It interns those images alone; Images interns all at once, which is
// faster before many lists.
func (x *Index) List(digest string) (images []*catalog.Image, ok bool) {
	positions, ok := x.Lists[digest]
	if !ok {
		return nil, false
	}
	images = make([]*catalog.Image, len(positions))
	contents := x.contents()
	for i, p := range positions {
		images[i] = contents[p]
	}
	return x.intern(images), true
}

// DatesOf returns the dates of an image in any scope of the region. ok is false if
// the index does not know the image.
func (x *Index) DatesOf(id string) (dates ImageDates, ok bool) {
	if from, to := x.FindImage(id); from < to {
		return x.Dates[from], true
	}
	dates, ok = x.Gone[id]
	return dates, ok
}

// AllDates returns what DatesOf returns for each image that the index knows. It interns
// the images.
func (x *Index) AllDates() DatesByID {
	images := x.Images()
	all := make(DatesByID, len(images)+len(x.Gone))
	maps.Copy(all, x.Gone)
	for i, im := range images {
		all[im.ImageID] = x.Dates[i]
	}
	return all
}
