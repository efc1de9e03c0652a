package ledger

import "github.com/longmen/longmen/core/share"

func (e *Engine) openRegister(o *OpenRegister) Code {
	asset, ok := e.assetNumber(o.Asset)
	if !ok {
		return AssetNotFound
	}
	u := e.account(o.Unclaimed)
	if u == 0 {
		return AccountNotFound
	}
	if e.register(o.Address) != 0 {
		return RegisterExists
	}
	if e.accounts.at(u).asset != asset {
		return AssetMismatch
	}
	i, r := e.registers.add()
	r.cap, r.asset, r.unclaimed, r.tranches = o.Cap, asset, u, uint8(len(o.Tranches))
	r.name = e.names.add(o.Address)
	r.same = e.enter(e.registerIndex, o.Address, i)
	e.nameSum += e.names.digest(seedRegister, i, o.Address)
	for t, name := range o.Tranches {
		r.tranche[t] = e.names.add(name)
		e.nameSum += e.names.digest(seedShares, i<<3|uint32(t), name)
	}
	e.fx.Registers = append(e.fx.Registers, RegisterOpened{
		Number: i, Asset: asset, Unclaimed: u, Cap: o.Cap, Address: o.Address, Tranches: o.Tranches,
	})
	return Applied
}

// register finds a register's number, 0 for none.
func (e *Engine) register(address string) uint32 {
	for i := e.registerIndex[e.names.hash(address)]; i != 0; i = e.registers.at(i).same {
		if e.names.get(e.registers.at(i).name) == address {
			return i
		}
	}
	return 0
}

// place finds a holding, 0 for none. A place is block·16 + slot.
func (e *Engine) place(register, account uint32) uint32 {
	return e.places[uint64(register)<<32|uint64(account)]
}

func (e *Engine) issue(o *Issue) Code {
	r, a := e.register(o.Register), e.account(o.Account)
	if r == 0 {
		return RegisterNotFound
	}
	if a == 0 {
		return AccountNotFound
	}
	reg := e.registers.at(r)
	if e.accounts.at(a).asset != reg.asset {
		return AssetMismatch
	}
	if a == reg.unclaimed {
		return HoldsUnits
	}
	p := e.place(r, a)
	if code := e.classFits(p, o.Class); code != Applied {
		return code
	}
	if o.Units > reg.cap-reg.units {
		return CapExceeded
	}
	if code := e.roomFor(reg, p, a, o.Units); code != Applied {
		return code
	}
	p = e.placeFor(r, a, p, o.Class)
	b := e.blocks.edit(p / blockSize)
	b.units[p%blockSize] += o.Units
	e.registers.edit(r).units += o.Units
	e.changed(r, p)
	return Applied
}

// classFits refuses a class other than that of the units which the holding has.
func (e *Engine) classFits(p uint32, class uint8) Code {
	if p == 0 {
		return Applied
	}
	b := e.blocks.at(p / blockSize)
	if b.units[p%blockSize] > 0 && b.class[p%blockSize] != class {
		return ClassMismatch
	}
	return Applied
}

// roomFor checks the limits of a holding that is to get units.
func (e *Engine) roomFor(reg *register, p, account uint32, units uint64) Code {
	var has uint64
	if p != 0 {
		has = e.blocks.at(p / blockSize).units[p%blockSize]
	}
	if units > MaxUnits-has {
		return UnitsExceeded
	}
	if p == 0 && reg.holdings >= MaxHoldings {
		return TooManyHoldings
	}
	if has == 0 && e.accounts.at(account).registers >= MaxRegisters {
		return TooManyRegisters
	}
	return Applied
}

// placeFor makes a holding that is ready to get units: with a holder number, its class, and in its account's list.
func (e *Engine) placeFor(r, a, p uint32, class uint8) uint32 {
	if p == 0 {
		p = e.newPlace(r, a)
	}
	b, s := e.blocks.edit(p/blockSize), p%blockSize
	if b.units[s] > 0 {
		return p
	}
	b.class[s] = class
	acc := e.accounts.edit(a)
	b.before[s], b.after[s] = 0, acc.holdings
	if next := acc.holdings; next != 0 {
		e.blocks.edit(next / blockSize).before[next%blockSize] = p
	}
	acc.holdings = p
	acc.registers++
	return p
}

