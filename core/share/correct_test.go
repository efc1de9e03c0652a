package share

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// modelCorrect is the rule of corrections written for clarity: cents are given, or taken, one at a time.
func modelCorrect(parts []Part, units uint64, amount int64) []Part {
	q := new(big.Int).Div(new(big.Int).Mul(big.NewInt(amount), one), new(big.Int).SetUint64(units)) // Euclid's, the floor
	carry, rounds, sum := make([]*big.Int, len(parts)), make([]int, len(parts)), int64(0)
	for i := range parts {
		p := &parts[i]
		carry[i] = new(big.Int).Add(bigOf(p.Carry), new(big.Int).Mul(q, new(big.Int).SetUint64(p.Then)))
		p.Line = max(new(big.Int).Rsh(carry[i], 64).Int64(), -p.Paid)
		carry[i].Sub(carry[i], new(big.Int).Mul(big.NewInt(p.Line), one))
		sum += p.Line
	}
	// later says whether the next cent of a falls due after the next one of b, or the last one of a after the last of b.
	later := func(a, b int, j int64) bool {
		d := func(i int) *big.Int { return new(big.Int).Sub(new(big.Int).Mul(big.NewInt(j), one), carry[i]) }
		x := new(big.Int).Mul(d(a), new(big.Int).SetUint64(parts[b].pace()))
		y := new(big.Int).Mul(d(b), new(big.Int).SetUint64(parts[a].pace()))
		if c := x.Cmp(y); c != 0 {
			return c > 0
		}
		return parts[a].Holder > parts[b].Holder
	}
	for ; sum != amount; sum += int64(sign(sum > amount)) {
		at := -1
		for i := range parts {
			switch {
			case sum > amount && parts[i].Paid+parts[i].Line == 0: // has nothing left to give
			case at < 0 || rounds[i] < rounds[at]:
				at = i
			case rounds[i] > rounds[at]:
			case sum > amount && later(i, at, 0):
				at = i
			case sum < amount && (carry[i].Sign() > 0) != (carry[at].Sign() > 0):
				if carry[i].Sign() > 0 {
					at = i
				}
			case sum < amount && later(at, i, 1):
				at = i
			}
		}
		if sum > amount {
			parts[at].Line--
			carry[at].Add(carry[at], one)
			rounds[at]++
			continue
		}
		if carry[at].Sign() <= 0 {
			rounds[at]++
		}
		parts[at].Line++
		carry[at].Sub(carry[at], one)
	}
	for i := range parts {
		parts[i].Carry = int128Of(carry[i])
	}
	return parts
}

func int128Of(b *big.Int) Int128 {
	hi := new(big.Int).Rsh(b, 64)
	return Int128{Hi: hi.Int64(), Lo: new(big.Int).Sub(b, new(big.Int).Lsh(hi, 64)).Uint64()}
}

func TestCorrectIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []Part
		units, paid := uint64(0), int64(0)
		for i := range rapid.IntRange(1, 12).Draw(t, "holders") {
			p := Part{Holder: uint32(2 * i), Then: drawUnits(t), Paid: rapid.Int64Range(0, 50).Draw(t, "paid")}
			if rapid.IntRange(0, 3).Draw(t, "gone") > 0 {
				p.Now = rapid.SampledFrom([]uint64{p.Then, p.Then, drawUnits(t)}).Draw(t, "now")
				p.Carry = Int128{Hi: rapid.Int64Range(-3, 2).Draw(t, "carry"), Lo: rapid.Uint64().Draw(t, "fraction")}
			}
			units += p.Then
			paid += p.Paid
			parts = append(parts, p)
		}
		amount := rapid.Int64Range(-paid, 200).Draw(t, "amount")
		if !Correctable(parts, units, amount) {
			return
		}
		want := modelCorrect(slices.Clone(parts), units, amount)
		before := Int128{}
		for _, p := range parts {
			before = before.Add(p.Carry)
		}
		q, rest := Correct(parts, units, amount)
		if !slices.Equal(parts, want) {
			t.Fatalf("%+v\n%+v", parts, want)
		}
		sum, after := int64(0), Int128{}
		for _, p := range parts {
			sum += p.Line
			after = after.Add(p.Carry)
			if p.Paid+p.Line < 0 {
				t.Fatalf("%+v gives more than he was paid", p)
			}
		}
		if sum != amount || after.Add(rest) != before || q.Mul(units).Add(rest) != Cents(amount) || rest.Hi != 0 || rest.Lo >= units {
			t.Fatalf("lines sum to %d, want %d; carries from %v to %v with rest %v", sum, amount, before, after, rest)
		}
	})
}

// Payments and corrections of any size in any order, by units that never change: nobody is ever a whole cent away, and all
// have been paid exactly when every exact share is whole.
func TestCorrectionsKeepPromises(t *testing.T) {
	for _, n := range []int{1, 2, 5, 20, 100} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := newCorrected(t, n)
				for range rapid.IntRange(1, 20).Draw(t, "steps") {
					if c.sum == 0 || rapid.Bool().Draw(t, "pay") {
						c.pay(rapid.Int64Range(1, 2000).Draw(t, "amount"))
					} else {
						c.correct(rapid.Int64Range(-c.sum, 2000).Draw(t, "difference"))
					}
				}
				missing := c.ruler.missing()
				if missing > 1_000_000_000 {
					return // units of which no whole shares come
				}
				if missing > 0 && rapid.Bool().Draw(t, "pay the rest") {
					c.pay(missing)
				} else if missing > 0 {
					c.correct(missing)
				}
			})
		})
	}
}

// correctedRegister has units that never change, and a ruler.
type correctedRegister struct {
	t     *rapid.T
	ruler *ruler
	block Block
	total uint64
	rem   Int128
	sum   int64
	s     Scratch
}

func newCorrected(t *rapid.T, n int) *correctedRegister {
	c := &correctedRegister{t: t, block: Block{Units: make([]uint64, n), Rows: make([]Row, n)}}
	for i := range n {
		c.block.Units[i] = rapid.Uint64Range(1, rapid.SampledFrom([]uint64{1, 5, 100, 10_000}).Draw(t, "scale")).Draw(t, "units")
		c.total += c.block.Units[i]
	}
	c.ruler = newRuler(c.block.Units)
	return c
}

func (c *correctedRegister) pay(amount int64) {
	lines := make([]int64, len(c.block.Units))
	c.s.Pay([]Block{c.block}, c.total, &c.rem, amount, lines)
	c.count(amount, lines)
}

func (c *correctedRegister) correct(amount int64) {
	if amount == 0 {
		return
	}
	parts := make([]Part, len(c.block.Units))
	for i, u := range c.block.Units {
		parts[i] = Part{Holder: uint32(i), Then: u, Now: u, Carry: c.block.Rows[i].Carry, Paid: c.block.Rows[i].Paid}
	}
	_, rest := Correct(parts, c.total, amount)
	c.rem = c.rem.Add(rest)
	lines := make([]int64, len(parts))
	for i := range parts {
		lines[i] = parts[i].Line
		c.block.Rows[i].Carry = parts[i].Carry
		c.block.Rows[i].Paid += lines[i]
	}
	c.count(amount, lines)
}

func (c *correctedRegister) count(amount int64, lines []int64) {
	c.sum += amount
	if fault := c.ruler.count(amount, lines); fault != "" {
		c.t.Fatalf("after %d: %s: %v of %v", amount, fault, c.ruler.paid, c.block.Units)
	}
}
