package ledger

import (
	"cmp"
	"slices"

	"github.com/longmen/longmen/core/share"
)

// Foreign reports whether an operation can't be undone by a reversal, only by its opposite.
func (k Kind) Foreign() bool { return k != KindTransfer && k != KindPost && k != KindDistribute }

// reversing is the state of one undoing.
type reversing struct {
	mode    ReverseMode
	cover   uint32 // mode OweShortfall
	taken   int64
	missing []Missing
}

// missing is what one account could not give back.
type missing struct {
	account uint32
	amount  int64
}

func (v *reversing) miss(account string, amount int64) {
	if n := len(v.missing); n > 0 && v.missing[n-1].Account == account {
		v.missing[n-1].Amount += amount
		return
	}
	v.missing = append(v.missing, Missing{account, amount})
}

func (e *Engine) reverse(o *Reverse, past *Past) Code {
	cover, code := e.coverOf(o.Mode, o.Cover)
	if code != Applied {
		return code
	}
	if past == nil || o.Sequence >= e.sequence {
		return CommandNotFound
	}
	if past.Foreign {
		return NotReversible
	}
	key := reversal{sequence: o.Sequence}
	if e.reversed[key] != 0 || e.partly[o.Sequence] > 0 {
		return ReversedAlready
	}
	for i := range past.Distributions {
		if e.registers.at(past.Distributions[i].Register).changed > o.Sequence {
			return RegisterChanged
		}
	}
	e.note(key)
	v := &reversing{mode: o.Mode, cover: cover}
	for i := len(past.Distributions) - 1; i >= 0; i-- {
		if code := e.undoDistribution(v, o.Sequence, &past.Distributions[i]); code != Applied {
			return code
		}
	}
	for i := len(past.Movements) - 1; i >= 0; i-- {
		if code := e.undoMovement(v, past.Movements[i]); code != Applied {
			return code
		}
	}
	e.output(Output{Amount: v.taken, Missing: v.missing})
	return Applied
}

// note remembers that a command, or a line of it, was undone.
func (e *Engine) note(key reversal) {
	row, r := e.reversals.add()
	*r = key
	e.reversed[key] = row
	if key.line {
		e.partly[key.sequence]++
	}
	e.onRollback(func() {
		delete(e.reversed, key)
		if key.line {
			e.partly[key.sequence]--
		}
	})
}

// undoMovement books the opposite of a transfer or a post.
func (e *Engine) undoMovement(v *reversing, m PastMovement) Code {
	giver, receiver, amount := m.Credit, m.Debit, m.Amount
	frozen := e.accounts.at(giver).freezeDebits > 0
	if frozen && v.mode == RefuseShortfall {
		return DebitsFrozen
	}
	if code := e.takes(receiver); code != Applied {
		return code
	}
	if frozen {
		amount = 0
	} else if v.mode != RefuseShortfall {
		amount = e.accounts.at(giver).bound(DebitNormal, amount)
		amount = e.accounts.at(receiver).bound(CreditNormal, amount)
	}
	if amount > 0 {
		if code := e.affordable(giver, receiver, amount); code != Applied {
			return code
		}
		e.move2(giver, receiver, amount, EntryReversal, 0)
		e.settle()
		v.taken += amount
	}
	if amount < m.Amount {
		v.miss(e.address(giver), m.Amount-amount)
		return e.coverMovement(v, missing{giver, m.Amount - amount}, receiver)
	}
	return Applied
}

// coverMovement lets the cover account pay what is missing of a movement undone.
func (e *Engine) coverMovement(v *reversing, m missing, receiver uint32) Code {
	if v.cover == 0 {
		return Applied
	}
	to := e.accounts.at(receiver)
	limit, balance := Applied, to.outflow(CreditNormal, m.amount)
	if overflows(to.credits, to.creditsHeld, m.amount) {
		limit = Overflow
	}
	code := e.cover(v, m, receiver, 0)
	if code = lowest(code, lowest(limit, balance)); code != Applied {
		return code
	}
	e.book(receiver, CreditNormal, m.amount, Entry{Kind: EntryReversal, Other: v.cover})
	e.settle()
	v.taken += m.amount
	return Applied
}

