package model

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// Past is the attachment that a leader makes of the model's own list of deeds for a command that undoes something;
// nil when the command needs none or what it names was never done.
func (m *Model) Past(c *ledger.Command) *ledger.Past {
	r := &run{state: m.state, deeds: m.deeds}
	lines := map[*payment][]line{}
	past := &ledger.Past{}
	for _, op := range c.Operations {
		switch o := op.(type) {
		case *ledger.Reverse:
			if d := m.deeds[o.Sequence]; d != nil {
				return r.pastOf(o.Sequence, d)
			}
		case *ledger.ReverseLine:
			p, l := r.findLine(o.Sequence, o.Index, o.Account)
			if l == nil || slices.ContainsFunc(lines[p], func(x line) bool { return x.holder == l.holder }) {
				continue
			}
			lines[p] = append(lines[p], *l)
			slices.SortFunc(lines[p], func(a, b line) int { return cmp.Compare(a.holder, b.holder) })
			one := r.pastPayment(o.Sequence, p, lines[p], true)
			at := slices.IndexFunc(past.Distributions, func(d ledger.PastDistribution) bool {
				return d.Sequence == one.Sequence && d.Index == one.Index
			})
			if at < 0 {
				past.Distributions = append(past.Distributions, one)
			} else {
				past.Distributions[at] = one
			}
		case *ledger.Correct:
			p := r.findPayment(o.Sequence, o.Index)
			if p == nil {
				continue
			}
			lines[p] = p.lines
			one := r.pastCorrected(o.Sequence, p)
			at := slices.IndexFunc(past.Distributions, func(d ledger.PastDistribution) bool {
				return d.Sequence == one.Sequence && d.Index == one.Index
			})
			if at < 0 {
				past.Distributions = append(past.Distributions, one)
			} else {
				past.Distributions[at] = one
			}
		}
	}
	if len(past.Distributions) == 0 {
		return nil
	}
	return past
}

func (r *run) pastOf(sequence uint64, d *deed) *ledger.Past {
	past := &ledger.Past{Foreign: d.foreign}
	for _, m := range d.movements {
		past.Movements = append(past.Movements, ledger.PastMovement{
			Index: m.index, Debit: r.accounts[m.debit].Number, Credit: r.accounts[m.credit].Number, Amount: m.amount,
		})
	}
	for _, p := range d.distributions {
		past.Distributions = append(past.Distributions, r.pastPayment(sequence, p, p.lines, false))
	}
	return past
}

// pastPayment tells of a payment, also of lines of nothing if they are wanted.
func (r *run) pastPayment(sequence uint64, p *payment, lines []line, all bool) ledger.PastDistribution {
	past := ledger.PastDistribution{
		Sequence: sequence, Index: p.index, Register: r.registers[p.register].Number, Payer: r.accounts[p.payer].Number,
	}
	for i, amount := range p.amounts {
		t := ledger.PastTranche{Amount: amount}
		if amount > 0 {
			t.Units, t.Q = p.units, int128(p.q[i])
		}
		past.Tranches = append(past.Tranches, t)
	}
	for _, l := range lines {
		if l.whole() == 0 && !all {
			continue // it changed the carry by what its units earned, and that stands above
		}
		pl := ledger.PastLine{Holder: l.holder, Units: l.units, Unclaimed: l.unclaimed, Gross: l.gross}
		for _, d := range l.deducted {
			pl.Deducted = append(pl.Deducted, ledger.PastDeducted{
				Tranche: d.tranche, Rate: d.rate, Account: r.accounts[d.account].Number, Amount: d.amount,
			})
		}
		for _, s := range l.setOffs {
			pl.SetOffs = append(pl.SetOffs, ledger.PastSetOff{Cover: r.accounts[s.cover].Number, Amount: s.amount})
		}
		past.Lines = append(past.Lines, pl)
	}
	return past
}

// bigOf is the opposite of int128.
func bigOf(x share.Int128) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(x.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(x.Lo))
}
