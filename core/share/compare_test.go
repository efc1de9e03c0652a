package share

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The written comparison of docs/distribution.md: three rules over the same random
// registers, each judged by the same dumb ruler, |paid - exact|, that knows no rule.
// Which rule it is decides here and nowhere else; the figures are in the document.

const comparedRegisters = 1500

// comparedRule gives amount cents to holdings with the units us, which sum to total,
// and returns the lines. It may keep what it likes between payments.
type comparedRule interface {
	pay(us []int64, total, amount int64) []int64
}

// plainRemainder starts afresh at each payment: everybody's whole cents, then one cent
// each to the largest fractions.
type plainRemainder struct{}

func (plainRemainder) pay(us []int64, total, amount int64) []int64 {
	lines, owed := make([]int64, len(us)), make([]int64, len(us))
	left := amount
	for i, u := range us {
		lines[i], owed[i] = u*amount/total, u*amount%total
		left -= lines[i]
	}
	for ; left > 0; left-- {
		i := largest(owed)
		lines[i]++
		owed[i] -= total
	}
	return lines
}

// carriedRemainder remembers what everybody is owed, in parts of a cent, and gives each
// cent to whom most is owed.
type carriedRemainder struct{ owed []int64 }

func (c *carriedRemainder) pay(us []int64, total, amount int64) []int64 {
	if c.owed == nil {
		c.owed = make([]int64, len(us))
	}
	lines := make([]int64, len(us))
	left := amount
	for i, u := range us {
		c.owed[i] += u * amount
		if c.owed[i] > 0 {
			lines[i] = min(c.owed[i]/total, left)
		}
		left -= lines[i]
		c.owed[i] -= lines[i] * total
	}
	for ; left > 0; left-- {
		i := largest(c.owed)
		lines[i]++
		c.owed[i] -= total
	}
	return lines
}

func largest(owed []int64) int {
	best := 0
	for i, o := range owed {
		if o > owed[best] {
			best = i
		}
	}
	return best
}

// earliestDue is the rule of this package.
type earliestDue struct {
	s     Scratch
	block []Block
	rem   Int128
}

func (e *earliestDue) pay(us []int64, total, amount int64) []int64 {
	if e.block == nil {
		e.block = []Block{{Units: make([]uint64, len(us)), Rows: make([]Row, len(us))}}
		for i, u := range us {
			e.block[0].Units[i] = uint64(u)
		}
	}
	lines := make([]int64, len(us))
	e.s.Pay(e.block, uint64(total), &e.rem, amount, lines)
	return lines
}

// comparedRegister draws units and payments of very different kinds.
func comparedRegister(r *rand.Rand) (us []int64, total int64, amounts []int64) {
	us = make([]int64, 2+r.IntN(60))
	kind := r.IntN(5)
	large := r.IntN(len(us))
	for i := range us {
		switch kind {
		case 0: // much alike
			us[i] = 100 + r.Int64N(50)
		case 1: // one holding has nearly everything, the others shares of 10^-6
			us[i] = 1 + r.Int64N(5)
			if i == 0 {
				us[i] = 1_000_000
			}
		case 2: // of every size
			us[i] = 1 + r.Int64N(1<<r.IntN(18))
		case 3: // hundreds, as most people hold
			us[i] = 25 * (1 + r.Int64N(40))
		case 4: // two sizes
			us[i] = 1
			if i < large {
				us[i] = 20
			}
		}
		total += us[i]
	}
	amounts = make([]int64, 50+r.IntN(350))
	top := []int64{1, 3, int64(len(us)), 100, 5_000, 100_000}[r.IntN(6)]
	same := r.IntN(2) == 0
	for i := range amounts {
		amounts[i] = 1 + r.Int64N(top)
		if same {
			amounts[i] = top
		}
	}
	return us, total, amounts
}

// distance is an exact |paid - exact| as a fraction.
type distance struct{ parts, of int64 }

func (d distance) over(e distance) bool {
	a := new(big.Int).Mul(big.NewInt(d.parts), big.NewInt(e.of))
	return a.Cmp(new(big.Int).Mul(big.NewInt(e.parts), big.NewInt(d.of))) > 0
}

func (d distance) String() string {
	const digits = 1_000_000 // rounded down, so that what is below one cent never shows as one
	n := new(big.Int).Mul(big.NewInt(d.parts), big.NewInt(digits))
	n.Div(n, big.NewInt(d.of))
	return fmt.Sprintf("%d.%06d", n.Int64()/digits, n.Int64()%digits)
}

type comparison struct {
	name    string
	largest distance // over all registers, payments and holdings
	lost    int      // registers in which somebody was a whole cent away or more
	end     distance // when every exact share is whole, as at the last payment of a debt
}

// runRule plays one register and adds what it saw.
func (c *comparison) runRule(rule comparedRule, us []int64, total int64, amounts []int64) {
	paid := make([]int64, len(us))
	sum, lost := int64(0), false
	play := func(amount int64) (worst distance) {
		worst.of = total
		sum += amount
		for i, line := range rule.pay(us, total, amount) {
			paid[i] += line
			d := paid[i]*total - us[i]*sum
			worst.parts = max(worst.parts, d, -d)
		}
		lost = lost || worst.parts >= total
		if worst.over(c.largest) {
			c.largest = worst
		}
		return worst
	}
	for _, a := range amounts {
		play(a)
	}
	if d := play(total - sum%total); d.over(c.end) {
		c.end = d
	}
	if lost {
		c.lost++
	}
}

func compareRules() []comparison {
	cs := []comparison{{name: "plain largest remainder"}, {name: "largest fraction first, carried"}, {name: "earliest due first (this rule)"}}
	for i := range cs {
		cs[i].largest.of, cs[i].end.of = 1, 1
	}
	r := rand.New(rand.NewPCG(1500, 1))
	for range comparedRegisters {
		us, total, amounts := comparedRegister(r)
		cs[0].runRule(plainRemainder{}, us, total, amounts)
		cs[1].runRule(&carriedRemainder{}, us, total, amounts)
		cs[2].runRule(&earliestDue{}, us, total, amounts)
	}
	return cs
}

// TestComparison is the reason for the rule: it alone keeps everybody within a cent,
// and it alone is exact when every share is whole. The document shows these figures.
func TestComparison(t *testing.T) {
	cs := compareRules()
	table := "| rule | largest distance, cents | registers with a whole cent or more | distance when every exact share is whole |\n|---|---|---|---|\n"
	for _, c := range cs {
		table += fmt.Sprintf("| %s | %v | %d of %d | %v |\n", c.name, c.largest, c.lost, comparedRegisters, c.end)
	}
	inDocument(t, "comparison", table)
	if c := cs[2]; c.lost != 0 || c.end.parts != 0 {
		t.Errorf("this rule: %+v", c)
	}
}
