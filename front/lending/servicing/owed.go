package servicing

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/kit/id"
)

// Owed is what somebody owes by his open loans.
type Owed struct {
	Loans     int
	Principal int64
	Days      int // past due today, of the worst loan
}

// OwedBy adds up what a borrower owes.
func (s *Servicing) OwedBy(ctx context.Context, tenant, borrower id.ID) (o Owed, err error) {
	var list []id.ID
	err = each(s.db.Reader().QueryContext(ctx, s.db.Rebind(`SELECT id, principal FROM lending_loan
		WHERE tenant = ? AND borrower = ? AND state NOT IN (?, ?)`), tenant[:], borrower[:], string(Opening), string(Closed)))(func(rows *sql.Rows) error {
		var own []byte
		var principal int64
		if err := rows.Scan(&own, &principal); err != nil {
			return err
		}
		list = append(list, id.ID(own))
		o.Principal += principal
		return nil
	})
	o.Loans = len(list)
	for _, l := range list {
		if err != nil {
			break
		}
		var t Standing
		t, err = s.Standing(ctx, tenant, l, 0)
		o.Days = max(o.Days, t.Days)
	}
	return o, err
}

// OwedOn adds up the principal of all open loans of a product. It looks at all loans of the tenant.
func (s *Servicing) OwedOn(ctx context.Context, tenant id.ID, product string) (sum int64, err error) {
	err = s.db.Reader().QueryRowContext(ctx, s.db.Rebind(`SELECT CAST(coalesce(sum(principal), 0) AS bigint) FROM lending_loan
		WHERE tenant = ? AND product = ? AND state NOT IN (?, ?)`), tenant[:], product, string(Opening), string(Closed)).Scan(&sum)
	if err != nil {
		return 0, fmt.Errorf("add up the loans of a product: %w", err)
	}
	return sum, nil
}

// PaidSince is what the borrower has paid after so many events of a loan, until the end of a day of its ledger. The day is that of
// the payment, also where it counts from a later one.
func (s *Servicing) PaidSince(ctx context.Context, l *Loan, events uint32, until day.Date) (sum int64, err error) {
	now, err := s.ledgers.Now(ctx, l.Ledger)
	if err != nil {
		return 0, err
	}
	for i := min(int(events), len(l.Events)); i < len(l.Events); i++ {
		e := &l.Events[i]
		paid := dateOf(ledger.DateOf(time.UnixMicro(cmp.Or(e.Paid, e.Received, e.At)).In(now.Location())))
		if (e.Kind == Repaid || e.Kind == Settled || e.Kind == Recovered) && e.Outcome == Applied && !l.reversed[e.ID] && min(e.Date, paid) <= until {
			sum += e.Given()
		}
	}
	return sum, nil
}
