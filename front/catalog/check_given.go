package catalog

import (
	"fmt"
	"math/big"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
)

// checkGiven checks the installment and the principals that a product gives, and what can't stand beside them.
func (p *Product) checkGiven(c *checker) {
	r := &p.Repayment
	fixed, custom := r.Method == FixedInstallment, r.Method == Custom
	c.want(fixed || r.Installment == Installment{}, "repayment.installment", "it says something only with method: fixed_installment")
	c.want(custom || len(r.Principal) == 0, "repayment.principal", "it says something only with method: custom")
	if fixed {
		p.checkInstallment(c)
	}
	if custom {
		p.checkPrincipal(c)
	}
	if fixed || custom {
		c.want(r.Rounding.Residual != "smoothed", "repayment.rounding.residual", "with method: %s nothing moves what is given: take last", r.Method)
		c.want(p.Prepayment.Strategy != "smaller_installments", "prepayment.strategy",
			"with method: %s nothing moves what is given, so early money leaves fewer rows: take fewer_installments", r.Method)
	}
}

func (p *Product) checkInstallment(c *checker) {
	r := &p.Repayment
	i := r.Installment
	c.want(!i.Share.IsZero() || i.Min > 0, "repayment.installment", "method: fixed_installment needs it: a share, min, or both")
	c.want(i.Share.Cmp(one) <= 0, "repayment.installment.share", "want a share up to 1")
	c.want(i.Min <= p.Amount.Min, "repayment.installment.min", "it is above amount.min")
	if m := r.Rounding.Multiple; m > 0 {
		c.want(i.Min%m == 0, "repayment.installment.min", "want a multiple of repayment.rounding.installment_multiple")
	}
	c.want(!r.Rounding.Carry, "repayment.rounding.carry_interest", "a fixed installment has no exact plan to carry from: leave it out")
	c.want(r.Grace.Interest == 0, "repayment.grace.interest", "interest that is carried would come on top of a fixed installment: leave it out")
	for k, t := range p.Terms {
		c.want(t.Every > 0, at("terms", k, "every"), "a fixed installment is due every so many %s; for one due date take a bullet loan", t.Unit)
	}
}

func (p *Product) checkPrincipal(c *checker) {
	r := &p.Repayment
	rows := len(r.Principal)
	if !c.want(rows > 0, "repayment.principal", "method: custom needs it: the share of the principal of each row") {
		return
	}
	sum := new(sumOf)
	for _, share := range r.Principal {
		sum.add(share)
	}
	c.want(sum.is(one), "repayment.principal", "the shares sum to %s, not to 1", sum)
	c.want(!r.Principal[rows-1].IsZero(), fmt.Sprintf("repayment.principal[%d]", rows-1), "the loan ends with the last row: want a share above 0, or a shorter list")
	c.want(r.Grace.Principal == 0, "repayment.grace.principal", "with method: custom write 0 for the first rows of repayment.principal")
	for i, t := range p.Terms {
		has := 1
		if t.Every > 0 {
			has = t.Min / t.Every
		}
		c.want(has == rows, at("terms", i, "min"), "want %d rows, as many as repayment.principal has, not %d", rows, has)
		c.want(t.Every == 0 || t.Max < t.Min+t.Step, at("terms", i, "max"), "want %d rows at every term, as many as repayment.principal has: max is below min and step", rows)
	}
}

// checkRepays refuses an installment that is not above the interest of every row: it would repay nothing until the last one.
// What is lent lies between two amounts; the installment is nearest to the interest at one of them, or where the share
// reaches the least.
func (p *Product) checkRepays(c *checker) {
	if p.Repayment.Method != FixedInstallment {
		return
	}
	for _, g := range p.Grades {
		for i := range p.Terms {
			bears, err := p.bears(&p.Terms[i], g.Rate)
			if err != nil {
				c.want(false, "repayment.day_count", "%v", err)
				return
			}
			for _, x := range p.nearest(&g) {
				pays, interest := p.least(x), new(big.Rat).Mul(x, bears)
				// Interest is rounded, perhaps up.
				if !c.want(pays.Cmp(new(big.Rat).Add(interest, big.NewRat(1, 1))) > 0, "repayment.installment",
					"of %s at grade %s it may be %s, and a row of terms[%d] may bear %s of interest: such a row repays nothing",
					p.about(x), g.Code, p.about(pays), i, p.about(interest)) {
					return
				}
			}
		}
	}
}

