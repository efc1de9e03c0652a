package servicing_test

import (
	"context"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// at moves the ledger's clock to an instant.
func (w *world) at(text string) time.Time {
	w.t.Helper()
	i := instant(w.t, text)
	w.apply(&ledger.Advance{To: ledger.InstantOf(i)})
	return i
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	i, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// An installment of 10,661.85 is due on Saturday, 2026-02-28, and bears a penalty of 0.05 % a day. What was agreed says
// from which day a payment counts that was made on Saturday at 23:59 and credited on Monday.
func TestDayOfAPayment(t *testing.T) {
	const saturday, monday = "2026-02-28 23:59:00", "2026-03-02 09:00:00"
	evening := 17 * time.Hour
	for name, c := range map[string]struct {
		by                  servicing.Counting
		cutOff              time.Duration
		paid, received, now string
		date                string
		penalty             int64
	}{
		"when it was paid":                         {servicing.ByPayer, 0, saturday, monday, "2026-03-02 09:30:00", "2026-02-28", 0},
		"when it came":                             {servicing.ByReceipt, 0, saturday, monday, "2026-03-03 09:30:00", "2026-03-02", 10_66},
		"when it is counted":                       {servicing.ByBooking, 0, saturday, monday, "2026-03-03 09:30:00", "2026-03-03", 15_99},
		"it is not known when it was paid":         {servicing.ByPayer, 0, "", monday, "2026-03-03 09:30:00", "2026-03-02", 10_66},
		"nothing is known":                         {servicing.ByPayer, 0, "", "", "2026-03-03 09:30:00", "2026-03-03", 15_99},
		"when it was paid, after the cut-off":      {servicing.ByPayer, evening, saturday, monday, "2026-03-03 09:30:00", "2026-03-01", 5_33},
		"paid before the cut-off":                  {servicing.ByPayer, evening, "2026-02-28 17:00:00", monday, "2026-03-02 09:30:00", "2026-02-28", 0},
		"paid after the cut-off":                   {servicing.ByPayer, evening, "2026-02-28 17:00:01", monday, "2026-03-02 09:30:00", "2026-03-01", 5_33},
		"received before the cut-off":              {servicing.ByReceipt, evening, "", "2026-02-28 16:59:59", monday, "2026-02-28", 0},
		"received after the cut-off":               {servicing.ByReceipt, evening, "2026-02-28 16:00:00", "2026-02-28 23:59:00", monday, "2026-03-01", 5_33},
		"counted before the cut-off":               {servicing.ByReceipt, evening, "", "", "2026-02-28 17:00:00", "2026-02-28", 0},
		"counted after the cut-off, a day ahead":   {servicing.ByReceipt, evening, "", "", "2026-02-28 17:00:01", "2026-03-01", 5_33},
		"counted at booking, after the cut-off":    {servicing.ByBooking, evening, "", "2026-02-28 16:00:00", "2026-02-28 18:00:00", "2026-03-01", 5_33},
		"paid after the cut-off of the day before": {servicing.ByPayer, evening, "2026-02-27 18:00:00", "", monday, "2026-02-28", 0},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, 2, func(t *testing.T, w *world) {
				w.at("2026-01-28 08:00:00")
				d := w.lend(1, terms{
					Amount: 120_000_00, Months: 12, Start: day.Of(2026, 1, 28), Plain: true, Penalty: "0.0005", Lateness: servicing.Lateness{By: c.by, CutOff: c.cutOff},
				})
				w.at(c.now)
				e := w.repay(d, 1, 10_661_85+c.penalty, func(p *servicing.Payment) { p.Paid, p.Received = instant(t, c.paid), instant(t, c.received) })
				if e.Outcome != servicing.Applied || e.Date.String() != c.date || e.Split[loan.Penalty] != c.penalty || e.Split[loan.Principal] != 9_461_85 {
					t.Errorf("it counts from %s: %+v, want %s with %d of penalties", e.Date, e.Split, c.date, c.penalty)
				}
				if s := w.standing(d); s.Days != 0 || s.Bucket != "M0" || s.Due.Total() != 0 {
					t.Errorf("the loan is in %s, %d days, with %d due", s.Bucket, s.Days, s.Due.Total())
				}
				w.whole(d)
				w.open() // another process reads the same
				w.whole(d)
			})
		})
	}
}

