package servicing_test

import (
	"context"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/servicing"
)

// payOut pays the n-th loan out, as it was agreed on a day.
func (w *world) payOut(n, attempt int, begins day.Date) (servicing.Event, servicing.Deed, error) {
	d := deed(n, terms{Amount: 1_200_00, Months: 12, Start: begins})
	e, err := w.Disburse(context.Background(), d, servicing.Disbursement{
		ID: uid("attempt", 10*n+attempt), Amount: 1_200_00,
		Operations: []ledger.Operation{&ledger.Transfer{Debit: escrow(n), Credit: d.Places.Payer, Mode: ledger.Exact, Amount: 1_200_00}},
	})
	return e, d, err
}

// A loan begins on the day on which its money moves: what was agreed for a payout that did not come about, because the ledger
// refused it or the process ended before it was sent, gives way to what is agreed on the day of the next one.
func TestBeginsWhenItIsPaidOut(t *testing.T) {
	first, later := dayOf(start), day.Of(2026, 2, 20)
	each(t, 3, func(t *testing.T, w *world) {
		d := deed(1, terms{Amount: 1_200_00})
		w.apply(w.funding(&d, 1_200_00)...)
		w.apply(&ledger.Freeze{Account: "borrower:1:cash", What: ledger.FreezeCredits})
		mark := ledger.Mark{Command: ledger.ID(uid("command", w.commands))}
		if e, _, err := w.payOut(1, 0, first); err != nil || e.Outcome == servicing.Applied {
			t.Fatal(e.Outcome, err)
		}
		w.apply(&ledger.Unfreeze{Freeze: mark})
		if _, _, err := w.payOut(1, 1, day.Of(2026, 1, 16)); err == nil {
			t.Error("it is paid out before the day on which it begins")
		}
		w.to("2026-02-20")
		e, d, err := w.payOut(1, 2, later)
		if err != nil || e.Outcome != servicing.Applied || e.Date != later {
			t.Fatal(e, err)
		}
		for range 2 {
			s := w.standing(d)
			if s.State != servicing.Active || s.Days != 0 || s.Rows[0].Nominal != day.Of(2026, 3, 20) {
				t.Errorf("it is %s, %d days late, first due on %s", s.State, s.Days, s.Rows[0].Nominal)
			}
			w.open()
		}
		_, _, err = w.payOut(1, 3, day.Of(2026, 2, 21))
		refused(t, err, servicing.Taken, "loan")
		w.whole(d)
	})
}

// What may have reached the ledger keeps what was agreed for it.
func TestPayoutOnItsWayKeepsItsDay(t *testing.T) {
	first := dayOf(start)
	each(t, 3, func(t *testing.T, w *world) {
		for n := 1; n <= 2; n++ { // the process ends before the command is sent, and before its answer is read
			d := deed(n, terms{Amount: 1_200_00})
			w.apply(w.funding(&d, 1_200_00)...)
			came := w.ledgers.breaks(n)
			if _, _, err := w.payOut(n, 0, first); !came() || err == nil {
				t.Fatal(err)
			}
		}
		w.to("2026-02-20")
		for n := 1; n <= 2; n++ {
			w.open()
			_, d, err := w.payOut(n, 1, day.Of(2026, 2, 20))
			refused(t, err, servicing.Taken, "loan")
			l, err := w.Get(context.Background(), tenant, d.Loan)
			if err != nil || len(l.Events) != 1 || l.Events[0].Date != first || l.Events[0].Outcome != servicing.Applied {
				t.Errorf("moment %d: %+v %v", n, l, err)
			}
		}
	})
}
