package plan_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

var (
	tenant = number(1)
	other  = number(2)
	start  = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
)

// number makes an id.
func number(n uint64) (i id.ID) {
	binary.BigEndian.PutUint64(i[8:], n)
	i[6], i[8] = 0x70, 0x80
	return i
}

func event(n uint64, due int64) plan.Event {
	return plan.Event{Tenant: tenant, ID: number(n), Ledger: "main", Due: due, Kind: "due", Subject: number(99)}
}

// ledgers are simulated clocks.
type ledgers map[string]int64

func (l ledgers) Now(_ context.Context, name string) (int64, error) { return l[name], nil }

func (l ledgers) Advance(_ context.Context, name string, to int64) error {
	if to < l[name] {
		return fmt.Errorf("%s goes back from %d to %d", name, l[name], to)
	}
	l[name] = to
	return nil
}

// stage is a plan on a database with its runner.
type stage struct {
	*testing.T
	*plan.Plan
	*plan.Runner
	wall     *clock.Manual
	clocks   ledgers
	mu       sync.Mutex // of what happened
	happened []string
	fail     map[id.ID]error
	during   func(e *plan.Event)
}

func newStage(t *testing.T, db *store.DB) *stage {
	s := &stage{T: t, wall: clock.NewManual(start), clocks: ledgers{}, fail: map[id.ID]error{}}
	var err error
	if s.Plan, err = plan.Open(t.Context(), db, s.wall); err != nil {
		t.Fatal(err)
	}
	s.lead(1)
	return s
}

func (s *stage) lead(epoch uint64) {
	s.Helper()
	r, err := s.Lead(s.Context(), epoch, s.clocks, map[string]plan.Handler{"due": s.handle})
	if err != nil {
		s.Fatal(err)
	}
	s.Runner = r
}

func (s *stage) handle(_ context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	if s.during != nil {
		s.during(e)
	}
	if err := s.fail[e.ID]; err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.happened = append(s.happened, fmt.Sprintf("%d at %d", e.ID[15], s.clocks[e.Ledger]))
	return nil, nil
}

func (s *stage) add(events ...plan.Event) {
	s.Helper()
	if err := s.Add(s.Context(), events...); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) state(n uint64) plan.Event {
	s.Helper()
	e, err := s.Get(s.Context(), tenant, number(n))
	if err != nil {
		s.Fatal(err)
	}
	return e
}

func (s *stage) saw(want ...string) {
	s.Helper()
	if got := strings.Join(s.happened, ", "); got != strings.Join(want, ", ") {
		s.Errorf("happened: %s; want %s", got, strings.Join(want, ", "))
	}
	s.happened = nil
}

func TestPlanningTwiceChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		s.add(event(1, 10))
		s.add(event(1, 10))
		e := event(1, 11)
		if err := s.Add(t.Context(), e); !isCode(err, errs.Conflict) {
			t.Errorf("another content under the same id: %v", err)
		}
		for _, spoil := range []func(*plan.Event){
			func(e *plan.Event) { e.Tenant = id.ID{} },
			func(e *plan.Event) { e.ID = id.ID{1} },
			func(e *plan.Event) { e.Ledger = "" },
			func(e *plan.Event) { e.Kind = "Due!" },
			func(e *plan.Event) { e.Content = make([]byte, plan.MaxContent+1) },
		} {
			e := event(2, 1)
			spoil(&e)
			if err := s.Add(t.Context(), e); !isCode(err, errs.Invalid) {
				t.Errorf("%+v: %v", e, err)
			}
		}
	})
}

func isCode(err error, c errs.Code) bool { return errs.Is(err, c) }

func TestASimulatedClockStopsWhereSomethingIsDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		s.add(event(3, 30), event(1, 10), event(2, 10), event(5, 100))
		s.during = func(e *plan.Event) {
			if e.ID == number(1) {
				s.add(event(4, 20), event(6, 10)) // what falls due on the way happens too
			}
		}
		if err := s.Advance(t.Context(), "main", 50); err != nil {
			t.Fatal(err)
		}
		s.saw("1 at 10", "2 at 10", "6 at 10", "4 at 20", "3 at 30")
		if s.clocks["main"] != 50 {
			t.Errorf("the clock stands at %d", s.clocks["main"])
		}
		if err := s.Advance(t.Context(), "main", 49); !isCode(err, errs.Invalid) {
			t.Errorf("back in time: %v", err)
		}
	})
}

func TestAFailureHoldsASimulatedClockUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		s.add(event(1, 10), event(2, 20))
		s.fail[number(1)] = errors.New("the bank is closed")
		err := s.Advance(t.Context(), "main", 50)
		if !errors.Is(err, plan.ErrHeldUp) || !strings.Contains(err.Error(), "the bank is closed") || s.clocks["main"] != 10 {
			t.Fatalf("%v at %d", err, s.clocks["main"])
		}
		if e := s.state(1); e.State != plan.Waiting || e.Attempts != 3 || e.Problem != "the bank is closed" {
			t.Errorf("%+v", e)
		}
		delete(s.fail, number(1))
		if err := s.Advance(t.Context(), "main", 50); err != nil {
			t.Fatal(err)
		}
		s.saw("1 at 10", "2 at 20")
	})
}

func TestWhatFailsIsTriedAgainLaterAndThenStuck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		s.add(event(1, 10), event(2, 10))
		s.fail[number(1)] = errors.New("no answer")
		for attempt := 1; s.state(1).State == plan.Waiting; attempt++ {
			if _, err := s.RunDue(t.Context(), "main", 10); err != nil {
				t.Fatal(err)
			}
			if e := s.state(1); e.Attempts != attempt || attempt > 10 {
				t.Fatalf("attempt %d: %+v", attempt, e)
			}
			if n, err := s.RunDue(t.Context(), "main", 10); n != 0 || err != nil {
				t.Fatalf("tried again at once: %d %v", n, err)
			}
			if err := s.wall.Advance(5 * time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		s.saw("2 at 0")
		if e := s.state(1); e.State != plan.Stuck || e.Attempts != 10 {
			t.Errorf("%+v", e)
		}
		delete(s.fail, number(1))
		if err := s.Retry(t.Context(), tenant, number(1), number(90)); err != nil {
			t.Fatal(err)
		}
		if n, err := s.RunDue(t.Context(), "main", 10); n != 1 || err != nil || s.state(1).Actor != number(90) {
			t.Errorf("%d %v, retried by %v", n, err, s.state(1).Actor)
		}
		if err := s.Retry(t.Context(), tenant, number(1), number(90)); !isCode(err, errs.Conflict) {
			t.Errorf("retry of one that is done: %v", err)
		}
	})
}

func TestAPermanentFailureIsStuckAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		unknown := event(2, 10)
		unknown.Kind = "unheard-of"
		s.add(event(1, 10), unknown)
		s.fail[number(1)] = plan.Permanent(errors.New("the contract is gone"))
		if n, err := s.RunDue(t.Context(), "main", 10); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		for _, n := range []uint64{1, 2} {
			if e := s.state(n); e.State != plan.Stuck || e.Attempts != 1 || e.Problem == "" {
				t.Errorf("%+v", e)
			}
		}
		if err := s.Cancel(t.Context(), tenant, number(1), number(91)); err != nil || s.state(1).Actor != number(91) {
			t.Error(err, s.state(1).Actor)
		}
		if err := s.Advance(t.Context(), "main", 20); !errors.Is(err, plan.ErrHeldUp) {
			t.Errorf("past one that is stuck: %v", err)
		}
	})
}

// What waits was planned by whoever counts on it: only a command that somebody planned by hand can be called off.
func TestWhatWaitsIsNotCancelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		command := event(2, 10)
		command.Kind = plan.CommandKind
		s.add(event(1, 10), command)
		if err := s.Cancel(t.Context(), tenant, number(1), number(91)); !isCode(err, errs.Conflict) || s.state(1).State != plan.Waiting || !s.state(1).Actor.IsZero() {
			t.Errorf("%v %+v", err, s.state(1))
		}
		for range 2 { // again changes nothing
			if err := s.Cancel(t.Context(), tenant, number(2), number(91)); err != nil || s.state(2).State != plan.Cancelled {
				t.Errorf("%v %+v", err, s.state(2))
			}
		}
	})
}

