package query

import (
	"container/list"
	"sync"

	"community-images/shared/catalog"
)

// listCache keeps image lists by digest, the freshest first, within a limit of
// bytes. Lists share their images, so each image counts once.
type listCache struct {
	mu    sync.Mutex
	limit int
	used  int
	order *list.List // of *keptList
	items map[string]*list.Element
	refs  []int32 // lists that hold an image, by its Number
}

type keptList struct {
	digest string
	images []*catalog.Image
}

func newListCache(limit int) *listCache {
	return &listCache{limit: limit, order: list.New(), items: map[string]*list.Element{}}
}

func (c *listCache) get(digest string) ([]*catalog.Image, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[digest]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*keptList).images, true
}

func (c *listCache) put(digest string, images []*catalog.Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[digest]; ok {
		return
	}
	c.items[digest] = c.order.PushFront(&keptList{digest, images})
	c.used += listWeight(images)
	for _, im := range images {
		if n := int(im.Number) + 1 - len(c.refs); n > 0 {
			c.refs = append(c.refs, make([]int32, n)...)
		}
		if c.refs[im.Number]++; c.refs[im.Number] == 1 {
			c.used += imageWeight(im)
		}
	}
	for c.used > c.limit && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

func (c *listCache) drop(e *list.Element) {
	kept := c.order.Remove(e).(*keptList)
	delete(c.items, kept.digest)
	c.used -= listWeight(kept.images)
	for _, im := range kept.images {
		if c.refs[im.Number]--; c.refs[im.Number] == 0 {
			c.used -= imageWeight(im)
		}
	}
}

func listWeight(images []*catalog.Image) int { return 256 + 8*len(images) }

// imageWeight is the memory of an image, about: its text and the views.
func imageWeight(im *catalog.Image) int { return 512 + len(im.Raw) }