// give says how much an account can give back of an amount. Who owes nothing is not asked.
func (e *Engine) give(v *reversing, account uint32, amount int64) (int64, Code) {
	a := e.accounts.at(account)
	if amount == 0 {
		return 0, Applied
	}
	if v.mode != RefuseShortfall {
		if a.freezeDebits > 0 {
			return 0, Applied
		}
		if amount = a.bound(DebitNormal, amount); amount == 0 {
			return 0, Applied
		}
	} else if a.freezeDebits > 0 {
		return 0, DebitsFrozen
	}
	if overflows(a.debits, a.debitsHeld, amount) {
		return 0, Overflow
	}
	return amount, a.outflow(DebitNormal, amount)
}

func (e *Engine) takes(account uint32) Code {
	if e.accounts.at(account).freezeCredits > 0 {
		return CreditsFrozen
	}
	return Applied
}

func (e *Engine) undoDistribution(v *reversing, seq uint64, d *PastDistribution) Code {
	if code := e.takes(d.Payer); code != Applied {
		return code
	}
	back := &givingBack{reversing: v, engine: e, distribution: d, payout: Payout{
		Sequence: e.sequence, Index: e.op, Register: d.Register, Payer: d.Payer, Undoes: seq, Undone: d.Index,
		Number: e.registers.at(d.Register).payouts + 1,
	}}
	for i := range d.Lines {
		if code := back.owedAgain(&d.Lines[i]); code != Applied {
			return code
		}
	}
	e.setRates(d.Register, func(t uint8) bool { return d.Tranches[t].Amount != 0 }, nil)
	back.payout.After = e.entries
	if code := e.undoShares(d); code != Applied {
		return code
	}
	for i := range d.Lines {
		if code := back.line(&d.Lines[i]); code != Applied {
			return code
		}
	}
	back.totals.flush(e)
	if code := back.finish(); code != Applied {
		return code
	}
	e.emitUndoing(d, back)
	return Applied
}

// undoShares takes the payment out of rows and rem. The units are those of the payment. What a holder was paid in all
// may be less than his line, if another distribution was corrected.
func (e *Engine) undoShares(d *PastDistribution) Code {
	reg := e.registers.edit(d.Register)
	for t := range d.Tranches {
		pt := &d.Tranches[t]
		if pt.Amount == 0 {
			continue
		}
		next := 0
		for i := reg.first; i != 0; i = e.blocks.at(i).next {
			b := e.blocks.at(i)
			rows := &e.shares.edit(b.rows + uint32(t)).row
			for s := range b.units {
				line := int64(0)
				if next < len(d.Lines) && d.Lines[next].Holder == b.first+uint32(s) {
					line = d.Lines[next].Gross[t]
					next++
				}
				if rows[s].Paid < line {
					return PaidExceeded
				}
				if b.units[s] > 0 {
					rows[s].Carry = share.UndoLine(rows[s].Carry, b.units[s], pt.Q, line)
					rows[s].Paid -= line
				}
			}
			e.shares.settle()
		}
		reg.rem[t] = share.UndoRem(reg.rem[t], share.Outcome{Amount: pt.Amount, Units: pt.Units, Q: pt.Q})
		reg.index[t] = reg.index[t].Sub(pt.Q)
		reg.paid[t] -= pt.Amount
	}
	return Applied
}

// emitUndoing gives history the payout that undoes another.
func (e *Engine) emitUndoing(d *PastDistribution, back *givingBack) {
	reg := e.registers.edit(d.Register)
	reg.payouts++
	p := back.payout
	p.Number, p.Holders, p.Totals = reg.payouts, reg.holdings, back.totals.list
	p.Changes, p.Rates = len(e.fx.Holdings), e.rates.at(reg.rates)
	from := len(e.fx.result)
	for t := range d.Tranches {
		pt := &d.Tranches[t]
		p.Amount -= pt.Amount
		e.fx.result = append(e.fx.result, PayoutTranche{
			TrancheResult: TrancheResult{Amount: -pt.Amount, Units: pt.Units, Q: pt.Q.Neg(), Rem: reg.rem[t]},
			Index:         reg.index[t], Ahead: e.aheads(reg, uint32(t)),
		})
	}
	p.Tranches = e.fx.result[from:len(e.fx.result):len(e.fx.result)]
	e.fx.Payouts = append(e.fx.Payouts, p)
}

// givingBack collects what the lines of one distribution give back.
type givingBack struct {
	*reversing
	engine       *Engine
	distribution *PastDistribution
	payout       Payout
	totals       lineTotals
	taken        int64
	deducted     []PastDeducted
	missing      []missing
	block        uint32 // of the holder met last; holders come in order
}

