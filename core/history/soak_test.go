//go:build soak

package history

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// The same questions over longer pasts, many of them.
func TestLongPasts(t *testing.T) {
	for _, kind := range []struct {
		name   string
		dbs    func() []*store.DB
		checks string
	}{
		{"sqlite", func() []*store.DB { return []*store.DB{storetest.SQLite(t), storetest.SQLite(t)} }, "1500"},
		{"postgres", func() []*store.DB { return []*store.DB{storetest.Postgres(t), storetest.Postgres(t)} }, "100"},
	} {
		t.Run(kind.name, func(t *testing.T) {
			checks(t, kind.checks)
			dbs := kind.dbs()
			rapid.Check(t, func(rt *rapid.T) {
				w := newWorld(t, rapid.Uint64().Draw(rt, "seed"), dbs...)
				defer w.close()
				for range rapid.IntRange(0, 4).Draw(rt, "restarts") {
					for range rapid.IntRange(1, 60).Draw(rt, "steps") {
						w.step()
					}
					w.reopen(rt)
					w.replay()
				}
				for range rapid.IntRange(1, 80).Draw(rt, "steps") {
					w.step()
				}
				w.check(rt)
			})
		})
	}
}
