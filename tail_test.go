package longmen

import (
	"testing"

	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/core/ledger"
)

// What is kept is a run of sequences without gaps, bounded by number and by size.
func TestTail(t *testing.T) {
	k := &tail{}
	add := func(from, to uint64, size int) {
		for ; from <= to; from++ {
			k.add(feed.Event{Result: ledger.Result{Sequence: from}}, size)
		}
	}
	is := func(next uint64, most, want int) {
		t.Helper()
		list := k.from(next, most)
		for i := range list {
			if list[i].Result.Sequence != next+uint64(i) {
				t.Fatalf("from %d on the %d. is %d", next, i, list[i].Result.Sequence)
			}
		}
		if len(list) != want {
			t.Errorf("%d from %d on, want %d", len(list), next, want)
		}
	}
	is(0, 9, 0)
	is(1, 9, 0)
	add(100, 110, 1)
	is(99, 99, 0)
	is(100, 99, 11)
	is(105, 3, 3)
	is(111, 99, 0)
	add(50, 60, 1) // somebody far behind
	is(50, 99, 0)
	is(110, 99, 1)
	add(200, 200, 1) // a gap
	is(110, 99, 0)
	add(201, 200+2*tailEvents, 1)
	is(200+tailEvents, 9, 0)
	is(201+tailEvents, 2*tailEvents, tailEvents)
	add(201+2*tailEvents, 204+2*tailEvents, tailBytes/2)
	is(203+2*tailEvents, 9, 2)
	is(202+2*tailEvents, 9, 0)
	add(205+2*tailEvents, 205+2*tailEvents, tailBytes+1)
	is(205+2*tailEvents, 9, 0)
}
