package rate

import (
	"fmt"
	"math"

	"github.com/cockroachdb/apd/v3"
)

// When says at which end of a period a payment falls.
type When bool

// The two ends.
const (
	End   When = false
	Begin When = true
)

// digits that a result keeps beyond what powers may cancel.
const digits = 45

// decimals carries out decimals and keeps the first error.
type decimals struct {
	ctx *apd.Context
	err error
}

// newDecimals makes decimals exact enough for (1+rate)^n: the digits that this power has may all cancel.
func newDecimals(rate, n *apd.Decimal) (*decimals, error) {
	for _, x := range []*apd.Decimal{rate, n} {
		if x.Form != apd.Finite || x.NumDigits() > 60 || x.Exponent > 30 || x.Exponent < -60 {
			return nil, fmt.Errorf("%w: a figure is not finite or has too many digits", ErrInput)
		}
	}
	r, err := rate.Float64()
	if err != nil || r <= -1 {
		return nil, fmt.Errorf("%w: the rate must be above -1", ErrInput)
	}
	periods, err := n.Float64()
	if err != nil || math.Abs(periods) > 1e6 {
		return nil, fmt.Errorf("%w: the number of periods must be within ±10^6", ErrInput)
	}
	grown := math.Abs(periods * math.Log1p(r) / math.Ln10)
	if !(grown <= 2000) {
		return nil, fmt.Errorf("%w: (1+rate)^periods has more than 2000 digits", ErrInput)
	}
	small := 0.0
	if r != 0 {
		small = max(0, -math.Log10(math.Abs(r))) // a small rate in the divisor costs as many digits
	}
	ctx := apd.BaseContext.WithPrecision(uint32(digits + 2*math.Ceil(grown) + math.Ceil(small)))
	ctx.MaxExponent, ctx.MinExponent = 100_000, -100_000
	ctx.Rounding = apd.RoundHalfEven
	return &decimals{ctx: ctx}, nil
}

func (d *decimals) do(f func(z, x, y *apd.Decimal) (apd.Condition, error), x, y *apd.Decimal) *apd.Decimal {
	z := new(apd.Decimal)
	if d.err == nil {
		_, d.err = f(z, x, y)
	}
	return z
}

func (d *decimals) add(x, y *apd.Decimal) *apd.Decimal { return d.do(d.ctx.Add, x, y) }
func (d *decimals) sub(x, y *apd.Decimal) *apd.Decimal { return d.do(d.ctx.Sub, x, y) }
func (d *decimals) mul(x, y *apd.Decimal) *apd.Decimal { return d.do(d.ctx.Mul, x, y) }
func (d *decimals) quo(x, y *apd.Decimal) *apd.Decimal { return d.do(d.ctx.Quo, x, y) }
func (d *decimals) pow(x, y *apd.Decimal) *apd.Decimal { return d.do(d.ctx.Pow, x, y) }

func (d *decimals) ln(x *apd.Decimal) *apd.Decimal {
	z := new(apd.Decimal)
	if d.err == nil {
		_, d.err = d.ctx.Ln(z, x)
	}
	return z
}

func (d *decimals) neg(x *apd.Decimal) *apd.Decimal { return new(apd.Decimal).Neg(x) }

var one = apd.New(1, 0)

// result rounds to 40 digits and names what went wrong.
func (d *decimals) result(x *apd.Decimal) (*apd.Decimal, error) {
	if d.err == nil && x.Form == apd.Finite {
		_, d.err = d.ctx.WithPrecision(40).Round(x, x)
	}
	if d.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, d.err)
	}
	if x.Form != apd.Finite {
		return nil, fmt.Errorf("%w: the result is not finite", ErrInput)
	}
	return x, nil
}

// growth is (1+r)^n and the worth of n payments of 1, ((1+r)^n - 1)/r, times 1+r when they are paid at the beginning.
func (d *decimals) growth(rate, n *apd.Decimal, w When) (power, annuity *apd.Decimal) {
	if rate.IsZero() {
		return one, n
	}
	base := d.add(one, rate)
	power = d.pow(base, n)
	annuity = d.quo(d.sub(power, one), rate)
	if w == Begin {
		annuity = d.mul(annuity, base)
	}
	return power, annuity
}

// FV is the balance after n payments: FV = -(PV·(1+r)^n + PMT·((1+r)^n-1)/r).
func FV(rate, n, pmt, pv *apd.Decimal, w When) (*apd.Decimal, error) {
	d, err := newDecimals(rate, n)
	if err != nil {
		return nil, err
	}
	power, annuity := d.growth(rate, n, w)
	return d.result(d.neg(d.add(d.mul(pv, power), d.mul(pmt, annuity))))
}

