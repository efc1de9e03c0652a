package reminder

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/id"
)

// EventKind is the kind of the planned events at which something may have to be told.
const EventKind = "loan-reminder"

// When borrowers are told, by the ledger's zone.
const (
	ahead = 3 // days before the due date
	hour  = 9
)

// lateDays are the days past due on which somebody who is late is told.
var lateDays = [...]int{1, 8, 31, 61, 91, 121, 151}

// Outbox takes notices.
type Outbox interface {
	Prepare(ctx context.Context, n notice.Notice) (*notice.Prepared, error)
	Keep(ctx context.Context, tx *sql.Tx, list ...*notice.Prepared) error
}

// Reminders tell the borrowers of all tenants.
type Reminders struct {
	Plan    *plan.Plan
	Outbox  Outbox
	Loans   *servicing.Servicing
	Ledgers servicing.Ledgers
	// Disputed reports whether a loan is in dispute: then nobody is told that it falls due or is late.
	Disputed func(ctx context.Context, tenant, loan id.ID) (bool, error)

	scales sync.Map // by assetOf
}

// Name is how a loan is called in notices: the end of its id, which is short enough for a message.
func Name(loan id.ID) string {
	text := strings.ReplaceAll(loan.String(), "-", "")
	return "LM-" + strings.ToUpper(text[len(text)-8:])
}

// what is what an event looks at.
type what struct {
	Agreed day.Date `json:"agreed,omitempty"` // the row's due date before holidays moved it; 0: an older program planned this
	Due    day.Date `json:"due,omitempty"`    // of a row, as it was then: it falls due, or is late
	Days   int      `json:"days,omitempty"`   // it is so many days late; 0: it falls due
	Number uint32   `json:"number,omitempty"` // of an event: a payment, one that came back, or one that looks like a second
}

// Told is what follows from something: what is told, and what is looked at later.
type Told struct {
	notice *notice.Prepared
	later  []plan.Event
}

// Happened gives what follows from an event of a loan, for Keep.
func (r *Reminders) Happened(ctx context.Context, l *servicing.Loan, e *servicing.Event, _ servicing.State) ([]Told, error) {
	if e.Outcome != servicing.Applied && e.Outcome != servicing.Suspected {
		return nil, nil
	}
	var told Told
	var err error
	switch e.Kind {
	case servicing.Repaid, servicing.Settled:
		told = r.tell(ctx, l, e)
	case servicing.Reversed:
		told = r.tell(ctx, l, e)
		err = r.again(ctx, l, e, &told)
	case servicing.Disbursed, servicing.Charged, servicing.Deferred, servicing.Rescheduled, servicing.Repriced, servicing.Restructured:
		err = r.again(ctx, l, e, &told)
	default:
		return nil, nil
	}
	return []Told{told}, err
}

// Keep keeps what follows from events, in the transaction that keeps them.
func (r *Reminders) Keep(ctx context.Context, tx *sql.Tx, list []Told) error {
	var notices []*notice.Prepared
	var later []plan.Event
	for i := range list {
		if list[i].notice != nil {
			notices = append(notices, list[i].notice)
		}
		later = append(later, list[i].later...)
	}
	if err := r.Outbox.Keep(ctx, tx, notices...); err != nil {
		return err
	}
	return r.Plan.AddIn(ctx, tx, later...)
}

// tell tells of a payment, or that one came back. A notice that can't be made now is planned: it waits for whoever mends
// what it lacks, and holds up no payment.
func (r *Reminders) tell(ctx context.Context, l *servicing.Loan, e *servicing.Event) (told Told) {
	own := e.ID.Derive("reminder.event", 0)
	n, err := r.happened(ctx, l, e, own, e.At)
	if err == nil && n != nil {
		told.notice, err = r.Outbox.Prepare(ctx, *n)
	}
	if err != nil {
		return Told{later: []plan.Event{event(l, own, e.At, what{Number: e.Number})}}
	}
	return told
}

