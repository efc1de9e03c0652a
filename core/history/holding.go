package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// holdings are an account's changes of holdings over a stretch of time: those that stood at its start and those that
// came until its end. An account with few changes has one stretch; others have a fold now and then where a new one
// begins, so that no question reads them all.
type holdings struct {
	account  uint32
	from     uint64 // change after which it begins, 0 for the first
	upto     uint64 // changes of the ledger that it has seen
	last     bool   // no fold follows
	inactive int64  // implied for holdings without units at its start
	start    []change
	events   []change

	payoutsBefore uint64 // payouts of the ledger at its start
}

// payoutsAfter are the payouts of the ledger at the end of a stretch that is not the last: it ends with a change.
func (s *holdings) payoutsAfter() uint64 { return s.events[len(s.events)-1].Payouts }

type holdingsKey struct {
	account uint32
	from    uint64 // newest for the last stretch
}

const newest = ^uint64(0)

// longStretches is by how many folds a last stretch may have grown before it is read again, shorter by now.
const longStretches = 4

// holdingsAt gives the stretch in which an account stood after so many changes of the ledger.
func (h *History) holdingsAt(ctx context.Context, account uint32, changes uint64) (*holdings, error) {
	return h.holdingsFrom(ctx, account, changes, changes)
}

// holdingsFrom gives the same stretch, with what came in it up to a later change.
func (h *History) holdingsFrom(ctx context.Context, account uint32, changes, upto uint64) (*holdings, error) {
	key := holdingsKey{account, newest}
	s, ok := h.holdings.get(key)
	if ok && s.from <= changes {
		if s.upto >= upto || h.changed[account%stripeCount].Load() <= s.upto {
			return s, nil
		}
		if uint64(len(s.events)) < longStretches*h.sizes.fold {
			return h.extend(ctx, s)
		}
	}
	from, err := h.foldBefore(ctx, account, changes)
	if err != nil {
		return nil, err
	}
	if s, ok := h.holdings.get(holdingsKey{account, from}); ok {
		return s, nil
	}
	if s, err = h.loadHoldings(ctx, account, from); err != nil {
		return nil, fmt.Errorf("holdings of account %d: %w", account, err)
	}
	if !s.last {
		key.from = from
	}
	h.holdings.put(key, s, s.cost())
	return s, nil
}

func (s *holdings) cost() int { return 200 + 260*(len(s.start)+len(s.events)) }

// foldBefore is the last fold at or before a change, 0 for none.
func (h *History) foldBefore(ctx context.Context, account uint32, changes uint64) (uint64, error) {
	var no int64
	_, err := h.reads.one(ctx, "SELECT change FROM history_fold WHERE account = ? AND change <= ? ORDER BY change DESC LIMIT 1",
		[]any{h.owner(account), int64(changes)}, &no)
	return uint64(no), err
}

// loadHoldings reads the stretch that begins at a fold.
func (h *History) loadHoldings(ctx context.Context, account uint32, from uint64) (*holdings, error) {
	s := &holdings{account: account, from: from, last: true, upto: h.reached.Load().Changes}
	if from > 0 {
		var data []byte
		if _, err := h.reads.one(ctx, "SELECT data FROM history_fold WHERE account = ? AND change = ?",
			[]any{h.owner(account), int64(from)}, &data); err != nil {
			return nil, err
		}
		if err := s.unfold(h.owner(account), data); err != nil {
			return nil, err
		}
	}
	var next int64
	found, err := h.reads.one(ctx, "SELECT change FROM history_fold WHERE account = ? AND change > ? ORDER BY change LIMIT 1",
		[]any{h.owner(account), int64(from)}, &next)
	if err != nil {
		return nil, err
	}
	if found {
		s.last, s.upto = false, uint64(next)
	}
	s.events, err = h.changesOf(ctx, account, from, s.upto)
	if err == nil && found && (len(s.events) == 0 || s.events[len(s.events)-1].no != s.upto) {
		err = damaged("fold", h.owner(account), "there is no change %d", s.upto)
	}
	return s, err
}

// extend reads what has come since a last stretch was read.
func (h *History) extend(ctx context.Context, s *holdings) (*holdings, error) {
	upto := h.reached.Load().Changes
	more, err := h.changesOf(ctx, s.account, s.upto, upto)
	if err != nil {
		return nil, err
	}
	grown := *s
	grown.upto = upto
	grown.events = append(s.events[:len(s.events):len(s.events)], more...)
	h.holdings.put(holdingsKey{s.account, newest}, &grown, grown.cost())
	return &grown, nil
}

// changesOf reads an account's changes after one, up to another.
func (h *History) changesOf(ctx context.Context, account uint32, after, upto uint64) (list []change, err error) {
	key := h.owner(account)
	err = h.reads.each(ctx, "SELECT change, data FROM history_holding WHERE account = ? AND change > ? AND change <= ? ORDER BY change",
		[]any{key, int64(after), int64(upto)}, func(row *sql.Rows) error {
			var no int64
			var data sql.RawBytes
			if err := row.Scan(&no, &data); err != nil {
				return err
			}
			c, err := decodeChange(key, uint64(no), data)
			list = append(list, c)
			return err
		})
	return list, err
}

// holdingID names a holding.
type holdingID struct{ register, holder uint32 }

func (c *change) id() holdingID { return holdingID{c.Register, c.Holder} }

// at gives the holdings that have units after so many changes, and what payouts imply for those without.
func (s *holdings) at(changes uint64) (active []*change, inactive int64) {
	inactive = s.inactive
	if len(s.events) == 0 || s.events[0].no > changes {
		active = make([]*change, len(s.start))
		for i := range s.start {
			active[i] = &s.start[i]
		}
		return active, inactive
	}
	places := make(map[holdingID]int, len(s.start)+len(s.events))
	take := func(c *change) {
		if i, ok := places[c.id()]; ok {
			active[i] = nil
			delete(places, c.id())
		} else {
			inactive -= c.before()
		}
		if c.Units == 0 {
			inactive += c.implied()
			return
		}
		places[c.id()] = len(active)
		active = append(active, c)
	}
	for i := range s.start {
		places[s.start[i].id()] = len(active)
		active = append(active, &s.start[i])
	}
	for i := range s.events {
		if s.events[i].no > changes {
			break
		}
		take(&s.events[i])
	}
	return slices.DeleteFunc(active, func(c *change) bool { return c == nil }), inactive
}

// inRegister gives the state of an account's holding in a register after so many changes, nil if there is none with
// units. An account has at most one holding in a register.
func (s *holdings) inRegister(register uint32, changes uint64) *change {
	for i := len(s.events) - 1; i >= 0; i-- {
		if c := &s.events[i]; c.no <= changes && c.Register == register {
			if c.Units == 0 {
				return nil
			}
			return c
		}
	}
	for i := range s.start {
		if s.start[i].Register == register {
			return &s.start[i]
		}
	}
	return nil
}
