package history

import (
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// model keeps everything that was ever told and answers by looking through all of it. It works lines out from the
// public figures of each distribution, one after the other, never from running indexes.
type model struct {
	accounts  map[uint32]*modelAccount
	registers map[uint32]*modelRegister
	commands  []modelCommand // sequence − 1
	buckets   map[uint32]uint32
	bucketOf  map[uint32][2]uint64
}

type modelCommand struct {
	command
	references []ledger.Reference
	result     []byte
	totals     map[uint32][2]share.Int128
	payouts    []*modelPayout
	movements  []ledger.PastMovement
}

type modelAccount struct {
	items  []modelItem
	net    int64
	debits int64
}

type modelItem struct {
	sequence  uint64
	kind      ledger.EntryKind
	entry     uint64
	amount    int64 // signed
	balance   int64
	debits    int64
	register  uint32
	payout    uint64
	gross     []int64
	deducted  []int64
	unclaimed int64
	date      ledger.Date
	effective ledger.Date
	purpose   uint32
}

type modelRegister struct {
	holders []modelHolder
	payouts []*modelPayout
}

type modelHolder struct {
	account uint32
	units   uint64
	class   uint8
	rows    []share.Row
}

type modelPayout struct {
	ledger.Payout
	lines map[uint32]modelLine
}

type modelLine struct {
	account  uint32
	units    uint64
	class    uint8
	gross    []int64
	taken    []int64 // as rates imply, by tranche
	explicit *ledger.Entry
	detail   ledger.LineDetail
}

func (l *modelLine) sum() (s int64) {
	for _, g := range l.gross {
		s += g
	}
	return s
}

// implied is what is credited if the line has no entry of its own.
func (l *modelLine) implied() int64 {
	s := l.sum()
	for _, d := range l.taken {
		s -= d
	}
	return s
}

func newModel() *model {
	return &model{
		accounts: map[uint32]*modelAccount{}, registers: map[uint32]*modelRegister{},
		buckets: map[uint32]uint32{}, bucketOf: map[uint32][2]uint64{},
	}
}

// apply takes up what one command did.
func (m *model) apply(c *ledger.Command, res *ledger.Result, result []byte, fx *ledger.Effects) {
	mc := modelCommand{result: slices.Clone(result), references: c.References, totals: map[uint32][2]share.Int128{}}
	mc.command = command{
		Timestamp: res.Timestamp, ID: c.ID, Purpose: c.Purpose, Effective: c.Effective, Date: res.Date, Code: res.Code,
	}
	if n := len(m.commands); n > 0 {
		for b, t := range m.commands[n-1].totals {
			mc.totals[b] = t
		}
	}
	for _, a := range fx.Accounts {
		m.accounts[a.Number] = &modelAccount{}
		m.buckets[a.Number] = a.Bucket
		m.bucketOf[a.Bucket] = [2]uint64{uint64(a.Asset), uint64(a.Code)}
	}
	for _, r := range fx.Registers {
		m.registers[r.Number] = &modelRegister{}
	}
	changes, entries := fx.Holdings, fx.Entries
	for i := range fx.Payouts {
		p := &fx.Payouts[i]
		for ; len(changes) > 0 && changes[0].After <= i; changes = changes[1:] {
			m.change(&changes[0])
		}
		for len(entries) > 0 && entries[0].Number <= p.After {
			m.entry(&mc, &entries[0], nil)
			entries = entries[1:]
		}
		mp := m.payout(p, fx.Entries)
		mc.payouts = append(mc.payouts, mp)
		for h := range uint32(len(m.registers[p.Register].holders)) {
			l, ok := mp.lines[h]
			if !ok || l.explicit != nil {
				continue
			}
			m.book(&mc, l.account, modelItem{
				kind: ledger.EntryLine, amount: l.implied(), register: p.Register, payout: p.Number, gross: l.gross,
				deducted: l.taken,
			})
		}
		for len(entries) > 0 && (i+1 == len(fx.Payouts) || entries[0].Number <= fx.Payouts[i+1].After) {
			m.entry(&mc, &entries[0], mp)
			entries = entries[1:]
		}
	}
	for i := range changes {
		m.change(&changes[i])
	}
	for i := range entries {
		m.entry(&mc, &entries[i], nil)
	}
	m.commands = append(m.commands, mc)
}

func (m *model) change(h *ledger.HoldingChange) {
	r := m.registers[h.Register]
	for len(r.holders) <= int(h.Holder) {
		r.holders = append(r.holders, modelHolder{})
	}
	r.holders[h.Holder] = modelHolder{h.Account, h.Units, h.Class, slices.Clone(h.Rows)}
}

// payout works out every line.
func (m *model) payout(p *ledger.Payout, entries []ledger.Entry) *modelPayout {
	r := m.registers[p.Register]
	mp := &modelPayout{Payout: *p, lines: map[uint32]modelLine{}}
	mp.Tranches, mp.Lines, mp.Totals = nil, slices.Clone(p.Lines), slices.Clone(p.Totals)
	for _, t := range p.Tranches {
		mp.Tranches = append(mp.Tranches, ledger.PayoutTranche{TrancheResult: t.TrancheResult})
	}
	var undone *modelPayout
	for _, old := range r.payouts {
		if p.Undoes != 0 && old.Sequence == p.Undoes && old.Index == p.Undone {
			undone = old
		}
	}
	for h := range uint32(len(r.holders)) {
		if l := m.line(p, undone, r, h); l.sum() != 0 {
			for i := range entries {
				if e := &entries[i]; e.Kind == ledger.EntryLine && e.Register == p.Register && e.Payout == p.Number && e.Account == l.account {
					copied := *e
					l.explicit = &copied
				}
			}
			for _, d := range p.Lines {
				if d.Holder == h {
					l.detail = d
				}
			}
			mp.lines[h] = l
		}
	}
	r.payouts = append(r.payouts, mp)
	return mp
}

func (m *model) line(p *ledger.Payout, undone *modelPayout, r *modelRegister, h uint32) modelLine {
	holder := &r.holders[h]
	l := modelLine{account: holder.account, units: holder.units, class: holder.class, gross: make([]int64, len(p.Tranches)), taken: make([]int64, len(p.Tranches))}
	if holder.units == 0 {
		return l
	}
	for t := range p.Tranches {
		pt, row := &p.Tranches[t], &holder.rows[t]
		switch {
		case pt.Amount == 0:
			continue
		case undone != nil:
			if old, ok := undone.lines[h]; ok {
				l.gross[t] = -old.gross[t]
			}
		default:
			o := share.Outcome{Amount: pt.Amount, Units: pt.Units, Q: pt.Q, Rem: pt.Rem, Cut: pt.Cut}
			l.gross[t] = o.Line(h, holder.units, row.Carry)
		}
		row.Carry = row.Carry.Add(pt.Q.Mul(holder.units)).Sub(share.Cents(l.gross[t]))
		row.Paid += l.gross[t]
		for _, x := range p.Rates {
			if int(x.Tranche) == t && x.Class == holder.class {
				l.taken[t] = share.Deduct(l.gross[t], x.Rate, &row.Rest)
			}
		}
	}
	return l
}

// entry books an entry and checks what it says of the account.
func (m *model) entry(mc *modelCommand, e *ledger.Entry, p *modelPayout) {
	i := modelItem{
		kind: e.Kind, entry: e.Number, amount: e.Amount, register: e.Register, payout: e.Payout,
	}
	if e.Side == ledger.DebitNormal {
		i.amount = -e.Amount
	}
	if e.Kind == ledger.EntryLine && e.Payout != 0 {
		for _, l := range p.lines {
			if l.account == e.Account && p.Register == e.Register {
				sign := int64(1)
				if l.sum() < 0 {
					sign = -1
				}
				i.gross, i.unclaimed = l.gross, sign*l.detail.Unclaimed
				for t := range l.gross {
					i.deducted = append(i.deducted, sign*l.detail.Deducted[t]+l.taken[t])
				}
			}
		}
	}
	if (e.Kind == ledger.EntryTransfer || e.Kind == ledger.EntryPost) && e.Side == ledger.CreditNormal {
		mc.movements = append(mc.movements, ledger.PastMovement{Index: e.Index, Debit: e.Other, Credit: e.Account, Amount: e.Amount})
	}
	a := m.book(mc, e.Account, i)
	if a.net != e.Balance || a.debits != e.Debits {
		panic(fmt.Sprintf("entry %d of account %d says balance %d and debits %d, booked were %d and %d", e.Number, e.Account, e.Balance, e.Debits, a.net, a.debits))
	}
}

func (m *model) book(mc *modelCommand, account uint32, i modelItem) *modelAccount {
	a := m.accounts[account]
	a.net += i.amount
	t := mc.totals[m.buckets[account]]
	if i.amount < 0 {
		a.debits -= i.amount
		t[0] = t[0].Add(share.Int128{Lo: uint64(-i.amount)})
	} else {
		t[1] = t[1].Add(share.Int128{Lo: uint64(i.amount)})
	}
	mc.totals[m.buckets[account]] = t
	i.sequence = uint64(len(m.commands)) + 1
	i.balance, i.debits, i.date, i.effective, i.purpose = a.net, a.debits, mc.Date, mc.effective(), mc.Purpose
	a.items = append(a.items, i)
	return a
}

// balance is what was booked on an account up to a sequence.
func (m *model) balance(account uint32, sequence uint64) (b Balance) {
	for _, i := range m.accounts[account].items {
		if i.sequence <= sequence {
			b.add(i.amount)
		}
	}
	return b
}

func (b *Balance) add(amount int64) {
	if amount < 0 {
		b.Debits -= amount
	} else {
		b.Credits += amount
	}
}

// list gives what was booked on an account and matches.
func (m *model) list(account uint32, match func(*modelItem) bool) (list []modelItem) {
	for _, i := range m.accounts[account].items {
		if match(&i) {
			list = append(list, i)
		}
	}
	return list
}

// last is the last sequence for which holds is true, of those at the beginning.
func (m *model) last(holds func(*modelCommand) bool) uint64 {
	for i := range m.commands {
		if !holds(&m.commands[i]) {
			return uint64(i)
		}
	}
	return uint64(len(m.commands))
}
