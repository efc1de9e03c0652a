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
	of     map[id.ID][][32]byte // the known tokens of a principal
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
		principal := a.access.Principal
		c.of[principal] = append(c.of[principal], *hash)
	}
	c.known[*hash] = &entry{admission: a, read: read}
}

// evict forgets any one token.
func (c *cache) evict() {
	for hash, e := range c.known {
		delete(c.known, hash)
		principal := e.access.Principal
		left := slices.DeleteFunc(c.of[principal], func(h [32]byte) bool { return h == hash })
		if c.of[principal] = left; len(left) == 0 {
			delete(c.of, principal)
		}
		return
	}
}

// drop forgets the tokens of a principal.
func (c *cache) drop(principal id.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change++
	for _, hash := range c.of[principal] {
		delete(c.known, hash)
	}
	delete(c.of, principal)
}

// clear forgets all.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change++
	clear(c.known)
	clear(c.of)
}
