package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/longmen/longmen/core/share"
)

// Version is the newest behaviour of the engine. A journaled upgrade switches to it; what was journaled before is
// replayed by the rules of its time. There is no 2 and no 3: journals of version 1 may hold that these were refused.
const Version = 4

var versions = [...]uint16{1, Version}

// Known reports whether the engine has a version.
func Known(version uint16) bool { return slices.Contains(versions[:], version) }

// Engine is a ledger's state and the only code that changes it. It is for one goroutine.
type Engine struct {
	version  uint16
	ledger   ID
	zone     string
	clock    ClockKind
	shadow   bool
	now      Instant
	sequence uint64
	epoch    uint64
	entries  uint64 // number of the last entry
	nameSum  uint64

	assets    []asset // number − 1
	names     names
	accounts  table[account]
	registers table[register]
	blocks    table[block]
	shares    table[shares]
	holds     table[hold]
	freezes   table[freeze]
	unclaimed table[unclaimed]
	reversals table[reversal]
	buckets   table[bucket]
	debts     table[debt]
	rates     rates

	accountIndex  map[uint64]uint32 // hash of address → first account
	registerIndex map[uint64]uint32
	places        map[uint64]uint32 // register<<32 | account → place
	holdIndex     map[Mark]uint32
	freezeIndex   map[Mark]uint32
	unclaimedAt   map[uint32]uint32 // place → row
	reversed      map[reversal]uint32
	partly        map[uint64]uint32 // sequence → lines of it undone
	bucketIndex   map[uint64]uint32
	debtsOf       map[uint32][]uint32 // account → rows, oldest first
	expiries      expiries

	// of the running command
	at       Instant
	command  *Command
	op       uint16
	fx       *Effects
	outputs  []Output
	undo     []func()
	received []received
	checked  bool // all distributions were checked
	pay      share.Scratch
	dist     distribution
}

// received adds up the credits to an account that a transfer of the command asks for.
type received struct {
	account string
	amount  int64
}

// Sizes of chunks, in rows as powers of two. Tests use others: they must not matter.
type chunking struct{ accounts, blocks, others uint }

var usualChunks = chunking{accounts: 10, blocks: 6, others: 8}

// NewEngine gives an empty ledger. Its first command must be an OpenLedger.
func NewEngine() *Engine { return newEngine(usualChunks) }

func newEngine(c chunking) *Engine {
	e := &Engine{version: 1, names: newNames()}
	e.accounts = newTable(c.accounts, hashAccount)
	e.registers = newTable(c.others, e.hashRegister)
	e.blocks = newTable(c.blocks, hashBlock)
	e.shares = newTable(c.blocks+3, hashShares)
	e.holds = newTable(c.others, hashHold)
	e.freezes = newTable(c.others, hashFreeze)
	e.unclaimed = newTable(c.others, e.hashUnclaimed)
	e.reversals = newTable(c.others, hashReversal)
	e.buckets = newTable(c.others, hashBucket)
	e.debts = newTable(c.others, hashDebt)
	e.accountIndex, e.registerIndex, e.places = map[uint64]uint32{}, map[uint64]uint32{}, map[uint64]uint32{}
	e.holdIndex, e.freezeIndex = map[Mark]uint32{}, map[Mark]uint32{}
	e.unclaimedAt, e.bucketIndex = map[uint32]uint32{}, map[uint64]uint32{}
	e.reversed, e.partly = map[reversal]uint32{}, map[uint64]uint32{}
	e.debtsOf = map[uint32][]uint32{}
	e.rates.number = map[string]uint32{}
	return e
}

func (e *Engine) hashUnclaimed(_ uint32, u *unclaimed) uint64 {
	if u.place == 0 {
		return 0
	}
	b := e.blocks.at(u.place / blockSize)
	return holdingKey(b.register, b.first+u.place%blockSize) * (uint64(u.amount) * weight9)
}

// Apply applies one command. The caller has checked it (Command.Check), gives it the next sequence, an instant that
// never decreases, the instant's date in the ledger's zone, and, for a command that undoes, the past of the sequence
// it names (nil: no such applied command). Effects are filled when it is applied and empty when it is refused.
func (e *Engine) Apply(seq uint64, at Instant, date Date, c *Command, past *Past, fx *Effects) Result {
	fx.reset()
	e.sequence, e.at, e.command, e.fx = seq, at, c, fx
	if e.clock == RealClock && at > e.now {
		e.now = at
	}
	e.outputs, e.checked, e.received = nil, false, e.received[:0]
	entries, nameSum := e.entries, e.nameSum
	e.sweepRates()
	e.begin()
	res := Result{Sequence: seq, Timestamp: at, Date: date}
	for i, op := range c.Operations {
		e.op = uint16(i)
		if t, ok := op.(*Transfer); ok && t.Mode == Received {
			e.received = append(e.received, received{account: t.Received})
		}
	}
	for i, op := range c.Operations {
		e.op = uint16(i)
		code := e.operate(op, past)
		if code != Applied {
			e.rollback()
			e.entries, e.nameSum = entries, nameSum
			fx.reset()
			res.Code, res.Index = code, e.op
			return res
		}
		e.settle()
	}
	e.commit()
	res.Outputs = e.outputs
	return res
}

func (e *Engine) begin() {
	e.undo = e.undo[:0]
	e.accounts.begin()
	e.registers.begin()
	e.blocks.begin()
	e.shares.begin()
	e.holds.begin()
	e.freezes.begin()
	e.unclaimed.begin()
	e.reversals.begin()
	e.buckets.begin()
	e.debts.begin()
}

