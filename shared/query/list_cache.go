package query

import (
	"container/list"
	"sync"
)

// listCache keeps image lists by digest, the freshest first, within a limit of
// bytes. Lists share pools, so each pool counts once.
type listCache struct {
	mu    sync.Mutex
	limit int
	used  int
	order *list.List // of *keptList
	items map[string]*list.Element
}

type cachedList struct {
	digest string
	list   imageList
}

func newListCache(limit int) *listCache {
	return &listCache{limit: limit, order: list.New(), items: map[string]*list.Element{}}
}

func (c *listCache) get(digest string) (imageList, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[digest]
	if !ok {
		return imageList{}, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedList).list, true
}

func (c *listCache) put(digest string, l imageList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[digest]; ok {
		return
	}
	c.items[digest] = c.order.PushFront(&cachedList{digest, l})
	c.used += listBytes(l)
	if l.pool.lists++; l.pool.lists == 1 {
		c.used += l.pool.sizeInBytes()
	}
	for c.used > c.limit && c.order.Len() > 1 {
		c.evict(c.order.Back())
	}
}

func (c *listCache) evict(e *list.Element) {
	kept := c.order.Remove(e).(*cachedList)
	delete(c.items, kept.digest)
	c.used -= listBytes(kept.list)
	if kept.list.pool.lists--; kept.list.pool.lists == 0 {
		c.used -= kept.list.pool.sizeInBytes()
	}
}

func listBytes(l imageList) int { return 256 + 4*len(l.places) }

// weight is the memory of the images, about: their texts and what tells of
// them. Pools share images; so it is rather too much.
func (p *imagePool) sizeInBytes() int {
	n := 0
	for _, im := range p.images {
		n += 128 + len(im.Raw)
	}
	return n
}
