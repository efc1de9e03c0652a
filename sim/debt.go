package sim

import (
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/sim/model"
)

// undoing picks how much an undoing insists on, and who covers what is missing.
func (w *world) undoing(asset string) (mode ledger.ReverseMode, cover string) {
	switch {
	case w.chance(25):
		return ledger.RefuseShortfall, ""
	case w.chance(25):
		return ledger.TakeAtMost, ""
	}
	a := w.rich(asset)
	if w.chance(85) {
		a.Address = "bank:" + lower(asset)
	}
	return ledger.OweShortfall, w.name(a)
}

// spend lets a holder give away what he has, so that nothing is left to be taken back.
func (w *world) spend() ledger.Operation {
	_, from, _ := w.holding()
	to := w.other(from.Asset, from.Address)
	return &ledger.Transfer{
		Debit: w.name(from), Credit: w.name(to), Mode: ledger.AtMost, Amount: max(1, min(w.truth.Available(from.Address), ledger.MaxAmount)),
	}
}

// settle pays a debt, if there is one.
func (w *world) settle() ledger.Operation {
	var debts []ledger.DebtState
	for _, a := range w.accounts {
		debts = append(debts, w.truth.Debts(a.Address)...)
	}
	if len(debts) == 0 || w.spoiled() {
		if w.chance(90) {
			return w.transfer()
		}
		a := w.account("")
		return &ledger.Settle{Account: a.Address, Cover: w.name(w.account(a.Asset)), Payer: w.name(w.rich(a.Asset))}
	}
	d := pick(w.Rand, debts)
	o := &ledger.Settle{Account: d.Account, Cover: d.Cover, Payer: d.Account}
	if w.chance(50) {
		o.Payer = w.name(w.rich(w.truth.Account(d.Account).Asset))
	}
	if w.chance(60) {
		o.Amount = 1 + w.Int64N(min(d.Amount, ledger.MaxAmount))
	}
	if w.spoiled() {
		o.Cover = w.name(w.account(""))
	}
	return o
}

// debtors are registers in which somebody who owes has units.
func (w *world) debtors() (list []ledger.OpenRegister) {
	for _, r := range w.registers {
		state := w.truth.Register(r.Address)
		if state != nil && slices.ContainsFunc(state.Holdings, func(h *model.Holding) bool {
			return h.Units > 0 && len(w.truth.Account(h.Account).Debts) > 0
		}) {
			list = append(list, r)
		}
	}
	return list
}

// debtRound makes debts and lets them be set off: holders are paid, spend it, give it back, and are paid again, which may be
// undone too.
func (w *world) debtRound() []func() []ledger.Operation {
	paid := 0
	pay := func() []ledger.Operation {
		w.payer, paid = "", len(w.sent)+1 // where it will be remembered
		return []ledger.Operation{w.distribute()}
	}
	take := func() []ledger.Operation {
		o := &ledger.Reverse{Sequence: uint64(paid)}
		o.Mode, o.Cover = w.undoing("CNY")
		return []ledger.Operation{o}
	}
	spend := func() []ledger.Operation {
		var ops []ledger.Operation
		for range 1 + w.IntN(6) {
			ops = append(ops, w.spend())
		}
		return ops
	}
	round := []func() []ledger.Operation{pay, spend, take, pay}
	if w.chance(50) {
		round = append(round, spend, pay)
	}
	if w.chance(50) {
		round = append(round, take)
	}
	return round
}
