package share

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// ruler measures a register whose units never change. It knows no rule: only what was
// paid to whom, and everybody's exact share u·ΣA/U.
type ruler struct {
	units []uint64
	paid  []*big.Int
	sum   *big.Int // ΣA
	total *big.Int // U
}

func newRuler(units []uint64) *ruler {
	r := &ruler{units: units, sum: new(big.Int), total: new(big.Int)}
	for _, u := range units {
		r.paid = append(r.paid, new(big.Int))
		r.total.Add(r.total, new(big.Int).SetUint64(u))
	}
	return r
}

// add counts a payment, or takes one back with sign -1, and says what is wrong.
func (r *ruler) add(amount int64, lines []int64, sign int64) (fault string) {
	changes := make([]int64, len(lines))
	for i, line := range lines {
		if changes[i] = sign * line; line < 0 {
			return "a line is negative"
		}
	}
	return r.count(sign*amount, changes)
}

// count counts an amount of either sign and says what is wrong.
func (r *ruler) count(amount int64, lines []int64) (fault string) {
	r.sum.Add(r.sum, big.NewInt(amount))
	left := amount
	allWhole, allExact := true, true
	for i, u := range r.units {
		r.paid[i].Add(r.paid[i], big.NewInt(lines[i]))
		left -= lines[i]
		exact := new(big.Int).Mul(new(big.Int).SetUint64(u), r.sum)
		away := new(big.Int).Mul(r.paid[i], r.total)
		away.Sub(away, exact)
		if away.CmpAbs(r.total) >= 0 {
			return "somebody is a whole cent away from his exact share"
		}
		allWhole = allWhole && new(big.Int).Rem(exact, r.total).Sign() == 0
		allExact = allExact && away.Sign() == 0
	}
	if left != 0 {
		return "the lines do not sum to the payment"
	}
	if allWhole && !allExact {
		return "every exact share is whole and not everybody has been paid exactly"
	}
	return ""
}

// missing returns what must still be paid for every exact share to be whole.
func (r *ruler) missing() int64 {
	m := new(big.Int).Neg(r.sum)
	return m.Mod(m, r.total).Int64()
}

// TestExactness: units that never change, any amounts, last payments undone now and
// then, and a last payment that makes every share whole.
func TestExactness(t *testing.T) {
	for _, n := range []int{1, 2, 5, 20, 150} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { checkExactness(t, n) })
		})
	}
}

func checkExactness(t *rapid.T, n int) {
	units := make([]uint64, n)
	for i := range units {
		units[i] = drawUnits(t)
	}
	r := newRuler(units)
	rows, lines := make([]Row, len(units)), make([]int64, len(units))
	blocks := []Block{{Units: units, Rows: rows}}
	var s Scratch
	var rem Int128
	top := rapid.SampledFrom([]int64{1, 2, int64(len(units)), 1_000_000, MaxAmount / 1000}).Draw(t, "top")
	pay := func(amount int64) {
		before, remBefore := slices.Clone(rows), rem
		o := s.Pay(blocks, r.total.Uint64(), &rem, amount, lines)
		if fault := r.add(amount, lines, 1); fault != "" {
			t.Fatal(fault)
		}
		if amount%5 != 0 {
			return
		}
		Undo(blocks, o, &rem, lines)
		if fault := r.add(amount, lines, -1); fault != "" {
			t.Fatal(fault)
		}
		if rem != remBefore || !slices.Equal(rows, before) {
			t.Fatal("an undone payment left a trace")
		}
	}
	for range rapid.SampledFrom([]int{1, 10, 60}).Draw(t, "payments") {
		pay(rapid.Int64Range(1, top).Draw(t, "amount"))
	}
	for missing := r.missing(); missing > 0; missing = r.missing() {
		if missing%5 == 0 { // would be undone
			pay(1)
			continue
		}
		pay(missing)
	}
}

