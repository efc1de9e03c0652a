package agreement

import (
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
)

// divider says who gets what of a payment.
type divider struct {
	places     *servicing.Places
	fees       []catalog.Share // of what the borrower pays in fees
	penalties  []catalog.Share
	before     []*catalog.Fee // taken from each payment before it is divided among investors
	payoff     []*catalog.Fee
	deductions []ledger.Deduction
	payoffFee  func(balance int64) (int64, error)
	lent       int64
}

// newDivider reads a product. Money is counted by component, so all fees of the borrower must be shared alike, and all
// penalties.
func newDivider(p *catalog.Product, places *servicing.Places, lent int64) (*divider, error) {
	v := &divider{places: places, lent: lent, payoff: p.FeesAt(catalog.AtPayoff, catalog.FeeByBorrower)}
	charged := append(p.FeesAt(catalog.AtInstallment, catalog.FeeByBorrower), v.payoff...)
	for i, f := range charged {
		if i > 0 && !catalog.SharedAlike(f.Shares, v.fees, catalog.ToPlatform) {
			return nil, errs.Invalid.Errorf("fee %s is shared otherwise than fee %s", f.Code, charged[0].Code).On("fees")
		}
		v.fees = f.Shares
	}
	for i := range p.Penalties {
		if i > 0 && !catalog.SharedAlike(p.Penalties[i].Shares, v.penalties, catalog.ToInvestors) {
			return nil, errs.Invalid.Errorf("penalty %s is shared otherwise than penalty %s", p.Penalties[i].Code, p.Penalties[0].Code).On("penalties")
		}
		v.penalties = p.Penalties[i].Shares
	}
	for _, f := range p.FeesAt(catalog.AtPayment, catalog.FeeByInvestor) {
		if f.Split == catalog.BeforeSplit {
			v.before = append(v.before, f)
		}
	}
	var err error
	if v.deductions, err = deductions(p, places); err != nil {
		return nil, err
	}
	if len(v.payoff) > 0 {
		v.payoffFee = v.feeAt
	}
	return v, nil
}

// feeAt is what closing a loan costs with so much principal outstanding.
func (v *divider) feeAt(balance int64) (sum int64, err error) {
	for _, f := range v.payoff {
		x, err := f.On(catalog.Base{Lent: v.lent, Balance: balance, Principal: balance}, "")
		if err != nil {
			return 0, err
		}
		sum += x
	}
	return sum, nil
}

func (v *divider) divide(s loan.Split) (d servicing.Division, err error) {
	principal, interest := s[loan.Principal], s[loan.Interest]
	for _, f := range v.before {
		x, err := f.On(catalog.Base{Principal: s[loan.Principal], Interest: s[loan.Interest]}, "")
		if err != nil {
			return d, err
		}
		x = min(x, principal+interest)
		if err := v.share(&d, x, f.Shares, catalog.ToPlatform); err != nil {
			return d, err
		}
		// From interest first.
		of := min(x, interest)
		interest, principal = interest-of, principal-(x-of)
	}
	d.Holders[0] += principal
	d.Holders[1] += interest
	if err := v.share(&d, s[loan.Fee], v.fees, catalog.ToPlatform); err != nil {
		return d, err
	}
	err = v.share(&d, s[loan.Penalty], v.penalties, catalog.ToInvestors)
	return d, err
}

// share divides an amount among its receivers.
func (v *divider) share(d *servicing.Division, x int64, shares []catalog.Share, alone catalog.Receiver) error {
	if x == 0 {
		return nil
	}
	parts, err := catalog.Divide(x, shares, alone)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.To == catalog.ToInvestors {
			d.Holders[2] += p.Amount
		} else {
			d.Add(place(p.To, v.places), p.Amount)
		}
	}
	return nil
}
