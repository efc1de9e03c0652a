package party_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// BenchmarkResolve asks for tokens of principals that act for so many parties, from memory and from the rows.
func BenchmarkResolve(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		for _, acts := range []int{1, 1_000} {
			w := newWorld(b, open(b))
			h := w.home("one")
			last := h.person
			for range acts {
				last = w.person(h.by, "Li")
				w.grant(h.by, h.principal, last)
			}
			var texts []string
			for range 50 {
				_, text := w.token(h.by, h.principal, time.Hour)
				texts = append(texts, text)
				if _, err := w.Resolve(b.Context(), text); err != nil {
					b.Fatal(err)
				}
			}
			resolve := func(b *testing.B, r *party.Registry, n int) {
				a, err := r.Resolve(b.Context(), texts[n%len(texts)])
				if err != nil || !a.ActsFor(last) {
					b.Fatalf("access %+v, %v", a, err)
				}
			}
			b.Run(fmt.Sprintf("%s/parties=%d/memory", name, acts), func(b *testing.B) {
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					resolve(b, w.Registry, n)
				}
			})
			b.Run(fmt.Sprintf("%s/parties=%d/memory, all cores", name, acts), func(b *testing.B) {
				b.RunParallel(func(p *testing.PB) {
					for n := 0; p.Next(); n++ {
						resolve(b, w.Registry, n)
					}
				})
			})
			none := w.node(party.Options{Stale: 1})
			b.Run(fmt.Sprintf("%s/parties=%d/rows", name, acts), func(b *testing.B) {
				for n := 0; b.Loop(); n++ {
					w.later(time.Microsecond)
					resolve(b, none, n)
				}
			})
		}
	}
}
