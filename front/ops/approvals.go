package ops

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// Persons tells who stands behind a principal, and which roles he has now. No person: the zero id.
type Persons interface {
	Person(ctx context.Context, tenant, principal id.ID) (person id.ID, roles []string, err error)
}

// Action is what a front lets propose. Keep carries an approved proposal out, in the transaction that approves it; an
// error keeps the proposal open. Kept is told when that transaction has ended, however it ended; nil: nobody is.
type Action struct {
	Rule
	Keep func(ctx context.Context, tx *sql.Tx, p *Proposal) error
	Kept func(p *Proposal)
}

// Approvals are the proposals of all tenants in one database.
type Approvals struct {
	db      *store.DB
	clock   clock.Clock
	persons Persons
	actions map[string]Action
}

// OpenApprovals brings the tables up to date. The actions are those of all fronts, by name.
func OpenApprovals(ctx context.Context, db *store.DB, c clock.Clock, persons Persons, actions map[string]Action) (*Approvals, error) {
	for name, a := range actions {
		if a.Life <= 0 || a.Life > maxLife || len(a.Levels) == 0 || a.Keep == nil {
			return nil, fmt.Errorf("action %q: it needs a life up to %v, somebody who may approve it, and what it does", name, maxLife)
		}
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "ops", files); err != nil {
		return nil, err
	}
	return &Approvals{db: db, clock: c, persons: persons, actions: actions}, nil
}

func (a *Approvals) now() int64 { return a.clock.Now().UnixMicro() }

// Propose keeps a proposal and gives it as it stands. The same one again changes nothing; other content is a conflict.
func (a *Approvals) Propose(ctx context.Context, p Proposal) (Proposal, error) {
	action, known := a.actions[p.Action]
	if !known {
		return Proposal{}, errs.Invalid.Errorf("proposal: there is no action %q", p.Action)
	}
	if err := p.check(); err != nil {
		return Proposal{}, err
	}
	person, _, err := a.persons.Person(ctx, p.Tenant, p.Proposer)
	if err != nil {
		return Proposal{}, err
	}
	if person.IsZero() {
		return Proposal{}, errs.Forbidden.Errorf("no person stands behind this principal: it proposes nothing")
	}
	p.Person, p.State, p.Proposed = person, Open, a.now()
	p.Expires = p.Proposed + action.Life.Microseconds()
	err = a.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, a.db.Rebind(`INSERT INTO ops_proposal (tenant, id, action, subject, version, asset, amount, was, becomes,
			reason, proposer, person, proposed, expires, state, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '') ON CONFLICT (tenant, id) DO NOTHING`),
			p.Tenant[:], p.ID[:], p.Action, p.Subject[:], int64(p.Version), p.Asset, p.Amount, notNil(p.Was), notNil(p.Becomes),
			p.Reason, p.Proposer[:], p.Person[:], p.Proposed, p.Expires, p.State)
		if err != nil {
			return fmt.Errorf("keep proposal %s: %w", p.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return err
		}
		there, err := a.get(ctx, tx, p.Tenant, p.ID, "")
		if err == nil && !there.asks(&p) {
			err = errs.Conflict.Errorf("there is a proposal %s that asks for something else", p.ID)
		}
		p = there
		return err
	})
	return p, err
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// asks reports whether two proposals ask for the same.
func (p *Proposal) asks(o *Proposal) bool {
	return p.Action == o.Action && p.Subject == o.Subject && p.Version == o.Version && p.Asset == o.Asset && p.Amount == o.Amount &&
		p.Reason == o.Reason && p.Proposer == o.Proposer && bytes.Equal(p.Was, o.Was) && bytes.Equal(p.Becomes, o.Becomes)
}

// Approve lets a proposal happen. Another person than the proposer must do it, with a role that may approve so much.
func (a *Approvals) Approve(ctx context.Context, tenant, proposal, principal id.ID, why string) (Proposal, error) {
	return a.decide(ctx, tenant, proposal, principal, Approved, why)
}

// Refuse ends a proposal. Whoever could approve it may refuse it.
func (a *Approvals) Refuse(ctx context.Context, tenant, proposal, principal id.ID, why string) (Proposal, error) {
	if why == "" {
		return Proposal{}, errs.Invalid.Errorf("refusal: say why")
	}
	return a.decide(ctx, tenant, proposal, principal, Refused, why)
}

// Withdraw ends a proposal by the person who made it.
func (a *Approvals) Withdraw(ctx context.Context, tenant, proposal, principal id.ID, why string) (Proposal, error) {
	return a.decide(ctx, tenant, proposal, principal, Withdrawn, why)
}

func (a *Approvals) decide(ctx context.Context, tenant, proposal, principal id.ID, to State, why string) (p Proposal, err error) {
	if len(why) > MaxReason {
		return p, errs.Invalid.Errorf("why: at most %d bytes", MaxReason)
	}
	person, roles, err := a.persons.Person(ctx, tenant, principal)
	if err != nil {
		return p, err
	}
	kept := func(*Proposal) {}
	err = a.db.Write(ctx, func(tx *sql.Tx) error {
		if p, err = a.get(ctx, tx, tenant, proposal, a.db.Dialect().ForUpdate()); err != nil {
			return err
		}
		if p.State == to && p.Decider == principal {
			return nil // the same decision again
		}
		if p.State != Open {
			return errs.Conflict.Errorf("the proposal is %s", p.State)
		}
		action := a.actions[p.Action]
		if err := may(&p, &action, person, roles, to); err != nil {
			return err
		}
		p.State, p.Decider, p.Decided, p.Why = to, principal, a.now(), why
		_, err := tx.ExecContext(ctx, a.db.Rebind(`UPDATE ops_proposal SET state = ?, decider = ?, decided = ?, why = ? WHERE tenant = ? AND id = ?`),
			p.State, p.Decider[:], p.Decided, p.Why, tenant[:], proposal[:])
		if err != nil || to != Approved {
			return err
		}
		if action.Kept != nil {
			kept = action.Kept
		}
		return action.Keep(ctx, tx, &p)
	})
	kept(&p)
	if err != nil {
		return Proposal{}, err
	}
	return p, nil
}

