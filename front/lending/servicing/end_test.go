package servicing_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// over ends a loan.
func (w *world) over(d servicing.Deed, n int, reason string) (servicing.Event, error) {
	return w.End(context.Background(), tenant, d.Loan, servicing.Ending{ID: uid("ending", n), Actor: id0, Reason: reason})
}

// office is one where nothing was proposed before.
type office struct{}

func (office) Get(context.Context, id.ID, id.ID) (ops.Proposal, error) {
	return ops.Proposal{}, errs.NotFound.Errorf("there is none")
}

func (office) Lapse(context.Context, *sql.Tx, id.ID, id.ID, string) error { return nil }

func (office) Propose(_ context.Context, p ops.Proposal) (ops.Proposal, error) { return p, nil }

// nothingGoes tries whatever could be done to a loan that has ended.
func (w *world) nothingGoes(d servicing.Deed, payment id.ID) {
	w.t.Helper()
	ctx := context.Background()
	charge := servicing.Change{Kind: servicing.Charged, Amount: 1, Component: loan.Fee, Due: dayOf(start) + 500}
	for name, do := range map[string]func(own id.ID) error{
		"take a payment back": func(own id.ID) error { return last(w.Reverse(ctx, tenant, d.Loan, own, payment, id0)) },
		"count a payment": func(own id.ID) error {
			return last(w.Repay(ctx, tenant, d.Loan, servicing.Payment{ID: own, Amount: 1, Anyway: true}))
		},
		"charge": func(own id.ID) error {
			c := charge
			c.ID = own
			return last(w.Change(ctx, tenant, d.Loan, c))
		},
		"propose a charge": func(own id.ID) error {
			return last(w.ProposeChange(ctx, office{}, servicing.Draft{Tenant: tenant, Proposal: own, Proposer: id0, Reason: "late"}, d.Loan, charge))
		},
		"pay out":   func(own id.ID) error { return last(w.Cover(ctx, tenant, d.Loan, servicing.Payout{ID: own})) },
		"buy":       func(own id.ID) error { return last(w.Buy(ctx, tenant, d.Loan, servicing.Purchase{ID: own})) },
		"write off": func(own id.ID) error { return last(w.WriteOff(ctx, tenant, d.Loan, servicing.Giving{ID: own})) },
		"recover": func(own id.ID) error {
			return last(w.Recover(ctx, tenant, d.Loan, servicing.Recovery{ID: own, Amount: 1}))
		},
		"end": func(own id.ID) error {
			return last(w.End(ctx, tenant, d.Loan, servicing.Ending{ID: own, Reason: "again"}))
		},
	} {
		if err := do(uid(name, int(d.Loan[15]))); !errs.Is(err, servicing.WrongState) || !strings.Contains(err.Error(), "closed for good") {
			w.t.Errorf("%s: %v", name, err)
		}
	}
}

func last[T any](_ T, err error) error { return err }

// A loan of which nothing is owed is ended, once. Then nothing is counted any more and no payment taken back, also by a
// process that has only the rows.
func TestEnd(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit})
		_, err := w.over(d, 1, "paid-up")
		refused(t, err, servicing.WrongState, "") // all of it is outstanding
		w.to("2026-02-16")
		w.repay(d, 1, 106_62)
		paid := w.repay(d, 2, 2_000_00, func(p *servicing.Payment) { p.Settle = true })
		e, err := w.over(d, 2, "paid-up")
		if err != nil || e.Outcome != servicing.Applied || e.Kind != servicing.Ended || e.Reason != "paid-up" || e.Amount != 0 || e.Sequence != 0 {
			t.Fatal(e, err)
		}
		w.whole(d)
		if again, err := w.over(d, 2, "paid-up"); err != nil || again.Number != e.Number {
			t.Errorf("the same again: %+v %v", again, err)
		}
		_, err = w.over(d, 2, "another-reason")
		refused(t, err, servicing.Taken, "id")
		if again := w.repay(d, 1, 106_62); again.Number >= e.Number {
			t.Errorf("a payment of before, asked about again: %+v", again)
		}
		w.nothingGoes(d, paid.ID)
		w.open()
		w.nothingGoes(d, paid.ID)
		if s := w.standing(d); s.State != servicing.Closed {
			t.Errorf("it is %s", s.State)
		}
	})
}

