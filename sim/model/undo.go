package model

import (
	"math/big"

	"github.com/longmen/longmen/core/ledger"
)

// undoing collects what a reversal gets back. Its steps are checked one after the other, like operations: once one has
// failed, the others do not count.
type undoing struct {
	*run
	failed  ledger.Code
	atMost  bool
	cover   *Account // pays what is missing, if there is one
	got     int64
	missing []ledger.Missing

	shortfalls []ledger.Missing // of the distribution at hand, one by one
}

func (r *run) undoing(mode ledger.ReverseMode, cover string) *undoing {
	return &undoing{run: r, atMost: mode != ledger.RefuseShortfall, cover: r.accounts[cover]}
}

func (u *undoing) finish() ledger.Code {
	u.output(ledger.Output{Amount: u.got, Missing: u.missing})
	return u.failed
}

// check ends a step.
func (u *undoing) check(v verdict) {
	if u.failed == ledger.Applied {
		u.failed = v.code()
	}
}

// miss notes a shortfall; those of one account that follow each other are told as one.
func (u *undoing) miss(account string, amount int64) {
	if amount > 0 {
		u.shortfalls = append(u.shortfalls, ledger.Missing{Account: account, Amount: amount})
	}
	last := len(u.missing) - 1
	if last >= 0 && u.missing[last].Account == account {
		u.missing[last].Amount += amount
	} else if amount > 0 {
		u.missing = append(u.missing, ledger.Missing{Account: account, Amount: amount})
	}
}

func (r *run) reverse(o *ledger.Reverse) ledger.Code {
	var v verdict
	if o.Mode == ledger.OweShortfall && r.accounts[o.Cover] == nil {
		return ledger.AccountNotFound
	}
	d := r.deeds[o.Sequence]
	if d == nil {
		return ledger.CommandNotFound
	}
	v.when(d.foreign, ledger.NotReversible)
	v.when(r.reversed[o.Sequence], ledger.ReversedAlready)
	for _, p := range d.distributions {
		v.when(r.registers[p.register].Changed > o.Sequence, ledger.RegisterChanged)
	}
	if v.bad() {
		return v.code()
	}
	r.reversed[o.Sequence], r.whole[o.Sequence] = true, true
	u := r.undoing(o.Mode, o.Cover)
	for i := len(d.distributions) - 1; i >= 0; i-- {
		u.payment(d.distributions[i])
	}
	for i := len(d.movements) - 1; i >= 0; i-- {
		u.movement(d.movements[i])
	}
	return u.finish()
}

// movement books the opposite of what was booked.
func (u *undoing) movement(m movement) {
	var v verdict
	giver, receiver, amount := u.accounts[m.credit], u.accounts[m.debit], m.amount
	frozen := u.debitsFrozen(m.credit)
	v.when(u.creditsFrozen(m.debit), ledger.CreditsFrozen)
	v.when(frozen && !u.atMost, ledger.DebitsFrozen)
	if u.atMost {
		amount = u.most(giver, receiver, amount)
		if frozen {
			amount = 0
		}
		u.miss(m.credit, m.amount-amount)
	}
	if amount > 0 {
		u.checkBooking(&v, giver, receiver, amount)
	}
	giver.Debits += amount
	receiver.Credits += amount
	u.got += amount
	u.check(v)
	if missing := m.amount - amount; missing > 0 && u.cover != nil {
		v = 0
		v.when(u.creditOverflows(receiver, missing), ledger.Overflow)
		if receiver.Side == ledger.DebitNormal {
			u.checkOutflow(&v, receiver, missing)
		}
		u.owed(&v, giver, receiver, missing)
		receiver.Credits += missing
		u.got += missing
		u.check(v)
	}
}

// from takes what an account owes and returns what it had.
func (u *undoing) from(account string, owed int64) int64 {
	if owed == 0 {
		return 0
	}
	var v verdict
	a, amount := u.accounts[account], owed
	frozen := u.debitsFrozen(account)
	v.when(frozen && !u.atMost, ledger.DebitsFrozen)
	if u.atMost {
		if a.Side == ledger.CreditNormal {
			amount = u.least(amount, a)
		}
		if frozen {
			amount = 0
		}
		u.miss(account, owed-amount)
	} else if a.Side == ledger.CreditNormal {
		u.checkOutflow(&v, a, amount)
	}
	v.when(u.debitOverflows(a, amount), ledger.Overflow)
	a.Debits += amount
	u.check(v)
	return amount
}

