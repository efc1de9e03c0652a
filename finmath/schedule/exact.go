package schedule

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
)

// ExactDigits is the number of digits of the exact plan that carried interest follows.
const ExactDigits = 34

// exactPlan is the plan without roundings, in decimals of minor units, and what roundings have taken from interest.
type exactPlan struct {
	balance, installment, carry apd.Decimal
	err                         error
}

var exactContext = func() *apd.Context {
	c := apd.BaseContext.WithPrecision(ExactDigits)
	c.Rounding = apd.RoundHalfEven
	return c
}()

var rounders = map[amount.Mode]apd.Rounder{
	amount.HalfEven: apd.RoundHalfEven, amount.HalfUp: apd.RoundHalfUp, amount.HalfDown: apd.RoundHalfDown,
	amount.Up: apd.RoundUp, amount.Down: apd.RoundDown, amount.Ceiling: apd.RoundCeiling, amount.Floor: apd.RoundFloor,
}

func (e *exactPlan) keep(_ apd.Condition, err error) {
	if e.err == nil {
		e.err = err
	}
}

func decimalOf(f amount.Fraction) (*apd.Decimal, error) {
	r := f.Rat()
	num := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(r.Num()), 0)
	den := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(r.Denom()), 0)
	_, err := exactContext.Quo(num, num, den)
	return num, err
}

// clone copies the plan so that a trial leaves it alone.
func (e *exactPlan) clone() *exactPlan {
	if e == nil {
		return nil
	}
	c := &exactPlan{err: e.err}
	c.balance.Set(&e.balance)
	c.installment.Set(&e.installment)
	c.carry.Set(&e.carry)
	return c
}

// interest is what the pieces bear; their balances are counted from the plan's own.
func (e *exactPlan) interest(pieces []piece, flat bool) *apd.Decimal {
	sum := new(apd.Decimal)
	for _, p := range pieces {
		f, err := decimalOf(p.f)
		if err != nil {
			e.err = err
		}
		b := apd.New(p.balance, 0)
		if !flat {
			e.keep(exactContext.Add(b, b, &e.balance))
		}
		e.keep(exactContext.Mul(b, b, f))
		e.keep(exactContext.Add(sum, sum, b))
	}
	return sum
}

// annuity works the installment out on the exact balance: (B + i₁) / (1 + Σ 1/((1+f₂)…(1+fₖ))).
func (e *exactPlan) annuity(first *apd.Decimal, rates []amount.Fraction) {
	sum, v, growth := apd.New(1, 0), apd.New(1, 0), new(apd.Decimal)
	for k, f := range rates[1:] {
		if k == 0 || !f.Equal(rates[k]) {
			d, err := decimalOf(f)
			if err != nil {
				e.err = err
			}
			e.keep(exactContext.Add(growth, d, apd.New(1, 0)))
		}
		e.keep(exactContext.Quo(v, v, growth))
		e.keep(exactContext.Add(sum, sum, v))
	}
	total := new(apd.Decimal)
	e.keep(exactContext.Add(total, &e.balance, first))
	e.keep(exactContext.Quo(&e.installment, total, sum))
}

// share is the equal principal of so many rows.
func (e *exactPlan) share(rows int64) {
	e.keep(exactContext.Quo(&e.installment, &e.balance, apd.New(rows, 0)))
}

// carried rounds interest and adds a minor unit whenever what was cut has summed up to one.
func (e *exactPlan) carried(interest *apd.Decimal, mode amount.Mode, unit int64) int64 {
	rounded := e.round(interest, mode, unit)
	left := new(apd.Decimal)
	e.keep(exactContext.Sub(left, interest, apd.New(rounded, 0)))
	e.keep(exactContext.Add(&e.carry, &e.carry, left))
	size, whole := new(apd.Decimal).Abs(&e.carry), apd.New(unit, 0)
	if size.Cmp(whole) < 0 {
		return rounded
	}
	if e.carry.Negative {
		whole.Negative, unit = true, -unit
	}
	e.keep(exactContext.Sub(&e.carry, &e.carry, whole))
	return rounded + unit
}

func (e *exactPlan) round(x *apd.Decimal, mode amount.Mode, unit int64) int64 {
	c := *exactContext
	c.Rounding = rounders[mode]
	q := new(apd.Decimal)
	e.keep(exactContext.Quo(q, x, apd.New(unit, 0)))
	e.keep(c.RoundToIntegralValue(q, q))
	n, err := q.Int64()
	if err != nil && e.err == nil {
		e.err = err
	}
	return n * unit
}
