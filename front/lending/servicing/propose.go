package servicing

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// What takes a second person: what changes the terms, always to somebody's disadvantage, and giving a claim up.
const (
	ActionChange   = "loan-change"
	ActionWriteOff = "loan-write-off"
)

// EventKind is the kind of the planned events by which what was approved is done.
const EventKind = "loan-act"

// proposalLife is how long a proposal waits for somebody to decide.
const proposalLife = 30 * 24 * time.Hour

// stuckAtOnce is how many stuck events are read at once.
const stuckAtOnce = 500

// Office is where proposals are made and approved.
type Office interface {
	Propose(ctx context.Context, p ops.Proposal) (ops.Proposal, error)
	Get(ctx context.Context, tenant, proposal id.ID) (ops.Proposal, error)
	// Lapse notes why what was approved is not carried out any more.
	Lapse(ctx context.Context, tx *sql.Tx, tenant, proposal id.ID, why string) error
}

// Draft is who proposes and why.
type Draft struct {
	Tenant   id.ID
	Proposal id.ID // made by the proposer's client; the event that follows from it has the same id
	Proposer id.ID // principal
	Reason   string
}

// wish is what a proposal wants to be done.
type wish struct {
	Loan   id.ID          `json:"loan"`
	Ledger string         `json:"ledger"`
	Kind   Kind           `json:"kind"`
	Date   day.Date       `json:"date,omitempty"` // 0: the day on which it is done
	Amount int64          `json:"amount,omitempty"`
	Charge loan.Component `json:"charge,omitempty"`
	Due    day.Date       `json:"due,omitempty"`
	Rows   int            `json:"rows,omitempty"`
	Rate   string         `json:"rate,omitempty"`
	Keep   bool           `json:"keep,omitempty"`
	// Holiday is what interest does in a deferral.
	Holiday schedule.HolidayInterest `json:"holiday,omitempty"`
}

// document is what a proposal shows: what is wanted, and how the loan stands or would stand with it.
type document struct {
	Wish *wish `json:"wish,omitempty"`
	Loan brief `json:"loan"`
}

// brief is how a loan stands, for who decides.
type brief struct {
	State       State            `json:"state"`
	Outstanding map[string]int64 `json:"outstanding"` // minor units by component
	Rows        int              `json:"rows"`
	Last        string           `json:"last_due"`
}

// ProposeChange proposes what Change does. The same again gives the proposal as it stands.
func (s *Servicing) ProposeChange(ctx context.Context, office Office, d Draft, loanID id.ID, c Change) (ops.Proposal, error) {
	if err := c.check(); err != nil {
		return ops.Proposal{}, err
	}
	w := &wish{
		Loan: loanID, Kind: c.Kind, Date: c.Date, Amount: c.Amount, Charge: c.Component, Due: c.Due, Rows: c.Rows, Rate: c.Rate, Keep: c.Keep, Holiday: c.Holiday,
	}
	return s.propose(ctx, office, d, ActionChange, w)
}

// ProposeWriteOff proposes what WriteOff does.
func (s *Servicing) ProposeWriteOff(ctx context.Context, office Office, d Draft, loanID id.ID) (ops.Proposal, error) {
	return s.propose(ctx, office, d, ActionWriteOff, &wish{Loan: loanID, Kind: WrittenOff})
}

func (s *Servicing) propose(ctx context.Context, office Office, d Draft, action string, w *wish) (ops.Proposal, error) {
	l, err := s.Get(ctx, d.Tenant, w.Loan)
	if err != nil {
		return ops.Proposal{}, err
	}
	w.Ledger = l.Ledger
	there, err := office.Get(ctx, d.Tenant, d.Proposal)
	if err == nil && there.Action == action && there.Reason == d.Reason && there.Proposer == d.Proposer && wants(there.Becomes, w) {
		return there, nil // though the loan may stand otherwise by now
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return ops.Proposal{}, err
	}
	was, becomes, err := s.preview(ctx, l, w)
	if err != nil {
		return ops.Proposal{}, err
	}
	p := ops.Proposal{
		Tenant: d.Tenant, ID: d.Proposal, Action: action, Subject: w.Loan, Version: uint64(l.Version), Reason: d.Reason, Proposer: d.Proposer,
	}
	if p.Was, err = json.Marshal(document{Loan: was}); err != nil {
		return p, err
	}
	if p.Becomes, err = json.Marshal(document{Wish: w, Loan: becomes}); err != nil {
		return p, err
	}
	return office.Propose(ctx, p)
}

