package application_test

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/order/ordertest"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/reminder"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func each(t *testing.T, f func(t *testing.T, w *world)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(t, newWorld(t, db)) })
}

// From what is asked for to the payout and the first installment: what rules allow goes through by itself, and one can
// see where it waited.
func TestStraightThrough(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.submit(1)
		if a.State != application.Offered {
			t.Fatalf("it is %s", a.State)
		}
		o := a.Offer
		if o.Payout != 1_176_00 || o.Interest != 24_08 || o.Installment != 408_03 || o.Fees != 24_00 || o.AllIn <= "0.24" || o.AllIn > "0.26" {
			t.Errorf("the offer: %+v", o)
		}
		if again := w.submit(1); again.Order.Version != a.Order.Version {
			t.Error("the same application again changes something")
		}
		w.wait(90 * time.Second)
		_, err := w.Sign(context.Background(), tenant, a.ID, borrower, w.next("signature"), by(application.Borrower), "000000")
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("signed without a code: %v", err)
		}
		if a = w.sign(a); a.State != application.Listed {
			t.Fatalf("after the signature it is %s", a.State)
		}
		w.run()
		w.wait(10 * time.Second)
		for n, amount := range []int64{700_00, 500_00} {
			if _, err := w.market.Place(context.Background(), market.Bid{Tenant: tenant, ID: w.next("bid"), Listing: a.ID, Investor: investor(n + 1), Amount: amount}); err != nil {
				t.Fatal(err)
			}
		}
		w.run()
		if s := w.state(a); s != application.Repaying {
			t.Fatalf("after funding it is %s", s)
		}
		if got := w.balance(market.Cash(borrower)); got != 1_000_00+1_176_00 || w.balance(application.Place("CNY", "fees")) != 12_00 || w.balance(application.Place("CNY", "reserve")) != 12_00 {
			t.Errorf("the borrower has %d, the platform %d, the reserve %d", got, w.balance(application.Place("CNY", "fees")), w.balance(application.Place("CNY", "reserve")))
		}
		steps, err := w.orders.Steps(context.Background(), tenant, a.ID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		stays, payout := application.Track(steps, steps[len(steps)-1].At+5_000_000)
		where := map[string]int64{}
		for _, s := range stays {
			where[s.State] += s.Seconds
		}
		if payout != 100 || where[application.Offered] != 90 || where[application.Listed] != 10 || where[application.Repaying] != 5 {
			t.Errorf("paid out after %d s, it waited %v", payout, where)
		}
		w.wait(31 * 24 * time.Hour)
		e, err := w.loans.Repay(context.Background(), tenant, a.Loan(), servicing.Payment{ID: w.next("payment"), Amount: 408_03})
		if err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e, err)
		}
		// 7/12 and 5/12 of 408.03, beside what they had left.
		if x, y := w.balance(market.Cash(investor(1))), w.balance(market.Cash(investor(2))); x != 300_00+238_02 || y != 500_00+170_01 {
			t.Errorf("the investors have %d and %d", x, y)
		}
	})
}

