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

// When what stood in the way of stuck events has changed, all of one kind about one subject are tried again.
func TestWhatIsStuckAboutASubjectIsRetried(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		other := event(2, 10)
		other.Subject = number(70)
		s.add(event(1, 10), other)
		for _, n := range []uint64{1, 2} {
			s.fail[number(n)] = plan.Permanent(errors.New("not so"))
		}
		if _, err := s.RunDue(t.Context(), "main", 10); err != nil {
			t.Fatal(err)
		}
		clear(s.fail)
		if err := db.Write(t.Context(), func(tx *sql.Tx) error { return s.RetryIn(t.Context(), tx, tenant, "due", number(70)) }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.RunDue(t.Context(), "main", 10); err != nil {
			t.Fatal(err)
		}
		if s.state(1).State != plan.Stuck || s.state(2).State != plan.Done {
			t.Errorf("%s and %s", s.state(1).State, s.state(2).State)
		}
	})
}
