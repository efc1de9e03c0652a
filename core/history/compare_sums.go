package history

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// tally adds up rows that are not stored in the order of the logs. Rows whose numbers lie together are added up together,
// so a difference tells where it lies to a few dozen commands.
type tally struct {
	buckets map[uint64]*tallied
	most    uint64 // the highest number
}

type tallied struct {
	sum         [2]uint64 // of the rows' hashes
	first, last uint64    // commands
}

const tallyShift = 6

// addTo adds a row's hash; whether it is added or taken away makes up the difference of two sums.
func (s *tally) addTo(bucket uint64, ints []int64, blobs [][]byte, sign uint64) *tallied {
	t := s.buckets[bucket]
	if t == nil {
		t = &tallied{}
		s.buckets[bucket] = t
	}
	h := sha256.New()
	var b [8]byte
	for _, v := range ints {
		le.PutUint64(b[:], uint64(v))
		h.Write(b[:])
	}
	for _, v := range blobs {
		le.PutUint64(b[:], uint64(len(v)))
		h.Write(b[:])
		h.Write(v)
	}
	var hash [sha256.Size]byte
	h.Sum(hash[:0])
	t.sum[0] += sign * le.Uint64(hash[:])
	t.sum[1] += sign * le.Uint64(hash[8:])
	return t
}

const (
	plus  uint64 = 1
	minus        = ^uint64(0)
)

// bucketOf says with which rows a row is added up.
func bucketOf(table int, ints []int64) (bucket, number uint64) {
	number = uint64(ints[orders[table].number])
	if table == tableOpened {
		return uint64(ints[1])<<32 | number, number
	}
	return number >> tallyShift, number
}

// expect adds a row that ought to be stored.
func (s *tally) expect(table int, ints []int64, blobs [][]byte, sequence uint64) {
	bucket, number := bucketOf(table, ints)
	t := s.addTo(bucket, ints, blobs, plus)
	if t.first == 0 {
		t.first = sequence
	}
	t.last = max(t.last, sequence)
	s.most = max(s.most, number)
}

// addTally adds the rows of a table that the batch ought to have made.
func (c *Comparison) addTally(table int, s *tally, r *rows) {
	t := &tables[table]
	for i := range t.count(r) {
		ints := r.ints[i*len(t.ints) : (i+1)*len(t.ints)]
		s.expect(table, ints, r.blobs[i*len(t.blobs):(i+1)*len(t.blobs)], c.sequenceOf(table, ints))
	}
}

// sequenceOf is the command that made a row of the batch.
func (c *Comparison) sequenceOf(table int, ints []int64) uint64 {
	b, number := c.batch, uint64(ints[orders[table].number])
	before := c.project.firstCounts(b)
	switch table {
	case tableChain, tableShift:
		return le.Uint64(b.entries.at(int(number - before.Entries - 1))[16:])
	case tableTimeline, tablePayoutShift:
		return le.Uint64(b.payoutData[b.payouts[number-before.Payouts-1].head+4:])
	case tableHolding, tableHolder:
		sequence, _ := binary.Uvarint(b.changeData[b.changes[number-before.Changes-1].from+8:])
		return sequence
	case tableReference, tableShiftTotals:
		return number
	}
	return b.from + 1
}

// addIDs adds up ids one by one: how they are gathered in rows depends on how commands came together.
func (c *Comparison) addIDs(r *rows) {
	s := c.tallies[tableID]
	for i, place := range r.ints {
		for b := r.blobs[i]; len(b) > 0; b = b[idSize:] {
			sequence := le.Uint64(b[idRest:])
			t := s.addTo(sequence>>tallyShift, []int64{int64(sequence), place}, [][]byte{b[:idRest]}, plus)
			if t.first == 0 {
				t.first = sequence
			}
			t.last = max(t.last, sequence)
			s.most = max(s.most, sequence)
		}
	}
}

