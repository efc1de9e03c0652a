package schedule

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
)

// plan works out the installment of the rows from the next one on.
func (p *Planner) plan(s *slot, pieces []piece) error {
	p.planned, p.dirty = true, false
	rows := p.amortising()
	if p.exact != nil {
		p.planExactly(s, pieces, rows)
	}
	unit, mode := p.installmentUnit(), p.t.Rounding.InstallmentMode
	var err error
	switch p.t.Method {
	case EqualPrincipal, Flat:
		p.installment = mode.Div(p.balance, int64(len(rows))*unit) * unit
	case FixedInstallment:
		p.installment = p.t.Installment
	case EqualInstallment:
		if p.t.Installment > 0 {
			p.installment = p.t.Installment
			return nil
		}
		first, rates := p.rates(s, pieces, rows)
		if p.installment, err = annuity(p.balance, first, rates, unit, mode); err != nil {
			return bad("installment: %w", err)
		}
		if p.t.Rounding.Residual == LastInstallmentSmoothed && !p.trial {
			return p.smooth(pieces, int64(len(rows)))
		}
	}
	return nil
}

// amortising lists the slots from the next one on that pay principal.
func (p *Planner) amortising() []*slot {
	rows := make([]*slot, 0, len(p.slots)-p.next)
	for i := p.next; i < len(p.slots); i++ {
		if !p.slots[i].noPrincipal || i == len(p.slots)-1 {
			rows = append(rows, &p.slots[i])
		}
	}
	return rows
}

// rates gives the first row's interest and the rates of all rows for the annuity.
func (p *Planner) rates(s *slot, pieces []piece, rows []*slot) ([]piece, []amount.Fraction) {
	rates := make([]amount.Fraction, len(rows))
	if p.t.Interest.FirstRate {
		f := p.firstRate(s)
		for i := range rates {
			rates[i] = f
		}
		return []piece{{p.balance, f}}, rates
	}
	if p.uniform() {
		f := p.whole(s, p.rateOn(s.from))
		for i := range rates {
			rates[i] = f
			if rows[i].free {
				rates[i] = amount.Of(0, 1)
			}
		}
	} else {
		for i, r := range rows {
			rates[i] = p.foreseen(r)
		}
	}
	// By factor, the installment is that of the whole balance over whole periods, even where some of it came within one.
	if rows[0] == s && p.t.Interest.Basis != ByFactor {
		return pieces, rates
	}
	return []piece{{p.balance, rates[0]}}, rates
}

// uniform says whether all whole periods bear the same rate, whatever their dates.
func (p *Planner) uniform() bool {
	return p.t.Interest.Basis == ByPeriod && len(p.changes) == 0 && !p.t.Interest.FirstByDays
}

// foreseen is the rate of a slot as far as it is known now: rates that change later don't count yet.
func (p *Planner) foreseen(r *slot) amount.Fraction {
	now := p.slots[p.next].to - 1
	known := *p
	known.rate, known.changes = p.rateOn(now), nil
	return known.factor(r, r.from, r.to)
}

// firstRate is the rate of the first period as it was, at the annual rate of now.
func (p *Planner) firstRate(s *slot) amount.Fraction {
	first, known := p.first, *p
	first.free = false
	known.rate, known.changes = p.rateOn(s.to-1), nil
	return known.factor(&first, first.from, first.to)
}

// smooth tries the installment that spreads the residual of the last row over all of them, and keeps it if that brings
// the last row nearer.
func (p *Planner) smooth(pieces []piece, rows int64) error {
	usual := p.installment
	off, err := p.residual(pieces)
	if err != nil || max(off, -off) <= rows/2 {
		return err
	}
	unit := p.installmentUnit()
	p.installment = p.t.Rounding.InstallmentMode.Multiple(usual+p.t.Rounding.Mode.Div(off, rows), unit)
	if p.installment == usual {
		return nil
	}
	now, err := p.residual(pieces)
	if err != nil || max(now, -now) >= max(off, -off) {
		p.installment = usual
	}
	return nil
}

// residual is by how much the last row differs from the installment if nothing else happens.
func (p *Planner) residual(pieces []piece) (int64, error) {
	c := p.Clone()
	c.trial, c.stop = true, nil
	cut := *p.t
	cut.Disbursements = cut.Disbursements[:p.paidOut]
	c.t = &cut
	s := &c.slots[c.next]
	principal, interest, err := c.amounts(s, pieces)
	if err != nil {
		return 0, err
	}
	c.balance -= principal
	c.next++
	last := principal + c.due(s, interest)
	for !c.Done() {
		rows, err := c.Row(Moves{})
		if err != nil {
			return 0, err
		}
		last = rows[len(rows)-1].Total()
	}
	return last - p.installment, nil
}

