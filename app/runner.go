package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/reminder"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/kit/logging"
)

// putter puts commands into a ledger's order as those from the doors are.
type putter func(ctx context.Context, l *longmen.Ledger, commands []*ledger.Command) ([]node.Answer, error)

// runner lets planned events happen while this node leads: on each ledger when they fall due, and on the way of a
// simulated clock.
type runner struct {
	db      *longmen.DB
	put     putter
	plan    *plan.Plan
	run     *plan.Runner
	log     *slog.Logger
	fail    func(error)
	context context.Context
	stop    context.CancelFunc
	running sync.WaitGroup

	mu        sync.Mutex
	followed  map[string]bool
	movements map[passage]*movement
	closed    bool
}

// passage names a command that moves a clock. Ids are a ledger's own: another one may know the same.
type passage struct {
	ledger  string
	command ledger.ID
}

// movement is a clock on its way. It goes on when the one who asked for it has gone away.
type movement struct {
	command *ledger.Command
	done    chan struct{}
	answers []node.Answer
	err     error
}

// Times of a runner.
const (
	retryAfter = time.Second
	clearEvery = time.Hour
)

var clockHeld = errs.Define("clock_held", 409, "A planned event holds the clock up")

// newRunner takes the planned events over with the lead of the ledgers and follows every ledger.
func newRunner(ctx context.Context, db *longmen.DB, put putter, g *ground.Ground, log *slog.Logger, fail func(error)) (*runner, error) {
	running, stop := context.WithCancel(context.Background())
	r := &runner{
		db: db, put: put, plan: g.Plan, log: log, fail: fail, context: running, stop: stop,
		followed: map[string]bool{}, movements: map[passage]*movement{},
	}
	var err error
	handlers := g.Market.Handlers()
	maps.Copy(handlers, g.Sales.Handlers())
	maps.Copy(handlers, g.Applications.Handlers())
	handlers[plan.CommandKind], handlers[notice.EventKind] = plan.Commands(r), g.Notices.Send
	maps.Copy(handlers, g.LoanHandlers())
	r.run, err = g.Plan.Lead(ctx, db.Epoch(), r, handlers)
	if err != nil {
		stop()
		return nil, err
	}
	r.run.Tell(log)
	r.run.Together(notice.EventKind, reminder.EventKind, market.AllocateKind, application.EventKind, application.LoanKind)
	r.run.Beside(application.EventKind, application.LoanKind)
	for _, l := range db.Node().Ledgers() {
		r.follow(l.Name())
	}
	r.running.Go(r.clear)
	return r, nil
}

// clear removes planned events that were done long ago, as long as this node leads.
func (r *runner) clear() {
	for {
		_, err := r.run.Clear(r.context)
		if r.context.Err() != nil || errors.Is(err, plan.ErrLeadLost) {
			return
		}
		if err != nil {
			r.log.Error("planned events that are done stay", logging.Error, err)
		}
		if clock.Pause(r.context, clearEvery) != nil {
			return
		}
	}
}

// follow lets events of a ledger happen from now on.
func (r *runner) follow(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.followed[name] || r.closed {
		return
	}
	r.followed[name] = true
	r.running.Go(func() {
		for {
			err := r.run.Follow(r.context, name)
			if r.context.Err() != nil {
				return
			}
			if errors.Is(err, plan.ErrLeadLost) {
				r.fail(err)
				return
			}
			r.log.Error("planned events wait", "ledger", name, logging.Error, err)
			timer := time.NewTimer(retryAfter)
			select {
			case <-timer.C:
			case <-r.context.Done():
				timer.Stop()
				return
			}
		}
	})
}

// close ends what is under way; what was not done to its end is done by whoever leads next.
func (r *runner) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.stop()
	r.running.Wait()
}

// Now is a ledger's instant.
func (r *runner) Now(ctx context.Context, name string) (now int64, err error) {
	l, err := r.db.Ledger(name)
	if err != nil {
		return 0, err
	}
	var kind ledger.ClockKind
	err = l.View(ctx, 0, func(e *ledger.Engine) { kind, now = e.Clock(), int64(e.Now()) })
	if kind == ledger.RealClock {
		now = max(now, clock.Real{}.Now().UnixMicro())
	}
	return now, err
}

// Advance moves a simulated clock.
func (r *runner) Advance(ctx context.Context, name string, to int64) error {
	l, err := r.db.Ledger(name)
	if err != nil {
		return err
	}
	result, err := l.Do(ctx, &ledger.Advance{To: ledger.Instant(to)})
	if err == nil && result.Code != ledger.Applied {
		err = fmt.Errorf("move the clock of ledger %s: %s", name, result.Code.Info().Means)
	}
	return err
}

