package share

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A life is a register that lives at random: payments, moves, cancels, issues and
// undos, each done by the package and by the model. After each step both are equal
// and the invariants hold.
type life struct {
	t *rapid.T
	m *model

	units []uint64
	rows  []Row
	rem   Int128
	s     Scratch

	spans   []Span // one a holding, since its units last changed
	index   Int128 // sum of Q
	past    []payment
	changed int // payments made before units last changed

	sumPaid *big.Int
}

type payment struct {
	o     Outcome
	units []uint64
	lines []int64
	part  bool // single lines were undone
}

func newLife(t *rapid.T, least, most int) *life {
	l := &life{t: t, m: &model{rem: new(big.Int)}, sumPaid: new(big.Int)}
	for range rapid.IntRange(least, most).Draw(t, "holders") {
		l.issue(len(l.units))
	}
	return l
}

// TestLives compares the package with the model over random lives; registers of many
// holdings use the drawers.
func TestLives(t *testing.T) {
	for _, size := range []struct{ least, most, steps int }{{1, 3, 40}, {2, 12, 40}, {10, 40, 20}, {fewHoldings, fewHoldings + 30, 6}} {
		t.Run(fmt.Sprintf("%d to %d holdings", size.least, size.most), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { newLife(t, size.least, size.most).live(size.steps) })
		})
	}
}

// FuzzLives does it with lives found by the fuzzer.
func FuzzLives(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { newLife(t, 1, 12).live(40) }))
}

func (l *life) live(most int) {
	for range rapid.SampledFrom([]int{1, 2, most / 2, most}).Draw(l.t, "steps") {
		switch rapid.IntRange(0, 13).Draw(l.t, "step") {
		case 0:
			l.issue(len(l.units))
		case 1:
			l.issue(l.holder("issue to"))
		case 2, 3:
			l.move(l.holder("move from"), l.holder("move to"))
		case 4:
			l.cancel(l.holder("cancel"))
		case 5:
			l.undoLast()
		case 6:
			l.undoAny()
		case 7:
			l.undoLine()
		default:
			l.pay(drawAmount(l.t))
		}
		l.check()
	}
}

func drawUnits(t *rapid.T) uint64 {
	top := rapid.SampledFrom([]uint64{1, 3, 10, 1000, 1_000_000, MaxUnits}).Draw(t, "scale")
	return rapid.Uint64Range(1, top).Draw(t, "units")
}

func drawAmount(t *rapid.T) int64 {
	top := rapid.SampledFrom([]int64{1, 3, 20, 1000, 1_000_000_000, MaxAmount}).Draw(t, "scale")
	return rapid.Int64Range(1, top).Draw(t, "amount")
}

func (l *life) holder(label string) int {
	return rapid.IntRange(0, len(l.units)-1).Draw(l.t, label)
}

func (l *life) total() (sum uint64) {
	for _, u := range l.units {
		sum += u
	}
	return sum
}

// blocks cuts the rows at random places; some blocks are empty.
func (l *life) blocks() (blocks []Block) {
	at := 0
	for range rapid.IntRange(0, 3).Draw(l.t, "cuts") {
		n := rapid.IntRange(0, len(l.units)-at).Draw(l.t, "block")
		blocks = append(blocks, Block{Units: l.units[at : at+n], Rows: l.rows[at : at+n]})
		at += n
	}
	return append(blocks, Block{Units: l.units[at:], Rows: l.rows[at:]})
}

func (l *life) issue(h int) {
	u := drawUnits(l.t)
	if h == len(l.units) {
		l.units = append(l.units, 0)
		l.rows = append(l.rows, Row{})
		l.spans = append(l.spans, Span{})
		l.m.rows = append(l.m.rows, &modelRow{carry: new(big.Int)})
	}
	if l.units[h]+u > MaxUnits {
		return
	}
	l.units[h] += u
	l.m.rows[h].units += int64(u)
	l.unitsChanged(h)
}

func (l *life) move(from, to int) {
	if from == to || l.units[from] == 0 {
		return
	}
	k := rapid.Uint64Range(1, l.units[from]).Draw(l.t, "k")
	if l.units[to]+k > MaxUnits {
		return
	}
	part := MoveCarry(l.rows[from].Carry, k, l.units[from])
	l.rows[from].Carry = l.rows[from].Carry.Sub(part)
	l.rows[to].Carry = l.rows[to].Carry.Add(part)
	l.units[from] -= k
	l.units[to] += k
	l.m.move(from, to, int64(k))
	l.unitsChanged(from, to)
}

func (l *life) cancel(from int) {
	if l.units[from] == 0 {
		return
	}
	k := rapid.Uint64Range(1, l.units[from]).Draw(l.t, "k")
	part := MoveCarry(l.rows[from].Carry, k, l.units[from])
	l.rows[from].Carry = l.rows[from].Carry.Sub(part)
	l.rem = l.rem.Add(part)
	l.units[from] -= k
	l.m.cancel(from, int64(k))
	l.unitsChanged(from)
}

func (l *life) unitsChanged(holders ...int) {
	l.changed = len(l.past)
	for _, h := range holders {
		l.startSpan(h)
	}
}

func (l *life) startSpan(h int) {
	l.spans[h] = Span{Units: l.units[h], Carry: l.rows[h].Carry, Paid: l.rows[h].Paid, Index: l.index}
}

