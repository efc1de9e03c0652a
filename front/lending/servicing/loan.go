package servicing

import (
	"slices"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/id"
)

// State is how far a loan is. Whether it is overdue is no state: it follows from the date.
type State string

// The states.
const (
	Opening State = "opening" // not paid out yet
	Active  State = "active"
	Renewed State = "restructured" // active, by other terms than were agreed first
	GivenUp State = "written-off"  // what still comes is recovered
	Closed  State = "closed"       // repaid
)

// Loan is a loan as its events left it. It is shared by those who read it and never changes.
type Loan struct {
	Deed
	Version  uint32
	State    State
	Events   []Event
	Booked   Division // forward and not taken back
	Lost     bool     // written off
	Remade   bool     // restructured
	Ended    bool     // nothing is done to it any more
	contract *Contract
	read     uint64 // generation of the cache when its contract was read
	counted  []loan.Event
	reversed map[id.ID]bool
}

// newLoan puts a loan together from its events.
func newLoan(d Deed, c *Contract, events []Event) (*Loan, error) {
	l := &Loan{Deed: d, contract: c, State: Opening, counted: c.Opening}
	return l.with(events...)
}

// with is the loan after more events. It shares with the loan before them what they do not change.
func (l *Loan) with(events ...Event) (*Loan, error) {
	n := *l
	n.Events = append(l.Events[:len(l.Events):len(l.Events)], events...)
	n.Version = uint32(len(n.Events))
	n.Booked = l.Booked.clone()
	n.counted = l.counted[:len(l.counted):len(l.counted)]
	recount := false
	for i := range events {
		e := &events[i]
		n.bookedBy(e)
		if e.Outcome != Applied {
			continue
		}
		switch e.Kind {
		case Reversed:
			recount = true
		case WrittenOff:
			n.Lost = true
		case Restructured:
			n.Remade = true
		case Ended:
			n.Ended = true
		}
		x, err := e.counts()
		if err != nil {
			return nil, err
		}
		n.counted = append(n.counted, x...)
	}
	if recount {
		return &n, n.recount()
	}
	return &n, nil
}

// bookedBy counts what an event books and takes back.
func (l *Loan) bookedBy(e *Event) {
	for _, u := range e.Undone {
		l.Booked.plus(&l.Events[u-1].Booked, -1)
	}
	l.Booked.plus(&e.Booked, 1)
	for _, c := range e.Corrected {
		for t := range c.Holders {
			l.Booked.Holders[t] += c.Holders[t]
		}
	}
}

// recount finds out anew what depends on which events were reversed.
func (l *Loan) recount() (err error) {
	l.reversed = map[id.ID]bool{}
	for i := range l.Events {
		if e := &l.Events[i]; e.Kind == Reversed && e.Outcome == Applied {
			l.reversed[e.Of] = true
		}
	}
	l.Remade = slices.ContainsFunc(l.Events, func(e Event) bool {
		return e.Kind == Restructured && e.Outcome == Applied && !l.reversed[e.ID]
	})
	l.counted, err = l.count()
	return err
}

// stage is the state of a loan of which something is outstanding.
func (l *Loan) stage() State {
	switch {
	case l.Lost:
		return GivenUp
	case l.Remade:
		return Renewed
	}
	return Active
}

// Unpaid lists the rows of which something is outstanding as of a day.
func (l *Loan) Unpaid(on day.Date) (list []loan.Row, err error) {
	s, err := l.Replay(max(on, l.last()))
	if err != nil || !l.paidOut() {
		return nil, err
	}
	for i := range s.Rows {
		if s.Rows[i].Outstanding().Total() > 0 {
			list = append(list, s.Rows[i])
		}
	}
	return list, nil
}

// Find finds an event by its id, nil if there is none.
func (l *Loan) Find(i id.ID) *Event {
	for k := range l.Events {
		if l.Events[k].ID == i {
			return &l.Events[k]
		}
	}
	return nil
}

// last is the latest date that an event counts from.
func (l *Loan) last() day.Date {
	d := l.contract.Agreement.Terms.Due.Start
	for i := range l.counted {
		d = max(d, l.counted[i].Date)
	}
	return d
}

// paidOut reports whether the loan was disbursed.
func (l *Loan) paidOut() bool {
	for i := range l.counted {
		if l.counted[i].Type == loan.Disburse {
			return true
		}
	}
	return false
}

