// Package rate holds the functions of the time value of money as spreadsheets name them: PV, FV, PMT, IPMT, PPMT, NPER,
// RATE, NPV, IRR, MIRR, XNPV, XNFV, XFV and XIRR.
//
// Money paid out is negative, money received positive. What has a formula is computed in decimals with at least 40 exact
// digits. What is solved for (IRR, XIRR, RATE) is found in floating point on the whole range of Lowest to Highest: every
// stretch of it is either excluded by a bound or holds a change of sign, so where these functions say that there is no
// rate, there is none in that range. Of several rates IRR and XIRR give the one nearest, in ln(1+rate), to what the flows
// earn in all (what comes in over what goes out), or to a guess; RATE gives the one nearest
// to a guess, which is usually 0.
//
// Sources: the equation of the time value of money in OASIS OpenDocument 1.2 part 2 §6.12; XIRR and XNPV as the same
// standard defines them, with any day count instead of actual/365.
//
// The package must not know contracts, schedules, minor units or roundings: its results are not amounts to be paid.
package rate

import "errors"

var (
	// ErrNone says that no rate answers the question.
	ErrNone = errors.New("no such rate exists")
	// ErrInput says that the arguments make no sense together.
	ErrInput = errors.New("arguments not valid")
	// ErrHard says that the flows need more work than is allowed to find their rates.
	ErrHard = errors.New("the rates lie too close together to be told apart")
)

// The range within which rates a period are looked for.
const (
	Lowest  = -1 + 1e-15
	Highest = 1e15
)

// MaxFlows is the most flows a function takes.
const MaxFlows = 20_000
