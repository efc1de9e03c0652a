package plan_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// crowd is a stage whose events go together. It notes what is handled and what is kept, in this order.
type crowd struct {
	*stage
	db       *store.DB
	run      *plan.Runner
	order    []string
	handling func(n uint64) error
	keeping  func(n uint64) error
}

func newCrowd(t *testing.T, db *store.DB) *crowd {
	c := &crowd{stage: newStage(t, db), db: db, handling: func(uint64) error { return nil }, keeping: func(uint64) error { return nil }}
	if _, err := db.Writer().ExecContext(t.Context(), "CREATE TABLE note (n INTEGER NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	handle := func(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
		n := uint64(e.ID[15])
		c.order = append(c.order, fmt.Sprintf("handled %d", n))
		return func(tx *sql.Tx) error {
			c.order = append(c.order, fmt.Sprintf("kept %d", n))
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO note (n) VALUES (%d)", n)); err != nil {
				return err
			}
			return c.keeping(n)
		}, c.handling(n)
	}
	var err error
	if c.run, err = c.Lead(t.Context(), 1, c.clocks, map[string]plan.Handler{"due": handle, "alone": handle, plan.CommandKind: handle}); err != nil {
		t.Fatal(err)
	}
	c.run.Together("due", plan.CommandKind)
	return c
}

func (c *crowd) runs(ended int, order string, notes int) {
	c.Helper()
	n, err := c.run.RunDue(c.Context(), "main", 10)
	if err != nil || n != ended {
		c.Errorf("%d ended, want %d: %v", n, ended, err)
	}
	if got := strings.Join(c.order, ", "); got != order {
		c.Errorf("it went so: %s; want %s", got, order)
	}
	c.order = nil
	if got := count(c.T, c.db, "SELECT count(*) FROM note"); got != notes {
		c.Errorf("%d notes, want %d", got, notes)
	}
}

// Events of such kinds are all handled before any of them is kept; one of another kind ends the transaction.
func TestEventsShareATransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrowd(t, db)
		alone := event(3, 10)
		alone.Kind = "alone"
		c.add(event(1, 10), event(2, 10), alone, event(4, 10), event(5, 11))
		c.runs(4, "handled 1, handled 2, kept 1, kept 2, handled 3, kept 3, handled 4, kept 4", 4)
	})
}

// Of events that share a transaction only the one suffers that is to blame: its handler fails, its rows can't be kept, or
// it was cancelled meanwhile.
func TestOnlyTheOneSuffersThatIsToBlame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrowd(t, db)
		cancelled := event(2, 10)
		cancelled.Kind = plan.CommandKind
		c.add(event(1, 10), cancelled, event(3, 10), event(4, 10), event(5, 10))
		c.handling = func(n uint64) error {
			switch n {
			case 1:
				return c.Cancel(t.Context(), tenant, number(2), number(91))
			case 3:
				return errors.New("no answer")
			}
			return nil
		}
		c.keeping = func(n uint64) error {
			if n == 4 {
				return errors.New("no room")
			}
			return nil
		}
		c.runs(3, "handled 1, handled 2, handled 3, handled 4, handled 5, kept 1, kept 4, kept 1, kept 4, kept 5", 2)
		for n, want := range map[uint64]string{1: "done ", 2: "cancelled ", 3: "waiting no answer", 4: "waiting no room", 5: "done "} {
			if e := c.state(n); e.State.String()+" "+e.Problem != want {
				t.Errorf("event %d is %s: %s, want %s", n, e.State, e.Problem, want)
			}
		}
		c.handling, c.keeping = func(uint64) error { return nil }, func(uint64) error { return nil }
		if err := c.wall.Advance(time.Minute); err != nil {
			t.Fatal(err)
		}
		c.runs(2, "handled 3, handled 4, kept 3, kept 4", 4)
	})
}

// On the way of a simulated clock what is due at one instant shares a transaction. One that fails holds the clock up as
// one that is alone does.
func TestTogetherOnTheWayOfAClock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrowd(t, db)
		c.add(event(1, 10), event(2, 10), event(3, 11), event(4, 12), event(5, 12))
		c.handling = func(n uint64) error {
			if n == 4 {
				return errors.New("no answer")
			}
			return nil
		}
		if err := c.run.Advance(t.Context(), "main", 20); !errors.Is(err, plan.ErrHeldUp) || c.clocks["main"] != 12 || c.state(4).Attempts != 4 {
			t.Errorf("%v at %d after %d attempts", err, c.clocks["main"], c.state(4).Attempts)
		}
		c.handling = func(uint64) error { return nil }
		if err := c.run.Advance(t.Context(), "main", 20); err != nil {
			t.Error(err)
		}
		want := "handled 1, handled 2, kept 1, kept 2, handled 3, kept 3, handled 4, handled 5, kept 5, handled 4, handled 4, handled 4, handled 4, kept 4"
		if got := strings.Join(c.order, ", "); got != want || count(t, db, "SELECT count(*) FROM note") != 5 {
			t.Errorf("it went so: %s", got)
		}
	})
}

// A node that was replaced keeps nothing of what shares a transaction.
func TestATransactionOfAReplacedNodeIsTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrowd(t, db)
		c.add(event(1, 10), event(2, 10))
		c.handling = func(n uint64) error {
			if n == 2 {
				c.lead(2)
			}
			return nil
		}
		if _, err := c.run.RunDue(t.Context(), "main", 10); !errors.Is(err, plan.ErrLeadLost) {
			t.Errorf("the old node: %v", err)
		}
		if notes := count(t, db, "SELECT count(*) FROM note"); notes != 0 || c.state(1).State != plan.Waiting || c.state(2).Attempts != 0 {
			t.Errorf("%d notes, %+v, %+v", notes, c.state(1), c.state(2))
		}
	})
}

// Handlers of such kinds run side by side: each of four waits here until all have begun. One that fails leaves the others
// alone, and what they keep is kept in their order.
func TestHandlersSideBySide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		var begun sync.WaitGroup
		begun.Add(4)
		var kept []byte
		run, err := s.Lead(t.Context(), 1, s.clocks, map[string]plan.Handler{"due": func(_ context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
			begun.Done()
			begun.Wait()
			if e.ID[15] == 2 {
				return nil, plan.Permanent(errors.New("the second fails"))
			}
			return func(*sql.Tx) error {
				kept = append(kept, e.ID[15])
				return nil
			}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		run.Together("due")
		run.Beside("due")
		s.add(event(1, 10), event(2, 10), event(3, 10), event(4, 10))
		if n, err := run.RunDue(t.Context(), "main", 10); err != nil || n != 3 || !slices.Equal(kept, []byte{1, 3, 4}) {
			t.Errorf("%d ended, kept were %v: %v", n, kept, err)
		}
		if e, err := s.Get(t.Context(), tenant, number(2)); err != nil || e.State != plan.Stuck {
			t.Errorf("the second is %v: %v", e.State, err)
		}
	})
}

// An id stands for one event, also among those that are planned together.
func TestOneIDIsOneEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		other := event(1, 0)
		other.Ledger = "other"
		if err := s.Add(t.Context(), event(1, 0), event(2, 0), other); !errs.Is(err, errs.Conflict) {
			t.Errorf("two that differ under one id: %v", err)
		}
		for range 2 {
			if err := s.Add(t.Context(), event(1, 0), event(2, 0), event(1, 0)); err != nil {
				t.Error(err)
			}
		}
		if list, err := s.List(t.Context(), event(1, 0).Tenant, 0, plan.Place{}, 10); err != nil || len(list) != 2 {
			t.Errorf("%d are planned: %v", len(list), err)
		}
	})
}
