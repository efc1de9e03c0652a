package servicing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// errStale says that the loan is not as it is known here.
var errStale = errors.New("the loan has changed")

// Statements of an act. The first writes it down only while the loan is as its planner saw it, nothing else waits, and
// its id is new.
const (
	sqlBegin = `INSERT INTO lending_pending (tenant, loan, id, event, commands)
		SELECT tenant, id, ?, ?, ? FROM lending_loan WHERE tenant = ? AND id = ? AND version = ?
		AND NOT EXISTS (SELECT 1 FROM lending_event WHERE tenant = ? AND id = ?) ON CONFLICT DO NOTHING`
	sqlEvent = `INSERT INTO lending_event (tenant, loan, number, id, kind, date, at, outcome, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	sqlLoan = `UPDATE lending_loan SET version = ?, state = ?, oldest = ?, principal = ?, credit = ?
		WHERE tenant = ? AND id = ? AND version = ?`
	sqlDone = `DELETE FROM lending_pending WHERE tenant = ? AND loan = ? AND id = ?`
)

// begin writes an act down. errStale: look again.
func (s *Servicing) begin(ctx context.Context, p *pending) error {
	body, err := json.Marshal(&p.event)
	if err != nil {
		return err
	}
	commands := encode(p.commands)
	if commands == nil {
		commands = []byte{}
	}
	return s.queue.submit(ctx, p.loan, func(ctx context.Context, tx *batch) error {
		n, err := tx.exec(ctx, sqlBegin, p.event.ID[:], string(body), commands, p.tenant[:], p.loan[:], p.version, p.tenant[:], p.event.ID[:])
		if err != nil {
			return fmt.Errorf("write act %s down: %w", p.event.ID, err)
		}
		if n == 1 {
			return nil
		}
		return s.whyNot(ctx, tx, p)
	})
}

// rewrite keeps the commands of an act as they are sent from now on. The ledger has not seen what has changed in them.
func (s *Servicing) rewrite(ctx context.Context, p *pending) error {
	return s.queue.submit(ctx, p.loan, func(ctx context.Context, tx *batch) error {
		n, err := tx.exec(ctx, `UPDATE lending_pending SET commands = ? WHERE tenant = ? AND loan = ? AND id = ?`,
			encode(p.commands), p.tenant[:], p.loan[:], p.event.ID[:])
		if err == nil && n != 1 {
			err = errStale
		}
		if err != nil {
			return fmt.Errorf("write act %s down again: %w", p.event.ID, err)
		}
		return nil
	})
}

// whyNot tells an id that was used for another loan from a loan that has changed.
func (s *Servicing) whyNot(ctx context.Context, tx *batch, p *pending) error {
	var other []byte
	err := tx.tx.QueryRowContext(ctx, s.db.Rebind(`SELECT loan FROM lending_event WHERE tenant = ? AND id = ? UNION ALL
		SELECT loan FROM lending_pending WHERE tenant = ? AND id = ?`), p.tenant[:], p.event.ID[:], p.tenant[:], p.event.ID[:]).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) || err == nil && id.ID(other) == p.loan {
		return &refusal{errStale}
	}
	if err != nil {
		return fmt.Errorf("look for act %s: %w", p.event.ID, err)
	}
	return &refusal{Taken.Errorf("id %s was used for another loan: make a new one", p.event.ID).On("id")}
}

// confirm keeps the event of an act that is done, with the loan as it leaves it. Done before, it changes nothing.
func (s *Servicing) confirm(ctx context.Context, l *Loan, p *pending, d derived, idle []string) error {
	e := &p.event
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	var oldest any
	if d.oldest != nil {
		oldest = int64(*d.oldest)
	}
	// The ledger has done it: who asked may go away, it is noted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var notes []Note
	for _, w := range s.watch {
		n, err := w(ctx, l, e, d.state)
		if err != nil {
			return fmt.Errorf("confirm act %s: %w", e.ID, err)
		}
		if n != nil {
			notes = append(notes, n)
		}
	}
	return s.queue.submit(ctx, p.loan, func(ctx context.Context, tx *batch) error {
		n, err := tx.exec(ctx, sqlEvent, p.tenant[:], p.loan[:], e.Number, e.ID[:], string(e.Kind), int64(e.Date), e.At, string(e.Outcome), string(body))
		if err == nil && n == 1 {
			n, err = tx.exec(ctx, sqlLoan, l.Version, string(d.state), oldest, d.principal, d.credit, p.tenant[:], p.loan[:], p.version)
			if err == nil && n != 1 {
				err = fmt.Errorf("loan %s is not at version %d", p.loan, p.version)
			}
			if err == nil {
				err = s.queued(ctx, tx, l, e, idle)
			}
			for _, note := range notes {
				if err == nil {
					err = note(ctx, tx.tx)
				}
			}
			tx.kept = append(tx.kept, Kept{l, e})
		}
		if err == nil {
			_, err = tx.exec(ctx, sqlDone, p.tenant[:], p.loan[:], e.ID[:])
		}
		if err != nil {
			return fmt.Errorf("confirm act %s: %w", e.ID, err)
		}
		return nil
	})
}

// withdraw takes an act back that the ledger will never take.
func (s *Servicing) withdraw(ctx context.Context, p *pending) error {
	return s.queue.submit(ctx, p.loan, func(ctx context.Context, tx *batch) error {
		_, err := tx.exec(ctx, sqlDone, p.tenant[:], p.loan[:], p.event.ID[:])
		return err
	})
}

// create writes a new loan. The same one again changes nothing.
func (s *Servicing) create(ctx context.Context, d *Deed, days string) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return s.queue.submit(ctx, d.Loan, func(ctx context.Context, tx *batch) error {
		n, err := tx.exec(ctx, `INSERT INTO lending_deed (tenant, loan, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, d.Tenant[:], d.Loan[:], string(body))
		if err == nil && n == 1 {
			_, err = tx.exec(ctx, `INSERT INTO lending_loan (tenant, id, version, state, borrower, product, days, principal, credit)
				VALUES (?, ?, 0, ?, ?, ?, ?, 0, 0)`, d.Tenant[:], d.Loan[:], string(Opening), d.Borrower[:], d.Product, days)
			return err
		}
		if err != nil {
			return fmt.Errorf("write loan %s: %w", d.Loan, err)
		}
		var there string
		if err := tx.tx.QueryRowContext(ctx, s.db.Rebind(`SELECT body FROM lending_deed WHERE tenant = ? AND loan = ?`), d.Tenant[:], d.Loan[:]).Scan(&there); err != nil {
			return fmt.Errorf("read loan %s: %w", d.Loan, err)
		}
		if there != string(body) {
			return &refusal{Taken.Errorf("there is a loan %s that was agreed otherwise", d.Loan).On("loan")}
		}
		return nil
	})
}

