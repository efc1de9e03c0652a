package accounting

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// Actions that are proposed and approved.
const (
	ActionChart = "accounting-chart" // the document is a Chart
	ActionClose = "accounting-close" // the document is a Closing
)

// Stand is how far a ledger is.
type Stand struct {
	Today    ledger.Date // by its clock, in its zone
	Sequence uint64
}

// Day is what counts from one day by asset and account code.
type Day struct {
	Date   ledger.Date
	Totals []ledger.BucketState
}

// Ledgers are what is needed of the ledgers.
type Ledgers interface {
	Stand(ctx context.Context, ledger string) (Stand, error)
	// Days sums up what counts from each of at most MaxDays days, as it was known at a sequence.
	Days(ctx context.Context, ledger string, first, last ledger.Date, at uint64) ([]Day, error)
}

// Tenants tell which ledgers a tenant has.
type Tenants interface {
	Tenant(ctx context.Context, tenant id.ID) (party.Tenant, error)
}

// MaxDays is the most days of one export.
const MaxDays = 366

// Accounting is the books of all tenants in one database.
type Accounting struct {
	db      *store.DB
	clock   clock.Clock
	ledgers Ledgers
	tenants Tenants
	gate    sync.RWMutex // held for reading while a command with an effective date is under way
	closing map[book]closing
	closed  sync.Map // by book: the last day that is closed
	first   sync.Once
	began   time.Time
	valuing sync.Mutex // one valuation at a time
}

type book struct {
	tenant id.ID
	ledger string
}

// closing is the newest closing that this program knows of, committed or about to be.
type closing struct {
	through ledger.Date
	known   time.Time
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *store.DB, c clock.Clock, l Ledgers, t Tenants) (*Accounting, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "accounting", files); err != nil {
		return nil, err
	}
	return &Accounting{db: db, clock: c, ledgers: l, tenants: t, closing: map[book]closing{}}, nil
}

// Actions are what may be proposed, by name. Any of the roles approves.
func (a *Accounting) Actions(roles ...string) map[string]ops.Action {
	rule := ops.Rule{Life: 7 * 24 * time.Hour}
	for _, role := range roles {
		rule.Levels = append(rule.Levels, ops.Level{Role: role})
	}
	return map[string]ops.Action{ActionChart: {Rule: rule, Keep: a.keepChart}, ActionClose: {Rule: rule, Keep: a.keepClosing}}
}

// keepChart lets an approved chart hold. The first one holds from any day, later ones from a day to come in all ledgers
// of the tenant, so that no figure changes that was told.
func (a *Accounting) keepChart(ctx context.Context, tx *sql.Tx, p *ops.Proposal) error {
	c, err := ReadChart(p.Becomes)
	if err != nil {
		return err
	}
	if err := a.db.Alone(ctx, tx, "accounting_chart"); err != nil {
		return err
	}
	newest, found, err := a.newestChart(ctx, tx, p.Tenant)
	if err != nil {
		return err
	}
	if found {
		if err := a.follows(ctx, p.Tenant, c, &newest); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, a.db.Rebind("INSERT INTO accounting_chart (tenant, first, document, proposal, approved) VALUES (?, ?, ?, ?, ?)"),
		p.Tenant[:], int64(c.From), string(p.Becomes), p.ID[:], a.clock.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("keep chart: %w", err)
	}
	return nil
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (a *Accounting) newestChart(ctx context.Context, q querier, tenant id.ID) (Chart, bool, error) {
	list, err := a.charts(ctx, q, tenant, ledger.MaxDate, 1)
	if err != nil || len(list) == 0 {
		return Chart{}, false, err
	}
	return list[0], true, nil
}

// ChartHead is a chart without its accounts.
type ChartHead struct {
	From     ledger.Date // it holds from this day on, until a later one does
	Proposal id.ID
	Approved int64 // microseconds since 1970
}

// Charts lists a tenant's charts, newest first, those that hold from days below one (0: all) on: at most limit, 1 to
// MaxPage.
func (a *Accounting) Charts(ctx context.Context, tenant id.ID, below ledger.Date, limit int) (list []ChartHead, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("%d, want 1 to %d", limit, MaxPage).On("limit")
	}
	if below == 0 {
		below = ledger.MaxDate + 1
	}
	rows, err := a.db.Reader().QueryContext(ctx, a.db.Rebind("SELECT first, proposal, approved FROM accounting_chart WHERE tenant = ? AND first < ? ORDER BY first DESC LIMIT ?"),
		tenant[:], int64(below), limit)
	if err != nil {
		return nil, fmt.Errorf("list charts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var h ChartHead
		var from int64
		var proposal []byte
		if err := rows.Scan(&from, &proposal, &h.Approved); err != nil {
			return nil, fmt.Errorf("list charts: %w", err)
		}
		h.From = ledger.Date(from)
		copy(h.Proposal[:], proposal)
		list = append(list, h)
	}
	return list, rows.Err()
}

// Chart gives the chart that holds on a day.
func (a *Accounting) Chart(ctx context.Context, tenant id.ID, on ledger.Date) (Chart, error) {
	list, err := a.charts(ctx, a.db.Reader(), tenant, on, 1)
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("no chart holds on %v", on)
	}
	if err != nil {
		return Chart{}, err
	}
	return list[0], nil
}

// charts lists those that hold on a day or held before, newest first.
func (a *Accounting) charts(ctx context.Context, q querier, tenant id.ID, on ledger.Date, limit int) (list []Chart, err error) {
	rows, err := q.QueryContext(ctx, a.db.Rebind("SELECT document FROM accounting_chart WHERE tenant = ? AND first <= ? ORDER BY first DESC LIMIT ?"),
		tenant[:], int64(on), limit)
	if err != nil {
		return nil, fmt.Errorf("read charts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var document string
		var c Chart
		if err := rows.Scan(&document); err != nil {
			return nil, fmt.Errorf("read charts: %w", err)
		}
		if err := json.Unmarshal([]byte(document), &c); err != nil {
			return nil, fmt.Errorf("read chart: %w", err)
		}
		list = append(list, c)
	}
	return list, rows.Err()
}
