package servicing

import (
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/kit/errs"
)

// Counting says which instant of a payment counts.
type Counting uint8

// The instants.
const (
	ByReceipt Counting = iota // when the money came
	ByPayer                   // when the payer paid, if that is known; else as ByReceipt
	ByBooking                 // when it is counted here
)

// Lateness says from which day a payment counts.
type Lateness struct {
	By     Counting
	CutOff time.Duration // after midnight; what comes later counts for the next day. 0: midnight
}

// day is the day from which a payment counts that is counted now, and the field that says so. Days are those of the ledger's
// zone, in which now is.
func (r *Lateness) day(p *Payment, now time.Time) (d day.Date, field string) {
	at, field := now, "date"
	switch {
	case r.By == ByPayer && !p.Paid.IsZero():
		at, field = p.Paid.In(now.Location()), "paid_at"
	case r.By != ByBooking && !p.Received.IsZero():
		at, field = p.Received.In(now.Location()), "received_at"
	}
	d = dateOf(ledger.DateOf(at))
	hour, minute, second := at.Clock()
	clock := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(at.Nanosecond())
	if r.CutOff > 0 && clock > r.CutOff {
		d++
	}
	return d, field
}

// dayOf is the day from which a payment counts by what was agreed.
func (l *Loan) dayOf(p *Payment, now time.Time) (day.Date, error) {
	switch {
	case p.Paid.After(now):
		return 0, errs.Invalid.Errorf("lies ahead: the ledger is at %s", now.Format(time.RFC3339)).On("paid_at")
	case p.Received.After(now):
		return 0, errs.Invalid.Errorf("lies ahead: the ledger is at %s", now.Format(time.RFC3339)).On("received_at")
	}
	d, field := l.contract.Lateness.day(p, now)
	if start := l.Start(); d < start {
		return 0, errs.Invalid.Errorf("then it counts from %s, which lies before the loan's first day %s", d, start).On(field)
	}
	return d, nil
}

// checkInstants refuses instants that can't be, or that would not count.
func (p *Payment) checkInstants() error {
	const early = "is no instant of a payment: want one after 1970-01-01T00:00:00Z, or leave it out"
	switch {
	case !p.Paid.IsZero() && micro(p.Paid) <= 0: // events keep 0 for none
		return errs.Invalid.Errorf(early).On("paid_at")
	case !p.Received.IsZero() && micro(p.Received) <= 0:
		return errs.Invalid.Errorf(early).On("received_at")
	case p.Date != 0 && !(p.Paid.IsZero() && p.Received.IsZero()):
		return errs.Invalid.Errorf("a payment counts from this date, or by when it was paid and received: leave one out").On("date")
	case !p.Paid.IsZero() && !p.Received.IsZero() && p.Received.Before(p.Paid):
		return errs.Invalid.Errorf("the money came before it was paid").On("received_at")
	}
	return nil
}

// micro is an instant as events keep it, 0 for none.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
