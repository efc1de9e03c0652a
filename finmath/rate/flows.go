package rate

import (
	"fmt"
	"math"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
)

// Flow is an amount on a date.
type Flow struct {
	Date   day.Date
	Amount float64
}

func checkFlows(n int) error {
	if n < 1 || n > MaxFlows {
		return fmt.Errorf("%w: %d flows, take 1 to %d", ErrInput, n, MaxFlows)
	}
	return nil
}

// bothSigns refuses flows that all go one way: nothing is earned on them.
func bothSigns(terms []term) error {
	in, out := false, false
	for _, x := range terms {
		if math.IsNaN(x.a) || math.IsInf(x.a, 0) {
			return fmt.Errorf("%w: an amount is not a number", ErrInput)
		}
		in, out = in || x.a > 0, out || x.a < 0
	}
	if !in || !out {
		return fmt.Errorf("%w: all flows have the same sign", ErrNone)
	}
	return nil
}

// IRR is the rate a period at which equally spaced flows are worth nothing; of several the one nearest to what they earn
// in all. It fails with ErrNone where there is none.
func IRR(flows []float64) (float64, error) {
	terms, err := spaced(flows)
	if err != nil {
		return 0, err
	}
	return solve(terms, whole(terms))
}

// IRRNear is IRR with a guess of one's own: of several rates the nearest to it.
func IRRNear(flows []float64, guess float64) (float64, error) {
	terms, err := spaced(flows)
	if err != nil {
		return 0, err
	}
	return solve(terms, math.Log1p(guess))
}

func spaced(flows []float64) ([]term, error) {
	if err := checkFlows(len(flows)); err != nil {
		return nil, err
	}
	terms := make([]term, len(flows))
	for i, a := range flows {
		terms[i] = term{a, float64(i)}
	}
	return terms, nil
}

func solve(terms []term, guess float64) (float64, error) {
	if err := bothSigns(terms); err != nil {
		return 0, err
	}
	if math.IsNaN(guess) || math.IsInf(guess, 0) {
		return 0, fmt.Errorf("%w: the guess must be above -1", ErrInput)
	}
	found, err := roots(terms)
	if err != nil {
		return 0, err
	}
	return near(found, guess)
}

// dated turns flows into addends, counted in years from the earliest date.
func dated(flows []Flow, c daycount.Convention) ([]term, day.Date, day.Date, error) {
	if err := checkFlows(len(flows)); err != nil {
		return nil, 0, 0, err
	}
	first, last := flows[0].Date, flows[0].Date
	for _, f := range flows {
		first, last = min(first, f.Date), max(last, f.Date)
	}
	terms := make([]term, len(flows))
	for i, f := range flows {
		terms[i] = term{f.Amount, c.Years(first, f.Date)}
	}
	return terms, first, last, nil
}

// XIRR is the rate a year at which dated flows, in any order, are worth nothing; of several the one nearest to what they
// earn in all. It fails with ErrNone where there is none.
func XIRR(flows []Flow, c daycount.Convention) (float64, error) {
	terms, _, _, err := dated(flows, c)
	if err != nil {
		return 0, err
	}
	return solve(terms, whole(terms))
}

// XIRRNear is XIRR with a guess of one's own: of several rates the nearest to it.
func XIRRNear(flows []Flow, c daycount.Convention, guess float64) (float64, error) {
	terms, _, _, err := dated(flows, c)
	if err != nil {
		return 0, err
	}
	return solve(terms, math.Log1p(guess))
}

// XNPV is what dated flows are worth on the earliest date at a rate a year.
func XNPV(rate float64, flows []Flow, c daycount.Convention) (float64, error) {
	terms, _, _, err := dated(flows, c)
	if err != nil {
		return 0, err
	}
	return worth(rate, terms, 0)
}

// XNFV is what dated flows are worth on the latest date at a rate a year.
func XNFV(rate float64, flows []Flow, c daycount.Convention) (float64, error) {
	terms, first, last, err := dated(flows, c)
	if err != nil {
		return 0, err
	}
	return worth(rate, terms, c.Years(first, last))
}

// XFV carries an amount from the date it is paid to the end of a term: it is discounted with the rate of its date and
// compounded with the rate of the end, both a year and counted from the start.
func XFV(start, paid, end day.Date, paidRate, endRate, amount float64, c daycount.Convention) (float64, error) {
	if paid < start || end < paid {
		return 0, fmt.Errorf("%w: the dates of start, payment and end must follow each other", ErrInput)
	}
	if paidRate <= -1 || endRate <= -1 {
		return 0, fmt.Errorf("%w: rates must be above -1", ErrInput)
	}
	return finite(amount * math.Exp(c.Years(start, end)*math.Log1p(endRate)-c.Years(start, paid)*math.Log1p(paidRate)))
}

// worth is the value of addends at the time at.
func worth(rate float64, terms []term, at float64) (float64, error) {
	if rate <= -1 {
		return 0, fmt.Errorf("%w: the rate must be above -1", ErrInput)
	}
	s, sum, low := math.Log1p(rate), 0.0, 0.0
	for _, x := range terms {
		sum, low = add(sum, low, x.a*math.Exp(s*(at-x.t)))
	}
	return finite(sum + low)
}

func finite(x float64) (float64, error) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%w: the result is not finite", ErrInput)
	}
	return x, nil
}
