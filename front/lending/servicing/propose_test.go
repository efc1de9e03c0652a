package servicing_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// approving is a world in which changes are approved, as by two persons.
type approving struct {
	*world
	office
	plan   *plan.Plan
	clock  *clock.Manual // of the machine
	acts   plan.Handler  // what a test puts in its place; nil: the handler itself
	runner *plan.Runner
	lapsed map[id.ID]string // by proposal
}

// newApproving lets approved acts lapse with their loans if lapses says so.
func newApproving(w *world, lapses bool) *approving {
	w.t.Helper()
	a := &approving{world: w, clock: clock.NewManual(start), lapsed: map[id.ID]string{}}
	var err error
	if a.plan, err = plan.Open(context.Background(), w.db, a.clock); err != nil {
		w.t.Fatal(err)
	}
	if lapses {
		w.Watch(servicing.Lapses(a.plan, a))
	}
	handlers := map[string]plan.Handler{servicing.EventKind: func(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
		if a.acts != nil {
			return a.acts(ctx, e)
		}
		return a.handle(ctx, e)
	}}
	if a.runner, err = a.plan.Lead(context.Background(), 1, clocks{w}, handlers); err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (a *approving) handle(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	return a.Acts(a.plan, a)(ctx, e)
}

func (a *approving) Lapse(_ context.Context, _ *sql.Tx, _, proposal id.ID, why string) error {
	a.lapsed[proposal] = why
	return nil
}

// approve approves a proposal: it is planned, and not done yet.
func (a *approving) approve(p ops.Proposal, err error) id.ID {
	a.t.Helper()
	if err == nil {
		err = a.db.Write(context.Background(), func(tx *sql.Tx) error {
			return servicing.Actions(a.plan)[p.Action].Keep(context.Background(), tx, &p)
		})
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return p.ID
}

func draft(n int) servicing.Draft {
	return servicing.Draft{Tenant: tenant, Proposal: uid("proposal", n), Proposer: uid("clerk", 1), Reason: "late"}
}

// fee approves that 10.00 are charged.
func (a *approving) fee(d servicing.Deed, n int) id.ID {
	a.t.Helper()
	return a.approve(a.ProposeChange(context.Background(), a, draft(n), d.Loan, servicing.Change{Kind: servicing.Charged, Amount: 10_00, Component: loan.Fee, Due: dayOf(start) + 200}))
}

// loss approves that a loan is written off.
func (a *approving) loss(d servicing.Deed, n int) id.ID {
	a.t.Helper()
	return a.approve(a.ProposeWriteOff(context.Background(), a, draft(n), d.Loan))
}

// run lets happen what is due, after the wait of what failed.
func (a *approving) run() {
	a.t.Helper()
	a.clock.Advance(time.Hour)
	if _, err := a.runner.RunDue(context.Background(), "main", a.now().UnixMicro()); err != nil {
		a.t.Fatal(err)
	}
}

// settle pays all that is owed of a loan.
func (a *approving) settle(d servicing.Deed, n int) {
	a.t.Helper()
	q, err := a.Quote(context.Background(), tenant, d.Loan, 0)
	if err != nil {
		a.t.Fatal(err)
	}
	a.repay(d, n, q.Split.Total(), func(p *servicing.Payment) { p.Settle = true })
	a.is(d, servicing.Closed)
}

func (a *approving) is(d servicing.Deed, state servicing.State) {
	a.t.Helper()
	if s := a.standing(d); s.State != state {
		a.t.Fatalf("the loan is %s, of which %d is outstanding", s.State, s.Outstanding.Total())
	}
}

// ends looks how the job of a proposal stands, and whether the proposal lapsed for a reason.
func (a *approving) ends(proposal id.ID, state plan.State, lapsed string) {
	a.t.Helper()
	e, err := a.plan.Get(context.Background(), tenant, proposal.Derive("lending.act", 0))
	if err != nil || e.State != state || lapsed != "" && e.Problem != lapsed || a.lapsed[proposal] != lapsed {
		a.t.Errorf("the job is %s: %q; the proposal lapsed: %q %v", e.State, e.Problem, a.lapsed[proposal], err)
	}
}

// stick makes everything that is due stuck.
func (a *approving) stick() {
	a.t.Helper()
	a.acts = func(context.Context, *plan.Event) (func(*sql.Tx) error, error) {
		return nil, plan.Permanent(errors.New("not so"))
	}
	a.run()
	a.acts = nil
}

// What was approved before a loan is closed and not done until then is never done, be it stuck or not yet begun: a borrower who has just settled owes
// nothing. What is approved afterwards is done.
func TestApprovedChargeLapsesWithItsLoan(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a := newApproving(w, true)
		d := w.lend(1, small)
		stuck := a.fee(d, 1)
		a.stick()
		waits := a.fee(d, 2)
		a.settle(d, 1)
		w.cash(20_00)
		a.run()
		a.is(d, servicing.Closed)
		w.have("nothing was charged", map[string]int64{"platform:fees": 0, d.Places.Payer: 20_00})
		w.apply(&ledger.Transfer{Debit: d.Places.Payer, Credit: "bank", Mode: ledger.Exact, Amount: 20_00})
		a.ends(stuck, plan.Cancelled, "the loan is closed: not so")
		a.ends(waits, plan.Cancelled, "the loan is closed")

		// A charge that is approved afterwards opens the loan again, and takes nothing of the borrower's money. The order of the
		// product lets fees that are due come first, of the settlement too.
		w.cash(10_00)
		after := a.fee(d, 3)
		a.run()
		a.ends(after, plan.Done, "")
		a.is(d, servicing.Active)
		w.have("charged", map[string]int64{"platform:fees": 10_00, d.Places.Payer: 10_00})
		a.settle(d, 2)
		a.is(d, servicing.Closed)
		w.have("settled again", map[string]int64{"platform:fees": 10_00, d.Places.Payer: 10_00})
	})
}

