package accounting

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Unmapped means that an account code has no code in the general ledger.
var Unmapped = errs.Define("gl_code_missing", 409, "An account code has no code in the general ledger")

// Export is daily totals for a general ledger. The same period as of the same sequence gives the same rows for ever.
type Export struct {
	Ledger      string
	First, Last ledger.Date
	Sequence    uint64
	Rows        []Row // by date, asset, GL code, account code; by date and asset, debits and credits are equal
}

// Row is what counts from a day on one account code, in minor units.
type Row struct {
	Date            ledger.Date
	Asset           string
	Account         Account
	Debits, Credits share.Int128
}

// Export sums up what counts from the days of a period, as it was known at a sequence of the ledger, 0 for now.
func (a *Accounting) Export(ctx context.Context, tenant id.ID, name string, first, last ledger.Date, at uint64) (*Export, error) {
	if last < first || last-first >= MaxDays {
		return nil, errs.Invalid.Errorf("the period has to end after it begins and has at most %d days", MaxDays).On("until")
	}
	stand, err := a.ledgers.Stand(ctx, name)
	if err != nil {
		return nil, err
	}
	if at > stand.Sequence {
		return nil, errs.NotFound.Errorf("no command has sequence %d yet", at).On("sequence")
	}
	if at == 0 {
		at = stand.Sequence
	}
	days, err := a.ledgers.Days(ctx, name, first, last, at)
	if err != nil {
		return nil, err
	}
	if n := len(days); n > 0 && days[n-1].Date > stand.Today {
		return nil, errs.Conflict.Errorf("something counts from %v, which lies ahead: a chart may hold from it on yet; the ledger is at %v", days[n-1].Date, stand.Today).On("until")
	}
	charts, err := a.charts(ctx, a.db.Reader(), tenant, ledger.MaxDate, int(ledger.MaxDate)) // of which at most one begins each day
	if err != nil {
		return nil, err
	}
	e := &Export{Ledger: name, First: first, Last: last, Sequence: at}
	for i := range days {
		if err := e.add(&days[i], charts); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// add adds a day's rows by the charts, newest first, and sees that they balance.
func (e *Export) add(d *Day, charts []Chart) error {
	from := len(e.Rows)
	sums := map[string]share.Int128{}
	var missing []string
	for _, t := range d.Totals {
		account, found := accountOn(d.Date, charts, t.Code)
		if !found {
			missing = append(missing, fmt.Sprint(t.Code))
		}
		e.Rows = append(e.Rows, Row{Date: d.Date, Asset: t.Asset, Account: account, Debits: t.Debits, Credits: t.Credits})
		sums[t.Asset] = sums[t.Asset].Add(t.Debits).Sub(t.Credits)
	}
	if missing != nil {
		return Unmapped.Errorf("no chart that holds on %v or later has account codes %s", d.Date, strings.Join(missing, ", "))
	}
	for asset, difference := range sums {
		if difference.Sign() != 0 {
			return errs.Internal.Errorf("debits and credits of %s that count from %v differ", asset, d.Date)
		}
	}
	slices.SortFunc(e.Rows[from:], func(x, y Row) int {
		return cmp.Or(cmp.Compare(x.Asset, y.Asset), cmp.Compare(x.Account.GL, y.Account.GL), cmp.Compare(x.Account.Code, y.Account.Code))
	})
	return nil
}

// accountOn finds what a code stands for on a day, by the charts, newest first: what the chart that holds lacks may stand in a
// later one. A day that lacks a code was never told, and no chart gets in before another, so what was told stays.
func accountOn(day ledger.Date, charts []Chart, code uint32) (Account, bool) {
	held := slices.IndexFunc(charts, func(c Chart) bool { return ledger.Date(c.From) <= day })
	if held < 0 {
		held = len(charts) - 1 // the day is before the first one
	}
	for i := held; i >= 0; i-- {
		if a, found := charts[i].account(code); found {
			return a, true
		}
	}
	return Account{}, false
}

// WriteCSV writes the rows with a head, amounts in minor units.
func (e *Export) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"date", "asset", "gl", "account_code", "name", "debits", "credits"}}
	for i := range e.Rows {
		r := &e.Rows[i]
		rows = append(rows, []string{
			r.Date.String(), r.Asset, r.Account.GL, fmt.Sprint(r.Account.Code), r.Account.Name.En, r.Debits.String(), r.Credits.String(),
		})
	}
	return out.WriteAll(rows)
}