// A node that was replaced while it worked on an event keeps nothing of it: the next one does it again, with the same ids.
func TestANodeThatWasReplacedChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		s.add(event(1, 10))
		old := s.Runner
		var commands []id.ID
		s.during = func(e *plan.Event) {
			commands = append(commands, e.Command("pay", 1))
			if len(commands) == 1 {
				s.lead(2)
			}
		}
		if _, err := old.RunDue(t.Context(), "main", 10); !errors.Is(err, plan.ErrLeadLost) {
			t.Fatalf("the old node: %v", err)
		}
		if e := s.state(1); e.State != plan.Waiting || e.Attempts != 0 {
			t.Errorf("%+v", e)
		}
		if n, err := s.RunDue(t.Context(), "main", 10); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if len(commands) != 2 || commands[0] != commands[1] {
			t.Errorf("its commands have the ids %v", commands)
		}
		if _, err := s.Lead(t.Context(), 1, s.clocks, nil); !errors.Is(err, plan.ErrLeadLost) {
			t.Errorf("an older lead: %v", err)
		}
	})
}

// What a handler keeps in rows of its own stands there exactly when the event is done.
func TestRowsAreKeptWithTheEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		if _, err := db.Writer().ExecContext(t.Context(), "CREATE TABLE note (n INTEGER NOT NULL)"); err != nil {
			t.Fatal(err)
		}
		refuse := true
		r, err := s.Lead(t.Context(), 1, s.clocks, map[string]plan.Handler{"due": func(context.Context, *plan.Event) (func(*sql.Tx) error, error) {
			return func(tx *sql.Tx) error {
				if _, err := tx.ExecContext(t.Context(), "INSERT INTO note (n) VALUES (1)"); err != nil || !refuse {
					return err
				}
				refuse = false
				return errors.New("not yet")
			}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		s.add(event(1, 10))
		for _, want := range []int{0, 1} {
			n, err := r.RunDue(t.Context(), "main", 10)
			var notes int
			if own := db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM note").Scan(&notes); n != want || err != nil || own != nil || notes != want {
				t.Fatalf("%d events, %d notes, want %d: %v %v", n, notes, want, err, own)
			}
			if err := s.wall.Advance(time.Minute); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestListsComeInPagesAndAreTheTenantsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		for n := range uint64(7) {
			e := event(n+1, int64(10-n/2))
			if n == 2 {
				e.Kind = plan.CommandKind
			}
			s.add(e)
		}
		foreign := event(50, 1)
		foreign.Tenant = other
		s.add(foreign)
		if err := s.Cancel(t.Context(), tenant, number(3), number(91)); err != nil {
			t.Fatal(err)
		}
		var seen []uint64
		for after, n := (plan.Place{}), 3; n == 3; {
			list, err := s.List(t.Context(), tenant, plan.Waiting, after, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				seen, after = append(seen, uint64(e.ID[15])), plan.Place{Due: e.Due, ID: e.ID}
			}
			n = len(list)
		}
		if fmt.Sprint(seen) != "[7 5 6 4 1 2]" {
			t.Errorf("listed %v", seen)
		}
		for what, err := range map[string]error{
			"another tenant's": func() error { _, err := s.Get(t.Context(), other, number(1)); return err }(),
			"none":             s.Cancel(t.Context(), tenant, number(51), number(91)),
			"cancel another's": s.Cancel(t.Context(), other, number(1), number(91)),
		} {
			if !isCode(err, errs.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := s.List(t.Context(), tenant, 0, plan.Place{}, plan.MaxPage+1); !isCode(err, errs.Invalid) {
			t.Errorf("too large a page: %v", err)
		}
	})
}

func TestFollowingARealClock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		ctx, stop := context.WithCancel(t.Context())
		s.during = func(e *plan.Event) {
			if e.ID == number(1) {
				s.add(event(2, 0))
			} else {
				stop()
			}
		}
		s.add(event(1, 0))
		if err := s.Follow(ctx, "main"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// What is planned in somebody's transaction happens soon after it is committed, on every ledger that is followed, though
// nobody looks by himself.
func TestFollowersAreWoken(t *testing.T) {
	defer plan.LookEvery(plan.LookEvery(24 * time.Hour))
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		ctx, stop := context.WithCancel(t.Context())
		happened := make(chan id.ID)
		s.during = func(e *plan.Event) { happened <- e.ID }
		var following sync.WaitGroup
		for _, ledger := range []string{"main", "other"} {
			following.Go(func() {
				if err := s.Follow(ctx, ledger); !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", ledger, err)
				}
			})
		}
		for n := range uint64(6) {
			e := event(n+1, 0)
			if n%2 == 1 {
				e.Ledger = "other"
			}
			if err := db.Write(t.Context(), func(tx *sql.Tx) error { return s.AddIn(t.Context(), tx, e) }); err != nil {
				t.Fatal(err)
			}
			if got := <-happened; got != e.ID {
				t.Errorf("%s happens, %s was planned", got, e.ID)
			}
		}
		stop()
		following.Wait()
	})
}

