package plan_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// What nobody wants any more is cancelled with the reason, together with its handler's rows, and holds no clock up.
func TestWhatIsOverIsCancelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		if _, err := db.Writer().ExecContext(t.Context(), "CREATE TABLE note (n INTEGER NOT NULL)"); err != nil {
			t.Fatal(err)
		}
		handlers := map[string]plan.Handler{"due": func(context.Context, *plan.Event) (func(*sql.Tx) error, error) {
			return func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), "INSERT INTO note (n) VALUES (1)")
				return err
			}, plan.Over(errors.New("it is repaid"))
		}}
		for n, together := range []bool{false, true} {
			r, err := s.Lead(t.Context(), 1, s.clocks, handlers)
			if err != nil {
				t.Fatal(err)
			}
			if together {
				r.Together("due")
			}
			own := uint64(n + 1)
			s.add(event(own, 10))
			ended, err := r.RunDue(t.Context(), "main", 10)
			var notes int
			if look := db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM note").Scan(&notes); ended != 1 || notes != n+1 || err != nil || look != nil {
				t.Errorf("together %t: %d ended, %d notes: %v %v", together, ended, notes, err, look)
			}
			if e := s.state(own); e.State != plan.Cancelled || e.Problem != "it is repaid" {
				t.Errorf("together %t: %+v", together, e)
			}
		}
	})
}

// What nobody wants any more is called off by whoever knows it, whether it waits, is stuck or is worked on: what its handler does not know yet is not kept.
func TestWhatIsCalledOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		like := event(0, 10)
		callOff := func() (called int) {
			t.Helper()
			if err := db.Write(t.Context(), func(tx *sql.Tx) error {
				called = 0
				list, err := s.OpenIn(t.Context(), tx, &like)
				for i := range list {
					off, failed := s.CallOffIn(t.Context(), tx, &list[i], "it is repaid")
					if err = errors.Join(err, failed); off {
						called++
					}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return called
		}
		another, later := event(2, 10), event(3, 11)
		another.Subject = number(70)
		s.add(event(1, 10), another, later)
		s.fail[number(1)], s.fail[number(2)] = plan.Permanent(errors.New("not so")), plan.Permanent(errors.New("not so"))
		if _, err := s.RunDue(t.Context(), "main", 10); err != nil {
			t.Fatal(err)
		}
		s.add(event(4, 10))
		if n := callOff(); n != 2 {
			t.Errorf("%d were called off", n)
		}
		for n, want := range map[uint64]plan.State{1: plan.Cancelled, 2: plan.Stuck, 3: plan.Waiting, 4: plan.Cancelled} {
			if e := s.state(n); e.State != want || want == plan.Cancelled && e.Problem != "it is repaid" {
				t.Errorf("%d is %s: %q", n, e.State, e.Problem)
			}
		}
		// One that is called off while its handler works: neither a failure nor an end of it counts.
		for n, fails := range []error{nil, plan.Permanent(errors.New("not so"))} {
			own := uint64(5 + n)
			r, err := s.Lead(t.Context(), 1, s.clocks, map[string]plan.Handler{"due": func(context.Context, *plan.Event) (func(*sql.Tx) error, error) {
				callOff()
				return func(*sql.Tx) error { return errors.New("kept, though it was called off") }, fails
			}})
			if err != nil {
				t.Fatal(err)
			}
			s.add(event(own, 10))
			if _, err := r.RunDue(t.Context(), "main", 10); err != nil {
				t.Fatal(err)
			}
			if e := s.state(own); e.State != plan.Cancelled || e.Problem != "it is repaid" {
				t.Errorf("%d is %s: %q", own, e.State, e.Problem)
			}
		}
	})
}
