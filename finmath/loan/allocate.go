package loan

import "github.com/longmen/longmen/finmath/day"

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

// group is a stretch of rows that one step of the allocation pays.
type group struct {
	rows  []int
	order Order
}

// groups sorts rows [0, end) that are not paid into the steps of a payment on a day.
func (s *State) groups(date day.Date, end int) []group {
	a := &s.agree.Allocation
	var past, today, ahead []int
	for s.openRows < end && s.openRows < len(s.Rows) && s.Rows[s.openRows].Outstanding().Total() == 0 {
		s.openRows++
	}
	for i := s.openRows; i < end; i++ {
		if s.Rows[i].Outstanding().Total() == 0 {
			continue
		}
		switch due := s.Rows[i].Row.Due; {
		case due > date:
			ahead = append(ahead, i)
		case due == date && a.Steps == PastDueThenDueAdvance:
			today = append(today, i)
		default:
			past = append(past, i)
		}
	}
	if a.FromLast {
		for i, j := 0, len(ahead)-1; i < j; i, j = i+1, j-1 {
			ahead[i], ahead[j] = ahead[j], ahead[i]
		}
	}
	return []group{{past, a.Due}, {today, a.Due}, {ahead, a.Advance}}
}

// allocate pays rows [0, end) from an amount and gives the split and what is left.
func (s *State) allocate(date day.Date, left int64, end int) (Split, int64) {
	var split Split
	take := func(row int, c Component) {
		if x := min(left, s.Rows[row].Outstanding()[c]); x > 0 {
			s.pay(row, date, c, x)
			split[c] += x
			left -= x
		}
	}
	for _, g := range s.groups(date, end) {
		if s.agree.Allocation.ComponentFirst {
			for _, c := range g.order {
				for _, row := range g.rows {
					take(row, c)
				}
			}
			continue
		}
		for _, row := range g.rows {
			for _, c := range g.order {
				take(row, c)
			}
		}
	}
	return split, left
}
