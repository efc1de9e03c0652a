package history

import (
	"context"
	"database/sql"
	"fmt"
)

// holderRow is a holder's state of a moment, as the index tells where it lies.
type holderRow struct {
	holder  uint32
	account uint32
	change  uint64
}

// eachLine calls each for the lines, not zero, of n holders of a payout from one on, in order of holder number.
func (h *History) eachLine(ctx context.Context, p *payout, from, n uint32, each func(account uint32, l *line) error) error {
	return h.eachHolder(ctx, p, from, n, func(account uint32, l *line) error {
		if l.gross() == 0 {
			return nil
		}
		return each(account, l)
	})
}

// eachHolder does the same for all of them who had units.
func (h *History) eachHolder(ctx context.Context, p *payout, from, n uint32, each func(account uint32, l *line) error) error {
	var before *payout
	var err error
	if p.Previous != 0 {
		if before, err = h.payout(ctx, p.Previous); err != nil {
			return err
		}
	}
	for n > 0 {
		part := min(n, uint32(askSizes[len(askSizes)-1]))
		holders, err := h.holdersAt(ctx, p.Register, from, part, p.Changes)
		if err != nil {
			return err
		}
		changes, err := h.changesAt(ctx, holders)
		if err != nil {
			return err
		}
		for i := range holders {
			if changes[i].Units == 0 {
				continue
			}
			l, err := h.line(ctx, &changes[i], p, before)
			if err != nil {
				return err
			}
			if err := each(holders[i].account, &l); err != nil {
				return err
			}
		}
		from, n = from+part, n-part
	}
	return nil
}

const holderAt = `(SELECT max(change) FROM history_holder t WHERE t.register = ? AND t.holder = v.k AND t.change <= ?)`

// holdersAt gives the states of holders after so many changes, in order.
func (h *History) holdersAt(ctx context.Context, register, from, n uint32, changes uint64) ([]holderRow, error) {
	keys := make([]int64, n)
	for i := range keys {
		keys[i] = int64(from) + int64(i)
	}
	list := make([]holderRow, n)
	owner := h.owner(register)
	err := many(keys, func(keys []int64) error {
		query := keysTable(len(keys)) + `SELECT r.holder, r.change, r.account FROM v JOIN history_holder r
			ON r.register = ? AND r.holder = v.k AND r.change = ` + holderAt
		return h.reads.each(ctx, query, anys(keys, owner, owner, int64(changes)), func(row *sql.Rows) error {
			var holder, change, account int64
			if err := row.Scan(&holder, &change, &account); err != nil {
				return err
			}
			list[holder-int64(from)] = holderRow{uint32(holder), uint32(account), uint64(change)}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].change == 0 {
			return nil, damaged("holder", owner, "holder %d has no row up to change %d", from+uint32(i), changes)
		}
	}
	return list, nil
}

// changesAt reads changes that are known by account and number, in order.
func (h *History) changesAt(ctx context.Context, holders []holderRow) ([]change, error) {
	list := make([]change, len(holders))
	places := map[uint64]int{}
	var keys []int64
	for i, r := range holders {
		places[r.change] = i
		keys = append(keys, h.owner(r.account), int64(r.change))
	}
	for len(keys) > 0 {
		n := min(len(keys), 2*askSizes[len(askSizes)-1])
		if err := h.askChanges(ctx, keys[:n], list, places); err != nil {
			return nil, err
		}
		keys = keys[n:]
	}
	for i := range list {
		if list[i].no == 0 {
			return nil, damaged("holding", h.owner(holders[i].account), "change %d is missing", holders[i].change)
		}
	}
	return list, nil
}

func (h *History) askChanges(ctx context.Context, keys []int64, list []change, places map[uint64]int) error {
	const query = "SELECT r.account, r.change, r.data FROM v JOIN history_holding r ON r.account = v.k AND r.change = v.c"
	return pairs(keys, "c", func(with string, args []any) error {
		return h.reads.each(ctx, with+query, args, func(row *sql.Rows) error {
			var account, no int64
			var data sql.RawBytes
			if err := row.Scan(&account, &no, &data); err != nil {
				return err
			}
			c, err := decodeChange(account, uint64(no), data)
			if err != nil {
				return fmt.Errorf("change %d: %w", no, err)
			}
			list[places[uint64(no)]] = c
			return nil
		})
	})
}
