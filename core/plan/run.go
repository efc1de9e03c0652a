package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
)

// Handler does what an event asks for. It may be called again for the same event, after a crash or a failure, so it
// makes the ids of its commands with Event.Command. What it wants to keep in rows of the same database it does in the
// function that it returns (nil: nothing), which runs in the transaction that ends the event, and so exactly once.
type Handler func(ctx context.Context, e *Event) (keep func(tx *sql.Tx) error, err error)

// Permanent marks an error that trying again will not mend: the event is stuck at once.
func Permanent(err error) error { return &permanentError{err} }

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Over marks an error that says why nobody wants any more what an event asks for: the event is cancelled, with the error as its problem, and what
// its handler wants to keep is kept with that.
func Over(why error) error { return &overError{why} }

type overError struct{ error }

func (e *overError) Unwrap() error { return e.error }

func isOver(err error) bool {
	_, over := errors.AsType[*overError](err)
	return over
}

// The errors of a runner.
var (
	// ErrLeadLost means that another node works on the events now.
	ErrLeadLost = errors.New("another node runs the planned events now")
	// ErrHeldUp means that a simulated clock can't go on because an event at its instant failed.
	ErrHeldUp = errors.New("a planned event holds the clock up")
)

// Attempts and the waits between them: 1 s, doubled each time up to 5 minutes; with ten of them about a quarter of an hour.
const (
	maxAttempts = 10
	firstWait   = time.Second
	longWait    = 5 * time.Minute
	// atOnce is how often an event is tried without a wait when a simulated clock stands still for it.
	atOnce = 3
	// lookSoon is how soon one looks again after something was planned here, and then twice as late each time.
	lookSoon = 2 * time.Millisecond
	// breath is the least between two looks while more and more is planned: what gathers shares a transaction.
	breath = 5 * time.Millisecond
)

// lookEvery is how soon events are seen that another node has planned.
var lookEvery = time.Second

// Ledgers are the clocks of the ledgers.
type Ledgers interface {
	// Now is a ledger's instant, microseconds since 1970.
	Now(ctx context.Context, ledger string) (int64, error)
	// Advance moves a simulated ledger's clock forward.
	Advance(ctx context.Context, ledger string, to int64) error
}

// HeldError is ErrHeldUp with where the clock stands and the event that keeps it there.
type HeldError struct {
	At    int64
	Event Event
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%v: %s of kind %s is %s: %s", ErrHeldUp, e.Event.ID, e.Event.Kind, e.Event.State, e.Event.Problem)
}

// Unwrap is ErrHeldUp.
func (e *HeldError) Unwrap() error { return ErrHeldUp }

// Runner works on the events under one lead.
type Runner struct {
	plan     *Plan
	epoch    uint64
	ledgers  Ledgers
	handlers map[string]Handler
	together map[string]bool // kinds
	beside   map[string]bool // of them
	log      *slog.Logger    // may be nil
	turns    sync.Map        // by ledger: a channel with room for the one who works on it
}

// turn waits until nobody else works on a ledger: its events happen in their order, also while its clock is moved.
func (r *Runner) turn(ctx context.Context, ledger string) (end func(), err error) {
	c, _ := r.turns.LoadOrStore(ledger, make(chan struct{}, 1))
	turn := c.(chan struct{})
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Lead takes the work over with a lead of a higher epoch. Whoever had it before changes no event any more.
func (p *Plan) Lead(ctx context.Context, epoch uint64, ledgers Ledgers, handlers map[string]Handler) (*Runner, error) {
	err := p.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, p.db.Rebind("UPDATE plan_lead SET epoch = ? WHERE one = 1 AND epoch <= ?"), int64(epoch), int64(epoch))
		if err != nil {
			return fmt.Errorf("lead the planned events: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return fmt.Errorf("lead the planned events with epoch %d: %w", epoch, ErrLeadLost)
	})
	if err != nil {
		return nil, err
	}
	return &Runner{plan: p, epoch: epoch, ledgers: ledgers, handlers: handlers}, nil
}

// RunDue lets everything happen that is due on a ledger up to an instant, what falls due meanwhile included, and says how many
// events ended. What failed waits for its next attempt.
func (r *Runner) RunDue(ctx context.Context, ledger string, upTo int64) (ended int, err error) {
	end, err := r.turn(ctx, ledger)
	if err != nil {
		return 0, err
	}
	defer end()
	for {
		e, err := r.plan.first(ctx, ready, ledger, upTo, r.plan.now())
		if e == nil || err != nil {
			return ended, err
		}
		n, err := r.next(ctx, e, ledger, upTo)
		ended += n
		if err != nil {
			return ended, err
		}
	}
}

