package servicing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// beginning is an act to be written down.
type beginning struct {
	p        *pending
	event    string
	commands []byte
}

// confirmation is an act that is done.
type confirmation struct {
	p       *pending
	loan    *Loan // as it leaves it
	derived derived
	idle    []string
	body    string
	parts   []any // of each Watch
}

func (p *pending) key() key { return key{p.tenant, p.loan} }

func (k key) pair() [2]id.ID { return [2]id.ID{k.tenant, k.loan} }

// The columns of what is written down, and of how the loan is then.
var (
	beginnings = store.NewValues("tenant blob, loan blob, id blob, event text, commands blob")
	begunRows  = store.NewValues("tenant blob, loan blob, version integer, id blob")
)

// The loan's row is looked at when its act is written down, by a statement of its own: PostgreSQL lets the first one wait for
// an act that another node is confirming, and go on with what it saw before. The first row from an id on is looked at, so
// that PostgreSQL takes the index in that order also before it knows the tables.
const (
	sqlBegin = `INSERT INTO lending_pending (tenant, loan, id, event, commands)
		SELECT tenant, loan, id, event, commands FROM v WHERE true ON CONFLICT DO NOTHING RETURNING tenant, loan`
	sqlBegun = `SELECT tenant, loan FROM v
		WHERE (SELECT CASE l.id WHEN v.loan THEN l.version END FROM lending_loan l WHERE l.tenant = v.tenant AND l.id >= v.loan ORDER BY l.id LIMIT 1) = v.version
		AND (SELECT e.id FROM lending_event e WHERE e.tenant = v.tenant AND e.id >= v.id ORDER BY e.id LIMIT 1) IS DISTINCT FROM v.id`
)

