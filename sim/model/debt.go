package model

import (
	"math/big"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// setOff is what a line paid of a debt.
type setOff struct {
	cover  string
	amount int64
}

// owed is the sum of all that an account owes.
func (a *Account) owed() *big.Int {
	sum := new(big.Int)
	for _, d := range a.Debts {
		sum.Add(sum, big.NewInt(d.Amount))
	}
	return sum
}

// owesTo finds the debt to a cover account, -1 for none.
func (a *Account) owesTo(cover string) int {
	return slices.IndexFunc(a.Debts, func(d Debt) bool { return d.Cover == cover })
}

// owe adds to a debt, or begins one.
func (r *run) owe(v *verdict, a *Account, cover string, amount int64) {
	v.when(!fits(total(amount).Add(total(amount), a.owed())), ledger.Overflow)
	i := a.owesTo(cover)
	v.when(i < 0 && len(a.Debts) >= ledger.MaxDebts, ledger.TooManyDebts)
	if i < 0 {
		a.Debts = append(a.Debts, Debt{Cover: cover, Since: r.sequence})
		i = len(a.Debts) - 1
	}
	a.Debts[i].Amount += amount
}

// pay takes from a debt and ends it when nothing is left.
func (a *Account) pay(cover string, amount int64) {
	i := a.owesTo(cover)
	if a.Debts[i].Amount -= amount; a.Debts[i].Amount == 0 {
		a.Debts = slices.Delete(a.Debts, i, i+1)
	}
}

// setOff pays debts out of what a line brought to its holder's account. Promises of the command's distributions count
// only for them.
func (r *run) setOff(l *line, out *ledger.Output, promises bool) {
	if l.unclaimed {
		return
	}
	a, left := r.accounts[l.account], l.net()
	for _, d := range slices.Clone(a.Debts) {
		amount := r.canSetOff(a, r.accounts[d.Cover], min(left, d.Amount), promises)
		if amount == 0 {
			continue
		}
		a.Debits += amount
		r.accounts[d.Cover].Credits += amount
		a.pay(d.Cover, amount)
		left -= amount
		l.setOffs = append(l.setOffs, setOff{d.Cover, amount})
		if !promises {
			r.receive(d.Cover, amount)
		}
		out.SetOffs++
		out.SetOff += amount
	}
}

// canSetOff is how much of an amount a set-off may book.
func (r *run) canSetOff(a, cover *Account, amount int64, promises bool) int64 {
	amount = r.most(a, cover, amount)
	heldDebits, _ := r.held(a.Address)
	_, heldCredits := r.held(cover.Address)
	end := big.NewInt(1 << 62)
	if r.debitsFrozen(a.Address) || r.creditsFrozen(cover.Address) || promises && r.promised(cover) ||
		total(a.Debits, heldDebits, amount).Cmp(end) > 0 || total(cover.Credits, heldCredits, amount).Cmp(end) > 0 {
		return 0
	}
	return amount
}

func (r *run) settle(o *ledger.Settle) ledger.Code {
	var v verdict
	a, cover, payer := r.accounts[o.Account], r.accounts[o.Cover], r.accounts[o.Payer]
	if a == nil || cover == nil || payer == nil {
		return ledger.AccountNotFound
	}
	i := a.owesTo(o.Cover)
	v.when(payer.Asset != cover.Asset, ledger.AssetMismatch)
	v.when(payer == cover, ledger.SameAccount)
	v.when(r.debitsFrozen(o.Payer), ledger.DebitsFrozen)
	v.when(r.creditsFrozen(o.Cover), ledger.CreditsFrozen)
	v.when(i < 0, ledger.NothingOwed)
	if v.bad() {
		return v.code()
	}
	amount := a.Debts[i].Amount
	if o.Amount != 0 {
		amount = min(amount, o.Amount)
	}
	if r.checkBooking(&v, payer, cover, amount); v.bad() {
		return v.code()
	}
	payer.Debits += amount
	cover.Credits += amount
	r.receive(o.Cover, amount)
	a.pay(o.Cover, amount)
	r.output(ledger.Output{Amount: amount})
	return ledger.Applied
}

// owedAgain takes a line's set-offs back from the cover accounts.
func (u *undoing) owedAgain(l *line) {
	a := u.accounts[l.account]
	for _, s := range l.setOffs {
		var v verdict
		cover, amount := u.accounts[s.cover], s.amount
		noDebits, noCredits := u.debitsFrozen(s.cover), u.creditsFrozen(l.account)
		if u.atMost {
			if amount = u.most(cover, a, amount); noDebits || noCredits {
				amount = 0
			}
		} else {
			v.when(noDebits, ledger.DebitsFrozen)
			v.when(noCredits, ledger.CreditsFrozen)
		}
		if amount > 0 {
			u.checkBooking(&v, cover, a, amount)
			u.owe(&v, a, s.cover, amount)
			cover.Debits += amount
			a.Credits += amount
			u.receive(l.account, amount)
		}
		u.check(v)
	}
}

// owed lets the cover account pay what an account could not give back to the one that gets it.
func (u *undoing) owed(v *verdict, a, receiver *Account, amount int64) {
	c := u.cover
	v.when(c.Asset != a.Asset, ledger.AssetMismatch)
	v.when(c == a || c == receiver, ledger.SameAccount)
	v.when(u.debitsFrozen(c.Address), ledger.DebitsFrozen)
	v.when(u.debitOverflows(c, amount), ledger.Overflow)
	if c.Side == ledger.CreditNormal {
		u.checkOutflow(v, c, amount)
	}
	c.Debits += amount
	u.owe(v, a, c.Address, amount)
}
