package plan

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// Plan is the events of all ledgers in one database.
type Plan struct {
	db    *store.DB
	clock clock.Clock

	mu    sync.Mutex
	added chan struct{} // closed when something is planned, and then another one
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *store.DB, c clock.Clock) (*Plan, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "plan", files); err != nil {
		return nil, err
	}
	return &Plan{db: db, clock: c, added: make(chan struct{})}, nil
}

func (p *Plan) now() int64 { return p.clock.Now().UnixMicro() }

// Add plans events. One that is planned already as it is changes nothing; with other content it is a conflict.
func (p *Plan) Add(ctx context.Context, events ...Event) error {
	return p.db.Write(ctx, func(tx *sql.Tx) error { return p.AddIn(ctx, tx, events...) })
}

// AddIn plans events within a transaction of the caller on the same database, together with rows of his own. They are
// seen soon after it has been committed.
func (p *Plan) AddIn(ctx context.Context, tx *sql.Tx, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	rows := make([][]any, len(events))
	for i := range events {
		e := &events[i]
		if err := e.check(); err != nil {
			return err
		}
		content := e.Content
		if content == nil {
			content = []byte{}
		}
		rows[i] = []any{e.Tenant[:], e.ID[:], e.Ledger, e.Due, e.Kind, e.Subject[:], content, Waiting, p.now()}
	}
	added, err := planned.Pairs(ctx, tx, p.db.Dialect(), `INSERT INTO plan_event
		(tenant, id, ledger, due, kind, subject, content, state, attempts, again, problem, changed)
		SELECT tenant, id, ledger, due, kind, subject, content, state, 0, 0, '', changed FROM v WHERE true
		ON CONFLICT (tenant, id) DO NOTHING RETURNING tenant, id`, rows)
	if err != nil {
		return fmt.Errorf("plan %d events, the first of kind %s: %w", len(events), events[0].Kind, err)
	}
	for i := range events {
		e := &events[i]
		k := [2]id.ID{e.Tenant, e.ID}
		isNew := added[k]
		delete(added, k) // whoever else has this id must ask for the same
		if isNew {
			continue
		}
		there, err := p.get(ctx, tx, e.Tenant, e.ID)
		if err == nil && !there.same(e) {
			err = errs.Conflict.Errorf("event %s is planned already and asks for something else", e.ID)
		}
		if err != nil {
			return err
		}
	}
	p.wake()
	return nil
}

// planned are the columns of what is planned.
var planned = store.NewValues("tenant blob, id blob, ledger text, due integer, kind text, subject blob, content blob, state integer, changed integer")

// wake lets all who follow a ledger look again, and soon once more: a transaction under way may take a moment.
func (p *Plan) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.added)
	p.added = make(chan struct{})
}

// woken is closed when something is planned from now on.
func (p *Plan) woken() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.added
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const columns = "tenant, id, ledger, due, kind, subject, content, state, attempts, again, problem, changed, actor"

// find gives the events that a condition names.
func (p *Plan) find(ctx context.Context, q querier, where string, args ...any) (list []Event, err error) {
	rows, err := q.QueryContext(ctx, p.db.Rebind("SELECT "+columns+" FROM plan_event WHERE "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read planned events: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Event
		var tenant, own, subject, actor []byte
		if err := rows.Scan(&tenant, &own, &e.Ledger, &e.Due, &e.Kind, &subject, &e.Content, &e.State, &e.Attempts, &e.Again,
			&e.Problem, &e.Changed, &actor); err != nil {
			return nil, fmt.Errorf("read planned events: %w", err)
		}
		copy(e.Tenant[:], tenant)
		copy(e.ID[:], own)
		copy(e.Subject[:], subject)
		copy(e.Actor[:], actor)
		list = append(list, e)
	}
	return list, rows.Err()
}

func (p *Plan) get(ctx context.Context, q querier, tenant, event id.ID) (Event, error) {
	list, err := p.find(ctx, q, "tenant = ? AND id = ?", tenant[:], event[:])
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("there is no planned event %s", event)
	}
	if err != nil {
		return Event{}, err
	}
	return list[0], nil
}