// Lapse notes, within a transaction of the caller, why a proposal that was approved is not carried out any more.
func (a *Approvals) Lapse(ctx context.Context, tx *sql.Tx, tenant, proposal id.ID, why string) error {
	_, err := tx.ExecContext(ctx, a.db.Rebind(`UPDATE ops_proposal SET lapsed = ? WHERE tenant = ? AND id = ? AND state = ?`), why, tenant[:], proposal[:], Approved)
	if err != nil {
		return fmt.Errorf("note why proposal %s is not carried out: %w", proposal, err)
	}
	return nil
}

// may refuses a decision to those who have none to take.
func may(p *Proposal, action *Action, person id.ID, roles []string, to State) error {
	switch {
	case person.IsZero():
		return errs.Forbidden.Errorf("no person stands behind this principal: it decides nothing")
	case to == Withdrawn && person != p.Person:
		return errs.Forbidden.Errorf("only who proposed it may withdraw it")
	case to == Withdrawn:
		return nil
	case action.Keep == nil:
		return errs.Conflict.Errorf("the action %q is not there any more: withdraw the proposal", p.Action)
	case person == p.Person:
		return errs.Forbidden.Errorf("nobody decides what he proposed himself: ask another person")
	case !action.allows(roles, p.Asset, p.Amount):
		return errs.Forbidden.Errorf("your roles do not allow to decide this")
	}
	return nil
}

// Get gives a proposal of a tenant.
func (a *Approvals) Get(ctx context.Context, tenant, proposal id.ID) (Proposal, error) {
	return a.get(ctx, a.db.Reader(), tenant, proposal, "")
}

// List gives a tenant's proposals, newest first: those in a state, or all for 0, made before the one named (none: from
// the newest on). limit is 1 to MaxPage. Open and Expired tell one from the other by the clock.
func (a *Approvals) List(ctx context.Context, tenant id.ID, state State, before id.ID, limit int) ([]Proposal, error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("limit %d: want 1 to %d", limit, MaxPage)
	}
	where, args := "tenant = ?", []any{tenant[:]}
	switch state {
	case 0:
	case Open:
		where, args = where+" AND state = 1 AND expires > ?", append(args, a.now())
	case Expired:
		where, args = where+" AND state = 1 AND expires <= ?", append(args, a.now())
	default:
		where, args = where+" AND state = ?", append(args, state)
	}
	if !before.IsZero() {
		where, args = where+" AND id < ?", append(args, before[:])
	}
	return a.find(ctx, a.db.Reader(), where+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
}

// OpenOn gives the first open proposal about a subject, the zero id if there is none.
func (a *Approvals) OpenOn(ctx context.Context, tenant, subject id.ID) (id.ID, error) {
	list, err := a.find(ctx, a.db.Reader(), "tenant = ? AND subject = ? AND state = 1 AND expires > ? ORDER BY id LIMIT 1", tenant[:], subject[:], a.now())
	if err != nil || len(list) == 0 {
		return id.ID{}, err
	}
	return list[0].ID, nil
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (a *Approvals) get(ctx context.Context, q querier, tenant, proposal id.ID, lock string) (Proposal, error) {
	list, err := a.find(ctx, q, "tenant = ? AND id = ?"+lock, tenant[:], proposal[:])
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("there is no proposal %s", proposal)
	}
	if err != nil {
		return Proposal{}, err
	}
	return list[0], nil
}

func (a *Approvals) find(ctx context.Context, q querier, where string, args ...any) (list []Proposal, err error) {
	rows, err := q.QueryContext(ctx, a.db.Rebind(`SELECT tenant, id, action, subject, version, asset, amount, was, becomes, reason, proposer,
		person, proposed, expires, state, decider, decided, why, lapsed FROM ops_proposal WHERE `+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read proposals: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Proposal
		var tenant, own, subject, proposer, person, decider []byte
		var version int64
		var decided sql.NullInt64
		if err := rows.Scan(&tenant, &own, &p.Action, &subject, &version, &p.Asset, &p.Amount, &p.Was, &p.Becomes, &p.Reason, &proposer,
			&person, &p.Proposed, &p.Expires, &p.State, &decider, &decided, &p.Why, &p.Lapsed); err != nil {
			return nil, fmt.Errorf("read proposals: %w", err)
		}
		for _, c := range []struct {
			to   *id.ID
			from []byte
		}{{&p.Tenant, tenant}, {&p.ID, own}, {&p.Subject, subject}, {&p.Proposer, proposer}, {&p.Person, person}, {&p.Decider, decider}} {
			copy(c.to[:], c.from)
		}
		p.Version, p.Decided = uint64(version), decided.Int64
		if p.State == Open && p.Expires <= a.now() {
			p.State = Expired
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