// Where rules don't decide, a person does; what is missing is waited for.
func TestReferred(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.missing = []string{"income"}
		w.verdict = application.Decision{Verdict: application.Refer, Reason: "thin-file", Failed: []string{"score"}}
		a := w.submit(1)
		if a.State != application.Documents {
			t.Fatalf("with a document missing it is %s", a.State)
		}
		w.missing = nil
		a, err := w.Advance(context.Background(), tenant, a.ID)
		if err != nil || a.State != application.Review || len(a.Failed) != 1 {
			t.Fatalf("it is %s %v %v", a.State, a.Failed, err)
		}
		_, err = w.Decide(context.Background(), tenant, a.ID, w.next("decision"), by(application.Borrower), application.Decision{Verdict: application.Accept, Grade: "a", Amount: 1_000_00})
		if !errs.Is(err, errs.Forbidden) {
			t.Errorf("the borrower decides: %v", err)
		}
		_, err = w.Decide(context.Background(), tenant, a.ID, w.next("decision"), by(application.Officer), application.Decision{Verdict: application.Accept, Grade: "a", Amount: 1_300_00})
		if !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "amount" {
			t.Errorf("more than was asked for: %v", err)
		}
		for _, actor := range []id.ID{login, program, deputy} {
			_, err = w.Decide(context.Background(), tenant, a.ID, w.next("decision"), order.Act{Actor: actor, Role: application.Officer},
				application.Decision{Verdict: application.Accept, Grade: "a", Amount: 1_000_00})
			if !errs.Is(err, errs.Forbidden) {
				t.Errorf("the borrower by a second login, who acts for him by another one, or a program, decides: %v", err)
			}
		}
		a, err = w.Decide(context.Background(), tenant, a.ID, w.next("decision"), by(application.Officer), application.Decision{Verdict: application.Accept, Grade: "a", Amount: 1_000_00})
		if err != nil || a.State != application.Offered || a.Offer.Amount != 1_000_00 {
			t.Fatalf("it is %s, %v", a.State, err)
		}
		w.wait(73 * time.Hour)
		if s := w.state(a); s != application.Expired {
			t.Errorf("after three days it is %s", s)
		}
		w.verdict = application.Decision{Verdict: application.Decline, Reason: "over-indebted"}
		if a := w.submit(2); a.State != application.Refused {
			t.Errorf("declined, it is %s", a.State)
		}
	})
}

// What nobody funds ends, and the bidders have their money back.
func TestUnfunded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.sign(w.submit(1))
		w.run()
		if _, err := w.market.Place(context.Background(), market.Bid{Tenant: tenant, ID: w.next("bid"), Listing: a.ID, Investor: investor(1), Amount: 500_00}); err != nil {
			t.Fatal(err)
		}
		w.wait(8 * 24 * time.Hour)
		if s := w.state(a); s != application.Unfunded || w.balance(market.Cash(investor(1))) != 1_000_00 {
			t.Errorf("it is %s, the bidder has %d", s, w.balance(market.Cash(investor(1))))
		}
		_, err := w.loans.Get(context.Background(), tenant, a.Loan())
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("there is a loan: %v", err)
		}
	})
}

// Where the product says so, investors earn before the payout: each from his bid, or from the full funding on.
func TestWaiting(t *testing.T) {
	// 700.00 wait five days at 12 % a year of 365 days, 1.15; 500.00 come on the day on which it is full.
	for name, c := range map[string]struct {
		start                            catalog.Start
		borrower, platform, first, other int64
	}{
		"the platform pays": {catalog.Start{From: catalog.FromBid, PaidBy: catalog.PlatformPays}, 1_176_00, 12_00 - 1_15, 300_00 + 1_15, 500_00},
		"the borrower pays": {catalog.Start{From: catalog.FromBid, PaidBy: catalog.BorrowerPays}, 1_176_00 - 1_15, 12_00, 300_00 + 1_15, 500_00},
		"from the payout":   {catalog.Start{From: catalog.FromDisbursement, PaidBy: catalog.BorrowerPays}, 1_176_00, 12_00, 300_00, 500_00},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, storetest.SQLite(t))
			w.start = c.start
			a := w.sign(w.submit(1))
			w.run()
			w.bid(a, 1, 700_00)
			w.bid(a, 3, 100_00)
			bids, err := w.market.Bids(context.Background(), tenant, market.BidFilter{Investor: investor(3)}, id.ID{}, 1)
			if err == nil {
				_, err = w.market.Cancel(context.Background(), tenant, bids[0].ID, staff)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.wait(5 * 24 * time.Hour)
			w.refusePayout(a, 2)
			w.wait(24 * time.Hour)
			got := [4]int64{
				w.balance(market.Cash(borrower)) - 1_000_00, w.balance(application.Place("CNY", "fees")), w.balance(market.Cash(investor(1))), w.balance(market.Cash(investor(2))),
			}
			if want := [4]int64{c.borrower, c.platform, c.first, c.other}; got != want || w.state(a) != application.Repaying {
				t.Errorf("it is %s: borrower, platform and investors have %v, want %v", w.state(a), got, want)
			}
			if left := w.balance(a.Register() + ":funds"); left != 0 {
				t.Errorf("%d was raised and is not paid out", left)
			}
			_, err = w.Advance(context.Background(), tenant, a.ID)
			if again := w.balance(market.Cash(investor(1))); err != nil || again != c.first {
				t.Errorf("it is paid twice: %d, %v", again, err)
			}
		})
	}
}

