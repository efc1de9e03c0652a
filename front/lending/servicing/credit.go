package servicing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// CreditKind is the kind of the planned events by which what lies on a loan's credit account pays what falls due.
const CreditKind = "loan-credit"

// Credits plans that a loan's credit pays the next row that falls due, in the transaction that notes an event. Rows that are due by then are not
// looked at: who takes a payment back sees what is owed, and decides.
func (s *Servicing) Credits(p *plan.Plan) Watch {
	return Planning(p, func(ctx context.Context, l *Loan, e *Event, _ State) ([]plan.Event, error) {
		if e.Outcome != Applied {
			return nil, nil
		}
		now, err := s.ledgers.Now(ctx, l.Ledger)
		if err != nil {
			return nil, err
		}
		next, err := l.nextCredit(time.UnixMicro(e.At).In(now.Location()))
		if err != nil || next == nil {
			return nil, err
		}
		return []plan.Event{*next}, nil
	})
}

// nextCredit is the event by which the loan's credit pays the next row that falls due after an instant's day, as that day begins; nil if there is none.
func (l *Loan) nextCredit(now time.Time) (*plan.Event, error) {
	today, rows, err := l.creditRows(now)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if due := rows[i].Row.Due; due > today {
			return l.creditEvent(due, now.Location()), nil
		}
	}
	return nil, nil
}

// firstCredits are the events by which the credit pays what is due by an instant, and the next row. Rows that a reversal left open are for whoever took
// the payment back.
func (l *Loan) firstCredits(now time.Time) (list []plan.Event, err error) {
	today, rows, err := l.creditRows(now)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		due := rows[i].Row.Due
		if due <= today && l.reversedSince(due, now.Location()) {
			continue
		}
		list = append(list, *l.creditEvent(due, now.Location()))
		if due > today {
			break
		}
	}
	return list, nil
}

// creditRows are the rows that the loan's credit could pay, with the day of an instant.
func (l *Loan) creditRows(now time.Time) (today day.Date, rows []loan.Row, err error) {
	today = dateOf(ledger.DateOf(now))
	if l.Booked.Credit <= 0 || l.Lost || l.Ended {
		return today, nil, nil
	}
	rows, err = l.Unpaid(today)
	return today, rows, err
}

func (l *Loan) creditEvent(due day.Date, zone *time.Location) *plan.Event {
	year, month, n := due.Civil()
	return &plan.Event{
		Tenant: l.Tenant, ID: l.Deed.Loan.Derive("lending.credit", uint64(due)), Ledger: l.Ledger, Kind: CreditKind, Subject: l.Deed.Loan,
		Due: time.Date(year, time.Month(month), n, 0, 0, 0, 0, zone).UnixMicro(),
	}
}

// reversedSince says whether something was taken back on a day or later.
func (l *Loan) reversedSince(on day.Date, zone *time.Location) bool {
	for i := range l.Events {
		if e := &l.Events[i]; e.Kind == Reversed && e.Outcome == Applied && dateOf(ledger.DateOf(time.UnixMicro(e.At).In(zone))) >= on {
			return true
		}
	}
	return false
}

// Credited gives the handler of the planned events of CreditKind. The next one is planned with the payment, or by the handler where nothing was paid.
// What the ledger refuses, as for an account that is frozen, or the loan's state, as where a payout would have to be taken back first, stays on the
// credit account for the next payment.
func (s *Servicing) Credited(p *plan.Plan) plan.Handler {
	return func(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
		now, err := s.ledgers.Now(ctx, e.Ledger)
		if err != nil {
			return nil, err
		}
		l, err := s.Get(ctx, e.Tenant, e.Subject)
		if err != nil || l.Ended {
			return nil, err
		}
		done, err := s.payFromCredit(ctx, e.Tenant, e.Subject, e.ID, dateOf(ledger.DateOf(time.UnixMicro(e.Due).In(now.Location()))))
		switch {
		case err != nil && !errors.Is(err, errNoCredit) && !errs.Is(err, WrongState):
			return nil, err
		case err == nil && done.Outcome == Applied:
			return nil, nil
		}
		if l, err = s.Get(ctx, e.Tenant, e.Subject); err != nil {
			return nil, err
		}
		next, err := l.nextCredit(now)
		if err != nil || next == nil {
			return nil, err
		}
		return func(tx *sql.Tx) error { return p.AddIn(ctx, tx, *next) }, nil
	}
}