// What is due is found by the index of open events, whatever lies done in the table, and a page of all events by theirs.
func TestEventsAreIndexed(t *testing.T) {
	db := storetest.SQLite(t)
	newStage(t, db)
	explain := func(query string, args ...any) (steps []string) {
		rows, err := db.Reader().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var a, b, c int
			var detail string
			if err := rows.Scan(&a, &b, &c, &detail); err != nil {
				t.Fatal(err)
			}
			steps = append(steps, detail)
		}
		return steps
	}
	way := func(where string, args ...any) (steps []string) {
		return explain("SELECT * FROM plan_event WHERE "+where+" ORDER BY due, id LIMIT 1", args...)
	}
	if steps := explain(plan.Cleared, 5, 6); len(steps) != 1 || !strings.Contains(steps[0], "INDEX plan_event_done (changed<?)") {
		t.Errorf("SQLite goes this way: %q", steps)
	}
	if steps := way(plan.DueCondition, "main", 5); len(steps) != 1 || !strings.Contains(steps[0], "USING INDEX plan_event_open (ledger=? AND due<?)") {
		t.Errorf("SQLite goes this way: %q", steps)
	}
	if steps := explain("SELECT * FROM plan_event WHERE "+plan.Alike, "main", 5, "kind", tenant[:]); len(steps) != 1 || !strings.Contains(steps[0], "USING INDEX plan_event_open (ledger=? AND due=?)") {
		t.Errorf("SQLite goes this way: %q", steps)
	}
	if steps := way("tenant = ? AND (due, id) > (?, ?)", tenant[:], 5, tenant[:]); len(steps) != 1 || !strings.Contains(steps[0], "USING INDEX plan_event_all (tenant=? AND ") {
		t.Errorf("SQLite goes this way: %q", steps)
	}
}

// answering is a ledger that gives one answer.
type answering ledger.Code

func (a answering) ApplyOne(context.Context, string, *ledger.Command) (ledger.Result, error) {
	return ledger.Result{Code: ledger.Code(a)}, nil
}

// A clock that is behind passes: the command is tried again. What the ledger refuses for good is stuck.
func TestACommandFromTheFutureWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		for n, test := range []struct {
			code ledger.Code
			want plan.State
		}{{ledger.IDFromFuture, plan.Waiting}, {ledger.BalanceTooLow, plan.Stuck}, {ledger.Applied, plan.Done}} {
			e, err := plan.PlanCommand(event(uint64(n)+1, 10), &ledger.Command{Operations: []ledger.Operation{&ledger.OpenAsset{Code: "CNY", Scale: 2}}})
			if err != nil {
				t.Fatal(err)
			}
			s.add(e)
			r, err := s.Lead(t.Context(), 1, s.clocks, map[string]plan.Handler{plan.CommandKind: plan.Commands(answering(test.code))})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.RunDue(t.Context(), "main", 10); err != nil {
				t.Fatal(err)
			}
			if got := s.state(uint64(n) + 1); got.State != test.want {
				t.Errorf("%v: the event is %s: %s", test.code, got.State, got.Problem)
			}
		}
	})
}

