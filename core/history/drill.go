package history

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// DayQuery asks which commands make up what counts from a day in one bucket.
type DayQuery struct {
	Bucket uint32
	Date   ledger.Date
	At     Position // what came later does not count
	After  uint64   // sequence after which to go on, 0 at the beginning
	Limit  int      // commands, 1 to MaxPage
}

// DayCommand is what one command booked in a bucket.
type DayCommand struct {
	Sequence uint64
	ID       ledger.ID
	Purpose  uint32
	Booked   ledger.Date
	Total    BucketTotal
}

// DayCommands lists the commands that make up what counts from a day in a bucket, by sequence. next is where to go on, 0
// at the end; a page may be short, even empty, and have a next.
func (h *History) DayCommands(ctx context.Context, q DayQuery) (list []DayCommand, next uint64, err error) {
	if list, next, err = h.dayCommands(ctx, &q); err != nil {
		return nil, 0, fmt.Errorf("commands of bucket %d that count from %v: %w", q.Bucket, q.Date, err)
	}
	return list, next, nil
}

func (h *History) dayCommands(ctx context.Context, q *DayQuery) (list []DayCommand, next uint64, err error) {
	if q.Limit < 1 || q.Limit > MaxPage {
		return nil, 0, fmt.Errorf("limit: %d, want 1 to %d", q.Limit, MaxPage)
	}
	sequences, err := h.shiftedTo(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	horizon := uint64(math.MaxUint64) // beyond it there may be commands that are not in the list
	if len(sequences) == q.Limit {
		horizon = sequences[q.Limit-1]
	}
	first, last, err := h.bookedOn(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	if last >= first+uint64(h.sizes.looked) {
		last = first + uint64(h.sizes.looked) - 1
		horizon = min(horizon, last)
	}
	for s := first; s <= last; s++ {
		c, err := h.command(ctx, s)
		if err != nil {
			return nil, 0, err
		}
		if c.effective() == c.Date {
			sequences = append(sequences, s)
		}
	}
	slices.Sort(sequences)
	for _, s := range sequences {
		if s > horizon {
			break
		}
		d, err := h.dayCommand(ctx, q.Bucket, s)
		if err != nil {
			return nil, 0, err
		}
		if d.Total != (BucketTotal{Bucket: q.Bucket}) {
			list = append(list, d)
		}
		if len(list) == q.Limit {
			return list, s, nil
		}
	}
	if horizon == math.MaxUint64 {
		horizon = 0
	}
	return list, horizon, nil
}

// bookedOn gives the first and the last command of the day's booking that the question has not come to yet.
func (h *History) bookedOn(ctx context.Context, q *DayQuery) (first, last uint64, err error) {
	before, err := h.AtDate(ctx, q.Date-1)
	if err != nil {
		return 0, 0, err
	}
	through, err := h.AtDate(ctx, q.Date)
	return max(before.Sequence, q.After) + 1, min(through.Sequence, q.At.Sequence), err
}

// shiftedTo lists the commands that were booked on another day and count from this one.
func (h *History) shiftedTo(ctx context.Context, q *DayQuery) (list []uint64, err error) {
	err = h.reads.each(ctx, `SELECT sequence FROM history_shift_totals
		WHERE ledger = ? AND effective = ? AND sequence > ? AND sequence <= ? AND bucket = ? ORDER BY sequence LIMIT ?`,
		[]any{h.number, int64(q.Date), int64(q.After), int64(q.At.Sequence), int64(q.Bucket), q.Limit}, func(row *sql.Rows) error {
			var sequence int64
			err := row.Scan(&sequence)
			list = append(list, uint64(sequence))
			return err
		})
	return list, err
}

// dayCommand adds up what a command booked in a bucket.
func (h *History) dayCommand(ctx context.Context, bucket uint32, sequence uint64) (d DayCommand, err error) {
	c, err := h.command(ctx, sequence)
	if err != nil {
		return d, err
	}
	before := counts{}
	if sequence > 1 {
		previous, err := h.command(ctx, sequence-1)
		if err != nil {
			return d, err
		}
		before = previous.counts
	}
	var s sums
	if err := h.addBooked(ctx, &s, before, c.counts); err != nil {
		return d, err
	}
	d = DayCommand{Sequence: sequence, ID: c.ID, Purpose: c.Purpose, Booked: c.Date, Total: BucketTotal{Bucket: bucket}}
	t := s.at(bucket)
	d.Total.Debits, d.Total.Credits = t.debits, t.credits
	return d, nil
}
