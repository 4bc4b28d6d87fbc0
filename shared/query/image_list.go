package query

import "community-images/shared/catalog"

// imageList is the images of one answer of E-HPC's, in canonical order. Lists
// overlap widely: those of a catalogue are places in its one pool, which the
// garbage collector need not look over, as it would pointers.
type imageList struct {
	pool   *imagePool
	places []int32 // in the pool; nil: all of it
}

// pool is images that lists share.
type imagePool struct {
	images []*catalog.Image
	lists  int // that are kept; guarded by listCache.mu
}

// whole is a list with a pool of its own.
func newImageList(images []*catalog.Image) imageList {
	return imageList{pool: &imagePool{images: images}}
}

func (l imageList) len() int {
	if l.places != nil {
		return len(l.places)
	}
	return len(l.pool.images)
}

func (l imageList) at(i int) *catalog.Image {
	if l.places != nil {
		i = int(l.places[i])
	}
	return l.pool.images[i]
}

// images is the list written out. It is not to be changed.
func (l imageList) images() []*catalog.Image {
	if l.places == nil {
		return l.pool.images
	}
	images := make([]*catalog.Image, len(l.places))
	for i, p := range l.places {
		images[i] = l.pool.images[p]
	}
	return images
}
