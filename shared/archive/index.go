package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
// index is never wrong, only less complete. Its stored name is catalogue.ndjson.
type Index struct {
	// RegionID names the region.
	RegionID string
	// Sequence is the commit up to which the index goes.
	Sequence int64
	// CommittedAt is the time of that commit.
	CommittedAt catalog.Time
	// Images has each content once, in canonical order.
	Images []*catalog.Image
	// FirstSeen says, for each of Images, when its ImageId was first published in
	// any scope of the region, as far back as the history went at that time.
	FirstSeen []catalog.Time
	// Lists has positions in Images, ascending, by snapshot digest.
	Lists map[string][]int32
	// Gone is FirstSeen for ImageIds that were published and are in none of Images.
	Gone map[string]catalog.Time
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

// FirstSeenOf returns when an image was first published in any scope of the
// region. ok is false if the index does not know the image.
func (x *Index) FirstSeenOf(id string) (at catalog.Time, ok bool) {
	i, ok := slices.BinarySearchFunc(x.Images, id, func(im *catalog.Image, id string) int {
		return strings.Compare(im.ImageID, id)
	})
	if ok {
		return x.FirstSeen[i], true
	}
	at, ok = x.Gone[id]
	return at, ok
}

// allFirstSeen returns what FirstSeenOf returns for each image that the index
// knows.
func (x *Index) allFirstSeen() firstSeen {
	all := make(firstSeen, len(x.Images)+len(x.Gone))
	maps.Copy(all, x.Gone)
	for i, im := range x.Images {
		all[im.ImageID] = x.FirstSeen[i]
	}
	return all
}

// Index reads and verifies the index of a region. It returns *DamagedError if the
// index is missing or damaged.
func (a *Archive) Index(ctx context.Context, region string) (*Index, error) {
	key, err := a.keys.Index(region)
	if err != nil {
		return nil, err
	}
	data, _, err := a.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &DamagedError{Key: key, Reason: "it is missing"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading index %q: %w", key, err)
	}
	x, err := decodeIndex(region, data, &a.images)
	if err != nil {
		return nil, &DamagedError{Key: key, Reason: err.Error()}
	}
	return x, nil
}
