package plan

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/longmen/longmen/kit/clock"
)

// KeepDone is how long events are kept after they were done, by the machine's clock. What is stuck, waits or was cancelled stays.
const KeepDone = 90 * 24 * time.Hour

// How many events are removed in one transaction, and the pause before the next: others write in between.
const (
	clearAtOnce = 500
	clearPause  = 50 * time.Millisecond
)

// cleared are the events to be removed. The index of done events is taken only where its own condition stands there word for word.
const cleared = "SELECT tenant, id FROM plan_event WHERE state = 2 AND changed < ? ORDER BY changed LIMIT ?"

// Clear removes the events that were done longer than KeepDone ago, in small parts, and says how many.
func (r *Runner) Clear(ctx context.Context) (removed int, err error) {
	for before := r.plan.now() - KeepDone.Microseconds(); ; {
		n, err := r.clear(ctx, before)
		removed += n
		if err != nil || n < clearAtOnce {
			return removed, err
		}
		if err := clock.Pause(ctx, clearPause); err != nil {
			return removed, err
		}
	}
}

func (r *Runner) clear(ctx context.Context, before int64) (removed int, err error) {
	err = r.plan.db.Write(ctx, func(tx *sql.Tx) error {
		if err := r.stillLeads(ctx, tx); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, r.plan.db.Rebind("DELETE FROM plan_event WHERE (tenant, id) IN ("+cleared+")"), before, clearAtOnce)
		if err != nil {
			return fmt.Errorf("remove planned events that are done: %w", err)
		}
		n, err := res.RowsAffected()
		removed = int(n)
		return err
	})
	return removed, err
}
