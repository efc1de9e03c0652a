package application

import (
	"context"
	"strconv"
	"time"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/id"
)

// offerLife is how long an offer stands.
const offerLife = 72 * time.Hour

// replay is the contract of an amount at a grade if it were paid out on a day: the one way to all figures before a loan
// exists.
func (d *Desk) replay(ctx context.Context, tenant id.ID, p *catalog.Product, w *Words, lent int64, grade string, start day.Date) (*loan.Agreement, *loan.State, error) {
	a := &Application{Words: *w}
	c, err := d.Contracts.Application(ctx, tenant, p, a.terms(lent, grade, start))
	if err != nil {
		return nil, nil, err
	}
	terms, events, err := catalog.Contract(p, c)
	if err != nil {
		return nil, nil, err
	}
	s, err := loan.Replay(terms, events, start)
	return &terms, s, err
}

// Schedule is what an offer comes to: its terms and rows, if it were paid out on the day of the offer.
func (d *Desk) Schedule(ctx context.Context, a *Application, p *catalog.Product) (*loan.Agreement, *loan.State, error) {
	return d.replay(ctx, a.Tenant, p, &a.Words, a.Offer.Amount, a.Offer.Grade, a.Offer.Start)
}

// quote is the offer of an amount at a grade if it were paid out on a day.
func (d *Desk) quote(ctx context.Context, tenant id.ID, p *catalog.Product, w *Words, lent int64, grade string, start day.Date) (*Offer, error) {
	terms, s, err := d.replay(ctx, tenant, p, w, lent, grade, start)
	if err != nil {
		return nil, err
	}
	payout, _, err := catalog.Payout(p, lent)
	if err != nil {
		return nil, err
	}
	due, _ := s.Totals()
	o := &Offer{
		Amount: lent, Grade: grade, Rows: len(s.Rows), Payout: payout, Interest: due[loan.Interest], Fees: due[loan.Fee] + lent - payout, Start: start,
	}
	o.Rate = terms.Terms.AnnualRate.Text('f')
	o.dues(s)
	c, err := catalog.Cost(p, w.application(lent, grade, start), s)
	o.AllIn, o.Effective = strconv.FormatFloat(c.Nominal, 'f', 6, 64), strconv.FormatFloat(c.Effective, 'f', 6, 64)
	return o, err
}

// application is what the catalog takes it for.
func (w *Words) application(lent int64, grade string, start day.Date) *catalog.Application {
	return &catalog.Application{Amount: lent, Term: catalog.Duration{N: w.Term, Unit: w.Unit}, Grade: grade, Start: start}
}

// dues adds what falls due when.
func (o *Offer) dues(s *loan.State) {
	for i := range s.Rows {
		total := s.Rows[i].Total()
		if i == 0 {
			o.Installment = total
		}
		if i < len(s.Rows)-1 || i == 0 {
			o.Largest = max(o.Largest, total)
		}
		o.Days = int(s.Rows[i].Row.Due - o.Start)
	}
}
