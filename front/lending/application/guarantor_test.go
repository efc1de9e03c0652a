package application_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func guarantor(n int) id.ID { return uid("guarantor", n) }

// guaranteed lets guarantors pay one after the other, from the first day past due on.
func (w *world) guaranteed(list ...agreement.Guarantor) {
	w.losses = catalog.Losses{
		Order: []catalog.LossPayer{catalog.GuarantorsPay}, Guarantors: catalog.InOrder, InstallmentAfter: 1, PayerRepaid: catalog.PayerFirst,
		Recovery: []catalog.RecoveryPart{catalog.CostsRecover, catalog.PayersRecover, catalog.HoldersRecover}, WriteOffAfter: 60,
	}
	w.guarantors = list
}

// signs asks for a guarantor's code and signs with it.
func (w *world) signs(a *application.Application, of id.ID) error {
	w.Helper()
	ctx := context.Background()
	if _, err := w.AskToSign(ctx, tenant, a.ID, of); err != nil {
		return err
	}
	_, err := w.Sign(ctx, tenant, a.ID, of, w.next("signature"), by(application.Guarantor), w.code)
	return err
}

// Two guarantors sign before the borrower does; then one after the other pays an installment in his place.
func TestGuarantors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		w.guaranteed(agreement.Guarantor{Party: guarantor(1), Limit: 100_00}, agreement.Guarantor{Party: guarantor(2)})
		a := w.submit(1)
		if again := w.submit(1); again.Order.Version != a.Order.Version || len(again.Guarantors) != 2 || again.Guarantors[0].Account != market.Cash(guarantor(1)) {
			t.Errorf("the same again: %+v", again)
		}
		if found, _, err := w.List(ctx, tenant, order.Filter{Reference: order.Reference{Type: application.ReferenceGuarantor, Value: guarantor(2)}}, order.Page{Size: 10}); err != nil || len(found) != 1 {
			t.Errorf("a guarantor finds %d applications: %v", len(found), err)
		}
		if _, err := w.AskToSign(ctx, tenant, a.ID, borrower); !errs.Is(err, application.Unsigned) {
			t.Errorf("the borrower signs before his guarantors: %v", err)
		}
		if _, err := w.AskToSign(ctx, tenant, a.ID, investor(1)); !errs.Is(err, errs.Forbidden) {
			t.Errorf("somebody else signs: %v", err)
		}
		if err := w.signs(a, guarantor(1)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Sign(ctx, tenant, a.ID, guarantor(2), w.next("signature"), by(application.Guarantor), w.code); !errs.Is(err, errs.NotFound) {
			t.Errorf("one guarantor signs by the code of the other: %v", err)
		}
		if _, err := w.Sign(ctx, tenant, a.ID, borrower, w.next("signature"), by(application.Borrower), w.code); !errs.Is(err, application.Unsigned) {
			t.Errorf("the borrower signs when one has signed: %v", err)
		}
		if _, err := w.AskToSign(ctx, tenant, a.ID, guarantor(2)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Sign(ctx, tenant, a.ID, guarantor(2), w.next("signature"), by(application.Guarantor), "1"); !errs.Is(err, sign.Wrong) {
			t.Errorf("a wrong code: %v", err)
		}
		for range 2 {
			if _, err := w.Sign(ctx, tenant, a.ID, guarantor(2), w.next("signature"), by(application.Guarantor), w.code); err != nil {
				t.Fatal(err)
			}
		}
		now, err := w.Now(ctx, "main")
		if err != nil {
			t.Fatal(err)
		}
		if at, err := w.SignedAt(ctx, w.got(a), guarantor(2)); err != nil || at != now.UnixMicro() {
			t.Errorf("he signed at %d: %v", at, err)
		}
		code := w.code
		w.sign(a)
		if _, err := w.Sign(ctx, tenant, a.ID, guarantor(2), w.next("signature"), by(application.Guarantor), code); err != nil {
			t.Errorf("the same signature again, after the borrower's: %v", err)
		}
		w.run()
		for i := range 3 {
			w.bid(a, i+1, 400_00)
		}
		w.run()
		if w.state(a) != application.Repaying {
			t.Fatalf("it is %s", w.state(a))
		}
		w.pays(a)
	})
}

func (w *world) got(a *application.Application) *application.Application {
	w.Helper()
	now, err := w.Get(context.Background(), tenant, a.ID)
	if err != nil {
		w.Fatal(err)
	}
	return now
}