// A quote for now is for the day from which a payment counts that is made now, and what closes the loan closes it.
func TestPayoffAfterTheCutOff(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 120_000_00, Months: 12, Plain: true, Recalculate: true, Lateness: servicing.Lateness{CutOff: 17 * time.Hour}})
		w.at("2026-01-25 17:30:00")
		q, err := w.Quote(context.Background(), tenant, d.Loan, 0)
		if err != nil || q.On != day.Of(2026, 1, 26) {
			t.Fatalf("the quote is for %s: %v", q.On, err)
		}
		e := w.repay(d, 1, q.Split.Total(), func(p *servicing.Payment) { p.Settle = true })
		if e.Date != q.On || e.Split != q.Split {
			t.Errorf("%+v, quoted %+v", e, q)
		}
		if s := w.standing(d); s.State != servicing.Closed {
			t.Errorf("the loan is %s", s.State)
		}
		w.whole(d)
	})
}

func TestInstantsRefused(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		d := w.lend(1, year)
		now := w.at("2026-02-20 12:00:00")
		for field, p := range map[string]servicing.Payment{
			"paid_at":     {Paid: now.Add(time.Second)},
			"received_at": {Received: now.Add(time.Second)},
			"date":        {Date: day.Of(2026, 2, 19), Paid: now},
		} {
			p.ID, p.Amount = uid("bad", 1), 1
			_, err := w.Repay(context.Background(), tenant, d.Loan, p)
			refused(t, err, errs.Invalid, field)
		}
		for _, early := range []time.Time{time.Unix(0, 0), time.Unix(-1, 0), time.Time{}.Add(time.Second), start.AddDate(0, 0, -2)} {
			_, err := w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("bad", 3), Amount: 1, Received: early})
			refused(t, err, errs.Invalid, "received_at")
		}
		_, err := w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("bad", 2), Amount: 1, Paid: time.Unix(0, 0), Received: now})
		refused(t, err, errs.Invalid, "paid_at")
		_, err = w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("bad", 2), Amount: 1, Paid: now, Received: now.Add(-time.Second)})
		refused(t, err, errs.Invalid, "received_at")
		// The same id with another instant is another payment.
		w.repay(d, 1, 1_00, func(p *servicing.Payment) { p.Paid = now })
		_, err = w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 1), Amount: 1_00, Paid: now.Add(-time.Hour)})
		refused(t, err, servicing.Taken, "id")
	})
}

// A day becomes a holiday, and ceases to be one: what is due, late and charged follows, in the loan and in the list, and
// the books with the next act.
func TestHolidaysChange(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		lent := year
		lent.Penalty = "0.0005"
		d := w.lend(1, lent)
		late := func() int {
			list, _, err := w.Overdue(context.Background(), tenant, day.Of(2026, 2, 17), 0, 0, servicing.Place{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		w.to("2026-02-17") // 15 February is a Sunday, so it was due on Monday
		if s := w.standing(d); s.Days != 1 || s.Due[loan.Penalty] != 5_33 || late() != 1 {
			t.Errorf("%d days late with %d of penalties, %d in the list", s.Days, s.Due[loan.Penalty], late())
		}
		w.contracts.holidays = []day.Date{day.Of(2026, 2, 16)}
		w.Forget()
		if s := w.standing(d); s.Days != 0 || s.Due[loan.Penalty] != 0 || s.Rows[0].Row.Due != day.Of(2026, 2, 17) || late() != 0 {
			t.Errorf("when Monday is a holiday: due on %s, %d days late with %d of penalties, %d in the list", s.Rows[0].Row.Due, s.Days, s.Due[loan.Penalty], late())
		}
		w.repay(d, 1, 10_671_85)
		w.whole(d)
		w.contracts.holidays = nil
		w.Forget()
		if s := w.standing(d); s.Days != 1 || s.Due.Total() != 5_33 {
			t.Errorf("when it is none any more: %d days late with %d due", s.Days, s.Due.Total())
		}
		w.repay(d, 2, 5_33)
		w.whole(d)
		if s := w.standing(d); s.Days != 0 || s.Due.Total() != 0 {
			t.Errorf("%d days late with %d due", s.Days, s.Due.Total())
		}
	})
}

// An installment that is paid late without its penalty leaves a few cents due. The same installment once more is found as a
// second payment all the same, whatever the product does with money beyond what is due; the cents themselves are taken.
func TestSecondPaymentOfALateInstallment(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		w.to("2026-02-20") // four days late
		for n, over := range []servicing.Over{servicing.Advance, servicing.Credit, servicing.Refund} {
			d := w.lend(n, terms{Amount: 1_200_00, Months: 12, Penalty: "0.0005", Over: over})
			w.repay(d, 10*n, 106_62)
			if s := w.standing(d); s.Due.Total() != 21 {
				t.Errorf("%d are left due", s.Due.Total())
			}
			if e := w.repay(d, 10*n+1, 106_62); e.Outcome != servicing.Suspected {
				t.Errorf("the installment once more is %s, of product %d", e.Outcome, over)
			}
			if e := w.repay(d, 10*n+2, 21); e.Outcome != servicing.Applied {
				t.Errorf("the rest is %s", e.Outcome)
			}
			w.whole(d)
		}
	})
}

