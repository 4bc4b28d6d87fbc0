package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"community-images/shared/jsonscan"
)

// internLimit bounds what an Interner remembers, in bytes of image objects.
const internLimit = 64 << 20

// Interner decodes image objects and returns the same *Image for the same bytes.
// Lists of different scopes overlap widely, so this saves time and memory. The
// zero value is ready to use. It is safe for concurrent use.
type Interner struct {
	mu sync.Mutex // guards everything below
	// seen has the images by the bytes that they were parsed from, and by their
	// canonical bytes.
	seen map[string]*Image
	// size is the number of bytes of the keys of seen. Above internLimit all are
	// forgotten; images that are still in use stay valid.
	size int
	// count is the last Number. It goes on when seen is forgotten, so that no number is
	// given twice.
	count int32
}

// DecodeImages decodes the JSON array Images.ImageInfo of an answer. It returns
// an error if an element is not an image object with an ImageId.
func (in *Interner) DecodeImages(array []byte) ([]*Image, error) {
	if !json.Valid(array) {
		return nil, errNotJSON
	}
	s := jsonscan.TrimSpace(string(array))
	if s[0] != '[' {
		return nil, fmt.Errorf("image list is %s, not an array", shorten(s))
	}
	return in.decode(s, func(raw string) (*Image, error) { return ParseImage([]byte(raw)) })
}

// decode returns the images of a valid JSON array. It calls parse for objects that
// were not seen before.
func (in *Interner) decode(array string, parse func(string) (*Image, error)) ([]*Image, error) {
	// The lock is held only before and after the parsing, so that lists are decoded in
	// parallel. Two of them may parse the same object; the first to come back counts.
	raws := slices.Collect(jsonscan.Elements(array))
	images := in.findSeen(raws)
	known := slices.Clone(images)
	for i, raw := range raws {
		if known[i] != nil {
			continue
		}
		im, err := parse(strings.Clone(raw)) // a clone: one image must not hold the whole list in memory
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		images[i] = im
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, im := range images {
		if known[i] == nil {
			images[i] = in.internAs(raws[i], im)
		}
	}
	return images, nil
}

// InternTrusted returns for each of some images of NewTrustedImage the one with its
// content. Those share no memory with the given ones.
func (in *Interner) InternTrusted(images []*Image) []*Image {
	in.mu.Lock()
	defer in.mu.Unlock()
	interned := make([]*Image, len(images))
	if in.seen == nil {
		in.seen = make(map[string]*Image, len(images))
	}
	for i, im := range images {
		interned[i] = in.seen[im.Raw]
		if interned[i] == nil {
			interned[i] = in.intern(&Image{Raw: strings.Clone(im.Raw), ImageID: strings.Clone(im.ImageID)})
		}
	}
	return interned
}

// findSeen returns the images that were seen before with these bytes, and nil for
// the others.
func (in *Interner) findSeen(raws []string) []*Image {
	in.mu.Lock()
	defer in.mu.Unlock()
	images := make([]*Image, len(raws))
	for i, raw := range raws {
		images[i] = in.seen[raw]
	}
	return images
}

// internAs stores an image under the bytes that it was parsed from, and returns
// the one image with its content. The lock must be held.
func (in *Interner) internAs(raw string, im *Image) *Image {
	im = in.intern(im)
	if raw != im.Raw {
		in.seen[strings.Clone(raw)] = im
		in.size += len(raw)
	}
	return im
}

// intern returns the one image with the content of im. The lock must be held.
func (in *Interner) intern(im *Image) *Image {
	if in.seen == nil || in.size > internLimit {
		in.seen, in.size = map[string]*Image{}, 0
	}
	if known := in.seen[im.Raw]; known != nil {
		return known
	}
	in.count++
	im.Number = in.count
	in.seen[im.Raw] = im
	in.size += len(im.Raw)
	return im
}
