package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"community-images/shared/jsonscan"
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
	s := jsonscan.TrimSpace(string(array))
	if s[0] != '[' {
		return nil, fmt.Errorf("image list is %s, not an array", clip(s))
	}
	return in.decode(s, func(raw string) (*Image, error) { return ParseImage([]byte(raw)) }, func() error { return nil })
}

// decode walks an array; parse is called for objects not seen before, and what
// it made of them is remembered once they are proved.
func (in *Interner) decode(array string, parse func(string) (*Image, error), proved func() error) ([]*Image, error) {
	raws := slices.Collect(jsonscan.Elements(array))
	images := in.lookup(raws)
	known := slices.Clone(images)
	faults := make([]error, len(raws))
	share(len(raws), func(i int) {
		if known[i] == nil {
			images[i], faults[i] = parse(strings.Clone(raws[i])) // else one image would hold the whole list in memory
		}
	})
	if err := proved(); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(faults, func(err error) bool { return err != nil }); i >= 0 {
		return nil, fmt.Errorf("entry %d: %w", i+1, faults[i])
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, im := range images {
		if known[i] == nil {
			images[i] = in.remember(raws[i], im)
		}
	}
	return images, nil
}

// Proved returns the images with the given canonical bytes. It does not check
// that they are JSON: a digest over what holds them has proved that they are
// what this package once wrote.
func (in *Interner) Proved(raws [][]byte) ([]*Image, error) {
	images, faults := make([]*Image, len(raws)), make([]error, len(raws))
	share(len(raws), func(i int) { images[i], faults[i] = viewImage(string(raws[i])) })
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

// share calls do for 0 to n-1, the CPUs sharing the work if there is enough.
func share(n int, do func(i int)) {
	const least = 64
	size := max(least, (n+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var group sync.WaitGroup
	for from := size; from < n; from += size {
		group.Go(func() {
			for i := from; i < min(from+size, n); i++ {
				do(i)
			}
		})
	}
	for i := range min(size, n) {
		do(i)
	}
	group.Wait()
}

// lookup returns the images that are known by their bytes, nil for the others.
func (in *Interner) lookup(raws []string) []*Image {
	in.mu.Lock()
	defer in.mu.Unlock()
	images := make([]*Image, len(raws))
	for i, raw := range raws {
		images[i] = in.seen[raw]
	}
	return images
}

// remember keeps im under the bytes it came from and returns the one image
// that stands for its content. It expects the lock to be held.
func (in *Interner) remember(raw string, im *Image) *Image {
	im = in.keep(im)
	if raw != im.Raw {
		in.seen[strings.Clone(raw)] = im
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
