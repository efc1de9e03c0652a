package history

import (
	"encoding/binary"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
)

// Group is what history keeps of a group of the journal.
type Group struct {
	First     uint64 // sequence of its first command
	Epoch     uint64
	Engine    uint16
	Timestamp ledger.Instant
	Wall      ledger.Instant
	Date      ledger.Date // booking date, never before that of an earlier group
	Previous  [32]byte    // hash of the group before
}

// noSeal keeps the place of a checksum, which the projector fills in.
var noSeal = make([]byte, sealSize)

// Batch takes up what the engine did in a few groups, in flat memory that is used again. It is filled by the one
// goroutine that applies commands, handed over with Append, and not touched after that.
type Batch struct {
	h    *History
	err  error
	skip bool // history has this group already

	from, to   uint64 // sequences before and after it
	end        tail
	commands   []byte
	entries    run
	hashes     []byte
	groups     []part
	groupData  []byte
	payouts    []payoutPart
	payoutData []byte
	details    []detailPart
	totals     []ledger.BucketTotal
	changes    []changePart
	changeData []byte
	accounts   []ledger.AccountOpened
	opened     []openedPart
	references []referencePart
	shifts     []shiftPart
	ends       []int
	rows       []changeRow
}

// tail is where the logs end for the one who appends.
type tail struct {
	sequence  uint64
	timestamp ledger.Instant
	date      ledger.Date
	counts
	hashes   uint64
	accounts uint32
}

type part struct {
	key  uint64
	from int
	to   int
}

type payoutPart struct {
	register  uint32
	number    uint64
	no        uint64
	head      int // in payoutData
	ahead     int
	end       int
	segments  int // further ones, their ends in Batch.ends
	firstEnd  int
	totals    int
	totalsEnd int
	undoes    bool
	shifted   bool
	date      ledger.Date
	effective ledger.Date
}

type detailPart struct {
	payout uint64
	holder uint32
	from   int // in payoutData
	to     int
}

type changePart struct {
	register, holder, account uint32
	no                        uint64
	from, to                  int // in changeData
}

type openedPart struct {
	kind   int64
	number uint32
	data   []byte
}

type referencePart struct {
	sequence uint64
	kind     uint16
	value    [16]byte
}

type shiftPart struct {
	account           uint32
	entry             uint64
	booked, effective ledger.Date
	debit, credit     int64
}

// What stands in history_opened.
const (
	openedAsset = iota + 1
	openedBucket
	openedRegister
)

func (b *Batch) reset() {
	b.entries.reset()
	clear(b.accounts)
	clear(b.opened)
	*b = Batch{
		h: b.h, commands: b.commands[:0], entries: b.entries, hashes: b.hashes[:0], groups: b.groups[:0],
		groupData: b.groupData[:0], payouts: b.payouts[:0], payoutData: b.payoutData[:0], details: b.details[:0],
		totals: b.totals[:0], changes: b.changes[:0], changeData: b.changeData[:0], accounts: b.accounts[:0],
		opened: b.opened[:0], references: b.references[:0], shifts: b.shifts[:0], ends: b.ends[:0],
	}
}

// Size is about the number of bytes it holds.
func (b *Batch) Size() int {
	return len(b.commands) + b.entries.bytes() + len(b.hashes) + len(b.groupData) + len(b.payoutData) + len(b.changeData) +
		64*(len(b.accounts)+len(b.references)+len(b.shifts)+len(b.changes)+len(b.payouts))
}

func (b *Batch) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

// Begin begins a group. It is false when history has the group already: then Add and End do nothing, and there is no
// need to call them.
func (b *Batch) Begin(g Group) bool {
	at := &b.h.produced
	b.skip = g.First <= at.sequence
	if b.skip || b.err != nil {
		return false
	}
	if g.First != at.sequence+1 {
		b.fail("history stands at sequence %d and can't take a group that begins at %d", at.sequence, g.First)
		return false
	}
	if g.Timestamp < at.timestamp || g.Date < at.date {
		b.fail("group at sequence %d goes back in time, to %v of %v from %v of %v", g.First, g.Timestamp, g.Date, at.timestamp, at.date)
		return false
	}
	if b.from == 0 && b.to == 0 {
		b.from, b.to = at.sequence, at.sequence
	}
	at.timestamp, at.date = g.Timestamp, g.Date
	b.groups = append(b.groups, part{key: g.First, from: len(b.groupData)})
	d := le.AppendUint64(b.groupData, g.Epoch)
	d = le.AppendUint16(d, g.Engine)
	d = le.AppendUint64(d, uint64(g.Timestamp))
	d = le.AppendUint64(d, uint64(g.Wall))
	d = le.AppendUint32(d, uint32(g.Date))
	b.groupData = append(d, g.Previous[:]...)
	return true
}

