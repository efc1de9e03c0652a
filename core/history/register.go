package history

import (
	"context"
	"database/sql"
	"fmt"
)

// RegisterDistributions lists what was paid to a register's holders, newest first, below a number in the order of all
// payouts (0 for the newest). next is where to go on, 0 at the end.
func (h *History) RegisterDistributions(ctx context.Context, register uint32, below uint64, limit int) (list []Distribution, next uint64, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, 0, fmt.Errorf("limit: %d, want 1 to %d", limit, MaxPage)
	}
	if below == 0 || below > maxPosition {
		below = maxPosition
	}
	var numbers []uint64
	err = h.reads.each(ctx, "SELECT payout FROM history_timeline WHERE register = ? AND payout < ? ORDER BY payout DESC LIMIT ?",
		[]any{h.owner(register), int64(below), limit + 1}, func(row *sql.Rows) error {
			var no int64
			err := row.Scan(&no)
			numbers = append(numbers, uint64(no))
			return err
		})
	if err != nil {
		return nil, 0, fmt.Errorf("distributions of register %d: %w", register, err)
	}
	if len(numbers) > limit {
		numbers = numbers[:limit]
		next = numbers[limit-1]
	}
	payouts, err := h.payoutsOf(ctx, numbers)
	if err != nil {
		return nil, 0, fmt.Errorf("distributions of register %d: %w", register, err)
	}
	for _, p := range payouts {
		list = append(list, p.distribution())
	}
	return list, next, nil
}
