package servicing

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// MaxPage is the most entries of a page.
const MaxPage = 1000

// Late is an entry of the list of overdue loans.
type Late struct {
	Loan, Borrower id.ID
	Product        string
	Agreed         day.Date // oldest date on which something was agreed to be paid and is not
	Due            day.Date // that date after holidays moved it
	Days           int
	Bucket         string
	Principal      int64 // not repaid
}

// Place is where a list goes on: after this entry.
type Place struct {
	Agreed day.Date
	Loan   id.ID
}

// moves is how far holidays move a date at most.
const moves = calendar.MaxShift

// Overdue lists a tenant's loans that are overdue on a day, oldest first, after a place: at most limit of them, and
// whether there are more. Between two days past due (0: no bound) it lists only a bucket.
//
// The rows hold the dates that were agreed. Holidays are applied while reading, so a list is right as soon as a calendar
// has changed.
func (s *Servicing) Overdue(ctx context.Context, tenant id.ID, on day.Date, from, to int, after Place, limit int) (list []Late, more bool, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, false, errs.Invalid.Errorf("%d, take 1 to %d", limit, MaxPage).On("limit")
	}
	err = s.EachOverdue(ctx, tenant, on, from, to, after, func(l *Late) bool {
		if len(list) == limit {
			more = true
			return false
		}
		list = append(list, *l)
		return true
	})
	return list, more, err
}

// EachOverdue gives all overdue loans to a function until it has enough.
func (s *Servicing) EachOverdue(ctx context.Context, tenant id.ID, on day.Date, from, to int, after Place, f func(*Late) bool) error {
	from = max(from, 1)
	oldest := day.Min
	if to > 0 {
		oldest = on - day.Date(to) - moves
	}
	if oldest > after.Agreed {
		after = Place{Agreed: oldest}
	}
	days := shifts{s: s, tenant: tenant, by: map[string]shift{}}
	return s.db.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, s.db.Rebind(`SELECT oldest, id, borrower, product, days, principal FROM lending_loan
			WHERE tenant = ? AND oldest IS NOT NULL AND (oldest, id) > (?, ?) AND oldest <= ? ORDER BY oldest, id`),
			tenant[:], int64(after.Agreed), after.Loan[:], int64(on)-int64(from)+moves)
		if err != nil {
			return fmt.Errorf("list overdue loans: %w", err)
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			l, err := days.scan(ctx, rows, on)
			if err != nil {
				return fmt.Errorf("list overdue loans: %w", err)
			}
			if l.Days < from || to > 0 && l.Days > to {
				continue
			}
			if !f(&l) {
				return nil
			}
		}
		return rows.Err()
	})
}

// shifts moves agreed dates by calendars, each asked for once.
type shifts struct {
	s      *Servicing
	tenant id.ID
	by     map[string]shift
	loan   sql.RawBytes
	who    sql.RawBytes
	code   sql.RawBytes
	what   sql.RawBytes
	named  map[string]string
}

type shift struct {
	calendar *calendar.Calendar
	rule     calendar.Rule
	dates    map[day.Date]day.Date
}

func (d *shifts) scan(ctx context.Context, rows *sql.Rows, on day.Date) (l Late, err error) {
	var agreed int64
	if err := rows.Scan(&agreed, &d.loan, &d.who, &d.what, &d.code, &l.Principal); err != nil {
		return l, err
	}
	copy(l.Loan[:], d.loan)
	copy(l.Borrower[:], d.who)
	l.Product, l.Agreed = d.text(d.what), day.Date(agreed)
	if l.Due, err = d.move(ctx, l.Agreed); err != nil {
		return l, err
	}
	l.Days = int(on - l.Due)
	l.Bucket = Bucket(l.Days)
	return l, nil
}

// text gives a word that is repeated in many rows as one string.
func (d *shifts) text(b []byte) string {
	if w, ok := d.named[string(b)]; ok {
		return w
	}
	if d.named == nil {
		d.named = map[string]string{}
	}
	w := string(b)
	d.named[w] = w
	return w
}

func (d *shifts) move(ctx context.Context, agreed day.Date) (day.Date, error) {
	x, ok := d.by[string(d.code)]
	if !ok {
		var err error
		code := string(d.code)
		if x.calendar, x.rule, err = d.s.contracts.Days(ctx, d.tenant, code); err != nil {
			return 0, err
		}
		x.dates = map[day.Date]day.Date{}
		d.by[code] = x
	}
	if to, ok := x.dates[agreed]; ok {
		return to, nil
	}
	to, err := x.calendar.Adjust(agreed, x.rule)
	if err != nil {
		return 0, err
	}
	x.dates[agreed] = to
	return to, nil
}