// Add adds the group's next command: its record as journaled, its result with its canonical bytes, and its effects.
func (b *Batch) Add(record []byte, res *ledger.Result, result []byte, fx *ledger.Effects) {
	if b.skip || b.err != nil {
		return
	}
	at := &b.h.produced
	if res.Sequence != at.sequence+1 {
		b.fail("history stands at sequence %d and can't take the command at %d", at.sequence, res.Sequence)
		return
	}
	rec, err := ledger.DecodeRecord(record)
	if err != nil {
		b.fail("command at sequence %d: %w", res.Sequence, err)
		return
	}
	env, err := decodeEnvelope(rec.Command)
	if err != nil {
		b.fail("command at sequence %d: %w", res.Sequence, err)
		return
	}
	c := command{
		Timestamp: at.timestamp, ID: env.ID, Purpose: env.Purpose, Effective: env.Effective, Date: at.date, Code: res.Code,
	}
	for r := env.References; len(r) > 0; r = r[referenceSize:] {
		b.references = append(b.references, referencePart{res.Sequence, le.Uint16(r), [16]byte(r[2:])})
	}
	b.addOpened(fx)
	b.addEntries(fx, &c)
	b.addPayouts(fx, &c)
	b.addChanges(fx)
	at.sequence++
	c.counts = at.counts
	b.commands = appendCommand(b.commands, &c)
	b.groupData = binary.AppendUvarint(b.groupData, uint64(len(result)))
	b.groupData = append(b.groupData, result...)
}

// Hashes adds the next stored hashes of the Merkle tree.
func Hashes[H ~[hashSize]byte](b *Batch, hashes []H) {
	if b.skip || b.err != nil {
		return
	}
	for i := range hashes {
		h := [hashSize]byte(hashes[i])
		b.hashes = append(b.hashes, h[:]...)
	}
	b.h.produced.hashes += uint64(len(hashes))
}

// End ends the group.
func (b *Batch) End() {
	if b.skip || b.err != nil {
		return
	}
	b.to = b.h.produced.sequence
	b.groupData = append(b.groupData, noSeal...)
	b.groups[len(b.groups)-1].to = len(b.groupData)
	b.end = b.h.produced
}

func (b *Batch) addOpened(fx *ledger.Effects) {
	for i := range fx.Assets {
		a := &fx.Assets[i]
		b.opened = append(b.opened, openedPart{openedAsset, uint32(a.Number), append(append([]byte{a.Scale}, a.Code...), noSeal...)})
	}
	for i := range fx.Buckets {
		k := &fx.Buckets[i]
		b.opened = append(b.opened, openedPart{openedBucket, k.Number, append(le.AppendUint32(le.AppendUint16(nil, k.Asset), k.Code), noSeal...)})
	}
	for i := range fx.Registers {
		r := &fx.Registers[i]
		b.opened = append(b.opened, openedPart{openedRegister, r.Number, append(appendRegister(nil, r), noSeal...)})
	}
	for i := range fx.Accounts {
		if fx.Accounts[i].Number != b.h.produced.accounts+1 {
			b.fail("history has %d accounts and can't take number %d", b.h.produced.accounts, fx.Accounts[i].Number)
			return
		}
		b.h.produced.accounts++
		b.accounts = append(b.accounts, fx.Accounts[i])
	}
}

func (b *Batch) addEntries(fx *ledger.Effects, c *command) {
	at := &b.h.produced
	shifted := c.effective() != c.Date
	for i := range fx.Entries {
		e := &fx.Entries[i]
		if e.Number != at.Entries+1 {
			b.fail("history has %d entries and can't take number %d", at.Entries, e.Number)
			return
		}
		at.Entries++
		b.entries.add(e, shifted)
		if shifted {
			s := shiftPart{account: e.Account, entry: e.Number, booked: c.Date, effective: c.Effective}
			if e.Side == ledger.DebitNormal {
				s.debit = e.Amount
			} else {
				s.credit = e.Amount
			}
			b.shifts = append(b.shifts, s)
		}
	}
}

