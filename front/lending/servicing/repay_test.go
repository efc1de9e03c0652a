package servicing_test

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

var year = terms{Amount: 120_000_00, Months: 12, Penalty: "0.0005", Fee: 10_00}

// A payment of an installment reaches all holders and the platform in one command, and the loan is as its events say.
func TestRepay(t *testing.T) {
	each(t, 7, func(t *testing.T, w *world) {
		d := w.lend(1, year)
		if s := w.standing(d); s.State != servicing.Active || s.Bucket != "M0" || s.NextDue != day.Of(2026, 2, 16) || s.Next != 10_671_85 {
			t.Errorf("after the disbursement: %+v", s)
		}
		w.to("2026-02-16")
		e := w.repay(d, 1, 10_671_85)
		if want := (loan.Split{0, 10_00, 1_200_00, 9_461_85}); e.Outcome != servicing.Applied || e.Split != want || e.Sequence == 0 {
			t.Errorf("the payment: %+v, want the split %v", e, want)
		}
		if got := w.balance("platform:fees"); got != 10_00 {
			t.Errorf("the platform has %d", got)
		}
		w.whole(d)
		again, err := w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 1), Amount: 10_671_85})
		if err != nil || again.Sequence != e.Sequence || w.balance("borrower:1:cash") != 0 {
			t.Errorf("asked again: %+v %v", again, err)
		}
		_, err = w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 1), Amount: 1})
		refused(t, err, servicing.Taken, "id")
		if s := w.standing(d); s.Due.Total() != 0 || s.NextDue != day.Of(2026, 3, 16) {
			t.Errorf("after the payment: %+v", s)
		}
	})
}

// Buckets follow from the date alone; penalties too.
func TestOverdueByTheDate(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, year)
		for _, c := range []struct {
			on     string
			days   int
			bucket string
		}{
			{"2026-02-16", 0, "M0"},
			{"2026-02-17", 1, "M1"},
			{"2026-03-18", 30, "M1"},
			{"2026-03-19", 31, "M2"},
			{"2026-07-16", 150, "M5"},
			{"2026-07-17", 151, "M6+"},
		} {
			w.to(c.on)
			s := w.standing(d)
			if s.Days != c.days || s.Bucket != c.bucket {
				t.Errorf("on %s: %d days, %s, want %d, %s", c.on, s.Days, s.Bucket, c.days, c.bucket)
			}
			if penalty := s.Outstanding[loan.Penalty] > 0; penalty != (c.days > 0) {
				t.Errorf("on %s the penalty is %d", c.on, s.Outstanding[loan.Penalty])
			}
		}
	})
}

// Whatever is paid, when it is paid: the quote closes the loan to the cent, and nobody keeps anything.
func TestSettle(t *testing.T) {
	each(t, 7, func(t *testing.T, w *world) {
		terms := year
		terms.Early = 50_00
		d := w.lend(1, terms)
		w.to("2026-02-16")
		w.repay(d, 1, 10_671_85)
		w.to("2026-04-20")
		w.repay(d, 2, 3_000_01)
		q, err := w.Quote(context.Background(), tenant, d.Loan, 0)
		if err != nil {
			t.Fatal(err)
		}
		total := q.Split.Total()
		if q.Split[loan.Fee] != 10*10_00+50_00 { // ten rows are left
			t.Errorf("fees of %d to close it", q.Split[loan.Fee])
		}
		_, err = w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 3), Amount: total - 1, Settle: true})
		if err == nil {
			t.Error("a cent too little closes the loan")
		}
		e := w.repay(d, 4, total+5_00, func(p *servicing.Payment) { p.Settle = true })
		if e.Amount != total || w.balance("borrower:1:cash") != 5_00 {
			t.Errorf("closing took %d of a quote of %d; the borrower has %d", e.Amount, total, w.balance("borrower:1:cash"))
		}
		if s := w.standing(d); s.State != servicing.Closed || s.Outstanding.Total() != 0 {
			t.Errorf("after closing: %+v", s)
		}
		w.whole(d)
		l, err := w.Get(context.Background(), tenant, d.Loan)
		if err != nil || l.Booked.Holders[0] != 120_000_00 {
			t.Errorf("principal repaid is %d", l.Booked.Holders[0])
		}
	})
}

