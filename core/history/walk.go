package history

import (
	"container/heap"
	"context"
	"math"
)

// spot is where something stands among all that was booked: an entry at its number, a line after the entry that its
// payout names, in the order of payouts.
type spot struct{ entry, payout uint64 }

func (s spot) less(o spot) bool {
	return s.entry < o.entry || s.entry == o.entry && s.payout < o.payout
}

func spotOf(e *entry) spot { return spot{entry: e.Number} }
func (l *line) spot() spot { return spot{l.p.After, l.p.no} }

// booked is one thing that was booked on an account: an entry, or a line that has none.
type booked struct {
	entry *entry
	line  *line
}

func (b booked) spot() spot {
	if b.entry != nil {
		return spotOf(b.entry)
	}
	return b.line.spot()
}

// amount is what it changes credits minus debits by.
func (b booked) amount() int64 {
	if b.entry != nil {
		return b.entry.signed()
	}
	return b.line.implied
}

func (b booked) sequence() uint64 {
	if b.entry != nil {
		return b.entry.Sequence
	}
	return b.line.p.Sequence
}

func (b booked) shifted() bool {
	if b.entry != nil {
		return b.entry.shifted
	}
	return b.line.p.shifted
}

// walker goes through all that was booked on an account between two positions, in either direction: it merges the
// account's own entries with the timelines of the registers in which it held units.
type walker struct {
	h       *History
	account uint32
	from    Position // after this
	until   Position // up to this
	after   spot     // further bounds, from a cursor: after this
	to      spot     // and before this
	down    bool     // newest first
	asked   Position // where it begins
	looked  int      // entries and payouts
	most    int      // that it may look at
	goOn    spot     // after a pause: the further bound to go on with
	goOnAt  uint64   // its sequence

	entries entryIterator
	strands strands
	stretch *holdings
	ended   bool // no more stretches
}

// newWalker begins at one end.
func (h *History) newWalker(account uint32, from, until Position, down bool) *walker {
	w := &walker{
		h: h, account: account, from: from, until: until, down: down, to: spot{until.Entries + 1, until.Payouts + 1},
		most: h.sizes.looked,
	}
	w.strands.down = down
	w.asked = from
	if down {
		w.asked = until
	}
	return w
}

// start finds the first entry and the first strands.
func (w *walker) start(ctx context.Context) error {
	if w.to.entry <= w.until.Entries {
		w.until.Entries = w.to.entry
		if w.to.payout == 0 {
			w.until.Entries--
		}
	}
	w.from.Entries = max(w.from.Entries, w.after.entry)
	if err := w.entries.start(ctx, w); err != nil {
		return err
	}
	changes := w.until.Changes
	if !w.down {
		changes = w.from.Changes
	}
	return w.enter(ctx, changes)
}

// step says what a walk came to.
type step uint8

const (
	stepOne   step = iota // one thing booked
	stepEnd               // nothing is left
	stepPause             // enough was looked at for now; goOn says where to go on
)

// next gives the next thing booked.
func (w *walker) next(ctx context.Context) (b booked, s step, err error) {
	for {
		l, err := w.line(ctx)
		if err != nil {
			return b, stepEnd, err
		}
		e := w.entries.current
		switch {
		case e == nil && l == nil:
			return b, stepEnd, nil
		case l == nil || e != nil && spotOf(e).less(l.spot()) != w.down:
			b = booked{entry: e}
		default:
			b = booked{line: l}
		}
		if w.looked >= w.most {
			w.pause(b)
			return b, stepPause, nil
		}
		w.looked++
		if b.entry != nil {
			return b, stepOne, w.entries.advance(ctx, w)
		}
		w.strands.ready = nil
		if l.gross() != 0 && !l.explicit && w.after.less(l.spot()) && l.spot().less(w.to) {
			return b, stepOne, nil
		}
	}
}