func (b *Batch) addPayouts(fx *ledger.Effects, c *command) {
	at := &b.h.produced
	for i := range fx.Payouts {
		p := &fx.Payouts[i]
		at.Payouts++
		k := payoutPart{
			register: p.Register, number: p.Number, no: at.Payouts, head: len(b.payoutData), undoes: p.Undoes != 0,
			shifted: c.effective() != c.Date, date: c.Date, effective: c.Effective, totals: len(b.totals), firstEnd: len(b.ends),
		}
		b.payoutData, k.ahead = appendPayout(b.payoutData, p, c, at.Changes+uint64(p.Changes))
		k.end = len(b.payoutData)
		b.payoutData, b.ends = appendSegments(b.payoutData, p, b.ends)
		k.segments = len(b.ends) - k.firstEnd
		b.totals = append(b.totals, p.Totals...)
		k.totalsEnd = len(b.totals)
		b.payouts = append(b.payouts, k)
		b.addDetails(p, at.Payouts)
	}
}

// detailLines is how many explicit lines stand in one row.
const detailLines = 256

func (b *Batch) addDetails(p *ledger.Payout, no uint64) {
	for lines := p.Lines; len(lines) > 0; {
		n := min(len(lines), detailLines)
		d := detailPart{payout: no, holder: lines[0].Holder, from: len(b.payoutData)}
		for i := range lines[:n] {
			b.payoutData = appendDetail(b.payoutData, &lines[i])
		}
		b.payoutData = append(b.payoutData, noSeal...)
		d.to = len(b.payoutData)
		b.details = append(b.details, d)
		lines = lines[n:]
	}
}

// appendDetail appends what an explicit line's entry can't tell.
func appendDetail(b []byte, l *ledger.LineDetail) []byte {
	b = binary.AppendUvarint(b, uint64(l.Holder))
	b = binary.AppendUvarint(b, uint64(l.Unclaimed))
	mask := uint8(0)
	for t, d := range l.Deducted {
		if d != 0 {
			mask |= 1 << t
		}
	}
	b = append(b, mask)
	for _, d := range l.Deducted {
		if d != 0 {
			b = binary.AppendUvarint(b, uint64(d))
		}
	}
	return b
}

func (f *fields) detail() (l ledger.LineDetail) {
	l.Holder, l.Unclaimed = uint32(f.varint()), int64(f.varint())
	mask := f.take(1)[0]
	for t := range l.Deducted {
		if mask&(1<<t) != 0 {
			l.Deducted[t] = int64(f.varint())
		}
	}
	return l
}

func (b *Batch) addChanges(fx *ledger.Effects) {
	at := &b.h.produced
	alone := linesAlone(fx)
	for i := range fx.Holdings {
		h := &fx.Holdings[i]
		at.Changes++
		k := changePart{register: h.Register, holder: h.Holder, account: h.Account, no: at.Changes, from: len(b.changeData)}
		c := changeOf(h, at.Payouts-uint64(len(fx.Payouts)-h.After), -alone[loneLine{h.Index, h.Account, h.Register}], b.rows)
		b.changeData, b.rows = c.appendTo(b.changeData), c.rows
		b.changeData = append(b.changeData, noSeal...)
		k.to = len(b.changeData)
		b.changes = append(b.changes, k)
	}
}

// loneLine names a line that no payout implies: one undone by itself, or a correction.
type loneLine struct {
	index             uint16
	account, register uint32
}

// linesAlone gives the gross of such lines, by which their holdings changed too.
func linesAlone(fx *ledger.Effects) map[loneLine]int64 {
	var list map[loneLine]int64
	for i := range fx.Entries {
		e := &fx.Entries[i]
		if len(fx.Holdings) == 0 || e.Kind != ledger.EntryLine || e.Payout != 0 {
			continue
		}
		if list == nil {
			list = map[loneLine]int64{}
		}
		list[loneLine{e.Index, e.Account, e.Register}] = e.Derived
	}
	return list
}

func appendRegister(b []byte, r *ledger.RegisterOpened) []byte {
	b = le.AppendUint16(b, r.Asset)
	b = le.AppendUint32(b, r.Unclaimed)
	b = le.AppendUint64(b, r.Cap)
	b = append(append(b, uint8(len(r.Address))), r.Address...)
	b = append(b, uint8(len(r.Tranches)))
	for _, t := range r.Tranches {
		b = append(append(b, uint8(len(t))), t...)
	}
	return b
}