// pays lets guarantors pay an installment of 408.03, the borrower pay it back, and the loan be written off.
func (w *world) pays(a *application.Application) {
	w.Helper()
	ctx := context.Background()
	for n := 1; n <= 2; n++ {
		w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(guarantor(n)), Mode: ledger.Exact, Amount: 1_000_00})
	}
	w.wait(35 * 24 * time.Hour)
	e, err := w.loans.Cover(ctx, tenant, a.Loan(), servicing.Payout{ID: w.next("payout"), Actor: staff})
	if err != nil || e.Outcome != servicing.Applied || e.Amount != 408_03 || len(e.Payers) != 2 || e.Payers[0].Split.Total() != 100_00 || e.Payers[1].Split.Total() != 308_03 {
		w.Fatalf("%+v %v", e, err)
	}
	if one, two := w.balance(market.Cash(guarantor(1))), w.balance(market.Cash(guarantor(2))); one != 900_00 || two != 691_97 {
		w.Errorf("they have %d and %d left", one, two)
	}
	if _, err := w.loans.Repay(ctx, tenant, a.Loan(), servicing.Payment{ID: w.next("payment"), Amount: 408_03}); err != nil {
		w.Fatal(err)
	}
	if one, two := w.balance(market.Cash(guarantor(1))), w.balance(market.Cash(guarantor(2))); one != 1_000_00 || two != 1_000_00 {
		w.Errorf("paid back they have %d and %d", one, two)
	}
	w.wait(120 * 24 * time.Hour)
	e, err = w.loans.WriteOff(ctx, tenant, a.Loan(), servicing.Giving{ID: w.next("write-off"), Actor: staff})
	if err != nil || e.Outcome != servicing.Applied {
		w.Fatalf("%+v %v", e, err)
	}
	// The books count what was given up, beside the balance sheet.
	if lost, contra := w.balance(application.Place("CNY", "lost")), w.balance(application.Place("CNY", "contra")); lost != e.Amount || contra != lost || lost < 791_97 {
		w.Errorf("of %d the books count %d as lost, on its other side %d", e.Amount, lost, contra)
	}
}

// What the product does not allow is refused before anything is kept, and named.
func TestGuarantorsRefused(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	one := agreement.Guarantor{Party: guarantor(1)}
	for name, c := range map[string]struct {
		shares bool
		list   []agreement.Guarantor
		field  string
	}{
		"no id":                        {false, []agreement.Guarantor{{}}, "guarantors[0].party"},
		"the borrower":                 {false, []agreement.Guarantor{one, {Party: borrower}}, "guarantors[1].party"},
		"one of them twice":            {false, []agreement.Guarantor{one, one}, "guarantors[1].party"},
		"a share where there are none": {false, []agreement.Guarantor{{Party: guarantor(1), Share: 1}}, "guarantors[0].share"},
		"no share":                     {true, []agreement.Guarantor{one}, "guarantors[0].share"},
		"a share that is too large":    {true, []agreement.Guarantor{{Party: guarantor(1), Share: 1_000_001}}, "guarantors[0].share"},
		"a limit below nothing":        {false, []agreement.Guarantor{{Party: guarantor(1), Limit: -1}}, "guarantors[0].limit"},
		"too many":                     {false, []agreement.Guarantor{one, {Party: guarantor(2)}, {Party: guarantor(3)}, {Party: guarantor(4)}, {Party: guarantor(5)}, {Party: guarantor(6)}}, "guarantors"},
	} {
		t.Run(name, func(t *testing.T) {
			w.guaranteed(c.list...)
			if c.shares {
				w.losses.Guarantors = catalog.InShares
			}
			err := w.refused()
			if !errs.Is(err, errs.Invalid) || errs.Of(err).Field != c.field {
				t.Errorf("%v, want a refusal on %s", err, c.field)
			}
		})
	}
	w.guaranteed(one)
	w.losses.Order = slices.DeleteFunc(w.losses.Order, func(p catalog.LossPayer) bool { return p == catalog.GuarantorsPay })
	if err := w.refused(); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "guarantors" {
		t.Errorf("a product without guarantors takes one: %v", err)
	}
}

// refused submits an application of the guarantors that the world names.
func (w *world) refused() error {
	_, err := w.Submit(context.Background(), tenant, application.New{
		ID: w.next("refused"), Borrower: borrower, Ledger: "main", Product: "loan", Amount: 1_200_00, Term: 3, Unit: "months", Purpose: "study",
		Guarantors: w.guarantors, Act: by(application.Borrower),
	})
	return err
}
