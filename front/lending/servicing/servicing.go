package servicing

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"sync"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// The outcomes that a caller must tell apart, beside errs.Invalid, NotFound and Overloaded.
var (
	// Taken means that the id stands for something else already.
	Taken = errs.Define("lending_id_taken", 409, "The id was used for something else")
	// WrongState means that the loan's state does not allow it.
	WrongState = errs.Define("loan_state", 409, "The loan's state does not allow this")
	// Refused means that the ledger refused the commands of an act; nothing has changed.
	Refused = errs.Define("lending_refused", 409, "The ledger refused it")
)

// Servicing is all loans in one database. Its methods may be called at the same time.
type Servicing struct {
	db        *store.DB
	ledgers   Ledgers
	contracts Contracts
	queue     queue
	begins    *queue // the same on SQLite, which has one writer
	cache     cache
	locks     locks
	lines     lines
	serving   sync.Mutex
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *store.DB, ledgers Ledgers, contracts Contracts) (*Servicing, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "lending", files); err != nil {
		return nil, err
	}
	s := &Servicing{db: db, ledgers: ledgers, contracts: contracts, queue: queue{db: db}, cache: cache{loans: map[key]*Loan{}}, lines: lines{list: map[payerKey]uint64{}}}
	if s.begins = &s.queue; db.Dialect() == store.Postgres {
		s.begins = &queue{db: db}
	}
	s.locks.seed = maphash.MakeSeed()
	return s, s.openLines(ctx)
}

// Get gives a loan as its events left it.
func (s *Servicing) Get(ctx context.Context, tenant, loan id.ID) (*Loan, error) {
	if l := s.cache.get(tenant, loan); l != nil {
		return l, nil
	}
	defer s.locks.lock(tenant, loan)()
	return s.current(ctx, tenant, loan)
}

// current gives a loan to one who has its lock. What waits is brought to its end first.
func (s *Servicing) current(ctx context.Context, tenant, loan id.ID) (*Loan, error) {
	if l := s.cache.get(tenant, loan); l != nil {
		return l, nil
	}
	generation := s.cache.generation()
	r, err := s.read(ctx, tenant, loan)
	if err != nil {
		return nil, err
	}
	c, err := s.contracts.Contract(ctx, &r.deed)
	if err != nil {
		return nil, fmt.Errorf("contract of loan %s: %w", loan, err)
	}
	l, err := newLoan(r.deed, c, r.events)
	if err != nil {
		return nil, err
	}
	l.read = generation
	for _, w := range r.waiting {
		if w.event.Number != l.Version+1 {
			return nil, fmt.Errorf("act %s waits as event %d of loan %s, which has %d: whether it was sent is for a person to find out", w.event.ID, w.event.Number, loan, l.Version)
		}
		p := &pending{tenant: tenant, loan: loan, version: l.Version, event: w.event}
		if p.commands, err = decode(w.commands); err != nil {
			return nil, err
		}
		if _, err := s.finish(ctx, l, p); err != nil {
			return nil, err
		}
		if l, err = l.with(p.event); err != nil {
			return nil, err
		}
	}
	s.cache.put(l)
	return l, nil
}

// Forget lets all loans be read anew: contracts may say something else than before, as when a calendar has changed.
func (s *Servicing) Forget() { s.cache.clear() }

// CatchUp brings all acts to their end that were written down and not confirmed, as after a crash, and says how many. One
// that fails keeps none of the others from it. A node does it whenever it begins to lead.
func (s *Servicing) CatchUp(ctx context.Context) (n int, err error) {
	var list []key
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT tenant, loan FROM lending_pending`)
	err = each(rows, err)(func(rows *sql.Rows) error {
		var tenant, loan []byte
		if err := rows.Scan(&tenant, &loan); err != nil {
			return err
		}
		list = append(list, key{id.ID(tenant), id.ID(loan)})
		return nil
	})
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, k := range list {
		unlock := s.locks.lock(k.tenant, k.loan)
		s.cache.drop(k.tenant, k.loan)
		_, err := s.current(ctx, k.tenant, k.loan)
		unlock()
		if err != nil {
			failed = append(failed, fmt.Errorf("loan %s: %w", k.loan, err))
			continue
		}
		n++
	}
	// Loans may wait since another node led.
	failed = append(failed, s.openLines(ctx))
	return n, errors.Join(failed...)
}

// refused names what finmath refuses.
func refused(err error) error {
	if errors.Is(err, loan.ErrAgreement) || errors.Is(err, schedule.ErrTerms) {
		return errs.Invalid.Errorf("%v", err)
	}
	return err
}

// Disbursement pays a loan out.
type Disbursement struct {
	ID         id.ID // of the event
	Amount     int64
	Actor      id.ID
	Operations []ledger.Operation // that move the money
}

// agree keeps what was agreed. What waits is brought to its end before, by what was agreed then.
func (s *Servicing) agree(ctx context.Context, d *Deed, days string) error {
	defer s.locks.lock(d.Tenant, d.Loan)()
	s.cache.drop(d.Tenant, d.Loan)
	if _, err := s.current(ctx, d.Tenant, d.Loan); err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	defer s.cache.drop(d.Tenant, d.Loan)
	return s.create(ctx, d, days)
}

// Disburse keeps what was agreed and pays the loan out: the loan and its money begin together, whatever crashes when. What was
// agreed for a payout that the ledger refused gives way to what is agreed for the next one.
// What finmath counts as paid at once, such as a down payment, goes to the holders in the same command.
func (s *Servicing) Disburse(ctx context.Context, d Deed, pay Disbursement) (Event, error) {
	for name, x := range map[string]id.ID{"tenant": d.Tenant, "loan": d.Loan, "borrower": d.Borrower} {
		if err := x.Check(); err != nil {
			return Event{}, errs.Invalid.Errorf("%v", err).On(name)
		}
	}
	c, err := s.contracts.Contract(ctx, &d)
	if err != nil {
		return Event{}, err
	}
	if err := s.agree(ctx, &d, c.Days); err != nil {
		return Event{}, err
	}
	return s.do(ctx, &act{
		tenant: d.Tenant, loan: d.Loan, operations: pay.Operations, purpose: PurposeDisburse,
		event: Event{
			ID: pay.ID, Kind: Disbursed, Date: c.Agreement.Terms.Due.Start, Asked: pay.Amount, Amount: pay.Amount, Actor: pay.Actor,
			Upfront: paidTo(d.Places.Platform, pay.Operations),
		},
		asked: pay.Amount,
		prepare: func(l *Loan, _ *Event, _ day.Date) (*loan.State, error) {
			if l.paidOut() {
				return nil, WrongState.Errorf("the loan was paid out before")
			}
			return nil, nil
		},
	})
}
