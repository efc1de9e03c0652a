package ledger

import (
	"math"
	"slices"

	"github.com/longmen/longmen/core/share"
)

// distribution is working memory of distribute, reused.
type distribution struct {
	pending  []pending
	paying   []paying
	blocks   []share.Block
	lines    [MaxTranches][]int64
	accounts []uint32 // deduction accounts
	gross    []int64  // lines of all tranches, by holder
	owing    []owing  // lines of those who owe
	fetched  uint64   // of no use but to have looked at accounts
}

// pending is what the distributions checked so far will book on an account.
type pending struct {
	account         uint32
	debits, credits int64
}

// paying is what a distribution checked so far will pay by tranche.
type paying struct {
	register uint32
	amounts  []int64
}

// linesEnd is the most that posted and held credits of a holder's account may be after a line. Above it lines go to the
// unclaimed account, so the accounts that a distribution names can't overflow half way.
const linesEnd = 1 << 62

func (e *Engine) distribute(o *Distribute) Code {
	if !e.checked {
		if code := e.checkDistributions(); code != Applied {
			return code
		}
		e.checked = true
	}
	r, payer := e.register(o.Register), e.account(o.Payer)
	e.dist.accounts = e.dist.accounts[:0]
	for i := range o.Deductions {
		e.dist.accounts = append(e.dist.accounts, e.account(o.Deductions[i].Account))
	}
	sum := int64(0)
	for _, a := range o.Amounts {
		sum += a
	}
	e.book(payer, DebitNormal, sum, Entry{Kind: EntryPayer, Register: r})
	e.settle()

	if e.implied() {
		e.setRates(r, func(t uint8) bool { return o.Amounts[t] > 0 }, o.Deductions)
	}
	holders := e.registers.at(r).holdings
	tranches := e.payTranches(r, o.Amounts)
	out := Output{Amount: sum, Tranches: make([]TrancheResult, len(o.Amounts))}
	for t := range tranches {
		out.Tranches[t] = tranches[t].TrancheResult
	}
	if len(o.Deductions) > 0 {
		out.Deducted = make([]int64, len(o.Deductions))
	}
	payout := Payout{
		Sequence: e.sequence, Index: e.op, Register: r, Payer: payer, Holders: holders, Amount: sum, Tranches: tranches,
		After: e.entries, Changes: len(e.fx.Holdings), Rates: e.rates.at(e.registers.at(r).rates),
	}
	reg := e.registers.edit(r)
	reg.payouts++
	payout.Number = reg.payouts
	e.creditLines(r, o, &out, &payout)
	e.bookRest(r, o, &out)
	e.setOff(r, &out, &payout)
	e.fx.Payouts = append(e.fx.Payouts, payout)
	e.output(out)
	return Applied
}

// payTranches applies the rule to each tranche and leaves the lines in e.dist.lines.
func (e *Engine) payTranches(r uint32, amounts []int64) []PayoutTranche {
	reg := e.registers.edit(r)
	n := int(reg.holdings)
	from := len(e.fx.result)
	for t, amount := range amounts {
		if cap(e.dist.lines[t]) < n {
			e.dist.lines[t] = make([]int64, n+n/4)
		}
		e.dist.lines[t] = e.dist.lines[t][:n]
		pt := PayoutTranche{}
		if amount > 0 {
			o := e.pay.Pay(e.gather(reg, uint32(t)), reg.units, &reg.rem[t], amount, e.dist.lines[t])
			pt.TrancheResult = TrancheResult{Amount: o.Amount, Units: o.Units, Q: o.Q, Rem: o.Rem, Cut: o.Cut}
			pt.Ahead = e.paidShares(reg, uint32(t), o.Q)
			reg.index[t] = reg.index[t].Add(o.Q)
			reg.paid[t] += amount
		} else {
			clear(e.dist.lines[t])
			pt.Ahead = e.aheads(reg, uint32(t))
		}
		pt.Index = reg.index[t]
		e.fx.result = append(e.fx.result, pt)
	}
	return e.fx.result[from:len(e.fx.result):len(e.fx.result)]
}