// at finds a holder's place and account, going on from the one before.
func (g *givingBack) at(holder uint32) (place, account uint32) {
	blocks := &g.engine.blocks
	if g.block == 0 || blocks.at(g.block).first > holder {
		g.block = g.engine.registers.at(g.distribution.Register).first
	}
	for blocks.at(g.block).first+blockSize <= holder {
		g.block = blocks.at(g.block).next
	}
	return g.block*blockSize + holder%blockSize, blocks.at(g.block).account[holder%blockSize]
}

// owedAgain undoes what a line paid of debts.
func (g *givingBack) owedAgain(l *PastLine) Code {
	if len(l.SetOffs) == 0 {
		return Applied
	}
	_, account := g.at(l.Holder)
	n, code := g.engine.owedAgain(g.reversing, g.distribution.Register, account, g.payout.Number, l.SetOffs)
	g.payout.SetOffs += n
	return code
}

// miss notes what an account can't give back, which the cover account pays in the end.
func (g *givingBack) miss(account uint32, amount int64) {
	g.reversing.miss(g.engine.address(account), amount)
	g.missing = append(g.missing, missing{account, amount})
}

// line takes one holder's net back: what went to the unclaimed account and still lies there from there, the rest from
// his account.
func (g *givingBack) line(l *PastLine) Code {
	e := g.engine
	place, account := g.at(l.Holder)
	gross, net := int64(0), int64(0)
	for _, amount := range l.Gross {
		gross += amount
	}
	net = gross
	detail := LineDetail{Holder: l.Holder}
	for _, d := range l.Deducted {
		net -= d.Amount
		detail.Deducted[d.Tranche] = d.Amount
		g.deduct(d)
		row := &e.shares.edit(e.blocks.at(place/blockSize).rows + uint32(d.Tranche)).row[place%blockSize]
		share.UndoDeduct(l.Gross[d.Tranche], d.Rate, &row.Rest)
	}
	e.shares.settle()
	aside, amount, code := g.fromHolder(place, account, net, l.Unclaimed)
	if code != Applied {
		return code
	}
	detail.Unclaimed = aside
	g.taken += aside + amount
	g.takeFrom(account, amount, gross, detail)
	return Applied
}

// fromHolder finds what a holder gives back of a net: what lies unclaimed in his name, if his line went there, is taken
// already; the amount is left to take from his account.
func (g *givingBack) fromHolder(place, account uint32, net int64, unclaimed bool) (aside, amount int64, code Code) {
	e, rest := g.engine, net
	if row := e.unclaimedAt[place]; unclaimed && row != 0 {
		from, lies := e.registers.at(g.distribution.Register).unclaimed, min(net, e.unclaimed.at(row).amount)
		if aside, code = e.give(g.reversing, from, lies); code != Applied {
			return 0, 0, code
		}
		if aside < lies {
			g.miss(from, lies-aside)
		}
		if aside > 0 {
			e.takeAside(row, aside)
			e.bookAside(g.distribution.Register, aside)
		}
		rest -= lies
	}
	if amount, code = e.give(g.reversing, account, rest); amount < rest && code == Applied {
		g.miss(account, rest-amount)
	}
	return aside, amount, code
}

// takeFrom debits a holder. Taken exactly what the payout implies needs no entry; a line undone by itself has no
// payout that could imply it.
func (g *givingBack) takeFrom(account uint32, amount, gross int64, detail LineDetail) {
	e := g.engine
	a := e.accounts.edit(account)
	a.debits += amount
	a.derived -= gross
	if amount != gross || g.payout.Number == 0 {
		g.payout.Explicit++
		g.payout.Lines = append(g.payout.Lines, detail)
		e.entry(a, Entry{
			Kind: EntryLine, Side: DebitNormal, Account: account, Register: g.distribution.Register, Amount: amount,
			Derived: -gross, Payout: g.payout.Number,
		})
	}
	e.accounts.settle()
	g.totals.add(e, a.bucket, -amount)
}

// bookAside debits the unclaimed account.
func (e *Engine) bookAside(r uint32, amount int64) {
	e.book(e.registers.at(r).unclaimed, DebitNormal, amount, Entry{Kind: EntryReversal, Register: r})
	e.settle()
}

// deduct adds up what a deduction account has to give back.
func (g *givingBack) deduct(d PastDeducted) {
	for i := range g.deducted {
		if g.deducted[i].Account == d.Account {
			g.deducted[i].Amount += d.Amount
			return
		}
	}
	g.deducted = append(g.deducted, d)
}

