package catalog

import (
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/kit/errs"
)

// WaitingInterest is what an amount of a bid earns before the loan is paid out: from the day of the bid or of the full
// funding on, as interest_start says, at the rate of the application's grade by the product's day count. Who pays it
// stands in interest_start.paid_by.
func WaitingInterest(p *Product, a *Application, bid int64, bidOn, fullOn day.Date) (int64, error) {
	from := map[StartFrom]day.Date{FromBid: bidOn, FromFull: fullOn, FromDisbursement: a.Start}[p.Start.From]
	if from >= a.Start {
		return 0, nil
	}
	for _, g := range p.Grades {
		if g.Code != a.Grade {
			continue
		}
		count, err := daycount.Parse(string(p.Repayment.DayCount))
		if err != nil {
			return 0, err
		}
		r, err := amount.Decimal(g.Rate.decimal())
		if err != nil {
			return 0, err
		}
		years := amount.FromRat(count.Fraction(from, a.Start))
		return r.By(years).Apply(bid, p.Repayment.Rounding.Mode.mode())
	}
	return 0, errs.Invalid.Errorf("%s has no grade %.32q", p.Code, a.Grade).On("grade")
}

// Bucket is the code of the bucket of so many days past due.
func (p *Product) Bucket(daysPastDue int) string {
	code := ""
	for _, b := range p.Lateness.Buckets {
		if b.From <= daysPastDue {
			code = b.Code
		}
	}
	return code
}
