package collection

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"unicode/utf8"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// Limits of entries.
const (
	MaxPage    = 1_000
	maxNote    = 1_000  // characters
	maxEntries = 10_000 // and the end of a dispute
	maxPromise = 90     // days ahead
)

// InDispute means that the loan is in dispute: nobody is to be contacted before it is resolved.
var InDispute = errs.Define("collection_disputed", 409, "The loan is in dispute")

// Loans are what is owed.
type Loans interface {
	Get(ctx context.Context, tenant, loan id.ID) (*servicing.Loan, error)
	Standing(ctx context.Context, tenant, loan id.ID, on day.Date) (servicing.Standing, error)
	PaidSince(ctx context.Context, l *servicing.Loan, events uint32, until day.Date) (int64, error)
	Overdue(ctx context.Context, tenant id.ID, on day.Date, from, to int, after servicing.Place, limit int) ([]servicing.Late, bool, error)
}

// Collections are the cases of all tenants in one database.
type Collections struct {
	db    *store.DB
	loans Loans
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *store.DB, loans Loans) (*Collections, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "collection", files); err != nil {
		return nil, err
	}
	return &Collections{db, loans}, nil
}

// Kind is what an entry is.
type Kind string

// The kinds.
const (
	Assigned  Kind = "assigned"  // to an owner
	Contacted Kind = "contacted" // over a channel, with a result
	Promised  Kind = "promised"  // to pay an amount by a date
	Disputed  Kind = "disputed"
	Resolved  Kind = "resolved" // the dispute is over
)

var kinds = []Kind{Assigned, Contacted, Promised, Disputed, Resolved}

// Channels and results of contacts.
var (
	Channels = []string{"phone", "message", "mail", "visit"}
	Results  = []string{"reached", "not_reached", "wrong_person", "refused"}
)

// Entry is something that was done. Which fields count depends on its kind. It never changes.
type Entry struct {
	Number  uint32   `json:"-"`
	ID      id.ID    `json:"-"` // made by the client
	Kind    Kind     `json:"kind"`
	On      day.Date `json:"on"`     // of the loan's ledger
	Events  uint32   `json:"events"` // of the loan, when it was made
	Actor   id.ID    `json:"actor,omitzero"`
	Owner   id.ID    `json:"owner,omitzero"` // principal
	Channel string   `json:"channel,omitempty"`
	Result  string   `json:"result,omitempty"`
	Note    string   `json:"note,omitempty"`
	Date    day.Date `json:"date,omitempty"`
	Amount  int64    `json:"amount,omitempty"`
}

// Case is what the entries of a loan add up to.
type Case struct {
	Entries  uint32
	Owner    id.ID
	Disputed bool
	Promise  *Promise // the last one
	Contacts uint32
	Last     day.Date // of the last contact, 0: none
}

// Promise is what the borrower has said that he pays, and by when.
type Promise struct {
	Date   day.Date `json:"date"`
	Amount int64    `json:"amount"`
	Events uint32   `json:"events"` // of the loan before it
}

// The states of a promise.
const (
	Pending = "open"
	Kept    = "kept"
	Broken  = "broken"
)

// State tells on a day what has become of a promise: so much was paid since, by its date, or that is over.
func (p *Promise) State(paid int64, on day.Date) string {
	if paid >= p.Amount {
		return Kept
	}
	if on > p.Date {
		return Broken
	}
	return Pending
}

// Add keeps an entry about a loan. The same again changes nothing.
func (c *Collections) Add(ctx context.Context, tenant, loan id.ID, e Entry) (Entry, error) {
	if err := e.ID.Check(); err != nil {
		return Entry{}, errs.Invalid.Errorf("%v", err).On("id")
	}
	l, err := c.loans.Get(ctx, tenant, loan)
	if err != nil {
		return Entry{}, err
	}
	s, err := c.loans.Standing(ctx, tenant, loan, 0)
	if err != nil {
		return Entry{}, err
	}
	e.On, e.Events = s.On, l.Version
	kept := e
	for again := true; again; { // one that came in between has taken the number: it counts, too
		kept = e
		err = c.db.Write(ctx, func(tx *sql.Tx) error { return c.add(ctx, tx, tenant, loan, &kept, &s) })
		again = store.IsDuplicate(err)
	}
	if err != nil {
		return Entry{}, err
	}
	return kept, nil
}

func (c *Collections) add(ctx context.Context, tx *sql.Tx, tenant, loan id.ID, e *Entry, s *servicing.Standing) error {
	there, found, err := c.find(ctx, tx, tenant, loan, e.ID)
	if err != nil {
		return err
	}
	if found {
		if !there.asks(e) {
			return errs.Conflict.Errorf("id %s was used for something else: make a new one", e.ID).On("id")
		}
		*e = there
		return nil
	}
	if err := e.check(s.On); err != nil {
		return err
	}
	list, err := c.entries(ctx, tx, tenant, loan, 0, maxEntries+1)
	if err != nil {
		return err
	}
	k := caseOf(list)
	if err := k.allows(e, s); err != nil {
		return err
	}
	e.Number = k.Entries + 1
	return c.insert(ctx, tx, tenant, loan, e)
}

// asks reports whether two entries say the same.
func (e *Entry) asks(o *Entry) bool {
	return e.Kind == o.Kind && e.Owner == o.Owner && e.Channel == o.Channel && e.Result == o.Result && e.Note == o.Note && e.Date == o.Date && e.Amount == o.Amount
}

