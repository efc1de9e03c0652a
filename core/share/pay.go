package share

import (
	"math/bits"
	"slices"
)

// Scratch is working memory, reused from payment to payment. It grows to the
// largest register it has met and then allocates nothing. It holds no state that
// matters between payments; one goroutine uses it at a time.
type Scratch struct {
	drawer []uint16 // per row: where its candidate cent lies
	count  [drawers]uint32
	among  []uint32 // rows of one block whose candidates lie around the cut
	cents  []cent
}

// Candidate cents are laid into drawers by ⌊deficit/units⌋, that is by when they
// fall due: 32 drawers for each doubling. Only the drawer of the cut is looked into.
const (
	drawers     = 2048
	lastDrawer  = 58<<5 + 63
	noDrawer    = drawers - 1 // for rows without a candidate
	fewHoldings = 64          // so few are selected from directly
)

// drawerOf never decreases as due increases.
func drawerOf(due uint64) uint16 {
	shift := uint(max(bits.Len64(due), 6) - 6)
	return uint16(uint64(shift)<<5 + due>>(shift&63))
}

// Pay pays amount to the holdings in proportion to their units. It updates rows
// and rem and sets lines[holder] for every row, zero included.
//
// The caller vouches for the limits, for amount ≥ 1, units ≥ 1 being the sum of
// all units, room in lines, and for Σ carry + rem = 0 over the rows that have
// units. If that does not hold Pay panics: the state is damaged and must not go on.
func (s *Scratch) Pay(blocks []Block, units uint64, rem *Int128, amount int64, lines []int64) Outcome {
	if amount < 1 || units < 1 {
		panic("share: a payment needs an amount and units")
	}
	o := Outcome{Amount: amount, Units: units}
	o.Q, o.Rem = Accrue(amount, *rem, units)
	*rem = o.Rem

	holders, whole := s.accrue(blocks, o.Q, units, lines)
	if whole.Cmp(Int128{Lo: uint64(amount)}) >= 0 {
		// Rare: more is past due than there is to pay, because others were paid early.
		o.Cut = s.payEarlier(blocks, units, amount, lines)
	} else {
		o.Cut = s.giveFirst(blocks, holders, uint64(amount)-whole.Lo, lines)
	}
	return o
}

// accrue adds u·q to every carry and gives every cent whose deficit is negative.
// What is left of a positive carry is one candidate cent with a deficit below one
// cent; it goes into a drawer. It returns the rows and the cents given.
func (s *Scratch) accrue(blocks []Block, q Int128, units uint64, lines []int64) (holders int, whole Int128) {
	for _, b := range blocks {
		holders += len(b.Rows)
	}
	s.drawer = slices.Grow(s.drawer[:0], holders)[:holders]

	base, total := 0, uint64(0)
	for _, b := range blocks {
		n := len(b.Rows)
		us, out, drawer := b.Units[:n], lines[base:][:n], s.drawer[base:][:n]
		accrueRows(us, b.Rows, q, out, drawer)
		for i, line := range out {
			total += us[i]
			whole = whole.Add(Int128{Lo: uint64(line)})
			s.count[drawer[i]%drawers]++
		}
		base += n
	}
	if total != units {
		panic("share: the units of the holdings do not sum to the units of the register")
	}
	return holders, whole
}

// accrueRows is the inner loop of accrue. It has few enough values to stay in registers.
func accrueRows(units []uint64, rows []Row, q Int128, lines []int64, drawer []uint16) {
	rows = rows[:len(units)]
	lines = lines[:len(units)]
	drawer = drawer[:len(units)]
	qHi, qLo := uint64(q.Hi), q.Lo
	for i, u := range units {
		if u == 0 {
			lines[i], drawer[i] = 0, noDrawer
			continue
		}
		r := &rows[i]
		hi, lo := bits.Mul64(u, qLo)
		lo, c := bits.Add64(lo, r.Carry.Lo, 0)
		hi += u*qHi + uint64(r.Carry.Hi) + c

		// Cent j has the deficit j·2^64 - carry. With below = carry - 1 the cents
		// up to below.Hi have a negative one and the next one has 2^64-1 - below.Lo.
		belowLo, borrow := bits.Sub64(lo, 1, 0)
		belowHi := hi - borrow
		none := uint64(int64(belowHi) >> 63) // all ones when nothing may be given
		line := belowHi &^ none

		r.Carry = Int128{Hi: int64(hi - line), Lo: lo}
		r.Paid += int64(line)
		lines[i] = int64(line)
		drawer[i] = drawerOf(^belowLo/u) | uint16(none)&noDrawer
	}
}

// giveFirst gives one cent each to the n candidates that fall due first and
// returns the last of them.
func (s *Scratch) giveFirst(blocks []Block, holders int, n uint64, lines []int64) Cut {
	from, to, before := s.findCut(holders, n)
	s.cents = s.cents[:0]
	base := 0
	for _, b := range blocks {
		rows := len(b.Rows)
		s.among = slices.Grow(s.among[:0], rows)
		among := giveRows(b.Rows, lines[base:][:rows], s.drawer[base:][:rows], from, to, s.among[:rows])
		for _, i := range among {
			s.cents = append(s.cents, cent{
				deficit: -b.Rows[i].Carry.Lo, units: b.Units[i], holder: uint32(base) + i,
			})
		}
		base += rows
	}
	return give(s.cents, int(n-before), blocks, lines)
}

// giveRows gives a cent to every row whose candidate lies in a drawer before from
// and returns the rows whose candidates lie in from..to. It has no branches, for
// which rows get a cent cannot be predicted.
func giveRows(rows []Row, lines []int64, drawer []uint16, from, to uint16, among []uint32) []uint32 {
	lines = lines[:len(rows)]
	drawer = drawer[:len(rows)]
	among = among[:len(rows)]
	span := uint64(to-from) + 1
	n := uint64(0)
	for i := range rows {
		// Written out as a subtraction: the borrow is 1 if d < from, and d - from is
		// huge then, so it is not below span.
		d, first := bits.Sub64(uint64(drawer[i]), uint64(from), 0)
		_, in := bits.Sub64(d, span, 0)
		if n < uint64(len(among)) { // always
			among[n] = uint32(i)
		}
		n += in
		r := &rows[i]
		lines[i] += int64(first)
		r.Paid += int64(first)
		r.Carry.Hi -= int64(first)
	}
	return among[:n]
}

// findCut returns the drawers in which the n-th candidate lies and how many lie
// before them, and empties the counts for the next payment.
func (s *Scratch) findCut(holders int, n uint64) (from, to uint16, before uint64) {
	if holders <= fewHoldings {
		candidates := uint64(0)
		for _, d := range s.drawer {
			s.count[d&noDrawer] = 0
			if d != noDrawer {
				candidates++
			}
		}
		check(n <= candidates)
		return 0, lastDrawer, 0
	}
	d := uint16(0)
	for ; d <= lastDrawer && before+uint64(s.count[d]) < n; d++ {
		before += uint64(s.count[d])
	}
	clear(s.count[:])
	check(d <= lastDrawer)
	return d, d, before
}

// check stops a payment for which too few cents may be given. That cannot happen
// while Σ carry + rem = 0: then the carries sum to more than amount - 1 cents.
func check(enough bool) {
	if !enough {
		panic("share: the carries do not sum to the remainder")
	}
}
