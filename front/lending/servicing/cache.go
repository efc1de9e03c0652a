package servicing

import (
	"hash/maphash"
	"sync"

	"github.com/longmen/longmen/kit/id"
)

// maxCached is how many loans are kept in memory.
const maxCached = 1 << 16

type key struct{ tenant, loan id.ID }

// cache keeps loans as they were used last. When it is full, any of them goes.
type cache struct {
	mu    sync.Mutex
	loans map[key]*Loan
	round uint64 // grows when contracts may say something else than before
}

// generation is what a loan is read in.
func (c *cache) generation() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.round
}

// clear drops all loans, and those that are being read.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.round++
	clear(c.loans)
}

func (c *cache) get(tenant, loan id.ID) *Loan {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loans[key{tenant, loan}]
}

func (c *cache) put(l *Loan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.read != c.round {
		return
	}
	if len(c.loans) >= maxCached {
		for k := range c.loans {
			delete(c.loans, k)
			break
		}
	}
	c.loans[key{l.Tenant, l.Deed.Loan}] = l
}

func (c *cache) drop(tenant, loan id.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.loans, key{tenant, loan})
}

// locks lets one act at a time at a loan. Loans share them by chance.
type locks struct {
	seed maphash.Seed
	list [4096]sync.Mutex
}

func (l *locks) lock(tenant, loan id.ID) (unlock func()) {
	m := &l.list[maphash.Comparable(l.seed, key{tenant, loan})%uint64(len(l.list))]
	m.Lock()
	return m.Unlock
}