// pause notes the bound of a walk that goes on with b.
func (w *walker) pause(b booked) {
	w.goOn = b.spot()
	w.goOnAt = b.sequence()
	switch {
	case w.down:
		w.goOn.payout++
	case b.entry != nil:
		w.goOn = spot{w.goOn.entry - 1, math.MaxUint64}
	default:
		w.goOn.payout--
	}
}

// line gives the next line without taking it, also one of zero or with an entry of its own.
func (w *walker) line(ctx context.Context) (*line, error) {
	for w.strands.ready == nil {
		if w.strands.Len() == 0 {
			if w.ended {
				return nil, nil
			}
			if err := w.leave(ctx); err != nil {
				return nil, err
			}
			continue
		}
		s := w.strands.list[0]
		if !s.resolved {
			if err := w.resolve(ctx, s); err != nil {
				return nil, err
			}
			continue
		}
		p, err := w.load(ctx, s)
		if err != nil {
			return nil, err
		}
		l, err := w.h.lineWithBefore(ctx, s.current(), p)
		if err != nil {
			return nil, err
		}
		w.strands.ready = &l
		w.pass(s, p)
	}
	return w.strands.ready, nil
}

// load reads the payout on top, with those that will be needed soon.
func (w *walker) load(ctx context.Context, top *strand) (*payout, error) {
	if p, ok := w.h.payouts.get(top.no); ok {
		return p, nil
	}
	var nos []uint64
	for _, s := range w.strands.list[:min(prefetchPayouts, len(w.strands.list))] {
		if s.resolved {
			nos = append(nos, s.no)
		}
	}
	list, err := w.h.payoutsOf(ctx, nos)
	if err != nil {
		return nil, err
	}
	if w.down {
		before := nos[:0]
		for _, p := range list {
			if p.Previous != 0 {
				before = append(before, p.Previous)
			}
		}
		if _, err := w.h.payoutsOf(ctx, before); err != nil {
			return nil, err
		}
	}
	return w.h.payout(ctx, top.no)
}

// strand is one holding's part of the timeline of its register, within a stretch.
type strand struct {
	records  []*change // in order
	at       int       // the record that governs
	no       uint64    // payout; if not resolved a bound for it
	resolved bool
	waiting  []uint64 // payouts after it, oldest first only
	peeked   int      // how many were asked for
	drained  bool     // nothing follows those that wait
}

func (s *strand) current() *change { return s.records[s.at] }

// strands are ordered by payout.
type strands struct {
	list  []*strand
	down  bool
	ready *line
}

func (s *strands) Len() int { return len(s.list) }
func (s *strands) Less(i, j int) bool {
	if s.down {
		return s.list[i].no > s.list[j].no
	}
	return s.list[i].no < s.list[j].no
}
func (s *strands) Swap(i, j int) { s.list[i], s.list[j] = s.list[j], s.list[i] }
func (s *strands) Push(x any)    { s.list = append(s.list, x.(*strand)) }

// Pop takes the last.
func (s *strands) Pop() any {
	last := s.list[len(s.list)-1]
	s.list = s.list[:len(s.list)-1]
	return last
}

// enter makes the strands of the stretch around a change.
func (w *walker) enter(ctx context.Context, changes uint64) error {
	stretch, err := w.h.holdingsFrom(ctx, w.account, changes, w.until.Changes)
	if err != nil {
		return err
	}
	w.stretch = stretch
	w.ended = w.down && stretch.from == 0 || !w.down && stretch.last
	byHolding := map[holdingID]*strand{}
	add := func(c *change) {
		s := byHolding[c.id()]
		if s == nil {
			s = &strand{}
			byHolding[c.id()] = s
			w.strands.list = append(w.strands.list, s)
		}
		s.records = append(s.records, c)
	}
	for i := range stretch.start {
		add(&stretch.start[i])
	}
	for i := range stretch.events {
		if stretch.events[i].no > w.until.Changes {
			break
		}
		add(&stretch.events[i])
	}
	return w.begin(ctx)
}

