package query

import (
	"container/list"
	"sync"
)

// lru is a cache bounded by the sum of the costs of its values. It is safe for
// concurrent use.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	limit int
	used  int
	order *list.List // of *lruItem, the freshest first
	items map[K]*list.Element
}

type lruItem[K comparable, V any] struct {
	key   K
	value V
	cost  int
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: limit, order: list.New(), items: map[K]*list.Element{}}
}

func (c *lru[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruItem[K, V]).value, true
}

// put keeps the value unless it is larger than the whole cache.
func (c *lru[K, V]) put(key K, value V, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		c.evict(e)
	}
	if cost > c.limit {
		return
	}
	c.items[key] = c.order.PushFront(&lruItem[K, V]{key, value, cost})
	c.used += cost
	for c.used > c.limit {
		c.evict(c.order.Back())
	}
}

func (c *lru[K, V]) evict(e *list.Element) {
	item := c.order.Remove(e).(*lruItem[K, V])
	delete(c.items, item.key)
	c.used -= item.cost
}
