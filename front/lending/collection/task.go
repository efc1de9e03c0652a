package collection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Task is a loan that is late, with its case, as of a day.
type Task struct {
	servicing.Late
	Case
	Promise string // what has become of the last one, empty: there is none
}

// Entries lists what was done about a loan, oldest first, after a number: at most limit of them.
func (c *Collections) Entries(ctx context.Context, tenant, of id.ID, after uint32, limit int) ([]Entry, error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("%d, take 1 to %d", limit, MaxPage).On("limit")
	}
	return c.entries(ctx, c.db.Reader(), tenant, of, after, limit)
}

// Disputed reports whether a loan is in dispute.
func (c *Collections) Disputed(ctx context.Context, tenant, of id.ID) (bool, error) {
	list, err := c.entries(ctx, c.db.Reader(), tenant, of, 0, maxEntries+1)
	return caseOf(list).Disputed, err
}

// Tasks lists loans that are late on a day, as servicing.Overdue does, with their cases.
func (c *Collections) Tasks(ctx context.Context, tenant id.ID, on day.Date, from, to int, after servicing.Place, limit int) ([]Task, bool, error) {
	late, more, err := c.loans.Overdue(ctx, tenant, on, from, to, after, limit)
	if err != nil {
		return nil, false, err
	}
	list := make([]Task, 0, len(late))
	for i := range late {
		t, err := c.task(ctx, tenant, &late[i], on)
		if err != nil {
			return nil, false, err
		}
		list = append(list, t)
	}
	return list, more, nil
}

func (c *Collections) task(ctx context.Context, tenant id.ID, late *servicing.Late, on day.Date) (t Task, err error) {
	t.Late = *late
	entries, err := c.entries(ctx, c.db.Reader(), tenant, late.Loan, 0, maxEntries+1)
	if err != nil {
		return t, err
	}
	if t.Case = caseOf(entries); t.Case.Promise == nil {
		return t, nil
	}
	l, err := c.loans.Get(ctx, tenant, late.Loan)
	if err != nil {
		return t, err
	}
	paid, err := c.loans.PaidSince(ctx, l, t.Case.Promise.Events, t.Case.Promise.Date)
	t.Promise = t.Case.Promise.State(paid, on)
	return t, err
}

// Owned lists the loans that an owner looks after and that are late today, by loan, after one: at most limit of them are
// looked at, and whether there are more.
func (c *Collections) Owned(ctx context.Context, tenant, owner, after id.ID, limit int) (list []Task, last id.ID, more bool, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, last, false, errs.Invalid.Errorf("%d, take 1 to %d", limit, MaxPage).On("limit")
	}
	loans, err := c.owned(ctx, tenant, owner, after, limit+1)
	if err != nil {
		return nil, last, false, err
	}
	if more = len(loans) > limit; more {
		loans = loans[:limit]
	}
	for _, i := range loans {
		last = i
		s, err := c.loans.Standing(ctx, tenant, i, 0)
		if err != nil {
			return nil, last, false, err
		}
		if s.Days == 0 {
			continue
		}
		l, err := c.loans.Get(ctx, tenant, i)
		if err != nil {
			return nil, last, false, err
		}
		late := servicing.Late{
			Loan: i, Borrower: l.Borrower, Product: l.Product, Due: s.On - day.Date(s.Days), Days: s.Days, Bucket: s.Bucket, Principal: s.Outstanding[loan.Principal],
		}
		t, err := c.task(ctx, tenant, &late, s.On)
		if err != nil {
			return nil, last, false, err
		}
		list = append(list, t)
	}
	return list, last, more, nil
}

func (c *Collections) owned(ctx context.Context, tenant, owner, after id.ID, limit int) (list []id.ID, err error) {
	rows, err := c.db.Reader().QueryContext(ctx, c.db.Rebind(`SELECT loan FROM collection_owner WHERE tenant = ? AND owner = ? AND loan > ? ORDER BY loan LIMIT ?`),
		tenant[:], owner[:], after[:], limit)
	if err != nil {
		return nil, fmt.Errorf("read who looks after loans: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var own sql.RawBytes
		if err := rows.Scan(&own); err != nil {
			return nil, fmt.Errorf("read who looks after loans: %w", err)
		}
		var i id.ID
		copy(i[:], own)
		list = append(list, i)
	}
	return list, rows.Err()
}