// What an investor earned before the payout and his account does not take lies in his name, and is his once it takes it.
func TestWaitingForAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start = catalog.Start{From: catalog.FromBid, PaidBy: catalog.PlatformPays}
		a := w.sign(w.submit(1))
		w.run()
		w.bid(a, 1, 700_00)
		w.wait(5 * 24 * time.Hour)
		w.do(&ledger.Freeze{Account: market.Cash(investor(1)), What: ledger.FreezeCredits})
		mark := ledger.Mark{Command: ledger.ID(uid("command", w.number))}
		w.bid(a, 2, 500_00)
		if s := w.state(a); s != application.Repaying {
			t.Fatalf("it is %s", s)
		}
		first := investor(1)
		place := a.Register() + ":waiting:" + hex.EncodeToString(first[:])
		w.wait(3 * 24 * time.Hour)
		if got := w.balance(place); got != 1_15 {
			t.Errorf("%d lie there for him", got)
		}
		w.do(&ledger.Unfreeze{Freeze: mark})
		w.wait(24 * time.Hour)
		if got, left := w.balance(market.Cash(first)), w.balance(place); got != 300_00+1_15 || left != 0 {
			t.Errorf("he has %d, %d are left", got, left)
		}
		w.wait(3 * 24 * time.Hour)
		if _, err := w.Advance(t.Context(), tenant, a.ID); err != nil || w.balance(market.Cash(first)) != 300_00+1_15 {
			t.Errorf("he has %d, %v", w.balance(market.Cash(first)), err)
		}
	})
}

// refusePayout lets a bid fill a loan that the ledger does not pay out, as the borrower's account takes no money, and then
// lets it take some.
func (w *world) refusePayout(a *application.Application, of int) {
	w.Helper()
	w.do(&ledger.Freeze{Account: market.Cash(borrower), What: ledger.FreezeCredits})
	mark := ledger.Mark{Command: ledger.ID(uid("command", w.number))}
	w.bid(a, of, 500_00)
	if s := w.state(a); s != application.Funded {
		w.Errorf("with an account that takes nothing it is %s", s)
	}
	w.do(&ledger.Unfreeze{Freeze: mark})
}

// Interest runs from the day of the payout, also where the ledger took none for weeks: what is agreed follows the money.
func TestBeginsWhenItIsPaidOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start = catalog.Start{From: catalog.FromBid, PaidBy: catalog.PlatformPays}
		a := w.sign(w.submit(1))
		w.run()
		w.bid(a, 1, 700_00)
		w.do(&ledger.Freeze{Account: market.Cash(borrower), What: ledger.FreezeCredits})
		mark := ledger.Mark{Command: ledger.ID(uid("command", w.number))}
		w.bid(a, 2, 500_00)
		at, err := w.Now(t.Context(), "main")
		if err != nil {
			t.Fatal(err)
		}
		w.do(&ledger.Advance{To: ledger.InstantOf(at.Add(40 * 24 * time.Hour))})
		if s := w.state(a); s != application.Funded {
			t.Fatalf("it is %s", s)
		}
		w.do(&ledger.Unfreeze{Freeze: mark})
		if _, err := w.Advance(t.Context(), tenant, a.ID); err != nil {
			t.Fatal(err)
		}
		l, err := w.loans.Get(t.Context(), tenant, a.Loan())
		if err != nil || l.Start() != day.Of(2026, 4, 11) {
			t.Fatalf("paid out on 11 April it begins on %s, %v", l.Start(), err)
		}
		s, err := w.loans.Standing(t.Context(), tenant, a.Loan(), 0)
		if err != nil || s.Days != 0 || s.Rows[0].Row.Due != day.Of(2026, 5, 11) {
			t.Errorf("it is %d days late, first due on %s, %v", s.Days, s.Rows[0].Row.Due, err)
		}
		// 40 days of 1,200.00 at 12 % a year, which the platform pays: 9.21 for 700.00 and 6.58 for 500.00.
		if first, other := w.balance(market.Cash(investor(1))), w.balance(market.Cash(investor(2))); first != 300_00+9_21 || other != 500_00+6_58 {
			t.Errorf("the investors have %d and %d", first, other)
		}
	})
}