// TestExactnessAtTheLimits: a thousand holdings of nearly the most units each. What the
// rule rounds away from a share, up to u/2^64, is then larger than the smallest
// difference between two shares, 1/U.
func TestExactnessAtTheLimits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	units := make([]uint64, 1000)
	for i := range units {
		units[i] = MaxUnits - rnd.Uint64N(1000)*uint64(i%2)
	}
	units[7] = 1
	r := newRuler(units)
	blocks := []Block{{Units: units, Rows: make([]Row, len(units))}}
	lines := make([]int64, len(units))
	var s Scratch
	var rem Int128
	for i := range 300 {
		amount := 1 + rnd.Int64N([]int64{1, 1000, 3000, MaxAmount / 1000}[i%4])
		if i == 299 {
			amount = r.missing()
		}
		s.Pay(blocks, r.total.Uint64(), &rem, amount, lines)
		if fault := r.add(amount, lines, 1); fault != "" {
			t.Fatalf("payment %d: %s", i, fault)
		}
	}
}

// TestFarAhead sets carries that no life reaches soon, up to 10^17 cents ahead and behind,
// and checks the definition itself: A cents were given, each might be given, and none that
// might be given and was not comes before one that was.
func TestFarAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{2, 3, 10, 100}).Draw(t, "holders")
		m := model{rem: new(big.Int)}
		units, rows := make([]uint64, n), make([]Row, n)
		total, left := uint64(0), Int128{}
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		far := rapid.SampledFrom([]int64{1, 3, 1000, MaxAmount / 10}).Draw(t, "far")
		top := rapid.SampledFrom([]uint64{1, 5, 1000, MaxUnits}).Draw(t, "scale")
		for i := range units {
			units[i] = 1 + rnd.Uint64N(top)
			rows[i].Carry = Int128{Hi: rnd.Int64N(2*far) - far, Lo: rnd.Uint64() * uint64(i%2)}
			total += units[i]
			left = left.Sub(rows[i].Carry)
		}
		rem := Int128{}
		if rapid.Bool().Draw(t, "in rem") {
			rem = left // as cancels leave it: q may be negative
		} else {
			rows[0].Carry = rows[0].Carry.Add(left)
		}
		for i, u := range units {
			m.rows = append(m.rows, &modelRow{units: int64(u), carry: bigOf(rows[i].Carry)})
		}
		m.rem = bigOf(rem)
		before := slices.Clone(rows)

		amount := drawAmount(t)
		lines := make([]int64, n)
		var s Scratch
		o := s.Pay([]Block{{Units: units, Rows: rows}}, total, &rem, amount, lines)
		m.accrue(amount)
		m.certify(t, o, lines)
		for i := range rows {
			if got := o.Line(uint32(i), units[i], before[i].Carry); got != lines[i] {
				t.Fatalf("the outsider finds line %d of %d, got %d", got, i, lines[i])
			}
			paid := new(big.Int).Mul(big.NewInt(lines[i]), one)
			if bigOf(rows[i].Carry).Cmp(paid.Sub(m.rows[i].carry, paid)) != 0 {
				t.Fatalf("carry of %d is not what was earned less the line", i)
			}
		}
	})
}

// certify checks lines against the definition, given the accrued carries.
func (m *model) certify(t *rapid.T, o Outcome, lines []int64) {
	sum := int64(0)
	for i, r := range m.rows {
		sum += lines[i]
		beforeCut := func(j int64) bool {
			d, cut := r.deficit(j), bigOf(o.Cut.Deficit)
			if dueBefore(d, r.units, cut, int64(o.Cut.Units)) {
				return true
			}
			return !dueBefore(cut, int64(o.Cut.Units), d, r.units) && i <= int(o.Cut.Holder)
		}
		if lines[i] < 0 || lines[i] > 0 && !r.mayGet(lines[i]) {
			t.Fatalf("line %d may not be %d", i, lines[i])
		}
		if lines[i] > 0 && !beforeCut(lines[i]) {
			t.Fatalf("line %d of %d: its last cent comes after the cut", lines[i], i)
		}
		if r.mayGet(lines[i]+1) && beforeCut(lines[i]+1) {
			t.Fatalf("line %d of %d: one more cent comes before the cut", lines[i], i)
		}
	}
	if sum != o.Amount {
		t.Fatalf("lines sum to %d, not %d", sum, o.Amount)
	}
	if d := m.rows[o.Cut.Holder].deficit(lines[o.Cut.Holder]); d.Cmp(bigOf(o.Cut.Deficit)) != 0 {
		t.Fatalf("the cut %v is not the last cent of its holder, %v", o.Cut, d)
	}
}
