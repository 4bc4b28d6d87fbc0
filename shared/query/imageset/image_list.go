package imageset

import (
	"community-images/shared/catalog"
)

// List is the images of one scope, in canonical order. It must not be
// changed. Lists of one index overlap widely, so they share its images and hold
// places in them: the garbage collector need not scan places as it would
// pointers.
type List struct {
	// pool holds the images of this list, and for a list of an index those of
	// every list of that index, in canonical order.
	pool []*catalog.Image
	// places are the images of the list in pool, ascending. nil: all of pool.
	places []int32
}

// newList returns a list of its own images.
func newList(images []*catalog.Image) List { return List{pool: images} }

// Len returns the number of images.
func (l List) Len() int {
	if l.places != nil {
		return len(l.places)
	}
	return len(l.pool)
}

// At returns the image with a number, from 0.
func (l List) At(i int) *catalog.Image {
	if l.places != nil {
		i = int(l.places[i])
	}
	return l.pool[i]
}

// Images returns the images as one slice, which the caller must not change.
func (l List) Images() []*catalog.Image {
	if l.places == nil {
		return l.pool
	}
	images := make([]*catalog.Image, len(l.places))
	for i, p := range l.places {
		images[i] = l.pool[p]
	}
	return images
}

// imageOverhead estimates the memory of an image beside its object, in bytes. An Image has
// about a dozen fields, most of which point into Raw.
const imageOverhead = 128

// imageBytes estimates the memory of images. Images are shared between lists,
// so a sum over lists is too high.
func imageBytes(images []*catalog.Image) int {
	n := 0
	for _, im := range images {
		n += imageOverhead + len(im.Raw)
	}
	return n
}
