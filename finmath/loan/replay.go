package loan

import (
	"slices"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/schedule"
)

// payment is money that comes in.
type payment struct {
	date   day.Date
	amount int64
	entry  Entry
	payoff bool
	all    bool  // of a payoff: whatever it takes
	most   int64 // else: no more than was given
	at     int   // its transaction
}

// walk is one replay on its way.
type walk struct {
	s        *State
	p        *schedule.Planner
	payments []payment         // by date
	charges  []Event           // by due date, those that no row has yet
	changes  []Event           // by date
	moved    []schedule.Change // room for those of a row
	payoff   *day.Date         // the first one
	all      bool              // a payoff takes whatever it takes
	stopped  bool
	watch    *day.Date // a day for whose period accrued interest is asked
	watched  *period
}

// period is one of a schedule as it stood before its row was made.
type period struct {
	plan  *schedule.Planner
	moves schedule.Moves
	to    day.Date
	row   int // that it became
}

// Replay is the state of a loan after events, as of a day. Events stand in the order in which they became known; money
// counts in the order of its dates, so a charge or a payment that is known late runs all later ones again.
//
// A day before the last event counts as the day of that event.
func Replay(a Agreement, events []Event, asOf day.Date) (*State, error) {
	w, err := walked(&a, events, asOf, nil)
	if err != nil {
		return nil, err
	}
	return w.s, nil
}

// walked is a replay that is done. watch is a day for whose period accrued interest will be asked, or nil.
func walked(a *Agreement, events []Event, asOf day.Date, watch *day.Date) (*walk, error) {
	w, err := newWalk(a, events, asOf)
	if err != nil {
		return nil, err
	}
	w.watch = watch
	return w, w.run()
}

func newWalk(a *Agreement, events []Event, asOf day.Date) (*walk, error) {
	if len(events) > MaxEvents {
		return nil, bad("%d events, at most %d", len(events), MaxEvents)
	}
	if err := a.Allocation.check(); err != nil {
		return nil, err
	}
	if err := checkPenalties(a.Late); err != nil {
		return nil, err
	}
	w := &walk{s: &State{AsOf: asOf, agree: a}}
	terms := a.Terms
	var lent []schedule.Disbursement
	charged := int64(0)
	for i := range events {
		e := &events[i]
		if err := e.check(i); err != nil {
			return nil, err
		}
		if e.Type == Charge {
			if e.Amount > maxAmount-charged {
				return nil, bad("event %d charges %d, all charges together must be %d minor units at most", i+1, e.Amount, maxAmount)
			}
			charged += e.Amount
		}
		w.s.AsOf = max(w.s.AsOf, e.Date)
		if e.Type == Disburse {
			lent = append(lent, schedule.Disbursement{Date: e.Date, Amount: e.Amount})
		}
	}
	if len(lent) > 0 {
		slices.SortStableFunc(lent, func(a, b schedule.Disbursement) int { return int(a.Date - b.Date) })
		terms.Disbursements = lent
	}
	var err error
	if w.p, err = schedule.New(terms); err != nil {
		return nil, err
	}
	w.s.Rows = make([]Row, 0, a.Terms.Installments+4)
	w.s.Transactions = make([]Transaction, 0, len(events)+4)
	w.payments = make([]payment, 0, len(events)+4)
	return w, w.sort(events)
}

// sort puts events where they are waited for and opens the transactions.
func (w *walk) sort(events []Event) error {
	for _, e := range events {
		switch e.Type {
		case Disburse:
			w.s.Disbursed += e.Amount
			w.record(e.Date, Disbursed, e.Amount)
			if down := w.p.DownPayment(e.Amount); w.s.agree.AutoDownPayment && down > 0 {
				w.payments = append(w.payments, payment{date: e.Date, amount: down, entry: DownPaymentPaid, at: w.record(e.Date, DownPaymentPaid, down)})
			}
		case Repay:
			w.payments = append(w.payments, payment{date: e.Date, amount: e.Amount, entry: Repaid, at: w.record(e.Date, Repaid, e.Amount)})
		case Payoff:
			if e.All && w.all {
				return bad("a loan is paid off once")
			}
			w.all = w.all || e.All
			if d := e.Date; w.payoff == nil || d < *w.payoff {
				w.payoff = &d
			}
			w.payments = append(w.payments, payment{date: e.Date, entry: Repaid, payoff: true, all: e.All, most: e.Amount, at: w.record(e.Date, Repaid, 0)})
		case Charge:
			w.charges = append(w.charges, e)
		default:
			w.changes = append(w.changes, e)
		}
	}
	slices.SortStableFunc(w.payments, func(a, b payment) int { return int(a.date - b.date) })
	slices.SortStableFunc(w.charges, func(a, b Event) int { return int(a.Due - b.Due) })
	slices.SortStableFunc(w.changes, func(a, b Event) int { return int(a.Date - b.Date) })
	return nil
}

func (w *walk) record(date day.Date, entry Entry, amount int64) int {
	w.s.Transactions = append(w.s.Transactions, Transaction{Date: date, Entry: entry, Amount: amount})
	return len(w.s.Transactions) - 1
}

// run makes all rows and counts all payments.
func (w *walk) run() error {
	for !w.p.Done() {
		if err := w.change(); err != nil {
			return err
		}
		_, to, _ := w.p.Period()
		w.stopIn(to)
		step := w.fixedRow
		if w.s.agree.Recalculation.On {
			step = w.liveRow
		}
		if err := step(); err != nil {
			return err
		}
	}
	w.chargeRow()
	for _, p := range w.payments {
		w.settle(p)
	}
	w.s.late(w.s.AsOf)
	w.finish()
	return nil
}

