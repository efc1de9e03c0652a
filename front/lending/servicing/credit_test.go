package servicing_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/store"
)

// clocks are the world's, for planned events.
type clocks struct{ *world }

func (c clocks) Now(context.Context, string) (int64, error) { return c.now().UnixMicro(), nil }

func (c clocks) Advance(_ context.Context, _ string, to int64) error {
	c.apply(&ledger.Advance{To: ledger.Instant(to)})
	return nil
}

// credited is a world whose credit pays what falls due.
type credited struct {
	*world
	plan   *plan.Plan
	runner *plan.Runner
}

func newCredited(t *testing.T, w *world) *credited {
	t.Helper()
	p, err := plan.Open(context.Background(), w.db, clock.NewManual(start))
	if err != nil {
		t.Fatal(err)
	}
	w.Watch(w.Credits(p))
	r, err := p.Lead(context.Background(), 1, clocks{w}, map[string]plan.Handler{servicing.CreditKind: w.Credited(p)})
	if err != nil {
		t.Fatal(err)
	}
	return &credited{w, p, r}
}

// until moves the clock to noon of a date; what is planned happens on the way.
func (c *credited) until(date string) {
	c.t.Helper()
	to, err := time.Parse(time.DateOnly, date)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.runner.Advance(context.Background(), "main", to.Add(12*time.Hour).UnixMicro()); err != nil {
		c.t.Fatal(err)
	}
}

// A borrower whose credit pays the row is never late: it pays as the day begins on which the row falls due, row after row, and of the last one what it can.
func TestCreditPaysWhatFallsDue(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		c := newCredited(t, w)
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit, Penalty: "0.0005"})
		c.until("2026-02-16")
		w.repay(d, 1, 106_62+106_62+106_62+50_00) // the first row, two more and a part
		c.until("2026-03-15")
		if s := w.standing(d); s.Credit != 263_24 {
			t.Errorf("nothing was due, and %d lie there", s.Credit)
		}
		c.until("2026-03-17") // due on the 16th
		l, err := w.Get(context.Background(), tenant, d.Loan)
		if err != nil {
			t.Fatal(err)
		}
		e := l.Events[len(l.Events)-1]
		if e.Kind != servicing.Repaid || e.Date != day.Of(2026, 3, 16) || e.Asked != 0 || e.Amount != 106_62 || e.Kept != -106_62 || e.Given() != 0 {
			t.Errorf("%+v", e)
		}
		w.whole(d)
		c.until("2026-04-16") // the third was due on the 15th
		if s := w.standing(d); s.Days != 0 || s.Due.Total() != 0 || s.Credit != 50_00 {
			t.Errorf("%d days late, %d due, %d of credit", s.Days, s.Due.Total(), s.Credit)
		}
		c.until("2026-05-15")
		if s := w.standing(d); s.Due.Total() != 56_62 || s.Credit != 0 {
			t.Errorf("%d due, %d of credit", s.Due.Total(), s.Credit)
		}
		w.whole(d)
		w.repay(d, 2, 56_62)
		c.until("2026-06-20")
		if s := w.standing(d); s.Days != 5 {
			t.Errorf("%d days late without credit", s.Days)
		}
	})
}

// Where nothing was planned, as for a payment from before, it is planned when a node begins; and what comes late counts from the due date.
func TestCreditThatComesToItLate(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit, Penalty: "0.0005"})
		w.to("2026-02-16")
		w.repay(d, 1, 106_62+106_62)
		c := newCredited(t, w)
		for range 2 {
			if err := w.PlanCredits(context.Background(), c.plan); err != nil {
				t.Fatal(err)
			}
		}
		w.to("2026-03-20") // due on the 16th, and nobody looked
		if s := w.standing(d); s.Days != 4 {
			t.Errorf("%d days late", s.Days)
		}
		c.until("2026-03-21")
		if s := w.standing(d); s.Due.Total() != 0 || s.Credit != 0 {
			t.Errorf("%d due, %d of credit: a penalty was taken", s.Due.Total(), s.Credit)
		}
		w.whole(d)
	})
}

// Loans that had credit before it was planned: what is due already when a node begins is paid from the day on which it fell due, with no penalty, and the
// next row as it falls due. A row that was left open by a payment that came back waits.
func TestCreditOfRowsDueAtTheStart(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		overdue := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit, Penalty: "0.0005"})
		today := w.lend(2, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit})
		back := w.lend(3, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit})
		w.to("2026-02-16")
		w.repay(overdue, 1, 106_62+106_62+106_62+50_00)
		w.repay(today, 2, 106_62+106_62+50_00)
		w.repay(back, 3, 106_62)
		w.repay(back, 4, 50_00)
		w.to("2026-03-16")
		w.repay(today, 5, 50_00)
		w.to("2026-04-15") // the third row is due today
		w.repay(back, 6, 106_62+106_62-50_00)
		if _, err := w.Reverse(context.Background(), tenant, back.Loan, uid("reversal", 1), uid("payment", 6), id0); err != nil {
			t.Fatal(err)
		}
		c := newCredited(t, w)
		if err := w.PlanCredits(context.Background(), c.plan); err != nil {
			t.Fatal(err)
		}
		c.until("2026-04-16")
		for _, x := range []struct {
			loan        servicing.Deed
			due, credit int64
		}{{overdue, 0, 50_00}, {today, 6_62, 0}, {back, 106_62 + 106_62, 50_00}} {
			if s := w.standing(x.loan); s.Due.Total() != x.due || s.Credit != x.credit {
				t.Errorf("loan %s: %d due, %d of credit", x.loan.Loan, s.Due.Total(), s.Credit)
			}
			w.whole(x.loan)
		}
	})
}