// gather lists the register's blocks for the rule.
func (e *Engine) gather(reg *register, t uint32) []share.Block {
	e.dist.blocks = e.dist.blocks[:0]
	left := int(reg.holdings)
	for i := reg.first; i != 0; {
		b := e.blocks.at(i)
		n := min(left, blockSize)
		e.dist.blocks = append(e.dist.blocks, share.Block{Units: b.units[:n], Rows: e.shares.raw(b.rows + t).row[:n]})
		left -= n
		i = b.next
	}
	return e.dist.blocks
}

// paidShares brings the sum of the rows' hashes up to date and tells how far ahead each holding is.
func (e *Engine) paidShares(reg *register, t uint32, q share.Int128) []int32 {
	ahead := e.aheadRoom(reg)
	lines, rest, change := e.dist.lines[t], ahead, uint64(0)
	for i := reg.first; i != 0; {
		b := e.blocks.at(i)
		n := min(len(lines), blockSize)
		change += e.shares.at(b.rows+t).paid(&b.units, q, lines[:n], rest[:n])
		lines, rest = lines[n:], rest[n:]
		i = b.next
	}
	e.shares.sum += change
	return ahead
}

// aheads tells how far ahead each holding is.
func (e *Engine) aheads(reg *register, t uint32) []int32 {
	ahead := e.aheadRoom(reg)
	rest := ahead
	for i := reg.first; i != 0; {
		b := e.blocks.at(i)
		rows := &e.shares.at(b.rows + t).row
		n := min(len(rest), blockSize)
		for s := range rest[:n] {
			rest[s] = int32(-rows[s].Carry.Hi)
		}
		rest = rest[n:]
		i = b.next
	}
	return ahead
}

// aheadRoom is room in the effects for a number by holding.
func (e *Engine) aheadRoom(reg *register) []int32 {
	from, n := len(e.fx.ahead), int(reg.holdings)
	e.fx.ahead = slices.Grow(e.fx.ahead, n)[:from+n]
	return e.fx.ahead[from : from+n : from+n]
}

// implied reports whether rates imply what deductions take. In version 1 each line of which something was deducted had an
// entry of its own.
func (e *Engine) implied() bool { return e.version >= 4 }

// creditLines credits every holder's account with his lines of all tranches together.
func (e *Engine) creditLines(r uint32, o *Distribute, out *Output, payout *Payout) {
	reg := e.registers.at(r)
	totals := lineTotals{}
	e.dist.owing = e.dist.owing[:0]
	details := len(e.fx.details)
	plain := len(o.Deductions) == 0 || e.implied()
	lines, holder := e.grossLines(len(o.Amounts)), 0
	for i := reg.first; i != 0; i = e.blocks.at(i).next {
		b := e.blocks.at(i)
		n := min(len(lines), blockSize)
		// The accounts lie far apart. Looked at one after the other before anything depends on them, they come together.
		var rows [blockSize]*account
		for s := range rows[:n] {
			rows[s] = e.accounts.raw(b.account[s])
			e.dist.fetched += uint64(rows[s].credits) ^ uint64(rows[s].freezeCredits)
		}
		if e.implied() && len(o.Deductions) > 0 {
			e.deductLines(i, holder, lines[:n], o, out)
		}
		sum := uint64(0)
		for s, line := range lines[:n] {
			if line == 0 {
				continue
			}
			if a := rows[s]; plain && a.takesPlainLine(line) {
				a.credits += line
				a.derived += line
				sum += lineKey(b.account[s]) * uint64(line)
				out.Count++
				totals.add(e, a.bucket, line)
				continue
			}
			e.creditLine(i, uint32(s), line, o, &totals, out, payout)
		}
		e.accounts.sum += sum
		lines, holder = lines[n:], holder+n
	}
	totals.flush(e)
	payout.Totals = totals.list
	payout.Lines = e.fx.details[details:len(e.fx.details):len(e.fx.details)]
}

