package servicing_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
)

// What a change can't mean is refused with the field that says it, and changes nothing.
func TestChangesThatAreNone(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, small)
		before := w.standing(d)
		w.to("2026-02-10")
		charge := func(f func(*servicing.Change)) servicing.Change {
			c := servicing.Change{Kind: servicing.Charged, Amount: 5_00, Component: loan.Fee}
			f(&c)
			return c
		}
		rate := func(text string) servicing.Change { return servicing.Change{Kind: servicing.Repriced, Rate: text} }
		for i, bad := range []struct {
			field string
			c     servicing.Change
		}{
			{"kind", servicing.Change{Kind: servicing.Repaid}},
			{"amount", charge(func(c *servicing.Change) { c.Amount = 0 })},
			{"amount", charge(func(c *servicing.Change) { c.Amount = -5 })},
			{"amount", charge(func(c *servicing.Change) { c.Amount = 1e18 })},
			{"due", charge(func(c *servicing.Change) { c.Due = dayOf(w.now()) - 1_000 })},
			{"due", charge(func(c *servicing.Change) { c.Due = day.Max + 1 })},
			{"rows", servicing.Change{Kind: servicing.Deferred}},
			{"rows", servicing.Change{Kind: servicing.Deferred, Rows: 1_000_000}},
			{"due", servicing.Change{Kind: servicing.Rescheduled, Rows: 3}},
			{"rows", servicing.Change{Kind: servicing.Rescheduled, Rows: -1, Due: dayOf(w.now()) + 9}},
			{"rate", rate("")},
			{"rate", rate("NaN")},
			{"rate", rate("-0.1")},
			{"rate", rate("1001")},
			{"rate", rate("1e15")},
			{"rate", rate("ten")},
		} {
			bad.c.ID = uid("change", i)
			_, done := w.Change(context.Background(), tenant, d.Loan, bad.c)
			_, proposed := w.ProposeChange(context.Background(), office{}, draft(i), d.Loan, bad.c)
			for _, err := range []error{done, proposed} {
				refused(t, err, errs.Invalid, bad.field)
			}
		}
		if s := w.standing(d); s.Outstanding != before.Outstanding {
			t.Errorf("%v is outstanding, it was %v", s.Outstanding, before.Outstanding)
		}
		// A charge that says nothing of it is due on its day, and so it is shown to who approves it.
		p, err := w.ProposeChange(context.Background(), office{}, draft(100), d.Loan, charge(func(*servicing.Change) {}))
		var shown struct {
			Loan struct{ Outstanding map[string]int64 }
		}
		if err == nil {
			err = json.Unmarshal(p.Becomes, &shown)
		}
		for c, x := range before.Outstanding {
			if loan.Component(c) == loan.Fee {
				x += 5_00
			}
			if name := loan.Component(c).String(); err != nil || shown.Loan.Outstanding[name] != x {
				t.Errorf("of %s %d would be outstanding, want %d: %v", name, shown.Loan.Outstanding[name], x, err)
			}
		}
		e, err := w.Change(context.Background(), tenant, d.Loan, charge(func(c *servicing.Change) { c.ID = uid("change", 100) }))
		if s := w.standing(d); err != nil || e.Due != dayOf(w.now()) || s.Outstanding.Total() != before.Outstanding.Total()+5_00 {
			t.Errorf("%+v %v", e, err)
		}
	})
}

// All charges of a loan are together half of what one amount may be. The one that goes over it is refused, proposed or done; one that
// was reversed does not count.
func TestChargesTogether(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Fee: 1_00})
		charge := func(n int, amount int64) error {
			_, err := w.Change(context.Background(), tenant, d.Loan, servicing.Change{ID: uid("change", n), Kind: servicing.Charged, Amount: amount, Component: loan.Fee})
			return err
		}
		const most = 5_000_000_000_000_000 - 12_00
		if err := charge(1, most); err != nil {
			t.Fatal(err)
		}
		refused(t, charge(2, 1), errs.Invalid, "amount")
		_, err := w.ProposeChange(context.Background(), office{}, draft(1), d.Loan, servicing.Change{Kind: servicing.Charged, Amount: 1, Due: dayOf(start)})
		refused(t, err, errs.Invalid, "amount")
		if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("change", 1), id0); err != nil {
			t.Fatal(err)
		}
		if err := charge(3, 1); err != nil {
			t.Errorf("after the large one was taken back: %v", err)
		}
	})
}

// A fee that is taken back of a loan that was repaid is the borrower's money again. It does not count for what was charged
// later and he still owes: that he pays anew, and what he pays is taken.
func TestPaymentAfterOneOfTooMuch(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 1, Recalculate: true})
		charge := func(n int, due day.Date, amount int64) {
			e, err := w.Change(context.Background(), tenant, d.Loan, servicing.Change{
				ID: uid("charge", n), Kind: servicing.Charged, Due: due, Amount: amount, Component: loan.Fee,
			})
			if err != nil || e.Outcome != servicing.Applied {
				t.Fatalf("%+v %v", e, err)
			}
		}
		charge(1, dayOf(start), 14_00)
		w.repay(d, 1, 1_214_00)
		charge(2, day.Of(2026, 3, 1), 30_00)
		if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("charge", 1), id0); err != nil {
			t.Fatal(err)
		}
		w.have("the fee is back", map[string]int64{"borrower:1:cash": 14_00})
		w.to("2026-03-02")
		if e := w.repay(d, 2, 30_00); e.Amount != 30_00 {
			t.Errorf("of 30.00 that are owed %d are taken", e.Amount)
		}
		w.whole(d)
		w.have("all is paid", map[string]int64{"borrower:1:cash": 14_00})
	})
}
