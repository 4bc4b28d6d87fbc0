package format

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// NewIndex returns the index of h. lists has the images of every scope, by the digest of its
// content, in canonical order. dates has all that is known; the index keeps it.
func NewIndex(h *Head, lists map[string][]*catalog.Image, dates DatesByID) *Index {
	x := &Index{
		RegionID: h.RegionID, Sequence: h.Sequence, CommittedAt: h.CommittedAt,
		Lists: map[string][]int32{}, Gone: dates,
	}
	current := map[string]bool{}            // the digests that h has
	positions := map[*catalog.Image]int32{} // in images; equal images may have several addresses
	var images []*catalog.Image
	for _, s := range h.Scopes() {
		if s.Digest == "" {
			continue
		}
		current[s.Digest] = true
		for _, im := range lists[s.Digest] {
			positions[im] = 0
		}
	}
	// Equal images stand beside each other now, so each content gets one position.
	for _, im := range sortImages(positions) {
		if n := len(images); n == 0 || images[n-1].Raw != im.Raw {
			images = append(images, im)
			x.Dates = append(x.Dates, dates[im.ImageID])
		}
		positions[im] = int32(len(images) - 1)
	}
	x.images.Store(&images)
	// x.Gone began as all that is known. What is left of it is in no list.
	for _, im := range images {
		delete(x.Gone, im.ImageID)
	}
	for digest := range current {
		list := make([]int32, len(lists[digest]))
		for i, im := range lists[digest] {
			list[i] = positions[im]
		}
		x.Lists[digest] = list
	}
	return x
}

// sortImages returns the keys of a map in canonical order.
func sortImages(set map[*catalog.Image]int32) []*catalog.Image {
	images := slices.Collect(maps.Keys(set))
	slices.SortFunc(images, compareImages)
	return images
}

// compareImages is the canonical order of images.
func compareImages(a, b *catalog.Image) int {
	return cmp.Or(strings.Compare(a.ImageID, b.ImageID), strings.Compare(a.Raw, b.Raw))
}