// However events lie, advancing lets each happen once, at its own instant and in order, and never moves the clock back.
func TestEveryEventHappensOnceAtItsInstant(t *testing.T) {
	db := storetest.SQLite(t)
	round := uint64(0)
	rapid.Check(t, func(r *rapid.T) {
		round++
		s := newStage(t, db)
		name := fmt.Sprintf("ledger-%d", round)
		due := rapid.SliceOfN(rapid.Int64Range(1, 20), 1, 12).Draw(r, "due")
		children := rapid.SliceOfN(rapid.Int64Range(0, 5), len(due), len(due)).Draw(r, "children")
		at := map[id.ID]int64{}
		for n := range due {
			e := event(uint64(n)+1, due[n])
			e.Ledger, e.ID = name, number(round<<16|uint64(n)+1)
			s.add(e)
		}
		s.during = func(e *plan.Event) {
			if _, twice := at[e.ID]; twice {
				r.Errorf("%s happens twice", e.ID)
			}
			at[e.ID] = s.clocks[name]
			if want := max(e.Due, 0); s.clocks[name] != want {
				r.Errorf("%s is due at %d and happens at %d", e.ID, want, s.clocks[name])
			}
			if n := int(e.ID[15]) - 1; n < len(children) && children[n] > 0 {
				child := event(0, e.Due+children[n])
				child.Ledger, child.ID = name, number(round<<16|uint64(n)+101)
				s.add(child)
			}
		}
		for to := int64(0); to < 30; to += rapid.Int64Range(1, 10).Draw(r, "step") {
			if err := s.Advance(t.Context(), name, to); err != nil {
				r.Fatal(err)
			}
		}
		if err := s.Advance(t.Context(), name, 40); err != nil {
			r.Fatal(err)
		}
		want := len(due)
		for _, c := range children {
			if c > 0 {
				want++
			}
		}
		if len(at) != want {
			r.Errorf("%d events happened, want %d", len(at), want)
		}
	})
}

// A handler that panics, or what it wants to keep, makes its own event stuck, and the others happen.
func TestAPanicSticksItsEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		n := uint64(1)
		for where, handle := range map[string]plan.Handler{
			"the handler": func(context.Context, *plan.Event) (func(*sql.Tx) error, error) { panic("a mistake\nin two lines") },
			"what it keeps": func(context.Context, *plan.Event) (func(*sql.Tx) error, error) {
				return func(*sql.Tx) error { panic("a mistake") }, nil
			},
		} {
			s := &stage{T: t, wall: clock.NewManual(start), clocks: ledgers{}}
			var err error
			if s.Plan, err = plan.Open(t.Context(), db, s.wall); err != nil {
				t.Fatal(err)
			}
			n++
			handlers := map[string]plan.Handler{"due": s.handle, "wrong": handle}
			r, err := s.Lead(t.Context(), n, s.clocks, handlers)
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			r.Tell(slog.New(slog.NewTextHandler(&log, nil)))
			wrong, good := event(10*n, 10), event(10*n+1, 10)
			wrong.Kind = "wrong"
			s.add(wrong, good)
			if _, err := r.RunDue(t.Context(), "main", 10); err != nil {
				t.Fatal(err)
			}
			if e := s.state(10 * n); e.State != plan.Stuck || e.Problem != "panic: a mistake" {
				t.Errorf("%s panics: the event is %s: %s", where, e.State, e.Problem)
			}
			if e := s.state(10*n + 1); e.State != plan.Done {
				t.Errorf("%s panics: the next event is %s", where, e.State)
			}
			if !strings.Contains(log.String(), "plan_test.go") {
				t.Errorf("%s panics: no stack in the log: %s", where, log.String())
			}
		}
	})
}
