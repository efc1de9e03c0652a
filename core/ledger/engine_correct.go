package ledger

import (
	"math"
	"slices"

	"github.com/longmen/longmen/core/share"
)

// corrected stands for all holders: a distribution that was corrected is reversed no more, only corrected again.
const corrected = ^uint32(0)

// correcting is a correction on its way.
type correcting struct {
	givingBack
	op       *Correct
	accounts []uint32 // of the deductions
	deducted []int64  // by deduction
	parts    []correctedPart
	changed  []uint32 // places whose shares changed
	out      Output
	covered  int64
}

// correctedPart is what one holder gets, or gives back.
type correctedPart struct {
	line    *PastLine
	place   uint32
	account uint32
	lines   [MaxTranches]int64
	gross   int64
	net     int64
}

func (e *Engine) correct(o *Correct, past *Past) Code {
	c := &correcting{op: o, givingBack: givingBack{reversing: &reversing{mode: o.Mode}, engine: e}}
	payer := e.account(o.Payer)
	if payer == 0 {
		return AccountNotFound
	}
	var code Code
	if c.cover, code = e.coverOf(o.Mode, o.Cover); code != Applied {
		return code
	}
	for i := range o.Deductions {
		a := e.account(o.Deductions[i].Account)
		if a == 0 {
			return AccountNotFound
		}
		c.accounts = append(c.accounts, a)
	}
	d := past.distribution(o.Sequence, o.Index)
	if d == nil || o.Sequence >= e.sequence || len(d.Lines) <= MaxCorrected && !d.complete() {
		return CommandNotFound
	}
	c.distribution = d
	if code = c.check(payer); code != Applied {
		return code
	}
	if code = c.divide(); code != Applied {
		return code
	}
	if key := (reversal{sequence: o.Sequence, line: true, index: o.Index, holder: corrected}); e.reversed[key] == 0 {
		e.note(key)
	}
	e.dist.pending, e.dist.owing = e.dist.pending[:0], e.dist.owing[:0]
	for _, step := range [...]func(payer uint32) Code{c.takeBack, c.coverMissing, c.settle, c.pay, c.payRest} {
		if code = step(payer); code != Applied {
			return code
		}
	}
	e.setOff(d.Register, &c.out, &Payout{})
	slices.Sort(c.changed)
	for _, place := range slices.Compact(c.changed) {
		e.emitHolding(d.Register, place)
	}
	c.out.Missing = c.reversing.missing
	e.output(c.out)
	return Applied
}

// complete reports whether a past tells of all who had units at a distribution.
func (d *PastDistribution) complete() bool {
	units := uint64(0)
	for i := range d.Lines {
		units += d.Lines[i].Units
	}
	return units == d.units()
}

// units are those of the register at the distribution.
func (d *PastDistribution) units() (units uint64) {
	for i := range d.Tranches {
		units = max(units, d.Tranches[i].Units)
	}
	return units
}

// check checks what needs no division.
func (c *correcting) check(payer uint32) Code {
	e, o := c.engine, c.op
	reg := e.registers.at(c.distribution.Register)
	for _, a := range append([]uint32{payer}, c.accounts...) {
		if e.accounts.at(a).asset != reg.asset {
			return AssetMismatch
		}
	}
	if payer == reg.unclaimed || slices.Contains(c.accounts, payer) {
		return SameAccount
	}
	if len(o.Amounts) != int(reg.tranches) {
		return TrancheMismatch
	}
	if e.reversed[reversal{sequence: o.Sequence}] != 0 {
		return ReversedAlready
	}
	if len(c.distribution.Lines) > MaxCorrected {
		return TooManyHoldings
	}
	for t, a := range o.Amounts {
		if a > 0 && a > math.MaxInt64-reg.paid[t] {
			return Overflow
		}
	}
	return Applied
}

// divide divides the amounts among the holders of then and brings their shares up to date.
func (c *correcting) divide() Code {
	d := c.distribution
	c.parts = make([]correctedPart, len(d.Lines))
	for i := range d.Lines {
		p := &c.parts[i]
		p.line = &d.Lines[i]
		p.place, p.account = c.at(p.line.Holder)
	}
	for t, amount := range c.op.Amounts {
		if amount == 0 {
			continue
		}
		if code := c.divideTranche(t, amount); code != Applied {
			return code
		}
	}
	for i := range c.parts {
		c.deductFrom(&c.parts[i])
	}
	return Applied
}

