package node

import (
	"hash/maphash"
	"math"
	"time"

	"github.com/longmen/longmen/core/ledger"
)

// recent remembers the ids sequenced lately: 24 bytes an id in the order of sequences, and a table of places that is at
// most half full. It is cut into generations, so that it grows and forgets without a pause.
//
// What it has forgotten is found in history by the one who asks: an id whose own time is before since may be older than
// what it remembers; a younger one can't have been sequenced before.
type recent struct {
	generations []*generation // oldest first
	limit       int           // ids to remember at most
	keep        time.Duration // and for how long
	since       time.Time     // all ids sequenced from then on are here
}

type generation struct {
	first uint64    // sequence of ids[0]
	from  time.Time // when the first was sequenced
	until time.Time // and the last
	least int64     // own times of its ids, in milliseconds
	most  int64
	ids   []remembered
	table []uint32 // place in ids + 1
	mask  uint64
}

type remembered struct {
	id   ledger.ID
	hash uint64 // of the content
}

// idSeed keeps a sender from choosing ids that fall on one place.
var idSeed = maphash.MakeSeed()

const (
	smallGeneration = 1 << 12
	largeGeneration = 1 << 18
)

func newRecent(limit int, keep time.Duration, since time.Time) *recent {
	return &recent{limit: limit, keep: keep, since: since}
}

// find gives the sequence and content of an id.
func (r *recent) find(id ledger.ID, own time.Time) (seq, hash uint64, ok bool) {
	for i := len(r.generations) - 1; i >= 0; i-- {
		g := r.generations[i]
		// Most ids are sequenced soon after their own time, so few generations can have one.
		if t := own.UnixMilli(); t < g.least || t > g.most {
			continue
		}
		if seq, hash, ok = g.find(id); ok {
			return seq, hash, true
		}
	}
	return 0, 0, false
}

// add remembers an id under the next sequence.
func (r *recent) add(id ledger.ID, hash, seq uint64, now time.Time) {
	n := len(r.generations)
	if n == 0 || len(r.generations[n-1].ids) == cap(r.generations[n-1].ids) {
		size := smallGeneration
		if n > 0 {
			size = min(largeGeneration, 2*cap(r.generations[n-1].ids))
		}
		r.generations = append(r.generations, &generation{
			first: seq, from: now, least: math.MaxInt64, ids: make([]remembered, 0, size), table: make([]uint32, 2*size), mask: uint64(2*size - 1),
		})
		r.forget(now)
		n = len(r.generations)
	}
	r.generations[n-1].add(id, hash, now)
}

// forget drops the oldest generations when there are too many ids, or they are too old.
func (r *recent) forget(now time.Time) {
	total := 0
	for _, g := range r.generations {
		total += cap(g.ids)
	}
	for len(r.generations) > 1 {
		g := r.generations[0]
		if total <= r.limit && now.Sub(g.until) < r.keep {
			return
		}
		total -= cap(g.ids)
		r.generations = r.generations[1:]
		r.since = r.generations[0].from
	}
}

func (g *generation) slot(id ledger.ID) uint64 {
	return maphash.Bytes(idSeed, id[:]) & g.mask
}

func (g *generation) find(id ledger.ID) (seq, hash uint64, ok bool) {
	for s := g.slot(id); g.table[s] != 0; s = (s + 1) & g.mask {
		if i := g.table[s] - 1; g.ids[i].id == id {
			return g.first + uint64(i), g.ids[i].hash, true
		}
	}
	return 0, 0, false
}

func (g *generation) add(id ledger.ID, hash uint64, now time.Time) {
	g.ids = append(g.ids, remembered{id, hash})
	s := g.slot(id)
	for g.table[s] != 0 {
		s = (s + 1) & g.mask
	}
	g.table[s] = uint32(len(g.ids))
	g.until = now
	own := ownTime(id).UnixMilli()
	g.least, g.most = min(g.least, own), max(g.most, own)
}
