package model

import (
	"math/big"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// one is a minor unit in the measure of carry: 2^64.
var one = new(big.Int).Lsh(big.NewInt(1), 64)

func cents(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), one) }

func times(q *big.Int, units uint64) *big.Int {
	return new(big.Int).Mul(q, new(big.Int).SetUint64(units))
}

// cent is one that a holding may get: it falls due when the holding has earned deficit more.
type cent struct {
	deficit *big.Int
	units   uint64
	holder  uint32
}

// before tells whether a is due before b: deficit per unit, then holder number.
func (a cent) before(b cent) bool {
	x := new(big.Int).Mul(a.deficit, new(big.Int).SetUint64(b.units))
	y := new(big.Int).Mul(b.deficit, new(big.Int).SetUint64(a.units))
	if c := x.Cmp(y); c != 0 {
		return c < 0
	}
	return a.holder < b.holder
}

// divide pays an amount in one tranche of a register: everybody earns by units, then the cents are given, the ones
// that fall due first first. It returns the lines by holder number. Every cent that may be given is given at first,
// and those that fall due last are taken away again until the amount is met.
func (r *Register) divide(tranche int, amount int64) ([]int64, ledger.TrancheResult) {
	units := r.Units()
	earned := plus(cents(amount), r.Rem[tranche])
	q, rem := new(big.Int).DivMod(earned, new(big.Int).SetUint64(units), new(big.Int))
	r.Rem[tranche] = plus(rem, new(big.Int))

	lines := make([]int64, len(r.Holdings))
	given := int64(0)
	for i, h := range r.Holdings {
		t := &h.Tranches[tranche]
		t.Carry = plus(t.Carry, times(q, h.Units))
		if t.Carry.Sign() > 0 {
			started := plus(t.Carry, minus(one, big.NewInt(1)))
			lines[i] = started.Div(started, one).Int64()
			given += lines[i]
		}
	}
	for ; given > amount; given-- {
		last, _ := r.last(tranche, lines)
		lines[last.holder]--
	}
	cut, any := r.last(tranche, lines)
	if !any || given != amount {
		panic("model: the cents do not suffice")
	}
	for i, h := range r.Holdings {
		t := &h.Tranches[tranche]
		t.Carry = minus(t.Carry, cents(lines[i]))
		t.Paid += lines[i]
	}
	return lines, ledger.TrancheResult{
		Amount: amount, Units: units, Q: int128(q), Rem: int128(rem),
		Cut: share.Cut{Deficit: int128(cut.deficit), Units: cut.units, Holder: cut.holder},
	}
}

// last is the cent that falls due last among those given.
func (r *Register) last(tranche int, lines []int64) (last cent, any bool) {
	for i, h := range r.Holdings {
		if lines[i] == 0 {
			continue
		}
		c := cent{minus(cents(lines[i]), h.Tranches[tranche].Carry), h.Units, h.Holder}
		if !any || last.before(c) {
			last, any = c, true
		}
	}
	return last, any
}

// int128 is the two's complement of a number that fits.
func int128(x *big.Int) share.Int128 {
	if x.BitLen() > 127 {
		panic("model: number does not fit in 128 bits: " + x.String())
	}
	y := new(big.Int).Set(x)
	if y.Sign() < 0 {
		y.Add(y, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	low := new(big.Int).And(y, minus(one, big.NewInt(1)))
	return share.Int128{Lo: low.Uint64(), Hi: int64(y.Rsh(y, 64).Uint64())}
}