// What the ledger refuses changes nothing, and the same again says the same.
func TestRefusedByTheLedger(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, year)
		p := servicing.Payment{ID: uid("payment", 1), Amount: 100_00}
		for range 2 {
			e, err := w.Repay(context.Background(), tenant, d.Loan, p)
			if err != nil || e.Outcome != "balance_too_low" || e.Amount != 0 || !e.Booked.Equal(&servicing.Division{}) {
				t.Errorf("without cash: %+v %v", e, err)
			}
		}
		w.repay(d, 2, 100_00)
		w.whole(d)
	})
}

// A second payment of an installment is found, not taken, and can be taken all the same.
func TestSecondPayment(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, year)
		w.to("2026-02-16")
		w.repay(d, 1, 10_671_85)
		w.to("2026-02-18")
		if e := w.repay(d, 2, 10_671_85); e.Outcome != servicing.Suspected || w.balance("borrower:1:cash") != 10_671_85 {
			t.Errorf("the second payment: %+v", e)
		}
		if e := w.repay(d, 4, 10_671_85, func(p *servicing.Payment) { p.Date = dayOf(w.now()) - 3 }); e.Outcome != servicing.Suspected {
			t.Errorf("one that counts from the day before the first: %+v", e)
		}
		e, err := w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 3), Amount: 10_671_85, Anyway: true})
		if err != nil || e.Outcome != servicing.Applied || e.Amount != 10_671_85 {
			t.Errorf("taken all the same: %+v %v", e, err)
		}
		w.whole(d)
	})
}

// Money beyond what is due pays rows to come, stays on the loan, or is not taken, as the product says.
func TestBeyondWhatIsDue(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		for i, c := range []struct {
			over               servicing.Over
			taken, kept, there int64
		}{
			{servicing.Advance, 15_000_00, 0, 0},
			{servicing.Credit, 10_671_85, 4_328_15, 0},
			{servicing.Refund, 10_671_85, 0, 4_328_15},
		} {
			terms := year
			terms.Over = c.over
			d := w.lend(i, terms)
			if i == 0 {
				w.to("2026-02-16")
			}
			if i > 0 {
				// The others begin on the same day as the first.
				w.whole(d)
			}
			before := w.balance("borrower:1:cash")
			e := w.repay(d, i, 15_000_00)
			if e.Amount != c.taken || e.Kept != c.kept || w.balance("borrower:1:cash")-before != c.there {
				t.Errorf("over %d: %d taken, %d kept, %d there", c.over, e.Amount, e.Kept, w.balance("borrower:1:cash")-before)
			}
			w.whole(d)
		}
	})
}

// One of a thousand holders whom a court has frozen keeps nobody else from his money: the other 999 are paid in the same
// command, his line waits in the unclaimed account.
func TestFrozenHolder(t *testing.T) {
	each(t, 1000, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 120_000_00, Months: 12})
		w.apply(&ledger.Freeze{Account: holder(7), What: ledger.FreezeCredits})
		w.to("2026-02-16")
		before := w.sequence()
		if e := w.repay(d, 1, 10_661_85); e.Outcome != servicing.Applied || w.sequence() != before+2 {
			t.Fatalf("%+v in %d commands", e, w.sequence()-before-1)
		}
		w.whole(d)
		sum := int64(0)
		for i := range 1000 {
			x := w.balance(holder(i))
			if sum += x; i != 7 && x != 10_66 && x != 10_67 {
				t.Errorf("holder %d has %d", i, x)
			}
		}
		if his := w.balance("unclaimed"); w.balance(holder(7)) != 0 || sum+his != 10_661_85 || his != 10_66 && his != 10_67 {
			t.Errorf("the frozen one has %d, %d wait for him, the others have %d", w.balance(holder(7)), his, sum)
		}
	})
}

// How a loan stood on an earlier day: by what had happened until then.
func TestStandingOfAnEarlierDay(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit})
		w.to("2026-03-01")
		early := w.standing(d)
		w.to("2026-03-05")
		w.repay(d, 1, 150_00)
		w.to("2026-05-20")
		between := w.standing(d)
		w.to("2026-05-21")
		w.repay(d, 2, 2_000_00)
		for _, want := range []servicing.Standing{early, between} {
			s, err := w.Standing(context.Background(), tenant, d.Loan, want.On)
			if err != nil || s.State != servicing.Active || s.Days != want.Days || s.Due != want.Due || s.Credit != want.Credit || s.Outstanding != want.Outstanding {
				t.Errorf("on %s: %+v, it was %+v (%v)", want.On, s, want, err)
			}
		}
		if between.Credit == 0 || between.Days == 0 {
			t.Errorf("nothing is shown: %+v", between)
		}
	})
}

