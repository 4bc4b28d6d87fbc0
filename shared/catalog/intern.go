package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// internLimit bounds what an Interner remembers, in bytes of image objects.
const internLimit = 64 << 20

// Interner decodes image objects and returns the same *Image for the same
// bytes. Lists of different scopes overlap widely, so it saves both time and
// memory. The zero value is ready; it is safe for concurrent use.
type Interner struct {
	mu   sync.Mutex
	seen map[string]*Image
	size int
}

// DecodeImages reads the JSON array Images.ImageInfo of an answer. Every
// element must be an image object with an ImageId.
func (in *Interner) DecodeImages(array []byte) ([]*Image, error) {
	if !json.Valid(array) {
		return nil, errNotJSON
	}
	s := trimSpace(string(array))
	if s[0] != '[' {
		return nil, fmt.Errorf("image list is %s, not an array", clip(s))
	}
	return in.decode(s, func(raw string) (*Image, error) { return ParseImage([]byte(raw)) })
}

// decode walks a valid array; parse is called for objects not seen before.
func (in *Interner) decode(array string, parse func(string) (*Image, error)) ([]*Image, error) {
	images := []*Image{}
	for raw := range elements(array) {
		im := in.lookup(raw)
		if im == nil {
			var err error
			if im, err = parse(strings.Clone(raw)); err != nil { // else one image would hold the whole list in memory
				return nil, fmt.Errorf("entry %d: %w", len(images)+1, err)
			}
			im = in.remember(raw, im)
		}
		images = append(images, im)
	}
	return images, nil
}

func (in *Interner) lookup(raw string) *Image {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.seen[raw]
}

// remember keeps im under the bytes it came from and returns the one image
// that stands for its content.
func (in *Interner) remember(raw string, im *Image) *Image {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.seen == nil || in.size > internLimit {
		in.seen, in.size = map[string]*Image{}, 0
	}
	if known := in.seen[im.Raw]; known != nil {
		im = known
	} else {
		in.seen[im.Raw] = im
		in.size += len(im.Raw)
	}
	if raw != im.Raw {
		in.seen[string([]byte(raw))] = im
		in.size += len(raw)
	}
	return im
}