// wants reports whether a proposal's document wants the same.
func wants(content []byte, w *wish) bool {
	var d document
	if json.Unmarshal(content, &d) != nil || d.Wish == nil {
		return false
	}
	a, errA := json.Marshal(d.Wish)
	b, errB := json.Marshal(w)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// preview works out how a loan stands, and would stand if a wish came true today.
func (s *Servicing) preview(ctx context.Context, l *Loan, w *wish) (was, becomes brief, err error) {
	on, err := s.day(ctx, l, 0)
	if err != nil {
		return was, becomes, err
	}
	if err := l.changes(w.Kind, on); err != nil {
		return was, becomes, err
	}
	if w.Date > on {
		return was, becomes, errs.Invalid.Errorf("%s lies ahead: the ledger is at %s", w.Date, on).On("date")
	}
	if was, err = l.brief(on); err != nil {
		return was, becomes, err
	}
	e := w.event()
	if e.Number, e.Outcome = l.Version+1, Applied; e.Date == 0 {
		e.Date = on
	}
	if start := l.contract.Agreement.Terms.Due.Start; e.Date < start {
		return was, becomes, errs.Invalid.Errorf("%s lies before the loan's first day %s", e.Date, start).On("date")
	}
	if e.Kind == WrittenOff {
		_, err = l.writeOff(&e, on)
	} else {
		err = l.charged(&e)
	}
	if err != nil {
		return was, becomes, err
	}
	n, err := l.with(e)
	if err != nil {
		return was, becomes, err
	}
	becomes, err = n.brief(max(on, n.last()))
	return was, becomes, err
}

func (l *Loan) brief(on day.Date) (b brief, err error) {
	s, err := l.Replay(on)
	if err != nil {
		return b, refused(err)
	}
	b.State, b.Rows, b.Outstanding = l.derive(s).state, len(s.Rows), map[string]int64{}
	for c, x := range s.Outstanding() {
		b.Outstanding[loan.Component(c).String()] = x
	}
	if b.Rows > 0 {
		b.Last = s.Rows[b.Rows-1].Row.Due.String()
	}
	return b, nil
}

// Actions are what may be proposed about loans: whoever decides is never who proposed.
func Actions(p *plan.Plan) map[string]ops.Action {
	keep := func(ctx context.Context, tx *sql.Tx, approved *ops.Proposal) error {
		return planned(ctx, tx, p, approved)
	}
	levels := func(roles ...string) (list []ops.Level) {
		for _, r := range roles {
			list = append(list, ops.Level{Role: r})
		}
		return list
	}
	return map[string]ops.Action{
		ActionChange:   {Rule: ops.Rule{Life: proposalLife, Levels: levels("operations", "risk")}, Keep: keep},
		ActionWriteOff: {Rule: ops.Rule{Life: proposalLife, Levels: levels("finance", "risk")}, Keep: keep},
	}
}

// planned plans what was approved, in the transaction that approves it.
func planned(ctx context.Context, tx *sql.Tx, p *plan.Plan, approved *ops.Proposal) error {
	var d document
	if err := json.Unmarshal(approved.Becomes, &d); err != nil || d.Wish == nil || d.Wish.Loan != approved.Subject {
		return errs.Invalid.Errorf("the proposal is no change of this loan")
	}
	content, err := json.Marshal(task{approved.ID, approved.Proposer, *d.Wish})
	if err != nil {
		return err
	}
	return p.AddIn(ctx, tx, plan.Event{
		Tenant: approved.Tenant, ID: approved.Command("lending.act", 0), Ledger: d.Wish.Ledger, Kind: EventKind, Subject: approved.Subject, Content: content,
	})
}

// task is what a planned event has to do.
type task struct {
	Proposal id.ID `json:"proposal"`
	Proposer id.ID `json:"proposer"`
	Wish     wish  `json:"wish"`
}

// Acts gives the handler of the planned events of EventKind: it does what was approved. What can't be done any more, since the loan has changed, is
// stuck, and a person looks at it; of a loan that is closed or written off it lapses, and the proposal says why. What may pass is tried again.
func (s *Servicing) Acts(p *plan.Plan, office Office) plan.Handler {
	return func(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
		t, err := taskOf(e)
		if err != nil {
			return nil, plan.Permanent(err)
		}
		done, err := s.carryOut(ctx, e.Tenant, &t, func() error { return wanted(ctx, p, e) })
		switch {
		case err == nil && done.Outcome == Applied:
			return nil, nil
		case err == nil:
			err = fmt.Errorf("proposal %s: the ledger says %s", t.Proposal, done.Outcome)
		case errs.Is(err, errs.Overloaded), errs.Is(err, errs.Internal):
			return nil, err // what was begun is found when it is tried again
		case !errs.Is(err, WrongState):
			return nil, plan.Permanent(err)
		}
		state, failed := s.over(ctx, e.Tenant, t.Wish.Loan)
		if failed != nil {
			return nil, failed
		}
		if state == "" {
			return nil, plan.Permanent(err)
		}
		why := lapse(state, err.Error())
		return func(tx *sql.Tx) error { return office.Lapse(ctx, tx, e.Tenant, t.Proposal, why) }, plan.Over(errors.New(why))
	}
}

func taskOf(e *plan.Event) (t task, err error) {
	if err = json.Unmarshal(e.Content, &t); err != nil {
		err = fmt.Errorf("read what was approved: %w", err)
	}
	return t, err
}

// wanted refuses what was called off after its handler had begun.
func wanted(ctx context.Context, p *plan.Plan, e *plan.Event) error {
	now, err := p.Get(ctx, e.Tenant, e.ID)
	if err == nil && now.State != plan.Waiting {
		err = WrongState.Errorf("what was approved is %s: %s", now.State, now.Problem)
	}
	return err
}

// lapse says why what was approved is not done any more: how the loan stands, and what was in the way before, if anything was.
func lapse(state State, problem string) string {
	why := fmt.Sprintf("the loan is %s", state)
	if problem != "" {
		why += ": " + problem
	}
	return why
}

func (s State) over() bool { return s == Closed || s == GivenUp }

// over is the state of a loan that nothing is changed of any more; "" while something may be.
func (s *Servicing) over(ctx context.Context, tenant, loanID id.ID) (State, error) {
	t, err := s.Standing(ctx, tenant, loanID, 0)
	if errs.Is(err, errs.NotFound) {
		return "", nil
	}
	if err != nil || !t.State.over() {
		return "", err
	}
	return t.State, nil
}

// Lapses calls off what was approved and not done, whether it waits, is stuck or is worked on, in the transaction that notes that its loan is closed or
// written off: nobody who has just settled is charged with what was approved before. What is approved later is planned later.
func Lapses(p *plan.Plan, office Office) Watch {
	return Watching(func(_ context.Context, l *Loan, e *Event, state State) ([]over, error) {
		if !state.over() || e.Outcome != Applied {
			return nil, nil
		}
		return []over{{l, state}}, nil
	}, func(ctx context.Context, tx *sql.Tx, list []over) error {
		for _, o := range list {
			events, err := p.OpenIn(ctx, tx, &plan.Event{Tenant: o.Tenant, Ledger: o.Ledger, Kind: EventKind, Subject: o.Deed.Loan})
			for i := range events {
				if err == nil {
					err = callOff(ctx, tx, p, office, o.Loan, &events[i], o.state)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// over is a loan that is closed or written off.
type over struct {
	*Loan
	state State
}

// callOff lets one approved act lapse that the loan knows nothing of.
func callOff(ctx context.Context, tx *sql.Tx, p *plan.Plan, office Office, l *Loan, e *plan.Event, state State) error {
	t, err := taskOf(e)
	if err != nil {
		return nil // a person looks at it
	}
	if done := l.Find(t.Proposal); done != nil && done.Outcome == Applied {
		return nil // its handler was not told yet
	}
	why := lapse(state, e.Problem)
	if off, err := p.CallOffIn(ctx, tx, e, why); err != nil || !off {
		return err
	}
	return office.Lapse(ctx, tx, l.Tenant, t.Proposal, why)
}

// LapseStuck does what Lapses does for what is stuck of a tenant's loans that were closed or written off before it did, a page after the other. One that
// fails keeps none of the others from it.
func (s *Servicing) LapseStuck(ctx context.Context, p *plan.Plan, office Office, tenant id.ID) error {
	var failed []error
	for after := (plan.Place{}); ; {
		list, err := p.List(ctx, tenant, plan.Stuck, after, stuckAtOnce)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for i := range list {
			e := &list[i]
			after = plan.Place{Due: e.Due, ID: e.ID}
			if e.Kind != EventKind {
				continue
			}
			if err := s.lapseStuck(ctx, p, office, e); err != nil {
				failed = append(failed, fmt.Errorf("planned event %s: %w", e.ID, err))
			}
		}
		if len(list) < stuckAtOnce {
			return errors.Join(failed...)
		}
	}
}

func (s *Servicing) lapseStuck(ctx context.Context, p *plan.Plan, office Office, e *plan.Event) error {
	state, err := s.over(ctx, e.Tenant, e.Subject)
	if err != nil || state == "" {
		return err
	}
	l, err := s.Get(ctx, e.Tenant, e.Subject)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error { return callOff(ctx, tx, p, office, l, e, state) })
}

func (s *Servicing) carryOut(ctx context.Context, tenant id.ID, t *task, wanted func() error) (Event, error) {
	if t.Wish.Kind == WrittenOff {
		return s.WriteOff(ctx, tenant, t.Wish.Loan, Giving{ID: t.Proposal, Actor: t.Proposer, Approval: t.Proposal})
	}
	c := t.Wish.change(t)
	c.wanted = wanted
	return s.Change(ctx, tenant, t.Wish.Loan, c)
}

func (w *wish) event() Event {
	return Event{
		Kind: w.Kind, Date: w.Date, Amount: w.Amount, Component: w.Charge, Due: w.Due, Rows: w.Rows, Rate: w.Rate, Keep: w.Keep, Holiday: w.Holiday,
	}
}

func (w *wish) change(t *task) Change {
	return Change{
		ID: t.Proposal, Kind: w.Kind, Date: w.Date, Amount: w.Amount, Component: w.Charge, Due: w.Due, Rows: w.Rows, Rate: w.Rate, Keep: w.Keep, Holiday: w.Holiday,
		Actor: t.Proposer, Approval: t.Proposal,
	}
}