// scope is the part of a table that belongs to a ledger.
func (h *History) scope(table int) (where string, args []any) {
	t := &tables[table]
	switch t.ints[0] {
	case "ledger":
		return "ledger = ?", []any{h.number}
	case "place":
		return "place BETWEEN ? AND ?", []any{h.place(0), h.place(maxPosition)}
	}
	return t.ints[0] + " BETWEEN ? AND ?", []any{h.owner(0), h.owner(1<<32 - 1)}
}

// finishTables reads the tables that were added up, and what is left of the others.
func (c *Comparison) finishTables(ctx context.Context) error {
	for table := range tables {
		name := tables[table].name
		var err error
		if k := c.scans[table]; k != nil && !k.broken {
			var got *storedRow
			if got, err = k.peek(ctx); got != nil {
				c.beyond = append(c.beyond, Difference{0, fmt.Sprintf("table %s: row %d should not be there", name, number(got))})
			}
		} else if c.tallies[table] != nil || table == tableCrowd {
			err = c.subtract(ctx, table)
		}
		if err = damagedFile(err); errors.Is(err, ErrDamaged) {
			c.differ(0, "table %s can't be read: %v", name, err)
			delete(c.tallies, table)
			if table == tableCrowd {
				delete(c.tallies, tableID)
			}
		} else if err != nil {
			return err
		}
	}
	for table, s := range c.tallies {
		c.tellTally(table, s)
	}
	slices.SortFunc(c.found, func(a, b Difference) int { return strings.Compare(a.What, b.What) })
	return nil
}

// subtract takes the stored rows of a table away from those that were expected.
func (c *Comparison) subtract(ctx context.Context, table int) error {
	t := &tables[table]
	where, args := c.stored.scope(table)
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s", strings.Join(append(append([]string{}, t.ints...), t.blobs...), ", "), t.name, where)
	ints, blobs := make([]int64, len(t.ints)), make([]sql.RawBytes, len(t.blobs))
	to := make([]any, 0, len(ints)+len(blobs))
	for i := range ints {
		to = append(to, &ints[i])
	}
	for i := range blobs {
		to = append(to, &blobs[i])
	}
	plain := make([][]byte, len(blobs))
	return c.stored.reads.each(ctx, query, args, func(row *sql.Rows) error {
		if err := row.Scan(to...); err != nil {
			return err
		}
		for i := range blobs {
			plain[i] = blobs[i]
		}
		c.subtractRow(table, ints, plain)
		return nil
	})
}

func (c *Comparison) subtractRow(table int, ints []int64, blobs [][]byte) {
	s := c.tallies[table]
	switch table {
	case tableID:
		b := blobs[0]
		for ; len(b) >= idSize; b = b[idSize:] {
			c.subtractID(ints[0], b[:idRest], le.Uint64(b[idRest:]))
		}
		if len(b) > 0 {
			c.differ(0, "table history_id: row %d has %d bytes too many", ints[0], len(b))
		}
		return
	case tableCrowd:
		c.subtractID(ints[0], blobs[0], uint64(ints[1]))
		return
	}
	bucket, number := bucketOf(table, ints)
	if table != tableOpened && number > s.most {
		c.beyond = append(c.beyond, Difference{0, fmt.Sprintf("table %s: a row of number %d should not be there", tables[table].name, number)})
		return
	}
	s.addTo(bucket, ints, blobs, minus)
}

func (c *Comparison) subtractID(place int64, rest []byte, sequence uint64) {
	s := c.tallies[tableID]
	if s == nil {
		return
	}
	if sequence > s.most {
		c.beyond = append(c.beyond, Difference{0, fmt.Sprintf("table history_id: an id of command %d should not be there", sequence)})
		return
	}
	s.addTo(sequence>>tallyShift, []int64{int64(sequence), place}, [][]byte{rest}, minus)
}