// ApplyOne applies a planned command.
func (r *runner) ApplyOne(ctx context.Context, name string, c *ledger.Command) (ledger.Result, error) {
	l, err := r.db.Ledger(name)
	if err != nil {
		return ledger.Result{}, err
	}
	answers, err := r.put(ctx, l, []*ledger.Command{c})
	if err != nil {
		return ledger.Result{}, err
	}
	return answers[0].Result, nil
}

// moves gives the latest instant to which commands move a clock, 0 if none does.
func moves(commands []*ledger.Command) (to ledger.Instant) {
	for _, c := range commands {
		if a, ok := c.Operations[0].(*ledger.Advance); ok {
			to = max(to, a.To)
		}
	}
	return to
}

// jumps reports whether commands would move a clock over what is due on the way. A real clock is moved by nobody.
func (r *runner) jumps(ctx context.Context, l *longmen.Ledger, to ledger.Instant) (bool, error) {
	moved := false
	err := l.View(ctx, 0, func(e *ledger.Engine) { moved = e.Clock() == ledger.SimulatedClock && to > e.Now() })
	if !moved || err != nil {
		return false, translate(err)
	}
	e, err := r.plan.NextOpen(ctx, l.Name(), int64(to))
	return e != nil, err
}

// move moves a clock with a caller's command, letting everything happen on the way. The same command again joins what
// is under way; another one of its id is a conflict. When the caller goes away, it goes on.
func (r *runner) move(ctx context.Context, l *longmen.Ledger, c *ledger.Command, to ledger.Instant) ([]node.Answer, error) {
	at := passage{l.Name(), c.ID}
	r.mu.Lock()
	m := r.movements[at]
	if m == nil && !r.closed {
		m = &movement{command: c, done: make(chan struct{})}
		r.movements[at] = m
		r.running.Go(func() {
			m.answers, m.err = r.travel(r.context, l, c, to)
			r.mu.Lock()
			delete(r.movements, at)
			r.mu.Unlock()
			close(m.done)
		})
	}
	r.mu.Unlock()
	switch {
	case m == nil:
		return nil, errs.Overloaded.Errorf("%v", errOpening)
	case !node.SameContent(m.command, c):
		why := fmt.Sprintf("id %v is that of another command that moves the clock just now", c.ID)
		return []node.Answer{{Result: ledger.Result{Code: ledger.IDConflict}, Why: why}}, nil
	}
	select {
	case <-m.done:
		return m.answers, r.held(l.Name(), to, m.err)
	case <-ctx.Done():
		return nil, outcomeUnknown.Errorf("the clock is still on its way to %s and goes on; see where it stands with the ledger's now, and send the same request again for the answer",
			to.Time().UTC().Format(time.RFC3339))
	}
}

// travel lets happen what is due on the way to an instant and then puts the command that moves the clock there. A command
// whose id says already what becomes of it moves nothing before its answer.
func (r *runner) travel(ctx context.Context, l *longmen.Ledger, c *ledger.Command, to ledger.Instant) (answers []node.Answer, err error) {
	first, err := find(ctx, l, c.ID)
	if err != nil {
		return nil, err
	}
	put := func() (err error) {
		answers, err = r.put(ctx, l, []*ledger.Command{c})
		return err
	}
	if first != 0 || node.FromFuture(c.ID, clock.Real{}.Now()) {
		err = put()
	} else {
		err = r.run.Reach(ctx, l.Name(), int64(to), put)
	}
	return answers, err
}

// held tells where the clock stands and why.
func (r *runner) held(name string, to ledger.Instant, err error) error {
	h, ok := errors.AsType[*plan.HeldError](err)
	if !ok {
		return err
	}
	return clockHeld.Errorf("the clock of ledger %s stands at %s, on its way to %s: planned event %s of kind %s is %s after %d attempts: %s; "+
		"mend it, retry or cancel it, then send the same request again", name, stamp(h.At), stamp(int64(to)), h.Event.ID, h.Event.Kind,
		h.Event.State, h.Event.Attempts, h.Event.Problem)
}

func stamp(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.RFC3339Nano) }

// Caused lists the commands that an event caused.
func (b *backend) Caused(ctx context.Context, name string, event id.ID, limit int) ([]api.Recorded, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, err
	}
	if err := catchUp(ctx, l); err != nil {
		return nil, err
	}
	h := l.History()
	sequences, err := h.Referring(ctx, ledger.Reference{Type: plan.Reference, Value: event}, 0, h.Latest(), limit)
	if err != nil {
		return nil, past(err)
	}
	var list []api.Recorded
	for _, seq := range sequences {
		c, err := h.Command(ctx, seq)
		if err != nil {
			return nil, past(err)
		}
		list = append(list, recorded(c))
	}
	return list, nil
}
