package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
)

// internLimit bounds what an Interner remembers, in bytes of image objects.
const internLimit = 64 << 20

// Interner decodes image objects and returns the same *Image for the same
// bytes. Lists of different scopes overlap widely, so it saves both time and
// memory. The zero value is ready; it is safe for concurrent use.
type Interner struct {
	mu    sync.Mutex
	seen  map[string]*Image
	size  int
	count int32
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

// Proved returns the images with the given canonical bytes. It does not check
// that they are JSON: a digest over what holds them has proved that they are
// what this package once wrote.
func (in *Interner) Proved(raws [][]byte) ([]*Image, error) {
	images, faults := make([]*Image, len(raws)), make([]error, len(raws))
	var group sync.WaitGroup
	share := max(64, (len(raws)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	for from := 0; from < len(raws); from += share {
		group.Go(func() {
			for i := from; i < min(from+share, len(raws)); i++ {
				images[i], faults[i] = viewImage(string(raws[i]))
			}
		})
	}
	group.Wait()
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, im := range images {
		images[i] = in.keep(im)
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
	im = in.keep(im)
	if raw != im.Raw {
		in.seen[string([]byte(raw))] = im
		in.size += len(raw)
	}
	return im
}

// keep returns the one image with the bytes of im. It expects the lock to be
// held.
func (in *Interner) keep(im *Image) *Image {
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
