package servicing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Ledgers are where the money is.
type Ledgers interface {
	// Apply does what node.Ledger does, for a ledger by its name.
	Apply(ctx context.Context, ledger string, commands []*ledger.Command) ([]node.Answer, error)
	// Now is a ledger's instant, in its zone.
	Now(ctx context.Context, ledger string) (time.Time, error)
	// View reads a ledger as it stands.
	View(ctx context.Context, ledger string, read func(*ledger.Engine)) error
}

// act is one thing that is done to a loan.
type act struct {
	tenant, loan id.ID
	event        Event
	asked        any // that a repeat must equal
	// date gives the day from which it counts, if the event names none: it may lie ahead by a cut-off. nil: today.
	date func(l *Loan, now time.Time) (day.Date, error)
	// prepare completes the event by what the loan is. It may give the state after the event, if it has worked it out.
	prepare func(l *Loan, e *Event, today day.Date) (*loan.State, error)
	// operations stand before what goes forward; purpose is that of the command then. prepare may set them.
	operations []ledger.Operation
	purpose    uint32
}

// tries is how often an act begins anew when another node was quicker.
const tries = 10

// do does an act, or gives what it led to before.
func (s *Servicing) do(ctx context.Context, a *act) (Event, error) {
	if err := a.event.ID.Check(); err != nil {
		return Event{}, errs.Invalid.Errorf("%v", err).On("id")
	}
	words, err := json.Marshal(a.asked)
	if err != nil {
		return Event{}, err
	}
	hash := sha256.Sum256(append(append(words, a.loan[:]...), a.event.Kind...))
	a.event.Hash = hex.EncodeToString(hash[:16])
	unlock := s.locks.lock(a.tenant, a.loan)
	defer unlock()
	for range tries {
		e, err := s.once(ctx, a)
		if !errors.Is(err, errStale) {
			return e, err
		}
		s.cache.drop(a.tenant, a.loan)
	}
	return Event{}, errs.Overloaded.Errorf("others change this loan all the time: try again")
}

// once tries an act on the loan as it is known here.
func (s *Servicing) once(ctx context.Context, a *act) (Event, error) {
	l, err := s.current(ctx, a.tenant, a.loan)
	if err != nil {
		return Event{}, err
	}
	if e := l.Find(a.event.ID); e != nil {
		if e.Hash != a.event.Hash {
			return Event{}, Taken.Errorf("id %s was used for something else: make a new one", e.ID).On("id")
		}
		return *e, nil
	}
	p, err := s.plan(ctx, l, a)
	if err != nil {
		return Event{}, err
	}
	if err := s.begin(ctx, p); err != nil {
		return Event{}, err
	}
	e, err := s.finish(ctx, l, p)
	if err != nil {
		s.cache.drop(a.tenant, a.loan) // so that the next one looks for what waits
	}
	return e, err
}

// pending is an act with its commands, written down before they are sent.
type pending struct {
	tenant, loan id.ID
	version      uint32 // of the loan before it
	event        Event
	commands     []*ledger.Command
	then         *Loan       // if the event is applied, but for what was booked; nil: not worked out
	after        *loan.State // of that loan; nil: not worked out
}

// plan works out what an act does.
func (s *Servicing) plan(ctx context.Context, l *Loan, a *act) (*pending, error) {
	if l.Ended {
		return nil, ended()
	}
	now, err := s.ledgers.Now(ctx, l.Ledger)
	if err != nil {
		return nil, err
	}
	today := dateOf(ledger.DateOf(now))
	e := a.event
	e.Number, e.At, e.Outcome = l.Version+1, now.UnixMicro(), Applied
	latest := today
	switch {
	case e.Date == 0 && a.date != nil:
		if e.Date, err = a.date(l, now); err != nil {
			return nil, err
		}
		latest = max(today, e.Date)
	case e.Date == 0:
		e.Date = today
	}
	if e.Date > latest {
		return nil, errs.Invalid.Errorf("%s lies ahead: the ledger is at %s", e.Date, today).On("date")
	}
	if start := l.contract.Agreement.Terms.Due.Start; e.Date < start {
		return nil, errs.Invalid.Errorf("%s lies before the loan's first day %s", e.Date, start).On("date")
	}
	p := &pending{tenant: l.Tenant, loan: l.Deed.Loan, version: l.Version}
	if p.after, err = a.prepare(l, &e, today); err != nil {
		return nil, err
	}
	if e.Outcome == Applied {
		if err := s.book(ctx, l, &e, p, today, a); err != nil {
			return nil, err
		}
	}
	p.event = e
	return p, nil
}

