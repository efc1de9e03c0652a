package overview

import (
	"context"
	"sync"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/front/market/portfolio"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// figures are what a portfolio has to know of a loan on a day. They are shared and never change.
func (o *Overview) figures(ctx context.Context, l *market.Listing, on day.Date) (*portfolio.Loan, error) {
	f := portfolio.Loan{
		ID: l.Loan, Borrower: l.Borrower, Grade: l.Grade, Region: l.Region, Register: l.Register,
		State: claim.Opening, Units: l.Sold, Outstanding: l.Raised,
	}
	lent, err := o.Loans.Get(ctx, l.Tenant, l.Loan)
	if errs.Is(err, errs.NotFound) {
		return &f, nil // funded, not paid out yet
	}
	if err != nil {
		return nil, err
	}
	k := key{l.Tenant, l.Loan}
	if known := o.kept.get(k, lent, on); known != nil {
		return known, nil
	}
	if f.Units, err = o.units(ctx, lent); err != nil {
		return nil, err
	}
	accrued, err := fill(&f, lent, on)
	if err != nil {
		return nil, err
	}
	o.kept.put(k, known{lent, on, &f, accrued})
	return &f, nil
}

// units are those of the loan's register.
func (o *Overview) units(ctx context.Context, l *servicing.Loan) (units uint64, err error) {
	on, err := o.Market.Ledgers(ctx, l.Ledger)
	if err != nil {
		return 0, err
	}
	err = on.View(ctx, 0, func(e *ledger.Engine) {
		r, _ := e.Register(l.Places.Register)
		units = r.Units
	})
	return units, err
}

// fill works a loan's figures out, and gives the interest that will have accrued on the day and on those after it, as long as
// nothing else of them changes.
func fill(f *portfolio.Loan, l *servicing.Loan, on day.Date) (accrued []int64, err error) {
	state, accrued, err := l.Ahead(on)
	if err != nil {
		return nil, err
	}
	if state.Closed || state.Disbursed == 0 {
		clear(accrued)
	}
	now := claim.LoanOf(state, accrued[0], on, f.Units)
	claimed, err := l.Claimed(state)
	if err != nil {
		return nil, err
	}
	if f.State, f.Outstanding, f.Accrued = now.State, now.Outstanding-claimed[loan.Principal], now.Accrued; l.Lost {
		f.State = claim.WrittenOff
	}
	for _, p := range l.Paid() {
		f.Paid = append(f.Paid, portfolio.Payment{Date: p.Date, Sequence: p.Sequence, Principal: p.Holders[0], Other: p.Holders[1] + p.Holders[2]})
	}
	coming, err := l.Coming(state)
	if err != nil {
		return nil, err
	}
	for _, c := range coming {
		if c.Due <= on {
			f.Unpaid += c.Holders[1] + c.Holders[2]
		}
		f.Due = append(f.Due, portfolio.Payment{Date: max(c.Due, on), Principal: c.Holders[0], Other: c.Holders[1] + c.Holders[2]})
	}
	return accrued, nil
}

// maxKept is how many loans are kept.
const maxKept = 1 << 16

type key struct{ tenant, loan id.ID }

// kept are figures by loan. When it is full, any of them goes.
type kept struct {
	mu    sync.Mutex
	known map[key]known
}

// known are figures of a loan as it is, on a day. On days after it nothing changes of them but what has accrued.
type known struct {
	loan    *servicing.Loan
	on      day.Date
	figures *portfolio.Loan
	accrued []int64 // on the day and on those after it
}

func (k *kept) get(of key, l *servicing.Loan, on day.Date) *portfolio.Loan {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.known[of]
	days := int(on - f.on)
	if f.loan != l || days < 0 || days >= len(f.accrued) {
		return nil
	}
	if days > 0 {
		figures := *f.figures
		figures.Accrued = f.accrued[days]
		f.on, f.figures, f.accrued = on, &figures, f.accrued[days:]
		k.known[of] = f
	}
	return f.figures
}

func (k *kept) put(of key, f known) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = map[key]known{}
	}
	if len(k.known) >= maxKept {
		for one := range k.known {
			delete(k.known, one)
			break
		}
	}
	k.known[of] = f
}
