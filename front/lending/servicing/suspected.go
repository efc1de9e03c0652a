package servicing

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Second is a payment that was not taken, since it looks like an earlier one made a second time. Its money lies on the
// payer's account, until it is refunded from there or paid again anyway.
type Second struct {
	Loan, Borrower id.ID
	Event          Event
}

// SecondPlace is where the list goes on: before this event.
type SecondPlace struct {
	At int64
	ID id.ID
}

// Suspected lists a tenant's payments that look like second ones, the latest first, before a place: at most limit of them,
// and whether there are more.
func (s *Servicing) Suspected(ctx context.Context, tenant id.ID, before *SecondPlace, limit int) (list []Second, more bool, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, false, errs.Invalid.Errorf("%d, take 1 to %d", limit, MaxPage).On("limit")
	}
	query, args := `SELECT e.loan, l.borrower, e.body FROM lending_event e JOIN lending_loan l ON l.tenant = e.tenant AND l.id = e.loan
		WHERE e.tenant = ? AND e.outcome = 'suspected'`, []any{tenant[:]}
	if before != nil {
		query, args = query+" AND (e.at, e.id) < (?, ?)", append(args, before.At, before.ID[:])
	}
	err = each(s.db.Reader().QueryContext(ctx, s.db.Rebind(query+" ORDER BY e.at DESC, e.id DESC LIMIT ?"), append(args, limit+1)...))(func(rows *sql.Rows) error {
		var x Second
		var loan, borrower []byte
		var body string
		if err := rows.Scan(&loan, &borrower, &body); err != nil {
			return err
		}
		x.Loan, x.Borrower = id.ID(loan), id.ID(borrower)
		err := json.Unmarshal([]byte(body), &x.Event)
		list = append(list, x)
		return err
	})
	if more = len(list) > limit; more {
		list = list[:limit]
	}
	return list, more, err
}
