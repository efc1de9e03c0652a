package servicing

import (
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
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

// deduct notes what was deducted from lines by the event's own command.
func (e *Event) deduct(outputs []ledger.Output) {
	for i := range outputs {
		for k, x := range outputs[i].Deducted {
			if e.Deducted == nil {
				e.Deducted = make([]int64, len(outputs[i].Deducted))
			}
			e.Deducted[k] += x
		}
	}
}

// deducted is what was deducted from lines until a day, for each of the contract's deductions, less what went back with them.
// What an event takes back of others counts from its own day, but with an event that is reversed that one's.
func (l *Loan) deducted(on day.Date) []int64 {
	list := make([]int64, len(l.contract.Deductions))
	for i := range l.Events {
		e := &l.Events[i]
		from := e.Date
		if e.Kind == Reversed {
			from = l.Find(e.Of).Date
		}
		if from > on {
			continue
		}
		for k, x := range e.Deducted {
			list[k] += x
		}
		for _, u := range e.Undone {
			for k, x := range l.Events[u-1].Deducted {
				list[k] -= x
			}
		}
	}
	for k := range list {
		list[k] = max(0, list[k]) // of a day between, what went back may be a cent more
	}
	return list
}

// received is what the platform got in fees and penalties by a state, with what was deducted from lines. What repays it as one who paid in the borrower's
// place is none of it, nor what comes after the loan was written off, but for costs.
func (l *Loan) received(s *loan.State, deducted []int64) (sum int64, taxed Taxed, err error) {
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
	for i, x := range deducted {
		if l.contract.Deductions[i].Account != l.Places.Platform {
			continue
		}
		sum += x
		if part := l.contract.DeductedTax[i]; part != nil {
			taxed.Add(x, *part)
		}
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