// book works out the commands of an event, and the state after it.
func (s *Servicing) book(ctx context.Context, l *Loan, e *Event, p *pending, today day.Date, a *act) error {
	n, err := l.with(*e)
	if err != nil {
		return err
	}
	p.then = n
	if p.after == nil {
		if p.after, err = n.Replay(max(today, n.last())); err != nil {
			return refused(err)
		}
	}
	target, err := n.target(p.after)
	if err != nil {
		return err
	}
	if target.Credit < 0 {
		return WrongState.Errorf("%d of what it put to the credit account was used by a later payment: reverse that one first", -target.Credit).On("event")
	}
	r, corrects := l.rewrite(e, &target), false
	if !l.inOrder(e) || len(r.back) > 0 {
		if r.diffs, r.own, err = l.differences(n, p.after, e.Number); err != nil {
			return err
		}
		if corrects, err = s.corrects(ctx, l, e, r); err != nil {
			return err
		}
	}
	if p.commands, err = l.commands(e, r, corrects); err != nil {
		return err
	}
	if len(a.operations) > 0 {
		p.commands = l.before(e, a, p.commands)
	}
	e.locate(p.commands)
	for _, c := range p.commands {
		if err := c.Check(); err != nil {
			return fmt.Errorf("act %s on loan %s: %w", e.ID, p.loan, err)
		}
	}
	return nil
}

// locate notes where the distribution stands in the event's command.
func (e *Event) locate(commands []*ledger.Command) {
	for _, c := range commands {
		if id.ID(c.ID) != e.Command {
			continue
		}
		for i, o := range c.Operations {
			if o.Kind() == ledger.KindDistribute {
				e.Index = uint16(i)
				return
			}
		}
	}
}

// before puts operations before what goes forward, in the same command.
func (l *Loan) before(e *Event, a *act, list []*ledger.Command) []*ledger.Command {
	if e.Command.IsZero() {
		c := l.command(e, stepForward, 0, a.purpose, a.operations...)
		e.Command = id.ID(c.ID)
		return append(list, c)
	}
	c := list[len(list)-1]
	c.Purpose, c.Operations = a.purpose, append(a.operations[:len(a.operations):len(a.operations)], c.Operations...)
	return list
}

// finish sends the commands of an act and keeps what became of it.
func (s *Servicing) finish(ctx context.Context, l *Loan, p *pending) (Event, error) {
	if err := s.send(ctx, l, p); err != nil {
		return Event{}, err
	}
	n, err := p.ended(l)
	if err != nil {
		return Event{}, err
	}
	state := p.after
	if state == nil || p.event.Outcome != Applied {
		if state, err = n.Replay(max(p.event.Date, n.last())); err != nil {
			return Event{}, err
		}
	}
	idle, err := s.idle(n, state)
	if err != nil {
		return Event{}, err
	}
	// Whoever is told of the event by its rows must not find the loan as it was before: he waits for the lock.
	s.cache.drop(l.Tenant, l.Deed.Loan)
	if err := s.confirm(ctx, n, p, n.derive(state), idle); err != nil {
		return Event{}, err
	}
	for _, w := range p.event.Waits {
		s.lines.add(payerKey{n.Tenant, n.Ledger, w.Account})
	}
	s.cache.put(n)
	return p.event, nil
}

// ended is the loan after an act that has come to its end.
func (p *pending) ended(l *Loan) (*Loan, error) {
	if p.then == nil || p.event.Outcome != Applied {
		return l.with(p.event)
	}
	p.then.Events[len(p.then.Events)-1] = p.event
	p.then.Booked = l.Booked.clone()
	p.then.bookedBy(&p.event)
	return p.then, nil
}

// send sends the commands one after the other and notes in the event what became of them.
func (s *Servicing) send(ctx context.Context, l *Loan, p *pending) error {
	e := &p.event
	for i, c := range p.commands {
		r, err := s.apply(ctx, l, p, i, c)
		switch {
		case err != nil:
			return err
		case r.Code == ledger.Applied && id.ID(c.ID) == e.Command:
			e.Sequence = r.Sequence
			e.deduct(r.Outputs)
		case r.Code != ledger.Applied && i < len(e.Undone):
			return s.restore(ctx, l, p, i, Outcome(r.Code.String()))
		case r.Code != ledger.Applied && i == 0:
			e.refuse(Outcome(r.Code.String()))
			return nil
		case r.Code != ledger.Applied:
			// What was taken back stays so, for the payer has spent it: the next act pays what is missing.
			e.Booked, e.Command, e.Index = Division{}, id.ID{}, 0
		}
	}
	return nil
}

