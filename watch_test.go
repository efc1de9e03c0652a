package longmen_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

var errEnough = errors.New("enough")

// Watch reads in ranges what Command reads one by one, from any place, and goes on with what comes meanwhile.
func TestWatchGivesEveryCommandFromAnyPlace(t *testing.T) {
	for _, dsn := range []string{"", storetest.PostgresDSN(t)} {
		b := newBooks(t, dsn)
		b.payMany(2_500)
		for _, from := range []uint64{0, 1, 2, 3, 1_000, 2_500} {
			next, late := max(from, 1), false
			err := b.main.Watch(t.Context(), from, func(list []longmen.Event) error {
				for _, e := range list {
					want, err := b.main.History().Command(t.Context(), next)
					must(t, err)
					if e.Result.Sequence != next || e.Command.ID != want.Command.ID || e.Result.Code != want.Result.Code || e.Result.Timestamp != want.Timestamp {
						t.Fatalf("from %d: sequence %d is %+v", from, next, e)
					}
					next++
				}
				switch last := b.main.Applied(); {
				case next <= last:
				case late:
					return errEnough
				default:
					late = true
					b.pay(1)
				}
				return nil
			})
			if !errors.Is(err, errEnough) || next <= 2_500 {
				t.Errorf("from %d to %d: %v", from, next, err)
			}
		}
	}
}

// payMany moves money n times, in batches.
func (b *books) payMany(n int) {
	b.t.Helper()
	for n > 0 {
		batch := make([]*longmen.Command, min(n, 1_000))
		for i := range batch {
			own, err := b.main.NewID()
			must(b.t, err)
			batch[i] = &longmen.Command{ID: own, Operations: []longmen.Operation{
				&longmen.Transfer{Debit: "bank", Credit: "client", Mode: longmen.Exact, Amount: 1},
			}}
		}
		_, err := b.main.Apply(b.t.Context(), batch)
		must(b.t, err)
		n -= len(batch)
	}
}

// A follower that was stopped catches up: a row of its own for each command, on either database.
func BenchmarkCatchUp(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			dsn, rows := "", filepath.Join(b.TempDir(), "rows.db")
			if kind == "postgres" {
				dsn = storetest.PostgresDSN(b)
				rows = dsn
			}
			books := newBooks(b, dsn)
			const commands = 100_000
			books.payMany(commands)
			must(b, books.main.History().Wait(b.Context(), books.main.Applied()))
			db := storetest.Open(b, rows)
			_, err := db.Writer().ExecContext(b.Context(), "CREATE TABLE seen (sequence bigint PRIMARY KEY)")
			must(b, err)
			f, err := feed.Open(b.Context(), db, clock.Real{})
			must(b, err)
			b.ResetTimer()
			for n := range b.N {
				catchUp(b, f, db, books.main, uint64(n))
			}
			b.ReportMetric(float64(b.N*commands)/b.Elapsed().Seconds(), "commands/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func catchUp(b *testing.B, f *feed.Feed, db *store.DB, l *longmen.Ledger, n uint64) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	first := id.ID(l.ID())
	who := feed.Follower{Tenant: first.Derive("tenant", n), Ledger: first, Name: "books"}
	err := f.Follow(ctx, who, 1, until{l, l.Applied(), cancel}, nil, feed.Each(func(ctx context.Context, tx *sql.Tx, e *feed.Event) error {
		_, err := tx.ExecContext(ctx, db.Rebind("INSERT INTO seen (sequence) VALUES (?)"), int64(n<<32|e.Result.Sequence))
		return err
	}))
	if !errors.Is(err, context.Canceled) {
		b.Fatal(err)
	}
}

// until is a ledger that tells when its last event was handled.
type until struct {
	*longmen.Ledger
	last uint64
	done func()
}

func (u until) Watch(ctx context.Context, from uint64, each func([]longmen.Event) error) error {
	return u.Ledger.Watch(ctx, from, func(list []longmen.Event) error {
		err := each(list)
		if err == nil && list[len(list)-1].Result.Sequence >= u.last {
			u.done()
		}
		return err
	})
}