// row is a holding's row of a tranche.
func (c *correcting) row(place uint32, t int) *share.Row {
	b := c.engine.blocks.at(place / blockSize)
	return &c.engine.shares.at(b.rows + uint32(t)).row[place%blockSize]
}

func (c *correcting) editRow(place uint32, t int) *share.Row {
	b := c.engine.blocks.at(place / blockSize)
	return &c.engine.shares.edit(b.rows + uint32(t)).row[place%blockSize]
}

func (c *correcting) unitsAt(place uint32) uint64 {
	return c.engine.blocks.at(place / blockSize).units[place%blockSize]
}

// divideTranche applies the rule to one tranche. What is not whole of the share of a holding that has no units any more
// goes where its units went.
func (c *correcting) divideTranche(t int, amount int64) Code {
	e, d := c.engine, c.distribution
	list := make([]share.Part, len(c.parts))
	for i := range c.parts {
		p := &c.parts[i]
		row := c.row(p.place, t)
		list[i] = share.Part{Holder: p.line.Holder, Then: p.line.Units, Now: c.unitsAt(p.place), Carry: row.Carry, Paid: row.Paid}
	}
	if !share.Correctable(list, d.units(), amount) {
		return PaidExceeded
	}
	_, rest := share.Correct(list, d.units(), amount)
	gone := share.Int128{}
	for i := range c.parts {
		p := &c.parts[i]
		row := c.editRow(p.place, t)
		row.Paid += list[i].Line
		if list[i].Now > 0 {
			row.Carry = list[i].Carry
		} else {
			gone = gone.Add(list[i].Carry)
		}
		e.shares.settle()
		p.lines[t] = list[i].Line
		p.gross += list[i].Line
		c.changed = append(c.changed, p.place)
	}
	gone = gone.Sub(c.follow(t, gone))
	reg := e.registers.edit(d.Register)
	reg.rem[t] = reg.rem[t].Add(rest).Add(gone)
	reg.paid[t] += amount
	e.settle()
	return Applied
}

// follow gives what is not whole to those who have more units now than then, in proportion, and says how much.
func (c *correcting) follow(t int, gone share.Int128) (given share.Int128) {
	if gone == (share.Int128{}) {
		return gone
	}
	type gain struct {
		place uint32
		units uint64
	}
	var gains []gain
	e, next, sum := c.engine, 0, uint64(0)
	for i := e.registers.at(c.distribution.Register).first; i != 0; i = e.blocks.at(i).next {
		b := e.blocks.at(i)
		for s, units := range b.units {
			then := uint64(0)
			if next < len(c.parts) && c.parts[next].line.Holder == b.first+uint32(s) {
				then = c.parts[next].line.Units
				next++
			}
			if units > then {
				gains = append(gains, gain{i*blockSize + uint32(s), units - then})
				sum += units - then
			}
		}
	}
	for _, g := range gains {
		part := share.MoveCarry(gone, g.units, sum)
		row := c.editRow(g.place, t)
		row.Carry = row.Carry.Add(part)
		e.shares.settle()
		given = given.Add(part)
		c.changed = append(c.changed, g.place)
	}
	return given
}

// deductFrom works out a holder's net, and what the deduction accounts get or give back of his lines.
func (c *correcting) deductFrom(p *correctedPart) {
	p.net = p.gross
	class := c.engine.blocks.at(p.place / blockSize).class[p.place%blockSize]
	if c.deducted == nil && len(c.accounts) > 0 {
		c.deducted = make([]int64, len(c.accounts))
	}
	for i := range c.op.Deductions {
		d := &c.op.Deductions[i]
		line := p.lines[d.Tranche]
		if d.Class != class || line == 0 {
			continue
		}
		row := c.editRow(p.place, int(d.Tranche))
		var amount int64
		if line > 0 {
			amount = share.Deduct(line, d.Rate, &row.Rest)
		} else {
			amount = -share.UndoDeduct(-line, d.Rate, &row.Rest)
		}
		c.engine.shares.settle()
		c.deducted[i] += amount
		p.net -= amount
	}
}

// takeBack takes what is to be given back: first from holders, then from deduction accounts.
func (c *correcting) takeBack(uint32) Code {
	for i := range c.parts {
		p := &c.parts[i]
		if p.net > 0 || p.net == 0 && p.gross == 0 {
			continue
		}
		aside, amount, code := c.fromHolder(p.place, p.account, -p.net, p.line.Unclaimed)
		if code != Applied {
			return code
		}
		c.taken += aside + amount
		c.book(p.account, DebitNormal, amount, p.gross)
		if p.net < 0 {
			c.out.Count++
		}
	}
	for i, amount := range c.deducted {
		if amount >= 0 {
			continue
		}
		got, code := c.engine.give(c.reversing, c.accounts[i], -amount)
		if code != Applied {
			return code
		}
		if got < -amount {
			c.miss(c.accounts[i], -amount-got)
		}
		if got > 0 {
			c.engine.book(c.accounts[i], DebitNormal, got, Entry{Kind: EntryReversal, Register: c.distribution.Register})
			c.engine.settle()
			c.taken += got
		}
	}
	return Applied
}