// change applies what was agreed before the end of the next row's period.
func (w *walk) change() error {
	for len(w.changes) > 0 {
		_, to, _ := w.p.Period()
		e := w.changes[0]
		if e.Date >= to {
			return nil
		}
		var err error
		switch e.Type {
		case Defer:
			err = w.p.Defer(e.Rows, e.Holiday)
		case Reschedule:
			err = w.p.Reschedule(e.Due, e.Rows)
		case ChangeRate:
			err = w.p.SetRate(e.Date, e.AnnualRate, e.KeepInstallment)
		}
		if err != nil {
			return err
		}
		w.changes = w.changes[1:]
	}
	return nil
}

// stopIn ends interest in the row whose period ends with to, if it is that of a payoff.
func (w *walk) stopIn(to day.Date) {
	if w.payoff == nil || w.stopped || *w.payoff > to {
		return
	}
	w.stopped = true
	switch w.s.agree.Payoff {
	case ToPayoffDate:
		w.p.Stop(*w.payoff)
	case ToNextDueDate:
		w.p.Stop(to)
	}
}

// fixedRow makes a row of a schedule that payments don't change.
func (w *walk) fixedRow() error {
	return w.row(schedule.Moves{})
}

// row makes the next row and adds its charges.
func (w *walk) row(m schedule.Moves) error {
	from, to, _ := w.p.Period()
	watched := w.watch != nil && *w.watch >= from && *w.watch < to
	if watched {
		w.watched = &period{plan: w.p.Clone(), moves: schedule.Moves{Changes: slices.Clone(m.Changes), Early: m.Early}, to: to}
	}
	rows, err := w.p.Row(m)
	if err != nil {
		return err
	}
	w.append(rows)
	if watched {
		w.watched.row = len(w.s.Rows) - 1
	}
	w.s.Installment = w.p.Installment()
	last := &w.s.Rows[len(w.s.Rows)-1]
	w.charge(last, last.Row.Due)
	return nil
}

func (w *walk) append(rows []schedule.Row) {
	for _, r := range rows {
		r.N = len(w.s.Rows) + 1
		if r.Kind != schedule.DownPayment {
			w.s.principalDue += r.Principal
		}
		w.s.Rows = append(w.s.Rows, Row{Row: r})
	}
}

// charge adds to a row what falls due until a date: a charge belongs to the first row that is due on its day or later.
func (w *walk) charge(r *Row, until day.Date) {
	for len(w.charges) > 0 && w.charges[0].Due <= until {
		if e := w.charges[0]; e.Component == Fee {
			r.Fee += e.Amount
		} else {
			r.Row.Penalty += e.Amount
		}
		w.charges = w.charges[1:]
	}
}

// chargeRow makes a row of its own for charges that fall due after the last one.
func (w *walk) chargeRow() {
	if len(w.charges) == 0 {
		return
	}
	due := w.charges[len(w.charges)-1].Due
	row := schedule.Row{Kind: schedule.ChargeOnly, From: due, Due: due, Nominal: due}
	if n := len(w.s.Rows); n > 0 {
		row.From = w.s.Rows[n-1].Row.Due
	}
	w.append([]schedule.Row{row})
	w.charge(&w.s.Rows[len(w.s.Rows)-1], due)
}

// settle pays what is due from a payment; what is left is an over-payment.
func (w *walk) settle(p payment) {
	w.s.late(p.date)
	if p.payoff {
		p.amount = w.given(&p, w.s.Outstanding().Total())
	}
	split, left := w.s.allocate(p.date, p.amount, len(w.s.Rows))
	w.book(p.at, split)
	w.s.Overpaid += left
}

// given is what a payoff pays of what is open, noted in its transaction.
func (w *walk) given(p *payment, open int64) int64 {
	t := &w.s.Transactions[p.at]
	if !p.all {
		open = min(open, p.most-t.Amount)
	}
	open = max(open, 0)
	t.Amount += open
	return open
}

func (w *walk) book(at int, split Split) {
	t := &w.s.Transactions[at]
	for c := range split {
		t.Split[c] += split[c]
	}
}

// finish puts transactions into the order of their dates, with the principal that was left after each.
func (w *walk) finish() {
	s := w.s
	slices.SortStableFunc(s.Transactions, func(a, b Transaction) int { return int(a.Date - b.Date) })
	s.Closed = s.Disbursed > 0 && s.Outstanding().Total() == 0
	if s.Closed && !s.agree.Recalculation.On && w.payoff == nil {
		s.recognise()
	}
	balance := int64(0)
	for i := range s.Transactions {
		t := &s.Transactions[i]
		switch t.Entry {
		case Disbursed:
			balance += t.Amount
		case Recognised:
			continue // at the closing, after which nothing is left
		default:
			balance -= t.Split[Principal]
		}
		t.Balance = balance
	}
}

// recognise adds the entry that earns, at the closing of a fixed schedule, its interest and charges. Both entries are of
// one day. The payment comes first, but where money is counted in two steps (due, then in advance) and closes the loan to
// the cent before its end: there they are earned first and paid then.
func (s *State) recognise() {
	due, _ := s.Totals()
	due[Principal] = 0
	n := len(s.Transactions)
	if due.Total() == 0 || n == 0 {
		return
	}
	last := s.Transactions[n-1]
	t := Transaction{Date: last.Date, Entry: Recognised, Amount: due.Total(), Split: due}
	s.Transactions = append(s.Transactions, t)
	if s.agree.Allocation.Steps == DueThenAdvance && s.Overpaid == 0 && last.Date < s.Rows[len(s.Rows)-1].Row.Due {
		s.Transactions[n-1], s.Transactions[n] = t, last
	}
}