// PV is what n payments and a last amount are worth now: PV = -(FV + PMT·((1+r)^n-1)/r) / (1+r)^n.
func PV(rate, n, pmt, fv *apd.Decimal, w When) (*apd.Decimal, error) {
	d, err := newDecimals(rate, n)
	if err != nil {
		return nil, err
	}
	power, annuity := d.growth(rate, n, w)
	return d.result(d.neg(d.quo(d.add(fv, d.mul(pmt, annuity)), power)))
}

// PMT is the equal payment: PMT = -(FV + PV·(1+r)^n) / (((1+r)^n-1)/r).
func PMT(rate, n, pv, fv *apd.Decimal, w When) (*apd.Decimal, error) {
	d, err := newDecimals(rate, n)
	if err != nil {
		return nil, err
	}
	if n.IsZero() {
		return nil, fmt.Errorf("%w: the number of periods must not be 0", ErrInput)
	}
	return d.result(d.pmt(rate, n, pv, fv, w))
}

func (d *decimals) pmt(rate, n, pv, fv *apd.Decimal, w When) *apd.Decimal {
	power, annuity := d.growth(rate, n, w)
	return d.neg(d.quo(d.add(fv, d.mul(pv, power)), annuity))
}

// IPMT is the interest in payment number per (from 1) of n.
func IPMT(rate, per, n, pv, fv *apd.Decimal, w When) (*apd.Decimal, error) {
	interest, _, err := split(rate, per, n, pv, fv, w)
	return interest, err
}

// PPMT is the principal in payment number per (from 1) of n.
func PPMT(rate, per, n, pv, fv *apd.Decimal, w When) (*apd.Decimal, error) {
	_, principal, err := split(rate, per, n, pv, fv, w)
	return principal, err
}

// split divides a payment: its interest is that of the balance before it. A first payment at the beginning has none.
func split(rate, per, n, pv, fv *apd.Decimal, w When) (interest, principal *apd.Decimal, err error) {
	d, err := newDecimals(rate, n)
	if err != nil {
		return nil, nil, err
	}
	if per.Form != apd.Finite || per.Cmp(one) < 0 || per.Cmp(n) > 0 {
		return nil, nil, fmt.Errorf("%w: the payment's number must be 1 to the number of periods", ErrInput)
	}
	pmt := d.pmt(rate, n, pv, fv, w)
	before := d.sub(per, one)
	power, annuity := d.growth(rate, before, w)
	interest = d.mul(d.neg(d.add(d.mul(pv, power), d.mul(pmt, annuity))), rate)
	if w == Begin {
		if before.IsZero() {
			interest = new(apd.Decimal)
		} else {
			interest = d.quo(interest, d.add(one, rate))
		}
	}
	principal, err = d.result(d.sub(pmt, interest))
	if err != nil {
		return nil, nil, err
	}
	interest, err = d.result(interest)
	return interest, principal, err
}

// NPER is how many payments it takes: n = ln((PMT' - FV·r)/(PMT' + PV·r)) / ln(1+r), PMT' at the end of the period. It
// fails with ErrNone where no number does.
func NPER(rate, pmt, pv, fv *apd.Decimal, w When) (*apd.Decimal, error) {
	d, err := newDecimals(rate, one)
	if err != nil {
		return nil, err
	}
	if rate.IsZero() {
		if pmt.IsZero() {
			return nil, fmt.Errorf("%w: neither rate nor payment", ErrNone)
		}
		return d.result(d.neg(d.quo(d.add(pv, fv), pmt)))
	}
	base := d.add(one, rate)
	paid := pmt
	if w == Begin {
		paid = d.mul(pmt, base)
	}
	top, bottom := d.sub(paid, d.mul(fv, rate)), d.add(paid, d.mul(pv, rate))
	if top.Sign() == 0 || bottom.Sign() == 0 || top.Sign() != bottom.Sign() {
		return nil, fmt.Errorf("%w: with these payments the balance never gets there", ErrNone)
	}
	return d.result(d.quo(d.ln(d.quo(top, bottom)), d.ln(base)))
}

// NPV is what equally spaced flows are worth now, the first of them first periods from now (0 or 1).
func NPV(rate *apd.Decimal, flows []*apd.Decimal, first int) (*apd.Decimal, error) {
	if err := checkFlows(len(flows)); err != nil {
		return nil, err
	}
	d, err := newDecimals(rate, apd.New(int64(len(flows)+max(first, -first)), 0))
	if err != nil {
		return nil, err
	}
	base, sum := d.add(one, rate), new(apd.Decimal)
	for i := len(flows) - 1; i >= 0; i-- {
		sum = d.add(d.quo(sum, base), flows[i])
	}
	return d.result(d.quo(sum, d.pow(base, apd.New(int64(first), 0))))
}
