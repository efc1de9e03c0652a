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
		State: claim.Opening, Outstanding: l.Raised,
	}
	lent, err := o.Loans.Get(ctx, l.Tenant, l.Loan)
	if errs.Is(err, errs.NotFound) {
		return &f, nil // funded, not paid out yet
	}
	if err != nil {
		return nil, err
	}
	k := key{l.Tenant, l.Loan}
	if known := o.kept.get(k, lent.Reading(), on); known != nil {
		return known, nil
	}
	ahead, err := fill(&f, lent, on)
	if err != nil {
		return nil, err
	}
	o.kept.put(k, known{lent.Reading(), on, &f, ahead})
	return &f, nil
}

// ahead is the interest that will have accrued on a day and on those after it, as long as nothing else of the figures changes.
type ahead struct {
	accrued []int64
	still   bool // nothing of them changes by the days alone
}

// most is how many days are looked ahead: those of a month.
const most = 31

// fill works a loan's figures out, and what they will be on the days that follow.
func fill(f *portfolio.Loan, l *servicing.Loan, on day.Date) (to ahead, err error) {
	state, accrued, err := l.Ahead(on, most)
	if err != nil {
		return to, err
	}
	if to = (ahead{accrued, state.Closed}); to.still || state.Disbursed == 0 {
		clear(accrued)
	}
	now := claim.LoanOf(state, accrued[0], on, 0)
	claimed, err := l.Claimed(state)
	if err != nil {
		return to, err
	}
	if f.State, f.Outstanding, f.Accrued = now.State, now.Outstanding-claimed[loan.Principal], now.Accrued; l.Lost {
		f.State = claim.WrittenOff
	}
	for _, p := range l.Paid() {
		x := payment(p.Date, p.Holders)
		x.Sequence = p.Sequence
		f.Paid = append(f.Paid, x)
	}
	f.Taken = taken(l.Deductions())
	coming, err := l.Coming(state)
	if err != nil {
		return to, err
	}
	for _, c := range coming {
		x := payment(max(c.Due, on), c.Holders)
		if c.Due <= on {
			f.Unpaid, f.Late = f.Unpaid+x.Other, f.Late+x.Interest
		}
		f.Due = append(f.Due, x)
	}
	return to, nil
}

// payment is what holders get on a day, by tranche.
func payment(on day.Date, holders [3]int64) portfolio.Payment {
	return portfolio.Payment{Date: on, Principal: holders[0], Other: holders[1] + holders[2], Interest: holders[1]}
}

// taken is what fees take from lines, by class of units.
func taken(list []ledger.Deduction) map[uint8]portfolio.Taken {
	var all map[uint8]portfolio.Taken
	for _, d := range list {
		if all == nil {
			all = map[uint8]portfolio.Taken{}
		}
		x := all[d.Class]
		switch d.Tranche {
		case 0:
			x.Principal += d.Rate
		case 1:
			x.Interest += d.Rate
		}
		all[d.Class] = x
	}
	return all
}

// maxKept is how many loans are kept.
const maxKept = 1 << 16

type key struct{ tenant, loan id.ID }

// kept are figures by loan. When it is full, any of them goes.
type kept struct {
	mu    sync.Mutex
	known map[key]known
}

// known are figures of a loan as it was read, on a day.
type known struct {
	reading [2]uint64
	on      day.Date
	figures *portfolio.Loan
	ahead   ahead
}

func (k *kept) get(of key, reading [2]uint64, on day.Date) *portfolio.Loan {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.known[of]
	days := int(on - f.on)
	switch {
	case f.figures == nil || f.reading != reading || days < 0:
		return nil
	case days == 0 || f.ahead.still:
		return f.figures
	case days >= len(f.ahead.accrued):
		return nil
	}
	figures := *f.figures
	figures.Accrued = f.ahead.accrued[days]
	f.on, f.figures, f.ahead.accrued = on, &figures, f.ahead.accrued[days:]
	k.known[of] = f
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
