package party

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/kit/id"
)

// A reading that began before a change must not outlive it, in whatever order they end.
func TestAReadingFromBeforeAChangeIsNotKept(t *testing.T) {
	at, hash := time.Unix(1_000, 0), [32]byte{1}
	of := func(principal byte) *admission { return &admission{access: Access{Principal: id.ID{principal}}} }
	for name, change := range map[string]func(*cache){
		"drop":               func(c *cache) { c.drop(id.ID{1}) },
		"drop of another":    func(c *cache) { c.drop(id.ID{2}) }, // whose the token is, the reading may not know yet
		"clear":              (*cache).clear,
		"drop of what isn't": func(c *cache) { c.drop(id.ID{}) },
	} {
		c := newCache(10, time.Second)
		ticket := c.ticket()
		change(c)
		if c.put(&hash, of(1), at, ticket); c.get(&hash, at) != nil {
			t.Errorf("%s: the reading is kept", name)
		}
		if c.put(&hash, of(1), at, c.ticket()); c.get(&hash, at) == nil {
			t.Errorf("%s: the next reading is not kept", name)
		}
	}
}

// The cache answers with the newest reading put, while it is fresh, and never holds more than it may.
func TestCacheFollowsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 4
		c := newCache(most, time.Second)
		now := time.Unix(1_000, 0)
		model, read := map[byte]*admission{}, map[byte]time.Time{}
		forget := func(of func(byte) bool) {
			for n := range model {
				if of(n) {
					delete(model, n)
				}
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			n := rapid.ByteRange(0, 7).Draw(t, "token") // of principal n%3
			hash := [32]byte{n}
			switch rapid.SampledFrom([]string{"put", "put", "late put", "drop", "drop person", "clear", "wait"}).Draw(t, "step") {
			case "put":
				a := &admission{access: Access{Principal: id.ID{n % 3}, Person: id.ID{100 + n%2}}}
				c.put(&hash, a, now, c.ticket())
				model[n], read[n] = a, now
			case "late put": // of a reading that began before all others
				a := &admission{access: Access{Principal: id.ID{n % 3}, Person: id.ID{100 + n%2}}}
				if c.get(&hash, now) != nil && read[n].After(time.Unix(999, 0)) {
					c.put(&hash, a, time.Unix(999, 0), c.ticket())
				}
			case "drop":
				c.drop(id.ID{n % 3})
				forget(func(m byte) bool { return m%3 == n%3 })
			case "drop person":
				c.drop(id.ID{100 + n%2})
				forget(func(m byte) bool { return m%2 == n%2 })
			case "clear":
				c.clear()
				forget(func(byte) bool { return true })
			case "wait":
				now = now.Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "time")) * 200 * time.Millisecond)
			}
			kept := 0
			for _, hashes := range c.of {
				kept += len(hashes)
			}
			if kept != 2*len(c.known) || len(c.known) > most {
				t.Fatalf("%d tokens are known, %d by principal and person, at most %d may be", len(c.known), kept, most)
			}
			for m := range byte(8) {
				got := c.get(&[32]byte{m}, now)
				if got != nil && (got != model[m] || now.Sub(read[m]) >= time.Second) {
					t.Fatalf("token %d: an answer that is not the newest, or too old", m)
				}
			}
		}
	})
}