// nearest are the amounts to look at: what rows repay at least and at most, and where the share reaches the least.
func (p *Product) nearest(g *Grade) []*big.Rat {
	r := &p.Repayment
	from, to := whole(p.Amount.Min), whole(p.Amount.Max)
	if g.Max > 0 {
		to = whole(g.Max)
	}
	if f := p.Funding.Partial; !f.IsZero() {
		from.Mul(from, f.rat())
	}
	if !r.DownPayment.IsZero() {
		rest, unit := new(big.Rat).Sub(one.rat(), r.DownPayment.rat()), whole(max(r.Rounding.Multiple, 1))
		from.Mul(from, rest).Sub(from, unit)
		to.Mul(to, rest).Add(to, unit)
	}
	list := []*big.Rat{from, to}
	if share := r.Installment.Share; !share.IsZero() {
		kink := new(big.Rat).Quo(new(big.Rat).Add(whole(r.smallest()), r.lost()), share.rat())
		if kink.Cmp(from) > 0 && kink.Cmp(to) < 0 {
			list = append(list, kink)
		}
	}
	return list
}

// least is the smallest that the installment of an amount may be, however its share is rounded.
func (p *Product) least(of *big.Rat) *big.Rat {
	r := &p.Repayment
	x := new(big.Rat).Mul(of, r.Installment.Share.rat())
	x.Sub(x, r.lost())
	if y := whole(r.smallest()); x.Cmp(y) < 0 {
		return y
	}
	return x
}

// lost is the most that rounding takes from an installment.
func (r *Repayment) lost() *big.Rat {
	unit := whole(max(r.Rounding.Multiple, 1))
	switch r.Rounding.By.mode() {
	case amount.Up, amount.Ceiling:
		return new(big.Rat)
	case amount.Down, amount.Floor:
		return unit
	}
	return unit.Quo(unit, big.NewRat(2, 1))
}

// bears is the most that one unit bears in a period of a term: in the longest, which with a due day may be the first.
func (p *Product) bears(t *Term, yearly Rate) (*big.Rat, error) {
	r, first, moved := &p.Repayment, 0, 0
	if p.Days.MoveInterest {
		moved = longestHoliday
	}
	if r.DueDay > 0 {
		first = max(r.MinFirst, 1) + 30 + moved
	}
	f := yearly.rat()
	if r.Basis == ByPeriod {
		f.Mul(f, big.NewRat(int64(t.Every), map[Unit]int64{InDays: 365, InWeeks: 52, InMonths: 12}[t.Unit]))
		if usual := 30*t.Every - 2; first > usual {
			f.Mul(f, big.NewRat(int64(first), int64(usual)))
		}
		return f, nil
	}
	count, err := daycount.Parse(string(r.DayCount))
	if err != nil {
		return nil, err
	}
	days := max(t.Every*map[Unit]int{InDays: 1, InWeeks: 7, InMonths: 31}[t.Unit]+moved, first)
	if count >= daycount.Thirty360 {
		days += 3 // it counts 32 days from the 28th of February to the 30th of March, and 30 in January
	}
	year, start := new(big.Rat), day.Of(2026, 1, 1)
	for _, part := range count.Parts(start, start+day.Date(days)) {
		year.Add(year, big.NewRat(int64(part.Days)*100, int64(part.Year)))
	}
	return f.Mul(f, year), nil
}

// longestHoliday is how many days holidays make a period longer at most.
const longestHoliday = 10

func whole(x Money) *big.Rat { return new(big.Rat).SetInt64(int64(x)) }

func (r Rate) rat() *big.Rat {
	f, err := amount.Decimal(r.decimal())
	if err != nil {
		return new(big.Rat)
	}
	return new(big.Rat).Set(f.Rat())
}

// about is an amount as people write it, to the nearest minor unit.
func (p *Product) about(x *big.Rat) string {
	n, err := amount.HalfUp.Rat(x, 1)
	if err != nil {
		return x.FloatString(0)
	}
	return p.text(Money(n))
}