// low and high bound the payouts of the stretch: those above low, up to high.
func (w *walker) low() uint64 { return max(w.from.Payouts, w.stretch.payoutsBefore) }

func (w *walker) high() uint64 {
	if w.stretch.last {
		return w.until.Payouts
	}
	return min(w.until.Payouts, w.stretch.payoutsAfter())
}

// leave goes on to the next stretch.
func (w *walker) leave(ctx context.Context) error {
	// A stretch may have been read before a fold cut it: what was gone through is kept out by the bounds.
	if w.down {
		w.until.Payouts, w.until.Changes = min(w.until.Payouts, w.stretch.payoutsBefore), w.stretch.from
		if w.ended = w.until.Payouts <= w.from.Payouts; w.ended {
			return nil
		}
		return w.enter(ctx, w.stretch.from-1)
	}
	w.from.Payouts = max(w.from.Payouts, w.stretch.payoutsAfter())
	if w.ended = w.from.Payouts >= w.until.Payouts; w.ended {
		return nil
	}
	return w.enter(ctx, w.stretch.upto)
}

// begin places every strand at its first record, and resolves those that begin at the bound, all with one question.
func (w *walker) begin(ctx context.Context) error {
	bound := w.high()
	if !w.down {
		bound = w.low()
	}
	var registers []uint32
	var first []*strand
	var err error
	kept := w.strands.list[:0]
	for _, s := range w.strands.list {
		s.no = bound
		if w.down {
			s.at = len(s.records) - 1
		}
		if !w.settle(s) {
			continue
		}
		kept = append(kept, s)
		if s.no == bound {
			first = append(first, s)
			registers = append(registers, s.current().Register)
		}
	}
	w.strands.list = kept
	if first, registers, err = w.onlyPaid(ctx, first, registers); err != nil {
		return err
	}
	if w.down {
		nos, err := w.h.payoutsAt(ctx, registers, bound)
		if err != nil {
			return err
		}
		for i, s := range first {
			w.found(s, nos[i])
		}
	} else {
		if err := w.peek(ctx, first); err != nil {
			return err
		}
		for _, s := range first {
			w.found(s, s.pop())
		}
	}
	w.strands.list = keepSome(w.strands.list)
	heap.Init(&w.strands)
	return nil
}

// onlyPaid leaves out strands of registers that paid nothing within the bounds, when these are close.
func (w *walker) onlyPaid(ctx context.Context, first []*strand, registers []uint32) ([]*strand, []uint32, error) {
	low, high := w.low(), w.high()
	if high > low+prefetchPayouts || len(first) == 0 {
		return first, registers, nil
	}
	var nos []uint64
	for no := low + 1; no <= high; no++ {
		nos = append(nos, no)
	}
	payouts, err := w.h.payoutsOf(ctx, nos)
	if err != nil {
		return nil, nil, err
	}
	paid := map[uint32]bool{}
	for _, p := range payouts {
		paid[p.Register] = true
	}
	keptFirst, keptRegisters := first[:0], registers[:0]
	for i, s := range first {
		if paid[registers[i]] {
			keptFirst, keptRegisters = append(keptFirst, s), append(keptRegisters, registers[i])
		} else {
			s.at = len(s.records)
		}
	}
	return keptFirst, keptRegisters, nil
}

// keepSome drops the strands that have ended.
func keepSome(list []*strand) []*strand {
	kept := list[:0]
	for _, s := range list {
		if s.at >= 0 && s.at < len(s.records) {
			kept = append(kept, s)
		}
	}
	return kept
}

// settle moves an unresolved strand to the record that governs at its bound and has units; it is false at the end.
func (w *walker) settle(s *strand) bool {
	if w.down {
		for s.at >= 0 {
			c := s.current()
			if c.Units > 0 && s.no > max(c.Payouts, w.low()) {
				return true
			}
			s.no = min(s.no, c.Payouts)
			s.at--
		}
		return false
	}
	for s.at < len(s.records) {
		c := s.current()
		s.no = max(s.no, c.Payouts)
		if c.Units > 0 && s.no < w.last(s) {
			return true
		}
		s.at++
	}
	return false
}