// What lies on the loan's credit account goes back to the borrower first.
func TestEndWithCredit(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 1, Over: servicing.Credit})
		charge, err := w.Change(context.Background(), tenant, d.Loan, servicing.Change{ID: uid("charge", 1), Kind: servicing.Charged, Amount: 10_00, Component: loan.Fee, Due: dayOf(start) + 200})
		if err != nil {
			t.Fatal(err)
		}
		w.to("2026-02-16")
		w.repay(d, 1, w.standing(d).Due.Total()+3_00)
		if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), charge.ID, id0); err != nil {
			t.Fatal(err)
		}
		_, err = w.over(d, 1, "paid-up")
		refused(t, err, servicing.WrongState, "")
		w.repay(d, 2, 1, func(p *servicing.Payment) { p.Settle = true })
		if e, err := w.over(d, 2, "paid-up"); err != nil || e.Outcome != servicing.Applied {
			t.Error(e, err)
		}
		w.whole(d)
	})
}

// What lies on the credit account of a loan that was written off is recovered before the loan ends: it counts first, as it does with a payment, and
// needs no money of anybody. What is over when nothing is owed any more goes back to the borrower.
func TestEndOfALossWithCredit(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		losses := onReserve
		losses.WriteOffAfter, losses.Recovery = 30, [3]servicing.Receiver{servicing.ToCosts, servicing.ToPayers, servicing.ToHolders}
		k := small.lost(losses)
		k.Over = servicing.Credit
		recovers := func(d servicing.Deed, n int, amount int64) (servicing.Event, error) {
			return w.Recover(context.Background(), tenant, d.Loan, servicing.Recovery{ID: uid("recovery", n), Amount: amount})
		}
		d, other, paid := w.lend(1, k), w.lend(2, k), w.lend(3, k)
		w.to("2026-02-10")
		w.repay(paid, 3, 43_38)
		w.repay(d, 1, 43_38)
		w.repay(other, 2, 43_38)
		w.to("2026-04-20")
		for n, d := range []servicing.Deed{d, other, paid} {
			if _, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("give", n)}); err != nil {
				t.Fatal(err)
			}
		}
		given := w.balance("platform:lost")
		_, err := w.over(d, 1, "no-estate")
		refused(t, err, servicing.WrongState, "")
		got, err := recovers(d, 1, 0)
		if err != nil || got.Outcome != servicing.Applied || got.Amount != 43_38 || got.Kept != -43_38 || got.Given() != 0 {
			t.Fatal(got, err)
		}
		w.whole(d)
		w.have("recovered from the credit account", map[string]int64{d.Places.Credit: 0, "platform:lost": given - 43_38, d.Places.Payer: 0})
		_, err = recovers(d, 2, 0)
		refused(t, err, errs.Invalid, "amount")
		if e, err := w.over(d, 2, "no-estate"); err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e, err)
		}

		// Somebody else pays all of the other loan but 10.00.
		w.fund("guarantor:1", 2_000_00)
		got, err = w.Recover(context.Background(), tenant, other.Loan, servicing.Recovery{ID: uid("recovery", 3), Amount: w.standing(other).Outstanding.Total() - 10_00, Payer: "guarantor:1"})
		if err != nil || got.Kept != 0 {
			t.Fatal(got, err)
		}
		if got, err = recovers(other, 4, 0); err != nil || got.Amount != 10_00 || got.Kept != -43_38 {
			t.Fatal(got, err)
		}
		w.whole(other)
		w.have("the rest went back", map[string]int64{other.Places.Credit: 0, other.Places.Payer: 33_38})
		if e, err := w.over(other, 3, "paid-up"); err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e, err)
		}

		// Somebody else pays all of the third: then nothing is owed, and a recovery of 0 gives the borrower's back.
		w.fund("guarantor:1", 2_000_00)
		_, err = w.Recover(context.Background(), tenant, paid.Loan, servicing.Recovery{ID: uid("recovery", 5), Amount: w.standing(paid).Outstanding.Total(), Payer: "guarantor:1"})
		if s := w.standing(paid); err != nil || s.State != servicing.Closed {
			t.Fatal(s.State, err)
		}
		if _, err = w.over(paid, 4, "paid-up"); !errs.Is(err, servicing.WrongState) || !strings.Contains(err.Error(), "a recovery, also one of 0") {
			t.Errorf("with credit left: %v", err)
		}
		if got, err = recovers(paid, 6, 0); err != nil || got.Kept != -43_38 {
			t.Fatal(got, err)
		}
		if e, err := w.over(paid, 5, "paid-up"); err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e, err)
		}
		w.whole(paid)
	})
}

