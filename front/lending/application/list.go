package application

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// address is a place of the loan in the ledger.
func address(loanID id.ID, part string) string {
	a := "loan:" + hex.EncodeToString(loanID[:])
	if part != "" {
		a += ":" + part
	}
	return a
}

// Place is the address of an account of the platform in an asset: fees, reserve, guarantee, cover, unclaimed, lost or
// contra.
func Place(asset, what string) string { return "platform:" + strings.ToLower(asset) + ":" + what }

// Codes of the accounts in the chart.
const (
	codeCash      = 2001
	codeUnclaimed = 2003
	codeCover     = 2004
	codeFunds     = 2102 // raised, on the way to the borrower
	codeCredit    = 2103
	codeReserve   = 2201
	codeGuarantee = 2202
	codeFees      = 4001
	codeLost      = 9001 // beside the balance sheet: what was written off of others' claims, and its other side
	codeContra    = 9002
)

// PurposeAccounts is the purpose of the command that opens a loan's accounts.
const PurposeAccounts = 2010

// accountsOf are the accounts that a loan needs: its own, the cash of its borrower and its guarantors, and the platform's.
func accountsOf(a *Application) []*ledger.OpenAccount {
	open := func(address string, kind ledger.AccountType, code uint32, c ledger.Constraint) *ledger.OpenAccount {
		return &ledger.OpenAccount{Address: address, Asset: a.Asset, Side: ledger.CreditNormal, Type: kind, Code: code, Constraint: c}
	}
	lost := open(Place(a.Asset, "lost"), ledger.Asset, codeLost, ledger.Unbounded)
	lost.Side = ledger.DebitNormal
	list := []*ledger.OpenAccount{
		lost, open(Place(a.Asset, "contra"), ledger.Liability, codeContra, ledger.Unbounded),
		open(address(a.Loan(), "funds"), ledger.Liability, codeFunds, ledger.Nonnegative),
		open(address(a.Loan(), "credit"), ledger.Liability, codeCredit, ledger.Nonnegative),
		open(market.Cash(a.Borrower), ledger.Liability, codeCash, ledger.Nonnegative),
		open(Place(a.Asset, "fees"), ledger.Income, codeFees, ledger.Unbounded),
		open(Place(a.Asset, "reserve"), ledger.Liability, codeReserve, ledger.Nonnegative),
		open(Place(a.Asset, "guarantee"), ledger.Liability, codeGuarantee, ledger.Nonnegative),
		open(Place(a.Asset, "cover"), ledger.Liability, codeCover, ledger.Unbounded),
		open(Place(a.Asset, "unclaimed"), ledger.Liability, codeUnclaimed, ledger.Nonnegative),
	}
	for _, g := range a.Guarantors {
		list = append(list, open(g.Account, ledger.Liability, codeCash, ledger.Nonnegative))
	}
	return list
}

// list opens the loan's accounts and the listing.
func (d *Desk) list(ctx context.Context, a *Application, p *catalog.Product) error {
	if err := d.Papers.Signed(ctx, a); err != nil {
		return err
	}
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return err
	}
	// Looked at again: an account may have been opened since it was applied for, and nobody is to fund what can't be paid out.
	if err := d.accountsFit(ctx, a.Ledger, a.Asset, a.Borrower, a.Guarantors); err != nil {
		return errs.Conflict.Errorf("the loan is not listed: %v", err)
	}
	if err := d.accounts(ctx, a); err != nil {
		return err
	}
	l, err := d.listing(a, p, now.UnixMicro())
	if err != nil {
		return err
	}
	return d.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := d.Market.Open(ctx, tx, l); err != nil {
			return err
		}
		_, err := d.Orders.Within(ctx, tx, a.Tenant, change(a, list, ""))
		return err
	})
}

// accountsFit refuses a borrower or a guarantor whose cash account is of another asset than the loan: it could neither be paid to
// him nor by him. The account of who has none yet is opened with the loan's.
func (d *Desk) accountsFit(ctx context.Context, book, asset string, borrower id.ID, guarantors []agreement.Guarantor) (err error) {
	var refused error
	err = d.Ledgers.View(ctx, book, func(e *ledger.Engine) {
		fits := func(address, field string) {
			if x, there := e.Account(address); there && x.Asset != asset && refused == nil {
				refused = errs.Invalid.Errorf("the cash account %s is of the asset %s, the loan of %s: want a ledger on which it is of that one, or not opened yet", address, x.Asset, asset).On(field)
			}
		}
		fits(market.Cash(borrower), "borrower")
		for i, g := range guarantors {
			fits(g.Account, fmt.Sprintf("guarantors[%d].party", i))
		}
	})
	return cmp.Or(err, refused)
}

