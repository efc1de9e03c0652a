package market

import "sync"

// maxKnown is how many listings are kept in memory. When they are as many, all go, and those that are asked for come back.
const maxKnown = 1 << 14

// known has listings whose rows need not be read again, for what never changes in them.
type known struct {
	mu       sync.RWMutex
	listings map[key]*Listing
}

func (k *known) get(of key) (*Listing, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	l, there := k.listings[of]
	return l, there
}

func (k *known) put(of key, l *Listing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.listings == nil || len(k.listings) >= maxKnown {
		k.listings = map[key]*Listing{}
	}
	k.listings[of] = l
}

func (k *known) drop(of key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.listings, of)
}