// newPlace gives the account the next holder number of the register.
func (e *Engine) newPlace(r, a uint32) uint32 {
	reg := e.registers.edit(r)
	slot := reg.holdings % blockSize
	if slot == 0 {
		i, b := e.blocks.add()
		b.register, b.first = r, reg.holdings
		b.rows = e.shares.run(uint32(reg.tranches))
		for t := range uint32(reg.tranches) {
			s := e.shares.edit(b.rows + t)
			s.register, s.first, s.tranche = r, reg.holdings, t
		}
		if reg.last != 0 {
			e.blocks.edit(reg.last).next = i
		} else {
			reg.first = i
		}
		reg.last = i
	}
	p := reg.last*blockSize + slot
	e.blocks.edit(reg.last).account[slot] = a
	reg.holdings++
	key := uint64(r)<<32 | uint64(a)
	e.places[key] = p
	e.onRollback(func() { delete(e.places, key) })
	return p
}

// left takes a holding without units out of its account's list.
func (e *Engine) left(p uint32) {
	b, s := e.blocks.edit(p/blockSize), p%blockSize
	acc := e.accounts.edit(b.account[s])
	if q := b.before[s]; q != 0 {
		e.blocks.edit(q / blockSize).after[q%blockSize] = b.after[s]
	} else {
		acc.holdings = b.after[s]
	}
	if q := b.after[s]; q != 0 {
		e.blocks.edit(q / blockSize).before[q%blockSize] = b.before[s]
	}
	b.before[s], b.after[s] = 0, 0
	acc.registers--
}

// changed notes that units of a holding changed and emits its new state.
func (e *Engine) changed(r, p uint32) {
	reg := e.registers.edit(r)
	reg.changed = e.sequence
	e.emitHolding(r, p)
}

func (e *Engine) emitHolding(r, p uint32) {
	reg, b, s := e.registers.at(r), e.blocks.at(p/blockSize), p%blockSize
	from := len(e.fx.rows)
	for t := range uint32(reg.tranches) {
		row := e.shares.at(b.rows + t).row[s]
		if reg.rates == 0 {
			row.Rest = 0
		}
		e.fx.rows = append(e.fx.rows, row)
		e.fx.running = append(e.fx.running, reg.index[t])
	}
	e.fx.Holdings = append(e.fx.Holdings, HoldingChange{
		Sequence: e.sequence, Index: e.op, Register: r, Account: b.account[s], Holder: b.first + s, Class: b.class[s],
		Units: b.units[s], Payouts: reg.payouts, After: len(e.fx.Payouts), Taken: b.taken[s],
		Rows:    e.fx.rows[from:len(e.fx.rows):len(e.fx.rows)],
		Running: e.fx.running[from:len(e.fx.running):len(e.fx.running)],
	})
}

func (e *Engine) move(o *Move) Code {
	r := e.register(o.Register)
	if r == 0 {
		return RegisterNotFound
	}
	from, to, code := e.pair(o.From, o.To)
	if code != Applied {
		return code
	}
	var held *hold
	row := uint32(0)
	if !o.Hold.IsZero() {
		if row = e.holdIndex[o.Hold]; row == 0 {
			return HoldNotFound
		}
		held = e.holds.at(row)
	}
	p, q := e.place(r, from), e.place(r, to)
	if p == 0 {
		return HoldingNotFound
	}
	reg := e.registers.at(r)
	switch {
	case e.accounts.at(to).asset != reg.asset:
		return AssetMismatch
	case from == to:
		return SameAccount
	case held != nil && (!held.units || held.place != p):
		return HoldMismatch
	}
	if code = e.classFits(q, o.Class); code != Applied {
		return code
	}
	if to == reg.unclaimed {
		return HoldsUnits
	}
	if held != nil && held.expired(e.at) {
		return HoldExpired
	}
	if held != nil && o.Units > uint64(held.amount) {
		code = HoldExceeded
	}
	if code = lowest(code, e.roomFor(reg, q, to, o.Units)); code != Applied {
		return code
	}
	if held == nil {
		if code = e.enough(p, o.Units); code != Applied {
			return code
		}
	} else {
		e.release(row)
	}
	q = e.placeFor(r, to, q, o.Class)
	e.carryOver(reg, p, q, o.Units)
	e.changed(r, p)
	e.changed(r, q)
	return Applied
}