// tellTally tells which rows do not add up.
func (c *Comparison) tellTally(table int, s *tally) {
	name := tables[table].name
	for bucket, t := range s.buckets {
		if t.sum == [2]uint64{} {
			continue
		}
		from := bucket << tallyShift
		switch {
		case table == tableOpened:
			kind := [...]string{"row", "asset", "bucket", "register"}[min(bucket>>32, 3)]
			c.differ(t.first, "table %s: %s %d is not what it should be", name, kind, uint32(bucket))
		case t.first == 0:
			c.differ(0, "table %s: a row of a number from %d to %d should not be there", name, from, from+1<<tallyShift-1)
		default:
			c.differ(t.first, "table %s: rows of numbers %d to %d, of commands %d to %d, are not what they should be",
				name, from, from+1<<tallyShift-1, t.first, t.last)
		}
	}
}

// compareState compares the ledger's row.
func (c *Comparison) compareState() {
	is, ought := c.at, c.project.state
	ought.heads = is.heads
	if is != ought {
		c.differ(is.sequence, "table history_ledger: what it says of the lengths of the logs is %+v, it should be %+v", is, ought)
	}
}

// tellBeyond tells of rows after the end. There are none unless something is wrong.
func (c *Comparison) tellBeyond() {
	for _, d := range c.beyond[:min(len(c.beyond), mostFound)] {
		c.differ(d.Sequence, "%s", d.What)
	}
}

// compareHeads compares the list of newest entries by account.
func (c *Comparison) compareHeads(ctx context.Context) error {
	h := c.stored
	if c.heads == nil {
		c.keepHeads(c.at.heads)
	}
	want := *c.heads
	stored := map[uint32][]byte{}
	err := h.reads.each(ctx, "SELECT place, data FROM history_head WHERE place BETWEEN ? AND ?", []any{h.place(0), h.place(maxPosition)},
		func(row *sql.Rows) error {
			var place int64
			var data []byte
			if err := row.Scan(&place, &data); err != nil {
				return err
			}
			data, err := unseal("head", place, data)
			stored[uint32(place&maxPosition)] = data
			return err
		})
	if err = damagedFile(err); errors.Is(err, ErrDamaged) {
		c.differ(0, "the list of newest entries can't be read: %v", err)
		return nil
	} else if err != nil {
		return err
	}
	for account := range want {
		is, data := uint64(0), stored[uint32(account)>>numberShift]
		if at := 8 * (account & (1<<numberShift - 1)); at+8 <= len(data) {
			is = le.Uint64(data[at:])
		}
		if is != want[account] {
			c.differ(0, "table history_head: account %d has entry %d as its newest, it should be %d", account, is, want[account])
			return nil
		}
	}
	return nil
}

// compareFolds works out the folds again from the changes, which have been compared.
func (c *Comparison) compareFolds(ctx context.Context) error {
	type key struct{ account, change int64 }
	folds := map[key][]byte{}
	where, args := c.stored.scope(tableFold)
	err := c.stored.reads.each(ctx, "SELECT account, change, data FROM history_fold WHERE "+where, args, func(row *sql.Rows) error {
		var k key
		var data []byte
		err := row.Scan(&k.account, &k.change, &data)
		folds[k] = data
		return err
	})
	if err == nil && len(folds) > 0 {
		for k, data := range folds {
			if err = c.compareFold(ctx, uint32(k.account), uint64(k.change), data); err != nil {
				break
			}
		}
	}
	if err = damagedFile(err); errors.Is(err, ErrDamaged) {
		c.differ(0, "table history_fold: %v", err)
		return nil
	}
	return err
}

func (c *Comparison) compareFold(ctx context.Context, account uint32, change uint64, data []byte) error {
	h := c.stored
	from, err := h.foldBefore(ctx, account, change-1)
	if err != nil {
		return err
	}
	h.reached.Store(&reached{c.at.tail})
	s, err := h.loadHoldings(ctx, account, from)
	if err != nil {
		return err
	}
	n := len(s.events)
	if n == 0 || s.events[n-1].no != change || string(s.fold(h.owner(account), &s.events[n-1])) != string(data) {
		c.differ(0, "table history_fold: the holdings of account %d after change %d are not what they should be", account, change)
	}
	return nil
}
