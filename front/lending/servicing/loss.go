package servicing

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/loan"
)

// Receiver is who gets a part of what is recovered.
type Receiver uint8

// The receivers.
const (
	ToCosts Receiver = iota
	ToPayers
	ToHolders
)

// Losses says who pays when the borrower does not, and how they get it back.
type Losses struct {
	Payers           []Payer     // in the order of their ranks
	InstallmentAfter int         // days past due from which on they pay an installment; 0: never
	WholeAfter       int         // days past due from which on one of them buys all that is outstanding; 0: never
	WriteOffAfter    int         // days past due from which on it may be written off; 0: never
	ProRata          bool        // the borrower's next money repays payers and holders alike; else the payers first
	Queue            bool        // what a payer has no money for waits until he has; else it stays with the holders
	Recovery         [3]Receiver // who gets what is recovered first
}

// Payer pays in the borrower's place: a reserve, a guarantor.
type Payer struct {
	Account string
	Rank    int   // a higher one pays what those below have left
	Weight  int64 // those of one rank pay in proportion to it
	Limit   int64 // most that he has paid and not got back; 0: none
}

// payer finds a payer by his account.
func (x *Losses) payer(account string) *Payer {
	for i := range x.Payers {
		if x.Payers[i].Account == account {
			return &x.Payers[i]
		}
	}
	return nil
}

// PayerPart is what one of several payers has paid.
type PayerPart struct {
	Account string     `json:"account"`
	Split   loan.Split `json:"split"`
}

// Wait is what a payer could not pay for want of money.
type Wait struct {
	Account string `json:"account"`
	Amount  int64  `json:"amount"`
}

// divide divides an amount in proportion to weights, to the cent: whole shares, then a cent each to those whose rest is
// largest, the first of equal ones. The weights are not negative and sum to more than 0.
func divide(x int64, weights []int64) []int64 {
	sum := uint64(0)
	for _, w := range weights {
		sum += uint64(w)
	}
	parts, rests, order := make([]int64, len(weights)), make([]uint64, len(weights)), make([]int, len(weights))
	left := x
	for i, w := range weights {
		high, low := bits.Mul64(uint64(x), uint64(w))
		q, r := bits.Div64(high, low, sum)
		parts[i], rests[i], order[i] = int64(q), r, i
		left -= int64(q)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rests[b], rests[a]) })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}

// payers are those who have paid at an event.
func (e *Event) payers() []PayerPart {
	if len(e.Payers) > 0 {
		return e.Payers
	}
	return []PayerPart{{e.Payer, e.Split}}
}

// available is what an account can pay now, 0 if it is not there or may not.
func (s *Servicing) available(ctx context.Context, name string, accounts []Payer) (map[string]int64, error) {
	can := map[string]int64{}
	err := s.ledgers.View(ctx, name, func(e *ledger.Engine) {
		for _, p := range accounts {
			if a, ok := e.Account(p.Account); ok && !a.NoDebits {
				can[p.Account] = max(0, a.Available())
			}
		}
	})
	return can, err
}
