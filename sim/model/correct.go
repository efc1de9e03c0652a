package model

import (
	"math"
	"math/big"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// corrected is what one holder of then gets by a correction, or gives back.
type corrected struct {
	*line
	holding *Holding
	lines   []int64 // by tranche
	net     int64
}

func (r *run) correct(o *ledger.Correct) ledger.Code {
	var v verdict
	payer := r.accounts[o.Payer]
	v.when(payer == nil || o.Mode == ledger.OweShortfall && r.accounts[o.Cover] == nil, ledger.AccountNotFound)
	for _, d := range o.Deductions {
		v.when(r.accounts[d.Account] == nil, ledger.AccountNotFound)
	}
	p := r.findPayment(o.Sequence, o.Index)
	v.when(p == nil, ledger.CommandNotFound)
	if v.bad() {
		return v.code()
	}
	register := r.registers[p.register]
	v.when(payer.Asset != register.Asset, ledger.AssetMismatch)
	v.when(o.Payer == register.Unclaimed, ledger.SameAccount)
	for _, d := range o.Deductions {
		v.when(r.accounts[d.Account].Asset != register.Asset, ledger.AssetMismatch)
		v.when(d.Account == o.Payer, ledger.SameAccount)
	}
	v.when(len(o.Amounts) != len(register.Tranches), ledger.TrancheMismatch)
	v.when(r.whole[o.Sequence], ledger.ReversedAlready)
	if v.bad() {
		return v.code()
	}
	for tranche, amount := range o.Amounts {
		v.when(amount > 0 && register.paid(tranche, amount).Cmp(big.NewInt(math.MaxInt64)) > 0, ledger.Overflow)
	}
	if v.bad() {
		return v.code()
	}
	var list []*corrected
	for i := range p.lines {
		list = append(list, &corrected{line: &p.lines[i], holding: register.Holdings[p.lines[i].holder], lines: make([]int64, len(o.Amounts))})
	}
	for tranche, amount := range o.Amounts {
		if amount != 0 && !register.correct(list, p.units, tranche, amount) {
			return ledger.PaidExceeded
		}
	}
	r.reversed[o.Sequence], r.adjusted[adjustment{o.Sequence, o.Index}] = true, true
	u := r.undoing(o.Mode, o.Cover)
	return u.bookCorrection(o, register, payer, list)
}

// adjustment names a distribution that was corrected.
type adjustment struct {
	sequence uint64
	index    uint16
}

func (r *run) findPayment(sequence uint64, index uint16) *payment {
	if d := r.deeds[sequence]; d != nil {
		for _, p := range d.distributions {
			if p.index == index {
				return p
			}
		}
	}
	return nil
}

// correct divides an amount in one tranche among those of then; it is false if they were not paid so much.
func (r *Register) correct(list []*corrected, units uint64, tranche int, amount int64) bool {
	paid := new(big.Int)
	for _, c := range list {
		paid.Add(paid, big.NewInt(c.holding.Tranches[tranche].Paid))
	}
	q, rest := new(big.Int).DivMod(cents(amount), new(big.Int).SetUint64(units), new(big.Int))
	if paid.Add(paid, big.NewInt(amount)).Sign() < 0 {
		return false
	}
	for _, c := range list {
		if amount < 0 && plus(cents(c.holding.Tranches[tranche].Paid+1), times(q, c.units)).Sign() < 0 {
			return false
		}
	}
	carries, missing := make([]*big.Int, len(list)), amount
	for i, c := range list {
		carries[i] = plus(c.holding.Tranches[tranche].Carry, times(q, c.units))
		whole := new(big.Int).Div(carries[i], one).Int64() // Euclid's, which is the floor
		c.lines[tranche] = max(whole, -c.holding.Tranches[tranche].Paid)
		carries[i] = minus(carries[i], cents(c.lines[tranche]))
		missing -= c.lines[tranche]
	}
	for missing > 0 {
		missing -= deal(list, tranche, carries, missing)
	}
	for missing < 0 {
		missing += collect(list, tranche, carries, -missing)
	}
	r.settleCorrection(list, tranche, carries, rest)
	return true
}

func started(carry *big.Int) bool { return carry.Sign() > 0 }

// deal is a round in which cents are given.
func deal(list []*corrected, tranche int, carries []*big.Int, missing int64) int64 {
	var who []int
	for i := range list {
		if started(carries[i]) {
			who = append(who, i)
		}
	}
	if who == nil {
		for i := range list {
			who = append(who, i)
		}
	}
	return round(list, tranche, carries, who, missing, 1, func(i, j int) bool {
		return cent{minus(one, carries[i]), list[i].pace(), list[i].holder}.before(cent{minus(one, carries[j]), list[j].pace(), list[j].holder})
	})
}

// collect is a round in which cents are taken.
func collect(list []*corrected, tranche int, carries []*big.Int, missing int64) int64 {
	var who []int
	for i, c := range list {
		if c.holding.Tranches[tranche].Paid+c.lines[tranche] > 0 {
			who = append(who, i)
		}
	}
	return round(list, tranche, carries, who, missing, -1, func(i, j int) bool {
		return cent{minus(new(big.Int), carries[j]), list[j].pace(), list[j].holder}.before(cent{minus(new(big.Int), carries[i]), list[i].pace(), list[i].holder})
	})
}

// round changes the lines of those who come first by a cent each.
func round(list []*corrected, tranche int, carries []*big.Int, who []int, missing, cents int64, before func(i, j int) bool) int64 {
	slices.SortFunc(who, func(i, j int) int {
		if before(i, j) {
			return -1
		}
		return 1
	})
	who = who[:min(int64(len(who)), missing)]
	for _, i := range who {
		list[i].lines[tranche] += cents
		carries[i] = minus(carries[i], new(big.Int).Mul(big.NewInt(cents), one))
	}
	return int64(len(who))
}

// pace is by how many units a holding earns, or, without any, earned then.
func (c *corrected) pace() uint64 {
	if c.holding.Units > 0 {
		return c.holding.Units
	}
	return c.units
}

// settleCorrection keeps the carries. Those of holdings without units go to who has more units now than then, what is
// left to the remainder.
func (r *Register) settleCorrection(list []*corrected, tranche int, carries []*big.Int, rest *big.Int) {
	then := map[uint32]uint64{}
	gone := new(big.Int)
	for i, c := range list {
		then[c.holder] = c.units
		t := &c.holding.Tranches[tranche]
		t.Paid += c.lines[tranche]
		if c.holding.Units > 0 {
			t.Carry = carries[i]
		} else {
			gone = plus(gone, carries[i])
		}
	}
	more := uint64(0)
	for _, h := range r.Holdings {
		more += max(h.Units, then[h.Holder]) - then[h.Holder]
	}
	left := gone
	for _, h := range r.Holdings {
		if h.Units > then[h.Holder] {
			part := times(gone, h.Units-then[h.Holder])
			part.Div(part, new(big.Int).SetUint64(more))
			t := &h.Tranches[tranche]
			t.Carry = plus(t.Carry, part)
			left = minus(left, part)
		}
	}
	r.Rem[tranche] = plus(r.Rem[tranche], plus(rest, left))
}

// bookCorrection takes what is to be given back, lets the payer pay or have the difference, and pays the others.
func (u *undoing) bookCorrection(o *ledger.Correct, register *Register, payer *Account, list []*corrected) ledger.Code {
	deducted := make([]int64, len(o.Deductions))
	for _, c := range list {
		u.deductCorrection(o, c, deducted)
	}
	out := ledger.Output{}
	got, gives := int64(0), int64(0)
	for _, c := range list {
		if c.net < 0 {
			out.Count++
			got += u.line(register, c.holding, &line{gross: []int64{-c.net}, unclaimed: c.unclaimed})
		}
		gives += max(0, c.net)
	}
	for i, d := range o.Deductions {
		got += u.from(d.Account, max(0, -deducted[i]))
		gives += max(0, deducted[i])
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
	out.Amount = gives - got
	u.settleWith(payer, out.Amount)
	var paid []line
	for _, c := range list {
		if c.net <= 0 {
			continue
		}
		out.Count++
		l := line{holder: c.holder, account: c.account, gross: []int64{c.net}}
		if a := u.accounts[c.account]; u.takes(a, c.net) {
			a.Credits += c.net
			u.receive(c.account, c.net)
			paid = append(paid, l)
		} else {
			c.holding.Unclaimed += c.net
			out.Unclaimed++
			out.Set += c.net
		}
	}
	u.creditWith(register.Unclaimed, out.Set, false)
	for i, d := range o.Deductions {
		u.creditWith(d.Account, max(0, deducted[i]), true)
	}
	if u.failed != ledger.Applied {
		return u.failed
	}
	for i := range paid {
		u.setOff(&paid[i], &out, false)
	}
	if len(deducted) > 0 {
		out.Deducted = deducted
	}
	out.Missing = u.missing
	u.output(out)
	return ledger.Applied
}

// deductCorrection works out a holder's net.
func (u *undoing) deductCorrection(o *ledger.Correct, c *corrected, sums []int64) {
	c.net = sum(c.lines)
	for i, d := range o.Deductions {
		gross := c.lines[d.Tranche]
		if d.Class != c.holding.Class || gross == 0 {
			continue
		}
		t := &c.holding.Tranches[d.Tranche]
		exact := new(big.Int).Mul(big.NewInt(gross), big.NewInt(int64(d.Rate)))
		exact.Add(exact, big.NewInt(t.Rest))
		whole, rest := exact.DivMod(exact, big.NewInt(1_000_000), new(big.Int))
		t.Rest = rest.Int64()
		sums[i] += whole.Int64()
		c.net -= whole.Int64()
	}
}

// settleWith lets the payer pay, or have, what is left.
func (u *undoing) settleWith(payer *Account, pays int64) {
	var v verdict
	switch {
	case pays > 0:
		v.when(u.debitsFrozen(payer.Address), ledger.DebitsFrozen)
		v.when(u.debitOverflows(payer, pays), ledger.Overflow)
		if payer.Side == ledger.CreditNormal {
			u.checkOutflow(&v, payer, pays)
		}
		payer.Debits += pays
		u.check(v)
	case pays < 0:
		u.creditWith(payer.Address, -pays, true)
	}
}

// creditWith credits an account, as a step of its own.
func (u *undoing) creditWith(address string, amount int64, freezes bool) {
	if amount == 0 {
		return
	}
	var v verdict
	a := u.accounts[address]
	v.when(freezes && u.creditsFrozen(address), ledger.CreditsFrozen)
	v.when(u.creditOverflows(a, amount), ledger.Overflow)
	if a.Side == ledger.DebitNormal {
		u.checkOutflow(&v, a, amount)
	}
	a.Credits += amount
	u.receive(address, amount)
	u.check(v)
}

// pastCorrected tells of all who had units.
func (r *run) pastCorrected(sequence uint64, p *payment) ledger.PastDistribution {
	past := r.pastPayment(sequence, p, p.lines, true)
	past.Lines = slices.Clip(past.Lines[:min(len(past.Lines), ledger.MaxCorrected+1)])
	return past
}
