package servicing_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// small is the loan of the examples in docs/losses.md: 12 installments of 106.62.
var small = terms{Amount: 1_200_00, Months: 12, Counted: true}

func (t terms) lost(l servicing.Losses) terms {
	t.Losses = l
	return t
}

var onReserve = servicing.Losses{Payers: []servicing.Payer{{Account: "reserve"}}, Queue: true, InstallmentAfter: 1, WholeAfter: 1, WriteOffAfter: 1}

// fund gives an account money.
func (w *world) fund(account string, amount int64) {
	w.t.Helper()
	w.apply(&ledger.Transfer{Debit: "bank", Credit: account, Mode: ledger.Exact, Amount: amount})
}

// cover lets those pay who have to by the contract.
func (w *world) cover(d servicing.Deed, n int, more ...func(*servicing.Payout)) servicing.Event {
	w.t.Helper()
	p := servicing.Payout{ID: uid("payout", n)}
	for _, f := range more {
		f(&p)
	}
	e, err := w.Cover(context.Background(), tenant, d.Loan, p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.whole(d)
	return e
}

// parts are who paid what, in cents.
func parts(e servicing.Event) (list []string) {
	for _, p := range e.Payers {
		list = append(list, fmt.Sprintf("%s %d+%d", p.Account, p.Split[loan.Interest], p.Split[loan.Principal]))
	}
	return list
}

func (w *world) have(what string, want map[string]int64) {
	w.t.Helper()
	for account, x := range want {
		if got := w.balance(account); got != x {
			w.t.Errorf("%s: %s has %d, want %d", what, account, got, x)
		}
	}
}

// The first example of docs/losses.md: a reserve of 100.00, a guarantor up to 80.00 and another one pay one after the
// other; the borrower's next money repays them, in proportion.
func TestPayersInOrder(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, small.lost(servicing.Losses{InstallmentAfter: 30, Payers: []servicing.Payer{
			{Account: "reserve"}, {Account: "guarantor:1", Rank: 1, Limit: 80_00}, {Account: "guarantor:2", Rank: 2},
		}}))
		w.fund("reserve", 100_00)
		w.fund("guarantor:1", 500_00)
		w.fund("guarantor:2", 500_00)
		w.to("2026-03-17")
		_, err := w.Cover(context.Background(), tenant, d.Loan, servicing.Payout{ID: uid("payout", 0)})
		refused(t, err, servicing.WrongState, "") // 29 days
		w.to("2026-03-20")
		e := w.cover(d, 1)
		if want := []string{"reserve 1081+8919", "guarantor:1 865+7135", "guarantor:2 359+2965"}; !slices.Equal(parts(e), want) || e.Amount != 213_24 || e.Sequence == 0 {
			t.Errorf("paid by %v, want %v", parts(e), want)
		}
		w.have("after the payout", map[string]int64{"reserve": 0, "guarantor:1": 420_00, "guarantor:2": 466_76, holder(0): 71_09, holder(1): 71_08, holder(2): 71_07})
		_, err = w.Cover(context.Background(), tenant, d.Loan, servicing.Payout{ID: uid("payout", 2)})
		refused(t, err, servicing.WrongState, "") // nothing is left
		w.repay(d, 1, 106_62)
		w.whole(d)
		w.have("after a payment", map[string]int64{"reserve": 50_00, "guarantor:1": 460_00, "guarantor:2": 483_38, holder(0): 71_09})
		if s := w.standing(d); s.Covered != 106_62 || len(s.Claims) != 3 {
			t.Errorf("still owed to who paid: %+v", s.Claims)
		}
		// The payout is taken back only after the payment that repaid it.
		_, err = w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("payout", 1), id0)
		refused(t, err, servicing.WrongState, "")
		if _, err = w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 2), uid("payment", 1), id0); err != nil {
			t.Fatal(err)
		}
		if _, err = w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 3), uid("payout", 1), id0); err != nil {
			t.Fatal(err)
		}
		w.whole(d)
		w.have("after both were taken back", map[string]int64{"reserve": 100_00, "guarantor:1": 500_00, "guarantor:2": 500_00, "borrower:1:cash": 106_62, holder(0): 0})
	})
}

