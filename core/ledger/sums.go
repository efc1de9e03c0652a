package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/share"
)

// maxFaults bounds what CheckSums tells.
const maxFaults = 16

// CheckSums works out from every row what must add up in any state: debits and credits by asset, the trial balance
// over the accounts, holds and freezes over what they reserve, debts, units over holdings, carry and what was paid over holdings
// against their registers, and what payouts imply over holdings against their accounts. An error is a defect, whatever commands there were. It takes about a second for ten million rows.
func (e *Engine) CheckSums() error {
	c := &sumCheck{
		e: e, held: map[uint32]*reservedSums{}, frozen: map[uint32]*frozenSums{}, places: map[uint32]uint64{},
		debtors: map[uint32]uint64{}, holdings: make([]uint16, e.accounts.n+1), implied: make([]int64, e.accounts.n+1), buckets: make([][2]share.Int128, e.buckets.n+1),
	}
	c.reserved()
	c.stopped()
	c.registers()
	c.debts()
	c.accounts()
	c.trialBalance()
	return errors.Join(c.faults...)
}

// sumCheck holds what rows add up to.
type sumCheck struct {
	e        *Engine
	held     map[uint32]*reservedSums // by account
	frozen   map[uint32]*frozenSums   // by account
	places   map[uint32]uint64        // units held, by place
	holdings []uint16                 // with units, by account
	implied  []int64                  // by payouts, by account
	debtors  map[uint32]uint64        // number of debts, by account
	buckets  [][2]share.Int128        // debits and credits, by bucket
	faults   []error
}

type reservedSums struct {
	debits, credits int64
	holds           uint16
}

type frozenSums struct {
	amount          int64
	debits, credits uint32
}

func (c *sumCheck) fail(format string, args ...any) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, fmt.Errorf(format, args...))
	}
}

func (c *sumCheck) reservedOf(account uint32) *reservedSums {
	if c.held[account] == nil {
		c.held[account] = &reservedSums{}
	}
	return c.held[account]
}

// reserved adds up open holds.
func (c *sumCheck) reserved() {
	for i := uint32(1); i <= c.e.holds.n; i++ {
		h := c.e.holds.at(i)
		if h.mark.IsZero() {
			continue
		}
		payer := c.reservedOf(h.debit)
		payer.holds++
		if h.units {
			c.places[h.place] += uint64(h.amount)
			continue
		}
		payer.debits += h.amount
		c.reservedOf(h.credit).credits += h.amount
	}
}

// stopped adds up freezes.
func (c *sumCheck) stopped() {
	for i := uint32(1); i <= c.e.freezes.n; i++ {
		f := c.e.freezes.at(i)
		if f.mark.IsZero() {
			continue
		}
		s := c.frozen[f.account]
		if s == nil {
			s = &frozenSums{}
			c.frozen[f.account] = s
		}
		s.amount += f.amount
		if f.what == FreezeDebits || f.what == FreezeBoth {
			s.debits++
		}
		if f.what == FreezeCredits || f.what == FreezeBoth {
			s.credits++
		}
	}
}

// registers adds up holdings.
func (c *sumCheck) registers() {
	for i := uint32(1); i <= c.e.registers.n; i++ {
		r := c.e.registers.at(i)
		name := c.e.names.get(r.name)
		units, seen := uint64(0), uint32(0)
		sums, paid := r.rem, [MaxTranches]int64{}
		for at := r.first; at != 0; at = c.e.blocks.at(at).next {
			b := c.e.blocks.at(at)
			for s := range b.account {
				if b.account[s] == 0 {
					continue
				}
				seen++
				units += b.units[s]
				if b.units[s] > 0 {
					c.holdings[b.account[s]]++
				}
				if held := c.places[at*blockSize+uint32(s)]; b.held[s] != held || held > b.units[s] {
					c.fail("register %s, holder %d: %d of %d units are held, open holds say %d", name, b.first+uint32(s), b.held[s], b.units[s], held)
				}
				for t := range uint32(r.tranches) {
					row := &c.e.shares.at(b.rows + t).row[s]
					sums[t], paid[t] = sums[t].Add(row.Carry), paid[t]+row.Paid
					c.implied[b.account[s]] += row.Paid
				}
				c.implied[b.account[s]] -= b.taken[s]
			}
		}
		if units != r.units || units > r.cap {
			c.fail("register %s: it has %d units of at most %d, its holdings have %d", name, r.units, r.cap, units)
		}
		if seen != r.holdings {
			c.fail("register %s: it has %d holdings, %d are there", name, r.holdings, seen)
		}
		for t := range uint32(r.tranches) {
			if sums[t] != (share.Int128{}) {
				c.fail("register %s, tranche %s: carry of all holdings and rem do not add up to zero", name, c.e.names.get(r.tranche[t]))
			}
			if paid[t] != r.paid[t] {
				c.fail("register %s, tranche %s: it paid %d, its holdings got %d", name, c.e.names.get(r.tranche[t]), r.paid[t], paid[t])
			}
		}
	}
}

