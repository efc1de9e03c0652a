package share

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// What the rule does not promise: while units change, a holding may be more than a cent
// ahead or behind. This measures how far, in ordinary trade and in the worst that was
// thought of. The document shows the figures.

// trade is a register in which something happens after each payment.
type trade struct {
	r     *rand.Rand
	block Block
	total uint64
	rem   Int128
	past  []Outcome
	lines [][]int64

	merged        []int // holdings whose units went into this one, itself included
	behind, ahead Int128
	broken        bool // somebody was as many cents ahead as holdings were merged into his
}

const tradedHoldings = 100

func newTrade(r *rand.Rand) *trade {
	t := &trade{r: r, block: Block{Units: make([]uint64, tradedHoldings), Rows: make([]Row, tradedHoldings)}}
	for i := range t.block.Units {
		t.block.Units[i] = 25 * (1 + r.Uint64N(40))
		t.total += t.block.Units[i]
		t.merged = append(t.merged, 1)
	}
	return t
}

func (t *trade) pay(s *Scratch) {
	lines := make([]int64, tradedHoldings)
	t.past = append(t.past, s.Pay([]Block{t.block}, t.total, &t.rem, 1+t.r.Int64N(500), lines))
	t.lines = append(t.lines, lines)
}

// measure looks at every carry. A negative one is how far the holding is ahead.
func (t *trade) measure() {
	for i, r := range t.block.Rows {
		if t.behind.Cmp(r.Carry) < 0 {
			t.behind = r.Carry
		}
		if r.Carry.Cmp(t.ahead) < 0 {
			t.ahead = r.Carry
		}
		t.broken = t.broken || r.Carry.Cmp(Cents(int64(-t.merged[i]))) <= 0
	}
}

func (t *trade) move(from, to int, k uint64) {
	us, rows := t.block.Units, t.block.Rows
	if from == to || k == 0 {
		return
	}
	part := MoveCarry(rows[from].Carry, k, us[from])
	rows[from].Carry = rows[from].Carry.Sub(part)
	rows[to].Carry = rows[to].Carry.Add(part)
	us[from] -= k
	us[to] += k
	t.merged[to] += t.merged[from]
}

var trades = []struct {
	name  string
	undo  bool
	after func(t *trade, payment int)
}{
	{name: "units never change", after: func(*trade, int) {}},
	{name: "after each payment one holding in ten sells some of its units to another", after: func(t *trade, _ int) {
		for range tradedHoldings / 10 {
			from, to := t.r.IntN(tradedHoldings), t.r.IntN(tradedHoldings)
			if u := t.block.Units[from]; u > 0 {
				t.move(from, to, 1+t.r.Uint64N(u))
			}
		}
	}},
	{name: "everybody who is ahead sells to one buyer, once", after: func(t *trade, payment int) {
		for i, r := range t.block.Rows {
			if payment == 20 && r.Carry.Sign() < 0 {
				t.move(i, 0, t.block.Units[i])
			}
		}
	}},
	{name: "everybody who is behind gets a thousand times his units, once", after: func(t *trade, payment int) {
		for i, r := range t.block.Rows {
			if payment == 20 && r.Carry.Sign() > 0 {
				t.total += 999 * t.block.Units[i]
				t.block.Units[i] *= 1000
			}
		}
	}},
	{name: "units never change, one payment in five is undone later", undo: true, after: func(t *trade, payment int) {
		if payment%5 != 4 {
			return
		}
		i := t.r.IntN(len(t.past))
		Undo([]Block{t.block}, t.past[i], &t.rem, t.lines[i])
		t.past, t.lines = slices.Delete(t.past, i, i+1), slices.Delete(t.lines, i, i+1)
	}},
}

func changedTable(t *testing.T) string {
	table := "| what happens | furthest behind, cents | furthest ahead, cents |\n|---|---|---|\n"
	for _, kind := range trades {
		var behind, ahead Int128
		r := rand.New(rand.NewPCG(200, 3))
		var s Scratch
		for range 200 {
			tr := newTrade(r)
			for payment := range 60 {
				tr.pay(&s)
				tr.measure()
				kind.after(tr, payment)
				if kind.undo {
					tr.measure()
				}
			}
			if tr.broken && !kind.undo {
				t.Errorf("%s: somebody is a cent ahead for each holding merged into his", kind.name)
			}
			if behind.Cmp(tr.behind) < 0 {
				behind = tr.behind
			}
			if tr.ahead.Cmp(ahead) < 0 {
				ahead = tr.ahead
			}
		}
		table += fmt.Sprintf("| %s | %s | %s |\n", kind.name, decimal(behind), decimal(ahead.Neg()))
	}
	return table
}

// decimal writes x ≥ 0 in cents, rounded down to a thousandth.
func decimal(x Int128) string {
	fraction, _ := Int128{Lo: x.Lo}.mulDiv(1000, 1)
	return fmt.Sprintf("%d.%03d", x.Hi, fraction.Hi)
}

func TestChangedUnits(t *testing.T) {
	inDocument(t, "changed units", changedTable(t))
}