// What was paid out in the borrower's place is the holders' no more: it does not come a second time, and the borrower's
// next money, which repays it, brings them nothing. Of a loan that was written off they count on nothing.
func TestWhatComesAfterAPayout(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, small.lost(servicing.Losses{InstallmentAfter: 30, WriteOffAfter: 60, Payers: []servicing.Payer{{Account: "reserve"}}}))
		w.fund("reserve", 500_00)
		w.to("2026-03-20")
		look := func() (interest, principal, claimed int64) {
			t.Helper()
			err := w.While(context.Background(), tenant, d.Loan, func(l *servicing.Loan, today day.Date) error {
				state, err := l.Replay(today)
				if err != nil {
					return err
				}
				list, err := l.Coming(state)
				if err != nil {
					return err
				}
				for _, c := range list {
					principal += c.Holders[0]
					interest += c.Holders[1]
				}
				split, err := l.Claimed(state)
				claimed = split.Total()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return interest, principal, claimed
		}
		all, whole, claimed := look()
		if whole != 1_200_00 || claimed != 0 {
			t.Errorf("before: %d of principal come, %d are claimed", whole, claimed)
		}
		e := w.cover(d, 1)
		for _, left := range []int64{213_24, 106_62} {
			if interest, principal, claimed := look(); interest != all-e.Split[loan.Interest] || principal != whole-e.Split[loan.Principal] || claimed != left {
				t.Errorf("%d of interest and %d of principal come, %d are claimed, want %d", interest, principal, claimed, left)
			}
			if left == 213_24 {
				w.repay(d, 1, 106_62)
			}
		}
		w.to("2026-06-20")
		if _, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("give", 1)}); err != nil {
			t.Fatal(err)
		}
		if interest, principal, _ := look(); interest != 0 || principal != 0 {
			t.Errorf("%d and %d come of a loan that was written off", interest, principal)
		}
	})
}

// Guarantors by shares of 60 and 40: what one can't pay is not the other's; pro rata, the borrower's money repays them and
// the holders alike.
func TestPayersByShares(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, small.lost(servicing.Losses{InstallmentAfter: 1, ProRata: true, Payers: []servicing.Payer{
			{Account: "guarantor:1", Weight: 60}, {Account: "guarantor:2", Weight: 40},
		}}))
		w.fund("guarantor:1", 500_00)
		w.fund("guarantor:2", 21_30)
		w.to("2026-03-20")
		e := w.cover(d, 1)
		if want := []string{"guarantor:1 1976+10818", "guarantor:2 329+1801"}; !slices.Equal(parts(e), want) || e.Amount != 149_24 || len(e.Waits) != 0 {
			t.Errorf("paid by %v, want %v: %+v", parts(e), want, e.Waits)
		}
		w.repay(d, 1, 106_62)
		w.whole(d)
		w.have("after a payment", map[string]int64{"guarantor:1": 436_16, "guarantor:2": 10_67})
		w.repay(d, 2, 106_62, func(p *servicing.Payment) { p.Anyway = true })
		w.have("after both", map[string]int64{"guarantor:1": 500_00, "guarantor:2": 21_30})
		w.whole(d)
	})
}