// Who pays a debt off in equal parts, or pays an installment of which he had paid a part in advance, is not suspected.
func TestEqualPaymentsThatAreNoSecondOnes(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		late := terms{Amount: 1_200_00, Months: 12, Penalty: "0.0005"}
		parts, advance, early := w.lend(1, late), w.lend(2, late), w.lend(3, late)
		taken := func(d servicing.Deed, n int, amount, due int64) {
			t.Helper()
			if s := w.standing(d); s.Due.Total() != due {
				t.Errorf("%d are due, want %d", s.Due.Total(), due)
			}
			if e := w.repay(d, n, amount); e.Outcome != servicing.Applied {
				t.Errorf("payment %d is %s", n, e.Outcome)
			}
		}
		w.to("2026-02-20")
		taken(advance, 21, 106_62, 106_83)
		taken(advance, 22, 50_21, 21)
		taken(early, 31, 106_62, 106_83)
		taken(parts, 11, 40_00, 106_83)
		w.to("2026-02-27")
		taken(parts, 12, 40_00, 67_07)
		w.to("2026-03-06")
		taken(parts, 13, 40_00, 27_16) // rounded up
		w.to("2026-03-13")
		taken(early, 32, 106_62, 22) // three days before the next one is due
		w.to("2026-03-16")
		taken(advance, 23, 106_62, 56_62)
	})
}

// What somebody paid by a day he paid by then, in the ledger's zone: whoever promised it has kept his word, whatever day it counts from.
func TestPaidSince(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 2)
	w.at("2026-01-28 08:00:00")
	d := w.lend(1, terms{Amount: 120_000_00, Months: 12, Start: day.Of(2026, 1, 28), Plain: true, Lateness: servicing.Lateness{CutOff: 17 * time.Hour}})
	promised := day.Of(2026, 3, 10)
	n := 0
	pay := func(now string, more func(*servicing.Payment)) *servicing.Event {
		w.at(now)
		n++
		e := w.repay(d, n, 10_00, func(p *servicing.Payment) {
			p.Anyway = true
			more(p)
		})
		return &e
	}
	at := func(paid, received string) func(*servicing.Payment) {
		return func(p *servicing.Payment) { p.Paid, p.Received = instant(t, paid), instant(t, received) }
	}
	late := pay("2026-03-10 23:59:59", at("", ""))
	if late.Date != promised+1 {
		t.Errorf("after the cut-off it counts from %s", late.Date)
	}
	pay("2026-03-12 09:00:00", at("2026-03-10 18:00:00", "2026-03-12 08:00:00"))
	pay("2026-03-12 09:00:01", at("", "2026-03-10 18:00:00"))
	pay("2026-03-12 09:00:02", func(p *servicing.Payment) { p.Date = promised }) // by hand
	pay("2026-03-12 09:00:03", at("2026-03-11 00:00:00", ""))                    // a day late
	sum := func(events uint32, until day.Date) int64 {
		l, err := w.Get(t.Context(), tenant, d.Loan)
		if err != nil {
			t.Fatal(err)
		}
		x, err := w.PaidSince(t.Context(), l, events, until)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for until, want := range map[day.Date]int64{promised - 1: 0, promised: 40_00, promised + 1: 50_00} {
		if got := sum(1, until); got != want {
			t.Errorf("until %s are paid %d, want %d", until, got, want)
		}
	}
	if got := sum(late.Number, promised); got != 30_00 {
		t.Errorf("after the first %d", got)
	}
	if _, err := w.Reverse(t.Context(), tenant, d.Loan, uid("reversal", 1), late.ID, id.ID{}); err != nil {
		t.Fatal(err)
	}
	if got := sum(1, promised); got != 30_00 {
		t.Errorf("without what came back %d", got)
	}
}
