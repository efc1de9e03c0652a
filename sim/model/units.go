package model

import (
	"math/big"

	"github.com/longmen/longmen/core/ledger"
)

// portion is ⌊carry·k/u⌋. A division by a positive number that leaves no negative remainder rounds down.
func portion(carry *big.Int, k, u uint64) *big.Int {
	product := new(big.Int).Mul(carry, new(big.Int).SetUint64(k))
	return plus(product.Div(product, new(big.Int).SetUint64(u)), new(big.Int))
}

func plus(a, b *big.Int) *big.Int  { return new(big.Int).Add(a, b) }
func minus(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }

// checkTaker are the checks of units that come to an account.
func (r *run) checkTaker(v *verdict, register *Register, account *Account, units uint64, class uint8) {
	h := register.holding(account.Address)
	v.when(account.Asset != register.Asset, ledger.AssetMismatch)
	v.when(account.Address == register.Unclaimed, ledger.HoldsUnits)
	v.when(h != nil && h.Units > 0 && h.Class != class, ledger.ClassMismatch)
	v.when(units > ledger.MaxUnits || h != nil && h.Units+units > ledger.MaxUnits, ledger.UnitsExceeded)
	v.when(h == nil && len(register.Holdings) >= ledger.MaxHoldings, ledger.TooManyHoldings)
	first := h == nil || h.Units == 0
	v.when(first && len(r.registers) > ledger.MaxRegisters && r.registersOf(account.Address) >= ledger.MaxRegisters,
		ledger.TooManyRegisters)
}

// take gives units to an account, which becomes a holder if it was none.
func (r *run) take(register *Register, account string, units uint64, class uint8) *Holding {
	h := register.holding(account)
	if h == nil {
		h = &Holding{Account: account, Holder: uint32(len(register.Holdings)), Tranches: make([]Tranche, len(register.Tranches))}
		for i := range h.Tranches {
			h.Tranches[i].Carry = new(big.Int)
		}
		register.Holdings = append(register.Holdings, h)
	}
	h.Class = class // equal, or the holding had no units
	h.Units += units
	register.Changed = r.sequence
	return h
}

// give takes units from a holding and returns the carry that goes with them.
func (r *run) give(register *Register, h *Holding, units uint64) []*big.Int {
	var gone []*big.Int
	for i := range h.Tranches {
		t := &h.Tranches[i]
		part := portion(t.Carry, units, h.Units)
		t.Carry = minus(t.Carry, part)
		gone = append(gone, part)
	}
	h.Units -= units
	register.Changed = r.sequence
	return gone
}

func (r *run) issue(o *ledger.Issue) ledger.Code {
	var v verdict
	register, account := r.registers[o.Register], r.accounts[o.Account]
	v.when(register == nil, ledger.RegisterNotFound)
	v.when(account == nil, ledger.AccountNotFound)
	if v.bad() {
		return v.code()
	}
	v.when(register.Units()+o.Units > register.Cap, ledger.CapExceeded)
	r.checkTaker(&v, register, account, o.Units, o.Class)
	if !v.bad() {
		r.take(register, o.Account, o.Units, o.Class)
	}
	return v.code()
}

func (r *run) move(o *ledger.Move) ledger.Code {
	var v verdict
	register, source, target := r.registers[o.Register], r.accounts[o.From], r.accounts[o.To]
	hold, held := r.holds[o.Hold], !o.Hold.IsZero()
	v.when(register == nil, ledger.RegisterNotFound)
	v.when(source == nil || target == nil, ledger.AccountNotFound)
	v.when(held && hold == nil, ledger.HoldNotFound)
	v.when(register != nil && source != nil && register.holding(o.From) == nil, ledger.HoldingNotFound)
	if v.bad() {
		return v.code()
	}
	from := register.holding(o.From)
	v.when(source == target, ledger.SameAccount)
	if held {
		v.when(hold.Register != o.Register || hold.Account != o.From, ledger.HoldMismatch)
		v.when(hold.expired(r.at), ledger.HoldExpired)
		v.when(o.Units > hold.Units, ledger.HoldExceeded)
	} else {
		r.checkGiver(&v, o.Register, from, o.Units)
	}
	r.checkTaker(&v, register, target, o.Units, o.Class)
	if v.bad() {
		return v.code()
	}
	delete(r.holds, o.Hold)
	gone := r.give(register, from, o.Units)
	to := r.take(register, o.To, o.Units, o.Class)
	for i, part := range gone {
		to.Tranches[i].Carry = plus(to.Tranches[i].Carry, part)
	}
	return ledger.Applied
}

// checkGiver are the checks of units that leave a holding or are reserved in it.
func (r *run) checkGiver(v *verdict, register string, h *Holding, units uint64) {
	v.when(units > h.Units, ledger.UnitsTooFew)
	v.when(units <= h.Units && units > h.Units-r.heldUnits(register, h.Account), ledger.UnitsHeld)
}

// find looks a holding up by its names.
func (r *run) find(v *verdict, register, account string) (*Register, *Holding) {
	of := r.registers[register]
	v.when(of == nil, ledger.RegisterNotFound)
	v.when(r.accounts[account] == nil, ledger.AccountNotFound)
	if v.bad() {
		return nil, nil
	}
	h := of.holding(account)
	v.when(h == nil, ledger.HoldingNotFound)
	return of, h
}

func (r *run) cancel(o *ledger.Cancel) ledger.Code {
	var v verdict
	register, h := r.find(&v, o.Register, o.Account)
	if v.bad() {
		return v.code()
	}
	if r.checkGiver(&v, o.Register, h, o.Units); v.bad() {
		return v.code()
	}
	r.destroy(register, h, o.Units)
	return ledger.Applied
}

// destroy ends units; their carry goes to the register.
func (r *run) destroy(register *Register, h *Holding, units uint64) {
	for i, part := range r.give(register, h, units) {
		register.Rem[i] = plus(register.Rem[i], part)
	}
}

func (r *run) cancelAll(o *ledger.Cancel) ledger.Code {
	register := r.registers[o.Register]
	if register == nil {
		return ledger.RegisterNotFound
	}
	out := ledger.Output{Units: register.Units()}
	for mark, h := range r.holds {
		if h.Register == o.Register {
			delete(r.holds, mark)
			out.Count++
		}
	}
	for _, h := range register.Holdings {
		if h.Units > 0 {
			r.destroy(register, h, h.Units)
		}
	}
	r.output(out)
	return ledger.Applied
}

func (r *run) holdUnits(o *ledger.HoldUnits) ledger.Code {
	var v verdict
	_, h := r.find(&v, o.Register, o.Account)
	if v.bad() {
		return v.code()
	}
	v.when(o.Expiry != 0 && o.Expiry <= r.at, ledger.ExpiryPassed)
	v.when(r.openHolds(o.Account) >= ledger.MaxHolds, ledger.TooManyHolds)
	if r.checkGiver(&v, o.Register, h, o.Units); v.bad() {
		return v.code()
	}
	r.holds[r.mark()] = &Hold{
		Mark: r.mark(), Sequence: r.sequence, Register: o.Register, Account: o.Account, Units: o.Units, Expiry: o.Expiry,
	}
	return ledger.Applied
}
