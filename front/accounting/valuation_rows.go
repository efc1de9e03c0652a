package accounting

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// applied is the outcome of a valuation that is booked.
var applied = ledger.Applied.String()

// figures are what a row of a valuation has as JSON.
type figures struct {
	Sums    []Sum   `json:"sums"`
	Entries []Entry `json:"entries"`
}

const valuationColumns = "id, ledger, number, day, asset, chart, actor, at, figures, outcome, sequence FROM accounting_valuation"

// begin keeps a valuation with its lines, before anything is booked. One at a time of a ledger is under way.
func (a *Accounting) begin(ctx context.Context, tenant id.ID, x *Valuation, lines []Line) error {
	document, err := json.Marshal(figures{x.Sums, x.Entries})
	if err != nil {
		return err
	}
	return a.db.Write(ctx, func(tx *sql.Tx) error {
		var number int64
		err := tx.QueryRowContext(ctx, a.db.Rebind("SELECT COALESCE(MAX(number), 0) + 1 FROM accounting_valuation WHERE tenant = ? AND ledger = ?"), tenant[:], x.Ledger).Scan(&number)
		if err != nil {
			return fmt.Errorf("number valuation: %w", err)
		}
		x.Number = uint64(number)
		done, err := tx.ExecContext(ctx, a.db.Rebind(`INSERT INTO accounting_valuation (tenant, ledger, number, id, day, asset, chart, actor, at, figures, outcome, sequence)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0) ON CONFLICT DO NOTHING`),
			tenant[:], x.Ledger, number, x.ID[:], int64(x.On), x.Asset, int64(x.Chart), x.Actor[:], x.At, string(document))
		if err != nil {
			return fmt.Errorf("keep valuation: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, errs.Overloaded.Errorf("another valuation of ledger %s is under way: try again", x.Ledger))
		}
		return a.keepLines(ctx, tx, tenant, x.ID, lines)
	})
}

func (a *Accounting) keepLines(ctx context.Context, tx *sql.Tx, tenant, valuation id.ID, lines []Line) error {
	const most, columns = 500, ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	for len(lines) > 0 {
		n := min(len(lines), most)
		var values []any
		for i := range lines[:n] {
			l := &lines[i]
			values = append(values, tenant[:], valuation[:], l.Bucket, l.Claim[:], l.Interest, l.Fees, l.Received, l.Exposed, l.Tax.Fees, l.Tax.Received)
		}
		_, err := tx.ExecContext(ctx, a.db.Rebind("INSERT INTO accounting_line (tenant, valuation, bucket, claim, interest, fees, received, exposed, fees_tax, received_tax) VALUES "+
			strings.Repeat(columns, n)[2:]), values...)
		if err != nil {
			return fmt.Errorf("keep lines of valuation: %w", err)
		}
		lines = lines[n:]
	}
	return nil
}

// end keeps what became of a valuation.
func (a *Accounting) end(ctx context.Context, tenant id.ID, x *Valuation, outcome string, sequence uint64) error {
	return a.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, a.db.Rebind("UPDATE accounting_valuation SET outcome = ?, sequence = ? WHERE tenant = ? AND ledger = ? AND number = ?"),
			outcome, int64(sequence), tenant[:], x.Ledger, int64(x.Number))
		if err != nil {
			return fmt.Errorf("end valuation: %w", err)
		}
		return nil
	})
}

// drop takes a valuation that was never booked away, with its lines.
func (a *Accounting) drop(ctx context.Context, tenant id.ID, x *Valuation) error {
	return a.db.Write(ctx, func(tx *sql.Tx) error {
		for _, query := range []string{
			"DELETE FROM accounting_line WHERE tenant = ? AND valuation = ?",
			"DELETE FROM accounting_valuation WHERE tenant = ? AND id = ? AND outcome = ''",
		} {
			if _, err := tx.ExecContext(ctx, a.db.Rebind(query), tenant[:], x.ID[:]); err != nil {
				return fmt.Errorf("drop valuation: %w", err)
			}
		}
		return nil
	})
}

// find finds a valuation by its id, nil if there is none.
func (a *Accounting) find(ctx context.Context, tenant, valuation id.ID) (*Valuation, error) {
	return one(a.valuations(ctx, "WHERE tenant = ? AND id = ?", tenant[:], valuation[:]))
}

