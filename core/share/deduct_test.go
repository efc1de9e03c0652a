package share

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestDeduct by example: 1% of lines of 3 cents.
func TestDeduct(t *testing.T) {
	var rest uint32
	got := ""
	for range 40 {
		got += fmt.Sprint(Deduct(3, 10_000, &rest))
	}
	// 40 lines are 120 cents: one cent, when 102 cents are reached.
	if want := "0000000000000000000000000000000001000000"; got != want || rest != 200_000 {
		t.Errorf("got %s rest %d, want %s", got, rest, want)
	}
	for _, c := range []struct {
		line     int64
		ppm      uint32
		rest     uint32
		want     int64
		wantRest uint32
	}{
		{0, 1_000_000, 999_999, 0, 999_999},
		{1, 1_000_000, 999_999, 1, 999_999},
		{1, 999_999, 999_999, 1, 999_998},
		{MaxAmount, 1_000_000, 0, MaxAmount, 0},
		{MaxAmount, 1, 999_999, MaxAmount / 1_000_000, 999_999},
		{7, 0, 5, 0, 5},
	} {
		rest := c.rest
		if got := Deduct(c.line, c.ppm, &rest); got != c.want || rest != c.wantRest {
			t.Errorf("Deduct(%d, %d, %d) = %d rest %d, want %d rest %d", c.line, c.ppm, c.rest, got, rest, c.want, c.wantRest)
		}
	}
}

// TestDeductions: what is deducted in all is the exact sum, rounded down once, at any
// rates; nothing is more than its line; undone last first it leaves no trace, and undone in
// any order the sum stays exact.
func TestDeductions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type deduction struct {
			line   int64
			ppm    uint32
			got    int64
			before uint32
		}
		var done []deduction
		var rest uint32
		exact, sum := new(big.Int), new(big.Int)
		add := func(d deduction, sign int64) {
			exact.Add(exact, new(big.Int).Mul(big.NewInt(sign*d.line), big.NewInt(int64(d.ppm))))
			sum.Add(sum, big.NewInt(sign*d.got))
			if floor := new(big.Int).Div(exact, big.NewInt(million)); floor.Cmp(sum) != 0 {
				t.Fatalf("deducted %v of exactly %v millionths", sum, exact)
			}
			if d.got < 0 || d.got > d.line || rest >= million {
				t.Fatalf("deducted %d from %d, rest %d", d.got, d.line, rest)
			}
		}
		for range rapid.SampledFrom([]int{1, 5, 50}).Draw(t, "lines") {
			top := rapid.SampledFrom([]int64{1, 10, 10_000, MaxAmount}).Draw(t, "scale")
			d := deduction{
				line:   rapid.Int64Range(0, top).Draw(t, "line"),
				ppm:    rapid.Uint32Range(0, million).Draw(t, "ppm"),
				before: rest,
			}
			d.got = Deduct(d.line, d.ppm, &rest)
			add(d, 1)
			done = append(done, d)
		}
		lastFirst := rapid.Bool().Draw(t, "last first")
		for n := len(done); n > 0; n = len(done) {
			i := n - 1
			if !lastFirst {
				i = rapid.IntRange(0, n-1).Draw(t, "undo")
			}
			d := done[i]
			done = append(done[:i], done[i+1:]...)
			got := UndoDeduct(d.line, d.ppm, &rest)
			if lastFirst && (got != d.got || rest != d.before) {
				t.Fatalf("undone %d rest %d, deducted was %d rest before %d", got, rest, d.got, d.before)
			}
			d.got = got
			add(d, -1)
		}
		if rest != 0 {
			t.Fatalf("all is undone and %d millionths remain", rest)
		}
	})
}