// grossLines adds the tranches' lines up by holder.
func (e *Engine) grossLines(tranches int) []int64 {
	e.dist.gross = append(e.dist.gross[:0], e.dist.lines[0]...)
	gross := e.dist.gross
	for t := 1; t < tranches; t++ {
		for h, line := range e.dist.lines[t][:len(gross)] {
			gross[h] += line
		}
	}
	return gross
}

// lineWeight is weight2 + weight6 modulo 2^64.
const lineWeight = weight2 - (1<<64 - 1 - weight6) - 1

// lineKey is what each minor unit of a line changes the sum of the accounts by: it adds to credits and to derived.
func lineKey(account uint32) uint64 {
	return mix(seedAccount<<4^uint64(account)) * lineWeight
}

// deductLines takes from a block's lines, in place, what rates imply.
func (e *Engine) deductLines(i uint32, holder int, lines []int64, o *Distribute, out *Output) {
	b := e.blocks.raw(i)
	taken := [blockSize]int64{}
	for k := range o.Deductions {
		d := &o.Deductions[k]
		x := e.shares.raw(b.rows + uint32(d.Tranche))
		change := uint64(0)
		for s, line := range e.dist.lines[d.Tranche][holder : holder+len(lines)] {
			if line == 0 || b.class[s] != d.Class {
				continue
			}
			before := x.row[s].Rest
			amount := share.Deduct(line, d.Rate, &x.row[s].Rest)
			change += slots[s] * (uint64(x.row[s].Rest) - uint64(before))
			out.Deducted[k] += amount
			taken[s] += amount
		}
		e.shares.sum += x.key() * change * weight4
	}
	for s, amount := range taken[:len(lines)] {
		if amount > 0 {
			lines[s] -= amount
			b.taken[s] += amount
			e.blocks.sum += holdingKey(b.register, b.first+uint32(s)) * uint64(amount) * weight5
		}
	}
}

// creditLine credits one holder with a line. Only what payouts do not imply gets an entry of its own.
func (e *Engine) creditLine(i, s uint32, line int64, o *Distribute, totals *lineTotals, out *Output, payout *Payout) {
	b := e.blocks.at(i)
	place, account := i*blockSize+s, b.account[s]
	detail := LineDetail{Holder: b.first + s}
	net := line
	if !e.implied() && len(o.Deductions) > 0 {
		net -= e.deduct(o, b, s, &detail, out)
	}
	if net > 0 {
		out.Count++
	}
	a := e.accounts.raw(account)
	credited := net
	if net > 0 && (!a.takesLine(net) || e.promised(account, a)) {
		credited, detail.Unclaimed = 0, net
		out.Unclaimed++
		out.Set += net
		e.setAside(place, net)
		e.settle()
	}
	if credited == line {
		a.credits += line
		a.derived += line
		e.accounts.sum += lineKey(account) * uint64(line)
	} else {
		a = e.accounts.edit(account)
		a.credits += credited
		a.derived += line
		payout.Explicit++
		e.fx.details = append(e.fx.details, detail)
		e.entry(a, Entry{
			Kind: EntryLine, Side: CreditNormal, Account: account, Register: payout.Register, Amount: credited,
			Derived: line, Payout: payout.Number,
		})
		e.accounts.settle()
	}
	totals.add(e, a.bucket, credited)
	if a.bits&bitOwes != 0 && credited > 0 {
		e.dist.owing = append(e.dist.owing, owing{account, credited})
	}
}

// takesPlainLine is takesLine for the usual account, to which a credit is no outflow and all that happens.
func (a *account) takesPlainLine(net int64) bool {
	return a.freezeCredits == 0 && a.bits&(bitDebitNormal|bitOwes) == 0 && net <= linesEnd-a.credits-a.creditsHeld
}

// takesLine reports whether a credit of a line can be booked whatever the holder did.
func (a *account) takesLine(net int64) bool {
	return a.freezeCredits == 0 && net <= linesEnd-a.credits-a.creditsHeld && a.outflow(CreditNormal, net) == Applied
}

// promised reports whether what a bounded debit-normal account can still take is promised to a deduction or to what
// nobody can claim yet, of this command.
func (e *Engine) promised(i uint32, a *account) bool {
	if a.bits&bitDebitNormal == 0 || !a.bounded() {
		return false
	}
	return slices.ContainsFunc(e.dist.pending, func(p pending) bool { return p.account == i && p.credits > 0 })
}

