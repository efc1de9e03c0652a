package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/longmen/longmen/core/ledger"
)

// knownPayout is added to the numbers of newest payouts, so that 0 is what nobody has looked up yet.
const knownPayout = 1

// prefetchPayouts is how many payouts are asked for at once.
const prefetchPayouts = 128

var placeholders = func() map[int]string {
	m := map[int]string{}
	for _, n := range askSizes {
		m[n] = strings.Repeat("?, ", n-1) + "?"
	}
	return m
}()

// payout reads a payout by its number in the ledger.
func (h *History) payout(ctx context.Context, no uint64) (*payout, error) {
	if p, ok := h.payouts.get(no); ok {
		return p, nil
	}
	list, err := h.payoutsOf(ctx, []uint64{no})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// payoutsOf reads payouts; the answer has the order of the question.
func (h *History) payoutsOf(ctx context.Context, nos []uint64) ([]*payout, error) {
	list := make([]*payout, len(nos))
	var missing []int64
	for i, no := range nos {
		if p, ok := h.payouts.get(no); ok {
			list[i] = p
		} else {
			missing = append(missing, h.place(no))
		}
	}
	if len(missing) == 0 {
		return list, nil
	}
	read := map[uint64]*payout{}
	err := many(missing, func(places []int64) error {
		query := "SELECT place, head, ahead FROM history_payout WHERE place IN (" + placeholders[len(places)] + ")"
		return h.reads.each(ctx, query, anys(places), func(row *sql.Rows) error {
			var place int64
			var head, ahead []byte
			if err := row.Scan(&place, &head, &ahead); err != nil {
				return err
			}
			p, err := decodePayout(place, head, ahead)
			if err != nil {
				return err
			}
			read[p.no] = p
			h.payouts.put(p.no, p, 400+len(ahead)+len(head))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	for i, no := range nos {
		if list[i] == nil {
			if list[i] = read[no]; list[i] == nil {
				return nil, damaged("payout", h.place(no), "the row is missing")
			}
		}
	}
	return list, nil
}

// segmentKey names a part of a payout.
type segmentKey struct {
	payout uint64
	part   uint32
}

// segment gives the bits of the holders around one.
func (h *History) segment(ctx context.Context, p *payout, holder uint32) ([]byte, error) {
	s := int(holder / segmentSize)
	if s == 0 {
		if len(p.ahead) != p.segmentBytes(0) {
			return nil, damaged("payout", h.place(p.no), "%d bytes for %d holders", len(p.ahead), p.Holders)
		}
		return p.ahead, nil
	}
	key := segmentKey{p.no, uint32(s)}
	if b, ok := h.segments.get(key); ok {
		return b, nil
	}
	place := h.place(p.no)
	var data []byte
	if _, err := h.reads.one(ctx, "SELECT data FROM history_ahead WHERE place = ? AND segment = ?", []any{place, s}, &data); err != nil {
		return nil, err
	}
	data, err := unseal("ahead", segmentSeal(place, s), data)
	if err != nil {
		return nil, err
	}
	if len(data) != p.segmentBytes(s) {
		return nil, damaged("ahead", place, "%d bytes in segment %d", len(data), s)
	}
	h.segments.put(key, data, len(data)+100)
	return data, nil
}

// detail tells where the gross of a holder's explicit line went; it is false when his line has no entry of its own.
func (h *History) detail(ctx context.Context, p *payout, holder uint32) (l ledger.LineDetail, ok bool, err error) {
	if p.Explicit == 0 {
		return l, false, nil
	}
	var first int64
	place := h.place(p.no)
	found, err := h.reads.one(ctx, "SELECT holder FROM history_detail WHERE place = ? AND holder <= ? ORDER BY holder DESC LIMIT 1",
		[]any{place, int64(holder)}, &first)
	if err != nil || !found {
		return l, false, err
	}
	list, err := h.detailsFrom(ctx, p.no, uint32(first))
	if err != nil {
		return l, false, err
	}
	for i := range list {
		if list[i].Holder == holder {
			return list[i], true, nil
		}
	}
	return l, false, nil
}

// detailsFrom reads the explicit lines that stand in one row.
func (h *History) detailsFrom(ctx context.Context, no uint64, first uint32) ([]ledger.LineDetail, error) {
	key := segmentKey{no, first}
	if list, ok := h.details.get(key); ok {
		return list, nil
	}
	place := h.place(no)
	var data []byte
	if _, err := h.reads.one(ctx, "SELECT data FROM history_detail WHERE place = ? AND holder = ?", []any{place, int64(first)}, &data); err != nil {
		return nil, err
	}
	data, err := unseal("detail", segmentSeal(place, int(first)), data)
	if err != nil {
		return nil, err
	}
	f := fields{data, true}
	var list []ledger.LineDetail
	for len(f.b) > 0 {
		list = append(list, f.detail())
	}
	if !f.ok {
		return nil, damaged("detail", place, "the lines from holder %d on can't be read", first)
	}
	h.details.put(key, list, len(list)*88+100)
	return list, nil
}

// newestPayout is the number of a register's newest payout, 0 for none.
func (h *History) newestPayout(ctx context.Context, register uint32) (uint64, error) {
	if no := h.latest.at(register); no != 0 {
		return no - knownPayout, nil
	}
	var no int64
	_, err := h.reads.one(ctx, "SELECT payout FROM history_timeline WHERE register = ? ORDER BY payout DESC LIMIT 1",
		[]any{h.owner(register)}, &no)
	if err != nil {
		return 0, err
	}
	h.learn(register, uint64(no))
	return uint64(no), nil
}

// payoutsAt gives for each register its newest payout that is not above a number, 0 for none.
func (h *History) payoutsAt(ctx context.Context, registers []uint32, most uint64) ([]uint64, error) {
	const query = `SELECT k, (SELECT payout FROM history_timeline t WHERE t.register = v.k AND t.payout <= ?
		ORDER BY t.payout DESC LIMIT 1) FROM v`
	answers := make([]uint64, len(registers))
	places := map[int64]int{}
	var ask []int64
	for i, r := range registers {
		if no := h.latest.at(r); no != 0 && no-knownPayout <= most {
			answers[i] = no - knownPayout
			continue
		}
		key := h.owner(r)
		places[key] = i
		ask = append(ask, key)
	}
	learn := most >= h.reached.Load().Payouts
	err := many(ask, func(keys []int64) error {
		return h.reads.each(ctx, keysTable(len(keys))+query, anys(keys, int64(most)), func(row *sql.Rows) error {
			var key int64
			var no sql.NullInt64
			if err := row.Scan(&key, &no); err != nil {
				return err
			}
			answers[places[key]] = uint64(no.Int64)
			if learn {
				h.learn(uint32(key), uint64(no.Int64))
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("timelines of %d registers: %w", len(registers), err)
	}
	return answers, nil
}

// learn remembers a register's newest payout, unless whoever appends has set one meanwhile.
func (h *History) learn(register uint32, no uint64) {
	if register <= h.newest {
		h.latest.slot(register).CompareAndSwap(0, no+knownPayout)
	}
}

// ahead asks for the next payouts of one register.
type ahead struct {
	register uint32
	above    uint64
	found    []uint64
}

// payoutsAfter gives for each register its next payouts above a number, at most so many and up to another number.
func (h *History) payoutsAfter(ctx context.Context, list []*ahead, upto uint64, most int) error {
	const query = `SELECT v.k, t.payout FROM v JOIN history_timeline t ON t.register = v.k AND t.payout > v.low AND t.payout <=
		coalesce((SELECT u.payout FROM history_timeline u WHERE u.register = v.k AND u.payout > v.low AND u.payout <= ?
			ORDER BY u.payout LIMIT 1 OFFSET ?), ?)`
	places := map[int64]*ahead{}
	var keys []int64
	for _, a := range list {
		if no := h.latest.at(a.register); no != 0 && no-knownPayout <= a.above {
			continue
		}
		key := h.owner(a.register)
		places[key] = a
		keys = append(keys, key, int64(a.above))
	}
	for len(keys) > 0 {
		n := min(len(keys), 2*askSizes[len(askSizes)-1])
		err := pairs(keys[:n], "low", func(with string, args []any) error {
			args = append(args, int64(upto), most-1, int64(upto))
			return h.reads.each(ctx, with+query, args, func(row *sql.Rows) error {
				var key, no int64
				err := row.Scan(&key, &no)
				if a := places[key]; err == nil {
					a.found = append(a.found, uint64(no))
				}
				return err
			})
		})
		if err != nil {
			return fmt.Errorf("timelines of %d registers: %w", len(list), err)
		}
		keys = keys[n:]
	}
	for _, a := range list {
		slices.Sort(a.found)
		a.found = slices.Compact(a.found)
	}
	return nil
}
