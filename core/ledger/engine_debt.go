package ledger

import "slices"

// owing is a line that was credited to an account that owes.
type owing struct {
	account uint32
	net     int64
}

// mayOwe checks that an amount can be added to what an account owes.
func (e *Engine) mayOwe(account, cover uint32, amount int64) Code {
	sum, known := int64(0), false
	rows := e.debtsOf[account]
	for _, row := range rows {
		d := e.debts.at(row)
		sum += d.amount
		known = known || d.cover == cover
	}
	if overflows(sum, 0, amount) {
		return Overflow
	}
	if !known && len(rows) == MaxDebts {
		return TooManyDebts
	}
	return Applied
}

// owe adds to what an account owes to a cover account, which was booked just before.
func (e *Engine) owe(account, cover uint32, amount int64) {
	rows := e.debtsOf[account]
	for _, row := range rows {
		if e.debts.at(row).cover == cover {
			e.debts.edit(row).amount += amount
			return
		}
	}
	row, d := e.debts.add()
	*d = debt{account: account, cover: cover, amount: amount, sequence: e.sequence, opened: e.entries}
	e.setDebts(account, append(slices.Clone(rows), row))
}

// payDebt takes from a debt; a debt that is paid ends.
func (e *Engine) payDebt(row uint32, amount int64) {
	d := e.debts.edit(row)
	d.amount -= amount
	if d.amount > 0 {
		return
	}
	account := d.account
	e.debts.drop(row)
	e.setDebts(account, slices.DeleteFunc(slices.Clone(e.debtsOf[account]), func(r uint32) bool { return r == row }))
}

// setDebts says which debts an account has; the list before is never changed.
func (e *Engine) setDebts(account uint32, rows []uint32) {
	before := e.debtsOf[account]
	e.listDebts(account, rows)
	e.onRollback(func() { e.listDebts(account, before) })
	a := e.accounts.edit(account)
	a.bits &^= bitOwes
	if len(rows) > 0 {
		a.bits |= bitOwes
	}
}

func (e *Engine) listDebts(account uint32, rows []uint32) {
	if len(rows) > 0 {
		e.debtsOf[account] = rows
	} else {
		delete(e.debtsOf, account)
	}
}

// setOff lets those who owe pay out of the lines that a distribution credited to them.
func (e *Engine) setOff(r uint32, out *Output, payout *Payout) {
	for _, o := range e.dist.owing {
		left := o.net
		for _, row := range e.debtsOf[o.account] {
			d := *e.debts.at(row)
			amount := e.settable(d.account, d.cover, min(left, d.amount))
			if amount == 0 {
				continue
			}
			e.book(d.account, DebitNormal, amount, Entry{Kind: EntrySetOff, Other: d.cover, Register: r, Payout: payout.Number})
			e.book(d.cover, CreditNormal, amount, Entry{Kind: EntrySetOff, Other: d.account, Register: r, Payout: payout.Number})
			e.payDebt(row, amount)
			e.settle()
			left -= amount
			out.SetOffs++
			out.SetOff += amount
		}
	}
	payout.SetOffs = out.SetOffs
}

// settable lowers a set-off to what can be booked whatever the command still has to book.
func (e *Engine) settable(account, cover uint32, amount int64) int64 {
	a, c := e.accounts.at(account), e.accounts.at(cover)
	if amount == 0 || a.freezeDebits > 0 || c.freezeCredits > 0 || e.promised(cover, c) {
		return 0
	}
	amount = c.bound(CreditNormal, a.bound(DebitNormal, amount))
	if amount > linesEnd-a.debits-a.debitsHeld || amount > linesEnd-c.credits-c.creditsHeld {
		return 0
	}
	return amount
}

// owedAgain undoes the set-offs of a line: the cover accounts give them back, as far as they can.
func (e *Engine) owedAgain(v *reversing, register uint32, account uint32, payout uint64, list []PastSetOff) (n uint32, code Code) {
	for _, s := range list {
		amount, code := e.returnable(v, s.Cover, account, s.Amount)
		if code != Applied {
			return n, code
		}
		if amount == 0 {
			continue
		}
		if code = lowest(e.affordable(s.Cover, account, amount), e.mayOwe(account, s.Cover, amount)); code != Applied {
			return n, code
		}
		e.book(s.Cover, DebitNormal, amount, Entry{Kind: EntrySetOff, Other: account, Register: register, Payout: payout})
		e.book(account, CreditNormal, amount, Entry{Kind: EntrySetOff, Other: s.Cover, Register: register, Payout: payout})
		e.owe(account, s.Cover, amount)
		e.settle()
		n++
	}
	return n, Applied
}

// returnable says how much of a set-off goes back.
func (e *Engine) returnable(v *reversing, cover, account uint32, amount int64) (int64, Code) {
	giver, taker := e.accounts.at(cover), e.accounts.at(account)
	switch {
	case v.mode != RefuseShortfall && (giver.freezeDebits > 0 || taker.freezeCredits > 0):
		return 0, Applied
	case giver.freezeDebits > 0:
		return 0, DebitsFrozen
	case taker.freezeCredits > 0:
		return 0, CreditsFrozen
	case v.mode != RefuseShortfall:
		amount = taker.bound(CreditNormal, giver.bound(DebitNormal, amount))
	}
	return amount, Applied
}

// cover lets the cover account of an undoing pay what an account could not give back. Who gets it is credited by the
// caller.
func (e *Engine) cover(v *reversing, m missing, receiver, register uint32) Code {
	a, c := e.accounts.at(m.account), e.accounts.at(v.cover)
	if a.asset != c.asset {
		return AssetMismatch
	}
	if m.account == v.cover || receiver == v.cover {
		return SameAccount
	}
	if c.freezeDebits > 0 {
		return DebitsFrozen
	}
	if overflows(c.debits, c.debitsHeld, m.amount) {
		return Overflow
	}
	if code := lowest(e.mayOwe(m.account, v.cover, m.amount), c.outflow(DebitNormal, m.amount)); code != Applied {
		return code
	}
	e.book(v.cover, DebitNormal, m.amount, Entry{Kind: EntryCovered, Other: m.account, Register: register})
	e.owe(m.account, v.cover, m.amount)
	e.settle()
	return Applied
}

// coverOf finds the cover account of an undoing, 0 where the mode has none.
func (e *Engine) coverOf(mode ReverseMode, address string) (cover uint32, code Code) {
	if mode != OweShortfall {
		return 0, Applied
	}
	if cover = e.account(address); cover == 0 {
		return 0, AccountNotFound
	}
	return cover, Applied
}

func (e *Engine) settleDebt(o *Settle) Code {
	account, cover, code := e.pair(o.Account, o.Cover)
	if code != Applied {
		return code
	}
	payer := e.account(o.Payer)
	if payer == 0 {
		return AccountNotFound
	}
	if code = e.fits(payer, cover); code != Applied {
		return code
	}
	rows := e.debtsOf[account]
	i := slices.IndexFunc(rows, func(row uint32) bool { return e.debts.at(row).cover == cover })
	if i < 0 {
		return NothingOwed
	}
	amount := e.debts.at(rows[i]).amount
	if o.Amount > 0 {
		amount = min(amount, o.Amount)
	}
	if code = e.affordable(payer, cover, amount); code != Applied {
		return code
	}
	e.output(Output{Amount: amount})
	e.book(payer, DebitNormal, amount, Entry{Kind: EntrySettled, Other: cover})
	e.book(cover, CreditNormal, amount, Entry{Kind: EntrySettled, Other: account})
	e.payDebt(rows[i], amount)
	return Applied
}
