package recount

import (
	"fmt"
	"math/big"
	"math/bits"
)

// Register counts who holds how many units of one loan and what each was paid, tranche by tranche.
//
// Nobody's carry is kept. A unit has earned the same as every other, so what a holding has earned is its units times the
// sum of all q so far, and its carry is that less what it was paid; only when units move does it get an offset.
type Register struct {
	Units    []uint64 // by holder, in the order in which they came
	Total    uint64
	Tranches []Tranche

	next []next // working memory of Pay
}

// Tranche is what is counted for itself: interest, principal.
type Tranche struct {
	Sum  int64   // of all payments
	Paid []int64 // by holder

	rem    uint64
	earned wide    // by one unit since the start
	offset []wide  // by holder: carry = units·earned + offset − paid
	due    []int64 // by holder: exact share = (units·Sum + due) / Total
}

// next is the cent that a holding may be given after those that are overdue.
type next struct {
	deficit uint64 // in 2^-64 of a cent
	units   uint64
	holder  int
}

// NewRegister makes an empty register of so many tranches.
func NewRegister(tranches int) *Register {
	return &Register{Tranches: make([]Tranche, tranches)}
}

// Issue gives units to a new holder before anything was paid.
func (r *Register) Issue(units uint64) {
	r.Units = append(r.Units, units)
	r.Total += units
	for i := range r.Tranches {
		t := &r.Tranches[i]
		t.Paid = append(t.Paid, 0)
		t.offset = append(t.offset, wide{})
		t.due = append(t.due, 0)
	}
}

// Pay divides an amount of one tranche among the holders and adds their lines.
func (r *Register) Pay(tranche int, amount int64, lines []int64) {
	if amount == 0 {
		return
	}
	t := &r.Tranches[tranche]
	// amount·2^64 + rem = q·Total + the new rem, with rem below Total.
	var q wide
	q.hi = uint64(amount) / r.Total
	q.lo, t.rem = bits.Div64(uint64(amount)%r.Total, t.rem, r.Total)
	t.earned = t.earned.plus(q)
	t.Sum += amount

	left := amount
	r.next = r.next[:0]
	for i, units := range r.Units {
		carry := t.carry(i, units)
		if !carry.positive() {
			continue
		}
		// A cent whose deficit is below zero is overdue and comes before all others.
		below := carry.minus(wide{lo: 1})
		left -= int64(below.hi)
		r.next = append(r.next, next{deficit: -carry.lo, units: units, holder: i})
	}
	if left < 0 {
		r.payOverdue(t, amount, lines)
		return
	}
	earliest(r.next, int(left))
	for n, c := range r.next {
		line := int64(t.carry(c.holder, c.units).minus(wide{lo: 1}).hi)
		if n < int(left) {
			line++
		}
		lines[c.holder] += line
		t.Paid[c.holder] += line
	}
}

// payOverdue is for the rare payment that is less than what is overdue, since others were paid early.
func (r *Register) payOverdue(t *Tranche, amount int64, lines []int64) {
	holders := make([]owed, len(r.Units))
	for i, units := range r.Units {
		holders[i] = owed{units, t.carry(i, units).big()}
	}
	for i, line := range plainLines(holders, amount) {
		lines[i] += line
		t.Paid[i] += line
	}
}

func (t *Tranche) carry(holder int, units uint64) wide {
	return t.earned.times(units).plus(t.offset[holder]).minus(cents(t.Paid[holder]))
}

// Move gives k units of one holder to another.
func (r *Register) Move(from, to int, k uint64) error {
	u := r.Units[from]
	if k < 1 || k > u || from == to {
		return fmt.Errorf("move %d of %d units from holder %d to holder %d", k, u, from, to)
	}
	for i := range r.Tranches {
		t := &r.Tranches[i]
		carry := t.carry(from, u)
		part := wideOf(plainPart(carry.big(), k, u))
		t.settle(from, u, u-k, carry.minus(part))
		t.settle(to, r.Units[to], r.Units[to]+k, t.carry(to, r.Units[to]).plus(part))
	}
	r.Units[from] -= k
	r.Units[to] += k
	return nil
}

// settle changes a holding's units and leaves it with this carry.
func (t *Tranche) settle(holder int, before, after uint64, carry wide) {
	t.offset[holder] = carry.plus(cents(t.Paid[holder])).minus(t.earned.times(after))
	t.due[holder] += (int64(before) - int64(after)) * t.Sum
}

// Off is the distance of what a holder was paid from his exact share, in parts of a cent: Off / Total cents.
func (r *Register) Off(tranche, holder int) uint64 {
	t := &r.Tranches[tranche]
	return distance(t.Paid[holder], r.Total, int64(r.Units[holder])*t.Sum+t.due[holder])
}

// distance is |paid·total − share|, where the exact share is share/total.
func distance(paid int64, total uint64, share int64) uint64 {
	d := paid*int64(total) - share
	return uint64(max(d, -d))
}

// Keep remembers how everybody stands, so that a payment can be taken back.
func (r *Register) Keep() *Register {
	kept := &Register{Units: append([]uint64(nil), r.Units...), Total: r.Total}
	for _, t := range r.Tranches {
		t.Paid = append([]int64(nil), t.Paid...)
		t.offset = append([]wide(nil), t.offset...)
		t.due = append([]int64(nil), t.due...)
		kept.Tranches = append(kept.Tranches, t)
	}
	return kept
}

// before tells whether c falls due before d: deficit by unit, compared by cross multiplication, then the holder number.
func (c next) before(d next) bool {
	ahi, alo := bits.Mul64(c.deficit, d.units)
	bhi, blo := bits.Mul64(d.deficit, c.units)
	switch {
	case ahi != bhi:
		return ahi < bhi
	case alo != blo:
		return alo < blo
	}
	return c.holder < d.holder
}

// earliest puts the n cents that fall due first to the front, in any order: Hoare's selection.
func earliest(list []next, n int) {
	low, high := 0, len(list)-1
	for low < high {
		pivot := list[low+(high-low)/2]
		i, j := low, high
		for i <= j {
			for list[i].before(pivot) {
				i++
			}
			for pivot.before(list[j]) {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i++
				j--
			}
		}
		switch {
		case n-1 <= j:
			high = j
		case n-1 >= i:
			low = i
		default:
			return
		}
	}
}

// Sound checks what must hold at any time: the carries and the remainder sum to zero.
func (r *Register) Sound() error {
	for i := range r.Tranches {
		t := &r.Tranches[i]
		sum, paid := new(big.Int).SetUint64(t.rem), int64(0)
		for h, units := range r.Units {
			sum.Add(sum, t.carry(h, units).big())
			paid += t.Paid[h]
		}
		if sum.Sign() != 0 || paid != t.Sum {
			return fmt.Errorf("tranche %d: carries and remainder sum to %v, %d of %d cents were paid", i, sum, paid, t.Sum)
		}
	}
	return nil
}
