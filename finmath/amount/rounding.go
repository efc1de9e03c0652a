// Package amount holds exact arithmetic on money: amounts in minor units, fractions without error, and roundings by name.
//
// The package must not know currencies, dates, rates of interest or contracts.
package amount

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
)

// Mode is the name of a rounding.
type Mode uint8

// The roundings. Half… go to the nearest, and differ where two are as near.
const (
	HalfEven Mode = iota // the even one
	HalfUp               // away from zero
	HalfDown             // towards zero
	Up                   // always away from zero
	Down                 // always towards zero
	Ceiling              // always up
	Floor                // always down
	modes
)

var modeNames = [modes]string{"half_even", "half_up", "half_down", "up", "down", "ceiling", "floor"}

// String is the name of the rounding.
func (m Mode) String() string {
	if m < modes {
		return modeNames[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// Known says whether there is such a rounding.
func (m Mode) Known() bool { return m < modes }

// ErrMode says that no rounding has this name.
var ErrMode = errors.New("no rounding of this name; take half_even, half_up, half_down, up, down, ceiling or floor")

// ParseMode finds a rounding by its name.
func ParseMode(name string) (Mode, error) {
	for i, n := range modeNames {
		if n == name {
			return Mode(i), nil
		}
	}
	return 0, fmt.Errorf("rounding %.40q: %w", name, ErrMode)
}

// Max is the largest amount, as in the ledger.
const Max = int64(1_000_000_000_000_000_000)

// ErrRange says that a result is not an amount: its size is above Max.
var ErrRange = errors.New("the amount is larger than 10^18 minor units")

// away says whether a number cut towards zero must go one further from it. half compares what was cut with one half;
// it is read only when something was cut.
func (m Mode) away(negative, odd bool, half int) bool {
	switch m {
	case HalfEven:
		return half > 0 || half == 0 && odd
	case HalfUp:
		return half >= 0
	case HalfDown:
		return half > 0
	case Up:
		return true
	case Ceiling:
		return !negative
	case Floor:
		return negative
	}
	return false
}

// Div is a/b rounded to a whole number. b must be positive.
func (m Mode) Div(a, b int64) int64 {
	q, r := a/b, a%b
	if r == 0 {
		return q
	}
	size, sign := r, int64(1)
	if a < 0 {
		size, sign = -r, -1
	}
	half := -1
	if rest := b - size; size > rest {
		half = 1
	} else if size == rest {
		half = 0
	}
	if m.away(a < 0, q&1 != 0, half) {
		q += sign
	}
	return q
}

// Multiple rounds an amount to a multiple of unit; a unit of 0 or 1 leaves it as it is.
func (m Mode) Multiple(a, unit int64) int64 {
	if unit <= 1 {
		return a
	}
	return m.Div(a, unit) * unit
}

// MulDiv is a·num/den rounded to a whole number, with a product of 128 bits.
func (m Mode) MulDiv(a int64, num, den uint64) (int64, error) {
	size := uint64(a)
	if a < 0 {
		size = -size
	}
	hi, lo := bits.Mul64(size, num)
	if hi >= den {
		return 0, ErrRange
	}
	q, r := bits.Div64(hi, lo, den)
	if r != 0 {
		half := -1
		if rest := den - r; r > rest {
			half = 1
		} else if r == rest {
			half = 0
		}
		if m.away(a < 0, q&1 != 0, half) {
			q++
		}
	}
	if q > uint64(Max) {
		return 0, ErrRange
	}
	if a < 0 {
		return -int64(q), nil
	}
	return int64(q), nil
}

// Rat rounds a rational to a multiple of unit.
func (m Mode) Rat(x *big.Rat, unit int64) (int64, error) {
	unit = max(unit, 1)
	den := new(big.Int).Mul(x.Denom(), big.NewInt(unit))
	return m.Quotient(x.Num(), den, unit)
}

// Quotient rounds num/den to a whole number and multiplies it by unit. den must be positive.
func (m Mode) Quotient(num, den *big.Int, unit int64) (int64, error) {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if r.Sign() != 0 {
		half := r.Lsh(r.Abs(r), 1).Cmp(den)
		if m.away(num.Sign() < 0, q.Bit(0) == 1, half) {
			q.Add(q, big.NewInt(int64(num.Sign())))
		}
	}
	q.Mul(q, big.NewInt(max(unit, 1)))
	if !q.IsInt64() || q.Int64() > Max || q.Int64() < -Max {
		return 0, ErrRange
	}
	return q.Int64(), nil
}