// book posts a line.
func (c *correcting) book(account uint32, side Side, amount, gross int64) {
	e := c.engine
	a := e.accounts.edit(account)
	if side == DebitNormal {
		a.debits += amount
	} else {
		a.credits += amount
		e.receive(a, amount)
	}
	a.derived += gross
	e.total(a.bucket, side, amount)
	e.entry(a, Entry{
		Kind: EntryLine, Side: side, Account: account, Register: c.distribution.Register, Amount: amount, Derived: gross,
	})
	e.settle()
}

// coverMissing lets the cover account pay what nobody could give back.
func (c *correcting) coverMissing(payer uint32) Code {
	if c.cover == 0 {
		return Applied
	}
	for _, m := range c.missing {
		if code := c.engine.cover(c.reversing, m, payer, c.distribution.Register); code != Applied {
			return code
		}
		c.covered += m.amount
	}
	return Applied
}

// settle lets the payer pay what the others get beyond what was taken, or gives him what is left.
func (c *correcting) settle(payer uint32) Code {
	e := c.engine
	pays := -c.taken - c.covered
	for i := range c.parts {
		pays += max(0, c.parts[i].net)
	}
	for _, amount := range c.deducted {
		pays += max(0, amount)
	}
	c.out.Amount = pays
	a := e.accounts.at(payer)
	switch {
	case pays > 0:
		if a.freezeDebits > 0 {
			return DebitsFrozen
		}
		if overflows(a.debits, a.debitsHeld, pays) {
			return Overflow
		}
		if code := a.outflow(DebitNormal, pays); code != Applied {
			return code
		}
		e.book(payer, DebitNormal, pays, Entry{Kind: EntryPayer, Register: c.distribution.Register})
	case pays < 0:
		if a.freezeCredits > 0 {
			return CreditsFrozen
		}
		if code := e.creditable(payer, -pays); code != Applied {
			return code
		}
		e.book(payer, CreditNormal, -pays, Entry{Kind: EntryReversal, Register: c.distribution.Register})
	}
	e.settle()
	return Applied
}

// creditable checks that an account can bear a credit.
func (e *Engine) creditable(account uint32, amount int64) Code {
	a := e.accounts.at(account)
	if overflows(a.credits, a.creditsHeld, amount) {
		return Overflow
	}
	return a.outflow(CreditNormal, amount)
}

// pay credits those who get something.
func (c *correcting) pay(uint32) Code {
	e := c.engine
	for i := range c.parts {
		p := &c.parts[i]
		if p.net <= 0 {
			continue
		}
		c.out.Count++
		credited := p.net
		if !e.accounts.at(p.account).takesLine(p.net) {
			credited = 0
			c.out.Unclaimed++
			c.out.Set += p.net
			e.setAside(p.place, p.net)
			e.settle()
		}
		c.book(p.account, CreditNormal, credited, p.gross)
		if credited > 0 && e.accounts.at(p.account).bits&bitOwes != 0 {
			e.dist.owing = append(e.dist.owing, owing{p.account, credited})
		}
	}
	return Applied
}

// payRest credits the unclaimed account and the deduction accounts.
func (c *correcting) payRest(uint32) Code {
	e, r := c.engine, c.distribution.Register
	if c.out.Set > 0 {
		u := e.registers.at(r).unclaimed
		if code := e.creditable(u, c.out.Set); code != Applied {
			return code
		}
		e.book(u, CreditNormal, c.out.Set, Entry{Kind: EntryUnclaimed, Register: r})
		e.settle()
	}
	c.out.Deducted = c.deducted
	for i, amount := range c.deducted {
		if amount <= 0 {
			continue
		}
		if e.accounts.at(c.accounts[i]).freezeCredits > 0 {
			return CreditsFrozen
		}
		if code := e.creditable(c.accounts[i], amount); code != Applied {
			return code
		}
		e.book(c.accounts[i], CreditNormal, amount, Entry{Kind: EntryDeducted, Register: r})
		e.settle()
	}
	return Applied
}
