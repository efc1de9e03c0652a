package ledger

import (
	"math/bits"

	"github.com/longmen/longmen/core/share"
)

// account is one account's row.
type account struct {
	credits       int64 // posted
	derived       int64 // part of credits − debits that payouts imply
	creditsHeld   int64
	freezeCredits uint32
	bucket        uint32
	holds         uint16 // open holds that this account pays or that hold its units
	registers     uint16 // registers in which it has units
	asset         uint16
	bits          uint8 // side 1, constraint 1, type 3, owes 1

	// What a distribution needs of its holders' accounts stands above, to be fetched together.
	debits             int64 // posted
	debitsHeld         int64
	frozen             int64 // sum of frozen amounts
	lastEntry, ordinal uint64
	name               nameRef
	same               uint32 // next account whose address has the same hash
	holdings           uint32 // first holding with units, as a place
	firstHold          uint32
	freezeDebits       uint32
}

const (
	bitDebitNormal = 1 << iota
	bitNonnegative
	bitType
	bitOwes = 1 << 5
)

func (a *account) side() Side {
	if a.bits&bitDebitNormal != 0 {
		return DebitNormal
	}
	return CreditNormal
}

// bounded reports whether outflow has to be checked.
func (a *account) bounded() bool { return a.bits&bitNonnegative != 0 || a.frozen > 0 }

// free is the available balance, frozen amounts not yet taken off.
func (a *account) free() int64 {
	if a.bits&bitDebitNormal != 0 {
		return a.debits - a.credits - a.creditsHeld
	}
	return a.credits - a.debits - a.debitsHeld
}

// register is one register's row.
type register struct {
	cap, units uint64
	changed    uint64 // sequence of the last change of units
	payouts    uint64
	name       nameRef
	same       uint32
	unclaimed  uint32
	first      uint32 // blocks of holdings
	last       uint32
	holdings   uint32 // ever made
	asset      uint16
	tranches   uint8
	rates      uint32 // that its lines follow; see Rate
	rem        [MaxTranches]share.Int128
	index      [MaxTranches]share.Int128 // running sum of Q modulo 2^128
	paid       [MaxTranches]int64        // what all holdings were paid, gross
	tranche    [MaxTranches]nameRef
}

// blockSize is the number of holdings that lie together.
const blockSize = 16

// block is sixteen holdings of one register, in order of holder number. A place is block·16 + slot.
type block struct {
	register uint32
	next     uint32
	first    uint32 // holder number of slot 0
	rows     uint32 // first of the tranches' share rows
	account  [blockSize]uint32
	after    [blockSize]uint32 // the account's next holding with units, as a place
	before   [blockSize]uint32
	units    [blockSize]uint64
	held     [blockSize]uint64
	taken    [blockSize]int64 // from lines, by deductions that rates imply; never less, modulo 2^64
	class    [blockSize]uint8
}

// shares is the state of one tranche of sixteen holdings.
type shares struct {
	register uint32
	first    uint32
	tranche  uint32
	_        uint32
	row      [blockSize]share.Row
}

// hold reserves money of debit for credit, or units at a place.
type hold struct {
	mark     Mark
	units    bool
	debit    uint32 // or the account that holds the units
	credit   uint32
	place    uint32
	after    uint32 // next open hold of the account
	before   uint32
	amount   int64
	expiry   Instant
	sequence uint64
}

type freeze struct {
	mark    Mark
	what    FreezeKind
	account uint32
	amount  int64
}

// unclaimed is what lies in a holding's name in its register's unclaimed account.
type unclaimed struct {
	place  uint32
	_      uint32
	amount int64
}

// reversal notes that a command, or one holder's line of it, was undone.
type reversal struct {
	sequence uint64
	line     bool
	index    uint16
	holder   uint32
}

// debt is what an account owes to a cover account.
type debt struct {
	account, cover uint32
	amount         int64
	sequence       uint64 // of the command with which it began
	opened         uint64 // the entry with which it began: an account's debts are in this order
}

// bucket adds up the accounts of one asset and account code.
type bucket struct {
	code            uint32
	asset           uint16
	debits, credits share.Int128
}

type asset struct {
	code  string
	scale uint8
}

// The digest is made of sums over rows. Each row adds a number that is linear in its changing fields, multiplied by a
// key that its name in the ledger gives, so the sum can follow a thousand lines cheaply and two replays agree whatever
// their chunks. It finds errors; forgery is what the Merkle tree is for.
const (
	weight1 uint64 = 0x9e3779b97f4a7c15
	weight2 uint64 = 0xbf58476d1ce4e5b9
	weight3 uint64 = 0x94d049bb133111eb
	weight4 uint64 = 0xd6e8feb86659fd93
	weight5 uint64 = 0xa0761d6478bd642f
	weight6 uint64 = 0xe7037ed1a0b428db
	weight7 uint64 = 0x8ebc6af09c88c6e3
	weight8 uint64 = 0x589965cc75374cc3
	weight9 uint64 = 0x1d8e4e27c47d124f
)

const (
	seedAccount uint64 = iota + 1<<56
	seedRegister
	seedHolding
	seedShares
	seedHold
	seedFreeze
	seedUnclaimed
	seedReversal
	seedBucket
	seedDebt
)

// mix is the finaliser of splitmix64: every bit of the key depends on every bit of v. It is odd.
func mix(v uint64) uint64 {
	v += weight1
	v = (v ^ v>>30) * weight2
	v = (v ^ v>>27) * weight3
	return (v ^ v>>31) | 1
}