// debts looks at each debt, and whether the list of its account's debts has it once.
func (c *sumCheck) debts() {
	covers := map[[2]uint32]bool{}
	for i := uint32(1); i <= c.e.debts.n; i++ {
		d := c.e.debts.at(i)
		if d.account == 0 {
			continue
		}
		pair := [2]uint32{d.account, d.cover}
		if c.debtors[d.account]++; covers[pair] || c.debtors[d.account] > MaxDebts || !slices.Contains(c.e.debtsOf[d.account], i) {
			c.fail("account %s: its debt to %s stands twice, is one too many, or is not listed", c.e.address(d.account), c.e.address(d.cover))
		}
		covers[pair] = true
		if d.amount <= 0 || d.account == d.cover || c.e.accounts.at(d.account).asset != c.e.accounts.at(d.cover).asset {
			c.fail("account %s: it can't owe %d to %s", c.e.address(d.account), d.amount, c.e.address(d.cover))
		}
	}
}

// accounts compares every account with what holds, freezes and holdings say.
func (c *sumCheck) accounts() {
	for i := uint32(1); i <= c.e.accounts.n; i++ {
		a := c.e.accounts.at(i)
		h, f := reservedSums{}, frozenSums{}
		if p := c.held[i]; p != nil {
			h = *p
		}
		if p := c.frozen[i]; p != nil {
			f = *p
		}
		if a.debitsHeld != h.debits || a.creditsHeld != h.credits || a.holds != h.holds {
			c.fail("account %s: held are %d of its debits and %d of its credits by %d holds, open holds say %d, %d and %d",
				c.e.address(i), a.debitsHeld, a.creditsHeld, a.holds, h.debits, h.credits, h.holds)
		}
		if a.frozen != f.amount || a.freezeDebits != f.debits || a.freezeCredits != f.credits {
			c.fail("account %s: frozen are %d, debits %d times and credits %d times, freezes say %d, %d and %d",
				c.e.address(i), a.frozen, a.freezeDebits, a.freezeCredits, f.amount, f.debits, f.credits)
		}
		if a.derived != c.implied[i] {
			c.fail("account %s: payouts imply %d, its holdings say %d", c.e.address(i), a.derived, c.implied[i])
		}
		if a.registers != c.holdings[i] {
			c.fail("account %s: it has units in %d registers, holdings say %d", c.e.address(i), a.registers, c.holdings[i])
		}
		if n := c.debtors[i]; n != uint64(len(c.e.debtsOf[i])) || (n > 0) != (a.bits&bitOwes != 0) {
			c.fail("account %s: it has %d debts, the list says %d, and whether it owes is noted as %v", c.e.address(i), n, len(c.e.debtsOf[i]), a.bits&bitOwes != 0)
		}
		if a.bits&bitNonnegative != 0 && a.free() < 0 {
			c.fail("account %s: its balance less what is held is %d, and it may not be below zero", c.e.address(i), a.free())
		}
		if a.debits < 0 || a.credits < 0 {
			c.fail("account %s: its debits are %d and its credits %d, neither may be below zero", c.e.address(i), a.debits, a.credits)
		}
		b := &c.buckets[a.bucket]
		b[0], b[1] = b[0].Add(unsigned(a.debits)), b[1].Add(unsigned(a.credits))
	}
}

// trialBalance compares the buckets with their accounts, and debits with credits by asset.
func (c *sumCheck) trialBalance() {
	difference := make([]share.Int128, len(c.e.assets)+1)
	for i := uint32(1); i <= c.e.buckets.n; i++ {
		b := c.e.buckets.at(i)
		if c.buckets[i] != [2]share.Int128{b.debits, b.credits} {
			c.fail("trial balance, asset %s, code %d: it is not the sum of its accounts", c.e.assets[b.asset-1].code, b.code)
		}
		difference[b.asset] = difference[b.asset].Add(b.debits).Sub(b.credits)
	}
	for i, d := range difference {
		if d != (share.Int128{}) {
			c.fail("trial balance, asset %s: debits and credits are not equal", c.e.assets[i-1].code)
		}
	}
}
