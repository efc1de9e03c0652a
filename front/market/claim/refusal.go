package claim

import (
	"math/bits"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
)

// State is how the loan behind a claim stands. Only a loan in repayment is traded.
type State string

// The states.
const (
	Repaying     State = "repaying"
	Opening      State = "opening"
	Settled      State = "settled"
	Overdue      State = "overdue"
	Restructured State = "restructured" // since the offer was made; afterwards it is repaying again
	WrittenOff   State = "written_off"
)

// Ends says whether an open offer ends in this state.
func (s State) Ends() bool {
	return s == Settled || s == Overdue || s == Restructured || s == WrittenOff
}

// Reason says why a claim is not sold. The empty reason says that nothing stands against it.
type Reason string

// The reasons, in the order in which they are looked for. A loan that is not in repayment gives its state as the reason.
const (
	NotAllowed   Reason = "not_allowed"
	TooManyUnits Reason = "too_many_units"
	WholeOnly    Reason = "whole_only"
	PieceSmall   Reason = "piece_too_small"
	RestSmall    Reason = "rest_too_small"
	PriceLow     Reason = "price_too_low"
	PriceHigh    Reason = "price_too_high"
	HeldShort    Reason = "held_too_short"
	BeforeDue    Reason = "before_due"
	SoldOften    Reason = "sold_too_often"
	Worthless    Reason = "worthless"     // it costs less than a cent
	FeesHigh     Reason = "fees_too_high" // the seller's are higher than the price
)

// Field is what of an offer the reason is about.
func (r Reason) Field() string {
	switch r {
	case TooManyUnits, WholeOnly, PieceSmall, RestSmall, Worthless:
		return "units"
	case PriceLow, PriceHigh, FeesHigh:
		return "price"
	}
	return "loan"
}

// Against says what stands against an offer under the product's rules, on the day of the loan.
func Against(p *catalog.Product, l *Loan, h *Holding, o *Offer) Reason {
	t := &p.Transfer
	if r := Now(p, l); r != "" && r != BeforeDue {
		return r
	}
	switch {
	case o.Units < 1 || o.Units > h.Units:
		return TooManyUnits
	case o.Units < h.Units && !t.Part:
		return WholeOnly
	}
	if r := pieces(t, l, h, o); r != "" {
		return r
	}
	switch {
	case o.Price.Cmp(t.MinPrice) < 0:
		return PriceLow
	case o.Price.Cmp(t.MaxPrice) > 0:
		return PriceHigh
	case l.On < h.Since+day.Date(t.Holding):
		return HeldShort
	case Now(p, l) != "":
		return BeforeDue
	case t.Times > 0 && h.Times >= t.Times:
		return SoldOften
	}
	return ""
}

// Now says what stands against any sale of the loan's claims on its day.
func Now(p *catalog.Product, l *Loan) Reason {
	switch {
	case !p.Transfer.Allowed:
		return NotAllowed
	case l.State != Repaying:
		return Reason(l.State)
	case int(l.NextDue-l.On) <= p.Transfer.BeforeDue: // also without such days: what is due today is the seller's
		return BeforeDue
	}
	return ""
}

// pieces looks at the size of what is sold and of what stays. A claim that is smaller as a whole may be sold as a whole.
func pieces(t *catalog.Transfer, l *Loan, h *Holding, o *Offer) Reason {
	if o.Units == h.Units {
		return ""
	}
	if below(o.Units, l, t.MinPiece) {
		return PieceSmall
	}
	if below(h.Units-o.Units, l, t.MinPiece) {
		return RestSmall
	}
	return ""
}

// below says whether the face of some units is below an amount: units/all × outstanding < least, without rounding.
func below(units uint64, l *Loan, least catalog.Money) bool {
	faceHi, faceLo := bits.Mul64(units, uint64(l.Outstanding))
	leastHi, leastLo := bits.Mul64(l.Units, uint64(least))
	return faceHi < leastHi || faceHi == leastHi && faceLo < leastLo
}