// A loan that is repaid is settled; when the payment turns out to be none, it is not any more.
func TestSettled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.sign(w.submit(1))
		w.run()
		w.bid(a, 1, 700_00)
		w.bid(a, 2, 500_00)
		pay := servicing.Payment{ID: w.next("payment"), Amount: 1_200_00, Settle: true}
		if _, err := w.loans.Repay(context.Background(), tenant, a.Loan(), pay); err != nil {
			t.Fatal(err)
		}
		w.run()
		if s := w.state(a); s != application.Settled {
			t.Errorf("repaid, it is %s", s)
		}
		if _, err := w.loans.Reverse(context.Background(), tenant, a.Loan(), w.next("reversal"), pay.ID, staff); err != nil {
			t.Fatal(err)
		}
		w.run()
		if s := w.state(a); s != application.Repaying {
			t.Errorf("after the payment was taken back it is %s", s)
		}
		name := reminder.Name(a.Loan())
		if strings.Join(w.papers, " ") != `signed told {"amount":{"asset":"CNY","minor":"120000","scale":2},"date":"2026-03-02","listing":"`+name+`"} annex` {
			t.Errorf("the papers %v were made", w.papers)
		}
	})
}

// What the product lets be funded in part is paid out in part, also where that is no amount that one could apply for.
func TestFundedInPart(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.partial = rate("0.5")
	a := w.sign(w.submit(1))
	w.run()
	w.bid(a, 1, 700_00)
	w.bid(a, 2, 101_00)
	w.wait(8 * 24 * time.Hour)
	l, err := w.loans.Standing(context.Background(), tenant, a.Loan(), 0)
	if err != nil || w.state(a) != application.Repaying || l.Outstanding[loan.Principal] != 801_00 || len(l.Rows) != 3 {
		t.Errorf("it is %s: %+v %v", w.state(a), l.Outstanding, err)
	}
}

// Nothing below the share from which on it is paid out is enough: in whole units it is rounded up.
func TestFundedInPartOfUnits(t *testing.T) {
	for share, want := range map[string]uint64{"0.5": 600, "0.5001": 601, "0.0001": 1} {
		w := newWorld(t, storetest.SQLite(t))
		w.partial = rate(share)
		a := w.sign(w.submit(1))
		w.run()
		if l, err := w.market.Listing(context.Background(), tenant, a.ID); err != nil || l.Units != 1_200 || l.Partial != want {
			t.Errorf("%s of %d units are %d, %v", share, l.Units, l.Partial, err)
		}
	}
}

