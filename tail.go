package longmen

import (
	"slices"
	"sync"

	"github.com/longmen/longmen/core/feed"
)

// Bounds of what a tail keeps.
const (
	tailEvents = 4_096
	tailBytes  = 4 << 20 // of the journal
)

// tail is events that came last, for all who watch the ledger.
type tail struct {
	mu    sync.Mutex
	first uint64 // sequence of the first one
	list  []feed.Event
	sizes []int // in the journal
	bytes int
}

// from gives what is kept from a sequence on, nothing if that one is not among it.
func (t *tail) from(next uint64, most int) []feed.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	if next < t.first || next >= t.first+uint64(len(t.list)) {
		return nil
	}
	list := t.list[next-t.first:]
	return slices.Clone(list[:min(len(list), most)])
}

// add keeps an event that follows the last one. One further on begins anew, an earlier one is of no use.
func (t *tail) add(e feed.Event, size int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch next := t.first + uint64(len(t.list)); {
	case e.Result.Sequence < next:
		return
	case e.Result.Sequence > next:
		t.first, t.list, t.sizes, t.bytes = e.Result.Sequence, nil, nil, 0
	}
	t.list, t.sizes, t.bytes = append(t.list, e), append(t.sizes, size), t.bytes+size
	for len(t.list) > tailEvents || t.bytes > tailBytes {
		t.bytes -= t.sizes[0]
		t.list, t.sizes, t.first = t.list[1:], t.sizes[1:], t.first+1
	}
}