// A reserve that is short by one cent: what it can't pay waits, and a top-up is divided by due date, on one day in
// proportion, to the cent.
func TestShortReserve(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		var deeds []servicing.Deed
		for n := range 3 {
			deeds = append(deeds, w.lend(n, small.lost(onReserve)))
		}
		w.to("2026-02-20") // one installment of each is late
		w.fund("reserve", 106_61)
		if e := w.cover(deeds[0], 1); e.Amount != 106_61 || len(e.Waits) != 1 || e.Waits[0].Amount != 1 {
			t.Errorf("a cent too little: %+v", e)
		}
		w.fund("reserve", 100_00)
		// The first in line is not passed by.
		if e := w.cover(deeds[1], 2); e.Outcome != servicing.Waiting || e.Amount != 0 {
			t.Errorf("behind the line: %+v", e)
		}
		serve := func(n int) (got []int64) {
			t.Helper()
			list, err := w.Serve(context.Background(), tenant, servicing.Service{ID: uid("serve", n), Ledger: "main", Account: "reserve"})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				got = append(got, e.Amount)
			}
			for _, d := range deeds {
				w.whole(d)
			}
			return got
		}
		a, b := w.standing(deeds[0]), w.standing(deeds[1])
		if a.Covered+b.Covered != 206_61 || w.balance("reserve") != 0 || len(a.Waits)+len(b.Waits) == 0 {
			t.Errorf("100.00 for what waits: %d and %d are paid out, the reserve has %d", a.Covered, b.Covered, w.balance("reserve"))
		}
		w.to("2026-03-20") // the second installments too
		w.cover(deeds[0], 3)
		w.cover(deeds[1], 4)
		w.cover(deeds[2], 5)
		// February is 319.86 in all, of which 206.61 are paid; then 80.00 are left for March, in proportion.
		w.fund("reserve", 193_25)
		serve(1)
		for _, d := range deeds {
			if s := w.standing(d); s.Covered < 106_62+26_66 || s.Covered > 106_62+26_67 || len(s.Waits) != 1 {
				t.Errorf("loan %s: %d are paid out, %v waits", d.Loan, s.Covered, s.Waits)
			}
		}
		if again := serve(1); len(again) != 3 || w.balance("reserve") != 0 {
			t.Errorf("asked again: %v", again)
		}
		// One borrower pays: nothing waits for him any more.
		w.repay(deeds[2], 1, 213_24)
		w.fund("reserve", 500_00)
		serve(2)
		if n := w.query("SELECT count(*) FROM lending_waiting"); n != 0 {
			t.Errorf("%d loans still wait", n)
		}
		if s := w.standing(deeds[2]); s.Covered != 0 {
			t.Errorf("the loan that was repaid: %+v", s.Claims)
		}
		_, err := w.Serve(context.Background(), tenant, servicing.Service{ID: uid("serve", 1), Ledger: "main", Account: "guarantor:1"})
		refused(t, err, servicing.Taken, "id")
	})
}

// The whole of a loan with a thousand holders is bought in one command: each has his part to the cent, the payer all
// units but those of one whom a court has frozen.
func TestBuy(t *testing.T) {
	each(t, 1000, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 120_000_00, Months: 12, Losses: servicing.Losses{Payers: []servicing.Payer{{Account: "reserve"}, {Account: "guarantor:1", Rank: 1}}, WholeAfter: 60}})
		w.to("2026-03-20")
		w.fund("guarantor:1", 200_000_00)
		w.cover(d, 1, func(p *servicing.Payout) { p.Payer = "guarantor:1"; p.Most = 5_000_00 })
		_, err := w.Buy(context.Background(), tenant, d.Loan, servicing.Purchase{ID: uid("buy", 0)})
		refused(t, err, servicing.WrongState, "") // 32 days
		w.to("2026-04-20")
		_, err = w.Buy(context.Background(), tenant, d.Loan, servicing.Purchase{ID: uid("buy", 0), Payer: "platform:fees"})
		refused(t, err, errs.Invalid, "payer")
		w.apply(&ledger.Freeze{Account: holder(7), What: ledger.FreezeCredits})
		before, paid := w.sequence(), w.balance(holder(0))
		e, err := w.Buy(context.Background(), tenant, d.Loan, servicing.Purchase{ID: uid("buy", 1)})
		if err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e.Outcome, err)
		}
		if n := w.sequence() - before; n != 1 {
			t.Errorf("%d commands", n)
		}
		// 120,000.00 of principal and 3 interest rows of 1,200.00, 1,105.38 and 1,009.82 less 5,000.00, and 4 days of the fourth.
		if e.Payer != "guarantor:1" || e.Units != 119_880 || e.Split != (loan.Split{0, 0, 1_160_87, 117_188_07}) || e.Amount != 118_348_94 {
			t.Errorf("bought: %+v", e)
		}
		w.whole(d)
		err = w.While(context.Background(), tenant, d.Loan, func(l *servicing.Loan, today day.Date) error {
			if got := l.Since("guarantor:1"); got != today || l.Since(holder(7)) != l.Start() {
				t.Errorf("the payer has it since %s, today is %s", got, today)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		// What comes now is for who holds the units: 999 of 1,000 parts for the payer.
		has := w.balance("guarantor:1")
		w.repay(d, 1, 10_661_85)
		w.whole(d)
		if got := w.balance("guarantor:1") - has; got != 10_655_09 || w.balance(holder(0))-paid != 118_48 {
			t.Errorf("of a payment the payer has %d; a holder was paid %d", got, w.balance(holder(0))-paid)
		}
		_, err = w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("buy", 1), id0)
		refused(t, err, servicing.WrongState, "event")
		// Nobody who pays for the borrower buys from another one who does.
		w.fund("reserve", 200_000_00)
		_, err = w.Buy(context.Background(), tenant, d.Loan, servicing.Purchase{ID: uid("buy", 2), Payer: "reserve"})
		refused(t, err, servicing.WrongState, "")
	})
}