// again looks at a loan from today on: at the next row that is not due yet, and at the oldest that is late.
func (r *Reminders) again(ctx context.Context, l *servicing.Loan, e *servicing.Event, told *Told) error {
	zone, err := r.zone(ctx, l)
	if err != nil {
		return err
	}
	today := dateOf(time.UnixMicro(e.At).In(zone))
	rows, err := l.Unpaid(today)
	if err != nil {
		return err
	}
	for _, w := range from(today, rows) {
		told.later = append(told.later, event(l, step(l, w).Derive("after", uint64(e.Number)), w.at(zone), w))
	}
	return nil
}

// from is what is looked at from a day on: the oldest row that is late, and the next one that is not due before. Where it is the same as
// what was planned before, the two meet at the next step.
func from(today day.Date, rows []loan.Row) (then []what) {
	for i := range rows {
		r := &rows[i].Row
		if r.Due >= today {
			return append(then, what{Agreed: r.Nominal, Due: r.Due})
		}
		if days := next(int(today - r.Due)); len(then) == 0 && days > 0 {
			then = append(then, what{Agreed: r.Nominal, Due: r.Due, Days: days})
		}
	}
	return then
}

// step is the id of a look at a row, as it is due now.
func step(l *servicing.Loan, w what) id.ID {
	return l.Deed.Loan.Derive("reminder.agreed", uint64(w.Agreed)).Derive("reminder.row", uint64(w.Due)<<16|uint64(w.Days))
}

// telling is the id of what is told of the rows that are due together, of which the first was agreed for a date: once, whenever it falls
// due. Older programs took the date on which it was due, mostly the same.
func telling(l *servicing.Loan, agreed day.Date, days int) id.ID {
	return l.Deed.Loan.Derive("reminder.row", uint64(agreed)<<16|uint64(days))
}

// next is the day after so many days past due on which somebody is told again, 0 if he is not.
func next(days int) int {
	for _, d := range lateDays {
		if d > days {
			return d
		}
	}
	return 0
}

// at is the instant at which it is looked at.
func (w what) at(zone *time.Location) int64 {
	on := w.Due - ahead
	if w.Days > 0 {
		on = w.Due + day.Date(w.Days)
	}
	year, month, n := on.Civil()
	return time.Date(year, time.Month(month), n, hour, 0, 0, 0, zone).UnixMicro()
}

func dateOf(t time.Time) day.Date { return day.Date(ledger.DateOf(t).UnixDay()) }

func (r *Reminders) zone(ctx context.Context, l *servicing.Loan) (*time.Location, error) {
	now, err := r.Ledgers.Now(ctx, l.Ledger)
	return now.Location(), err
}

// event is a look at a loan to come.
func event(l *servicing.Loan, own id.ID, due int64, w what) plan.Event {
	content, err := json.Marshal(w)
	if err != nil {
		panic(err) // numbers have a form in JSON
	}
	return plan.Event{Tenant: l.Tenant, ID: own, Ledger: l.Ledger, Due: due, Kind: EventKind, Subject: l.Deed.Loan, Content: content}
}

// Due is the handler of the planned events: it tells what is so now, and plans the next look.
func (r *Reminders) Due(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	var w what
	if err := json.Unmarshal(e.Content, &w); err != nil {
		return nil, plan.Permanent(fmt.Errorf("read what is to be told: %w", err))
	}
	l, err := r.Loans.Get(ctx, e.Tenant, e.Subject)
	if err != nil {
		return nil, err
	}
	if w.Number > 0 {
		if int(w.Number) > len(l.Events) {
			return nil, fmt.Errorf("loan %s has no event %d", l.Deed.Loan, w.Number)
		}
		n, err := r.happened(ctx, l, &l.Events[w.Number-1], e.ID, e.Due)
		if err != nil {
			return nil, err
		}
		return r.keep(ctx, l, n, nil, nil)
	}
	if w.Days > 0 {
		return r.late(ctx, l, e, w)
	}
	return r.due(ctx, l, e, w)
}