// stored is what the rows say of a loan.
type stored struct {
	deed    Deed
	events  []Event
	waiting []waiting // at most one
}

type waiting struct {
	event    Event
	commands []byte
}

// read reads a loan as of one instant.
func (s *Servicing) read(ctx context.Context, tenant, loan id.ID) (r *stored, err error) {
	r = &stored{}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		var body string
		err := tx.QueryRowContext(ctx, s.db.Rebind(`SELECT body FROM lending_deed WHERE tenant = ? AND loan = ?`), tenant[:], loan[:]).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			return errs.NotFound.Errorf("there is no loan %s", loan)
		}
		if err == nil {
			err = json.Unmarshal([]byte(body), &r.deed)
		}
		if err != nil {
			return fmt.Errorf("read loan %s: %w", loan, err)
		}
		r.deed.Tenant, r.deed.Loan = tenant, loan
		if err := s.readEvents(ctx, tx, r); err != nil {
			return err
		}
		return s.readWaiting(ctx, tx, r)
	})
	return r, err
}

func (s *Servicing) readEvents(ctx context.Context, tx *sql.Tx, r *stored) error {
	return each(tx.QueryContext(ctx, s.db.Rebind(`SELECT body FROM lending_event WHERE tenant = ? AND loan = ? ORDER BY number`),
		r.deed.Tenant[:], r.deed.Loan[:]))(func(rows *sql.Rows) error {
		var body string
		var e Event
		if err := rows.Scan(&body); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(body), &e)
		r.events = append(r.events, e)
		return err
	})
}

func (s *Servicing) readWaiting(ctx context.Context, tx *sql.Tx, r *stored) error {
	return each(tx.QueryContext(ctx, s.db.Rebind(`SELECT event, commands FROM lending_pending WHERE tenant = ? AND loan = ?`),
		r.deed.Tenant[:], r.deed.Loan[:]))(func(rows *sql.Rows) error {
		var body string
		var w waiting
		if err := rows.Scan(&body, &w.commands); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(body), &w.event)
		r.waiting = append(r.waiting, w)
		return err
	})
}

// each gives all rows of an answer to a function and closes it.
func each(rows *sql.Rows, err error) func(func(*sql.Rows) error) error {
	return func(f func(*sql.Rows) error) error {
		for err == nil && rows.Next() {
			err = f(rows)
		}
		if rows != nil {
			err = errors.Join(err, rows.Err(), rows.Close())
		}
		if err != nil {
			return fmt.Errorf("read loans: %w", err)
		}
		return nil
	}
}