func (e *Engine) settle() {
	e.accounts.settle()
	e.registers.settle()
	e.blocks.settle()
	e.shares.settle()
	e.holds.settle()
	e.freezes.settle()
	e.unclaimed.settle()
	e.reversals.settle()
	e.buckets.settle()
	e.debts.settle()
}

func (e *Engine) commit() {
	e.accounts.commit()
	e.registers.commit()
	e.blocks.commit()
	e.shares.commit()
	e.holds.commit()
	e.freezes.commit()
	e.unclaimed.commit()
	e.reversals.commit()
	e.buckets.commit()
	e.debts.commit()
}

// rollback puts back first what lies outside the tables, last change first, then the rows.
func (e *Engine) rollback() {
	for i := len(e.undo) - 1; i >= 0; i-- {
		e.undo[i]()
	}
	e.accounts.rollback()
	e.registers.rollback()
	e.blocks.rollback()
	e.shares.rollback()
	e.holds.rollback()
	e.freezes.rollback()
	e.unclaimed.rollback()
	e.reversals.rollback()
	e.buckets.rollback()
	e.debts.rollback()
}

// onRollback remembers how to put back what lies outside the tables.
func (e *Engine) onRollback(f func()) { e.undo = append(e.undo, f) }

func (e *Engine) operate(op Operation, past *Past) Code {
	switch o := op.(type) {
	case *Transfer:
		return e.transfer(o)
	case *Distribute:
		return e.distribute(o)
	case *Issue:
		return e.issue(o)
	case *Move:
		return e.move(o)
	case *Hold:
		return e.hold(o)
	case *Post:
		return e.post(o)
	case *Void:
		return e.void(o)
	case *OpenAccount:
		return e.openAccount(o)
	case *OpenRegister:
		return e.openRegister(o)
	case *OpenAsset:
		return e.openAsset(o)
	case *Cancel:
		return e.cancel(o)
	case *HoldUnits:
		return e.holdUnits(o)
	case *Freeze:
		return e.freeze(o)
	case *Unfreeze:
		return e.unfreeze(o)
	case *Claim:
		return e.claim(o)
	case *Reverse:
		return e.reverse(o, past)
	case *ReverseLine:
		return e.reverseLine(o, past)
	case *Correct:
		return e.correct(o, past)
	case *Settle:
		return e.settleDebt(o)
	case *Pulse:
		return e.pulse(o)
	case *Advance:
		return e.advance(o)
	case *Upgrade:
		return e.upgrade(o)
	case *Lead:
		e.epoch = o.Epoch
		return Applied
	case *OpenLedger:
		return e.openLedger(o)
	}
	panic("ledger: operation of unknown type passed the check")
}

func (e *Engine) openLedger(o *OpenLedger) Code {
	if !e.ledger.IsZero() {
		panic("ledger: opened twice in one journal")
	}
	e.ledger, e.zone, e.clock, e.shadow, e.now = o.Ledger, o.Zone, o.Clock, o.Shadow, e.at
	if o.Clock == SimulatedClock {
		e.now = o.Start
	}
	return Applied
}

func (e *Engine) advance(o *Advance) Code {
	if e.clock != SimulatedClock {
		return ClockNotSimulated
	}
	if o.To < e.now {
		return ClockBackwards
	}
	e.now = o.To
	return Applied
}

func (e *Engine) upgrade(o *Upgrade) Code {
	if o.Version <= e.version || !Known(o.Version) {
		return VersionUnknown
	}
	e.version = o.Version
	return Applied
}

// output adds the output of the running operation.
func (e *Engine) output(o Output) {
	o.Index = e.op
	e.outputs = append(e.outputs, o)
}

// Digest is the hash of accounts with their debts, holds, registers and freezes. Equal ledgers have equal digests; a refused command
// leaves it as it was.
func (e *Engine) Digest() [32]byte {
	return e.digest([...]uint64{
		e.accounts.sum + e.debts.sum, e.registers.sum, e.blocks.sum, e.shares.sum, e.holds.sum, e.freezes.sum,
		e.unclaimed.sum, e.reversals.sum, e.buckets.sum,
	}, e.nameSum)
}

// RecomputeDigest works the digest out from every row. It must equal Digest; a difference is a defect.
func (e *Engine) RecomputeDigest() [32]byte {
	var nameSum uint64
	for i := uint32(1); i <= e.accounts.n; i++ {
		nameSum += e.names.digest(seedAccount, i, e.names.get(e.accounts.at(i).name))
	}
	for i := uint32(1); i <= e.registers.n; i++ {
		r := e.registers.at(i)
		nameSum += e.names.digest(seedRegister, i, e.names.get(r.name))
		for t := range uint32(r.tranches) {
			nameSum += e.names.digest(seedShares, i<<3|t, e.names.get(r.tranche[t]))
		}
	}
	for i, a := range e.assets {
		nameSum += e.names.digest(seedBucket, uint32(i+1), a.code) * uint64(a.scale+1)
	}
	return e.digest([...]uint64{
		e.accounts.recompute() + e.debts.recompute(), e.registers.recompute(), e.blocks.recompute(), e.shares.recompute(), e.holds.recompute(),
		e.freezes.recompute(), e.unclaimed.recompute(), e.reversals.recompute(), e.buckets.recompute(),
	}, nameSum)
}

func (e *Engine) digest(sums [9]uint64, nameSum uint64) [32]byte {
	b := make([]byte, 0, 160)
	b = append(b, "longmen state 1\n"...)
	b = append(b, e.ledger[:]...)
	b = binary.LittleEndian.AppendUint64(b, e.entries)
	b = binary.LittleEndian.AppendUint64(b, nameSum)
	for _, s := range sums {
		b = binary.LittleEndian.AppendUint64(b, s)
	}
	return sha256.Sum256(b)
}
