package rate

import (
	"cmp"
	"math"
	"slices"
)

// term is one addend a·e^(-s·t) of a sum of exponentials in s = ln(1+rate).
type term struct{ a, t float64 }

// The range of s: ln(1+Lowest) to ln(1+Highest).
var sLow, sHigh = -34.5, math.Log1p(Highest)

// The work of one search is bounded: so many addends are evaluated, and so many intervals looked at in any case.
const (
	budget = 8_000_000
	least  = 2_000
)

// cell is what is known of the sum at the middle of an interval.
type cell struct {
	f, df float64 // the sum and its derivative, times e^(s·c)
	curve float64 // a bound of the second derivative's size on the whole interval
	scale float64 // the sum of the addends' sizes
}

// look evaluates the sum on mid ± half. All addends are shifted by c, their centre of weight, which changes no root and
// makes the bound of the curvature small.
func look(terms []term, mid, half float64) cell {
	shift, sum, centre := math.Inf(-1), 0.0, 0.0
	for _, x := range terms {
		shift = max(shift, math.Log(math.Abs(x.a))-mid*x.t)
	}
	for _, x := range terms {
		w := math.Exp(math.Log(math.Abs(x.a)) - mid*x.t - shift)
		sum += w
		centre += w * x.t
	}
	centre /= sum
	var c cell
	var low, lowD float64 // what the sums lose by cancellation
	for _, x := range terms {
		d := x.t - centre
		e := math.Copysign(math.Exp(math.Log(math.Abs(x.a))-mid*x.t-shift), x.a)
		c.f, low = add(c.f, low, e)
		c.df, lowD = add(c.df, lowD, -d*e)
		c.curve += math.Abs(e) * d * d * math.Exp(math.Abs(d)*half)
	}
	c.f, c.df, c.scale = c.f+low, c.df+lowD, sum
	return c
}

// add is Neumaier's sum: what falls off is kept in low.
func add(sum, low, x float64) (float64, float64) {
	t := sum + x
	if math.Abs(sum) >= math.Abs(x) {
		return t, low + (sum - t) + x
	}
	return t, low + (x - t) + sum
}

// roots finds all s in the range at which the sum is zero. A bound by Taylor's formula excludes an interval or shows
// that the sum is monotone on it; all others are halved.
func roots(terms []term) ([]float64, error) {
	terms = slices.DeleteFunc(slices.Clone(terms), func(x term) bool { return x.a == 0 })
	if len(terms) == 0 {
		return nil, ErrInput
	}
	var found []float64
	work := 0
	stack := [][2]float64{{sLow, sHigh}}
	for len(stack) > 0 {
		if work++; work > max(least, budget/len(terms)) {
			return nil, ErrHard
		}
		lo, hi := stack[len(stack)-1][0], stack[len(stack)-1][1]
		stack = stack[:len(stack)-1]
		mid, half := (lo+hi)/2, (hi-lo)/2
		c := look(terms, mid, half)
		rest := c.curve * half * half / 2
		switch {
		case math.Abs(c.f) > math.Abs(c.df)*half+rest:
			// no root here
		case math.Abs(c.df) > c.curve*half:
			if s, ok := bisect(terms, lo, hi); ok {
				found = append(found, s)
			}
		case half < 1e-11*max(1, math.Abs(mid)):
			// Two roots nearly in one, or a touch of zero: as exact as the figures are.
			if math.Abs(c.f) <= 1e-13*c.scale {
				found = append(found, mid)
			}
		default:
			stack = append(stack, [2]float64{mid, hi}, [2]float64{lo, mid})
		}
	}
	slices.Sort(found)
	return distinct(found), nil
}

// distinct joins roots that neighbouring intervals have both found.
func distinct(sorted []float64) []float64 {
	return slices.CompactFunc(sorted, func(a, b float64) bool { return math.Abs(a-b) <= 1e-10*max(1, math.Abs(a)) })
}

func value(terms []term, s float64) float64 { return look(terms, s, 0).f }

// bisect finds the root of a monotone stretch, if its ends differ in sign.
func bisect(terms []term, lo, hi float64) (float64, bool) {
	a, b := value(terms, lo), value(terms, hi)
	switch {
	case a == 0:
		return lo, true
	case b == 0:
		return hi, true
	case (a < 0) == (b < 0):
		return 0, false
	}
	for range 200 {
		mid := (lo + hi) / 2
		if mid <= lo || mid >= hi {
			break
		}
		if m := value(terms, mid); m == 0 {
			return mid, true
		} else if (m < 0) == (a < 0) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2, true
}

// near is the rate whose ln(1+rate) is nearest to that of a guess, so that -50% is as far from 0 as +100%.
func near(found []float64, guess float64) (float64, error) {
	if len(found) == 0 {
		return 0, ErrNone
	}
	best := slices.MinFunc(found, func(a, b float64) int {
		return cmp.Compare(math.Abs(a-guess), math.Abs(b-guess))
	})
	return math.Expm1(best), nil
}

// whole is the guess when none is given: ln of all that comes in over all that goes out.
func whole(terms []term) float64 {
	in, out := 0.0, 0.0
	for _, x := range terms {
		if x.a > 0 {
			in += x.a
		} else {
			out -= x.a
		}
	}
	return math.Log(in) - math.Log(out) // the quotient may be beyond all numbers
}
