package catalog

import (
	"errors"
	"fmt"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/cost"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/rate"
	"github.com/longmen/longmen/kit/errs"
)

// MaxYearlyCost is the highest yearly cost in all, 1,000,000 %: as much as papers tell.
const MaxYearlyCost = 10_000

// Cost is what a loan costs its borrower in all by its schedule: what he gets, and all that falls due, as yearly rates.
func Cost(p *Product, a *Application, s *loan.State) (cost.Cost, error) {
	payout, _, err := Payout(p, a.Amount)
	if err != nil {
		return cost.Cost{}, err
	}
	flows := []cost.Flow{{Date: a.Start, Amount: payout}}
	for i := range s.Rows {
		flows = append(flows, cost.Flow{Date: s.Rows[i].Row.Due, Amount: -s.Rows[i].Total()})
	}
	c, err := cost.Of(flows, daycount.Act365Fixed, p.yearly(a.Term))
	switch {
	case errors.Is(err, amount.ErrRange):
		return c, errs.Invalid.Errorf("it is too large for its cost to be worked out: take less").On("amount")
	case errors.Is(err, rate.ErrNone), err == nil && max(c.Effective, c.Nominal) > MaxYearlyCost:
		return c, errs.Invalid.Errorf("with its fees it costs more than %d00 %% a year in all: a longer term costs less", MaxYearlyCost).On("term")
	case err != nil:
		return c, fmt.Errorf("all-in cost: %w", err)
	}
	// A loan that costs nothing comes out a hair beside it.
	c.Effective, c.Nominal = max(c.Effective, 0), max(c.Nominal, 0)
	return c, nil
}

// Works says why a loan can't be made: by its schedule, or its fees.
func Works(p *Product, a *Application) error {
	_, err := p.attempt(a)
	return err
}

// leastPart is the smallest part that is paid out of the smallest amount: whole units, as a listing counts them.
func (p *Product) leastPart() (int64, error) {
	f, err := amount.Decimal(p.Funding.Partial.decimal())
	if err != nil {
		return 0, err
	}
	units, err := f.Apply(int64(p.Amount.Min/p.Funding.Unit), amount.Up)
	return units * int64(p.Funding.Unit), err
}

// workable says what of a product would be offered and could not be made: what it costs is told before anybody signs, and a part
// that is funded is paid out.
func (p *Product) workable() Faults {
	c := &checker{}
	p.ends(c, func(a *Application) error {
		s, err := p.attempt(a)
		if err == nil {
			_, err = Cost(p, a, s)
		}
		return err
	})
	if p.Funding.Partial.IsZero() || len(c.faults) > 0 {
		return c.faults
	}
	part, err := p.leastPart()
	if !c.want(err == nil, "funding.partial", "%v", err) {
		return c.faults
	}
	p.ends(c, func(a *Application) error {
		a.Amount, a.Part = part, true
		if err := Works(p, a); err != nil {
			c.want(false, "funding.partial", "%s, the smallest part that is paid out, does not work at grade %s for %d %s: %v", p.text(Money(part)), a.Grade, a.Term.N, a.Term.Unit, err)
			return errTold
		}
		return nil
	})
	return c.faults
}

// errTold says that a fault was noted.
var errTold = errors.New("it is told")