func (l *life) pay(amount int64) {
	total := l.total()
	sum := new(big.Int).Add(l.sumPaid, big.NewInt(amount))
	if total == 0 || !sum.IsInt64() {
		return
	}
	l.sumPaid = sum
	rowsBefore, remBefore := slices.Clone(l.rows), l.rem
	lines := make([]int64, len(l.rows))
	for i := range lines {
		lines[i] = 1 << 40 // whatever is there is overwritten
	}
	o := l.s.Pay(l.blocks(), total, &l.rem, amount, lines)

	modelPay := l.m.payLarge
	if amount <= 100 {
		modelPay = l.m.pay
	}
	want, cut, q := modelPay(amount)
	l.same("lines", fmt.Sprint(lines), fmt.Sprint(want))
	l.same("q", bigOf(o.Q), q)
	l.same("cut", bigOf(o.Cut.Deficit), cut.deficit)
	l.same("holder of the cut", o.Cut.Holder, cut.holder)
	l.same("units of the cut", o.Cut.Units, l.units[cut.holder])
	l.checkPublic(o, rowsBefore, remBefore, lines)
	l.checkSpans(o, rowsBefore, lines)
	l.past = append(l.past, payment{o: o, units: slices.Clone(l.units), lines: lines})
}

// checkPublic does what an outsider does: everything from the holder's own units and
// carry and from what the payment made public.
func (l *life) checkPublic(o Outcome, before []Row, rem Int128, lines []int64) {
	l.same("sound", o.Sound(rem), true)
	l.same("remainder before", o.Before(), rem)
	sum := int64(0)
	for i, line := range lines {
		if line < 0 {
			l.t.Fatalf("line %d is negative: %d", i, line)
		}
		l.same("line by the outsider", o.Line(uint32(i), l.units[i], before[i].Carry), line)
		sum += line
	}
	l.same("sum of lines", sum, o.Amount)
}

// checkSpans does what history does: a line is the difference of two look-ups.
func (l *life) checkSpans(o Outcome, before []Row, lines []int64) {
	index := l.index.Add(o.Q)
	for i, s := range l.spans {
		was := s.PaidAt(l.index, Ahead(before[i].Carry))
		is := s.PaidAt(index, Ahead(l.rows[i].Carry))
		l.same("paid by look-up", is, l.rows[i].Paid)
		l.same("line by look-ups", is-was, lines[i])
	}
	l.index = index
}

// undoLast pays, undoes that, and finds everything as it was, to the bit.
func (l *life) undoLast() {
	rows, rem, index := slices.Clone(l.rows), l.rem, l.index
	made := len(l.past)
	l.pay(drawAmount(l.t))
	if len(l.past) == made {
		return
	}
	l.undo(made)
	l.same("rows after undo", fmt.Sprint(l.rows), fmt.Sprint(rows))
	l.same("rem after undo", l.rem, rem)
	l.same("index after undo", l.index, index)
}

// undoAny undoes any payment that was not undone, whatever has come since.
func (l *life) undoAny() {
	if len(l.past) == 0 {
		return
	}
	if at := rapid.IntRange(0, len(l.past)-1).Draw(l.t, "payment"); !l.past[at].part {
		l.undo(at)
	}
}

// undoLine undoes one line of any payment, whatever has come since.
func (l *life) undoLine() {
	if len(l.past) == 0 {
		return
	}
	p := &l.past[rapid.IntRange(0, len(l.past)-1).Draw(l.t, "payment")]
	i := rapid.IntRange(0, len(p.lines)-1).Draw(l.t, "line")
	line, u := p.lines[i], p.units[i]
	if line == 0 {
		return
	}
	p.part, p.lines[i] = true, 0
	l.rows[i].Paid -= line
	if l.units[i] > 0 {
		change := UndoLine(Int128{}, u, p.o.Q, line)
		l.rows[i].Carry, l.rem = l.rows[i].Carry.Add(change), l.rem.Sub(change)
	}
	l.startSpan(i)
	l.m.undoLine(i, bigOf(p.o.Q), int64(u), line)
}

func (l *life) undo(at int) {
	p := l.past[at]
	l.index = l.index.Sub(p.o.Q)
	if at >= l.changed {
		lines := append(slices.Clone(p.lines), make([]int64, len(l.rows)-len(p.lines))...)
		Undo(l.blocks(), p.o, &l.rem, lines)
	} else {
		l.rem = UndoRem(l.rem, p.o)
		for i, line := range p.lines {
			l.rows[i].Paid -= line
			if l.units[i] > 0 {
				l.rows[i].Carry = UndoLine(l.rows[i].Carry, p.units[i], p.o.Q, line)
			} else {
				l.rem = l.rem.Add(UndoLine(Int128{}, p.units[i], p.o.Q, line))
			}
		}
		for i := range l.spans {
			l.startSpan(i)
		}
		l.changed--
	}
	units := make([]int64, len(p.units))
	for i, u := range p.units {
		units[i] = int64(u)
	}
	l.m.undo(p.o.Amount, bigOf(p.o.Q), units, p.lines)
	l.past = slices.Delete(l.past, at, at+1)
	l.sumPaid.Sub(l.sumPaid, big.NewInt(p.o.Amount))
}

// check compares the states and sums the carries.
func (l *life) check() {
	sum := bigOf(l.rem)
	l.same("rem", sum, l.m.rem)
	for i, r := range l.rows {
		l.same(fmt.Sprintf("carry of %d", i), bigOf(r.Carry), l.m.rows[i].carry)
		l.same(fmt.Sprintf("paid of %d", i), r.Paid, l.m.rows[i].paid)
		sum.Add(sum, bigOf(r.Carry))
		if l.units[i] == 0 {
			l.same("carry without units", r.Carry, Int128{})
		}
	}
	l.same("sum of carry and rem", sum, "0")
}

func (l *life) same(what string, got, want any) {
	l.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		l.t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func bigOf(x Int128) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(x.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(x.Lo))
}
