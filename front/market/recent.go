package market

import "sync"

// maxRecent is how many bids are remembered until their rows are there.
const maxRecent = 8_192

// recent remembers the last bids that were made here, so that who has just made one can ask for it before its row is
// there.
type recent struct {
	mu   sync.Mutex
	bids map[key]Bid
	ring []key
	next int
}

func (r *recent) add(b Bid) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := key{b.Tenant, b.ID}
	if _, there := r.bids[k]; there {
		return
	}
	if r.bids == nil {
		r.bids = make(map[key]Bid)
	}
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, k)
	} else {
		delete(r.bids, r.ring[r.next])
		r.ring[r.next] = k
		r.next = (r.next + 1) % maxRecent
	}
	r.bids[k] = b
}

func (r *recent) get(k key) (Bid, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.bids[k]
	return b, ok
}
