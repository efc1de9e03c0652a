package ledger

func (e *Engine) hold(o *Hold) Code {
	d, c, code := e.pair(o.Debit, o.Credit)
	if code != Applied {
		return code
	}
	if code = e.fits(d, c); code != Applied {
		return code
	}
	if o.Expiry != 0 && o.Expiry <= e.at {
		return ExpiryPassed
	}
	if e.accounts.at(d).holds >= MaxHolds {
		return TooManyHolds
	}
	if code = e.affordable(d, c, o.Amount); code != Applied {
		return code
	}
	e.keep(hold{debit: d, credit: c, amount: o.Amount, expiry: o.Expiry})
	e.accounts.edit(d).debitsHeld += o.Amount
	e.accounts.edit(c).creditsHeld += o.Amount
	return Applied
}

// keep enters a new hold: by its mark, in its account's list, and among the expiries.
func (e *Engine) keep(h hold) {
	h.mark, h.sequence = Mark{e.command.ID, e.op}, e.sequence
	row, p := e.holds.add()
	a := e.accounts.edit(h.debit)
	h.after = a.firstHold
	if h.after != 0 {
		e.holds.edit(h.after).before = row
	}
	a.firstHold = row
	a.holds++
	*p = h
	e.holdIndex[h.mark] = row
	e.onRollback(func() { delete(e.holdIndex, h.mark) })
	if h.expiry != 0 {
		e.expiries.push(expiring{h.expiry, h.sequence, row, h.mark.Index})
		e.onRollback(func() { e.expiries.remove(row) })
	}
}

// release ends a hold: what it reserved is free again.
func (e *Engine) release(row uint32) hold {
	h := *e.holds.at(row)
	a := e.accounts.edit(h.debit)
	if h.before != 0 {
		e.holds.edit(h.before).after = h.after
	} else {
		a.firstHold = h.after
	}
	if h.after != 0 {
		e.holds.edit(h.after).before = h.before
	}
	a.holds--
	if h.units {
		e.blocks.edit(h.place / blockSize).held[h.place%blockSize] -= uint64(h.amount)
	} else {
		a.debitsHeld -= h.amount
		e.accounts.edit(h.credit).creditsHeld -= h.amount
	}
	e.holds.drop(row)
	delete(e.holdIndex, h.mark)
	e.onRollback(func() { e.holdIndex[h.mark] = row })
	if h.expiry != 0 {
		x := e.expiries.remove(row)
		e.onRollback(func() { e.expiries.push(x) })
	}
	return h
}

func (h *hold) expired(at Instant) bool { return h.expiry != 0 && h.expiry <= at }

func (e *Engine) post(o *Post) Code {
	row, ok := e.holdIndex[o.Hold]
	if !ok {
		return HoldNotFound
	}
	h := e.holds.at(row)
	if h.units {
		return HoldMismatch
	}
	if h.expired(e.at) {
		return HoldExpired
	}
	amount := o.Amount
	if amount > h.amount {
		return HoldExceeded
	}
	if amount == 0 {
		amount = h.amount
		e.output(Output{Amount: amount})
	}
	released := e.release(row)
	e.move2(released.debit, released.credit, amount, EntryPost, 0)
	return Applied
}

func (e *Engine) void(o *Void) Code {
	row, ok := e.holdIndex[o.Hold]
	if !ok {
		return HoldNotFound
	}
	if e.holds.at(row).expired(e.at) {
		return HoldExpired
	}
	e.release(row)
	return Applied
}

func (e *Engine) pulse(o *Pulse) Code {
	count := uint32(0)
	for count < uint32(o.Limit) && len(e.expiries.heap) > 0 && e.expiries.heap[0].expiry <= e.at {
		e.release(e.expiries.heap[0].row)
		e.settle()
		count++
	}
	e.output(Output{Count: count})
	return Applied
}

// NextExpiry tells when the earliest hold expires.
func (e *Engine) NextExpiry() (Instant, bool) {
	if len(e.expiries.heap) == 0 {
		return 0, false
	}
	return e.expiries.heap[0].expiry, true
}