// A loan that was written off is ended when nothing more is expected of it: what comes then is not recovered any more.
func TestEndOfALoss(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		losses := onReserve
		losses.WriteOffAfter, losses.Recovery = 60, [3]servicing.Receiver{servicing.ToCosts, servicing.ToPayers, servicing.ToHolders}
		d := w.lend(1, small.lost(losses))
		w.fund("reserve", 150_00)
		w.to("2026-03-20")
		w.cover(d, 1)
		w.to("2026-04-20")
		if _, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("give", 1)}); err != nil {
			t.Fatal(err)
		}
		w.cash(10_00)
		got, err := w.Recover(context.Background(), tenant, d.Loan, servicing.Recovery{ID: uid("recovery", 1), Amount: 10_00})
		if err != nil || got.Outcome != servicing.Applied {
			t.Fatal(got, err)
		}
		if e, err := w.over(d, 1, "no-estate"); err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e, err)
		}
		w.whole(d)
		w.nothingGoes(d, got.ID)
		if s := w.standing(d); s.State != servicing.GivenUp {
			t.Errorf("it is %s", s.State)
		}
	})
}

// A loan whose rows to come were paid with their interest costs nothing to settle. That settlement takes nothing later either: what
// falls due since is owed, and what is taken back opens the loan.
func TestSettledForNothing(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		advance := small
		advance.Over = servicing.Advance
		d := w.lend(1, advance)
		w.to("2026-01-16")
		w.repay(d, 1, 1_230_00)
		if q, err := w.Quote(t.Context(), tenant, d.Loan, 0); err != nil || q.Split.Total() != 0 {
			t.Fatal(q, err)
		}
		w.repay(d, 2, 1, func(p *servicing.Payment) { p.Settle = true })
		if s := w.standing(d); s.State != servicing.Closed {
			t.Fatalf("it is %s", s.State)
		}
		cash := w.balance("borrower:1:cash")
		if _, err := w.Change(t.Context(), tenant, d.Loan, servicing.Change{ID: uid("charge", 1), Kind: servicing.Charged, Amount: 50_00, Component: loan.Fee}); err != nil {
			t.Fatal(err)
		}
		// 29.61 of the first payment came back when it was settled: that counts again. The settlement's cent does not.
		if s, now := w.standing(d), w.balance("borrower:1:cash"); s.Outstanding.Total() != 50_00-29_61 || now != cash-29_61 {
			t.Errorf("of a charge %d are owed, and %d were taken", s.Outstanding.Total(), cash-now)
		}
		if _, err := w.Reverse(t.Context(), tenant, d.Loan, uid("reversal", 1), uid("payment", 1), id0); err != nil {
			t.Fatal(err)
		}
		if s, now := w.standing(d), w.balance("borrower:1:cash"); s.State != servicing.Active || now < cash+1_200_00 {
			t.Errorf("it is %s with %d owed; %d came back", s.State, s.Outstanding.Total(), now-cash)
		}
		q, err := w.Quote(t.Context(), tenant, d.Loan, 0)
		if err != nil || q.Split.Total() == 0 {
			t.Fatal(q, err)
		}
		w.cash(q.Split.Total())
		w.repay(d, 3, q.Split.Total(), func(p *servicing.Payment) { p.Settle = true })
		if s := w.standing(d); s.State != servicing.Closed {
			t.Errorf("settled again it is %s", s.State)
		}
		w.whole(d)
	})
}