func hashAccount(i uint32, a *account) uint64 {
	return mix(seedAccount<<4^uint64(i)) * (uint64(a.debits)*weight1 + uint64(a.credits)*weight2 +
		uint64(a.debitsHeld)*weight3 + uint64(a.creditsHeld)*weight4 + uint64(a.frozen)*weight5 +
		uint64(a.derived)*weight6 + a.lastEntry*weight7 + a.ordinal*weight8 +
		(uint64(a.bucket)<<32|uint64(a.asset)<<16|uint64(a.bits))*weight9 +
		(uint64(a.freezeDebits)<<32|uint64(a.freezeCredits))*(weight1^weight9) +
		(uint64(a.holds)<<16|uint64(a.registers))*(weight2^weight9))
}

func (e *Engine) hashRegister(i uint32, r *register) uint64 {
	h := e.rates.key(r.rates) + r.cap*weight1 + r.units*weight2 + r.changed*weight3 + r.payouts*weight4 +
		(uint64(r.unclaimed)<<32|uint64(r.asset)<<16|uint64(r.tranches))*weight5 + uint64(r.holdings)*weight6
	for t := range int(r.tranches) {
		k := mix(uint64(t))
		h += k * (r.rem[t].Lo*weight7 + uint64(r.rem[t].Hi)*weight8 + r.index[t].Lo*weight9 + uint64(r.index[t].Hi)*weight1 +
			uint64(r.paid[t])*weight2)
	}
	return mix(seedRegister<<4^uint64(i)) * h
}

func holdingKey(register, holder uint32) uint64 {
	return mix(seedHolding<<4 ^ uint64(register)<<24 ^ uint64(holder))
}

func hashBlock(_ uint32, b *block) (h uint64) {
	if b.register == 0 {
		return 0
	}
	for s := range b.account {
		if b.account[s] != 0 {
			h += holdingKey(b.register, b.first+uint32(s)) * (b.units[s]*weight1 + b.held[s]*weight2 + uint64(b.account[s])*weight3 + uint64(b.class[s])*weight4 + uint64(b.taken[s])*weight5)
		}
	}
	return h
}

// slots are the weights of a block's sixteen rows.
var slots = func() (w [blockSize]uint64) {
	for i := range w {
		w[i] = mix(uint64(i) + 1)
	}
	return w
}()

func hashShares(_ uint32, s *shares) (h uint64) {
	if s.register == 0 {
		return 0
	}
	for i := range s.row {
		r := &s.row[i]
		h += slots[i] * (uint64(r.Paid)*weight1 + r.Carry.Lo*weight2 + uint64(r.Carry.Hi)*weight3 + uint64(r.Rest)*weight4)
	}
	return s.key() * h
}

func (s *shares) key() uint64 {
	return mix(seedShares<<4 ^ uint64(s.register)<<24 ^ uint64(s.first)<<3 ^ uint64(s.tranche))
}

// paid gives what a payment changed in the hash: Paid grew by the line, Carry by u·q − line·2^64. It also fills in how
// far ahead each holding is now.
func (s *shares) paid(units *[blockSize]uint64, q share.Int128, lines []int64, ahead []int32) (change uint64) {
	lines, ahead = lines[:min(len(lines), blockSize)], ahead[:len(lines)]
	for i, line := range lines {
		r, u := &s.row[i], units[i]
		hi, lo := bits.Mul64(u, q.Lo)
		_, over := bits.Sub64(r.Carry.Lo, lo, 0)
		hi += u*uint64(q.Hi) + over - uint64(line)
		change += slots[i] * (uint64(line)*weight1 + lo*weight2 + hi*weight3)
		ahead[i] = int32(-r.Carry.Hi)
	}
	return s.key() * change
}

func markKey(seed uint64, m Mark) uint64 {
	h := mix(seed<<4 ^ uint64(m.Index))
	for i := 0; i < 16; i += 8 {
		var w uint64
		for j := range 8 {
			w = w<<8 | uint64(m.Command[i+j])
		}
		h = mix(h ^ w)
	}
	return h
}

func hashHold(_ uint32, h *hold) uint64 {
	if h.mark.IsZero() {
		return 0
	}
	kind := uint64(h.debit)<<32 | uint64(h.credit)
	if h.units {
		kind = ^kind
	}
	return markKey(seedHold, h.mark) * (uint64(h.amount)*weight1 + uint64(h.expiry)*weight2 + kind*weight3 + h.sequence*weight4 + weight5)
}

func hashFreeze(_ uint32, f *freeze) uint64 {
	if f.mark.IsZero() {
		return 0
	}
	return markKey(seedFreeze, f.mark) * (uint64(f.amount)*weight1 + uint64(f.account)*weight2 + uint64(f.what)*weight3 + weight4)
}

func hashReversal(_ uint32, r *reversal) uint64 {
	if r.sequence == 0 {
		return 0
	}
	v := mix(seedReversal<<4 ^ r.sequence)
	if r.line {
		v = mix(v ^ uint64(r.index)<<32 ^ uint64(r.holder))
	}
	return v
}

func hashDebt(_ uint32, d *debt) uint64 {
	if d.account == 0 {
		return 0
	}
	return mix(mix(seedDebt<<4^uint64(d.account))^uint64(d.cover)) *
		(uint64(d.amount)*weight1 + d.sequence*weight2 + d.opened*weight3 + weight4)
}

func hashBucket(i uint32, b *bucket) uint64 {
	return mix(seedBucket<<4^uint64(i)) * (b.debits.Lo*weight1 + uint64(b.debits.Hi)*weight2 + b.credits.Lo*weight3 +
		uint64(b.credits.Hi)*weight4 + (uint64(b.code)<<16|uint64(b.asset))*weight5)
}
