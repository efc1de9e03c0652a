package loan

import (
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/schedule"
)

// credit is money that came before the due date of the row it counts for.
type credit struct {
	payment
	split Split // known at once: charges and principal
	left  int64 // for what the row turns out to ask for besides
}

// live is a row whose interest follows the money, while it is being made.
type live struct {
	from, to, due day.Date
	charges       Split // of this row
	early         int64 // principal that came early
	credits       []credit
	moves         schedule.Moves
	overdue       int64 // principal of earlier rows that is not paid
	paidOff       bool
}

// liveRow makes a row of a schedule that follows the money. Payments before the due date pay what is overdue, then lower
// the balance on their day; those on the due date pay the row; what they bring beyond it is principal too.
func (w *walk) liveRow() error {
	l := &live{moves: schedule.Moves{Changes: w.moved[:0]}}
	l.from, l.to, l.due = w.p.Period()
	down, err := w.p.Begin()
	if err != nil {
		return err
	}
	w.append(down)
	l.overdue = w.s.overduePrincipal(l.from)
	w.bear(l, l.from, l.overdue)
	for _, c := range w.charges {
		if c.Due <= l.due {
			l.charges[c.Component] += c.Amount
		}
	}
	for len(w.payments) > 0 && w.payments[0].date < l.due && !l.paidOff {
		w.before(l, w.payments[0])
		w.payments = w.payments[1:]
	}
	if at := w.s.AsOf; at < l.to && l.overdue > 0 {
		w.bear(l, max(at, l.from), -l.overdue) // the schedule resumes
	}
	l.moves.Early = l.early
	if err := w.row(l.moves); err != nil {
		return err
	}
	w.moved = l.moves.Changes
	return w.after(l)
}

// bear makes overdue principal bear interest from a day on, or no longer.
func (w *walk) bear(l *live, on day.Date, x int64) {
	if !w.s.agree.Recalculation.NoOverdue && x != 0 {
		l.moves.Changes = append(l.moves.Changes, schedule.Change{Date: on, Amount: x})
	}
}

// before counts a payment that comes before the row is due.
func (w *walk) before(l *live, p payment) {
	w.s.late(p.date)
	rows := len(w.s.Rows)
	if p.payoff {
		p.amount = w.given(&p, w.s.Outstanding().Total())
	}
	split, left := w.s.allocate(p.date, p.amount, rows)
	w.book(p.at, split)
	if now := w.s.overduePrincipal(l.from); now != l.overdue {
		w.bear(l, p.date, now-l.overdue)
		l.overdue = now
	}
	c := credit{payment: p}
	if p.payoff {
		l.paidOff = true
	} else {
		c.split, c.left = l.take(&w.s.agree.Allocation.Advance, left, w.p.Balance())
	}
	if early := c.split[Principal]; early > 0 {
		l.early += early
		on := p.date
		if w.s.agree.Recalculation.EarlyOnDueDate {
			on = l.to
		}
		l.moves.Changes = append(l.moves.Changes, schedule.Change{Date: on, Amount: -early})
	}
	l.credits = append(l.credits, c)
}

// take divides early money: charges that the order puts before principal, then principal. Interest isn't due yet.
func (l *live) take(order *Order, left, balance int64) (Split, int64) {
	var split Split
	for _, c := range order {
		room := l.charges[c]
		if c == Principal {
			room = balance - l.early
		} else if c == Interest {
			room = 0
		}
		x := min(left, max(room, 0))
		split[c] += x
		left -= x
		if c != Principal {
			l.charges[c] -= x
		}
	}
	return split, left
}

// after books the money of a row that is now known.
func (w *walk) after(l *live) error {
	at := len(w.s.Rows) - 1
	installment := w.p.Installment()
	extra, onTheDay := int64(0), int64(0)
	for _, c := range l.credits {
		for k := range c.split {
			if x := c.split[k]; x > 0 {
				w.s.pay(at, c.date, Component(k), x)
			}
		}
		w.book(c.at, c.split)
		left := c.left
		if c.payoff {
			left = w.given(&c.payment, w.s.Rows[at].Outstanding().Total())
		}
		split, left := w.s.allocate(c.date, left, at+1)
		w.book(c.at, split)
		w.s.Overpaid += left
	}
	if l.paidOff {
		return w.closeAll(l.credits[len(l.credits)-1].payment)
	}
	for len(w.payments) > 0 && w.payments[0].date == l.due && !w.payments[0].payoff {
		p := w.payments[0]
		w.payments = w.payments[1:]
		w.s.late(p.date)
		onTheDay += p.amount
		split, left := w.s.allocate(p.date, p.amount, at+1)
		x := w.p.Extra(&w.s.Rows[at].Row, left)
		w.s.principalDue += x
		if x > 0 {
			w.s.pay(at, p.date, Principal, x)
		}
		extra += x
		split[Principal] += x
		w.book(p.at, split)
		w.s.Overpaid += left - x
	}
	reached := l.early >= installment || extra > 0 && l.early+onTheDay >= installment
	if reached && installment > 0 && w.s.agree.Recalculation.Strategy == SmallerInstallments {
		w.p.Replan()
	}
	return nil
}

// closeAll makes the rows that are left, which bear no interest any more, and pays them.
func (w *walk) closeAll(p payment) error {
	for !w.p.Done() {
		if err := w.change(); err != nil {
			return err
		}
		if err := w.row(schedule.Moves{}); err != nil {
			return err
		}
	}
	w.chargeRow()
	p.payoff = true
	w.settle(p)
	return nil
}

// overduePrincipal is the principal of rows due by a day that is not paid. Down payments bear no interest. All rows made
// so far are due by the beginning of the next one, but for a last one that a holiday has moved.
func (s *State) overduePrincipal(by day.Date) int64 {
	sum := s.principalDue - s.principalPaid
	if n := len(s.Rows); n > 0 && s.Rows[n-1].Row.Due > by && s.Rows[n-1].Kind != schedule.DownPayment {
		sum -= s.Rows[n-1].open(Principal)
	}
	return max(sum, 0)
}
