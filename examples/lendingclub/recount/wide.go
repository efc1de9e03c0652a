package recount

import (
	"math/big"
	"math/bits"
)

// wide is an integer of 128 bits in two's complement. It counts in 2^-64 of a cent, so hi is whole cents.
type wide struct{ hi, lo uint64 }

// cents makes whole cents wide.
func cents(n int64) wide { return wide{hi: uint64(n)} }

func (a wide) plus(b wide) wide {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	return wide{a.hi + b.hi + carry, lo}
}

func (a wide) minus(b wide) wide {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	return wide{a.hi - b.hi - borrow, lo}
}

func (a wide) times(n uint64) wide {
	hi, lo := bits.Mul64(a.lo, n)
	return wide{hi + a.hi*n, lo}
}

// positive reports whether a > 0.
func (a wide) positive() bool { return int64(a.hi) > 0 || a.hi == 0 && a.lo > 0 }

// big is the same integer in plain arithmetic.
func (a wide) big() *big.Int {
	n := new(big.Int).Lsh(big.NewInt(int64(a.hi)), 64)
	return n.Add(n, new(big.Int).SetUint64(a.lo))
}

// wideOf is the inverse of big.
func wideOf(n *big.Int) wide {
	lo := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0)))
	return wide{uint64(new(big.Int).Rsh(n, 64).Int64()), lo.Uint64()}
}