// next does an event, or those that go together with it, and says how many ended.
func (r *Runner) next(ctx context.Context, e *Event, ledger string, upTo int64) (ended int, err error) {
	if r.together[e.Kind] {
		return r.handleTogether(ctx, ledger, upTo)
	}
	done, err := r.handle(ctx, e)
	if done {
		ended = 1
	}
	return ended, err
}

// onTheWay is next at one instant of a simulated clock, which does not wait for the next attempt of one that failed.
func (r *Runner) onTheWay(ctx context.Context, e *Event) (ended int, err error) {
	if e.Attempts == 0 {
		return r.next(ctx, e, e.Ledger, e.Due)
	}
	done, err := r.handle(ctx, e)
	if done {
		ended = 1
	}
	return ended, err
}

// waiting are a ledger's events that are due and not over. SQLite takes the index of open events only where its own
// condition stands there word for word.
const waiting = "ledger = ? AND state IN (1, 3) AND state = 1 AND due <= ?"

// ready are those of them whose next attempt is due.
const ready = waiting + " AND again <= ?"

// first is the event that comes first among those a condition names, nil if there is none.
func (p *Plan) first(ctx context.Context, where string, args ...any) (*Event, error) {
	list, err := p.find(ctx, p.db.Reader(), where+" ORDER BY due, id LIMIT 1", args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// handle does one event and keeps what came of it.
func (r *Runner) handle(ctx context.Context, e *Event) (done bool, err error) {
	keep, err := r.work(ctx, e)
	if ctx.Err() != nil {
		return false, ctx.Err() // the next one to lead tries again
	}
	if err != nil && !isOver(err) {
		return false, r.failed(ctx, e, err)
	}
	return r.done(ctx, e, err, keep)
}

// work lets an event's handler do what it asks for.
func (r *Runner) work(ctx context.Context, e *Event) (keep func(tx *sql.Tx) error, err error) {
	h := r.handlers[e.Kind]
	if h == nil {
		return nil, Permanent(fmt.Errorf("nobody handles events of kind %q", e.Kind))
	}
	return r.call(ctx, h, e)
}

// done ends an event that was handled, or is not wanted any more, with what its handler wants to keep.
func (r *Runner) done(ctx context.Context, e *Event, over error, keep func(tx *sql.Tx) error) (done bool, err error) {
	if over != nil {
		err = r.end(ctx, e, Cancelled, text(over), 0, keep)
	} else {
		err = r.end(ctx, e, Done, "", 0, keep)
	}
	var refused *keepError
	if errors.As(err, &refused) {
		return false, r.failed(ctx, e, refused.err)
	}
	return err == nil, err
}

// failed keeps a failure and when to try again.
func (r *Runner) failed(ctx context.Context, e *Event, problem error) error {
	state, again := Waiting, r.plan.now()+wait(e.Attempts).Microseconds()
	if _, permanent := errors.AsType[*permanentError](problem); permanent || e.Attempts+1 >= maxAttempts {
		state = Stuck
	}
	return r.end(ctx, e, state, text(problem), again, nil)
}

func wait(attempts int) time.Duration { return min(firstWait<<min(attempts, 20), longWait) }

func text(err error) string { return cut(err.Error()) }

// cut shortens a problem to what is kept of it.
func cut(problem string) string {
	s := []rune(problem)
	return string(s[:min(len(s), maxProblem)])
}

// keepError is the failure of a handler's own rows.
type keepError struct{ err error }

func (e *keepError) Error() string { return e.err.Error() }

// end ends an attempt in one transaction, if this node still leads and nobody has changed the event meanwhile.
func (r *Runner) end(ctx context.Context, e *Event, to State, problem string, again int64, keep func(tx *sql.Tx) error) error {
	p := r.plan
	return p.db.Write(ctx, func(tx *sql.Tx) error {
		if err := r.stillLeads(ctx, tx); err != nil {
			return err
		}
		return p.endIn(ctx, tx, e, to, problem, again, keep)
	})
}

// endIn ends an attempt in a transaction that has seen who leads.
func (p *Plan) endIn(ctx context.Context, tx *sql.Tx, e *Event, to State, problem string, again int64, keep func(tx *sql.Tx) error) error {
	res, err := tx.ExecContext(ctx, p.db.Rebind(`UPDATE plan_event SET state = ?, attempts = attempts + 1, again = ?, problem = ?, changed = ?
		WHERE tenant = ? AND id = ? AND state = 1 AND attempts = ?`), to, again, problem, p.now(), e.Tenant[:], e.ID[:], e.Attempts)
	if err != nil {
		return fmt.Errorf("end planned event %s: %w", e.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err // it was cancelled meanwhile: what was done stays done, and its rows are not kept
	}
	if keep == nil {
		return nil
	}
	if err := keep(tx); err != nil {
		return &keepError{err}
	}
	return nil
}

// stillLeads looks at the lead and, on PostgreSQL, keeps others from taking it before the transaction ends.
func (r *Runner) stillLeads(ctx context.Context, tx *sql.Tx) error {
	var epoch int64
	query := "SELECT epoch FROM plan_lead WHERE one = 1" + r.plan.db.Dialect().ForShare()
	if err := tx.QueryRowContext(ctx, query).Scan(&epoch); err != nil {
		return fmt.Errorf("look at the lead of the planned events: %w", err)
	}
	if uint64(epoch) != r.epoch {
		return fmt.Errorf("epoch %d took over from %d: %w", epoch, r.epoch, ErrLeadLost)
	}
	return nil
}

// Advance moves a simulated ledger's clock to an instant, stopping wherever something is due and letting it happen to
// its end. It returns at the instant, or where an event fails again and again (a HeldError): then the clock stands there
// until the event is mended, retried or cancelled.
func (r *Runner) Advance(ctx context.Context, ledger string, to int64) error {
	now, err := r.ledgers.Now(ctx, ledger)
	if err != nil {
		return err
	}
	if to < now {
		return errs.Invalid.Errorf("ledger %s: its clock can't go back", ledger)
	}
	return r.Reach(ctx, ledger, to, func() error { return r.ledgers.Advance(ctx, ledger, to) })
}

// Reach is Advance whose last step, from the last event to the instant itself, is the caller's. Nothing else happens on
// the ledger meanwhile.
func (r *Runner) Reach(ctx context.Context, ledger string, to int64, last func() error) error {
	end, err := r.turn(ctx, ledger)
	if err != nil {
		return err
	}
	defer end()
	now, err := r.ledgers.Now(ctx, ledger)
	if err != nil {
		return err
	}
	for failures := 0; ; {
		e, err := r.plan.NextOpen(ctx, ledger, to)
		if err != nil {
			return err
		}
		if e == nil {
			return last()
		}
		if e.State == Stuck || failures >= atOnce {
			return &HeldError{At: now, Event: *e}
		}
		if e.Due > now {
			if err := r.ledgers.Advance(ctx, ledger, e.Due); err != nil {
				return err
			}
			now = e.Due
		}
		ended, err := r.onTheWay(ctx, e)
		if err != nil {
			return err
		}
		if failures++; ended > 0 {
			failures = 0
		}
	}
}

// NextOpen is the next event on a ledger that is due by an instant and not over, nil if there is none.
func (p *Plan) NextOpen(ctx context.Context, ledger string, upTo int64) (*Event, error) {
	return p.first(ctx, "ledger = ? AND state IN (1, 3) AND due <= ?", ledger, upTo)
}

// Follow lets everything happen on a ledger when it falls due, until the context ends or another node takes over. On a
// simulated ledger that is what is due where its clock stands.
func (r *Runner) Follow(ctx context.Context, ledger string) error {
	// What was planned just before may be committed just after the first look.
	for again := lookSoon; ; again = min(2*again, lookEvery) {
		woken := r.plan.woken()
		now, err := r.ledgers.Now(ctx, ledger)
		if err != nil {
			return err
		}
		if _, err := r.RunDue(ctx, ledger, now); err != nil {
			return err
		}
		next, err := r.plan.first(ctx, waiting, ledger, now+lookEvery.Microseconds())
		if err != nil {
			return err
		}
		left := again
		if next != nil {
			left = min(left, time.Duration(max(next.Due-now, next.Again-r.plan.now(), 1_000))*time.Microsecond)
		}
		looked := time.Now()
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-woken:
			again = lookSoon / 2
			if err := clock.Pause(ctx, breath-time.Since(looked)); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		timer.Stop()
	}
}
