package share

// Undo takes back a payment from holdings whose units are what they were when it
// was made. lines are the lines it gave. The last payment of a tranche is undone to
// the bit: rows and rem are what they were before it.
func Undo(blocks []Block, o Outcome, rem *Int128, lines []int64) {
	base := 0
	for _, b := range blocks {
		for i := range b.Rows {
			r := &b.Rows[i]
			r.Paid -= lines[base+i]
			r.Carry = UndoLine(r.Carry, b.Units[i], o.Q, lines[base+i])
		}
		base += len(b.Rows)
	}
	*rem = UndoRem(*rem, o)
}

// UndoLine returns the carry without what u units earned by q and were given as
// line; u are the units at the time of the payment.
//
// To undo one line of a payment alone, the change goes from rem to the carry:
//
//	change := UndoLine(Int128{}, u, q, line)
//	carry, rem = carry.Add(change), rem.Sub(change)
//
// A holding that has no units any more may keep no carry, for nobody could ever be
// given it: there a change that would go to the carry goes to rem, and so the line
// alone leaves carry and rem as they are.
func UndoLine(carry Int128, u uint64, q Int128, line int64) Int128 {
	return carry.Sub(q.Mul(u)).Add(Cents(line))
}

// UndoRem returns rem without what the payment left in it. Accrue made
// amount·2^64 + before = q·units + after, so before = after + (q·units - amount·2^64).
// The same step keeps Σ carry + rem = 0 when other payments have come since.
func UndoRem(rem Int128, o Outcome) Int128 {
	return rem.Add(o.Q.Mul(o.Units)).Sub(Cents(o.Amount))
}
