package agreement

import (
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
)

// divider says who gets what of a payment.
type divider struct {
	places      *servicing.Places
	fees        []catalog.Share // of what the borrower pays in fees
	penalties   []catalog.Share
	later       *catalog.Fee   // whose tax all that the borrower pays in fees contains; nil: the product does not say
	before      []*catalog.Fee // taken from each payment before it is divided among investors
	payoff      []*catalog.Fee
	deductions  []ledger.Deduction
	deductedTax []*amount.Fraction
	payoffFee   func(balance int64) (int64, error)
	lent        int64
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
	// A version from before this was asked of products may have two rates.
	if len(charged) > 0 && !slices.ContainsFunc(charged, func(f *catalog.Fee) bool { return !catalog.TaxedAlike(f, charged[0]) }) {
		v.later = charged[0]
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
	if v.deductions, v.deductedTax, err = deductions(p, places); err != nil {
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
	taken, err := v.taken(s)
	if err != nil {
		return d, err
	}
	for _, c := range taken {
		if err := v.share(&d, c.Amount, c.Fee.Shares, catalog.ToPlatform); err != nil {
			return d, err
		}
		// From interest first.
		of := min(c.Amount, interest)
		interest, principal = interest-of, principal-(c.Amount-of)
	}
	d.Holders[0] += principal
	d.Holders[1] += interest
	if err := v.share(&d, s[loan.Fee], v.fees, catalog.ToPlatform); err != nil {
		return d, err
	}
	err = v.share(&d, s[loan.Penalty], v.penalties, catalog.ToInvestors)
	return d, err
}

// taken are the fees that leave a payment before it is divided among investors.
func (v *divider) taken(s loan.Split) (list []catalog.Charged, err error) {
	left := s[loan.Principal] + s[loan.Interest]
	for _, f := range v.before {
		x, err := f.On(catalog.Base{Principal: s[loan.Principal], Interest: s[loan.Interest]}, "")
		if err != nil {
			return nil, err
		}
		x = min(x, left)
		left -= x
		list = append(list, catalog.Charged{Fee: f, Amount: x})
	}
	return list, nil
}

// taxed is what of a payment the platform gets in fees whose tax the product names.
func (v *divider) taxed(s loan.Split) (t servicing.Taxed, err error) {
	list, err := v.taken(s)
	if err != nil {
		return t, err
	}
	if v.later != nil {
		list = append(list, catalog.Charged{Fee: v.later, Amount: s[loan.Fee]})
	}
	err = v.tax(&t, list)
	return t, err
}

// tax adds the platform's parts of fees whose tax the product names.
func (v *divider) tax(t *servicing.Taxed, list []catalog.Charged) error {
	for _, c := range list {
		if c.Fee.Tax == nil {
			continue
		}
		part, err := c.Fee.TaxPart()
		if err != nil {
			return err
		}
		shares, err := catalog.Divide(c.Amount, c.Fee.Shares, catalog.ToPlatform)
		if err != nil {
			return err
		}
		for _, x := range shares {
			if x.To != catalog.ToInvestors && place(x.To, v.places) == v.places.Platform {
				t.Add(x.Amount, part)
			}
		}
	}
	return nil
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
