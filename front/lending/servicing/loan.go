package servicing

import (
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
	Closed  State = "closed" // repaid
)

// Loan is a loan as its events left it. It is shared by those who read it and never changes.
type Loan struct {
	Deed
	Version  uint32
	State    State
	Events   []Event
	Booked   Division // forward and not taken back
	contract *Contract
	counted  []loan.Event
	at       map[id.ID]int // place of each event
	reversed map[id.ID]bool
}

// newLoan puts a loan together from its events.
func newLoan(d Deed, c *Contract, events []Event) (*Loan, error) {
	l := &Loan{Deed: d, contract: c, State: Opening}
	return l.with(events...)
}

// with is the loan after more events.
func (l *Loan) with(events ...Event) (*Loan, error) {
	n := *l
	n.Events = append(l.Events[:len(l.Events):len(l.Events)], events...)
	n.Version = uint32(len(n.Events))
	n.Booked = l.Booked.clone()
	n.at = make(map[id.ID]int, len(n.Events))
	n.reversed = map[id.ID]bool{}
	for i := range n.Events {
		e := &n.Events[i]
		n.at[e.ID] = i
		if e.Kind == Reversed && e.Outcome == Applied {
			n.reversed[e.Of] = true
		}
	}
	for i := range events {
		e := &events[i]
		for _, u := range e.Undone {
			n.Booked.plus(&n.Events[u-1].Booked, -1)
		}
		n.Booked.plus(&e.Booked, 1)
	}
	var err error
	n.counted, err = n.count()
	return &n, err
}

// event finds an event by its id, nil if there is none.
func (l *Loan) event(i id.ID) *Event {
	if at, ok := l.at[i]; ok {
		return &l.Events[at]
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

// target is what should be booked by a state.
func (l *Loan) target(s *loan.State) (Division, error) {
	sum, _, err := l.share(s)
	if err != nil {
		return Division{}, err
	}
	for i := range s.Transactions {
		t := &s.Transactions[i]
		if t.Entry != loan.DownPaymentPaid {
			continue
		}
		d, err := l.contract.Divide(t.Split)
		if err != nil {
			return Division{}, err
		}
		sum.plus(&d, 1)
	}
	for i := range l.Events {
		if e := &l.Events[i]; e.Kept != 0 && e.Outcome == Applied && !l.reversed[e.ID] {
			sum.Credit += e.Kept
		}
	}
	return sum, nil
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
	d.state, d.credit = Active, l.Booked.Credit
	open := s.Outstanding()
	d.principal = open[loan.Principal]
	for i := range s.Rows {
		r := &s.Rows[i]
		if r.Outstanding().Total() > 0 && (d.oldest == nil || r.Nominal < *d.oldest) {
			n := r.Nominal
			d.oldest = &n
		}
	}
	if s.Closed {
		d.state = Closed
	}
	return d
}