// A loan may be closed while the handler works: before it does what was approved, or after it could not do it. Neither is done, and neither stays stuck.
func TestLoanClosesWhileAnActIsUnderWay(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a := newApproving(w, true)
		d, other := w.lend(1, small), w.lend(2, small)
		fee := a.fee(d, 1)
		a.acts = func(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
			a.settle(d, 1)
			w.cash(10_00)
			return a.handle(ctx, e)
		}
		a.run()
		w.have("nothing was charged", map[string]int64{"platform:fees": 0, d.Places.Payer: 10_00})
		a.ends(fee, plan.Cancelled, "the loan is closed")

		late := a.approve(a.ProposeChange(context.Background(), a, draft(2), other.Loan, servicing.Change{Kind: servicing.Deferred, Rows: 1}))
		a.acts = func(context.Context, *plan.Event) (func(*sql.Tx) error, error) {
			a.settle(other, 2)
			return nil, plan.Permanent(errors.New("it saw the loan open"))
		}
		a.run()
		a.ends(late, plan.Cancelled, "the loan is closed")
	})
}

// A write-off whose answer is lost has been done all the same: its job ends as done, whatever happens to the loan meanwhile.
func TestLostAnswerOfAWriteOff(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a := newApproving(w, true)
		losses := onReserve
		losses.WriteOffAfter, losses.Recovery = 30, [3]servicing.Receiver{servicing.ToCosts, servicing.ToPayers, servicing.ToHolders}
		k := small.lost(losses)
		k.Counted = true // so that it sends a command
		d := w.lend(1, k)
		w.to("2026-04-20")
		loss := a.loss(d, 1)
		came := w.ledgers.breaks(2)
		a.run()
		if !came() {
			t.Fatal("it sent nothing")
		}
		a.ends(loss, plan.Waiting, "")
		a.is(d, servicing.GivenUp)
		w.cash(10_00)
		if _, err := w.Recover(context.Background(), tenant, d.Loan, servicing.Recovery{ID: uid("recovery", 1), Amount: 10_00}); err != nil {
			t.Fatal(err)
		}
		a.run()
		a.ends(loss, plan.Done, "")
	})
}

// A failure that may pass lets nothing lapse, though the loan is closed: it is tried again.
func TestPassingFailureOnAClosedLoan(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a := newApproving(w, true)
		d := w.lend(1, small)
		a.settle(d, 1)
		w.cash(10_00)
		fee := a.fee(d, 1)
		rename := func(from, to string) {
			t.Helper()
			if _, err := w.db.Writer().ExecContext(context.Background(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
				t.Fatal(err)
			}
		}
		rename("lending_event", "lending_gone")
		a.run()
		rename("lending_gone", "lending_event")
		a.ends(fee, plan.Waiting, "")
		a.is(d, servicing.Closed)
		a.run()
		a.ends(fee, plan.Done, "")
	})
}

// What was stuck before loans let it lapse with them ends as a node starts, if its loan is over; what is stuck about others stays, and so does what was done.
func TestLapseStuck(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a := newApproving(w, false)
		losses := onReserve
		losses.WriteOffAfter = 30
		d, other, lost := w.lend(1, small), w.lend(2, small), w.lend(3, small.lost(losses))
		w.to("2026-04-20")
		closed, open, done := a.fee(d, 1), a.fee(other, 2), a.loss(lost, 3)
		a.stick()
		a.settle(d, 1)
		if _, err := w.WriteOff(context.Background(), tenant, lost.Loan, servicing.Giving{ID: done, Approval: done}); err != nil {
			t.Fatal(err)
		}
		if err := a.LapseStuck(context.Background(), a.plan, a, tenant); err != nil {
			t.Fatal(err)
		}
		a.ends(closed, plan.Cancelled, "the loan is closed: not so")
		a.ends(open, plan.Stuck, "")
		a.ends(done, plan.Stuck, "")
	})
}
