package history

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/longmen/longmen/store"
)

// order says how rows of a table are compared: in the order of their first keys, or, where those are not the order of the
// logs, by a number that places them there.
type order struct {
	keys   int // so many numbers are the key, in the order of the logs
	number int // which number places a row, -1 for none
	block  int // the log whose records the rows hold
}

const noLog = -1

var orders = [tableCount]order{
	tableCommand: {1, -1, logCommand}, tableEntry: {1, -1, logEntry}, tableHash: {1, -1, logHash},
	tableAccount: {1, -1, noLog}, tableGroup: {1, -1, noLog}, tableTotals: {1, -1, noLog}, tablePayout: {1, -1, noLog},
	tableAhead: {2, -1, noLog}, tableDetail: {2, -1, noLog}, tableUndo: {2, -1, noLog},

	tableOpened: {0, 2, noLog}, tableChain: {0, 1, noLog}, tableTimeline: {0, 1, noLog}, tableHolding: {0, 1, noLog},
	tableHolder: {0, 2, noLog}, tableReference: {0, 2, noLog}, tableShift: {0, 3, noLog}, tablePayoutShift: {0, 3, noLog},
	tableShiftTotals: {0, 2, noLog},
	tableID:          {0, 0, noLog},

	tableHead: {0, -1, noLog}, tableFold: {0, -1, noLog}, tableCrowd: {0, -1, noLog},
}

// scan goes through a table's stored rows in the order of the logs.
type scan struct {
	h      *History
	table  int
	order  order
	query  string
	rows   []storedRow
	last   [2]int64 // key of the last row read
	ended  bool
	broken bool
}

type storedRow struct {
	key   [2]int64
	blobs [][]byte
}

// scanRows is how many rows are read at once.
const scanRows = 256

func newScan(h *History, table int, o order) *scan {
	t := &tables[table]
	keys := strings.Join(t.ints[:o.keys], ", ")
	columns := strings.Join(append(append([]string{}, t.ints...), t.blobs...), ", ")
	query := fmt.Sprintf("SELECT %s FROM %s WHERE (%s) > (%s) AND place <= ? ORDER BY %s LIMIT %d", columns, t.name, keys,
		store.List(o.keys), keys, scanRows)
	return &scan{h: h, table: table, order: o, query: query, last: [2]int64{h.place(0) - 1, never}}
}

// peek gives the next stored row, nil at the end.
func (k *scan) peek(ctx context.Context) (*storedRow, error) {
	if len(k.rows) == 0 && !k.ended {
		if err := k.read(ctx); err != nil {
			return nil, err
		}
	}
	if len(k.rows) == 0 {
		return nil, nil
	}
	return &k.rows[0], nil
}

func (k *scan) read(ctx context.Context) error {
	t := &tables[k.table]
	args := []any{k.last[0], k.h.place(maxPosition)}
	if k.order.keys == 2 {
		args = []any{k.last[0], k.last[1], k.h.place(maxPosition)}
	}
	k.rows = k.rows[:0]
	err := k.h.reads.each(ctx, k.query, args, func(row *sql.Rows) error {
		r := storedRow{blobs: make([][]byte, len(t.blobs))}
		to := make([]any, 0, 4)
		for i := range t.ints {
			to = append(to, &r.key[i])
		}
		for i := range t.blobs {
			to = append(to, &r.blobs[i])
		}
		if err := row.Scan(to...); err != nil {
			return err
		}
		k.rows = append(k.rows, r)
		return nil
	})
	k.ended = len(k.rows) < scanRows
	if len(k.rows) > 0 {
		k.last = k.rows[len(k.rows)-1].key
	}
	return err
}

// compare compares expected rows with the next stored ones.
func (k *scan) compare(ctx context.Context, c *Comparison, expected *rows) error {
	t := &tables[k.table]
	n := t.count(expected)
	for i := 0; i < n && !k.broken; i++ {
		want := storedRow{blobs: expected.blobs[i*len(t.blobs) : (i+1)*len(t.blobs)]}
		copy(want.key[:], expected.ints[i*len(t.ints):(i+1)*len(t.ints)])
		if err := k.one(ctx, c, &want); err != nil {
			if err = damagedFile(err); !errors.Is(err, ErrDamaged) {
				return err
			}
			k.broken = true
			c.differ(k.sequence(c, &want), "table %s can't be read from row %d on: %v", t.name, number(&want), err)
		}
	}
	return nil
}

// number is a row's number in its log.
func number(r *storedRow) uint64 { return uint64(r.key[0] & maxPosition) }

func (k *scan) one(ctx context.Context, c *Comparison, want *storedRow) error {
	name := tables[k.table].name
	for {
		got, err := k.peek(ctx)
		if err != nil {
			return err
		}
		if got == nil || compareKeys(got.key, want.key) > 0 {
			c.differ(k.sequence(c, want), "table %s: row %d is missing%s", name, number(want), k.holds(want))
			return nil
		}
		k.rows = k.rows[1:]
		if compareKeys(got.key, want.key) == 0 {
			k.compareRow(c, got, want)
			return nil
		}
		c.differ(k.sequence(c, want), "table %s: row %d should not be there", name, number(got))
	}
}

