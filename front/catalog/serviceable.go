package catalog

import (
	"slices"

	"github.com/longmen/longmen/finmath/loan"
)

// MaxDeducted is the most rates that are taken from the lines of investors, by class and component.
const MaxDeducted = 64

// ReadNew reads a product that somebody wants to make live: beyond what Read refuses, all of it must have its effect. What
// is live already is read by Read, so that loans that exist stay readable whatever is asked of new ones.
func ReadNew(file []byte) (*Product, error) {
	p := &Product{}
	check := func() Faults {
		if faults := p.Check(); len(faults) > 0 {
			return faults
		}
		return slices.Concat(p.Serviceable(), p.unheeded(), p.workable())
	}
	if err := read(file, p, check); err != nil {
		return nil, err
	}
	return p, nil
}

// Serviceable says why no loan of a product could be paid out or repaid. Money is counted by component, so all fees that
// the borrower pays later are shared alike, and all penalties; what is taken from the lines of investors is one rate to one
// receiver for each class and component.
func (p *Product) Serviceable() Faults {
	c := &checker{}
	later := p.later()
	for _, i := range later {
		c.want(SharedAlike(p.Fees[i].Shares, p.Fees[later[0]].Shares, ToPlatform), at("fees", i, "shares"),
			"it is shared otherwise than fees[%d]: all fees of the borrower at installment and payoff are shared alike", later[0])
	}
	for i := range p.Penalties {
		c.want(SharedAlike(p.Penalties[i].Shares, p.Penalties[0].Shares, ToInvestors), at("penalties", i, "shares"),
			"it is shared otherwise than penalties[0]: all penalties are shared alike")
	}
	p.checkDeducted(c)
	return c.faults
}

// later are the places of the fees that the borrower pays after the payout: money is counted by component, so nobody can
// tell them apart.
func (p *Product) later() (list []int) {
	for i := range p.Fees {
		if f := &p.Fees[i]; f.PaidBy == FeeByBorrower && (f.At == AtInstallment || f.At == AtPayoff) {
			list = append(list, i)
		}
	}
	return list
}

// TaxedAlike reports whether two fees contain tax at one rate; one that names none is like no other rate, not even 0.
func TaxedAlike(a, b *Fee) bool {
	if a.Tax == nil || b.Tax == nil {
		return a.Tax == b.Tax
	}
	return a.Tax.Cmp(*b.Tax) == 0
}

// Refusal is the same as the error of a door, nil if there is nothing to say.
func (p *Product) Refusal() error {
	if faults := p.Serviceable(); len(faults) > 0 {
		return faults.refusal("product")
	}
	return nil
}

// SharedAlike reports whether two lists of shares say the same; none is all to the one named.
func SharedAlike(a, b []Share, alone Receiver) bool {
	return slices.EqualFunc(sharesOf(a, alone), sharesOf(b, alone), func(x, y Share) bool { return x.To == y.To && x.Share.Cmp(y.Share) == 0 })
}

// sharesOf are shares with all to the one named for none.
func sharesOf(list []Share, alone Receiver) []Share {
	if len(list) == 0 {
		return []Share{{To: alone, Share: one}}
	}
	return list
}

// Deducted is a rate that is taken of one component of the lines of a class of investors.
type Deducted struct {
	Fee   *Fee
	Class int // place in Classes, from 1 on; 0: all others
	Of    loan.Component
	Rate  Rate
}

// Deducted lists what is taken from the lines of investors.
func (p *Product) Deducted() (list []Deducted) {
	for _, f := range p.FeesAt(AtPayment, FeeByInvestor) {
		if f.Split != AfterSplit {
			continue
		}
		for class, name := range append([]string{""}, p.Classes()...) {
			rate := f.RateOf(name)
			for _, of := range f.Of.components() {
				if !rate.IsZero() {
					list = append(list, Deducted{f, class, of, rate})
				}
			}
		}
	}
	return list
}

// Classes are the classes of investors that a product names, sorted.
func (p *Product) Classes() (list []string) {
	for _, f := range p.FeesAt(AtPayment, FeeByInvestor) {
		for _, c := range f.Classes {
			list = append(list, c.Class)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ClassOf is the class of units of those who are of a class of investors: 0 for who has none, or none that the product names.
func (p *Product) ClassOf(class string) uint8 {
	return uint8(1 + slices.Index(p.Classes(), class))
}

func (b FeeBase) components() []loan.Component {
	switch b {
	case OfPrincipal:
		return []loan.Component{loan.Principal}
	case OfInterest:
		return []loan.Component{loan.Interest}
	}
	return []loan.Component{loan.Principal, loan.Interest}
}

func (p *Product) checkDeducted(c *checker) {
	for i := range p.Fees {
		if f := &p.Fees[i]; f.Split == AfterSplit {
			c.want(len(f.Shares) <= 1, at("fees", i, "shares"), "a fee after the split goes to one receiver")
		}
	}
	list := p.Deducted()
	c.want(len(p.Classes()) <= MaxDeducted, "fees", "%d classes of investors, at most %d", len(p.Classes()), MaxDeducted)
	c.want(len(list) <= MaxDeducted, "fees", "fees after the split are %d rates by class and component, at most %d", len(list), MaxDeducted)
	seen, told := map[Deducted]*Fee{}, map[*Fee]bool{}
	for _, d := range list {
		key := Deducted{Class: d.Class, Of: d.Of}
		if before := seen[key]; before != nil && !told[d.Fee] {
			told[d.Fee] = true
			i := slices.IndexFunc(p.Fees, func(f Fee) bool { return f.Code == d.Fee.Code })
			c.want(false, at("fees", i, "of"), "fee %s after the split is taken of the same %s: from each line of a class, only one is", before.Code, d.Of)
		}
		seen[key] = d.Fee
	}
}

// unheeded says what of a product would have no effect.
func (p *Product) unheeded() Faults {
	c := &checker{}
	later := p.later()
	for _, i := range later {
		c.want(TaxedAlike(&p.Fees[i], &p.Fees[later[0]]), at("fees", i, "tax"),
			"it is not the tax of fees[%d]: all fees of the borrower at installment and payoff have the same, or none of them names one", later[0])
	}
	c.want(slices.Equal(p.Lateness.Buckets, standardBuckets()), "lateness.buckets", "every loan is classed M0, M1 to M5 by 30 days, and M6+ from 151 days on: leave it out")
	return c.faults
}
