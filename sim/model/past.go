package model

import (
	"math/big"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// Past is the attachment that a leader makes of the model's own list of deeds for a command that undoes something;
// nil when the command needs none or what it names was never done. Its sequence is the one it is going to have.
func (m *Model) Past(c *ledger.Command) *ledger.Past {
	r := &run{state: m.state, deeds: m.deeds}
	var past *ledger.Past
	for _, op := range c.Operations {
		switch o := op.(type) {
		case *ledger.Reverse:
			if d := m.deeds[o.Sequence]; d != nil {
				past = r.pastOf(d)
			}
		case *ledger.ReverseLine:
			if past == nil {
				past = &ledger.Past{}
			}
			if p, l := r.findLine(o.Sequence, o.Index, o.Account); l != nil {
				past.Distributions = append(past.Distributions, r.pastPayment(p, []line{*l}))
			}
		}
	}
	return past
}

func (r *run) pastOf(d *deed) *ledger.Past {
	past := &ledger.Past{Foreign: d.foreign}
	for _, m := range d.movements {
		past.Movements = append(past.Movements, ledger.PastMovement{
			Index: m.index, Debit: r.accounts[m.debit].Number, Credit: r.accounts[m.credit].Number, Amount: m.amount,
		})
	}
	for _, p := range d.distributions {
		past.Distributions = append(past.Distributions, r.pastPayment(p, p.lines))
	}
	return past
}

func (r *run) pastPayment(p *payment, lines []line) ledger.PastDistribution {
	past := ledger.PastDistribution{
		Index: p.index, Register: r.registers[p.register].Number, Payer: r.accounts[p.payer].Number,
	}
	for i, amount := range p.amounts {
		t := ledger.PastTranche{Amount: amount}
		if amount > 0 {
			t.Units, t.Q = p.units, int128(p.q[i])
		}
		past.Tranches = append(past.Tranches, t)
	}
	for _, l := range lines {
		pl := ledger.PastLine{Holder: l.holder, Units: l.units, Unclaimed: l.unclaimed, Gross: l.gross}
		for _, d := range l.deducted {
			pl.Deducted = append(pl.Deducted, ledger.PastDeducted{
				Tranche: d.tranche, Rate: d.rate, Account: r.accounts[d.account].Number, Amount: d.amount,
			})
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