func compareKeys(a, b [2]int64) int {
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// compareRow compares the bytes of two rows of one key.
func (k *scan) compareRow(c *Comparison, got, want *storedRow) {
	for i := range want.blobs {
		if bytes.Equal(got.blobs[i], want.blobs[i]) {
			continue
		}
		name := tables[k.table].name
		switch {
		case k.order.block != noLog:
			k.compareBlock(c, got, want)
		case k.table == tableAccount:
			k.compareAccounts(c, got, want)
		case k.table == tableGroup:
			k.compareGroup(c, got, want)
		default:
			c.differ(k.sequence(c, want), "table %s: row %d is not what it should be", name, number(want))
		}
		return
	}
}

// compareBlock finds the first record that differs. What an older program stored may differ in its bytes alone.
func (k *scan) compareBlock(c *Comparison, got, want *storedRow) {
	name, log := tables[k.table].name, k.order.block
	size, full := logSizes[log], blockSize*logSizes[log]
	ought, _ := unpack(log, want.blobs[0][:len(want.blobs[0])-sealSize])
	is, whole := unpack(log, got.blobs[0][:max(0, len(got.blobs[0])-sealSize)])
	for at := 0; at < len(ought); at += size {
		if at+size > len(is) || !bytes.Equal(is[at:at+size], ought[at:at+size]) {
			record := number(want)<<blockShift + uint64(at/size)
			c.differ(recordSequence(log, record, ought[at:at+size]), "table %s: record %d is not what it should be", name, record+1)
			return
		}
	}
	if len(is) > len(ought) && whole && len(ought) < full {
		c.beyond = append(c.beyond, Difference{0, fmt.Sprintf("table %s: row %d has records after the last", name, number(want))})
		return
	}
	if _, err := unseal(logNames[log], got.key[0], got.blobs[0]); err != nil {
		c.differ(recordSequence(log, number(want)<<blockShift, ought), "table %s: the checksum of row %d is wrong", name, number(want))
	} else if !whole || len(is) != len(ought) {
		c.differ(recordSequence(log, number(want)<<blockShift, ought), "table %s: the records of row %d can't be read, though its checksum is right", name, number(want))
	}
}

// recordSequence is the command to which a record of a log belongs.
func recordSequence(log int, record uint64, data []byte) uint64 {
	switch log {
	case logCommand:
		return record + 1
	case logEntry:
		return le.Uint64(data[16:])
	}
	return leafOf(record)
}

// leafOf is the command whose leaf completed the tree's node at a place: leaf n is followed by the nodes that it
// completes, one for each one at the end of n in binary.
func leafOf(place uint64) uint64 {
	low, high := uint64(0), place // leaf n stands at 2n − (ones in n), so not after 2n
	for low < high {
		middle := (low + high + 1) / 2
		if leafPlace(middle) <= place {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low + 1
}

// leafPlace is where the hash of leaf n, from 0, is stored.
func leafPlace(n uint64) (place uint64) {
	for ; n > 0; n >>= 1 {
		place += n
	}
	return place
}

func (k *scan) compareAccounts(c *Comparison, got, want *storedRow) {
	first := uint32(number(want))<<blockShift + 1
	ought, _ := decodeAccounts(first, want.blobs[0][:len(want.blobs[0])-sealSize])
	is, ok := decodeAccounts(first, got.blobs[0][:max(0, len(got.blobs[0])-sealSize)])
	for i := range ought {
		if i >= len(is) || is[i] != ought[i] {
			c.differ(0, "table history_account: account %d, %s, is not what it should be", ought[i].Number, ought[i].Address)
			return
		}
	}
	if ok && len(is) > len(ought) && len(ought) < blockSize {
		c.beyond = append(c.beyond, Difference{0, fmt.Sprintf("table history_account: account %d should not be there", is[len(ought)].Number)})
		return
	}
	c.differ(0, "table history_account: the checksum of row %d is wrong", number(want))
}

// groupFixed is the length of a group's head: epoch, engine, timestamp, wall, date, hash of the group before.
const groupFixed = 8 + 2 + 8 + 8 + 4 + 32

// compareGroup finds the first result that differs.
func (k *scan) compareGroup(c *Comparison, got, want *storedRow) {
	is, ought, at := got.blobs[0], want.blobs[0][:len(want.blobs[0])-sealSize], 0
	for at < len(is) && at < len(ought) && is[at] == ought[at] {
		at++
	}
	group, end := number(want), groupFixed
	if at < end {
		c.differ(group, "table history_group: the head of the group at sequence %d is not what it should be", group)
		return
	}
	for sequence := group; end < len(ought); sequence++ {
		length, n := binary.Uvarint(ought[end:])
		if end += n + int(length); at < end {
			c.differ(sequence, "the result of command %d is not what the replay gives", sequence)
			return
		}
	}
	c.differ(group, "table history_group: the checksum of the group at sequence %d is wrong", group)
}

// sequence is the command to which an expected row belongs, or that of the batch in which it is expected.
func (k *scan) sequence(c *Comparison, want *storedRow) uint64 {
	switch k.table {
	case tableGroup, tableTotals:
		return number(want)
	case tablePayout:
		return le.Uint64(want.blobs[0][4:])
	case tableAhead, tableDetail, tableUndo:
		b := c.batch
		for i := range b.payouts {
			if b.payouts[i].no == number(want) {
				return le.Uint64(b.payoutData[b.payouts[i].head+4:])
			}
		}
	case tableAccount:
		return 0
	}
	if k.order.block != noLog {
		records, _ := unpack(k.order.block, want.blobs[0][:len(want.blobs[0])-sealSize])
		return recordSequence(k.order.block, number(want)<<blockShift, records)
	}
	return 0
}

// holds says what is lost with a row.
func (k *scan) holds(want *storedRow) string {
	switch {
	case k.order.block != noLog:
		return fmt.Sprintf(", with records %d and following", number(want)<<blockShift+1)
	case k.table == tableGroup:
		return fmt.Sprintf(", with the results of the group at sequence %d", number(want))
	}
	return ""
}