// begin writes acts down, each only while the loan is as its planner saw it, nothing else waits, and the id is new. It lets
// each know of whom it is not so.
func (b *batch) begin(ctx context.Context, list []*write) error {
	rows, looked := make([][]any, len(list)), make([][]any, len(list))
	for i, w := range list {
		p := w.begin.p
		rows[i] = []any{p.tenant[:], p.loan[:], p.event.ID[:], w.begin.event, w.begin.commands}
		looked[i] = []any{p.tenant[:], p.loan[:], p.version, p.event.ID[:]}
	}
	written, err := beginnings.Pairs(ctx, b.tx, b.db.Dialect(), sqlBegin, rows)
	if err != nil {
		return err
	}
	begun, err := begunRows.Pairs(ctx, b.tx, b.db.Dialect(), sqlBegun, looked)
	if err != nil {
		return err
	}
	for _, w := range list {
		p := w.begin.p
		w.err = nil
		if written[w.pair()] && begun[w.pair()] {
			continue
		}
		if written[w.pair()] {
			if err := b.withdraw(ctx, p); err != nil {
				return err
			}
		}
		if w.err, err = b.whyNot(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// withdraw takes an act back that was written down.
func (b *batch) withdraw(ctx context.Context, p *pending) error {
	_, err := b.exec(ctx, `DELETE FROM lending_pending WHERE tenant = ? AND loan = ? AND id = ?`, p.tenant[:], p.loan[:], p.event.ID[:])
	return err
}

// whyNot tells an id that was used for another loan from a loan that has changed.
func (b *batch) whyNot(ctx context.Context, p *pending) (refused, err error) {
	var other []byte
	err = b.tx.QueryRowContext(ctx, b.db.Rebind(`SELECT loan FROM lending_event WHERE tenant = ? AND id = ? UNION ALL
		SELECT loan FROM lending_pending WHERE tenant = ? AND id = ?`), p.tenant[:], p.event.ID[:], p.tenant[:], p.event.ID[:]).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) || err == nil && id.ID(other) == p.loan {
		return &refusal{errStale}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for act %s: %w", p.event.ID, err)
	}
	return &refusal{Taken.Errorf("id %s was used for another loan: make a new one", p.event.ID).On("id")}, nil
}

// The columns of what is confirmed.
var (
	eventRows = store.NewValues("tenant blob, loan blob, number integer, id blob, kind text, date integer, at integer, outcome text, body text")
	loanRows  = store.NewValues("tenant blob, loan blob, before integer, version integer, state text, oldest integer, principal integer, credit integer")
	doneRows  = store.NewValues("tenant blob, loan blob, id blob")
)

const (
	sqlEvent = `INSERT INTO lending_event (tenant, loan, number, id, kind, date, at, outcome, body)
		SELECT tenant, loan, number, id, kind, date, at, outcome, body FROM v WHERE true ON CONFLICT DO NOTHING RETURNING tenant, loan`
	sqlLoan = `UPDATE lending_loan SET version = v.version, state = v.state, oldest = v.oldest, principal = v.principal, credit = v.credit
		FROM v WHERE lending_loan.tenant = v.tenant AND lending_loan.id = v.loan AND lending_loan.version = v.before`
	sqlDone = `DELETE FROM lending_pending WHERE (tenant, loan, id) IN (SELECT tenant, loan, id FROM v)`
)

// confirm keeps the events of acts and what follows from them. Those that are there already change nothing.
func (b *batch) confirm(ctx context.Context, list []*write, watch []Watch) error {
	var events, loans, done [][]any
	for _, w := range list {
		c := w.confirm
		p, e, d := c.p, &c.p.event, &c.derived
		var oldest any
		if d.oldest != nil {
			oldest = int64(*d.oldest)
		}
		events = append(events, []any{p.tenant[:], p.loan[:], e.Number, e.ID[:], string(e.Kind), int64(e.Date), e.At, string(e.Outcome), c.body})
		loans = append(loans, []any{p.tenant[:], p.loan[:], p.version, c.loan.Version, string(d.state), oldest, d.principal, d.credit})
		done = append(done, []any{p.tenant[:], p.loan[:], e.ID[:]})
	}
	added, err := eventRows.Pairs(ctx, b.tx, b.db.Dialect(), sqlEvent, events)
	if err != nil {
		return err
	}
	var changed [][]any
	var kept []*confirmation
	for i, w := range list {
		if added[w.pair()] {
			changed, kept = append(changed, loans[i]), append(kept, w.confirm)
		} else if err := b.there(ctx, w.confirm.p); err != nil {
			return err
		}
	}
	n, err := loanRows.Change(ctx, b.tx, b.db.Dialect(), sqlLoan, changed)
	if err == nil && n != int64(len(changed)) {
		err = fmt.Errorf("%d of %d loans, such as %s, are not at the version that was planned with", int64(len(changed))-n, len(changed), kept[0].p.loan)
	}
	if err != nil {
		return err
	}
	if _, err := doneRows.Change(ctx, b.tx, b.db.Dialect(), sqlDone, done); err != nil {
		return err
	}
	return b.follow(ctx, kept, watch)
}

// there makes sure that an event that was not kept is there already.
func (b *batch) there(ctx context.Context, p *pending) error {
	var n int
	err := b.tx.QueryRowContext(ctx, b.db.Rebind(`SELECT count(*) FROM lending_event WHERE tenant = ? AND loan = ? AND number = ? AND id = ?`),
		p.tenant[:], p.loan[:], p.event.Number, p.event.ID[:]).Scan(&n)
	if err == nil && n == 0 {
		err = fmt.Errorf("event %d of loan %s is another one than act %s", p.event.Number, p.loan, p.event.ID)
	}
	return err
}

// follow keeps what follows from events.
func (b *batch) follow(ctx context.Context, kept []*confirmation, watch []Watch) error {
	for _, c := range kept {
		if err := b.queued(ctx, c.loan, &c.p.event, c.idle); err != nil {
			return err
		}
		if err := b.tookOver(ctx, c.loan, c.p); err != nil {
			return err
		}
	}
	parts := make([]any, len(kept))
	for i := range watch {
		for j, c := range kept {
			parts[j] = c.parts[i]
		}
		if err := watch[i].keep(ctx, b.tx, parts); err != nil {
			return err
		}
	}
	return nil
}
