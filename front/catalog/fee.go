package catalog

import (
	"fmt"
	"slices"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/errs"
)

// Base is what fees may be taken of, in minor units.
type Base struct {
	Lent, Balance, Principal, Interest, Price int64
}

func (b *Base) of(base FeeBase) int64 {
	switch base {
	case OfLent:
		return b.Lent
	case OfBalance:
		return b.Balance
	case OfPrincipal:
		return b.Principal
	case OfInterest:
		return b.Interest
	case OfPayment:
		return b.Principal + b.Interest
	case OfPrice:
		return b.Price
	}
	return 0
}

// On is the fee once, for somebody of a class ("" for none).
func (f *Fee) On(b Base, class string) (int64, error) {
	if f.Amount > 0 {
		return int64(f.Amount), nil
	}
	x, err := f.RateOf(class).of(b.of(f.Of), f.Mode.mode())
	if err != nil {
		return 0, err
	}
	x = max(x, int64(f.Min))
	if f.Max > 0 {
		x = min(x, int64(f.Max))
	}
	return x, nil
}

// RateOf is the fee's rate for a class of investors.
func (f *Fee) RateOf(class string) Rate {
	for _, c := range f.Classes {
		if c.Class == class {
			return c.Rate
		}
	}
	return f.Rate
}

// TaxIn is the tax that an amount of the fee contains: x·t/(1+t), rounded as the fee is.
func (f *Fee) TaxIn(x int64) (int64, error) {
	part, err := f.TaxPart()
	if err != nil {
		return 0, err
	}
	return part.Apply(x, f.Mode.mode())
}

// TaxPart is the part of the fee that is tax, t/(1+t): 0 if the product says nothing.
func (f *Fee) TaxPart() (amount.Fraction, error) {
	if f.Tax == nil {
		return amount.Fraction{}, nil
	}
	t, err := amount.Decimal(f.Tax.decimal())
	if err != nil {
		return amount.Fraction{}, fmt.Errorf("tax of fee %s: %w", f.Code, err)
	}
	return t.Contained(), nil
}

// Part is somebody's part of an amount.
type Part struct {
	To     Receiver
	Amount int64
}

// Divide divides an amount among shares: each gets his part rounded down, the first also what is left. Without shares
// all of it goes to the one named.
func Divide(x int64, shares []Share, alone Receiver) ([]Part, error) {
	if len(shares) == 0 {
		return []Part{{alone, x}}, nil
	}
	parts, left := make([]Part, len(shares)), x
	for i, s := range shares {
		y, err := s.Share.of(x, down)
		if err != nil {
			return nil, err
		}
		parts[i] = Part{s.To, y}
		left -= y
	}
	parts[0].Amount += left
	return parts, nil
}

// FeesAt are the product's fees of an occasion.
func (p *Product) FeesAt(at FeeAt, by FeePayer) []*Fee {
	var list []*Fee
	for i := range p.Fees {
		if f := &p.Fees[i]; f.At == at && f.PaidBy == by {
			list = append(list, f)
		}
	}
	return list
}

// Charges are the fees that fall due with the rows of a loan, as the events that finmath takes them for. They belong to
// the contract: with the agreement and the disbursement they make its schedule.
func Charges(p *Product, agreement *loan.Agreement) ([]loan.Event, error) {
	if len(p.FeesAt(AtInstallment, FeeByBorrower)) == 0 {
		return nil, nil
	}
	plan, err := schedule.Plan(agreement.Terms)
	if err != nil {
		return nil, err
	}
	start, lent := agreement.Terms.Due.Start, agreement.Terms.Principal
	var events []loan.Event
	for i := range plan.Rows {
		r := &plan.Rows[i]
		for _, f := range p.installmentFees(r) {
			x, err := f.On(baseOf(lent, r), "")
			if err != nil {
				return nil, err
			}
			if x > 0 {
				events = append(events, loan.Event{Type: loan.Charge, Component: loan.Fee, Date: start, Due: r.Due, Amount: x})
			}
		}
	}
	return events, nil
}

// installmentFees are the fees that are due with a row: none with a down payment.
func (p *Product) installmentFees(r *schedule.Row) []*Fee {
	if r.Kind == schedule.DownPayment {
		return nil
	}
	return p.FeesAt(AtInstallment, FeeByBorrower)
}

func baseOf(lent int64, r *schedule.Row) Base {
	return Base{Lent: lent, Balance: r.Balance + r.Principal, Principal: r.Principal, Interest: r.Interest}
}

// Contract is the agreement of an application with the events it begins with: it is paid out, and its fees fall due. A
// quote is the replay of these events alone; whatever happens later is added to them.
func Contract(p *Product, a *Application) (loan.Agreement, []loan.Event, error) {
	agreement, err := Agreement(p, a)
	if err != nil {
		return loan.Agreement{}, nil, err
	}
	charges, err := Charges(p, &agreement)
	if err != nil {
		return loan.Agreement{}, nil, err
	}
	lent := loan.Event{Type: loan.Disburse, Date: a.Start, Amount: a.Amount}
	return agreement, slices.Insert(charges, 0, lent), nil
}

// Payout is what the borrower gets of what is lent: less the fees that are kept from it.
func Payout(p *Product, lent int64) (payout int64, fees []Charged, err error) {
	payout = lent
	for _, f := range p.FeesAt(AtDisbursement, FeeByBorrower) {
		x, err := f.On(Base{Lent: lent, Balance: lent}, "")
		if err != nil {
			return 0, nil, err
		}
		fees, payout = append(fees, Charged{f, x}), payout-x
	}
	if payout <= 0 {
		return 0, nil, errs.Invalid.Errorf("the fees leave nothing to pay out").On("amount")
	}
	return payout, fees, nil
}

// Charged is a fee with its amount.
type Charged struct {
	Fee    *Fee
	Amount int64
}
