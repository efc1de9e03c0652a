package history

import (
	"context"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// Records of ids: what the millisecond does not say of them, and their sequence.
const (
	idRest = 10
	idSize = idRest + 8
)

// chainEvery is the distance of the entries of an account that can be found without walking.
const chainEvery = 64

// plan is what one transaction writes.
type plan struct {
	rows     [tableCount]rows
	made     []madeBlock
	logs     [logCount]appender
	accounts accountTail
	previous map[uint32]uint64 // newest payout by register, of those in the batches
	ids      []idRecord
	places   []changePart
	idBytes  []byte
}

type madeBlock struct {
	key  block
	data []byte
}

type idRecord struct {
	place int64
	data  [idSize]byte
}

func (k *plan) reset() {
	for i := range k.rows {
		k.rows[i].reset()
	}
	k.made = k.made[:0]
}

// findPrevious looks up the newest payout of registers of which the batches have one, where memory does not know it.
func (p *projector) findPrevious(ctx context.Context, list []*Batch) error {
	p.plan.previous = map[uint32]uint64{}
	for _, b := range list {
		for i := range b.payouts {
			k := &b.payouts[i]
			if _, known := p.plan.previous[k.register]; known || k.number == 1 {
				continue
			}
			last, err := p.h.newestPayout(ctx, k.register)
			if err != nil {
				return err
			}
			p.plan.previous[k.register] = last
		}
	}
	return nil
}

// make turns batches into rows and gives the state after them.
func (p *projector) make(list []*Batch) state {
	next := p.state
	p.plan.logs, p.plan.accounts = p.logs, p.accounts
	if p.state.Entries-p.state.heads >= p.h.sizes.heads {
		p.addHeads(&next)
	}
	for _, b := range list {
		p.addLogs(b)
		p.addNames(b)
		p.addGroups(b)
		p.addCommands(b, &next)
		p.addPayouts(b)
		p.addShifts(b, &next)
		next.tail = b.end
	}
	p.finishLogs()
	p.addChanges(list)
	p.addIDs(list)
	p.plan.rows[tableFold] = p.folding.rows
	return next
}

func (p *projector) addHeads(next *state) {
	chunks := make([]uint32, 0, len(p.dirty))
	for c := range p.dirty { // the order is made below
		chunks = append(chunks, c)
	}
	slices.Sort(chunks)
	r := &p.plan.rows[tableHead]
	for _, c := range chunks {
		place, data := p.h.headRow(c)
		r.add(place)
		r.with(data)
	}
	clear(p.dirty)
	next.heads = p.state.Entries
}

func (p *projector) addLogs(b *Batch) {
	p.plan.logs[logCommand].append(b.commands, p.emitter(logCommand))
	p.plan.logs[logHash].append(b.hashes, p.emitter(logHash))
	for _, block := range b.entries.blocks {
		p.plan.logs[logEntry].take(block, p.emitter(logEntry))
	}
}

// finishLogs writes the blocks that are not full, once for all batches.
func (p *projector) finishLogs() {
	for log := range p.plan.logs {
		p.plan.logs[log].finish(p.emitter(log))
	}
	p.plan.accounts.finish(p.emitAccounts)
}

// emitter gives what makes a row of a block of a log.
func (p *projector) emitter(log int) func(number uint64, data []byte) {
	return func(number uint64, data []byte) {
		place, r := p.h.place(number), &p.plan.rows[logTables[log]]
		r.add(place)
		r.with(seal(place, pack(log, data)))
		p.plan.made = append(p.plan.made, madeBlock{block{log, number}, data})
	}
}

func (p *projector) emitAccounts(number uint64, data []byte) {
	place, r := p.h.place(number), &p.plan.rows[tableAccount]
	r.add(place)
	r.with(seal(place, data))
}

func (p *projector) addNames(b *Batch) {
	p.plan.accounts.append(b.accounts, p.emitAccounts)
	for i := range b.accounts {
		p.h.buckets.slot(b.accounts[i].Number).Store(uint64(b.accounts[i].Bucket))
	}
	r := &p.plan.rows[tableOpened]
	for _, o := range b.opened {
		r.add(p.h.number, o.kind, int64(o.number))
		r.with(fillSeal(p.h.openedKey(o.kind, o.number), o.data))
	}
}

func (p *projector) addGroups(b *Batch) {
	r := &p.plan.rows[tableGroup]
	for _, g := range b.groups {
		place := p.h.place(g.key)
		r.add(place)
		r.with(fillSeal(place, b.groupData[g.from:g.to]))
	}
	r = &p.plan.rows[tableReference]
	for i := range b.references {
		f := &b.references[i]
		r.add(p.h.number, int64(f.kind), int64(f.sequence))
		r.with(f.value[:])
	}
}

// addCommands goes through commands with their entries and payouts in order: every 64th entry of an account can be
// found again, and now and then the totals are written.
func (p *projector) addCommands(b *Batch, next *state) {
	chain, totals := &p.plan.rows[tableChain], &p.plan.rows[tableTotals]
	var moved sums
	before := p.firstCounts(b)
	entry, payouts := 0, b.payouts
	for i := 0; i < len(b.commands); i += commandSize {
		c := decodeCommand(b.commands[i:])
		shifted := c.effective() != c.Date
		for n := before.Entries; n < c.Entries; n++ {
			e := b.entries.at(entry)
			if (le.Uint64(e[8:])-1)%chainEvery == 0 {
				chain.add(p.h.owner(le.Uint32(e[72:])), int64(n+1))
			}
			p.sums.addEntry(&p.h.buckets, e)
			if shifted {
				moved.addEntry(&p.h.buckets, e)
			}
			entry++
		}
		for range c.Payouts - before.Payouts {
			p.sums.add(b.totals[payouts[0].totals:payouts[0].totalsEnd])
			if shifted {
				moved.add(b.totals[payouts[0].totals:payouts[0].totalsEnd])
			}
			payouts = payouts[1:]
		}
		if shifted {
			p.addShiftTotals(b.from+uint64(i/commandSize)+1, &c, moved)
			clear(moved)
		}
		before = c.counts
		if c.Entries-p.base.Entries+payoutWeight*(c.Payouts-p.base.Payouts) >= p.h.sizes.totals {
			sequence := b.from + uint64(i/commandSize) + 1
			place := p.h.place(sequence)
			totals.add(place)
			totals.with(seal(place, p.sums.appendTo(nil)))
			next.totals, p.base = sequence, c.counts
		}
	}
}

// addShiftTotals keeps what a command booked by bucket that counts from another date than that of its booking.
func (p *projector) addShiftTotals(sequence uint64, c *command, moved sums) {
	r := &p.plan.rows[tableShiftTotals]
	for bucket := range moved {
		if moved[bucket] != (bucketSum{}) {
			r.add(p.h.number, int64(c.Effective), int64(sequence), int64(bucket), int64(c.Date))
			r.with(seal(segmentSeal(p.h.place(sequence), bucket), moved[bucket:bucket+1].appendTo(nil)))
		}
	}
}

// firstCounts are the lengths of the logs before a batch.
func (p *projector) firstCounts(b *Batch) counts {
	return counts{
		Entries: b.end.Entries - uint64(b.entries.count),
		Payouts: b.end.Payouts - uint64(len(b.payouts)),
		Changes: b.end.Changes - uint64(len(b.changes)),
	}
}

func (p *projector) addPayouts(b *Batch) {
	h, rows := p.h, &p.plan.rows
	for i := range b.payouts {
		k := &b.payouts[i]
		place := h.place(k.no)
		head, ahead := b.payoutData[k.head:k.ahead], b.payoutData[k.ahead:k.end]
		le.PutUint64(head[payoutPrevious:], p.plan.previous[k.register])
		p.plan.previous[k.register] = k.no
		le.PutUint32(head, checksum(place, head[4:], ahead))
		rows[tablePayout].add(place)
		rows[tablePayout].with(head, ahead)
		rows[tableTimeline].add(h.owner(k.register), int64(k.no))
		if k.undoes {
			rows[tableUndo].add(place, h.owner(k.register))
		}
		from := k.end
		for s, end := range b.ends[k.firstEnd : k.firstEnd+k.segments] {
			rows[tableAhead].add(place, int64(s+1))
			rows[tableAhead].with(fillSeal(segmentSeal(place, s+1), b.payoutData[from:end]))
			from = end
		}
	}
	for _, d := range b.details {
		place := h.place(d.payout)
		rows[tableDetail].add(place, int64(d.holder))
		rows[tableDetail].with(fillSeal(segmentSeal(place, int(d.holder)), b.payoutData[d.from:d.to]))
	}
}

// segmentSeal is what the checksum of a part of a payout binds it to.
func segmentSeal(place int64, part int) int64 { return place ^ int64(part)<<40 }

// addChanges sorts the changes by the keys of their rows, since rows that lie together are written together.
func (p *projector) addChanges(list []*Batch) {
	r := &p.plan.rows[tableHolding]
	places := p.plan.places[:0]
	for _, b := range list {
		for _, c := range b.changes {
			places = append(places, c)
			account := p.h.owner(c.account)
			r.add(account, int64(c.no))
			r.with(fillSeal(changeKey(account, c.no), b.changeData[c.from:c.to]))
		}
	}
	p.plan.places = places
	sortRows(r)
	slices.SortFunc(places, func(a, b changePart) int {
		if a.register != b.register {
			return int(int64(a.register) - int64(b.register))
		}
		return int(int64(a.holder) - int64(b.holder))
	})
	r = &p.plan.rows[tableHolder]
	for _, c := range places {
		r.add(p.h.owner(c.register), int64(c.holder), int64(c.no), int64(c.account))
	}
}

// sortRows sorts rows of two numbers and one column of bytes by their numbers.
func sortRows(r *rows) {
	order := make([]int, len(r.blobs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return slices.Compare(r.ints[2*a:2*a+2], r.ints[2*b:2*b+2])
	})
	sorted := rows{ints: make([]int64, 0, len(r.ints)), blobs: make([][]byte, 0, len(r.blobs))}
	for _, i := range order {
		sorted.add(r.ints[2*i], r.ints[2*i+1])
		sorted.with(r.blobs[i])
	}
	*r = sorted
}

// addIDs puts ids of one millisecond into one row.
func (p *projector) addIDs(list []*Batch) {
	ids := p.plan.ids[:0]
	for _, b := range list {
		for i := 0; i < len(b.commands); i += commandSize {
			id := b.commands[i+8 : i+24]
			r := idRecord{place: p.h.idPlace(id)}
			copy(r.data[:], id[6:])
			le.PutUint64(r.data[idRest:], b.from+uint64(i/commandSize)+1)
			ids = append(ids, r)
		}
	}
	slices.SortStableFunc(ids, func(a, b idRecord) int { return int(min(1, max(-1, a.place-b.place))) })
	p.plan.ids = ids
	data := slices.Grow(p.plan.idBytes[:0], len(ids)*idSize)
	r := &p.plan.rows[tableID]
	for i := 0; i < len(ids); {
		from, place := len(data), ids[i].place
		for ; i < len(ids) && ids[i].place == place; i++ {
			data = append(data, ids[i].data[:]...)
		}
		r.add(place)
		r.with(data[from:len(data):len(data)])
	}
	p.plan.idBytes = data
}

func (h *History) idPlace(id []byte) int64 {
	return h.number<<placeShift | int64(binary.BigEndian.Uint64(id)>>16)
}

func (p *projector) addShifts(b *Batch, next *state) {
	r := &p.plan.rows[tableShift]
	for i := range b.shifts {
		s := &b.shifts[i]
		class := shiftClass(s.booked, s.effective)
		next.classes |= classBit(class)
		r.add(p.h.owner(s.account), int64(class), int64(s.effective), int64(s.entry), int64(s.booked), s.debit, s.credit)
	}
	r = &p.plan.rows[tablePayoutShift]
	for i := range b.payouts {
		k := &b.payouts[i]
		if !k.shifted {
			continue
		}
		class := shiftClass(k.date, k.effective)
		next.classes |= classBit(class)
		r.add(p.h.owner(k.register), int64(class), int64(k.effective), int64(k.no), int64(k.date))
	}
}

// shiftClass is the order of size of the days between booking and effective date, negative when it counts from later.
func shiftClass(booked, effective ledger.Date) int {
	if effective <= booked {
		return bits.Len32(uint32(booked - effective))
	}
	return -bits.Len32(uint32(effective - booked))
}

const classZero = 24 // bit of class 0

func classBit(class int) uint64 { return 1 << (classZero + class) }

// publish lets readers see what was written.
func (p *projector) publish(list []*Batch, next state) {
	h := p.h
	p.folding.written()
	for _, m := range p.plan.made {
		h.keepBlock(m.key, m.data)
	}
	for _, b := range list {
		number := p.firstCounts(b).Entries
		for e := range b.entries.records() {
			number++
			account := le.Uint32(e[72:])
			h.heads.slot(account).Store(number)
			p.dirty[account>>numberShift] = struct{}{}
		}
		for _, c := range b.changes {
			h.changed[c.account%stripeCount].Store(c.no)
			p.folding.count(c.account, h.sizes.fold)
		}
		for i := range b.opened {
			if b.opened[i].kind == openedRegister {
				h.latest.slot(b.opened[i].number).CompareAndSwap(0, knownPayout)
			}
		}
		for i := range b.payouts {
			h.latest.slot(b.payouts[i].register).Store(b.payouts[i].no + knownPayout)
		}
	}
	p.state, p.logs, p.accounts = next, p.plan.logs, p.plan.accounts
	h.classes.Store(next.classes)
	h.reached.Store(&reached{next.tail})
	h.progress.reach(next.sequence)
}