// creditPortion is how many loans are planned in one transaction.
const creditPortion = 64

// PlanCredits plans what Credits does for all loans that have credit, so that those whose last event is from before it was planned with each event have it
// too, also for rows that are due already. One that fails keeps none of the others from it.
func (s *Servicing) PlanCredits(ctx context.Context, p *plan.Plan) error {
	var list []key
	rows, err := s.db.Reader().QueryContext(ctx, s.db.Rebind(`SELECT tenant, id FROM lending_loan WHERE credit > 0 AND state IN (?, ?)`), string(Active), string(Renewed))
	err = each(rows, err)(func(rows *sql.Rows) error {
		var tenant, loan []byte
		if err := rows.Scan(&tenant, &loan); err != nil {
			return err
		}
		list = append(list, key{id.ID(tenant), id.ID(loan)})
		return nil
	})
	if err != nil {
		return err
	}
	var failed []error
	for some := range slices.Chunk(list, creditPortion) {
		failed = append(failed, s.planCredits(ctx, p, some))
	}
	return errors.Join(failed...)
}

// planCredits plans a portion in one transaction, or where that fails event by event.
func (s *Servicing) planCredits(ctx context.Context, p *plan.Plan, list []key) error {
	var failed []error
	var events []plan.Event
	for _, k := range list {
		some, err := s.creditsOf(ctx, k)
		if err != nil {
			failed = append(failed, fmt.Errorf("loan %s: %w", k.loan, err))
		}
		events = append(events, some...)
	}
	if len(events) == 0 || p.Add(ctx, events...) == nil {
		return errors.Join(failed...)
	}
	for i := range events {
		if err := p.Add(ctx, events[i]); err != nil {
			failed = append(failed, fmt.Errorf("loan %s: %w", events[i].Subject, err))
		}
	}
	return errors.Join(failed...)
}

func (s *Servicing) creditsOf(ctx context.Context, k key) ([]plan.Event, error) {
	l, err := s.Get(ctx, k.tenant, k.loan)
	if err != nil {
		return nil, err
	}
	now, err := s.ledgers.Now(ctx, l.Ledger)
	if err != nil {
		return nil, err
	}
	return l.firstCredits(now)
}

// errNoCredit says that there is no credit, or nothing that it could pay.
var errNoCredit = errors.New("there is nothing that the credit could pay")

// payFromCredit lets the credit pay what is due, as far as it goes. It counts from the day on which it fell due, however late this comes, but not
// from before the credit was there.
func (s *Servicing) payFromCredit(ctx context.Context, tenant, loanID, own id.ID, on day.Date) (Event, error) {
	return s.do(ctx, &act{
		tenant: tenant, loan: loanID, asked: "credit",
		event: Event{ID: own, Kind: Repaid, Anyway: true},
		date: func(l *Loan, now time.Time) (day.Date, error) {
			return min(max(on, l.creditSince()), dateOf(ledger.DateOf(now))), nil
		},
		prepare: func(l *Loan, e *Event, today day.Date) (*loan.State, error) {
			if l.Lost || l.Booked.Credit <= 0 {
				return nil, errNoCredit
			}
			before, err := l.Replay(max(today, l.last(), e.Date))
			if err != nil {
				return nil, err
			}
			if due(before, e.Date) == 0 {
				return nil, errNoCredit
			}
			return l.repay(e, today)
		},
	})
}

// creditSince is the day from which what lies on the credit account counts.
func (l *Loan) creditSince() (since day.Date) {
	since = l.contract.Agreement.Terms.Due.Start
	for i := range l.Events {
		if e := &l.Events[i]; e.Kept > 0 && e.Outcome == Applied && !l.reversed[e.ID] {
			since = max(since, e.Date)
		}
	}
	return since
}
