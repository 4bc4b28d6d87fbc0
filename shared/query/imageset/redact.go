package imageset

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"community-images/shared/catalog"
)

// maxRedactedImages bounds the images that a redactor remembers.
const maxRedactedImages = 100_000

// redactor removes fields from images. It is safe for concurrent use.
type redactor struct {
	// fields are members of the image object, matched in any case. ImageId must
	// not be among them. Empty: nothing is redacted.
	fields []string

	mu sync.Mutex // guards the following
	// redacted has the result for images that were redacted before, by their
	// Number. Most lists of a region share most of their images.
	redacted map[int32]*catalog.Image
	// interner gives images that are equal without the fields one Number.
	interner catalog.Interner
}

// redactImages returns a list without the redacted fields, in canonical order.
// Images that are equal without them become one. The list itself is not
// changed.
func (r *redactor) redactImages(images []*catalog.Image) []*catalog.Image {
	if len(r.fields) == 0 {
		return images
	}
	redacted := make([]*catalog.Image, 0, len(images))
	for _, im := range images {
		redacted = append(redacted, r.redactImage(im))
	}
	return catalog.Normalise(redacted)
}

// redactImage returns an image without the redacted fields. It panics if the
// image is not valid, which cannot be.
func (r *redactor) redactImage(im *catalog.Image) *catalog.Image {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.redacted[im.Number]; known != nil {
		return known
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(im.Raw), &object); err != nil {
		panic("query: decoding an image: " + err.Error())
	}
	for name := range object {
		if slices.ContainsFunc(r.fields, func(field string) bool { return strings.EqualFold(field, name) }) {
			delete(object, name)
		}
	}
	data, err := catalog.MarshalLine(object)
	if err != nil {
		panic("query: encoding a redacted image: " + err.Error())
	}
	image, err := catalog.NewTrustedImage(string(data[:len(data)-1]))
	if err != nil {
		panic("query: decoding a redacted image: " + err.Error())
	}
	images := r.interner.InternTrusted([]*catalog.Image{&image})
	// Dropping all of a full table is rare, and cheaper than keeping an order.
	if r.redacted == nil || len(r.redacted) > maxRedactedImages {
		r.redacted = map[int32]*catalog.Image{}
	}
	r.redacted[im.Number] = images[0]
	return images[0]
}
