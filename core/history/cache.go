package history

import (
	"sync"
	"sync/atomic"
)

// Memory bounds what several histories keep together of what was read last. A cache that grows makes room in
// itself alone; each has a little room whatever the others keep.
type Memory struct {
	limit int64
	used  atomic.Int64
}

// NewMemory makes a bound of so many bytes.
func NewMemory(limit int) *Memory { return &Memory{limit: int64(limit)} }

func (m *Memory) add(bytes int) {
	if m != nil {
		m.used.Add(int64(bytes))
	}
}

func (m *Memory) full() bool { return m != nil && m.used.Load() > m.limit }

// sureShare is the part of a cache's limit that it may use when the memory of all is full.
const sureShare = 16

// cache keeps what was read last, up to a number of bytes.
type cache[K comparable, V any] struct {
	all   *Memory
	mu    sync.Mutex
	limit int
	size  int
	items map[K]*cached[K, V]
	first *cached[K, V] // used last
	last  *cached[K, V]
}

type cached[K comparable, V any] struct {
	key           K
	value         V
	cost          int
	before, after *cached[K, V]
}

func newCache[K comparable, V any](all *Memory, limit int) *cache[K, V] {
	return &cache[K, V]{all: all, limit: limit, items: map[K]*cached[K, V]{}}
}

// grow notes that what is kept has become larger by so much.
func (c *cache[K, V]) grow(bytes int) {
	c.size += bytes
	c.all.add(bytes)
}

func (c *cache[K, V]) get(key K) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.items[key]
	if i == nil {
		return v, false
	}
	if i != c.first {
		c.unlink(i)
		c.link(i)
	}
	return i.value, true
}

func (c *cache[K, V]) put(key K, v V, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cost > c.limit/4 {
		if i := c.items[key]; i != nil {
			c.drop(i)
		}
		return
	}
	if i := c.items[key]; i != nil {
		c.grow(cost - i.cost)
		i.value, i.cost = v, cost
		c.unlink(i)
		c.link(i)
	} else {
		i = &cached[K, V]{key: key, value: v, cost: cost}
		c.items[key] = i
		c.grow(cost)
		c.link(i)
	}
	for c.size > c.limit || c.all.full() && c.size > c.limit/sureShare {
		c.drop(c.last)
	}
}

func (c *cache[K, V]) drop(i *cached[K, V]) {
	c.unlink(i)
	delete(c.items, i.key)
	c.grow(-i.cost)
}

func (c *cache[K, V]) link(i *cached[K, V]) {
	i.before, i.after = nil, c.first
	if c.first != nil {
		c.first.before = i
	}
	c.first = i
	if c.last == nil {
		c.last = i
	}
}

func (c *cache[K, V]) unlink(i *cached[K, V]) {
	if i.before != nil {
		i.before.after = i.after
	} else {
		c.first = i.after
	}
	if i.after != nil {
		i.after.before = i.before
	} else {
		c.last = i.before
	}
}
