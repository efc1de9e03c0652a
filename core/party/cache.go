package party

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/kit/id"
)

// cache keeps what the rows said about tokens, for a while. Changes made here drop what they touch; a reading that
// began before a change is not kept after it.
type cache struct {
	most  int
	stale time.Duration

	mu     sync.RWMutex
	known  map[[32]byte]*entry
	of     map[id.ID][][32]byte // the known tokens of a principal, and of the party that stands behind it
	change uint64               // how often something was dropped
}

type entry struct {
	*admission
	read    time.Time   // when the reading began
	renewed atomic.Bool // somebody reads it again
}

func newCache(most int, stale time.Duration) *cache {
	return &cache{most: most, stale: stale, known: map[[32]byte]*entry{}, of: map[id.ID][][32]byte{}}
}

// get gives what is known of a token and fresh enough. In the second half of its time one caller is sent to read it
// again while the others still have it, so that a busy token never has all of them read at once.
func (c *cache) get(hash *[32]byte, now time.Time) *admission {
	c.mu.RLock()
	e := c.known[*hash]
	c.mu.RUnlock()
	if e == nil {
		return nil
	}
	switch age := now.Sub(e.read); {
	case age < 0 || age >= c.stale:
		return nil
	case age >= c.stale/2 && e.renewed.CompareAndSwap(false, true):
		return nil
	}
	return e.admission
}

// ticket is taken before a reading and shown with it.
func (c *cache) ticket() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.change
}

// put keeps a reading unless something was dropped since its ticket.
func (c *cache) put(hash *[32]byte, a *admission, read time.Time, ticket uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ticket != c.change {
		return
	}
	old := c.known[*hash]
	switch {
	case old != nil && old.read.After(read):
		return
	case old == nil:
		if len(c.known) >= c.most {
			c.evict()
		}
		for _, owner := range a.owners() {
			c.of[owner] = append(c.of[owner], *hash)
		}
	}
	c.known[*hash] = &entry{admission: a, read: read}
}

// evict forgets any one token.
func (c *cache) evict() {
	for hash := range c.known {
		c.forget(hash)
		return
	}
}

// forget forgets a token. The lock is held.
func (c *cache) forget(hash [32]byte) {
	e := c.known[hash]
	delete(c.known, hash)
	for _, owner := range e.owners() {
		left := slices.DeleteFunc(c.of[owner], func(h [32]byte) bool { return h == hash })
		if c.of[owner] = left; len(left) == 0 {
			delete(c.of, owner)
		}
	}
}

// drop forgets the tokens of a principal, or of all behind which a party stands.
func (c *cache) drop(owner id.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change++
	for _, hash := range slices.Clone(c.of[owner]) {
		c.forget(hash)
	}
}

// owners are those whose change drops the token.
func (a *admission) owners() [2]id.ID { return [2]id.ID{a.access.Principal, a.access.Person} }

// clear forgets all.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change++
	clear(c.known)
	clear(c.of)
}