// find gives the rows that are due together with the one that is meant, from first to end; none if it is paid or was agreed otherwise.
func find(rows []loan.Row, w what) (first, end int) {
	at := slices.IndexFunc(rows, func(r loan.Row) bool { // charges may have been agreed for the day of a row that holidays moved
		return r.Row.Due == w.Due && (r.Nominal == w.Agreed || w.Agreed == 0)
	})
	if at < 0 {
		at = slices.IndexFunc(rows, func(r loan.Row) bool { return r.Nominal == w.Agreed })
	}
	if at < 0 {
		return 0, 0
	}
	first, end = at, at+1
	for first > 0 && rows[first-1].Row.Due == rows[at].Row.Due {
		first--
	}
	for end < len(rows) && rows[end].Row.Due == rows[at].Row.Due {
		end++
	}
	return first, end
}

// due tells what falls due, and goes on to the row after it.
func (r *Reminders) due(ctx context.Context, l *servicing.Loan, e *plan.Event, w what) (func(*sql.Tx) error, error) {
	rows, zone, err := r.rows(ctx, l, e)
	if err != nil || l.Lost {
		return nil, err
	}
	today := dateOf(time.UnixMicro(e.Due).In(zone))
	first, end := find(rows, w)
	if end == 0 {
		// It was paid, or agreed otherwise; what an older program planned may have moved.
		rows = slices.DeleteFunc(rows, func(x loan.Row) bool { return x.Nominal <= w.Agreed })
		return r.keep(ctx, l, nil, from(today, rows), zone)
	}
	together := rows[first:end]
	row := together[0].Row
	now := what{Agreed: row.Nominal, Due: row.Due}
	if now.at(zone) > e.Due {
		return r.keep(ctx, l, nil, []what{now}, zone)
	}
	var tell *notice.Notice
	if row.Due >= today {
		sum := int64(0)
		for i := range together {
			sum += together[i].Outstanding().Total()
		}
		if tell, err = r.reminder(ctx, l, e, message.Due, telling(l, row.Nominal, 0), sum, row.Due, map[string]any{"loan": Name(l.Deed.Loan)}); err != nil {
			return nil, err
		}
	}
	var then []what
	if days := next(max(0, int(today-row.Due))); days > 0 {
		for i := range together {
			then = append(then, what{Agreed: together[i].Nominal, Due: row.Due, Days: days})
		}
	}
	if end < len(rows) {
		then = append(then, what{Agreed: rows[end].Nominal, Due: rows[end].Row.Due})
	}
	return r.keep(ctx, l, tell, then, zone)
}

// late tells somebody that he is late, if he is.
func (r *Reminders) late(ctx context.Context, l *servicing.Loan, e *plan.Event, w what) (func(*sql.Tx) error, error) {
	rows, zone, err := r.rows(ctx, l, e)
	if err != nil || l.Lost {
		return nil, err
	}
	today := dateOf(time.UnixMicro(e.Due).In(zone))
	first, end := find(rows, w)
	switch {
	case end == 0 && w.Agreed == 0:
		return r.keep(ctx, l, nil, from(today, rows), zone) // it may have moved
	case end == 0:
		return nil, nil // it was paid, or agreed otherwise
	}
	row := rows[first].Row
	now := what{Agreed: cmp.Or(w.Agreed, row.Nominal), Due: row.Due, Days: w.Days}
	if now.at(zone) > e.Due {
		return r.keep(ctx, l, nil, []what{now}, zone)
	}
	sum := int64(0)
	for i := range rows[:end] {
		sum += rows[i].Outstanding().Total()
	}
	days := int(today - row.Due)
	tell, err := r.reminder(ctx, l, e, message.Overdue, telling(l, row.Nominal, w.Days), sum, row.Due, map[string]any{"loan": Name(l.Deed.Loan), "days": days})
	if err != nil {
		return nil, err
	}
	var then []what
	if now.Days = next(days); now.Days > 0 {
		then = append(then, now)
	}
	return r.keep(ctx, l, tell, then, zone)
}

