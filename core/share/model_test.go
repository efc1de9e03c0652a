package share

import "math/big"

// The model is the rule of distribution written for clarity, and the written truth:
// where the package and the model differ, the package is wrong.

// one is a cent: carries and remainders count 2^-64 of it.
var one = new(big.Int).Lsh(big.NewInt(1), 64)

// modelRow is one holding in one tranche.
type modelRow struct {
	units, paid int64
	carry       *big.Int
}

// model is one tranche of a register. Σ carry + rem = 0.
type model struct {
	rem  *big.Int
	rows []*modelRow
}

// modelCut is the last cent given.
type modelCut struct {
	deficit *big.Int
	holder  int
}

// units returns U.
func (m *model) units() *big.Int {
	sum := new(big.Int)
	for _, r := range m.rows {
		sum.Add(sum, big.NewInt(r.units))
	}
	return sum
}

// accrue adds to every carry what its units earn: q, rem = floor-divmod(A·2^64 + rem, U).
func (m *model) accrue(amount int64) (q *big.Int) {
	total := new(big.Int).Mul(big.NewInt(amount), one)
	total.Add(total, m.rem)
	q, m.rem = new(big.Int).DivMod(total, m.units(), new(big.Int)) // Euclid's, which is the floor as U > 0
	for _, r := range m.rows {
		r.carry.Add(r.carry, new(big.Int).Mul(big.NewInt(r.units), q))
	}
	return q
}

// pay accrues and gives amount cents, one after the other, each to the holding whose
// next cent falls due first: the smallest (j·2^64 - carry)/u, then the smallest number.
func (m *model) pay(amount int64) (lines []int64, cut modelCut, q *big.Int) {
	q = m.accrue(amount)
	lines = make([]int64, len(m.rows))
	for range amount {
		cut = modelCut{holder: -1}
		for i, r := range m.rows {
			if !r.mayGet(lines[i] + 1) {
				continue
			}
			d := r.deficit(lines[i] + 1)
			if cut.holder < 0 || dueBefore(d, r.units, cut.deficit, m.rows[cut.holder].units) {
				cut = modelCut{deficit: d, holder: i}
			}
		}
		lines[cut.holder]++
	}
	for i, r := range m.rows {
		r.carry.Sub(r.carry, new(big.Int).Mul(big.NewInt(lines[i]), one))
		r.paid += lines[i]
	}
	return lines, cut, q
}

// deficit is what the holding must still earn for its cent j: j·2^64 - carry.
func (r *modelRow) deficit(j int64) *big.Int {
	d := new(big.Int).Mul(big.NewInt(j), one)
	return d.Sub(d, r.carry)
}

// mayGet says whether cent j may be given: carry > (j-1)·2^64.
func (r *modelRow) mayGet(j int64) bool {
	return r.units > 0 && r.deficit(j-1).Sign() < 0
}

// dueBefore says whether d/u < e/v, by cross multiplication.
func dueBefore(d *big.Int, u int64, e *big.Int, v int64) bool {
	return new(big.Int).Mul(d, big.NewInt(v)).Cmp(new(big.Int).Mul(e, big.NewInt(u))) < 0
}

// move takes k units and ⌊carry·k/u⌋ with them from one holding to another.
func (m *model) move(from, to int, k int64) {
	part := m.rows[from].part(k)
	m.rows[from].carry.Sub(m.rows[from].carry, part)
	m.rows[to].carry.Add(m.rows[to].carry, part)
	m.rows[from].units -= k
	m.rows[to].units += k
}

// cancel takes k units away; their part of the carry goes to everybody.
func (m *model) cancel(from int, k int64) {
	part := m.rows[from].part(k)
	m.rows[from].carry.Sub(m.rows[from].carry, part)
	m.rem.Add(m.rem, part)
	m.rows[from].units -= k
}

// part is ⌊carry·k/u⌋.
func (r *modelRow) part(k int64) *big.Int {
	p := new(big.Int).Mul(r.carry, big.NewInt(k))
	return p.Div(p, big.NewInt(r.units)) // Euclid's, which is the floor as u > 0
}

// undo takes a payment back. Where units have left a holding altogether, what they
// earned and got there goes to everybody.
func (m *model) undo(amount int64, q *big.Int, units, lines []int64) {
	for i, r := range m.rows[:len(lines)] {
		change := new(big.Int).Mul(big.NewInt(lines[i]), one)
		change.Sub(change, new(big.Int).Mul(q, big.NewInt(units[i])))
		if r.paid -= lines[i]; r.units > 0 {
			r.carry.Add(r.carry, change)
		} else {
			m.rem.Add(m.rem, change)
		}
		m.rem.Add(m.rem, new(big.Int).Mul(q, big.NewInt(units[i])))
	}
	m.rem.Sub(m.rem, new(big.Int).Mul(big.NewInt(amount), one))
}

// undoLine takes one line of a payment back, and everybody bears what it changes.
func (m *model) undoLine(i int, q *big.Int, units, line int64) {
	r := m.rows[i]
	if r.paid -= line; r.units == 0 {
		return
	}
	change := new(big.Int).Mul(big.NewInt(line), one)
	change.Sub(change, new(big.Int).Mul(q, big.NewInt(units)))
	r.carry.Add(r.carry, change)
	m.rem.Sub(m.rem, change)
}

// payLarge does what pay does when there are too many cents to give them one by one:
// it gives every cent that may be given and takes the latest back until amount are left.
func (m *model) payLarge(amount int64) (lines []int64, cut modelCut, q *big.Int) {
	q = m.accrue(amount)
	lines = make([]int64, len(m.rows))
	over := -amount
	for i, r := range m.rows {
		if r.units > 0 && r.carry.Sign() > 0 {
			lines[i] = new(big.Int).Rsh(new(big.Int).Sub(r.carry, big.NewInt(1)), 64).Int64() + 1
		}
		over += lines[i]
	}
	for ; over >= 0; over-- { // once more than needed: the last one found is the cut
		cut = modelCut{holder: -1}
		for i, r := range m.rows {
			if lines[i] == 0 {
				continue
			}
			d := r.deficit(lines[i])
			if cut.holder < 0 || !dueBefore(d, r.units, cut.deficit, m.rows[cut.holder].units) {
				cut = modelCut{deficit: d, holder: i}
			}
		}
		if over > 0 {
			lines[cut.holder]--
		}
	}
	for i, r := range m.rows {
		r.carry.Sub(r.carry, new(big.Int).Mul(big.NewInt(lines[i]), one))
		r.paid += lines[i]
	}
	return lines, cut, q
}