func (w *world) sequence() (n uint64) {
	w.t.Helper()
	if err := w.book.View(context.Background(), 0, func(e *ledger.Engine) { n = e.Sequence() }); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// Written off, a loan takes no payments; what comes is recovered in the product's order, and goes to who holds the units
// then.
func TestWriteOffAndRecover(t *testing.T) {
	orders := map[string][3]servicing.Receiver{
		"costs first":   {servicing.ToCosts, servicing.ToPayers, servicing.ToHolders},
		"holders first": {servicing.ToHolders, servicing.ToCosts, servicing.ToPayers},
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			each(t, 3, func(t *testing.T, w *world) {
				losses := onReserve
				losses.Recovery, losses.WriteOffAfter = order, 60
				d := w.lend(1, small.lost(losses))
				w.fund("reserve", 150_00)
				w.to("2026-03-20")
				w.cover(d, 1)
				_, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("give", 0)})
				refused(t, err, servicing.WrongState, "")
				w.to("2026-04-20")
				e, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("give", 1)})
				if err != nil || e.Outcome != servicing.Applied || e.Split != (loan.Split{0, 0, 34_67, 1_200_00}) {
					t.Fatal(e, err)
				}
				w.whole(d)
				w.have("written off", map[string]int64{"platform:lost": 1_234_67, "platform:contra": 1_234_67, holder(0): 50_01})
				s := w.standing(d)
				if s.State != servicing.GivenUp || s.Days != 63 {
					t.Errorf("it is %s, %d days", s.State, s.Days)
				}
				if late, _, err := w.Overdue(context.Background(), tenant, s.On, 0, 0, servicing.Place{}, 10); err != nil || len(late) != 0 {
					t.Errorf("among the overdue: %+v %v", late, err)
				}
				_, err = w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 1), Amount: 1})
				refused(t, err, servicing.WrongState, "")
				_, err = w.Buy(context.Background(), tenant, d.Loan, servicing.Purchase{ID: uid("buy", 1)})
				refused(t, err, servicing.WrongState, "")
				w.apply(&ledger.Move{Register: d.Places.Register, From: holder(0), To: holder(1), Units: 400})
				w.cash(300_00)
				r := servicing.Recovery{ID: uid("recovery", 1), Amount: 300_00, Costs: 30_00}
				if e, err = w.Recover(context.Background(), tenant, d.Loan, r); err != nil || e.Outcome != servicing.Applied {
					t.Fatal(e, err)
				}
				w.whole(d)
				want := map[string]int64{"platform:fees": 30_00, "reserve": 150_00, holder(0): 50_01, holder(1): 50_00 + 80_00, holder(2): 49_99 + 40_00, "platform:lost": 964_67}
				if name == "holders first" {
					want = map[string]int64{"platform:fees": 0, "reserve": 0, holder(0): 50_01, holder(1): 50_00 + 200_00, holder(2): 49_99 + 100_00, "platform:lost": 934_67}
				}
				w.have("recovered", want)
				if _, err = w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("recovery", 1), id0); err != nil {
					t.Fatal(err)
				}
				w.whole(d)
				w.have("taken back", map[string]int64{"platform:fees": 0, "reserve": 0, holder(1): 50_00, "platform:lost": 1_234_67, "borrower:1:cash": 300_00})
			})
		})
	}
}