// A node that ended between the borrower's signature and the step that follows from it goes on with what was signed: whenever
// somebody asks for something, and at the latest instead of the offer's end.
func TestSignedBeforeTheNodeEnded(t *testing.T) {
	for name, then := range map[string]func(w *world, a *application.Application) error{
		"he asks for another code": func(w *world, a *application.Application) error {
			return second(w.AskToSign(w.Context(), tenant, a.ID, borrower))
		},
		"he signs again": func(w *world, a *application.Application) error {
			return second(w.Sign(w.Context(), tenant, a.ID, borrower, w.next("signature"), by(application.Borrower), w.code))
		},
		"he would withdraw": func(w *world, a *application.Application) error {
			if _, err := w.Withdraw(w.Context(), tenant, a.ID, w.next("withdrawal"), by(application.Borrower)); !errs.Is(err, order.WrongState) {
				w.Errorf("what was signed is withdrawn: %v", err)
			}
			return second(w.Advance(w.Context(), tenant, a.ID))
		},
		"the offer ends": func(w *world, _ *application.Application) error {
			w.wait(73 * time.Hour)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, storetest.SQLite(t))
			a := w.submit(1)
			if _, err := w.AskToSign(t.Context(), tenant, a.ID, borrower); err != nil {
				t.Fatal(err)
			}
			now, err := w.Now(t.Context(), "main")
			if err != nil {
				t.Fatal(err)
			}
			digest, err := a.Digest()
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Signer.Sign(t.Context(), sign.Request{Tenant: tenant, Subject: a.ID, Party: borrower, Hash: digest, Ledger: "main", Now: now.UnixMicro()}, w.code); err != nil {
				t.Fatal(err)
			}
			if err := then(w, a); err != nil || w.state(a) != application.Listed {
				t.Fatalf("it is %s, %v", w.state(a), err)
			}
			// His client, which has lost the answer, hears that it is done, by the code with which it was.
			if _, err := w.Sign(t.Context(), tenant, a.ID, borrower, w.next("signature"), by(application.Borrower), w.code); err != nil {
				t.Errorf("the same signature again: %v", err)
			}
			if _, err := w.Sign(t.Context(), tenant, a.ID, borrower, w.next("signature"), by(application.Borrower), "x"); !errs.Is(err, sign.Wrong) {
				t.Errorf("with another code: %v", err)
			}
		})
	}
}

// No more people fund a loan than its annex has rows: the smallest bid grows with the loan.
func TestSmallestBidOfALargeLoan(t *testing.T) {
	for _, c := range [][4]uint64{{12_000, 100, 1, 100}, {2_500_000, 100, 1, 100}, {2_500_001, 100, 1, 101}, {2_500_001, 100, 100, 200}, {200_000_000, 100, 100, 8_000}} {
		if got := application.Smallest(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("of %d units in steps of %d, from %d on: %d, want %d", c[0], c[2], c[1], got, c[3])
		}
	}
}

// What is raised must leave something to pay out: with less, a listing that would do with a part fails and gives the money back.
func TestFundedBelowTheFees(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.partial = rate("0.1")
	w.fees = []catalog.Fee{{Code: "flat", PaidBy: "borrower", At: "disbursement", Of: "none", Amount: 200_00, Mode: "half_even"}}
	small, enough := w.sign(w.submit(1)), w.sign(w.submit(2))
	w.run()
	// 2 % and 200.00 are kept: of 204.00 nothing is left, of 205.00 it is 0.90.
	l, err := w.market.Listing(t.Context(), tenant, small.ID)
	if err != nil || l.Partial != 205 {
		t.Fatalf("it is paid out from %d units on, %v", l.Partial, err)
	}
	w.bid(small, 1, int64(l.Partial-1)*100)
	w.bid(enough, 2, int64(l.Partial)*100)
	w.wait(8 * 24 * time.Hour)
	if s := w.state(small); s != application.Unfunded || w.balance(market.Cash(investor(1))) != 1_000_00 {
		t.Errorf("it is %s, the bidder has %d", s, w.balance(market.Cash(investor(1))))
	}
	if s := w.state(enough); s != application.Repaying {
		t.Errorf("with one unit more it is %s", s)
	}
}

// What investors earn while a listing is open is taken of the loan where the borrower pays it: the part that is paid out leaves
// something beside that, too.
func TestFundedBelowWhatItEarned(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.start = catalog.Start{From: catalog.FromBid, PaidBy: catalog.BorrowerPays}
	w.partial = rate("0.1")
	w.fees = []catalog.Fee{{Code: "flat", PaidBy: "borrower", At: "disbursement", Of: "none", Amount: 200_80, Mode: "half_even"}}
	a := w.sign(w.submit(1))
	w.run()
	// Of 205.00 2 % and 200.80 leave 0.10, and they earn 0.47 in seven days.
	l, err := w.market.Listing(t.Context(), tenant, a.ID)
	if err != nil || l.Partial != 206 {
		t.Fatalf("it is paid out from %d units on, %v", l.Partial, err)
	}
	w.bid(a, 1, int64(l.Partial)*100)
	w.wait(8 * 24 * time.Hour)
	if s := w.state(a); s != application.Repaying {
		t.Errorf("it is %s", s)
	}
}

