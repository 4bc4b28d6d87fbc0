package replica

import (
	"sync"
	"unique"

	"community-images/shared/catalog"
)

// tags remembers the BaseOsTag of images, which is in the middle of their
// JSON: most lists are asked for more than once.
type tags struct {
	mu sync.Mutex
	of []unique.Handle[string] // by the Number of the image; the zero Handle: not looked up yet
}

// maxTags bounds the table, which holds 8 bytes for each image that there ever
// was; the tags themselves are few.
const maxTags = 1 << 18

// pick returns the images as they are stored, of those with the tag, or of all
// of them if it is empty.
func (t *tags) pick(images []*catalog.Image, tag string) []string {
	raw := make([]string, 0, len(images))
	if tag == "" {
		for _, im := range images {
			raw = append(raw, im.Raw)
		}
		return raw
	}
	wanted := unique.Make(tag)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, im := range images {
		if t.tag(im) == wanted {
			raw = append(raw, im.Raw)
		}
	}
	return raw
}

// tag expects the lock to be held.
func (t *tags) tag(im *catalog.Image) unique.Handle[string] {
	n := int(im.Number)
	if n == 0 || n >= maxTags {
		return unique.Make(im.Text("BaseOsTag.OsTag"))
	}
	if n >= len(t.of) {
		t.of = append(t.of, make([]unique.Handle[string], n+1-len(t.of))...)
	}
	if t.of[n] == (unique.Handle[string]{}) {
		t.of[n] = unique.Make(im.Text("BaseOsTag.OsTag"))
	}
	return t.of[n]
}