// amounts gives the principal of a row and what it bears (for a bullet: all rows so far).
func (p *Planner) amounts(s *slot, pieces []piece) (principal, interest int64, err error) {
	if p.exact != nil {
		return p.exactAmounts(s, pieces)
	}
	last := p.next == len(p.slots)-1
	if interest, err = p.interest(pieces, last); err != nil {
		return 0, 0, err
	}
	switch {
	case last:
		return p.balance, interest, nil
	case s.noPrincipal:
		return 0, interest, nil
	}
	switch p.t.Method {
	case EqualInstallment, FixedInstallment:
		principal = p.installment - interest
		if principal <= 0 && p.open {
			return 0, 0, bad("the installment %d does not even pay the interest %d of a row", p.installment, interest)
		}
	case EqualPrincipal:
		principal = p.installment
	case Flat:
		r := p.t.Rounding
		principal = p.installment + r.InstallmentMode.Multiple(interest, r.Multiple) - interest
	case Custom:
		principal = s.custom
	}
	return min(max(principal, 0), p.balance), interest, nil
}

// interest is what a row bears; a bullet's is the total of all rows so far.
func (p *Planner) interest(pieces []piece, last bool) (int64, error) {
	switch p.t.Method {
	case BulletSimple:
		p.flatSum = p.flatSum.Plus(sumOf(pieces))
		return p.roundOnce(p.flatSum)
	case BulletCompound:
		v, err := p.rounded(pieces, p.bullet)
		return p.bullet + v, err
	case Flat:
		p.flatSum = p.flatSum.Plus(sumOf(pieces))
		if last {
			total, err := p.roundOnce(p.flatSum)
			return max(total-p.flatBefore, 0), err
		}
		v, err := p.rounded(pieces, 0)
		p.flatBefore += v
		return v, err
	}
	return p.rounded(pieces, 0)
}

// planExactly works out the installment of the exact plan.
func (p *Planner) planExactly(s *slot, pieces []piece, rows []*slot) {
	e := p.exact
	start := p.balance
	if p.t.Method == BulletCompound {
		start += p.bullet
	}
	e.balance = *apd.New(start, 0)
	switch p.t.Method {
	case EqualPrincipal, Flat:
		e.share(int64(len(rows)))
	case EqualInstallment:
		first, rates := p.rates(s, pieces, rows)
		e.annuity(e.interest(relative(first, p.balance), false), rates)
	}
}

// relative counts balances from another one, as the exact plan does.
func relative(pieces []piece, from int64) []piece {
	list := make([]piece, len(pieces))
	for i, x := range pieces {
		list[i] = piece{x.balance - from, x.f}
	}
	return list
}

// exactAmounts is amounts by the exact plan: each amount is rounded from it, and interest carried.
func (p *Planner) exactAmounts(s *slot, pieces []piece) (principal, interest int64, err error) {
	e, mode, unit := p.exact, p.t.Rounding.Mode, p.unit()
	last := p.next == len(p.slots)-1
	flat := p.t.Method == Flat
	bears := e.interest(relative(pieces, p.from(flat)), flat)
	interest = e.carried(bears, mode, unit)
	exact := new(apd.Decimal)
	switch p.t.Method {
	case EqualInstallment:
		e.keep(exactContext.Sub(exact, &e.installment, bears))
	case EqualPrincipal, Flat:
		exact.Set(&e.installment)
	case Custom:
		exact.SetInt64(s.custom)
	case BulletCompound:
		e.keep(exactContext.Add(&e.balance, &e.balance, bears))
	}
	if p.t.Method == BulletSimple || p.t.Method == BulletCompound {
		interest += p.bullet
	}
	if s.noPrincipal {
		exact.SetInt64(0)
	}
	e.keep(exactContext.Sub(&e.balance, &e.balance, exact))
	if principal = e.round(exact, mode, unit); last {
		principal = p.balance
	}
	if e.err != nil {
		return 0, 0, bad("exact plan: %w", e.err)
	}
	return min(max(principal, 0), p.balance), interest, nil
}

// from is the balance that the exact plan's own stands for; flat interest is not counted from it.
func (p *Planner) from(flat bool) int64 {
	if flat {
		return 0
	}
	return p.balance
}
