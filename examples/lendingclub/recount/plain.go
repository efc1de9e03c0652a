package recount

import (
	"math/big"
	"sort"
)

// This file is the rule once more as docs/distribution.md states it, in big integers and without a thought for speed:
// what the fast one beside it is tested against, and what it falls back to in the one case that it leaves out.

// one is a cent, counted in 2^-64 of it.
var one = new(big.Int).Lsh(big.NewInt(1), 64)

// owed is what a holding has at stake in one payment of one tranche.
type owed struct {
	units uint64
	carry *big.Int // earned and not paid, after it has earned its part of this payment
}

// cent is the j-th one that a holding may be given.
type cent struct {
	deficit *big.Int // j·2^64 − carry
	units   uint64
	holder  int
}

// plainEarn divides a payment: each unit earns q, and rem is left for the next time.
func plainEarn(amount int64, before *big.Int, units uint64) (q, rem *big.Int) {
	all := new(big.Int).Mul(big.NewInt(amount), one)
	all.Add(all, before)
	return new(big.Int).DivMod(all, new(big.Int).SetUint64(units), new(big.Int))
}

// plainLines gives the amount out cent by cent, the one that falls due first first, and returns the line of each holder.
func plainLines(holders []owed, amount int64) []int64 {
	var may []cent
	for i, h := range holders {
		// Cent j may be given while carry > (j−1)·2^64.
		for j := int64(1); h.carry.Cmp(new(big.Int).Mul(big.NewInt(j-1), one)) > 0; j++ {
			deficit := new(big.Int).Mul(big.NewInt(j), one)
			may = append(may, cent{deficit.Sub(deficit, h.carry), h.units, i})
		}
	}
	sort.Slice(may, func(a, b int) bool {
		x, y := may[a], may[b]
		left := new(big.Int).Mul(x.deficit, new(big.Int).SetUint64(y.units))
		right := new(big.Int).Mul(y.deficit, new(big.Int).SetUint64(x.units))
		if c := left.Cmp(right); c != 0 {
			return c < 0
		}
		if x.holder != y.holder {
			return x.holder < y.holder
		}
		return x.deficit.Cmp(y.deficit) < 0
	})
	lines := make([]int64, len(holders))
	for _, c := range may[:amount] {
		lines[c.holder]++
	}
	return lines
}

// plainPart is what goes along when k of u units move: ⌊carry·k/u⌋.
func plainPart(carry *big.Int, k, u uint64) *big.Int {
	part := new(big.Int).Mul(carry, new(big.Int).SetUint64(k))
	// Div rounds down for a divisor above zero.
	return part.Div(part, new(big.Int).SetUint64(u))
}
