package schedule

// Schedule is a whole schedule.
type Schedule struct {
	Rows        []Row
	Installment int64 // as it was worked out first, see Planner.Installment
}

// Totals adds the rows up.
func (s *Schedule) Totals() Row {
	var sum Row
	for _, r := range s.Rows {
		sum.Principal += r.Principal
		sum.Interest += r.Interest
		sum.Fee += r.Fee
		sum.Penalty += r.Penalty
	}
	return sum
}

// Plan is the schedule of the terms if nothing happens but what they say.
func Plan(t Terms) (*Schedule, error) {
	p, err := New(t)
	if err != nil {
		return nil, err
	}
	s := &Schedule{Rows: make([]Row, 0, len(p.slots))}
	for first := true; !p.Done(); first = false {
		rows, err := p.Row(Moves{})
		if err != nil {
			return nil, err
		}
		if first {
			s.Installment = p.installment
		}
		s.Rows = append(s.Rows, rows...)
	}
	for i := range s.Rows {
		s.Rows[i].N = i + 1
	}
	return s, nil
}

// Extra repays principal beyond the last row that was made: that row and the plan take it. It gives what was taken.
func (p *Planner) Extra(row *Row, x int64) int64 {
	x = min(x, p.balance)
	row.Principal += x
	p.balance -= x
	row.Balance = p.balance
	if p.exact != nil {
		p.dirty = true // the exact plan starts again from the balance that is left
	}
	return x
}

// Replan makes the next row work its installment out again from the balance that is left.
func (p *Planner) Replan() { p.dirty = true }

// DownPayment is the down payment of a disbursement.
func (p *Planner) DownPayment(lent int64) int64 {
	down, _ := p.t.Down(lent)
	return down
}
