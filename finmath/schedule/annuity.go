package schedule

import (
	"math/big"
	mathbits "math/bits"

	"github.com/longmen/longmen/finmath/amount"
)

// piece is a balance with what one unit of it bears.
type piece struct {
	balance int64
	f       amount.Fraction
}

// The bits after the point with which an installment is worked out, and with which it is when the first attempt lies so
// near to where the rounding changes that its error could matter.
const (
	fewBits  = 128
	manyBits = 1024
	exactMax = 64 // rows up to which doubt is settled by exact rationals
)

// annuity is the installment that repays the balance with equal payments at the end of rows that bear rates[0],
// rates[1]…; the interest of the first row is that of first. It is the exact value rounded once, to a multiple of unit.
func annuity(balance int64, first []piece, rates []amount.Fraction, unit int64, mode amount.Mode) (int64, error) {
	free := true
	for _, p := range first {
		free = free && (p.f.Zero() || p.balance == 0)
	}
	for _, f := range rates[1:] {
		free = free && f.Zero()
	}
	if free {
		return mode.Quotient(big.NewInt(balance), big.NewInt(int64(len(rates))*unit), unit)
	}
	num, den := fixed(balance, first, rates, unit, fewBits)
	if !doubtful(num, den) {
		return mode.Quotient(num, den, unit)
	}
	if len(rates) <= exactMax {
		num, den = exactly(balance, first, rates, unit)
	} else {
		num, den = fixed(balance, first, rates, unit, manyBits)
	}
	return mode.Quotient(num, den, unit)
}

// fixed gives the installment, in units, as a quotient of numbers with so many bits after the point. Rows that follow each
// other with the same rate are taken together: m of them turn F into g^m·F + 1 + g + … + g^(m-1).
func fixed(balance int64, first []piece, rates []amount.Fraction, unit int64, bits uint) (num, den *big.Int) {
	one := new(big.Int).Lsh(big.NewInt(1), bits)
	product, sum, growth, t := new(big.Int).Set(one), new(big.Int).Set(one), new(big.Int), new(big.Int)
	for k := 1; k < len(rates); {
		from := k
		for k < len(rates) && rates[k].Equal(rates[from]) {
			k++
		}
		growth.Add(one, rates[from].Fixed(bits))
		power, series := growth, one
		if k-from > 1 {
			power, series = grown(growth, one, k-from, bits, t)
		}
		t.Mul(sum, power)
		sum.Add(sum.Rsh(t, bits), series)
		t.Mul(product, power)
		product.Rsh(t, bits)
	}
	num = new(big.Int).Lsh(big.NewInt(balance), bits)
	for _, p := range first {
		num.Add(num, t.Mul(p.f.Fixed(bits), growth.SetInt64(p.balance)))
	}
	num.Mul(num, product)
	den = sum.Mul(sum, big.NewInt(unit))
	return num, den.Lsh(den, bits)
}

// grown gives g^m and 1 + g + … + g^(m-1) by doubling: S(2m) = S(m)·(1 + g^m).
func grown(g, one *big.Int, m int, bits uint, t *big.Int) (power, series *big.Int) {
	power, series = new(big.Int).Set(g), new(big.Int).Set(one)
	for at := mathbits.Len(uint(m)) - 2; at >= 0; at-- {
		t.Mul(series, power)
		series.Add(series, t.Rsh(t, bits))
		t.Mul(power, power)
		power.Rsh(t, bits)
		if m>>at&1 == 1 {
			t.Mul(series, g)
			series.Add(series.Rsh(t, bits), one)
			t.Mul(power, g)
			power.Rsh(t, bits)
		}
	}
	return power, series
}

// doubtful says whether a quotient lies within 2^-32 of a whole number or a half: far more than its error, which is
// below 2^-50 for 2000 rows and the largest amounts.
func doubtful(num, den *big.Int) bool {
	_, r := new(big.Int).QuoRem(num, den, new(big.Int))
	r.Lsh(r, 33)
	r.Quo(r, den)
	near := r.Uint64() & (1<<32 - 1) // 0 and 2^32-1 are next to a half or a whole
	return near == 0 || near == 1<<32-1
}

// exactly is fixed without any error.
func exactly(balance int64, first []piece, rates []amount.Fraction, unit int64) (num, den *big.Int) {
	one := big.NewRat(1, 1)
	product, sum := big.NewRat(1, 1), big.NewRat(1, 1)
	for _, f := range rates[1:] {
		growth := new(big.Rat).Add(one, f.Rat())
		sum.Add(sum.Mul(sum, growth), one)
		product.Mul(product, growth)
	}
	total := new(big.Rat).SetInt64(balance)
	for _, p := range first {
		interest := new(big.Rat).SetInt64(p.balance)
		total.Add(total, interest.Mul(interest, p.f.Rat()))
	}
	total.Mul(total, product)
	total.Quo(total, sum.Mul(sum, new(big.Rat).SetInt64(unit)))
	return total.Num(), total.Denom()
}