// An older program left what an account did not take on the unclaimed account, under the id by which it lies in the investor's name
// now. If it ended then, the loan goes on all the same, and nobody is paid twice.
func TestWaitingThatAnOlderProgramPaid(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.start = catalog.Start{From: catalog.FromBid, PaidBy: catalog.PlatformPays}
	a := w.sign(w.submit(1))
	w.run()
	w.bid(a, 1, 700_00)
	w.wait(5 * 24 * time.Hour)
	w.do(&ledger.Freeze{Account: market.Cash(investor(1)), What: ledger.FreezeCredits})
	unclaimed, who := application.Place(a.Asset, "unclaimed"), investor(1)
	answers, err := w.Apply(t.Context(), "main", []*ledger.Command{{
		ID: ledger.ID(a.ID.Derive("waiting "+who.String(), 1)), Purpose: application.PurposeWaiting, Behalf: ledger.ID(who),
		Operations: []ledger.Operation{&ledger.Transfer{Debit: application.Place(a.Asset, "fees"), Credit: unclaimed, Mode: ledger.Exact, Amount: 1_15}},
	}})
	if err != nil || answers[0].Result.Code != ledger.Applied {
		t.Fatal(answers, err)
	}
	w.bid(a, 2, 500_00)
	w.wait(2 * 24 * time.Hour)
	if s := w.state(a); s != application.Repaying || w.balance(unclaimed) != 1_15 {
		t.Errorf("it is %s, with %d unclaimed", s, w.balance(unclaimed))
	}
}

// A listing that no application opened is none of the desk's.
func TestOthersListings(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	if err := w.Settled(context.Background(), nil, &market.Listing{Tenant: tenant, ID: uid("listing", 1), State: market.Funded}); err != nil {
		t.Error(err)
	}
}