// enough checks that a holding has so many free units.
func (e *Engine) enough(p uint32, units uint64) Code {
	b, s := e.blocks.at(p/blockSize), p%blockSize
	if units > b.units[s] {
		return UnitsTooFew
	}
	if units > b.units[s]-b.held[s] {
		return UnitsHeld
	}
	return Applied
}

// carryOver moves units with their part of the carry.
func (e *Engine) carryOver(reg *register, p, q uint32, units uint64) {
	from, to := e.blocks.edit(p/blockSize), e.blocks.edit(q/blockSize)
	s, d := p%blockSize, q%blockSize
	for t := range uint32(reg.tranches) {
		x := &e.shares.edit(from.rows + t).row[s]
		y := &e.shares.edit(to.rows + t).row[d]
		part := share.MoveCarry(x.Carry, units, from.units[s])
		x.Carry, y.Carry = x.Carry.Sub(part), y.Carry.Add(part)
	}
	from.units[s] -= units
	to.units[d] += units
	if from.units[s] == 0 {
		e.left(p)
	}
}

func (e *Engine) cancel(o *Cancel) Code {
	r := e.register(o.Register)
	if r == 0 {
		return RegisterNotFound
	}
	if o.Account == "" {
		return e.cancelAll(r)
	}
	a := e.account(o.Account)
	if a == 0 {
		return AccountNotFound
	}
	p := e.place(r, a)
	if p == 0 {
		return HoldingNotFound
	}
	if code := e.enough(p, o.Units); code != Applied {
		return code
	}
	e.destroy(r, p, o.Units)
	e.changed(r, p)
	return Applied
}

// destroy ends units of a holding; their carry goes to rem and so to everybody at the next payment.
func (e *Engine) destroy(r, p uint32, units uint64) {
	reg, b, s := e.registers.edit(r), e.blocks.edit(p/blockSize), p%blockSize
	for t := range uint32(reg.tranches) {
		x := &e.shares.edit(b.rows + t).row[s]
		part := share.MoveCarry(x.Carry, units, b.units[s])
		x.Carry, reg.rem[t] = x.Carry.Sub(part), reg.rem[t].Add(part)
	}
	b.units[s] -= units
	reg.units -= units
	if b.units[s] == 0 {
		e.left(p)
	}
}

func (e *Engine) cancelAll(r uint32) Code {
	reg := e.registers.at(r)
	units, ended := reg.units, uint32(0)
	for i := reg.first; i != 0; i = e.blocks.at(i).next {
		for s := range uint32(blockSize) {
			b, p := e.blocks.at(i), i*blockSize+s
			if b.units[s] == 0 {
				continue
			}
			if b.held[s] > 0 {
				ended += e.releaseUnits(p)
			}
			e.destroy(r, p, b.units[s])
			e.changed(r, p)
			e.settle()
		}
	}
	e.output(Output{Units: units, Count: ended})
	return Applied
}

// releaseUnits ends all holds on a holding's units.
func (e *Engine) releaseUnits(p uint32) (ended uint32) {
	b, s := e.blocks.at(p/blockSize), p%blockSize
	for row := e.accounts.at(b.account[s]).firstHold; row != 0; {
		h := e.holds.at(row)
		next := h.after
		if h.units && h.place == p {
			e.release(row)
			e.settle()
			ended++
		}
		row = next
	}
	return ended
}

func (e *Engine) holdUnits(o *HoldUnits) Code {
	r, a := e.register(o.Register), e.account(o.Account)
	if r == 0 {
		return RegisterNotFound
	}
	if a == 0 {
		return AccountNotFound
	}
	p := e.place(r, a)
	if p == 0 {
		return HoldingNotFound
	}
	if o.Expiry != 0 && o.Expiry <= e.at {
		return ExpiryPassed
	}
	if e.accounts.at(a).holds >= MaxHolds {
		return TooManyHolds
	}
	if code := e.enough(p, o.Units); code != Applied {
		return code
	}
	e.keep(hold{units: true, debit: a, place: p, amount: int64(o.Units), expiry: o.Expiry})
	e.blocks.edit(p / blockSize).held[p%blockSize] += o.Units
	return Applied
}