// payment undoes a distribution whose register has not changed since.
func (u *undoing) payment(p *payment) {
	register := u.registers[p.register]
	for tranche, amount := range p.amounts {
		left := minus(cents(amount), times(p.q[tranche], p.units))
		register.Rem[tranche] = minus(register.Rem[tranche], left)
	}
	u.lines(p, p.lines)
	for i := range p.lines {
		l := &p.lines[i]
		h := register.Holdings[l.holder]
		for tranche := range p.amounts {
			t := &h.Tranches[tranche]
			t.Carry = minus(t.Carry, p.earned(l, tranche))
		}
	}
}

// earned is what a line left in its holding's carry.
func (p *payment) earned(l *line, tranche int) *big.Int {
	return minus(times(p.q[tranche], l.units), cents(l.gross[tranche]))
}

// lines takes lines back from holders, then from the accounts of deductions, and gives all to the payer.
func (u *undoing) lines(p *payment, lines []line) {
	var v, atEnd verdict
	register, payer, got := u.registers[p.register], u.accounts[p.payer], int64(0)
	v.when(u.creditsFrozen(p.payer), ledger.CreditsFrozen)
	u.check(v)
	for i := range lines {
		u.owedAgain(&lines[i])
	}
	var short verdict
	for i := range lines {
		for tranche, gross := range lines[i].gross {
			short.when(register.Holdings[lines[i].holder].Tranches[tranche].Paid < gross, ledger.PaidExceeded)
		}
	}
	u.check(short)
	u.shortfalls = nil
	var accounts []string
	owed := map[string]int64{}
	for i := range lines {
		l := &lines[i]
		h := register.Holdings[l.holder]
		got += u.line(register, h, l)
		for tranche, gross := range l.gross {
			h.Tranches[tranche].Paid -= gross
		}
		for _, d := range l.deducted {
			if _, known := owed[d.account]; !known {
				accounts = append(accounts, d.account)
			}
			owed[d.account] += d.amount
			added := l.gross[d.tranche] % 1_000_000 * int64(d.rate) % 1_000_000
			t := &h.Tranches[d.tranche]
			t.Rest = (t.Rest - added + 1_000_000) % 1_000_000
		}
	}
	for _, account := range accounts {
		got += u.from(account, owed[account])
	}
	for _, s := range u.shortfalls {
		if u.cover == nil {
			break
		}
		var v verdict
		u.owed(&v, u.accounts[s.Account], payer, s.Amount)
		u.check(v)
		got += s.Amount
	}
	atEnd.when(u.creditOverflows(payer, got), ledger.Overflow)
	if payer.Side == ledger.DebitNormal && got > 0 {
		u.checkOutflow(&atEnd, payer, got)
	}
	u.check(atEnd)
	payer.Credits += got
	u.receive(p.payer, got)
	u.got += got
}

// line takes a net line back: what still lies unclaimed from there, the rest from the holder's account.
func (u *undoing) line(register *Register, h *Holding, l *line) (got int64) {
	owed := l.net()
	if l.unclaimed {
		lies := min(owed, h.Unclaimed)
		got = u.from(register.Unclaimed, lies)
		h.Unclaimed -= got
		owed -= lies
	}
	return got + u.from(h.Account, owed)
}

func (r *run) reverseLine(o *ledger.ReverseLine) ledger.Code {
	if r.accounts[o.Account] == nil {
		return ledger.AccountNotFound
	}
	if o.Mode == ledger.OweShortfall && r.accounts[o.Cover] == nil {
		return ledger.AccountNotFound
	}
	p, l := r.findLine(o.Sequence, o.Index, o.Account)
	if l == nil {
		return ledger.CommandNotFound
	}
	key := undoneLine{o.Sequence, o.Index, o.Account}
	if r.whole[o.Sequence] || r.undone[key] || r.adjusted[adjustment{o.Sequence, o.Index}] {
		return ledger.ReversedAlready
	}
	r.reversed[o.Sequence], r.undone[key] = true, true
	u := r.undoing(o.Mode, o.Cover)
	u.lines(p, []line{*l})
	register := u.registers[p.register]
	h := register.Holdings[l.holder]
	for tranche := range p.amounts {
		if h.Units == 0 {
			break // a holding without units keeps no carry: what would be taken from rem would come back to it
		}
		t := &h.Tranches[tranche]
		t.Carry = minus(t.Carry, p.earned(l, tranche))
		register.Rem[tranche] = plus(register.Rem[tranche], p.earned(l, tranche))
	}
	return u.finish()
}

// findLine finds a line above zero.
func (r *run) findLine(sequence uint64, index uint16, account string) (*payment, *line) {
	d := r.deeds[sequence]
	if d == nil {
		return nil, nil
	}
	for _, p := range d.distributions {
		if p.index != index {
			continue
		}
		for i := range p.lines {
			if p.lines[i].account == account && p.lines[i].whole() > 0 {
				return p, &p.lines[i]
			}
		}
	}
	return nil, nil
}