// The same act again changes nothing, and its id stands for nothing else.
func TestActsAgain(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ctx := context.Background()
	w.verdict = application.Decision{Verdict: application.Refer, Reason: "thin-file"}
	a := w.submit(1)
	change, x := w.next("decision"), application.Decision{Verdict: application.Accept, Grade: "a", Amount: 1_000_00}
	for range 2 {
		if got, err := w.Decide(ctx, tenant, a.ID, change, by(application.Officer), x); err != nil || got.State != application.Offered || got.Order.Version != 4 {
			t.Fatal(got, err)
		}
	}
	if _, err := w.AskToSign(ctx, tenant, a.ID, borrower); err != nil {
		t.Fatal(err)
	}
	signature := w.next("signature")
	for range 2 {
		if got, err := w.Sign(ctx, tenant, a.ID, borrower, signature, by(application.Borrower), w.code); err != nil || got.State != application.Listed {
			t.Fatal(got, err)
		}
	}
	x.Amount--
	for name, err := range map[string]error{
		"another decision":         second(w.Decide(ctx, tenant, a.ID, change, by(application.Officer), x)),
		"a refusal":                second(w.Decide(ctx, tenant, a.ID, change, by(application.Officer), application.Decision{Verdict: application.Decline, Reason: "no"})),
		"a withdrawal":             second(w.Withdraw(ctx, tenant, a.ID, change, by(application.Borrower))),
		"a signature, by that id":  second(w.Sign(ctx, tenant, a.ID, borrower, change, by(application.Borrower), w.code)),
		"the id of the submission": second(w.Withdraw(ctx, tenant, a.ID, a.ID, by(application.Borrower))),
	} {
		if !errs.Is(err, order.IDTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Withdraw(ctx, tenant, a.ID, w.next("withdrawal"), by(application.Borrower)); !errs.Is(err, order.WrongState) {
		t.Errorf("withdrawn after it was signed: %v", err)
	}
}

func second(_ *application.Application, err error) error { return err }

// What can't be applied for is refused with the field.
func TestRefusedApplications(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	good := application.New{ID: uid("application", 1), Borrower: borrower, Ledger: "main", Product: "loan", Amount: 1_200_00, Term: 3, Unit: "months", Purpose: "study", Act: by(application.Borrower)}
	for field, change := range map[string]func(*application.New){
		"amount":                         func(n *application.New) { n.Amount = 1_200_01 },
		"term":                           func(n *application.New) { n.Term = 4 },
		"id":                             func(n *application.New) { n.ID[6] = 0 },
		"borrower":                       func(n *application.New) { n.Borrower[6] = 0 },
		"purpose":                        func(n *application.New) { n.Purpose = "two\nlines" },
		"region":                         func(n *application.New) { n.Region = strings.Repeat("x", 33) },
		"product":                        func(n *application.New) { n.Product = "none" },
		"facts.applicant.level":          func(n *application.New) { n.Facts = map[string]string{"applicant.level": "3"} },
		"facts.applicant.monthly_income": func(n *application.New) { n.Facts = map[string]string{"applicant.monthly_income": "much"} },
	} {
		n := good
		change(&n)
		if _, err := w.Submit(context.Background(), tenant, n); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	w.verdict.Verdict = application.Refer
	w.verdict.Reason = "thin-file"
	a := w.submit(2)
	if _, err := w.Sign(context.Background(), tenant, a.ID, borrower, w.next("signature"), by(application.Borrower), "1"); !errs.Is(err, order.WrongState) {
		t.Errorf("signed before an offer: %v", err)
	}
	if a, err := w.Withdraw(context.Background(), tenant, a.ID, w.next("withdrawal"), by(application.Borrower)); err != nil || a.State != application.Withdrawn {
		t.Error(err)
	}
}

// A loan can't be paid to an account of another asset, nor by it: whoever has one is told so before anything is signed, and nothing
// is listed where one was opened since.
func TestAccountOfAnotherAsset(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	foreign := func(party id.ID) *ledger.OpenAccount {
		return &ledger.OpenAccount{Address: market.Cash(party), Asset: "USD", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 1, Constraint: ledger.Nonnegative}
	}
	of, later := uid("party", 8), uid("party", 9)
	w.do(&ledger.OpenAsset{Code: "USD", Scale: 2}, foreign(of))
	w.guaranteed()
	n := application.New{
		ID: uid("application", 1), Borrower: of, Ledger: "main", Product: "loan", Amount: 1_200_00, Term: 3, Unit: "months", Purpose: "study", Act: by(application.Borrower),
	}
	if _, err := w.Submit(t.Context(), tenant, n); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "borrower" {
		t.Errorf("a borrower with an account in USD: %v", err)
	}
	n.Borrower, n.Guarantors = later, []agreement.Guarantor{{Party: investor(1)}, {Party: of}}
	if _, err := w.Submit(t.Context(), tenant, n); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "guarantors[1].party" {
		t.Errorf("a guarantor with an account in USD: %v", err)
	}
	n.Guarantors = nil
	a, err := w.Submit(t.Context(), tenant, n)
	if err == nil {
		_, err = w.AskToSign(t.Context(), tenant, a.ID, later)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.do(foreign(later))
	if _, err := w.Sign(t.Context(), tenant, a.ID, later, w.next("signature"), by(application.Borrower), w.code); !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "USD") {
		t.Errorf("an account that was opened before he signed: %v", err)
	}
	if s := w.state(a); s != application.Signed {
		t.Errorf("it is %s", s)
	}
}

// The drawing in the docs is made from the declaration.
func TestDrawing(t *testing.T) {
	ordertest.Drawing(t, "../../../docs/lending.md", application.Declaration())
}