// What lies on the credit account counts with the next payment; it goes back when nothing is owed any more, and a payment
// whose credit was used is reversed after the one that used it.
func TestCredit(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Over: servicing.Credit})
		cash := func() int64 { return w.balance(d.Places.Payer) }
		w.to("2026-02-16")
		first := w.repay(d, 1, 150_00)
		w.to("2026-03-16")
		e := w.repay(d, 2, 63_24)
		if first.Kept != 43_38 || e.Amount != 106_62 || e.Kept != -43_38 || e.Given() != 63_24 || w.standing(d).Credit != 0 || w.standing(d).Due.Total() != 0 {
			t.Errorf("the second payment: %+v", e)
		}
		w.whole(d)
		_, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), first.ID, id0)
		refused(t, err, servicing.WrongState, "event")
		for n, of := range []servicing.Event{e, first} {
			if r, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 2+n), of.ID, id0); err != nil || r.Outcome != servicing.Applied {
				t.Fatal(r, err)
			}
			w.whole(d)
		}
		if cash() != 213_24 {
			t.Errorf("both came back, and the borrower has %d", cash())
		}

		// The payment that closes it gives the credit back.
		d = w.lend(2, terms{Amount: 1_200_00, Months: 1, Over: servicing.Credit})
		w.repay(d, 10, 20_00, func(p *servicing.Payment) { p.Date = dayOf(start) })
		w.to("2026-04-16")
		total := w.standing(d).Due.Total()
		before := cash()
		if e := w.repay(d, 11, total+5_00); e.Amount != total || e.Kept != -20_00 || cash() != before+20_00+5_00 {
			t.Errorf("closed by %+v; the borrower has %d", e, cash()-before)
		}
		w.whole(d)

		// So does a settlement, though the credit is more than is owed.
		d = w.lend(3, terms{Amount: 1_200_00, Months: 1, Over: servicing.Credit})
		w.repay(d, 20, 2_000_00, func(p *servicing.Payment) { p.Date = dayOf(start); p.Anyway = true })
		before = cash()
		if e := w.repay(d, 21, 1, func(p *servicing.Payment) { p.Settle = true }); e.Outcome != servicing.Applied || cash() != before+1+2_000_00-e.Amount || w.standing(d).State != servicing.Closed {
			t.Errorf("settled by %+v; the borrower has %d", e, cash()-before)
		}
		w.whole(d)
		_, err = w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 22), Amount: 1, Anyway: true})
		refused(t, err, servicing.WrongState, "amount")
		_, err = w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 23), Amount: 1, Settle: true})
		refused(t, err, servicing.WrongState, "")

		// Who pays for him has none of it.
		d = w.lend(5, terms{Amount: 1_200_00, Months: 1, Over: servicing.Credit})
		w.repay(d, 40, 30_00, func(p *servicing.Payment) { p.Date = dayOf(start); p.Anyway = true })
		w.fund("guarantor:1", total)
		if e, err := w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 41), Amount: total, Payer: "guarantor:1"}); err != nil || e.Amount != total || e.Kept != 0 || w.balance("guarantor:1") != 0 {
			t.Errorf("paid by somebody else: %+v %v", e, err)
		}
		before = cash()
		if e := w.repay(d, 42, 1, func(p *servicing.Payment) { p.Settle = true }); e.Kept != -30_00 || cash() != before+1+30_00 {
			t.Errorf("given back: %+v", e)
		}
		w.whole(d)

		// A loan that a charge kept open, which was taken back, gives its credit back too.
		d = w.lend(4, terms{Amount: 1_200_00, Months: 1, Over: servicing.Credit})
		charge, err := w.Change(context.Background(), tenant, d.Loan, servicing.Change{ID: uid("charge", 1), Kind: servicing.Charged, Amount: 10_00, Component: loan.Fee, Due: dayOf(start) + 200})
		if err != nil || charge.Outcome != servicing.Applied {
			t.Fatal(charge, err)
		}
		w.repay(d, 30, total+3_00)
		if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 9), charge.ID, id0); err != nil {
			t.Fatal(err)
		}
		if s := w.standing(d); s.State != servicing.Closed || s.Credit != 3_00 {
			t.Fatalf("%+v", s)
		}
		before = cash()
		for range 2 {
			if e, err := w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 31), Amount: 1, Settle: true}); err != nil || e.Kept != -3_00 || cash() != before+3_00 {
				t.Errorf("given back: %+v %v", e, err)
			}
		}
		w.whole(d)
	})
}

