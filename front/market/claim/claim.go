package claim

import (
	"fmt"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/errs"
)

// Loan is a loan as it stands on a day.
type Loan struct {
	On          day.Date
	Units       uint64 // of its register
	Outstanding int64  // principal
	Accrued     int64  // interest borne up to the day that is neither due nor paid yet: what of it will be the holders'
	NextDue     day.Date
	State       State
}

// Holding is what the seller has.
type Holding struct {
	Units uint64   // that are free to be sold
	Class uint8    // of his units
	Since day.Date // when the newest of them came to him
	Times int      // how often they were sold before
}

// Offer is what the seller asks for.
type Offer struct {
	Units uint64
	Class uint8        // by which fees are taken from the lines of units
	Price catalog.Rate // of the face; 1 is par
}

// Quote is an offer in money, on one day.
type Quote struct {
	Face     int64 // principal outstanding of the units: half even
	Clean    int64 // the face at the price asked: half even
	Accrued  int64 // rounded down, less what each fee will take from the seller's line, rounded down too
	Price    int64 // Clean and Accrued
	Seller   []catalog.Charged
	Buyer    []catalog.Charged
	Receives int64 // the seller: the price less his fees
	Pays     int64 // the buyer: the price and his fees
}

// Price works out what an offer costs on the day of the loan. Ask Against of the quote whether it can be sold for that.
func Price(p *catalog.Product, l *Loan, o *Offer) (Quote, error) {
	var q Quote
	if o.Units < 1 || o.Units > l.Units {
		return q, errs.Invalid.Errorf("%d units, want 1 to %d", o.Units, l.Units).On("units")
	}
	var err error
	if q.Face, err = amount.HalfEven.MulDiv(l.Outstanding, o.Units, l.Units); err != nil {
		return q, fmt.Errorf("face: %w", err)
	}
	if q.Accrued, err = amount.Down.MulDiv(l.Accrued, o.Units, l.Units); err != nil {
		return q, fmt.Errorf("accrued interest: %w", err)
	}
	borne := q.Accrued
	for _, d := range p.Deducted() {
		if d.Class != int(o.Class) || d.Of != loan.Interest {
			continue
		}
		// What fees will take from the line it is paid in, the seller bears for his days.
		fee, err := share(borne, d.Rate, amount.Down)
		if err != nil {
			return q, fmt.Errorf("fee %s of accrued interest: %w", d.Fee.Code, err)
		}
		q.Accrued -= fee
	}
	if q.Clean, err = share(q.Face, o.Price, amount.HalfEven); err != nil {
		return q, fmt.Errorf("price: %w", err)
	}
	if q.Price = q.Clean + q.Accrued; q.Price < 1 {
		return q, nil
	}
	return q, q.Charge(p)
}

// Against says what stands against a sale at its price: nobody pays or gets less than nothing.
func (q *Quote) Against() Reason {
	switch {
	case q.Price < 1:
		return Worthless
	case q.Receives < 0:
		return FeesHigh
	}
	return ""
}

// Charge adds the fees to a quote that has its price, and what both sides get and pay with them.
func (q *Quote) Charge(p *catalog.Product) (err error) {
	if q.Seller, q.Receives, err = charge(p, q, catalog.FeeBySeller); err != nil {
		return err
	}
	q.Receives = q.Price - q.Receives
	if q.Buyer, q.Pays, err = charge(p, q, catalog.FeeByBuyer); err != nil {
		return err
	}
	q.Pays += q.Price
	return nil
}

// share is an amount times a rate.
func share(x int64, r catalog.Rate, m amount.Mode) (int64, error) {
	if r.IsZero() {
		return 0, nil
	}
	f, err := amount.Decimal(r.Decimal())
	if err != nil {
		return 0, err
	}
	return f.Apply(x, m)
}

// charge lists what one side pays besides, and its sum.
func charge(p *catalog.Product, q *Quote, by catalog.FeePayer) (list []catalog.Charged, sum int64, err error) {
	for _, f := range p.FeesAt(catalog.AtTransfer, by) {
		x, err := f.On(catalog.Base{Price: q.Price, Principal: q.Face, Interest: q.Accrued, Balance: q.Face}, "")
		if err != nil {
			return nil, 0, fmt.Errorf("fee %s: %w", f.Code, err)
		}
		list, sum = append(list, catalog.Charged{Fee: f, Amount: x}), sum+x
	}
	return list, sum, nil
}