// lineTotals adds lines up by bucket of the trial balance; neighbours are mostly in the same.
type lineTotals struct {
	bucket uint32
	sum    int64
	list   []BucketTotal
}

func (l *lineTotals) add(e *Engine, bucket uint32, amount int64) {
	if bucket != l.bucket {
		l.flush(e)
		l.bucket = bucket
	}
	l.sum += amount
}

func (l *lineTotals) flush(e *Engine) {
	if l.sum == 0 {
		return
	}
	side := CreditNormal
	amount := l.sum
	if amount < 0 {
		side, amount = DebitNormal, -amount
	}
	e.total(l.bucket, side, amount)
	e.buckets.settle()
	for i := range l.list {
		if l.list[i].Bucket == l.bucket {
			l.list[i].add(side, amount)
			l.sum = 0
			return
		}
	}
	t := BucketTotal{Bucket: l.bucket}
	t.add(side, amount)
	l.list = append(l.list, t)
	l.sum = 0
}

func (t *BucketTotal) add(side Side, amount int64) {
	if side == DebitNormal {
		t.Debits += amount
	} else {
		t.Credits += amount
	}
}

// deduct takes from a holder's lines what their tranche and his class ask for.
func (e *Engine) deduct(o *Distribute, b *block, s uint32, detail *LineDetail, out *Output) (taken int64) {
	for i := range o.Deductions {
		d := &o.Deductions[i]
		line := e.dist.lines[d.Tranche][detail.Holder]
		if d.Class != b.class[s] || line == 0 {
			continue
		}
		row := &e.shares.edit(b.rows + uint32(d.Tranche)).row[s]
		amount := share.Deduct(line, d.Rate, &row.Rest)
		out.Deducted[i] += amount
		detail.Deducted[d.Tranche] = amount
		taken += amount
	}
	e.shares.settle()
	return taken
}

// setAside adds to what lies unclaimed in a holding's name.
func (e *Engine) setAside(place uint32, amount int64) {
	if row, ok := e.unclaimedAt[place]; ok {
		e.unclaimed.edit(row).amount += amount
		return
	}
	row, u := e.unclaimed.add()
	u.place, u.amount = place, amount
	e.unclaimedAt[place] = row
	e.onRollback(func() { delete(e.unclaimedAt, place) })
}

// bookRest credits the unclaimed account and the deduction accounts, each once.
func (e *Engine) bookRest(r uint32, o *Distribute, out *Output) {
	if out.Set > 0 {
		e.book(e.registers.at(r).unclaimed, CreditNormal, out.Set, Entry{Kind: EntryUnclaimed, Register: r})
		e.settle()
	}
	for i, a := range e.dist.accounts {
		if out.Deducted[i] > 0 {
			e.book(a, CreditNormal, out.Deducted[i], Entry{Kind: EntryDeducted, Register: r})
			e.settle()
		}
	}
}

// checkDistributions checks all distributions of the command before the first takes effect: nothing is undone after
// a line.
func (e *Engine) checkDistributions() Code {
	e.dist.pending, e.dist.paying = e.dist.pending[:0], e.dist.paying[:0]
	for i := int(e.op); i < len(e.command.Operations); i++ {
		if code := e.checkDistribution(e.command.Operations[i].(*Distribute)); code != Applied {
			e.op = uint16(i)
			return code
		}
	}
	return Applied
}

