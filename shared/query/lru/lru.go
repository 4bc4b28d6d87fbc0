package lru

import (
	"container/list"
	"sync"
)

// Cache is a cache that drops the values that were used least recently when the
// sum of the costs exceeds a limit. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	// limit bounds the sum of costs, in whatever unit the costs have.
	limit int

	mu    sync.Mutex // guards the following
	used  int        // sum of costs
	order *list.List // of *lruItem[K, V], the last used first
	// items finds the element of order by key.
	items map[K]*list.Element
}

// lruItem is a value with what evict needs to know of it.
type lruItem[K comparable, V any] struct {
	key   K // to delete the item from items
	value V
	// cost is the share of the limit that the item takes.
	cost int
}

// New returns an empty cache.
func New[K comparable, V any](limit int) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, order: list.New(), items: map[K]*list.Element{}}
}

// Get returns the value with a key and marks it as used. ok is false if there is
// none, or none any more.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruItem[K, V]).value, true
}

// Put keeps a value in the place of one with the same key. It does not keep a
// value that costs more than the limit.
func (c *Cache[K, V]) Put(key K, value V, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		c.evict(e)
	}
	// Such a value would drive out all others and then go itself.
	if cost > c.limit {
		return
	}
	c.items[key] = c.order.PushFront(&lruItem[K, V]{key, value, cost})
	c.used += cost
	for c.used > c.limit {
		c.evict(c.order.Back())
	}
}

// evict drops a value. The caller holds the lock.
func (c *Cache[K, V]) evict(element *list.Element) {
	item := c.order.Remove(element).(*lruItem[K, V])
	delete(c.items, item.key)
	c.used -= item.cost
}