// A restructured loan has a new schedule and a new rate from the day on, and says so until that is taken back.
func TestRestructure(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, small.lost(onReserve))
		w.to("2026-02-16")
		w.repay(d, 1, 106_62)
		w.to("2026-03-10")
		before := w.standing(d)
		e, err := w.Change(context.Background(), tenant, d.Loan, servicing.Change{ID: uid("change", 1), Kind: servicing.Restructured, Due: day.Of(2026, 6, 15), Rows: 20, Rate: "0.06"})
		if err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e, err)
		}
		w.whole(d)
		s := w.standing(d)
		if s.State != servicing.Renewed || s.NextDue != day.Of(2026, 6, 15) || len(s.Rows) != 21 || s.Outstanding[loan.Principal] != 1_105_38 {
			t.Errorf("restructured: %s, %d rows, next %s, %v", s.State, len(s.Rows), s.NextDue, s.Outstanding)
		}
		if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("change", 1), id0); err != nil {
			t.Fatal(err)
		}
		if s := w.standing(d); s.State != servicing.Active || s.Outstanding != before.Outstanding {
			t.Errorf("taken back: %s %v", s.State, s.Outstanding)
		}
	})
}

// A fee that is taken back makes more of an earlier payment principal, so a payout since was of too much: what is too much
// goes back to who paid it. As long as nobody has sold, the payout itself has to be taken back first.
func TestPayoutOfTooMuchGoesBack(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_000_00, Months: 1, Counted: true, Losses: onReserve})
		fee, err := w.Change(context.Background(), tenant, d.Loan, servicing.Change{
			ID: uid("charge", 1), Kind: servicing.Charged, Date: day.Of(2026, 1, 15), Due: day.Of(2026, 1, 15), Amount: 5_00, Component: loan.Fee,
		})
		if err != nil {
			t.Fatal(err)
		}
		w.repay(d, 1, 500_00, func(p *servicing.Payment) { p.Anyway = true })
		w.to("2026-03-20")
		w.fund("reserve", 1_000_00)
		paid := w.cover(d, 1).Amount
		back := func(n int) (servicing.Event, error) {
			return w.Reverse(context.Background(), tenant, d.Loan, uid("back", n), fee.ID, id.ID{})
		}
		if _, err := back(1); !errs.Is(err, servicing.WrongState) {
			t.Fatalf("nobody has sold: %v", err)
		}
		w.apply(&ledger.Move{Register: d.Places.Register, From: holder(0), To: holder(1), Units: 100})
		if _, err := back(2); err != nil {
			t.Fatal(err)
		}
		w.whole(d)
		w.have("what was too much is back", map[string]int64{"reserve": 1_000_00 - paid + 5_00})
		again, err := w.Reverse(context.Background(), tenant, d.Loan, uid("back", 3), uid("payout", 1), id.ID{})
		if err != nil || again.Outcome != servicing.Applied {
			t.Fatalf("the payout taken back: %+v %v", again, err)
		}
		w.whole(d)
		w.have("all of it is back", map[string]int64{"reserve": 1_000_00})
		paid = w.cover(d, 2).Amount + 5_00
		s := w.standing(d)
		if open, owed := s.Outstanding.Total(), s.Claims[0].Split.Total(); owed != paid-5_00 || open < owed {
			t.Errorf("the reserve is owed %d of %d that are open, it paid %d", owed, open, paid)
		}
		w.repay(d, 2, s.Outstanding.Total(), func(p *servicing.Payment) { p.Anyway = true })
		w.have("all is repaid", map[string]int64{"reserve": 1_000_00})
	})
}

// Of several who paid out together each gets back what was too much of his part.
func TestTooMuchGoesBackInProportion(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		shared := servicing.Losses{InstallmentAfter: 1, Payers: []servicing.Payer{{Account: "reserve", Weight: 3}, {Account: "guarantor:1", Weight: 1}}}
		d := w.lend(1, terms{Amount: 1_000_00, Months: 1, Counted: true, Losses: shared})
		fee, err := w.Change(context.Background(), tenant, d.Loan, servicing.Change{
			ID: uid("charge", 1), Kind: servicing.Charged, Date: day.Of(2026, 1, 15), Due: day.Of(2026, 1, 15), Amount: 8_00, Component: loan.Fee,
		})
		if err != nil {
			t.Fatal(err)
		}
		w.repay(d, 1, 500_00, func(p *servicing.Payment) { p.Anyway = true })
		w.to("2026-03-20")
		w.fund("reserve", 1_000_00)
		w.fund("guarantor:1", 1_000_00)
		parts := w.cover(d, 1).Payers
		w.apply(&ledger.Move{Register: d.Places.Register, From: holder(0), To: holder(1), Units: 100})
		if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("back", 1), fee.ID, id.ID{}); err != nil {
			t.Fatal(err)
		}
		w.whole(d)
		w.have("three quarters and one", map[string]int64{
			"reserve": 1_000_00 - parts[0].Split.Total() + 6_00, "guarantor:1": 1_000_00 - parts[1].Split.Total() + 2_00,
		})
	})
}