func (e *Engine) checkDistribution(o *Distribute) Code {
	r, payer := e.register(o.Register), e.account(o.Payer)
	if r == 0 {
		return RegisterNotFound
	}
	if payer == 0 {
		return AccountNotFound
	}
	reg := e.registers.at(r)
	credited := append(e.dist.accounts[:0], reg.unclaimed)
	for i := range o.Deductions {
		a := e.account(o.Deductions[i].Account)
		if a == 0 {
			return AccountNotFound
		}
		credited = append(credited, a)
	}
	e.dist.accounts = credited
	for _, a := range append(credited, payer) {
		if e.accounts.at(a).asset != reg.asset {
			return AssetMismatch
		}
	}
	for _, a := range credited {
		if a == payer {
			return SameAccount
		}
	}
	if len(o.Amounts) != int(reg.tranches) {
		return TrancheMismatch
	}
	if e.accounts.at(payer).freezeDebits > 0 {
		return DebitsFrozen
	}
	for _, a := range credited[1:] {
		if e.accounts.at(a).freezeCredits > 0 {
			return CreditsFrozen
		}
	}
	if reg.units == 0 {
		return RegisterEmpty
	}
	if e.paidOverflows(r, o.Amounts) {
		return Overflow
	}
	e.dist.paying = append(e.dist.paying, paying{r, o.Amounts})
	sum := int64(0)
	for _, a := range o.Amounts {
		sum += a
	}
	return e.reserve(payer, credited, sum)
}

// paidOverflows reports whether a tranche would have paid more in all than one holding can count.
func (e *Engine) paidOverflows(r uint32, amounts []int64) bool {
	paid := e.registers.at(r).paid
	for _, p := range e.dist.paying {
		if p.register == r {
			for t, a := range p.amounts {
				paid[t] += a
			}
		}
	}
	for t, a := range amounts {
		if a > math.MaxInt64-paid[t] {
			return true
		}
	}
	return false
}

// reserve checks limits and balances as if what is pending were booked, then adds to it. An account that is credited for
// several reasons gets no more than the whole amount in all.
func (e *Engine) reserve(payer uint32, credited []uint32, sum int64) Code {
	// deterministic: numbers that are equal are the same
	slices.Sort(credited)
	credited = slices.Compact(credited)
	p := e.pendingOf(payer)
	if overflows(p.debits, p.debitsHeld, sum) {
		return Overflow
	}
	for _, a := range credited {
		if c := e.pendingOf(a); overflows(c.credits, c.creditsHeld, sum) {
			return Overflow
		}
	}
	p.credits = e.accounts.at(payer).credits // what is only pending pays nothing
	code := p.outflow(DebitNormal, sum)
	for _, a := range credited {
		c := e.pendingOf(a)
		code = lowest(code, c.outflow(CreditNormal, sum))
	}
	if code != Applied {
		return code
	}
	e.dist.pending = append(e.dist.pending, pending{account: payer, debits: sum})
	for _, a := range credited {
		e.dist.pending = append(e.dist.pending, pending{account: a, credits: sum})
	}
	return Applied
}

// pendingOf is an account as it would be after what is pending.
func (e *Engine) pendingOf(i uint32) account {
	a := *e.accounts.at(i)
	for _, p := range e.dist.pending {
		if p.account == i {
			a.debits += p.debits
			a.credits += p.credits
		}
	}
	return a
}

func (e *Engine) claim(o *Claim) Code {
	r := e.register(o.Register)
	if r == 0 {
		return RegisterNotFound
	}
	holder, to, code := e.pair(o.Holder, o.To)
	if code != Applied {
		return code
	}
	place := e.place(r, holder)
	if place == 0 {
		return HoldingNotFound
	}
	from := e.registers.at(r).unclaimed
	if code = e.fits(from, to); code != Applied {
		return code
	}
	row := e.unclaimedAt[place]
	if row == 0 {
		return NothingUnclaimed
	}
	amount := e.unclaimed.at(row).amount
	if o.Amount > 0 {
		amount = min(amount, o.Amount)
	}
	if code = e.affordable(from, to, amount); code != Applied {
		return code
	}
	e.takeAside(row, amount)
	e.output(Output{Amount: amount})
	e.move2(from, to, amount, EntryClaim, r)
	return Applied
}

// takeAside takes from what lies unclaimed; an empty row ends.
func (e *Engine) takeAside(row uint32, amount int64) {
	u := e.unclaimed.edit(row)
	u.amount -= amount
	if u.amount > 0 {
		return
	}
	place := u.place
	e.unclaimed.drop(row)
	delete(e.unclaimedAt, place)
	e.onRollback(func() { e.unclaimedAt[place] = row })
}
