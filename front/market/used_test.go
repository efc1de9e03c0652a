package market

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/longmen/longmen/kit/id"
)

// Memory answers for an id that can't have been used before what it remembers, and for no other.
func TestUsedIsSure(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	of := func(at time.Time) key {
		var i id.ID
		binary.BigEndian.PutUint64(i[:], uint64(at.UnixMilli())<<16)
		return key{id: i}
	}
	var u used
	listing := id.ID{1}
	for _, c := range []struct {
		own, now time.Duration
		sure     bool
	}{
		{0, 0, false}, {10 * time.Second, 0, false}, {11 * time.Second, time.Second, true}, // ids may be of the future by 10 s
		{40 * time.Second, 40 * time.Second, true}, {24 * time.Second, 60 * time.Second, false},
	} {
		k := of(start.Add(c.own))
		if _, sure := u.find(k, start.Add(c.now)); sure != c.sure {
			t.Errorf("an id of %s at %s: sure %t", c.own, c.now, sure)
		}
		u.add(k, listing, start.Add(c.now))
		if got, sure := u.find(k, start.Add(c.now+usedFor)); got != listing || !sure {
			t.Errorf("an id that was used at %s is not known a moment later", c.now)
		}
	}
}