// Replay is the loan's state as of a day.
func (l *Loan) Replay(on day.Date) (*loan.State, error) {
	return loan.Replay(l.contract.Agreement, l.counted, on)
}

// Ahead is the loan's state as of a day, with what of the interest that has accrued then, and on the days after it, will be
// the holders', as long as nothing else of the state changes by the days alone, so many in all at most.
func (l *Loan) Ahead(on day.Date, most int) (*loan.State, []int64, error) {
	s, accrued, err := loan.Ahead(l.contract.Agreement, l.counted, on, most)
	if err != nil {
		return nil, nil, err
	}
	part, of, err := l.interestOfHolders(s, on)
	if err != nil || part == of {
		return s, accrued, err
	}
	for i, x := range accrued {
		if accrued[i], err = amount.Down.MulDiv(x, uint64(part), uint64(of)); err != nil {
			return nil, nil, err
		}
	}
	return s, accrued, nil
}

// interestOfHolders is what of interest that falls due next will be the holders', and all of it: fees before the split take from
// the payment as a whole, and each day bears its part of them. Both are 0 where none falls due.
func (l *Loan) interestOfHolders(s *loan.State, on day.Date) (part, of int64, err error) {
	for i := range s.Rows {
		r := &s.Rows[i]
		open := r.Outstanding()
		if r.Row.Due > on && open[loan.Interest] > 0 {
			d, err := l.contract.Divide(open)
			return max(d.Holders[toInterest], 0), open[loan.Interest], err
		}
	}
	return 0, 0, nil
}

// Reading tells apart what was read of the loan: its version, and how often what contracts say had changed before.
func (l *Loan) Reading() [2]uint64 { return [2]uint64{uint64(l.Version), l.read} }

// target is what should be booked by a state.
func (l *Loan) target(s *loan.State) (Division, error) {
	parts, err := l.given(s)
	if err != nil {
		return Division{}, err
	}
	var sum Division
	for i := range parts {
		sum.plus(&parts[i].division, 1)
	}
	sum.Credit = l.kept()
	for i := range l.Events {
		if e := &l.Events[i]; e.Costs != 0 && e.Outcome == Applied && !l.reversed[e.ID] {
			sum.Add(l.Places.Platform, e.Costs)
		}
	}
	if l.Lost && l.Places.Lost != "" {
		sum.Lost, err = l.lost(s)
	}
	return sum, err
}

// kept is what the events put to the credit account.
func (l *Loan) kept() (sum int64) {
	for i := range l.Events {
		if e := &l.Events[i]; e.Outcome == Applied && !l.reversed[e.ID] {
			sum += e.Kept
		}
	}
	return sum
}

// given says who gets what of each event's money by a state.
func (l *Loan) given(s *loan.State) ([]given, error) {
	list, _, err := l.shares(s)
	if err != nil {
		return nil, err
	}
	for i := range s.Transactions {
		t := &s.Transactions[i]
		if t.Entry != loan.DownPaymentPaid {
			continue
		}
		d, err := l.contract.Divide(t.Split)
		if err != nil {
			return nil, err
		}
		list = append(list, given{l.disbursed(), d})
	}
	return list, nil
}

// disbursed is the number of the event that paid the loan out.
func (l *Loan) disbursed() uint32 {
	for i := range l.Events {
		if e := &l.Events[i]; e.Kind == Disbursed && e.Outcome == Applied && !l.reversed[e.ID] {
			return e.Number
		}
	}
	return 1
}

// derived are the columns that follow from the events.
type derived struct {
	state     State
	oldest    *day.Date
	principal int64
	credit    int64
}

func (l *Loan) derive(s *loan.State) derived {
	d := derived{state: Opening}
	if !l.paidOut() {
		return d
	}
	d.state, d.credit = l.stage(), l.Booked.Credit
	open := s.Outstanding()
	d.principal = open[loan.Principal]
	for i := range s.Rows {
		r := &s.Rows[i]
		if !l.Lost && r.Outstanding().Total() > 0 && (d.oldest == nil || r.Nominal < *d.oldest) {
			n := r.Nominal
			d.oldest = &n
		}
	}
	if s.Closed {
		d.state = Closed
	}
	return d
}
