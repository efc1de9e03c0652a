package loan

import (
	"sort"

	"github.com/longmen/longmen/finmath/day"
)

func (a *Allocation) check() error {
	for _, o := range []*Order{&a.Due, &a.Advance} {
		if *o == (Order{}) {
			*o = DefaultOrder
		}
		var seen [components]bool
		for _, c := range o {
			if c >= components || seen[c] {
				return bad("an order of allocation names each of penalty, fee, interest and principal once")
			}
			seen[c] = true
		}
	}
	if a.Steps > PastDueThenDueAdvance {
		return bad("unknown steps of allocation %d", a.Steps)
	}
	return nil
}

// stretch is the rows [from, to), which one step of the allocation pays.
type stretch struct {
	from, to int
	order    *Order
	reverse  bool
}

// stretches cuts rows [0, end) that may be open into the steps of a payment on a day. Rows stand in the order of their
// due dates, so each step is a stretch of them.
func (s *State) stretches(date day.Date, end int) [3]stretch {
	a := &s.agree.Allocation
	for s.openRows < end && s.Rows[s.openRows].Outstanding().Total() == 0 {
		s.openRows++
	}
	open := s.Rows[min(s.openRows, end):end]
	past := sort.Search(len(open), func(i int) bool { return open[i].Row.Due >= date })
	due := past + sort.Search(len(open)-past, func(i int) bool { return open[past+i].Row.Due > date })
	if a.Steps == DueThenAdvance {
		past = due
	}
	at := end - len(open)
	return [3]stretch{
		{at, at + past, &a.Due, false},
		{at + past, at + due, &a.Due, false},
		{at + due, end, &a.Advance, a.FromLast},
	}
}

// allocate pays rows [0, end) from an amount and gives the split and what is left.
func (s *State) allocate(date day.Date, left int64, end int) (Split, int64) {
	var split Split
	take := func(row int, c Component) {
		if x := min(left, s.Rows[row].open(c)); x > 0 {
			s.pay(row, date, c, x)
			split[c] += x
			left -= x
		}
	}
	for _, g := range s.stretches(date, end) {
		// Component by component all rows are passed over once for each; row by row once in all.
		parts := [][]Component{g.order[:]}
		if s.agree.Allocation.ComponentFirst {
			parts = [][]Component{g.order[0:1], g.order[1:2], g.order[2:3], g.order[3:4]}
		}
		for _, part := range parts {
			for i := 0; i < g.to-g.from && left > 0; i++ {
				row := g.from + i
				if g.reverse {
					row = g.to - 1 - i
				}
				for _, c := range part {
					take(row, c)
				}
			}
		}
	}
	return split, left
}