// check refuses fields that an entry of its kind does not have or must have.
func (e *Entry) check(today day.Date) error {
	wrong := func(field, format string, args ...any) error { return errs.Invalid.Errorf(format, args...).On(field) }
	switch {
	case !slices.Contains(kinds, e.Kind):
		return wrong("kind", "%q is no kind of entry", e.Kind)
	case (e.Kind == Assigned) == e.Owner.IsZero():
		return wrong("owner", "an entry %s has one, others have none", Assigned)
	case e.Kind == Contacted != slices.Contains(Channels, e.Channel):
		return wrong("channel", "an entry %s has one of %v, others have none", Contacted, Channels)
	case e.Kind == Contacted != slices.Contains(Results, e.Result):
		return wrong("result", "an entry %s has one of %v, others have none", Contacted, Results)
	case utf8.RuneCountInString(e.Note) > maxNote:
		return wrong("note", "at most %d characters", maxNote)
	case (e.Kind == Disputed || e.Kind == Resolved) && e.Note == "":
		return wrong("note", "say why")
	case e.Kind != Promised && e.Date != 0 || e.Kind == Promised && (e.Date < today || e.Date > today+maxPromise):
		return wrong("date", "an entry %s has one from %s to %s, others have none", Promised, today, today+maxPromise)
	case e.Kind != Promised && e.Amount != 0 || e.Kind == Promised && e.Amount < 1:
		return wrong("amount", "an entry %s has one above 0, others have none", Promised)
	}
	return nil
}

// allows says whether an entry fits what was before it.
func (k *Case) allows(e *Entry, s *servicing.Standing) error {
	switch {
	case k.Entries >= maxEntries && !(e.Kind == Resolved && k.Disputed): // no dispute is for ever
		return errs.Conflict.Errorf("a loan has at most %d entries", maxEntries)
	case e.Kind == Resolved && !k.Disputed:
		return errs.Conflict.Errorf("the loan is not in dispute").On("kind")
	case e.Kind == Disputed && k.Disputed:
		return InDispute.Errorf("it is in dispute already").On("kind")
	case e.Kind == Resolved || e.Kind == Disputed:
		return nil
	case k.Disputed:
		return InDispute.Errorf("nobody is contacted, asked for a promise or assigned before it is resolved").On("kind")
	case s.Days == 0:
		return errs.Conflict.Errorf("the loan is not late").On("kind")
	}
	return nil
}

// caseOf adds entries up.
func caseOf(list []Entry) (k Case) {
	for i := range list {
		e := &list[i]
		k.Entries = e.Number
		switch e.Kind {
		case Assigned:
			k.Owner = e.Owner
		case Contacted:
			k.Contacts++
			k.Last = e.On
		case Promised:
			k.Promise = &Promise{e.Date, e.Amount, e.Events}
		case Disputed:
			k.Disputed = true
		case Resolved:
			k.Disputed = false
		}
	}
	return k
}

func (c *Collections) insert(ctx context.Context, tx *sql.Tx, tenant, loan id.ID, e *Entry) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, c.db.Rebind(`INSERT INTO collection_entry (tenant, loan, number, id, body) VALUES (?, ?, ?, ?, ?)`),
		tenant[:], loan[:], e.Number, e.ID[:], string(body)); err != nil {
		return fmt.Errorf("keep entry %s: %w", e.ID, err)
	}
	if e.Kind != Assigned {
		return nil
	}
	if _, err = tx.ExecContext(ctx, c.db.Rebind(`INSERT INTO collection_owner (tenant, loan, owner) VALUES (?, ?, ?)
		ON CONFLICT (tenant, loan) DO UPDATE SET owner = excluded.owner`), tenant[:], loan[:], e.Owner[:]); err != nil {
		return fmt.Errorf("keep the owner of loan %s: %w", loan, err)
	}
	return nil
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// find gives the entry of an id, wherever it is: an id stands for one thing.
func (c *Collections) find(ctx context.Context, q querier, tenant, loan, entry id.ID) (Entry, bool, error) {
	list, loans, err := c.read(ctx, q, "tenant = ? AND id = ?", tenant[:], entry[:])
	if err != nil || len(list) == 0 {
		return Entry{}, false, err
	}
	if loans[0] != loan {
		return Entry{}, false, errs.Conflict.Errorf("id %s was used for another loan: make a new one", entry).On("id")
	}
	return list[0], true, nil
}

func (c *Collections) entries(ctx context.Context, q querier, tenant, loan id.ID, after uint32, limit int) ([]Entry, error) {
	list, _, err := c.read(ctx, q, "tenant = ? AND loan = ? AND number > ? ORDER BY number LIMIT ?", tenant[:], loan[:], after, limit)
	return list, err
}

func (c *Collections) read(ctx context.Context, q querier, where string, args ...any) (list []Entry, loans []id.ID, err error) {
	rows, err := q.QueryContext(ctx, c.db.Rebind("SELECT loan, number, id, body FROM collection_entry WHERE "+where), args...)
	if err != nil {
		return nil, nil, fmt.Errorf("read entries of collection: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Entry
		var loan, own []byte
		var body string
		if err := rows.Scan(&loan, &e.Number, &own, &body); err != nil {
			return nil, nil, fmt.Errorf("read entries of collection: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return nil, nil, fmt.Errorf("read entry %d: %w", e.Number, err)
		}
		e.ID = id.ID(own)
		list, loans = append(list, e), append(loans, id.ID(loan))
	}
	return list, loans, rows.Err()
}
