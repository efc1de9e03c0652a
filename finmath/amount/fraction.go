package amount

import (
	"cmp"
	"errors"
	"math/big"
	"math/bits"

	"github.com/cockroachdb/apd/v3"
)

// Fraction is an exact number that is not negative, such as the interest of one unit over one period. Almost all fit two
// words; those that don't are kept as a rational, so no rate is ever cut.
type Fraction struct {
	num, den uint64
	wide     *big.Rat
}

// ErrFraction says that a decimal is not a fraction: negative, not finite, or with too many digits.
var ErrFraction = errors.New("not a finite decimal of 0 or more with at most 34 digits")

// Of is num/den. den must not be 0.
func Of(num, den uint64) Fraction { return Fraction{num: num, den: den} }

// Decimal is a decimal as a fraction.
func Decimal(d *apd.Decimal) (Fraction, error) {
	if d.Form != apd.Finite || d.Sign() < 0 || d.NumDigits() > 34 || d.Exponent < -34 || d.Exponent > 34 {
		return Fraction{}, ErrFraction
	}
	if places := -d.Exponent; places >= 0 && int(places) < len(tens) && d.Coeff.IsUint64() {
		num, den := d.Coeff.Uint64(), tens[places]
		by := divisor(num, den)
		return Of(num/by, den/by), nil
	}
	coefficient := d.Coeff.MathBigInt()
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(d.Exponent, -d.Exponent))), nil)
	if d.Exponent < 0 {
		return FromRat(new(big.Rat).SetFrac(coefficient, ten)), nil
	}
	return FromRat(new(big.Rat).SetInt(ten.Mul(ten, coefficient))), nil
}

// tens are the powers of ten that fit a word.
var tens = func() (list [20]uint64) {
	list[0] = 1
	for i := 1; i < len(list); i++ {
		list[i] = list[i-1] * 10
	}
	return list
}()

// divisor is the greatest common divisor. b must not be 0.
func divisor(a, b uint64) uint64 {
	for a != 0 {
		a, b = b%a, a
	}
	return b
}

// FromRat is a rational as a fraction. It must not be negative.
func FromRat(r *big.Rat) Fraction {
	if r.Num().IsUint64() && r.Denom().IsUint64() {
		return Fraction{num: r.Num().Uint64(), den: r.Denom().Uint64()}
	}
	return Fraction{wide: r}
}

// Rat is the fraction as a rational.
func (f Fraction) Rat() *big.Rat {
	if f.wide != nil {
		return f.wide
	}
	if f.den == 0 {
		return new(big.Rat)
	}
	return new(big.Rat).SetFrac(new(big.Int).SetUint64(f.num), new(big.Int).SetUint64(f.den))
}

// Zero says whether the fraction is 0; the zero value is.
func (f Fraction) Zero() bool { return f.num == 0 && (f.wide == nil || f.wide.Sign() == 0) }

// Equal says whether both are the same number.
func (f Fraction) Equal(g Fraction) bool {
	if f.wide != nil || g.wide != nil || f.den == 0 || g.den == 0 {
		return f.Rat().Cmp(g.Rat()) == 0
	}
	hi, lo := bits.Mul64(f.num, g.den)
	hi2, lo2 := bits.Mul64(g.num, f.den)
	return hi == hi2 && lo == lo2
}

// Cmp compares with a whole number: -1 if the fraction is less, 0 if it is equal, 1 if it is more.
func (f Fraction) Cmp(whole uint64) int {
	if f.wide != nil {
		return f.wide.Cmp(new(big.Rat).SetFrac(new(big.Int).SetUint64(whole), big.NewInt(1)))
	}
	hi, lo := bits.Mul64(whole, max(f.den, 1))
	if hi > 0 {
		return -1
	}
	return cmp.Compare(f.num, lo)
}

// Times is f·num/den. den must not be 0.
func (f Fraction) Times(num, den uint64) Fraction {
	if f.Zero() || num == 0 {
		return Fraction{num: 0, den: 1}
	}
	if f.wide == nil {
		if product, ok := multiply(f.num, f.den, num, den); ok {
			return product
		}
	}
	by := new(big.Rat).SetFrac(new(big.Int).SetUint64(num), new(big.Int).SetUint64(den))
	return FromRat(by.Mul(by, f.Rat()))
}

func multiply(n1, d1, n2, d2 uint64) (Fraction, bool) {
	hiNum, n := bits.Mul64(n1, n2)
	hiDen, d := bits.Mul64(d1, d2)
	return Fraction{num: n, den: d}, hiNum == 0 && hiDen == 0
}

// Plus is the sum of both.
func (f Fraction) Plus(g Fraction) Fraction {
	switch {
	case f.Zero():
		return g
	case g.Zero():
		return f
	case f.wide == nil && g.wide == nil && f.den == g.den && f.num+g.num >= f.num:
		return Fraction{num: f.num + g.num, den: f.den}
	}
	return FromRat(new(big.Rat).Add(f.Rat(), g.Rat()))
}

// By is f·g.
func (f Fraction) By(g Fraction) Fraction {
	if g.wide == nil && g.den != 0 {
		return f.Times(g.num, g.den)
	}
	return FromRat(new(big.Rat).Mul(f.Rat(), g.Rat()))
}

// Contained is f/(1+f): what a whole contains of a rate that is on top of the rest of it, such as a tax.
func (f Fraction) Contained() Fraction {
	return FromRat(new(big.Rat).Quo(f.Rat(), f.Plus(Of(1, 1)).Rat()))
}

// Apply is a·f rounded to a whole number by the mode.
func (f Fraction) Apply(a int64, m Mode) (int64, error) {
	if f.wide != nil {
		x := new(big.Rat).SetInt64(a)
		return m.Rat(x.Mul(x, f.wide), 1)
	}
	if f.num == 0 {
		return 0, nil
	}
	return m.MulDiv(a, f.num, f.den)
}

// Fixed is the fraction times 2^bits, cut to a whole number.
func (f Fraction) Fixed(bits uint) *big.Int {
	if f.wide != nil {
		n := new(big.Int).Lsh(f.wide.Num(), bits)
		return n.Quo(n, f.wide.Denom())
	}
	if f.num == 0 {
		return new(big.Int)
	}
	n := new(big.Int).SetUint64(f.num)
	return n.Quo(n.Lsh(n, bits), new(big.Int).SetUint64(f.den))
}