// A payment that bounced is taken back, also when later ones came after it: the loan is as if it had never been.
func TestReverse(t *testing.T) {
	each(t, 7, func(t *testing.T, w *world) {
		d, other := w.lend(1, year), w.lend(2, year)
		w.to("2026-02-20")
		w.repay(d, 1, 10_671_85)
		w.to("2026-03-16")
		w.repay(d, 2, 5_000_00)
		w.repay(other, 3, 5_000_00)
		e, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("payment", 1), id0)
		if err != nil || e.Outcome != servicing.Applied || len(e.Undone) != 2 {
			t.Fatalf("%+v %v", e, err)
		}
		w.whole(d)
		a, b := w.standing(d), w.standing(other)
		if a.Outstanding != b.Outstanding || a.Days != b.Days {
			t.Errorf("after the reversal %v, never paid %v", a.Outstanding, b.Outstanding)
		}
		if got := w.balance("borrower:1:cash"); got != 10_671_85 {
			t.Errorf("the borrower has %d back", got)
		}
		_, err = w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 2), uid("payment", 1), id0)
		refused(t, err, servicing.WrongState, "event")
	})
}

// Who has spent what is taken back owes it, and his next lines pay it first; without somebody who covers for him
// nothing is taken back from anybody.
func TestReverseWhatWasSpent(t *testing.T) {
	each(t, 7, func(t *testing.T, w *world) {
		for n, uncovered := range []bool{true, false} {
			terms := year
			terms.Uncovered = uncovered
			d := w.lend(n, terms)
			if n == 0 {
				w.to("2026-02-16")
			}
			w.repay(d, 2*n, 10_671_85)
			w.repay(d, 2*n+1, 500_00)
			line := w.balance(holder(3))
			w.apply(&ledger.Transfer{Debit: holder(3), Credit: "bank", Mode: ledger.Exact, Amount: line})
			before := w.balance("borrower:1:cash")
			e, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", n), uid("payment", 2*n), id0)
			if err != nil {
				t.Fatal(err)
			}
			w.whole(d)
			if uncovered {
				if e.Outcome != "balance_too_low" || w.balance("borrower:1:cash") != before {
					t.Errorf("with nobody to cover: %+v", e)
				}
				continue
			}
			if e.Outcome != servicing.Applied || w.balance("borrower:1:cash") != before+10_671_85 {
				t.Errorf("with somebody to cover: %+v, the borrower has %d more", e, w.balance("borrower:1:cash")-before)
			}
			owed := w.balance("platform:cover")
			if owed <= 0 || w.balance(holder(3)) != 0 {
				t.Errorf("the cover has paid %d, the holder has %d", owed, w.balance(holder(3)))
			}
			w.repay(d, 10, 50_000_00)
			if w.balance("platform:cover") != 0 || w.balance(holder(3)) == 0 {
				t.Errorf("after the next payment the cover lacks %d", w.balance("platform:cover"))
			}
			w.whole(d)
		}
	})
}

