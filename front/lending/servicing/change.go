package servicing

import (
	"context"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Change is something besides money that changes what is owed. Which fields count depends on its kind: Charged, Deferred,
// Rescheduled, Repriced, Restructured (as Rescheduled, with a rate if there is one).
type Change struct {
	ID        id.ID
	Kind      Kind
	Date      day.Date // from which it counts; 0: today
	Amount    int64    // Charged
	Component loan.Component
	Due       day.Date                 // Charged: when it is due, 0: on the day from which it counts; Rescheduled: the first due date
	Rows      int                      // Deferred: by so many periods; Rescheduled: so many rows, 0 as many as before
	Holiday   schedule.HolidayInterest // Deferred
	Rate      string                   // Repriced: a year, such as 0.12
	Keep      bool                     // Repriced: the installment stays
	Actor     id.ID
	Approval  id.ID

	wanted func() error // asked before it is done, when nobody else can act on the loan; nil: it is
}

// Change charges, defers, reschedules or reprices a loan.
func (s *Servicing) Change(ctx context.Context, tenant, loanID id.ID, c Change) (Event, error) {
	if err := c.check(); err != nil {
		return Event{}, err
	}
	asked := c
	asked.Actor, asked.ID, asked.Approval = id.ID{}, id.ID{}, id.ID{}
	return s.do(ctx, &act{
		tenant: tenant, loan: loanID, asked: asked,
		event: Event{
			ID: c.ID, Kind: c.Kind, Date: c.Date, Amount: c.Amount, Component: c.Component, Due: c.Due, Rows: c.Rows, Holiday: c.Holiday,
			Rate: c.Rate, Keep: c.Keep, Actor: c.Actor, Approval: c.Approval,
		},
		prepare: func(l *Loan, e *Event, today day.Date) (*loan.State, error) {
			if err := l.changes(c.Kind, today); err != nil {
				return nil, err
			}
			if c.wanted != nil {
				if err := c.wanted(); err != nil {
					return nil, err
				}
			}
			return nil, l.charged(e)
		},
	})
}

// check names the field that can't be meant. What the loan allows is for finmath to say.
func (c *Change) check() error {
	switch c.Kind {
	case Charged, Deferred, Rescheduled, Repriced, Restructured:
	default:
		return errs.Invalid.Errorf("%q is no change of a loan", c.Kind).On("kind")
	}
	switch {
	case c.Kind == Charged && (c.Amount < 1 || c.Amount > maxAmount):
		return errs.Invalid.Errorf("%d, take 1 to %d minor units", c.Amount, maxAmount).On("amount")
	case c.Kind == Deferred && (c.Rows < 1 || c.Rows > schedule.MaxRows):
		return errs.Invalid.Errorf("%d, take 1 to %d", c.Rows, schedule.MaxRows).On("rows")
	case (c.Kind == Rescheduled || c.Kind == Restructured) && (c.Rows < 0 || c.Rows > schedule.MaxRows):
		return errs.Invalid.Errorf("%d, take 0 to %d", c.Rows, schedule.MaxRows).On("rows")
	case (c.Kind == Rescheduled || c.Kind == Restructured) && c.Due == 0:
		return errs.Invalid.Errorf("say when the first of the new rows is due").On("due")
	case c.Due != 0 && (c.Due < day.Min || c.Due > day.Max):
		return errs.Invalid.Errorf("want a date from %s to %s", day.Min, day.Max).On("due")
	}
	if c.Kind != Repriced && (c.Kind != Restructured || c.Rate == "") {
		return nil
	}
	rate, _, err := apd.NewFromString(c.Rate)
	if err == nil {
		var f amount.Fraction
		if f, err = amount.Decimal(rate); err == nil && f.Cmp(schedule.MaxAnnualRate) <= 0 {
			return nil
		}
	}
	return errs.Invalid.Errorf("%.40q is no rate a year from 0 to %d, such as 0.12", c.Rate, schedule.MaxAnnualRate).On("rate")
}

// maxCharges is the most that the charges of a loan are together. What closing early costs has room beside them.
const maxCharges = maxAmount / 2

// charged completes an event, if it is a charge: it is due on its day, if nothing else is said.
func (l *Loan) charged(e *Event) error {
	if e.Kind != Charged {
		return nil
	}
	if err := l.chargeable(e.Amount); err != nil {
		return err
	}
	if e.Due == 0 {
		e.Due = e.Date
	}
	if start := l.Start(); e.Due < start {
		return errs.Invalid.Errorf("%s lies before the loan's first day %s", e.Due, start).On("due")
	}
	return nil
}

// chargeable refuses a charge with which all that are not reversed are too many: sums of the loan would overflow.
func (l *Loan) chargeable(x int64) error {
	left := int64(maxCharges)
	for i := range l.counted {
		if l.counted[i].Type == loan.Charge {
			left -= l.counted[i].Amount
		}
	}
	if x > left {
		return errs.Invalid.Errorf("%d, and the charges of a loan are %d minor units at most, all together: take %d or less, or reverse one", x, maxCharges, left).On("amount")
	}
	return nil
}

// changes refuses to change a loan of which nothing is owed any more, but for a charge: then something is.
func (l *Loan) changes(kind Kind, today day.Date) error {
	if err := l.open(); err != nil || kind == Charged {
		return err
	}
	s, err := l.Replay(max(today, l.last()))
	if err == nil && s.Closed {
		err = WrongState.Errorf("nothing is owed any more")
	}
	return err
}

// Reverse takes an earlier event back: a payment that bounced, a wrong charge. The loan is then as if it had never been,
// and the books follow: the payer has his money back, the holders what the other payments give them.
func (s *Servicing) Reverse(ctx context.Context, tenant, loanID, reversal, event, actor id.ID) (Event, error) {
	return s.do(ctx, &act{
		tenant: tenant, loan: loanID, asked: event,
		event: Event{ID: reversal, Kind: Reversed, Of: event, Actor: actor},
		prepare: func(l *Loan, e *Event, _ day.Date) (*loan.State, error) {
			x := l.Find(event)
			switch {
			case x == nil:
				return nil, errs.NotFound.Errorf("the loan has no event %s", event).On("event")
			case x.Outcome != Applied:
				return nil, WrongState.Errorf("it changed nothing: its outcome is %s", x.Outcome).On("event")
			case x.Kind == Disbursed || x.Kind == Reversed || x.Kind == Bought || x.Kind == WrittenOff:
				return nil, WrongState.Errorf("what was %s is not reversed", x.Kind).On("event")
			case l.reversed[event]:
				return nil, WrongState.Errorf("it was reversed before").On("event")
			}
			e.Date, e.Payer = x.Date, x.Payer
			return nil, nil
		},
	})
}
