package order_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestEventsAreStepsWithTheirParties(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := full()
		o := w.open(t, n)
		w.open(t, opening(2))
		w.do(t, change(1, o, "look", "desk"))
		events, err := w.Events(t.Context(), tenant, 1, 10)
		if err != nil || len(events) != 2 {
			t.Fatalf("events after the first: %v (%v)", events, err)
		}
		steps, err := w.Steps(t.Context(), tenant, o.ID, 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		steps[0].Parties = o.Parties
		same(t, events[1], steps[0])
		if events[0].Number != 2 || events[0].Order != uid("order", 2) {
			t.Errorf("the second event is %+v", events[0])
		}
		if page, err := w.Events(t.Context(), tenant, 0, 1); err != nil || len(page) != 1 || page[0].Number != 1 {
			t.Errorf("a page of one is %v (%v)", page, err)
		}
	})
}

// Several nodes write and a reader follows while they do: he sees 1, 2, 3… and in the end everything, although he never
// looks back.
func TestAReaderNeverMissesAnEvent(t *testing.T) {
	const nodes, writers, each = 2, 4, 12
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var writing sync.WaitGroup
		failed := make(chan error, nodes*writers)
		for node := range nodes {
			own := newWorld(t, db)
			for writer := range writers {
				writing.Go(func() {
					for i := range each {
						n := (node*writers+writer)*each + i
						r, err := own.Create(t.Context(), tenant, opening(n))
						if err == nil && n%2 == 0 {
							_, err = own.Change(t.Context(), tenant, change(n, r.Order, "look", "desk"))
						}
						if err == nil && n%3 == 0 { // refused: its number must not be lost
							_, err = own.Change(t.Context(), tenant, change(1000+n, r.Order, "refuse", "desk"))
							if errs.Is(err, order.Stale) || errs.Is(err, order.WrongState) {
								err = nil
							}
						}
						if err != nil {
							failed <- err
							return
						}
					}
				})
			}
		}
		over := make(chan struct{})
		go func() { writing.Wait(); close(over) }()
		var position uint64
		read := func() {
			events, err := w.Events(t.Context(), tenant, position, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if position++; e.Number != position {
					t.Fatalf("event %d came where %d was due", e.Number, position)
				}
			}
		}
		for running := true; running; {
			select {
			case <-over:
				running = false
			default:
				read()
			}
		}
		close(failed)
		for err := range failed {
			t.Error(err)
		}
		for before := uint64(1<<63 - 1); before != position; {
			before = position
			read()
		}
		const want = nodes*writers*each + nodes*writers*each/2
		if last, err := w.Last(t.Context(), tenant); err != nil || last != want || position != want {
			t.Errorf("read %d of %d events, want %d (%v)", position, last, want, err)
		}
	})
}

// Two nodes run the same follower. Whatever it writes with its position is written once an event.
func TestAFollowerWritesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		if _, err := db.Writer().Exec("CREATE TABLE seen (number bigint)"); err != nil {
			t.Fatal(err)
		}
		const n = 30
		var writes []order.Write
		for i := range n {
			writes = append(writes, opening(i))
		}
		if _, err := w.Batch(t.Context(), tenant, writes...); err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		failed := make(chan error, 2)
		for range 2 {
			own := newWorld(t, db)
			running.Go(func() { failed <- follow(t.Context(), own, n) })
		}
		running.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				t.Error(err)
			}
		}
		var rows, different int
		if err := db.Reader().QueryRow("SELECT count(*), count(DISTINCT number) FROM seen").Scan(&rows, &different); err != nil {
			t.Fatal(err)
		}
		if rows != n || different != n {
			t.Errorf("%d rows of %d events, want %d", rows, different, n)
		}
	})
}

// follow is how a front follows events into its own rows.
func follow(ctx context.Context, w *world, until uint64) error {
	for {
		position, err := w.Position(ctx, tenant, "front")
		if err != nil || position == until {
			return err
		}
		events, err := w.Events(ctx, tenant, position, 4)
		if err != nil {
			return err
		}
		err = w.db.Write(ctx, func(tx *sql.Tx) error {
			for _, e := range events {
				if _, err := tx.ExecContext(ctx, w.db.Rebind("INSERT INTO seen VALUES (?)"), int64(e.Number)); err != nil {
					return fmt.Errorf("see event %d: %w", e.Number, err)
				}
			}
			return w.Advance(ctx, tx, tenant, "front", position, events[len(events)-1].Number)
		})
		if err != nil && !errs.Is(err, order.Moved) {
			return err
		}
	}
}

func TestAdvanceRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.open(t, opening(1))
		w.open(t, opening(2))
		advance := func(follower string, from, to uint64) error {
			return w.db.Write(t.Context(), func(tx *sql.Tx) error { return w.Advance(t.Context(), tx, tenant, follower, from, to) })
		}
		refused(t, advance("The Front", 0, 1), errs.Invalid, "follower")
		refused(t, advance("front", 1, 1), errs.Invalid, "to")
		refused(t, advance("front", 0, 3), errs.Invalid, "to")
		refused(t, advance("front", 1, 2), order.Moved, "from")
		if err := errors.Join(advance("front", 0, 1), advance("other", 0, 2), advance("front", 1, 2)); err != nil {
			t.Error(err)
		}
		refused(t, advance("front", 0, 1), order.Moved, "from")
		for _, follower := range []string{"front", "other"} {
			if n, err := w.Position(t.Context(), tenant, follower); err != nil || n != 2 {
				t.Errorf("%s stands at %d (%v)", follower, n, err)
			}
		}
	})
}
