package servicing

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/id"
)

// Owner is somebody who has parts of loans: units, claims of money paid out in the borrower's place, fees.
type Owner struct {
	Ledger   string
	Asset    string
	Accounts []string        // all that are his
	Tax      amount.Fraction // part of his fees that is tax, where a contract says nothing about it
	// Traded are the fees that the platform got until a day where parts of loans were sold, by loan. It is asked once for a page of loans, in the order of
	// their ids; nil: none were sold.
	Traded func(ctx context.Context, loans []*Loan, on day.Date) (map[id.ID]Fees, error)
}

// Fees are an amount of fees, with what of it has a tax that the contract knows.
type Fees struct {
	Amount int64
	Taxed  Taxed
}

// Owned is what an owner has of a loan on a day, in minor units.
type Owned struct {
	Loan        id.ID
	Bucket      string
	Interest    int64 // due or accrued to his units and not paid, with his part of penalties
	Fees        int64 // of fees and penalties, due to him and not paid
	FeesTax     int64 // the tax in them
	Received    int64 // of them, what he has got so far, at the payout and since, from lines and sales too
	ReceivedTax int64 // the tax in what he has got
	Principal   int64 // outstanding to his units
	Claims      int64 // what he paid out in the borrower's place and did not get back
}

func (o *Owned) none() bool {
	return o.Interest == 0 && o.Fees == 0 && o.Received == 0 && o.Principal == 0 && o.Claims == 0
}

// EachOwned gives a function all loans of which somebody has anything on a day, by their ids. Events that count from
// later days are left out, and those that were reversed since; units are counted as they are now. Of a loan that was
// written off only what was received is left.
func (s *Servicing) EachOwned(ctx context.Context, tenant id.ID, o Owner, on day.Date, f func(*Owned) error) error {
	o.Accounts = slices.Compact(slices.Sorted(slices.Values(o.Accounts))) // charts from before may name one twice
	for after, more := (id.ID{}), true; more; {
		page, err := s.loansAfter(ctx, tenant, after)
		if err != nil {
			return err
		}
		if more = len(page) == MaxPage; more {
			after = page[len(page)-1]
		}
		if err := s.ownedOf(ctx, tenant, &o, on, page, f); err != nil {
			return err
		}
	}
	return nil
}

// loansAfter lists the loans of a tenant that were paid out, after one.
func (s *Servicing) loansAfter(ctx context.Context, tenant, after id.ID) (list []id.ID, err error) {
	rows, err := s.db.Reader().QueryContext(ctx, s.db.Rebind(`SELECT id FROM lending_loan WHERE tenant = ? AND id > ? AND state <> ? ORDER BY id LIMIT ?`),
		tenant[:], after[:], string(Opening), MaxPage)
	err = each(rows, err)(func(rows *sql.Rows) error {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		list = append(list, id.ID(b))
		return nil
	})
	return list, err
}

// stake is how many of a register's units somebody has.
type stake struct{ units, all uint64 }

// of is a part of what all holders have, rounded half up.
func (k stake) of(x int64) (int64, error) {
	if k.units == 0 || x <= 0 {
		return 0, nil
	}
	return amount.HalfUp.MulDiv(x, k.units, k.all)
}

func (s *Servicing) ownedOf(ctx context.Context, tenant id.ID, o *Owner, on day.Date, page []id.ID, f func(*Owned) error) error {
	var loans []*Loan
	for _, i := range page {
		l, err := s.Get(ctx, tenant, i)
		if err != nil {
			return err
		}
		if l.Ledger == o.Ledger && l.Asset == o.Asset {
			loans = append(loans, l)
		}
	}
	if len(loans) == 0 {
		return nil
	}
	stakes := make([]stake, len(loans))
	err := s.ledgers.View(ctx, o.Ledger, func(e *ledger.Engine) {
		for i, l := range loans {
			r, _ := e.Register(l.Places.Register)
			stakes[i].all = r.Units
			for _, a := range o.Accounts {
				h, _ := e.Holding(l.Places.Register, a)
				stakes[i].units += h.Units
			}
		}
	})
	if err != nil {
		return err
	}
	traded, err := o.traded(ctx, loans, on)
	if err != nil {
		return err
	}
	for i, l := range loans {
		x, err := l.owned(o, stakes[i], traded[l.Deed.Loan], on)
		if err != nil {
			return fmt.Errorf("what is owned of loan %s: %w", l.Deed.Loan, err)
		}
		if x.none() {
			continue
		}
		if err := f(&x); err != nil {
			return err
		}
	}
	return nil
}