// rows are those that are not paid as of an event.
func (r *Reminders) rows(ctx context.Context, l *servicing.Loan, e *plan.Event) ([]loan.Row, *time.Location, error) {
	now, err := r.Ledgers.Now(ctx, l.Ledger)
	if err != nil {
		return nil, nil, err
	}
	rows, err := l.Unpaid(dateOf(time.UnixMicro(max(e.Due, now.UnixMicro())).In(now.Location())))
	return rows, now.Location(), err
}

// happened is the notice of a payment, that one came back, or that one was not taken since it looks like a second; nil
// where there is nothing to tell.
func (r *Reminders) happened(ctx context.Context, l *servicing.Loan, x *servicing.Event, own id.ID, due int64) (*notice.Notice, error) {
	kind, amount := message.Paid, x.Given()
	more := map[string]any{"loan": Name(l.Deed.Loan)}
	if x.Outcome == servicing.Suspected {
		kind, amount = message.Twice, x.Asked
	}
	if x.Kind == servicing.Reversed {
		of := l.Find(x.Of)
		if of == nil || of.Kind != servicing.Repaid && of.Kind != servicing.Settled {
			return nil, nil
		}
		kind, amount, more = message.Returned, of.Given(), map[string]any{"reason": Name(l.Deed.Loan)}
	}
	if amount == 0 {
		return nil, nil // credit was given back
	}
	return r.notice(ctx, l, due, kind, own, amount, x.Date, more)
}

// keep tells, and plans what is looked at next.
func (r *Reminders) keep(ctx context.Context, l *servicing.Loan, tell *notice.Notice, then []what, zone *time.Location) (func(*sql.Tx) error, error) {
	var told Told
	if tell != nil {
		var err error
		if told.notice, err = r.Outbox.Prepare(ctx, *tell); err != nil {
			return nil, err
		}
	}
	for _, w := range then {
		told.later = append(told.later, event(l, step(l, w), w.at(zone), w))
	}
	return func(tx *sql.Tx) error { return r.Keep(ctx, tx, []Told{told}) }, nil
}

// reminder is a notice of what falls due or is late, nil while the loan is in dispute.
func (r *Reminders) reminder(ctx context.Context, l *servicing.Loan, e *plan.Event, kind string, own id.ID, amount int64, on day.Date, more map[string]any) (*notice.Notice, error) {
	if disputed, err := r.Disputed(ctx, l.Tenant, l.Deed.Loan); disputed || err != nil {
		return nil, err
	}
	return r.notice(ctx, l, e.Due, kind, own, amount, on, more)
}

// notice makes what is told about a loan.
func (r *Reminders) notice(ctx context.Context, l *servicing.Loan, due int64, kind string, own id.ID, amount int64, on day.Date, more map[string]any) (*notice.Notice, error) {
	scale, err := r.scale(ctx, l)
	if err != nil {
		return nil, err
	}
	data := map[string]any{"amount": message.Money{Asset: l.Asset, Minor: amount, Scale: scale}, "date": on.String()}
	maps.Copy(data, more)
	content, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return &notice.Notice{
		Tenant: l.Tenant, ID: own.Derive("notice", 0), Ledger: l.Ledger, At: due, Party: l.Borrower, Kind: kind, Data: content, Reachable: true,
	}, nil
}

// assetOf names an asset of a ledger.
type assetOf struct{ ledger, asset string }

// scale is that of a loan's asset, which never changes: so the ledger is asked once.
func (r *Reminders) scale(ctx context.Context, l *servicing.Loan) (scale uint8, err error) {
	key := assetOf{l.Ledger, l.Asset}
	if known, ok := r.scales.Load(key); ok {
		return known.(uint8), nil
	}
	err = r.Ledgers.View(ctx, l.Ledger, func(book *ledger.Engine) {
		for _, a := range book.Assets() {
			if a.Code == l.Asset {
				scale = a.Scale
				r.scales.Store(key, scale)
			}
		}
	})
	return scale, err
}