// The example of docs/lending.md, in cents: the reserve pays an installment in the borrower's place, and his next money
// repays it first.
func TestPayout(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Penalty: "0.0005"})
		w.to("2026-03-20") // two rows of 106.62 are due, 32 and 4 days late
		w.apply(&ledger.Transfer{Debit: "bank", Credit: "reserve", Mode: ledger.Exact, Amount: 150_00})
		pay := func(n int, most int64) servicing.Event {
			t.Helper()
			e, err := w.Cover(context.Background(), tenant, d.Loan, servicing.Payout{ID: uid("payout", n), Payer: "reserve", Most: most})
			if err != nil {
				t.Fatal(err)
			}
			w.whole(d)
			return e
		}
		if e := pay(1, 0); e.Outcome != "balance_too_low" {
			t.Errorf("a reserve of 150.00 has paid 213.24: %+v", e)
		}
		if e := pay(2, 150_00); e.Amount != 150_00 || e.Split != (loan.Split{0, 0, 23_05, 126_95}) {
			t.Errorf("the reserve has paid %v", e.Split)
		}
		if got := []int64{w.balance(holder(0)), w.balance(holder(1)), w.balance(holder(2)), w.balance("reserve")}; !slices.Equal(got, []int64{50_01, 50_00, 49_99, 0}) {
			t.Errorf("after the payout the holders and the reserve have %v", got)
		}
		s := w.standing(d)
		if s.Days != 32 || s.Covered != 150_00 || s.PastDue.Total() != 213_24+s.PastDue[loan.Penalty] {
			t.Errorf("the borrower owes as ever: %+v", s)
		}
		penalty := s.PastDue[loan.Penalty]
		w.repay(d, 1, 106_62+penalty)
		w.whole(d)
		// The penalty is the holders', less the platform's tenth; of the rest all goes to the reserve.
		if w.balance("reserve") != 106_62 || w.balance("platform:fees") != penalty/10 {
			t.Errorf("the reserve has %d back, the platform %d", w.balance("reserve"), w.balance("platform:fees"))
		}
		w.repay(d, 2, 106_62, func(p *servicing.Payment) { p.Anyway = true })
		if s := w.standing(d); w.balance("reserve") != 150_00 || s.Covered != 0 || s.PastDue.Total() != 0 {
			t.Errorf("at the end the reserve has %d, %d is covered", w.balance("reserve"), s.Covered)
		}
		w.whole(d)
	})
}

// A payment that becomes known late counts from its own day: penalties fall away, and the books follow.
func TestBackDated(t *testing.T) {
	each(t, 7, func(t *testing.T, w *world) {
		d, other := w.lend(1, year), w.lend(2, year)
		w.to("2026-02-16")
		w.repay(other, 10, 10_671_85)
		w.to("2026-04-10")
		w.repay(other, 11, 12_000_00)
		w.repay(d, 1, 12_000_00)
		w.whole(d)
		e := w.repay(d, 2, 10_671_85, func(p *servicing.Payment) { p.Date = day.Of(2026, 2, 16) })
		if e.Outcome != servicing.Applied || len(e.Undone) == 0 {
			t.Errorf("%+v", e)
		}
		w.whole(d)
		a, b := w.standing(d), w.standing(other)
		if a.Outstanding != b.Outstanding || a.Bucket != b.Bucket {
			t.Errorf("known late %v, in order %v", a.Outstanding, b.Outstanding)
		}
	})
}

var id0 id.ID

// Whoever hears of an event, and then looks at the loan, never finds it as it was before.
func TestToldAndThenRead(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 3)
	d := w.lend(1, small)
	seen := make(chan uint32, 1)
	w.Watch(servicing.Watching(func(_ context.Context, l *servicing.Loan, _ *servicing.Event, _ servicing.State) ([]int, error) {
		asked := make(chan struct{})
		go func() {
			close(asked)
			now, err := w.Get(context.Background(), tenant, l.Deed.Loan)
			if err != nil {
				t.Error(err)
				now = &servicing.Loan{}
			}
			seen <- now.Version
		}()
		<-asked
		runtime.Gosched()
		return nil, nil
	}, nil))
	for n := range 20 {
		e := w.repay(d, n+1, 1_00, func(p *servicing.Payment) { p.Anyway = true })
		if got := <-seen; got != e.Number {
			t.Fatalf("told of event %d, the loan had %d", e.Number, got)
		}
	}
}

