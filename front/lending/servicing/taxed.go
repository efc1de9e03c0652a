package servicing

import (
	"fmt"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/loan"
)

// Taxed is what the platform gets in fees whose tax the contract knows, and that tax, not rounded yet.
type Taxed struct {
	Amount int64
	Tax    amount.Fraction
}

// Add adds so much of a fee, of which a part is tax.
func (t *Taxed) Add(x int64, part amount.Fraction) {
	t.plus(Taxed{x, part.Times(uint64(x), 1)})
}

func (t *Taxed) plus(o Taxed) {
	t.Amount += o.Amount
	t.Tax = t.Tax.Plus(o.Tax)
}

// of is the tax of all that the platform gets, rounded half up once. Of the rest, the contract says nothing.
func (t Taxed) of(x int64, rest amount.Fraction) (int64, error) {
	if x < t.Amount {
		return 0, fmt.Errorf("the platform gets %d, of which the contract taxes %d", x, t.Amount)
	}
	t.Add(x-t.Amount, rest)
	return t.Tax.Apply(1, amount.HalfUp)
}

// taxed is what the platform gets of a payment in fees whose tax the contract knows.
func (l *Loan) taxed(s loan.Split) (Taxed, error) {
	if l.contract.Taxed == nil {
		return Taxed{}, nil
	}
	return l.contract.Taxed(s)
}

// received is what the platform got in fees and penalties by a state. What repays it as one who paid in the borrower's
// place is none of it, nor what comes after the loan was written off, but for costs.
func (l *Loan) received(s *loan.State) (sum int64, taxed Taxed, err error) {
	list, err := l.moves(s)
	if err != nil {
		return 0, taxed, err
	}
	var payments []loan.Split
	for _, m := range list {
		if m.event.Kind != Covered && m.event.Kind != Recovered {
			payments = append(payments, m.split)
		}
	}
	for i := range s.Transactions {
		if t := &s.Transactions[i]; t.Entry == loan.DownPaymentPaid {
			payments = append(payments, t.Split)
		}
	}
	for _, p := range payments {
		d, err := l.contract.Divide(p)
		if err != nil {
			return 0, taxed, err
		}
		t, err := l.taxed(p)
		if err != nil {
			return 0, taxed, err
		}
		sum += d.of(l.Places.Platform)
		taxed.plus(t)
	}
	for i := range l.Events {
		e := &l.Events[i]
		if e.Outcome != Applied || l.reversed[e.ID] {
			continue
		}
		sum += e.Costs + e.Upfront
		if e.Kind == Disbursed && e.Upfront >= l.contract.Upfront.Amount {
			taxed.plus(l.contract.Upfront)
		}
	}
	return sum, taxed, nil
}