// What is recovered repays payouts, interest first, while the loan's own books take it by rows. So more principal may be
// claimed than is open, and still nobody was paid too much.
func TestRecoveryAfterAllWasPaidOut(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		order := onReserve
		order.Recovery = [3]servicing.Receiver{servicing.ToCosts, servicing.ToPayers, servicing.ToHolders}
		d := w.lend(1, small.lost(order))
		w.to("2027-03-20")
		w.fund("reserve", 2_000_00)
		paid := w.cover(d, 1).Amount
		if _, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("giving", 1)}); err != nil {
			t.Fatal(err)
		}
		w.whole(d)
		for n := range 3 {
			w.cash(200_00)
			e, err := w.Recover(context.Background(), tenant, d.Loan, servicing.Recovery{ID: uid("recovery", n), Amount: 200_00})
			if err != nil || e.Outcome != servicing.Applied {
				t.Fatalf("recovery %d: %+v %v", n, e, err)
			}
			w.whole(d)
			w.have("recovered", map[string]int64{"reserve": 2_000_00 - paid + int64(n+1)*200_00})
		}
	})
}

// A fee of 50.00 that is taken back after a recovery brought it to the holders, who come first: once nothing is owed any
// more, the reserve has all of its payout again. Those who held the units as the 50.00 came give them back, whoever got the
// payout; what the borrower gave beyond what he owes then is his.
func TestFeeTakenBackAfterARecovery(t *testing.T) {
	order := onReserve
	order.Recovery = [3]servicing.Receiver{servicing.ToHolders, servicing.ToCosts, servicing.ToPayers}
	for name, last := range map[string]int64{"before the last recovery": 810_00, "after the last recovery": 860_00} {
		t.Run(name, func(t *testing.T) {
			each(t, 2, func(t *testing.T, w *world) {
				d := w.lend(1, terms{Amount: 1_000_00, Months: 1, Counted: true, Losses: order})
				day1 := day.Of(2026, 1, 15)
				fee, err := w.Change(context.Background(), tenant, d.Loan, servicing.Change{
					ID: uid("charge", 1), Kind: servicing.Charged, Date: day1, Due: day1, Amount: 50_00, Component: loan.Fee,
				})
				if err != nil {
					t.Fatal(err)
				}
				w.to("2026-03-20")
				w.fund("reserve", 1_010_00)
				w.cover(d, 1)
				if _, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("giving", 1)}); err != nil {
					t.Fatal(err)
				}
				w.apply(&ledger.Move{Register: d.Places.Register, From: holder(0), To: holder(1), Units: 500})
				w.recover(d, uid("recovery", 1), 200_00)
				w.have("the fee is the holders'", map[string]int64{"reserve": 150_00, holder(0): 505_00, holder(1): 505_00 + 50_00})
				back := func() {
					if e, err := w.Reverse(context.Background(), tenant, d.Loan, uid("back", 1), fee.ID, id.ID{}); err != nil || e.Outcome != servicing.Applied {
						t.Fatalf("the fee taken back: %+v %v", e, err)
					}
					w.whole(d)
				}
				if last == 810_00 {
					back()
				}
				w.recover(d, uid("recovery", 2), last)
				if last == 860_00 {
					back()
				}
				w.have("all is repaid", map[string]int64{"reserve": 1_010_00, holder(0): 505_00, holder(1): 505_00, "borrower:1:cash": last - 810_00})
				if s := w.standing(d); s.State != servicing.Closed || s.Covered != 0 {
					t.Errorf("it is %s, %d are owed to the reserve", s.State, s.Covered)
				}
			})
		})
	}
}

// recover counts money that came after a write-off, with it arriving just before.
func (w *world) recover(d servicing.Deed, own id.ID, amount int64) {
	w.t.Helper()
	w.cash(amount)
	e, err := w.Recover(context.Background(), tenant, d.Loan, servicing.Recovery{ID: own, Amount: amount})
	if err != nil || e.Outcome != servicing.Applied || e.Amount == 0 {
		w.t.Fatalf("recovery of %d: %+v %v", amount, e, err)
	}
	w.whole(d)
}