// What a payment that came back leaves due is no matter of the credit: whoever takes it back decides. The row after it is.
func TestCreditAfterAPaymentCameBack(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		c := newCredited(t, w)
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit})
		c.until("2026-02-16")
		w.repay(d, 1, 150_00)
		c.until("2026-03-16")
		l, err := w.Get(context.Background(), tenant, d.Loan)
		if err != nil {
			t.Fatal(err)
		}
		paid := l.Events[len(l.Events)-1]
		if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), paid.ID, id0); err != nil || paid.Kept != -43_38 {
			t.Fatal(paid, err)
		}
		c.until("2026-04-14")
		if s := w.standing(d); s.Credit != 43_38 || s.Due.Total() != 106_62 {
			t.Errorf("%d of credit, %d due", s.Credit, s.Due.Total())
		}
		c.until("2026-04-15")
		if s := w.standing(d); s.Credit != 0 || s.Due.Total() != 106_62+106_62-43_38 {
			t.Errorf("%d of credit, %d due", s.Credit, s.Due.Total())
		}
		w.whole(d)
	})
}

// A usual payment on the day on which the credit has paid the row is no second one: it is kept for the next. The same again on that day is.
func TestUsualPaymentAfterTheCreditPaid(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		c := newCredited(t, w)
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit})
		c.until("2026-02-16")
		w.repay(d, 1, 106_62)
		w.repay(d, 2, 106_62, func(p *servicing.Payment) { p.Anyway = true }) // one more installment lies there
		c.until("2026-03-16")                                                 // it paid as the day began
		if e := w.repay(d, 3, 106_62); e.Outcome != servicing.Applied || e.Kept != 106_62 {
			t.Errorf("the usual payment: %s, %d kept", e.Outcome, e.Kept)
		}
		if e := w.repay(d, 4, 106_62); e.Outcome != servicing.Suspected {
			t.Errorf("the same again: %s", e.Outcome)
		}
		w.whole(d)
	})
}

// Where the loan's state does not let the credit pay, as it would change what somebody else has paid since, nothing is stuck: the credit pays the
// next row.
func TestCreditThatTheStateRefuses(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit, Penalty: "0.0005"})
		w.to("2026-02-16")
		w.repay(d, 1, 106_62+53_31)
		c := newCredited(t, w)
		if err := w.PlanCredits(context.Background(), c.plan); err != nil {
			t.Fatal(err)
		}
		w.to("2026-03-20") // due on the 16th, and nobody looked
		w.fund("guarantor:1", 50_00)
		w.repay(d, 2, 50_00, func(p *servicing.Payment) { p.Payer = "guarantor:1" })
		c.until("2026-03-21")
		if s := w.standing(d); s.Credit != 53_31 {
			t.Errorf("%d of credit before the next row", s.Credit)
		}
		c.until("2026-04-16")
		if s := w.standing(d); s.Credit != 0 {
			t.Errorf("%d of credit after it fell due", s.Credit)
		}
		w.whole(d)
	})
}

// Many loans are planned in one transaction when a node begins; one whose event is somebody else's keeps none of the others from it.
func TestCreditsArePlannedInPortions(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		const loans = 5
		var lent []servicing.Deed
		for n := range loans {
			lent = append(lent, w.lend(n+1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit}))
		}
		w.to("2026-02-16")
		for n, d := range lent {
			w.repay(d, n+1, 150_00)
		}
		p, err := plan.Open(context.Background(), w.db, clock.NewManual(start))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.PlanCredits(context.Background(), p); err != nil {
			t.Fatal(err)
		}
		if w.db.Dialect() == store.Postgres {
			n := 0
			if err := w.db.Reader().QueryRow(`SELECT count(DISTINCT xmin::text) FROM plan_event`).Scan(&n); err != nil || n != 1 {
				t.Errorf("%d transactions, %v", n, err)
			}
		}
		if _, err := w.db.Writer().Exec(w.db.Rebind(`DELETE FROM plan_event WHERE subject <> ?`), lent[0].Loan[:]); err != nil {
			t.Fatal(err)
		}
		if _, err := w.db.Writer().Exec(`UPDATE plan_event SET kind = 'other'`); err != nil {
			t.Fatal(err)
		}
		if err := w.PlanCredits(context.Background(), p); err == nil || !strings.Contains(err.Error(), lent[0].Loan.String()) {
			t.Errorf("%v", err)
		}
		n := 0
		if err := w.db.Reader().QueryRow(w.db.Rebind(`SELECT count(*) FROM plan_event WHERE kind = ?`), servicing.CreditKind).Scan(&n); err != nil || n != loans-1 {
			t.Errorf("%d planned, %v", n, err)
		}
	})
}