// Get gives one event of a tenant.
func (p *Plan) Get(ctx context.Context, tenant, event id.ID) (Event, error) {
	return p.get(ctx, p.db.Reader(), tenant, event)
}

// Place is where a list goes on: after this event.
type Place struct {
	Due int64
	ID  id.ID
}

// List gives a tenant's events, in the order in which they fall due: those in a state, or all of them for 0, after a
// place. limit is 1 to MaxPage.
func (p *Plan) List(ctx context.Context, tenant id.ID, state State, after Place, limit int) ([]Event, error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("limit %d: want 1 to %d", limit, MaxPage)
	}
	where, args := "tenant = ?", []any{tenant[:]}
	if state != 0 {
		where, args = where+" AND state = ?", append(args, state)
	}
	if after != (Place{}) {
		where, args = where+" AND (due, id) > (?, ?)", append(args, after.Due, after.ID[:])
	}
	return p.find(ctx, p.db.Reader(), where+" ORDER BY due, id LIMIT ?", append(args, limit)...)
}

// Cancel keeps an event from happening that is stuck, or a command to come. What else waits was planned by whoever counts
// on it, and is a conflict, as is one that has happened.
func (p *Plan) Cancel(ctx context.Context, tenant, event, actor id.ID) error {
	return p.turn(ctx, tenant, event, actor, Cancelled, "(state = 3 OR state = 1 AND kind = '"+CommandKind+"')")
}

// Retry lets an event that is stuck be tried again.
func (p *Plan) Retry(ctx context.Context, tenant, event, actor id.ID) error {
	err := p.turn(ctx, tenant, event, actor, Waiting, "state IN (1, 3)")
	p.wake()
	return err
}

// OpenIn gives, within a transaction of the caller, the events that are not over and are like one: planned on its ledger for its instant, of its kind,
// about its subject.
func (p *Plan) OpenIn(ctx context.Context, tx *sql.Tx, like *Event) ([]Event, error) {
	list, err := p.find(ctx, tx, alike, like.Ledger, like.Due, like.Kind, like.Subject[:])
	return slices.DeleteFunc(list, func(e Event) bool { return e.Tenant != like.Tenant }), err
}

// alike names no tenant: databases would rather read all that is over of his than take the index of open events.
const alike = "ledger = ? AND state IN (1, 3) AND due = ? AND kind = ? AND subject = ? ORDER BY id"

// CallOffIn cancels an event that is not over, and says why nobody wants it any more, within a transaction of the caller. Whoever works on it just now
// changes it no more; off is false if it was over before.
func (p *Plan) CallOffIn(ctx context.Context, tx *sql.Tx, e *Event, why string) (off bool, err error) {
	res, err := tx.ExecContext(ctx, p.db.Rebind("UPDATE plan_event SET state = ?, again = 0, problem = ?, changed = ? WHERE tenant = ? AND id = ? AND state IN (1, 3)"),
		Cancelled, cut(why), p.now(), e.Tenant[:], e.ID[:])
	if err != nil {
		return false, fmt.Errorf("call off planned event %s: %w", e.ID, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// turn changes the state of an event that may be changed, and keeps who did it.
func (p *Plan) turn(ctx context.Context, tenant, event, actor id.ID, to State, may string) error {
	return p.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, p.db.Rebind("UPDATE plan_event SET state = ?, attempts = 0, again = 0, changed = ?, actor = ? WHERE tenant = ? AND id = ? AND "+may),
			to, p.now(), actor[:], tenant[:], event[:])
		if err != nil {
			return fmt.Errorf("change planned event %s: %w", event, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return err
		}
		e, err := p.get(ctx, tx, tenant, event)
		switch {
		case err != nil || e.State == to:
			return err
		case e.State == Waiting:
			return errs.Conflict.Errorf("event %s of kind %s waits, and whoever planned it counts on it: only one that is stuck can be cancelled, or a planned command", event, e.Kind)
		}
		return errs.Conflict.Errorf("event %s is %s: it can't be made %s", event, e.State, to)
	})
}
