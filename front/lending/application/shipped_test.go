package application_test

import (
	"context"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
)

// Every product that comes with the program goes its whole way: applied for, funded by five, paid out, one row paid six
// weeks late with all its penalties, and repaid to the last cent.
func TestShippedToTheLastCent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.enrich()
		for n, name := range catalog.Shipped() {
			w.repaid(n, name, 5)
		}
	})
}

// So does a product that gives its installment or its principal, also when three of five fund it.
func TestGivenToTheLastCent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.enrich()
		for n, c := range []struct {
			name      string
			bids      int
			rows      int
			principal []int64 // of the first rows
		}{
			{"salary-loan", 5, 23, []int64{250_00 - 50_00, 250_00 - 48_00}}, // 5 % of 5,000.00, at 1 % a month: paid before the 24th
			{"salary-loan", 3, 23, []int64{150_00 - 30_00, 150_00 - 28_80}},
			{"crop-loan", 5, 4, []int64{0, 0, 17_500_00, 7_500_00}}, // 70 % and 30 % of 25,000.00
			{"crop-loan", 3, 4, []int64{0, 0, 10_500_00, 4_500_00}},
		} {
			s := w.repaid(n, c.name, c.bids)
			if len(s.Rows) != c.rows {
				t.Errorf("%s with %d bids has %d rows, want %d", c.name, c.bids, len(s.Rows), c.rows)
			}
			for i, want := range c.principal {
				if got := s.Rows[i].Row.Principal; got != want {
					t.Errorf("%s with %d bids, row %d repays %d, want %d", c.name, c.bids, i+1, got, want)
				}
			}
		}
	})
}

// enrich gives five investors and the borrower more than they need.
func (w *world) enrich() {
	w.Helper()
	for i := 11; i <= 15; i++ {
		w.do(account(market.Cash(investor(i)), ledger.CreditNormal, ledger.Nonnegative),
			&ledger.Transfer{Debit: "bank", Credit: market.Cash(investor(i)), Mode: ledger.Exact, Amount: 10_000_000_00})
	}
	w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(borrower), Mode: ledger.Exact, Amount: 10_000_000_00})
}

// repaid lets a product go its whole way, with so many bids of a fifth of what is applied for.
func (w *world) repaid(n int, name string, bids int) servicing.Standing {
	w.Helper()
	ctx := context.Background()
	p, err := w.Product(ctx, tenant, name, 1)
	if err != nil {
		w.Fatal(err)
	}
	each := int64(p.Amount.Min)
	w.verdict = application.Decision{Verdict: application.Accept, Grade: p.Grades[0].Code, Amount: 5 * each}
	a, err := w.Submit(ctx, tenant, application.New{
		ID: uid("shipped", n), Borrower: borrower, Ledger: "main", Product: name, Amount: 5 * each, Term: p.Terms[0].Min, Unit: p.Terms[0].Unit,
		Purpose: "trade", Act: by(application.Borrower),
	})
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	a = w.sign(a)
	w.run()
	for i := range bids {
		w.bid(a, 11+i, each)
		w.wait(5 * time.Hour)
	}
	if bids < 5 {
		w.wait(8 * 24 * time.Hour)
	}
	if s := w.state(a); s != application.Repaying {
		w.Fatalf("%s: it is %s", name, s)
	}
	var s servicing.Standing
	for k, late := 0, 42; ; k++ {
		s, err = w.loans.Standing(ctx, tenant, a.Loan(), 0)
		if err != nil {
			w.Fatal(err)
		}
		if s.State == servicing.Closed {
			break
		}
		if due := s.Due.Total(); due > 0 {
			e, err := w.loans.Repay(ctx, tenant, a.Loan(), servicing.Payment{ID: w.next("payment"), Amount: due, Anyway: true})
			if err != nil || e.Outcome != servicing.Applied || e.Amount != due {
				w.Fatalf("%s, payment %d: %+v %v", name, k, e, err)
			}
			if k == 1 && e.Split[0] == 0 {
				w.Errorf("%s: no penalty is paid", name)
			}
			continue
		}
		w.wait(time.Duration(int(s.NextDue-s.On)+late) * 24 * time.Hour)
		late = 0
	}
	w.run()
	if s := w.state(a); s != application.Settled {
		w.Errorf("%s: it is %s", name, s)
	}
	var principal int64
	if err := w.ledger.View(ctx, 0, func(e *ledger.Engine) {
		list, _, _ := e.Holders(a.Register(), 0, 100)
		for i := range list {
			principal += list[i].Rows[0].Paid
		}
	}); err != nil {
		w.Fatal(err)
	}
	if funds := w.balance(a.Register() + ":funds"); principal != int64(bids)*each || funds != 0 {
		w.Errorf("%s: %d of %d came back, %d was never paid out", name, principal, int64(bids)*each, funds)
	}
	return s
}

// What could not be paid out is not applied for, and a version that was applied for before is offered to nobody.
func TestUnserviceable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.verdict = application.Decision{Verdict: application.Refer, Reason: "thin-file"}
		a := w.submit(1)
		w.penalties = []catalog.Penalty{
			{Code: "late", Kind: "flat", Amount: 10_00, Mode: "half_even"},
			{Code: "later", Kind: "flat", Amount: 10_00, Mode: "half_even", Shares: []catalog.Share{{To: "platform", Share: rate("1")}}},
		}
		_, err := w.Decide(context.Background(), tenant, a.ID, w.next("decision"), by(application.Officer), application.Decision{Verdict: application.Accept, Grade: "a", Amount: 1_000_00})
		if !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "product.penalties[1].shares" {
			t.Errorf("offered: %v", err)
		}
		_, err = w.Submit(context.Background(), tenant, application.New{
			ID: uid("application", 2), Borrower: borrower, Ledger: "main", Product: "loan", Amount: 1_200_00, Term: 3, Unit: "months", Purpose: "study",
			Act: by(application.Borrower),
		})
		if !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "product.penalties[1].shares" {
			t.Errorf("applied for: %v", err)
		}
	})
}