// last is the last payout for which a strand's record can govern.
func (w *walker) last(s *strand) uint64 {
	if s.at+1 < len(s.records) {
		return min(w.high(), s.records[s.at+1].Payouts)
	}
	return w.high()
}

// found sets what a question about a strand has answered: a payout that its record governs, or it moves on.
func (w *walker) found(s *strand, no uint64) {
	if w.down {
		if no > max(s.current().Payouts, w.low()) {
			s.no, s.resolved = no, true
			return
		}
		s.no = min(s.no, s.current().Payouts)
		s.at--
	} else {
		if no == 0 {
			s.at = len(s.records)
			return
		}
		if no <= w.last(s) {
			s.no, s.resolved = no, true
			return
		}
		s.waiting = append([]uint64{no}, s.waiting...)
		s.no = w.last(s)
		s.at++
	}
	s.resolved = false
	if !w.settle(s) {
		s.at = len(s.records) // ended
	}
}

// resolve asks for the payout of the strand on top.
func (w *walker) resolve(ctx context.Context, s *strand) error {
	if w.down {
		nos, err := w.h.payoutsAt(ctx, []uint32{s.current().Register}, s.no)
		if err != nil {
			return err
		}
		w.found(s, nos[0])
	} else {
		// What waits may all lie in a time without units: then more is asked for.
		no := s.pop()
		for no == 0 && !s.drained {
			if err := w.peekAll(ctx, s); err != nil {
				return err
			}
			no = s.pop()
		}
		w.found(s, no)
	}
	w.restore(s)
	return nil
}

// How many payouts of a register are asked for at once when they are wanted oldest first: few at first, since mostly
// few are wanted, then more.
const (
	firstPeek = 2
	mostPeek  = 64
)

// peekAll reads the next payouts of the strand on top, and of the others that are about to need them.
func (w *walker) peekAll(ctx context.Context, top *strand) error {
	list := []*strand{top}
	for _, s := range w.strands.list {
		if s != top && !s.waits() && !s.drained {
			list = append(list, s)
		}
	}
	return w.peek(ctx, list)
}

// peek reads the next payouts of strands, after the one where each stands.
func (w *walker) peek(ctx context.Context, list []*strand) error {
	most := firstPeek
	questions := make([]*ahead, len(list))
	for i, s := range list {
		questions[i] = &ahead{register: s.current().Register, above: s.no}
		most = max(most, min(mostPeek, 2*s.peeked))
	}
	if err := w.h.payoutsAfter(ctx, questions, w.high(), most); err != nil {
		return err
	}
	for i, s := range list {
		s.waiting, s.peeked = questions[i].found, most
		s.drained = len(s.waiting) < most
	}
	return nil
}

// pop takes the next payout that waits, 0 for none.
func (s *strand) pop() uint64 {
	if !s.waits() {
		return 0
	}
	no := s.waiting[0]
	s.waiting = s.waiting[1:]
	return no
}

// waits tells whether a payout waits that the strand has not passed.
func (s *strand) waits() bool {
	for len(s.waiting) > 0 && s.waiting[0] <= s.no {
		s.waiting = s.waiting[1:]
	}
	return len(s.waiting) > 0
}

// pass moves the strand on top past a payout.
func (w *walker) pass(s *strand, p *payout) {
	switch {
	case w.down:
		w.found(s, p.Previous)
	case s.waits() || s.drained:
		w.found(s, s.pop())
	default:
		s.resolved = false
	}
	w.restore(s)
}

// restore puts the strand on top where it belongs.
func (w *walker) restore(s *strand) {
	if s.at < 0 || s.at >= len(s.records) {
		heap.Pop(&w.strands)
		return
	}
	heap.Fix(&w.strands, 0)
}
