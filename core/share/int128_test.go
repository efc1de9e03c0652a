package share

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func drawInt128(t *rapid.T, label string) Int128 {
	return Int128{
		Hi: rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 2)).Draw(t, label+" hi"),
		Lo: rapid.OneOf(rapid.Uint64(), rapid.Just[uint64](0), rapid.Just[uint64](math.MaxUint64)).Draw(t, label+" lo"),
	}
}

// wrap reduces x modulo 2^128 into the signed range.
func wrap(x *big.Int) *big.Int {
	half, all := new(big.Int).Lsh(big.NewInt(1), 127), new(big.Int).Lsh(big.NewInt(1), 128)
	x = new(big.Int).Add(x, half)
	return x.Sub(x.Mod(x, all), half)
}

// TestInt128 compares the arithmetic with math/big.
func TestInt128(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawInt128(t, "x"), drawInt128(t, "y")
		u, v := rapid.Uint64().Draw(t, "u"), rapid.Uint64().Draw(t, "v")
		bx, by := bigOf(x), bigOf(y)
		bu, bv := new(big.Int).SetUint64(u), new(big.Int).SetUint64(v)
		xu, yv := new(big.Int).Mul(bx, bu), new(big.Int).Mul(by, bv)
		for _, c := range []struct {
			what string
			got  Int128
			want *big.Int
		}{
			{"add", x.Add(y), new(big.Int).Add(bx, by)},
			{"sub", x.Sub(y), new(big.Int).Sub(bx, by)},
			{"neg", x.Neg(), new(big.Int).Neg(bx)},
			{"mul", x.Mul(u), xu},
			{"half", x.half(), new(big.Int).Rsh(bx, 1)},
		} {
			if bigOf(c.got).Cmp(wrap(c.want)) != 0 {
				t.Fatalf("%s: got %v, want %v", c.what, c.got, c.want)
			}
		}
		if x.Sign() != bx.Sign() || x.Cmp(y) != bx.Cmp(by) || x.Cmp(x) != 0 {
			t.Fatal("sign or order is wrong")
		}
		if x.wide(u).cmp(y.wide(v)) != xu.Cmp(yv) || x.wide(u).cmp(x.wide(u)) != 0 {
			t.Fatal("order of products is wrong")
		}
	})
}

// TestMulDiv: the floor, also below zero, and the rest.
func TestMulDiv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawInt128(t, "x")
		d := rapid.Uint64Range(1, math.MaxUint64).Draw(t, "d")
		k := rapid.Uint64Range(0, d).Draw(t, "k")
		want, rest := new(big.Int).Mul(bigOf(x), new(big.Int).SetUint64(k)), new(big.Int)
		want.DivMod(want, new(big.Int).SetUint64(d), rest)
		q, r := x.mulDiv(k, d)
		if bigOf(q).Cmp(want) != 0 || rest.Uint64() != r {
			t.Fatalf("got %v rest %d, want %v rest %v", q, r, want, rest)
		}
	})
}
