package apitest

import (
	"context"
	"encoding/hex"
	"encoding/json"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
)

// late is the product of loans that began 100 days ago.
const late = "late"

// plain makes contracts of 12 % a year over 12 months, all for the holders, without fees. A deed's terms are the amount.
type plain struct{}

func (plain) Contract(_ context.Context, d *servicing.Deed) (*servicing.Contract, error) {
	var amount int64
	if err := json.Unmarshal(d.Terms, &amount); err != nil {
		return nil, err
	}
	start := Start.UTC()
	if d.Product == late {
		start = start.AddDate(0, 0, -100)
	}
	return &servicing.Contract{
		Days: "all",
		Losses: servicing.Losses{
			Payers: []servicing.Payer{{Account: d.Places.Reserve}}, InstallmentAfter: 1, WholeAfter: 30, WriteOffAfter: 60, Queue: true,
			Recovery: [3]servicing.Receiver{servicing.ToCosts, servicing.ToPayers, servicing.ToHolders},
		},
		Agreement: loan.Agreement{Terms: schedule.Terms{
			Principal: amount, AnnualRate: apd.New(12, -2), Installments: 12,
			Due: calendar.Due{Start: day.Of(start.Year(), int(start.Month()), start.Day()), Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
		}},
		Divide: func(s loan.Split) (servicing.Division, error) {
			return servicing.Division{Holders: [3]int64{s[loan.Principal], s[loan.Interest], s[loan.Penalty] + s[loan.Fee]}}, nil
		},
	}, nil
}

func (plain) Days(context.Context, id.ID, string) (*calendar.Calendar, calendar.Rule, error) {
	return nil, calendar.Unadjusted, nil
}

// Lend pays a loan of 1,200.00 out to a party in a ledger of the tenant, funded by one holder, and gives the borrower
// some cash to repay with. It answers with the loan and its first event.
func (w *World) Lend(t *Tenant, borrower id.ID) (loanID, event id.ID) {
	w.T.Helper()
	return w.lend(t, borrower, "plain")
}

// LendLate is a loan that began 100 days ago and of which nothing was paid. Its reserve is named after it, and empty.
func (w *World) LendLate(t *Tenant, borrower id.ID) (loanID id.ID, reserve string) {
	w.T.Helper()
	loanID, _ = w.lend(t, borrower, late)
	return loanID, "reserve:" + hex.EncodeToString(loanID[:])
}

func (w *World) lend(t *Tenant, borrower id.ID, product string) (loanID, event id.ID) {
	w.T.Helper()
	loanID, event = w.ID(), w.ID()
	name := hex.EncodeToString(loanID[:])
	book, register, cash, funder := t.Ledgers[0], "loan:"+name, "party:"+name+":cash", "funder:"+name+":cash"
	account := func(address string, side ledger.Side, c ledger.Constraint) ledger.Operation {
		return &ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: ledger.Liability, Code: 2001, Constraint: c}
	}
	const amount = 1200_00
	w.apply(book,
		account("bank:"+name, ledger.DebitNormal, ledger.Unbounded), account(cash, ledger.CreditNormal, ledger.Nonnegative),
		account(funder, ledger.CreditNormal, ledger.Nonnegative), account("reserve:"+name, ledger.CreditNormal, ledger.Nonnegative),
		account("costs:"+name, ledger.CreditNormal, ledger.Nonnegative), account("unclaimed:"+name, ledger.CreditNormal, ledger.Nonnegative),
		&ledger.OpenRegister{Address: register, Asset: "CNY", Cap: amount / 100, Tranches: servicing.Tranches, Unclaimed: "unclaimed:" + name},
		&ledger.Issue{Register: register, Account: funder, Units: amount / 100})
	terms, err := json.Marshal(amount)
	w.must(err)
	e, err := w.Ground.Loans.Disburse(w.T.Context(), servicing.Deed{
		Tenant: t.ID, Loan: loanID, Ledger: book, Asset: "CNY", Borrower: borrower, Product: product, Version: 1, Terms: terms,
		Places: servicing.Places{Register: register, Payer: cash, Reserve: "reserve:" + name, Platform: "costs:" + name},
	}, servicing.Disbursement{
		ID: event, Amount: amount,
		Operations: []ledger.Operation{&ledger.Transfer{Debit: "bank:" + name, Credit: cash, Mode: ledger.Exact, Amount: amount}},
	})
	w.must(err)
	if e.Outcome != servicing.Applied {
		w.T.Fatalf("the loan is not paid out: %s", e.Outcome)
	}
	return loanID, event
}

func (w *World) apply(book string, operations ...ledger.Operation) {
	w.T.Helper()
	answers, err := w.Node.Apply(w.T.Context(), book, []*ledger.Command{{ID: ledger.ID(w.ID()), Operations: operations}})
	w.must(err)
	if answers[0].Result.Code != ledger.Applied {
		w.T.Fatalf("%+v", answers[0])
	}
}
