package servicing_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// next is an act on a loan that was just paid out.
func next(d servicing.Deed, n int) servicing.Act {
	return servicing.Act{Tenant: tenant, Loan: d.Loan, Version: 1, Event: servicing.Event{
		ID: uid("group", n), Number: 2, Kind: servicing.Repaid, Outcome: servicing.Applied,
	}}
}

// Acts are written down together. Each is refused for its own reason, and nobody else with it.
func TestActsBeginTogether(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		var list []servicing.Act
		for n := range 6 {
			list = append(list, next(w.lend(n+1, small), n))
		}
		list[1].Version = 5                       // another node was quicker
		list[3].Event.ID = list[2].Event.ID       // one id for two loans
		list[4].Event.ID = uid("disbursement", 1) // an id that another loan has
		list[5].Loan = uid("nowhere", 1)          // there is no such loan
		failed := w.Begin(list...)
		if failed[0] != nil || !servicing.Stale(failed[1]) || !errs.Is(failed[4], servicing.Taken) || !servicing.Stale(failed[5]) {
			t.Errorf("%v", failed)
		}
		if a, b := failed[2], failed[3]; (a == nil) == (b == nil) || !errs.Is(errors.Join(a, b), servicing.Taken) {
			t.Errorf("of two with one id: %v and %v", a, b)
		}
		if n := w.query("SELECT count(*) FROM lending_pending"); n != 2 {
			t.Errorf("%d are written down", n)
		}
		if again := w.Begin(list[0]); !servicing.Stale(again[0]) {
			t.Errorf("of a loan with an act that waits: %v", again)
		}
	})
}

// Events are kept together, once. One that can't be kept is alone with its error, and stays written down.
func TestActsAreConfirmedTogether(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		bad := errors.New("can't be told")
		var told []uint32
		w.Watch(servicing.Watching(func(_ context.Context, _ *servicing.Loan, e *servicing.Event, _ servicing.State) ([]id.ID, error) {
			return []id.ID{e.ID}, nil
		}, func(ctx context.Context, tx *sql.Tx, list []id.ID) error {
			told = append(told, uint32(len(list)))
			// Nobody waits for a row of an act while he has what those lock who are told.
			var waiting int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM lending_pending").Scan(&waiting); err != nil || waiting > 4-len(list) {
				t.Errorf("%d acts still wait as %d are told: %v", waiting, len(list), err)
			}
			for _, i := range list {
				if i == uid("group", 3) {
					return bad
				}
			}
			return nil
		}))
		var list []servicing.Act
		for n := range 4 {
			list = append(list, next(w.lend(n+1, small), n))
		}
		if failed := w.Begin(list...); errors.Join(failed...) != nil {
			t.Fatal(failed)
		}
		told = nil
		failed := w.Confirm(list...)
		if errors.Join(failed[:3]...) != nil || !errors.Is(failed[3], bad) {
			t.Fatalf("%v", failed)
		}
		if len(told) != 5 || told[0] != 4 { // all together, and then each alone
			t.Errorf("told in groups of %v", told)
		}
		if again := w.Confirm(list[:3]...); errors.Join(again...) != nil {
			t.Errorf("again: %v", again)
		}
		other := list[0]
		other.Event.ID = uid("group", 9)
		if failed := w.Confirm(other); failed[0] == nil {
			t.Error("another act has the number of an event that is there")
		}
		if events, loans, pending := w.query("SELECT count(*) FROM lending_event WHERE number = 2"),
			w.query("SELECT count(*) FROM lending_loan WHERE version = 2"), w.query("SELECT count(*) FROM lending_pending"); events != 3 || loans != 3 || pending != 1 {
			t.Errorf("%d events, %d loans, %d still waiting", events, loans, pending)
		}
	})
}

// A node begins an act while another one is confirming one: it waits, and then sees that the loan has changed.
func TestBegunWhileAnotherNodeConfirms(t *testing.T) {
	w := newWorld(t, storetest.Postgres(t), 1)
	a, b := next(w.lend(1, small), 1), next(w.lend(2, small), 2)
	if failed := w.Begin(a, b); errors.Join(failed...) != nil {
		t.Fatal(failed)
	}
	tx, err := w.db.Writer().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`INSERT INTO lending_event (tenant, loan, number, id, kind, date, at, outcome, body) SELECT tenant, loan, 2, id, 'repaid', 0, 0, 'applied', '{}' FROM lending_pending`,
		`UPDATE lending_loan SET version = 2`, `DELETE FROM lending_pending`,
	} {
		if _, err := tx.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	a.Event.ID, b.Event.ID = uid("group", 3), uid("group", 4)
	done := make(chan []error, 1)
	go func() { done <- w.Begin(a, b) }()
	waits(t, w.db)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if failed := <-done; !servicing.Stale(failed[0]) || !servicing.Stale(failed[1]) {
		t.Errorf("%v", failed)
	}
	if n := w.query("SELECT count(*) FROM lending_pending"); n != 0 {
		t.Errorf("%d are written down", n)
	}
}

// waits returns when somebody waits for a lock.
func waits(t *testing.T, db *store.DB) {
	t.Helper()
	for range 1000 {
		var n int
		if err := db.Reader().QueryRow(`SELECT count(*) FROM pg_locks WHERE NOT granted`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nobody waits")
}

// On PostgreSQL acts are written down while others are confirmed.
func TestActsBeginWhileOthersAreConfirmed(t *testing.T) {
	w := newWorld(t, storetest.Postgres(t), 1)
	a, b := next(w.lend(1, small), 1), next(w.lend(2, small), 2)
	begun := make(chan []error, 1)
	w.Watch(servicing.Watching(func(context.Context, *servicing.Loan, *servicing.Event, servicing.State) ([]int, error) {
		return []int{1}, nil
	}, func(context.Context, *sql.Tx, []int) error {
		go func() { begun <- w.Begin(b) }()
		select {
		case failed := <-begun:
			return failed[0]
		case <-time.After(10 * time.Second):
			return errors.New("the other act waits")
		}
	}))
	if failed := w.Begin(a); failed[0] != nil {
		t.Fatal(failed)
	}
	if failed := w.Confirm(a); failed[0] != nil {
		t.Error(failed)
	}
}
