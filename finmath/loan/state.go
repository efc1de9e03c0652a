package loan

import (
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/schedule"
)

// maxAmount leaves room for sums.
const maxAmount = amount.Max / 100

// Row is a row of the schedule with what was paid of it.
type Row struct {
	schedule.Row
	Paid      Split
	InAdvance int64     // paid before its due date
	Late      int64     // paid after it
	PaidOffOn *day.Date // when the last of it was paid, nil while something is open
	arrears   []arrears // one a penalty rule
}

// Due is what is due by component.
func (r *Row) Due() Split {
	return Split{Penalty: r.Penalty, Fee: r.Fee, Interest: r.Interest, Principal: r.Principal}
}

// Outstanding is what is still to be paid by component.
func (r *Row) Outstanding() Split {
	due := r.Due()
	for c := range due {
		due[c] -= r.Paid[c]
	}
	return due
}

// open is what is still to be paid of a component.
func (r *Row) open(c Component) int64 {
	switch c {
	case Penalty:
		return r.Row.Penalty - r.Paid[c]
	case Fee:
		return r.Row.Fee - r.Paid[c]
	case Interest:
		return r.Row.Interest - r.Paid[c]
	}
	return r.Row.Principal - r.Paid[c]
}

// Entry is the type of a transaction.
type Entry uint8

// The entries.
const (
	Disbursed       Entry = iota
	DownPaymentPaid       // by itself, see Agreement.AutoDownPayment
	Repaid
	Recognised // charges and interest of a fixed schedule that a closing payment earns
)

// String is the name of the entry.
func (e Entry) String() string {
	return [...]string{"disburse", "down_payment", "repay", "accrual"}[e]
}

// Transaction is a movement with its split.
type Transaction struct {
	Date    day.Date
	Entry   Entry
	Amount  int64
	Split   Split
	Balance int64 // principal that is outstanding after it
}

// State is what has become of a loan as of a day.
type State struct {
	AsOf         day.Date
	Rows         []Row
	Transactions []Transaction
	Disbursed    int64
	Overpaid     int64
	Installment  int64 // as it was worked out last
	Closed       bool  // paid out once and nothing is outstanding

	agree    *Agreement
	openRows int // rows before this one are paid

	principalDue, principalPaid int64 // of all rows but down payments
	penalties                   int64 // of late rows, all together as large as one amount at most: they grow by themselves
}

// Totals adds up what is due and what was paid.
func (s *State) Totals() (due, paid Split) {
	for i := range s.Rows {
		d := s.Rows[i].Due()
		for c := range d {
			due[c] += d[c]
			paid[c] += s.Rows[i].Paid[c]
		}
	}
	return due, paid
}

// Outstanding is what is still to be paid in all.
func (s *State) Outstanding() Split {
	due, paid := s.Totals()
	for c := range due {
		due[c] -= paid[c]
	}
	return due
}

// PastDue is what was due before the day of the state and is not paid, with the days since the oldest due date.
func (s *State) PastDue() (amount Split, days int) {
	for i := range s.Rows {
		r := &s.Rows[i]
		open := r.Outstanding()
		if r.Row.Due >= s.AsOf || open.Total() == 0 {
			continue
		}
		days = max(days, int(s.AsOf-r.Row.Due))
		for c := range open {
			amount[c] += open[c]
		}
	}
	return amount, days
}

// pay books a split of a payment on a row.
func (s *State) pay(i int, date day.Date, c Component, x int64) {
	r := &s.Rows[i]
	r.Paid[c] += x
	if c == Principal && r.Kind != schedule.DownPayment {
		s.principalPaid += x
	}
	switch {
	case date < r.Row.Due:
		r.InAdvance += x
	case date > r.Row.Due:
		r.Late += x
	}
	if r.Outstanding().Total() == 0 {
		d := date
		r.PaidOffOn = &d
	} else {
		r.PaidOffOn = nil
	}
}
