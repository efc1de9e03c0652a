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
	return s.begins.submit(ctx, &write{key: p.key(), begin: &beginning{p, string(body), commands}})
}

// rewrite keeps the commands of an act as they are sent from now on. The ledger has not seen what has changed in them.
func (s *Servicing) rewrite(ctx context.Context, p *pending) error {
	return s.queue.submit(ctx, &write{key: p.key(), do: func(ctx context.Context, tx *batch) error {
		n, err := tx.exec(ctx, `UPDATE lending_pending SET commands = ? WHERE tenant = ? AND loan = ? AND id = ?`,
			encode(p.commands), p.tenant[:], p.loan[:], p.event.ID[:])
		if err == nil && n != 1 {
			err = errStale
		}
		if err != nil {
			return fmt.Errorf("write act %s down again: %w", p.event.ID, err)
		}
		return nil
	}})
}

// confirm keeps the event of an act that is done, with the loan as it leaves it. Done before, it changes nothing.
func (s *Servicing) confirm(ctx context.Context, l *Loan, p *pending, d derived, idle []string) error {
	c := &confirmation{p: p, loan: l, derived: d, idle: idle, parts: make([]any, len(s.queue.watch))}
	body, err := json.Marshal(&p.event)
	if err != nil {
		return err
	}
	c.body = string(body)
	// The ledger has done it: who asked may go away, it is noted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for i, w := range s.queue.watch {
		if c.parts[i], err = w.prepare(ctx, l, &p.event, d.state); err != nil {
			return fmt.Errorf("confirm act %s: %w", p.event.ID, err)
		}
	}
	return s.queue.submit(ctx, &write{key: p.key(), confirm: c})
}

// withdraw takes an act back that the ledger will never take.
func (s *Servicing) withdraw(ctx context.Context, p *pending) error {
	return s.queue.submit(ctx, &write{key: p.key(), do: func(ctx context.Context, tx *batch) error { return tx.withdraw(ctx, p) }})
}

// create writes a new loan. The same one again changes nothing. One that was not paid out, and of which nothing may be on its way
// to the ledger, is agreed on anew: it begins when its money does.
func (s *Servicing) create(ctx context.Context, d *Deed, days string) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return s.queue.submit(ctx, &write{key: key{d.Tenant, d.Loan}, do: func(ctx context.Context, tx *batch) error {
		const deed = `INSERT INTO lending_deed (tenant, loan, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
		n, err := tx.exec(ctx, deed, d.Tenant[:], d.Loan[:], string(body))
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
		if there == string(body) {
			return nil
		}
		// A deed never changes: another one takes its place.
		n, err = tx.exec(ctx, `UPDATE lending_loan SET days = ? WHERE tenant = ? AND id = ? AND state = ? AND borrower = ? AND product = ?
			AND NOT EXISTS (SELECT 1 FROM lending_pending p WHERE p.tenant = lending_loan.tenant AND p.loan = lending_loan.id)`,
			days, d.Tenant[:], d.Loan[:], string(Opening), d.Borrower[:], d.Product)
		if err == nil && n == 0 {
			return &refusal{Taken.Errorf("there is a loan %s that was agreed otherwise", d.Loan).On("loan")}
		}
		if err == nil {
			_, err = tx.exec(ctx, `DELETE FROM lending_deed WHERE tenant = ? AND loan = ?`, d.Tenant[:], d.Loan[:])
		}
		if err == nil {
			_, err = tx.exec(ctx, deed, d.Tenant[:], d.Loan[:], string(body))
		}
		if err != nil {
			return fmt.Errorf("write loan %s anew: %w", d.Loan, err)
		}
		return nil
	}})
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
