package sim

import "github.com/longmen/longmen/core/ledger"

// correct pays or takes a difference to a distribution, mostly one whose register has changed since. A command corrects a
// distribution once, and its targets are not known yet, so it has one correction.
func (w *world) correct() ledger.Operation {
	if w.corrects {
		return w.move()
	}
	o := &ledger.Correct{}
	var paid *ledger.Distribute
	place, _ := w.target(func(c *ledger.Command) bool {
		for i, op := range c.Operations {
			d, is := op.(*ledger.Distribute)
			if is && (paid == nil || w.chance(50)) && w.truth.Lines(w.sequence(c.ID), uint16(i)) != nil {
				o.Index, paid = uint16(i), d
			}
		}
		return paid != nil
	})
	if paid == nil || w.truth.Register(paid.Register) == nil {
		return w.move()
	}
	w.corrects = true
	r := w.truth.Register(paid.Register)
	o.Sequence = place
	o.Payer = w.name(w.other(r.Asset, r.Unclaimed))
	if w.chance(70) {
		o.Payer = paid.Payer
	}
	o.Amounts = make([]int64, len(paid.Amounts))
	left := ledger.MaxAmount - 1 // of all of them, without signs; one more may follow
	for i := range o.Amounts {
		o.Amounts[i] = min(max(w.difference(paid.Amounts[i]), -left), left)
		left -= max(o.Amounts[i], -o.Amounts[i])
	}
	if sum(o.Amounts) == 0 {
		o.Amounts[w.IntN(len(o.Amounts))] = 1
	}
	if w.chance(80) {
		o.Deductions = paid.Deductions
	}
	if w.spoiled() {
		o.Amounts = append(o.Amounts, 1)[:min(len(o.Amounts)+1, ledger.MaxTranches)]
	}
	o.Mode, o.Cover = w.undoing(r.Asset)
	return o
}

// difference is all of an amount, a part of it, or some of one's own, to be given or taken.
func (w *world) difference(amount int64) int64 {
	switch {
	case amount > 0 && w.chance(30):
		return -amount
	case amount > 0 && w.chance(40):
		return -1 - w.Int64N(amount)
	case w.chance(30):
		return 0
	}
	x := 1 + w.Int64N(min(max(amount, 2_000)*2, ledger.MaxAmount/ledger.MaxTranches))
	if w.chance(15) {
		return -x
	}
	return x
}
