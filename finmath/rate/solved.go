package rate

import (
	"fmt"
	"math"

	"github.com/cockroachdb/apd/v3"
)

// RATE is the rate a period of n payments: one at which PV·(1+r)^n + PMT·((1+r)^n-1)/r + FV is zero; of
// several the nearest to the guess, for which 0 is usual. It fails with ErrNone where there is none.
//
// For a whole number of up to 1,200 periods that is the IRR of all payments. For others the equation times r/(1+r)^n is a
// sum of four exponentials in ln(1+r); r = 0, which that product adds, counts only when it answers the question itself,
// and rates within 10^-7/n of it are not told apart from it.
func RATE(n, pmt, pv, fv *apd.Decimal, w When, guess float64) (float64, error) {
	var x [4]float64
	for i, d := range []*apd.Decimal{n, pmt, pv, fv} {
		f, err := d.Float64()
		if err != nil || d.Form != apd.Finite || math.IsInf(f, 0) {
			return 0, fmt.Errorf("%w: a figure is not a number", ErrInput)
		}
		x[i] = f
	}
	periods, pay, now, last := x[0], x[1], x[2], x[3]
	if periods <= 0 || periods > 1e6 {
		return 0, fmt.Errorf("%w: the number of periods must be above 0 and at most 10^6", ErrInput)
	}
	if !(guess > -1 && guess <= Highest) {
		return 0, fmt.Errorf("%w: the guess must be above -1", ErrInput)
	}
	if now == 0 && pay == 0 || last == 0 && pay == 0 {
		return 0, fmt.Errorf("%w: all flows have the same sign", ErrNone)
	}
	even, err := restsAtZero(n, pmt, pv, fv)
	if err != nil || even {
		return 0, err
	}
	end, begin := pay, 0.0
	if w == Begin {
		end, begin = 0, pay
	}
	if periods == math.Trunc(periods) && periods <= 1200 {
		return rateOfPayments(int(periods), now+begin, pay, last+end, guess)
	}
	found, err := roots([]term{
		{now + begin, -1}, {end - now, 0}, {last - begin, periods - 1}, {-last - end, periods},
	})
	if err != nil {
		return 0, err
	}
	kept := found[:0]
	for _, s := range found {
		if math.Abs(s) > 1e-7/periods {
			kept = append(kept, s)
		}
	}
	return near(kept, math.Log1p(guess))
}

// rateOfPayments is the rate of a first flow, a last one n periods later, and payments between them.
func rateOfPayments(n int, first, pay, last, guess float64) (float64, error) {
	terms := make([]term, n+1)
	for k := range terms {
		terms[k] = term{pay, float64(k)}
	}
	terms[0].a, terms[n].a = first, last
	return solve(terms, math.Log1p(guess))
}

// restsAtZero says whether the flows are even without interest.
func restsAtZero(n, pmt, pv, fv *apd.Decimal) (bool, error) {
	d, err := newDecimals(new(apd.Decimal), n)
	if err != nil {
		return false, err
	}
	sum := d.add(d.add(pv, fv), d.mul(pmt, n))
	return sum.IsZero(), d.err
}

// MIRR is the rate a period that carries what was put in, financed at one rate, to what was taken out, reinvested at
// another: ((FV of what comes in at reinvest)/(-PV of what goes out at finance))^(1/(n-1)) - 1.
func MIRR(flows []*apd.Decimal, finance, reinvest *apd.Decimal) (*apd.Decimal, error) {
	if err := checkFlows(len(flows)); err != nil {
		return nil, err
	}
	in, out := make([]*apd.Decimal, len(flows)), make([]*apd.Decimal, len(flows))
	positive, negative := false, false
	for i, f := range flows {
		in[i], out[i] = new(apd.Decimal), new(apd.Decimal)
		switch f.Sign() {
		case 1:
			in[i], positive = f, true
		case -1:
			out[i], negative = f, true
		}
	}
	if !positive || !negative {
		return nil, fmt.Errorf("%w: all flows have the same sign", ErrNone)
	}
	earned, err := NPV(reinvest, in, 0)
	if err != nil {
		return nil, err
	}
	spent, err := NPV(finance, out, 0)
	if err != nil {
		return nil, err
	}
	last := apd.New(int64(len(flows)-1), 0)
	d, err := newDecimals(reinvest, last)
	if err != nil {
		return nil, err
	}
	// Both are worth now; the power that brings the first to the end cancels with the root but for its rate.
	ratio := d.neg(d.quo(earned, spent))
	root := d.pow(ratio, d.quo(one, last))
	return d.result(d.sub(d.mul(root, d.add(one, reinvest)), one))
}