// What counts from a day in a closed period is booked as a correction: it counts from today, and names that day. The loan
// itself is as if it had been known then.
func TestClosedPeriod(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, year)
		w.to("2026-04-10")
		w.ledgers.closed = ledger.DateOfUnixDay(int32(day.Of(2026, 3, 31)))
		march := day.Of(2026, 3, 16)
		e := w.repay(d, 1, 10_671_85, func(p *servicing.Payment) { p.Date = march })
		corrected := w.ledgers.sent[ledger.DateOfUnixDay(int32(march))]
		if e.Outcome != servicing.Applied || e.Date != march || !slices.Equal(corrected, []uint64{e.Sequence}) {
			t.Errorf("%+v, corrections %v", e, w.ledgers.sent)
		}
		w.ledgers.closed = ledger.DateOfUnixDay(int32(day.Of(2026, 4, 9)))
		if x, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), e.ID, id0); err != nil || x.Outcome != servicing.Applied || x.Date != march {
			t.Errorf("%+v %v", x, err)
		}
		w.open()
		w.whole(d)
		if got := len(w.ledgers.sent[ledger.DateOfUnixDay(int32(march))]); got != 2 {
			t.Errorf("%d corrections", got)
		}
	})
}

// The platform's operator, whose id is none of those that clients make, does something to a loan: another process reads it.
func TestActedByTheOperator(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		operator := id.ID([]byte("longmen/operator"))
		d := w.lend(1, small)
		e := w.repay(d, 1, 1_00, func(p *servicing.Payment) { p.Actor = operator })
		w.open()
		l, err := w.Get(context.Background(), tenant, d.Loan)
		if err != nil || l.Find(e.ID) == nil || l.Find(e.ID).Actor != operator || l.Events[0].Actor != id0 {
			t.Fatalf("%+v %v", l, err)
		}
	})
}

// A settlement pays what was given for it and nothing else. Where more is owed in the end, since an older payment went back or
// something was charged, the loan is open again, and what is missing can be settled like any other loan.
func TestAfterASettlement(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		settled := func(n int) (d servicing.Deed, given int64) {
			d = w.lend(n, small.lost(onReserve))
			w.repay(d, 10*n, 106_62)
			q, err := w.Quote(context.Background(), tenant, d.Loan, 0)
			if err != nil {
				t.Fatal(err)
			}
			w.repay(d, 10*n+1, q.Split.Total(), func(p *servicing.Payment) { p.Settle = true })
			if s := w.standing(d); s.State != servicing.Closed || s.Outstanding.Total() != 0 {
				t.Fatalf("%+v", s)
			}
			return d, q.Split.Total()
		}
		again := func(d servicing.Deed, n int, before int64) {
			t.Helper()
			w.whole(d)
			if s := w.standing(d); s.State == servicing.Closed || s.Outstanding.Total() == 0 {
				t.Errorf("it is not open: %s, %v", s.State, s.Outstanding)
			}
			q, err := w.Quote(context.Background(), tenant, d.Loan, 0)
			if err != nil || q.Split.Total() == 0 {
				t.Fatalf("%+v %v", q, err)
			}
			w.repay(d, n, q.Split.Total(), func(p *servicing.Payment) { p.Settle = true })
			w.whole(d)
			if s := w.standing(d); s.State != servicing.Closed || s.Outstanding.Total() != 0 || w.balance("borrower:1:cash") != before {
				t.Errorf("settled again it is %s, %v, and the borrower has %d, want %d", s.State, s.Outstanding, w.balance("borrower:1:cash"), before)
			}
		}
		w.to("2026-02-16")

		d, given := settled(1)
		cash := w.balance("borrower:1:cash")
		e, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("payment", 10), id0)
		if err != nil || e.Outcome != servicing.Applied {
			t.Fatalf("%s %v", e.Outcome, err)
		}
		if back := w.balance("borrower:1:cash") - cash; back != 106_62 || w.paid(d) != given {
			t.Errorf("the older payment gave %d back, want 106.62; the holders have %d, want %d", back, w.paid(d), given)
		}
		again(d, 12, cash+106_62)

		d, _ = settled(2)
		cash = w.balance("borrower:1:cash")
		e, err = w.Change(context.Background(), tenant, d.Loan, servicing.Change{
			ID: uid("charge", 1), Kind: servicing.Charged, Due: dayOf(w.now()), Amount: 5_00, Component: loan.Fee,
		})
		if err != nil || e.Outcome != servicing.Applied || w.balance("borrower:1:cash") != cash {
			t.Fatalf("%s %v; the borrower has %d, want %d", e.Outcome, err, w.balance("borrower:1:cash"), cash)
		}
		again(d, 22, cash)
	})
}
