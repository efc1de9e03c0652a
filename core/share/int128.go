package share

import (
	"math/big"
	"math/bits"
)

// Int128 is a signed 128-bit integer in two's complement: Hi·2^64 + Lo.
// As a carry or a remainder it counts 2^-64 of a minor unit ("cent"), so Hi is
// the number of whole cents, rounded down, and Lo the fraction of a cent above it.
// Sums, differences and products wrap modulo 2^128.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Cents returns n whole cents.
func Cents(n int64) Int128 { return Int128{Hi: n} }

// Add returns x + y.
func (x Int128) Add(y Int128) Int128 {
	lo, c := bits.Add64(x.Lo, y.Lo, 0)
	return Int128{Hi: x.Hi + y.Hi + int64(c), Lo: lo}
}

// Sub returns x - y.
func (x Int128) Sub(y Int128) Int128 {
	lo, b := bits.Sub64(x.Lo, y.Lo, 0)
	return Int128{Hi: x.Hi - y.Hi - int64(b), Lo: lo}
}

// Neg returns -x.
func (x Int128) Neg() Int128 { return Int128{}.Sub(x) }

// Mul returns x·u.
func (x Int128) Mul(u uint64) Int128 {
	hi, lo := bits.Mul64(x.Lo, u)
	return Int128{Hi: int64(hi + uint64(x.Hi)*u), Lo: lo}
}

// String writes it in decimal.
func (x Int128) String() string {
	n := big.NewInt(x.Hi)
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(x.Lo)).String()
}

// Sign returns -1, 0 or 1.
func (x Int128) Sign() int {
	switch {
	case x.Hi < 0:
		return -1
	case x.Hi == 0 && x.Lo == 0:
		return 0
	}
	return 1
}

// Cmp returns -1, 0 or 1 as x is less than, equal to or greater than y.
func (x Int128) Cmp(y Int128) int {
	switch {
	case x.Hi < y.Hi || x.Hi == y.Hi && x.Lo < y.Lo:
		return -1
	case x == y:
		return 0
	}
	return 1
}

// half returns ⌊x/2⌋.
func (x Int128) half() Int128 {
	return Int128{Hi: x.Hi >> 1, Lo: x.Lo>>1 | uint64(x.Hi)<<63}
}

// floorDiv returns ⌊x/d⌋ and the rest, which is in 0..d-1; d ≥ 1.
func (x Int128) floorDiv(d uint64) (Int128, uint64) {
	return x.mulDiv(1, d)
}

// mulDiv returns ⌊x·k/d⌋ and the rest, without losing a bit of the 192-bit
// product. The quotient must fit: k ≤ d is enough, so is a small x.
func (x Int128) mulDiv(k, d uint64) (Int128, uint64) {
	negative := x.Hi < 0
	if negative {
		x = x.Neg() // -2^127 stays itself, which is right as an unsigned size
	}
	p1, p0 := bits.Mul64(x.Lo, k)
	p2, low := bits.Mul64(uint64(x.Hi), k)
	p1, c := bits.Add64(p1, low, 0)
	p2 += c
	hi, r := bits.Div64(p2, p1, d)
	lo, r := bits.Div64(r, p0, d)
	q := Int128{Hi: int64(hi), Lo: lo}
	if !negative {
		return q, r
	}
	if r == 0 {
		return q.Neg(), 0
	}
	return q.Add(Int128{Lo: 1}).Neg(), d - r
}

// int192 is a signed 192-bit integer, just large enough for carry·units.
type int192 struct {
	hi      int64
	mid, lo uint64
}

// wide returns x·u exactly.
func (x Int128) wide(u uint64) int192 {
	mid, lo := bits.Mul64(x.Lo, u)
	hi, m := bits.Mul64(uint64(x.Hi), u)
	if x.Hi < 0 {
		hi -= u // uint64(x.Hi) read the sign as 2^64
	}
	mid, c := bits.Add64(mid, m, 0)
	return int192{hi: int64(hi + c), mid: mid, lo: lo}
}

func (x int192) cmp(y int192) int {
	switch {
	case x == y:
		return 0
	case x.hi != y.hi:
		return sign(x.hi < y.hi)
	case x.mid != y.mid:
		return sign(x.mid < y.mid)
	}
	return sign(x.lo < y.lo)
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}