// traded are the fees of sales of those loans of which the owner has the fees.
func (o *Owner) traded(ctx context.Context, loans []*Loan, on day.Date) (map[id.ID]Fees, error) {
	var list []*Loan
	for _, l := range loans {
		if slices.Contains(o.Accounts, l.Places.Platform) {
			list = append(list, l)
		}
	}
	if o.Traded == nil || len(list) == 0 {
		return nil, nil
	}
	fees, err := o.Traded(ctx, list, on)
	if err != nil {
		return nil, fmt.Errorf("fees of sales: %w", err)
	}
	return fees, nil
}

// owned is what an owner has of a loan.
func (l *Loan) owned(o *Owner, part stake, traded Fees, on day.Date) (x Owned, err error) {
	x.Loan = l.Deed.Loan
	deducted := l.deducted(on)
	if l, err = l.until(on); err != nil || !l.paidOut() {
		return x, err
	}
	state, err := l.Replay(max(on, l.last()))
	if err != nil {
		return x, err
	}
	fees := slices.Contains(o.Accounts, l.Places.Platform)
	if fees {
		var taxed Taxed
		if x.Received, taxed, err = l.received(state, deducted); err != nil {
			return x, err
		}
		x.Received += traded.Amount
		taxed.plus(traded.Taxed)
		if x.ReceivedTax, err = taxed.of(x.Received, o.Tax); err != nil {
			return x, err
		}
	}
	_, days := state.PastDue()
	x.Bucket = Bucket(days)
	if l.Lost || state.Closed {
		return x, nil
	}
	owed, err := l.owed(state, max(on, l.last()))
	if err != nil {
		return x, err
	}
	claims, err := l.claims(state)
	if err != nil {
		return x, err
	}
	for _, c := range claims {
		if slices.Contains(o.Accounts, c.payer) {
			x.Claims += c.left.Total()
		}
	}
	due := loan.Split{loan.Interest: owed[loan.Interest], loan.Fee: owed[loan.Fee], loan.Penalty: owed[loan.Penalty]}
	open, err := l.contract.Divide(due)
	if err != nil {
		return x, err
	}
	if fees {
		x.Fees = open.of(l.Places.Platform)
		taxed, err := l.taxed(due)
		if err != nil {
			return x, err
		}
		if x.FeesTax, err = taxed.of(x.Fees, o.Tax); err != nil {
			return x, err
		}
	}
	if x.Interest, err = part.of(max(0, open.Holders[toInterest]-left(claims, loan.Interest)) + open.Holders[toCharge]); err != nil {
		return x, err
	}
	x.Principal, err = part.of(owed[loan.Principal] - left(claims, loan.Principal))
	return x, err
}

// until is the loan without the events that count from later days. Of what was booked only its credit is told.
func (l *Loan) until(on day.Date) (*Loan, error) {
	n := *l
	n.Events, n.Lost, n.Remade = nil, false, false
	for i := range l.Events {
		e := &l.Events[i]
		if e.Date > on && e.Kind != Reversed {
			continue
		}
		n.Events = append(n.Events, *e)
		n.Lost = n.Lost || e.Kind == WrittenOff && e.Outcome == Applied
		n.Remade = n.Remade || e.Kind == Restructured && e.Outcome == Applied && !l.reversed[e.ID]
	}
	n.Booked = Division{Credit: n.kept()}
	var err error
	n.counted, err = n.count()
	return &n, err
}

// paidTo is what operations move to an account.
func paidTo(account string, operations []ledger.Operation) (sum int64) {
	for _, o := range operations {
		if t, ok := o.(*ledger.Transfer); ok && t.Credit == account && t.Mode == ledger.Exact {
			sum += t.Amount
		}
	}
	return sum
}
