package servicing_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/reminder"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// told are the notices that a borrower got, each once.
type told struct {
	*world
	list []string
	ids  map[id.ID]bool
}

func (o *told) Prepare(_ context.Context, n notice.Notice) (*notice.Prepared, error) {
	return &notice.Prepared{Notice: n}, nil
}

func (o *told) Keep(_ context.Context, _ *sql.Tx, list ...*notice.Prepared) error {
	for _, p := range list {
		var says struct {
			Date string
			Days int
		}
		if o.ids[p.ID] {
			continue
		}
		o.ids[p.ID] = true
		if err := json.Unmarshal(p.Data, &says); err != nil {
			return err
		}
		o.list = append(o.list, fmt.Sprintf("%s %s %s %d", time.UnixMicro(p.At).UTC().Format("01-02"), p.Kind, says.Date[5:], says.Days))
	}
	return nil
}

// Now and Advance are the ledger's clock, for planned events.
func (o *told) Now(ctx context.Context, name string) (int64, error) {
	now, err := o.ledgers.Now(ctx, name)
	return now.UnixMicro(), err
}

func (o *told) Advance(_ context.Context, _ string, to int64) error {
	o.apply(&ledger.Advance{To: ledger.Instant(to)})
	return nil
}

func (o *told) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// A borrower who never pays is told three days before and one and eight days after his first installment is due, whatever tables of
// holidays come meanwhile, and of nothing twice. It is agreed for the 15th, a Sunday.
func TestWhatMovedIsToldAtItsNewDate(t *testing.T) {
	holiday := []day.Date{day.Of(2026, 2, 16)}
	for name, c := range map[string]struct {
		first  []day.Date            // holidays when it is paid out
		tables map[string][]day.Date // and from later dates on
		want   []string
	}{
		"nothing moves":           {nil, nil, []string{"02-13 due 02-16 0", "02-17 overdue 02-16 1", "02-24 overdue 02-16 8"}},
		"later, before it's told": {nil, map[string][]day.Date{"2026-02-01": holiday}, []string{"02-14 due 02-17 0", "02-18 overdue 02-17 1", "02-25 overdue 02-17 8"}},
		"later, after it's told":  {nil, map[string][]day.Date{"2026-02-14": holiday}, []string{"02-13 due 02-16 0", "02-18 overdue 02-17 1", "02-25 overdue 02-17 8"}},
		"later, when he is late":  {nil, map[string][]day.Date{"2026-02-20": holiday}, []string{"02-13 due 02-16 0", "02-17 overdue 02-16 1", "02-25 overdue 02-17 8"}},
		"earlier, before it's told": {
			holiday,
			map[string][]day.Date{"2026-02-01": nil},
			[]string{"02-14 due 02-16 0", "02-17 overdue 02-16 1", "02-24 overdue 02-16 8"},
		},
		"earlier, after it's told": {
			holiday,
			map[string][]day.Date{"2026-02-15": nil},
			[]string{"02-14 due 02-17 0", "02-18 overdue 02-16 2", "02-24 overdue 02-16 8"},
		},
		"there and back": {
			nil,
			map[string][]day.Date{"2026-02-12": holiday, "2026-02-15": nil},
			[]string{"02-14 due 02-17 0", "02-18 overdue 02-16 2", "02-24 overdue 02-16 8"},
		},
	} {
		for _, older := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, planned by an older program %v", name, older), func(t *testing.T) {
				o := &told{world: newWorld(t, storetest.SQLite(t), 3), ids: map[id.ID]bool{}}
				o.contracts.holidays = c.first
				p, err := plan.Open(t.Context(), o.db, clock.NewManual(start))
				o.must(err)
				r := &reminder.Reminders{Plan: p, Outbox: o, Loans: o.Servicing, Ledgers: o.ledgers, Disputed: func(context.Context, id.ID, id.ID) (bool, error) { return false, nil }}
				o.Watch(servicing.Watching(r.Happened, r.Keep))
				runner, err := p.Lead(t.Context(), 1, o, map[string]plan.Handler{reminder.EventKind: r.Due})
				o.must(err)
				d := o.lend(1, terms{Amount: 1_200_00, Months: 12})
				if older {
					o.must(forget(t.Context(), o.db))
				}
				to := func(date string) {
					on, err := time.Parse(time.DateOnly, date)
					o.must(err)
					o.must(runner.Advance(t.Context(), "main", on.Add(12*time.Hour).UnixMicro()))
				}
				for on := day.Of(2026, 1, 31); on <= day.Of(2026, 3, 10); on++ {
					to(on.String())
					if table, ok := c.tables[on.String()]; ok {
						o.contracts.holidays = table
						o.Forget()
						if older {
							o.must(forget(t.Context(), o.db))
						}
					}
				}
				if !slices.Equal(o.list, c.want) {
					t.Errorf("told are %q, want %q", o.list, c.want)
				}
				to("2026-03-18")
				if more := o.list[len(c.want):]; !slices.Equal(more, []string{"03-13 due 03-16 0", "03-17 overdue 03-16 1"}) {
					t.Errorf("of the second one is told %q; %s", more, d.Loan)
				}
			})
		}
	}
}

// forget takes from what is planned which row it is about: older programs knew but the date on which it was due, and gave other ids.
func forget(ctx context.Context, db *store.DB) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE plan_event SET id = randomblob(16),
			content = CAST(json_remove(CAST(content AS TEXT), '$.agreed') AS BLOB) WHERE kind = 'loan-reminder' AND state = 'waiting'`)
		return err
	})
}