// accounts opens those of the loan's accounts that are not there. Another loan may open the platform's at the same time:
// then it looks again.
func (d *Desk) accounts(ctx context.Context, a *Application) error {
	for attempt := range uint64(maxSteps) {
		operations, err := d.unopened(ctx, a)
		if err != nil || len(operations) == 0 {
			return err
		}
		c := &ledger.Command{
			ID: ledger.ID(a.ID.Derive("accounts", attempt)), Purpose: PurposeAccounts, Actor: ledger.ID(a.CreatedBy), Behalf: ledger.ID(a.Borrower),
			References: []ledger.Reference{{Type: servicing.ReferenceLoan, Value: a.Loan()}}, Operations: operations,
		}
		answers, err := d.Ledgers.Apply(ctx, a.Ledger, []*ledger.Command{c})
		if err != nil {
			return err
		}
		switch code := answers[0].Result.Code; code {
		case ledger.Applied, ledger.AccountExists, ledger.IDConflict: // all of them are there now, or others than before
		case ledger.Overloaded, ledger.NotLeading:
			return errs.Overloaded.Errorf("the ledger takes nothing at the moment")
		default:
			return errs.Conflict.Errorf("the ledger does not open the loan's accounts: %s", code)
		}
	}
	return errs.Overloaded.Errorf("others open the same accounts all the time")
}

func (d *Desk) unopened(ctx context.Context, a *Application) (operations []ledger.Operation, err error) {
	err = d.Ledgers.View(ctx, a.Ledger, func(e *ledger.Engine) {
		for _, o := range accountsOf(a) {
			if _, there := e.Account(o.Address); !there {
				operations = append(operations, o)
			}
		}
	})
	return operations, err
}

func (d *Desk) listing(a *Application, p *catalog.Product, now int64) (market.Listing, error) {
	f, unit := p.Funding, int64(p.Funding.Unit)
	if unit < 1 || a.Offer.Amount%unit != 0 {
		return market.Listing{}, errs.Invalid.Errorf("%d is not a whole number of units of %d", a.Offer.Amount, unit).On("amount")
	}
	units := a.Offer.Amount / unit
	share, err := part(f.Share, units, amount.Down)
	if err != nil {
		return market.Listing{}, err
	}
	partial, err := part(f.Partial, units, amount.Up)
	if err != nil {
		return market.Listing{}, err
	}
	partial = a.payable(p, partial, units)
	step := uint64(max(int64(f.Step)/unit, 1))
	return market.Listing{
		Tenant: a.Tenant, ID: a.ID, Ledger: a.Ledger, Loan: a.Loan(), Borrower: a.Borrower,
		Terms: market.Terms{
			Asset: a.Asset, Register: a.Register(), Tranches: servicing.Tranches, Unclaimed: Place(a.Asset, "unclaimed"),
			Receiver: address(a.Loan(), "funds"),
			Unit:     unit, Units: uint64(units), Minimum: smallest(uint64(units), uint64(max(int64(f.Min)/unit, 1)), step), Step: step, Share: uint64(max(share, 1)),
			Product: a.Product, Version: a.Words.Version, Grade: a.Offer.Grade, Region: a.Region, Days: max(a.Offer.Days, 1),
		},
		Opened: now, Closes: now + int64(f.Days)*day24, Partial: uint64(partial),
	}, nil
}

// MaxLenders is how many hold a loan at most when it is paid out: as many as its annex has rows.
const MaxLenders = 50_000

// smallest is the smallest bid in units, raised so that no more bid than stand in the annex: what is left of a bid that was taken
// back may be less, so twice as many bids as would fit are counted with.
func smallest(units, minimum, step uint64) uint64 {
	least := max(minimum, (2*units+MaxLenders-1)/MaxLenders)
	return (least + step - 1) / step * step
}

// payable is the least number of units, from one on, of which a loan can be made and something is left to pay out, also beside
// what they earn as long as the listing is open, where the borrower pays that. Funded with less it fails, and the money goes back,
// while nothing is lent yet.
func (a *Application) payable(p *catalog.Product, least, units int64) int64 {
	if least == 0 {
		return 0
	}
	return least + int64(sort.Search(int(units-least), func(more int) bool {
		x := a.application((least+int64(more))*int64(p.Funding.Unit), a.Offer.Grade, a.Offer.Start)
		x.Part = true
		if catalog.Works(p, x) != nil {
			return false
		}
		if p.Start.PaidBy != catalog.BorrowerPays {
			return true
		}
		rest, _, err := catalog.Payout(p, x.Amount)
		opens := x.Start - day.Date(p.Funding.Days)
		kept, other := catalog.WaitingInterest(p, x, x.Amount, opens, opens)
		return err == nil && other == nil && kept < rest
	}))
}

const day24 = 24 * 3600 * 1_000_000

// part is a share of units: the most of one investor is rounded down, the least of a loan up.
func part(r catalog.Rate, units int64, how amount.Mode) (int64, error) {
	if r.IsZero() {
		return 0, nil
	}
	f, err := amount.Decimal(r.Decimal())
	if err != nil {
		return 0, err
	}
	return f.Apply(units, how)
}
