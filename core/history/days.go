package history

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
)

// MaxDays is the most days of one answer of DayTotals.
const MaxDays = 366

// DayTotals is what counts from one day, by bucket. By asset, debits and credits are equal.
type DayTotals struct {
	Date   ledger.Date
	Totals []BucketTotal
}

// DayTotals gives, for each day of a period from which anything counts, what was booked up to a position on each account
// code. The same period as of the same position gives the same answer for ever.
//
// Almost everything counts from the day of its booking, so a day is the difference of two trial balances, less what was
// booked then and counts from another day, and what was booked on another day and counts from it.
func (h *History) DayTotals(ctx context.Context, p Period, at Position) ([]DayTotals, error) {
	list, err := h.dayTotals(ctx, p, at)
	if err != nil {
		return nil, fmt.Errorf("totals of the days %v to %v at sequence %d: %w", p.First, p.Last, at.Sequence, err)
	}
	return list, nil
}

func (h *History) dayTotals(ctx context.Context, p Period, at Position) ([]DayTotals, error) {
	if p.Last < p.First || p.Last-p.First >= MaxDays {
		return nil, fmt.Errorf("a period of 1 to %d days is needed: %w", MaxDays, ErrTooWide)
	}
	days, err := h.bookedByDay(ctx, p, at)
	if err != nil {
		return nil, err
	}
	if err := h.moveShifted(ctx, days, p, at); err != nil {
		return nil, err
	}
	var list []DayTotals
	for i := range days {
		totals, err := h.bucketTotals(ctx, days[i])
		if err != nil {
			return nil, err
		}
		if totals != nil {
			list = append(list, DayTotals{Date: p.First + ledger.Date(i), Totals: totals})
		}
	}
	return list, nil
}

// bookedByDay is what was booked on each day of a period.
func (h *History) bookedByDay(ctx context.Context, p Period, at Position) ([]sums, error) {
	days := make([]sums, p.Last-p.First+1)
	last := uint64(0) // sequence at the end of the day before
	var before sums
	for i := range len(days) + 1 {
		end, err := h.AtDate(ctx, p.First+ledger.Date(i)-1)
		if err != nil {
			return nil, err
		}
		sequence := min(end.Sequence, at.Sequence)
		if i > 0 && sequence == last {
			continue
		}
		after, _, err := h.sumsAt(ctx, sequence)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			days[i-1] = after.less(before)
		}
		before, last = after, sequence
	}
	return days, nil
}

// moveShifted brings what does not count from the day of its booking to the day from which it counts.
func (h *History) moveShifted(ctx context.Context, days []sums, p Period, at Position) error {
	for _, column := range [...]string{"booked", "effective"} {
		err := h.reads.each(ctx, "SELECT "+column+", sequence, bucket, data FROM history_shift_totals WHERE ledger = ? AND "+
			column+" BETWEEN ? AND ? AND sequence <= ?",
			[]any{h.number, int64(p.First), int64(p.Last), int64(at.Sequence)}, func(row *sql.Rows) error {
				var date, sequence, bucket int64
				var data []byte
				if err := row.Scan(&date, &sequence, &bucket, &data); err != nil {
					return err
				}
				data, err := unseal("shift totals", segmentSeal(h.place(uint64(sequence)), int(bucket)), data)
				if err != nil {
					return err
				}
				moved, to := decodeSums(data)[0], days[date-int64(p.First)].at(uint32(bucket))
				if column == "booked" {
					to.debits, to.credits = to.debits.Sub(moved.debits), to.credits.Sub(moved.credits)
				} else {
					to.debits, to.credits = to.debits.Add(moved.debits), to.credits.Add(moved.credits)
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// less is what was booked after an earlier state of the same sums.
func (s sums) less(earlier sums) sums {
	out := make(sums, len(s))
	copy(out, s)
	for i := range earlier {
		out[i].debits, out[i].credits = out[i].debits.Sub(earlier[i].debits), out[i].credits.Sub(earlier[i].credits)
	}
	return out
}
