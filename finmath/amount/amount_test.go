package amount_test

import (
	"errors"
	"math/big"
	"strconv"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/amount"
)

func TestRoundings(t *testing.T) {
	for _, c := range []struct {
		a, b int64
		want [7]int64 // half even, half up, half down, up, down, ceiling, floor
	}{
		{5, 2, [7]int64{2, 3, 2, 3, 2, 3, 2}},
		{7, 2, [7]int64{4, 4, 3, 4, 3, 4, 3}},
		{-5, 2, [7]int64{-2, -3, -2, -3, -2, -2, -3}},
		{10, 4, [7]int64{2, 3, 2, 3, 2, 3, 2}},
		{11, 4, [7]int64{3, 3, 3, 3, 2, 3, 2}},
		{-9, 4, [7]int64{-2, -2, -2, -3, -2, -2, -3}},
		{8, 4, [7]int64{2, 2, 2, 2, 2, 2, 2}},
	} {
		for m, want := range c.want {
			if got := amount.Mode(m).Div(c.a, c.b); got != want {
				t.Errorf("%d/%d %s: %d, want %d", c.a, c.b, amount.Mode(m), got, want)
			}
		}
	}
	if got := amount.Ceiling.Multiple(311_01, 100); got != 312_00 {
		t.Errorf("up to a whole unit: %d", got)
	}
}

// TestOneRounding shows that the ways with one word, two words and without limit round alike.
func TestOneRounding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mode := amount.Mode(rapid.Uint8Range(0, 6).Draw(t, "mode"))
		a := rapid.Int64Range(-amount.Max, amount.Max).Draw(t, "a")
		num := rapid.Uint64Range(0, 1<<40).Draw(t, "num")
		den := rapid.Uint64Range(1, 1<<50).Draw(t, "den")
		exact := new(big.Rat).SetFrac(new(big.Int).SetUint64(num), new(big.Int).SetUint64(den))
		exact.Mul(exact, new(big.Rat).SetInt64(a))
		want, wantErr := mode.Rat(exact, 1)
		got, err := amount.Of(num, den).Apply(a, mode)
		if (err != nil) != (wantErr != nil) || err == nil && got != want {
			t.Fatalf("%d·%d/%d %s: %d %v, want %d %v", a, num, den, mode, got, err, want, wantErr)
		}
	})
}

// TestFractions shows that fractions stay exact when they outgrow two words.
func TestFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, exact := amount.Of(1, 1), big.NewRat(1, 1)
		for range rapid.IntRange(1, 8).Draw(t, "times") {
			num := rapid.Uint64Range(0, 1<<62).Draw(t, "num")
			den := rapid.Uint64Range(1, 1<<62).Draw(t, "den")
			by := new(big.Rat).SetFrac(new(big.Int).SetUint64(num), new(big.Int).SetUint64(den))
			if rapid.Bool().Draw(t, "add") {
				f, exact = f.Plus(amount.Of(num, den)), exact.Add(exact, by)
			} else {
				f, exact = f.Times(num, den), exact.Mul(exact, by)
			}
			if f.Rat().Cmp(exact) != 0 || !f.Equal(amount.FromRat(exact)) {
				t.Fatalf("%s, want %s", f.Rat(), exact)
			}
			exact = new(big.Rat).Set(exact)
		}
	})
}

// A price of 106.00 with a tax of 6 % contains 6.00, whatever digits the rate has; without a tax it contains nothing.
func TestContained(t *testing.T) {
	for _, c := range []struct {
		rate     string
		x, wants int64
	}{{"0.06", 106_00, 6_00}, {"0.06", 2_12, 12}, {"0.03", 2_12, 6}, {"0", 2_12, 0}, {"1", 2_12, 1_06}, {"0.333333333333", 4_00, 1_00}} {
		d, _, err := apd.NewFromString(c.rate)
		if err != nil {
			t.Fatal(err)
		}
		f, err := amount.Decimal(d)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.Contained().Apply(c.x, amount.HalfUp); err != nil || got != c.wants {
			t.Errorf("%d contain %d of a tax of %s, want %d (%v)", c.x, got, c.rate, c.wants, err)
		}
	}
}

func TestDecimals(t *testing.T) {
	for text, want := range map[string]string{"0.12": "3/25", "0": "0/1", "1E+2": "100/1", "0.094822": "47411/500000"} {
		d, _, _ := apd.NewFromString(text)
		if f, err := amount.Decimal(d); err != nil || f.Rat().String() != want {
			t.Errorf("%s: %s %v, want %s", text, f.Rat(), err, want)
		}
	}
	for _, text := range []string{"-0.1", "NaN", "Infinity", "1E-40"} {
		d, _, _ := apd.NewFromString(text)
		if _, err := amount.Decimal(d); !errors.Is(err, amount.ErrFraction) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Int64Range(-amount.Max, amount.Max).Draw(t, "x")
		digits := rapid.IntRange(0, amount.MaxDigits).Draw(t, "digits")
		if back, err := amount.Parse(amount.Format(x, digits), digits); err != nil || back != x {
			t.Fatalf("%d is read as %d: %v", x, back, err)
		}
	})
	for _, text := range []string{"", "1.005", "abc", "1e30", "NaN", "0x10"} {
		if x, err := amount.Parse(text, 2); err == nil {
			t.Errorf("%q is read as %d", text, x)
		}
	}
	if x, err := amount.Parse(" -12.50000 ", 2); err != nil || x != -12_50 {
		t.Errorf("%d %v", x, err)
	}
}

// A decimal is the fraction that its digits say, in lowest terms, and compares with whole numbers as they do.
func TestDecimalIsItsDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching("(0|[1-9][0-9]{0,24})").Draw(t, "digits")
		exponent := rapid.Int32Range(-34, 9).Draw(t, "exponent")
		coefficient, _ := new(big.Int).SetString(digits, 10)
		d := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(coefficient), exponent)
		f, err := amount.Decimal(d)
		if err != nil {
			t.Fatal(err)
		}
		want, ok := new(big.Rat).SetString(digits + "e" + strconv.Itoa(int(exponent)))
		if !ok || f.Rat().Cmp(want) != 0 || f.Rat().Denom().Cmp(want.Denom()) != 0 {
			t.Fatalf("%s is %s, want %s", d, f.Rat(), want)
		}
		whole := rapid.Uint64().Draw(t, "whole")
		if rapid.Bool().Draw(t, "near") {
			if near := new(big.Int).Quo(want.Num(), want.Denom()); near.IsUint64() {
				whole = near.Uint64() // the same, or just below
			}
		}
		if got := f.Cmp(whole); got != want.Cmp(new(big.Rat).SetInt(new(big.Int).SetUint64(whole))) {
			t.Fatalf("%s compares with %d as %d", d, whole, got)
		}
	})
	if (amount.Fraction{}).Cmp(0) != 0 || (amount.Fraction{}).Cmp(1) != -1 {
		t.Error("the zero value is 0")
	}
}