// newest finds a ledger's newest valuation with an outcome, nil if there is none.
func (a *Accounting) newest(ctx context.Context, tenant id.ID, name, outcome string) (*Valuation, error) {
	return one(a.valuations(ctx, "WHERE tenant = ? AND ledger = ? AND outcome = ? ORDER BY number DESC LIMIT 1", tenant[:], name, outcome))
}

func one(list []Valuation, err error) (*Valuation, error) {
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

func (a *Accounting) valuations(ctx context.Context, where string, args ...any) (list []Valuation, err error) {
	rows, err := a.db.Reader().QueryContext(ctx, a.db.Rebind("SELECT "+valuationColumns+" "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read valuations: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x Valuation
		var name, actor []byte
		var number, on, chart, sequence int64
		var document string
		if err := rows.Scan(&name, &x.Ledger, &number, &on, &x.Asset, &chart, &actor, &x.At, &document, &x.Outcome, &sequence); err != nil {
			return nil, fmt.Errorf("read valuations: %w", err)
		}
		var f figures
		if err := json.Unmarshal([]byte(document), &f); err != nil {
			return nil, fmt.Errorf("read valuation: %w", err)
		}
		copy(x.ID[:], name)
		copy(x.Actor[:], actor)
		x.Number, x.On, x.Chart, x.Sequence, x.Sums, x.Entries = uint64(number), ledger.Date(on), ledger.Date(chart), uint64(sequence), f.Sums, f.Entries
		list = append(list, x)
	}
	return list, rows.Err()
}

// Valuations lists those of a ledger, newest first, those below a number (0: all): at most limit, 1 to MaxPage.
func (a *Accounting) Valuations(ctx context.Context, tenant id.ID, name string, below uint64, limit int) ([]Valuation, error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("%d, want 1 to %d", limit, MaxPage).On("limit")
	}
	if below == 0 || below > 1<<62 {
		below = 1 << 62
	}
	return a.valuations(ctx, "WHERE tenant = ? AND ledger = ? AND number < ? ORDER BY number DESC LIMIT ?", tenant[:], name, int64(below), limit)
}

// Valuation gives one of a ledger.
func (a *Accounting) Valuation(ctx context.Context, tenant id.ID, name string, valuation id.ID) (*Valuation, error) {
	x, err := a.find(ctx, tenant, valuation)
	if err == nil && (x == nil || x.Ledger != name) {
		err = errs.NotFound.Errorf("there is no valuation %s of ledger %s", valuation, name)
	}
	return x, err
}

// LinePlace is where a list of lines goes on: after this one.
type LinePlace struct {
	Bucket string
	Claim  id.ID
}

// ValuationLines lists the claims that a valuation's figures came from, by bucket and claim, of one bucket or of all (""),
// after a place: at most limit, 1 to MaxPage.
func (a *Accounting) ValuationLines(ctx context.Context, tenant, valuation id.ID, bucket string, after LinePlace, limit int) (list []Line, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("%d, want 1 to %d", limit, MaxPage).On("limit")
	}
	rows, err := a.db.Reader().QueryContext(ctx, a.db.Rebind(`SELECT bucket, claim, interest, fees, received, exposed, fees_tax, received_tax FROM accounting_line
		WHERE tenant = ? AND valuation = ? AND (bucket, claim) > (?, ?) AND (? = '' OR bucket = ?) ORDER BY bucket, claim LIMIT ?`),
		tenant[:], valuation[:], after.Bucket, after.Claim[:], bucket, bucket, limit)
	if err != nil {
		return nil, fmt.Errorf("read lines of valuation: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l Line
		var claim []byte
		var due, received sql.NullInt64
		if err := rows.Scan(&l.Bucket, &claim, &l.Interest, &l.Fees, &l.Received, &l.Exposed, &due, &received); err != nil {
			return nil, fmt.Errorf("read lines of valuation: %w", err)
		}
		if due.Valid {
			l.Tax = &Tax{due.Int64, received.Int64}
		}
		copy(l.Claim[:], claim)
		list = append(list, l)
	}
	return list, rows.Err()
}