// finish lets the deduction accounts give back and credits the payer with all that was taken.
func (g *givingBack) finish() Code {
	e, d := g.engine, g.distribution
	for _, x := range g.deducted {
		amount, code := e.give(g.reversing, x.Account, x.Amount)
		if code != Applied {
			return code
		}
		if amount < x.Amount {
			g.miss(x.Account, x.Amount-amount)
		}
		if amount > 0 {
			e.book(x.Account, DebitNormal, amount, Entry{Kind: EntryReversal, Register: d.Register})
			e.settle()
			g.taken += amount
		}
	}
	if g.cover != 0 {
		for _, m := range g.missing {
			if code := e.cover(g.reversing, m, d.Payer, d.Register); code != Applied {
				return code
			}
			g.taken += m.amount
		}
	}
	if g.taken == 0 {
		return Applied
	}
	payer := e.accounts.at(d.Payer)
	if overflows(payer.credits, payer.creditsHeld, g.taken) {
		return Overflow
	}
	if code := payer.outflow(CreditNormal, g.taken); code != Applied {
		return code
	}
	e.book(d.Payer, CreditNormal, g.taken, Entry{Kind: EntryReversal, Register: d.Register})
	e.settle()
	g.reversing.taken += g.taken
	return Applied
}

func (e *Engine) reverseLine(o *ReverseLine, past *Past) Code {
	account := e.account(o.Account)
	if account == 0 {
		return AccountNotFound
	}
	cover, code := e.coverOf(o.Mode, o.Cover)
	if code != Applied {
		return code
	}
	d := past.distribution(o.Sequence, o.Index)
	if d == nil || o.Sequence >= e.sequence {
		return CommandNotFound
	}
	place := e.place(d.Register, account)
	if place == 0 {
		return CommandNotFound
	}
	l := d.line(e.blocks.at(place/blockSize).first + place%blockSize)
	if l == nil {
		return CommandNotFound
	}
	key := reversal{sequence: o.Sequence, line: true, index: o.Index, holder: l.Holder}
	all := reversal{sequence: o.Sequence, line: true, index: o.Index, holder: corrected}
	if e.reversed[reversal{sequence: o.Sequence}] != 0 || e.reversed[all] != 0 || e.reversed[key] != 0 {
		return ReversedAlready
	}
	if code := e.takes(d.Payer); code != Applied {
		return code
	}
	e.note(key)
	v := &reversing{mode: o.Mode, cover: cover}
	back := &givingBack{reversing: v, engine: e, distribution: d}
	if code := back.owedAgain(l); code != Applied {
		return code
	}
	if code := e.undoLineShares(d, l, place); code != Applied {
		return code
	}
	if code := back.line(l); code != Applied {
		return code
	}
	back.totals.flush(e)
	if code := back.finish(); code != Applied {
		return code
	}
	e.emitHolding(d.Register, place)
	e.output(Output{Amount: v.taken, Missing: v.missing})
	return Applied
}

// distribution finds a distribution of a past.
func (p *Past) distribution(seq uint64, index uint16) *PastDistribution {
	if p == nil {
		return nil
	}
	for i := range p.Distributions {
		if d := &p.Distributions[i]; d.Sequence == seq && d.Index == index {
			return d
		}
	}
	return nil
}

// line finds what a holder got, if it was more than nothing.
func (d *PastDistribution) line(holder uint32) *PastLine {
	i, ok := slices.BinarySearchFunc(d.Lines, holder, func(l PastLine, h uint32) int { return cmp.Compare(l.Holder, h) })
	if !ok || !slices.ContainsFunc(d.Lines[i].Gross, func(g int64) bool { return g > 0 }) {
		return nil
	}
	return &d.Lines[i]
}

// undoLineShares undoes a line for its holder alone: rem takes the opposite of what his carry takes.
func (e *Engine) undoLineShares(d *PastDistribution, l *PastLine, place uint32) Code {
	b, s := e.blocks.at(place/blockSize), place%blockSize
	reg := e.registers.edit(d.Register)
	for t := range d.Tranches {
		if d.Tranches[t].Amount == 0 {
			continue
		}
		row := &e.shares.edit(b.rows + uint32(t)).row[s]
		if row.Paid < l.Gross[t] {
			return PaidExceeded
		}
		row.Paid -= l.Gross[t]
		reg.paid[t] -= l.Gross[t]
		step := share.UndoLine(share.Int128{}, l.Units, d.Tranches[t].Q, l.Gross[t])
		if b.units[s] > 0 {
			row.Carry = row.Carry.Add(step)
			reg.rem[t] = reg.rem[t].Sub(step)
		}
	}
	e.settle()
	return Applied
}