// restore pays again what was taken back before the ledger refused to take more back: then nothing has changed.
func (s *Servicing) restore(ctx context.Context, l *Loan, p *pending, done int, why Outcome) error {
	e := &p.event
	undone := e.Undone[:done]
	e.refuse(why)
	if done == 0 {
		return nil
	}
	var d Division
	for _, n := range undone {
		d.plus(&l.Events[n-1].Booked, 1)
	}
	e.Undone = undone
	if d.none() {
		return nil // money that was kept as credit and given back again
	}
	c := l.pay(e, stepRestore, d)
	if slices.ContainsFunc(undone, func(n uint32) bool { return l.payer(&l.Events[n-1]) != l.payer(e) }) {
		c.Operations = l.payAgain(undone)
	}
	// It is kept with the others once it is sent otherwise than it is made: see apply.
	if i := slices.IndexFunc(p.commands, func(o *ledger.Command) bool { return o.ID == c.ID }); i >= 0 {
		c = p.commands[i]
	} else {
		p.commands = append(p.commands, c)
	}
	e.locate([]*ledger.Command{c})
	r, err := s.apply(ctx, l, p, done, c)
	if err != nil {
		return err
	}
	if e.Sequence = r.Sequence; r.Code == ledger.Applied {
		e.deduct(r.Outputs)
	} else {
		e.Booked, e.Command, e.Sequence, e.Index = Division{}, id.ID{}, 0, 0
	}
	return nil
}

// payAgain are the operations that pay events again, each by who paid it; single accounts before all holders.
func (l *Loan) payAgain(events []uint32) []ledger.Operation {
	var singles, lines []ledger.Operation
	for _, n := range events {
		e := &l.Events[n-1]
		for _, o := range l.pays(e, &e.Booked) {
			if o.Kind() == ledger.KindDistribute {
				lines = append(lines, o)
			} else {
				singles = append(singles, o)
			}
		}
	}
	return append(singles, lines...)
}

// apply sends one command. What the ledger does not journal is an error. A command that counts from a day in a closed
// period is a correction: it counts from the day of its booking, and names that day.
func (s *Servicing) apply(ctx context.Context, l *Loan, p *pending, i int, c *ledger.Command) (ledger.Result, error) {
	answers, err := s.ledgers.Apply(ctx, l.Ledger, []*ledger.Command{c})
	if errs.Is(err, accounting.PeriodClosed) {
		c.References = append(c.References, accounting.Corrects(c.Effective))
		c.Effective = 0
		if err := s.rewrite(ctx, p); err != nil {
			return ledger.Result{}, err
		}
		answers, err = s.ledgers.Apply(ctx, l.Ledger, []*ledger.Command{c})
	}
	if err != nil {
		return ledger.Result{}, fmt.Errorf("act %s on loan %s: %w", p.event.ID, p.loan, err)
	}
	r := answers[0].Result
	if !r.Code.Journaled() {
		return r, s.notTaken(ctx, p, i, r.Code, answers[0].Why)
	}
	return r, nil
}

// refuse makes an event one that changed nothing.
func (e *Event) refuse(why Outcome) {
	e.Outcome, e.Booked, e.Undone, e.Amount, e.Kept, e.Fee, e.Costs, e.Claimed, e.Units = why, Division{}, nil, 0, 0, 0, 0, 0, 0
	e.Split, e.Payers, e.Waits, e.Corrected, e.Index = loan.Split{}, nil, nil, nil, 0
}

// notTaken says why the ledger did not even journal a command. What it may take later stays pending.
func (s *Servicing) notTaken(ctx context.Context, p *pending, i int, code ledger.Code, why string) error {
	switch {
	case code == ledger.Overloaded || code == ledger.NotLeading:
		return errs.Overloaded.Errorf("the ledger takes nothing at the moment; it is done as soon as it does: ask again with the same id")
	case code == ledger.IDFromFuture && i == 0:
		if err := s.withdraw(ctx, p); err != nil {
			return err
		}
		return errs.Invalid.Errorf("%s", why).On("id")
	}
	return errs.Internal.Errorf("act %s: the ledger says %s: %s", p.event.ID, code, why)
}
