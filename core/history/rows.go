package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/longmen/longmen/store"
)

// table is how rows of a table are written.
type table struct {
	name     string
	ints     []string // columns of numbers, the key among them
	blobs    []string // columns of bytes, after the numbers
	conflict string   // what to do when the key is there
}

const replace = " ON CONFLICT (place) DO UPDATE SET data = excluded.data"

// crowded is how many bytes of ids the row of a millisecond takes; the ones beyond get rows of their own.
const crowded = 16 << 10

// The tables, in the order in which they are written.
const (
	tableCommand = iota
	tableEntry
	tableHash
	tableAccount
	tableHead
	tableGroup
	tableTotals
	tableOpened
	tableChain
	tablePayout
	tableAhead
	tableDetail
	tableTimeline
	tableUndo
	tableHolding
	tableHolder
	tableFold
	tableID
	tableCrowd
	tableReference
	tableShift
	tablePayoutShift
	tableShiftTotals
	tableCount
)

var tables = [tableCount]table{
	tableCommand:   {"history_command", []string{"place"}, []string{"data"}, replace},
	tableEntry:     {"history_entry", []string{"place"}, []string{"data"}, replace},
	tableHash:      {"history_hash", []string{"place"}, []string{"data"}, replace},
	tableAccount:   {"history_account", []string{"place"}, []string{"data"}, replace},
	tableHead:      {"history_head", []string{"place"}, []string{"data"}, replace},
	tableGroup:     {"history_group", []string{"place"}, []string{"data"}, ""},
	tableTotals:    {"history_totals", []string{"place"}, []string{"data"}, ""},
	tableOpened:    {"history_opened", []string{"ledger", "kind", "number"}, []string{"data"}, ""},
	tableChain:     {"history_chain", []string{"account", "entry"}, nil, ""},
	tablePayout:    {"history_payout", []string{"place"}, []string{"head", "ahead"}, ""},
	tableAhead:     {"history_ahead", []string{"place", "segment"}, []string{"data"}, ""},
	tableDetail:    {"history_detail", []string{"place", "holder"}, []string{"data"}, ""},
	tableTimeline:  {"history_timeline", []string{"register", "payout"}, nil, ""},
	tableUndo:      {"history_undo", []string{"place", "register"}, nil, ""},
	tableHolding:   {"history_holding", []string{"account", "change"}, []string{"data"}, ""},
	tableHolder:    {"history_holder", []string{"register", "holder", "change", "account"}, nil, ""},
	tableFold:      {"history_fold", []string{"account", "change"}, []string{"data"}, " ON CONFLICT DO NOTHING"},
	tableID:        {"history_id", []string{"place"}, []string{"data"}, ""},
	tableCrowd:     {"history_crowd", []string{"place", "sequence"}, []string{"rest"}, ""},
	tableReference: {"history_reference", []string{"ledger", "type", "sequence"}, []string{"value"}, " ON CONFLICT DO NOTHING"},
	tableShift: {
		"history_shift", []string{"owner", "class", "effective", "entry", "booked", "debit", "credit"}, nil, "",
	},
	tablePayoutShift: {"history_payout_shift", []string{"owner", "class", "effective", "payout", "booked"}, nil, ""},
	tableShiftTotals: {
		"history_shift_totals", []string{"ledger", "effective", "sequence", "bucket", "booked"}, []string{"data"}, "",
	},
}

// rows are rows of one table that wait to be written.
type rows struct {
	ints  []int64
	blobs [][]byte
}

// add adds a row; its bytes must not change until it is written.
func (r *rows) add(ints ...int64)    { r.ints = append(r.ints, ints...) }
func (r *rows) with(blobs ...[]byte) { r.blobs = append(r.blobs, blobs...) }
func (r *rows) reset()               { r.ints, r.blobs = r.ints[:0], r.blobs[:0] }
func (t *table) count(r *rows) int   { return len(r.ints) / len(t.ints) }

// chunk is how many rows one statement of SQLite writes.
const chunk = 16

// insert is a statement that writes n rows.
func (t *table) insert(n int) string {
	row := "(" + store.List(len(t.ints)+len(t.blobs)) + ")"
	return "INSERT INTO " + t.name + " (" + strings.Join(append(append([]string{}, t.ints...), t.blobs...), ", ") + ") VALUES " +
		strings.Repeat(row+", ", n-1) + row + t.conflict
}

// insertArrays is a statement of PostgreSQL that writes as many rows as its arrays are long.
func (t *table) insertArrays() string {
	casts := make([]string, 0, len(t.ints)+len(t.blobs))
	for range t.ints {
		casts = append(casts, "?::bigint[]")
	}
	for range t.blobs {
		casts = append(casts, "?::bytea[]")
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(append(append([]string{}, t.ints...), t.blobs...), ", ") +
		") SELECT * FROM unnest(" + strings.Join(casts, ", ") + ")" + t.conflict
}

const (
	appendID = `INSERT INTO history_id (place, data) VALUES (?, ?)
		ON CONFLICT (place) DO UPDATE SET data = CAST(history_id.data || excluded.data AS BLOB) WHERE length(history_id.data) < ?`
	appendIDs = `INSERT INTO history_id (place, data) SELECT * FROM unnest(?::bigint[], ?::bytea[])
		ON CONFLICT (place) DO UPDATE SET data = history_id.data || excluded.data WHERE length(history_id.data) < ? RETURNING place`
	move = `UPDATE history_ledger SET position = ?, state = ? WHERE number = ? AND position = ? AND owner = ?`
)

// writing is the statements of a writer. It is for one goroutine.
type writing struct {
	db    *store.DB
	one   [tableCount]*sql.Stmt // SQLite: one row
	many  [tableCount]*sql.Stmt // SQLite: chunk rows; PostgreSQL: arrays
	id    *sql.Stmt
	moved *sql.Stmt
	args  []any
}

func prepareWriting(ctx context.Context, db *store.DB) (*writing, error) {
	w := &writing{db: db}
	prepare := func(to **sql.Stmt, query string) (err error) {
		*to, err = db.Writer().PrepareContext(ctx, db.Rebind(query))
		return err
	}
	err := prepare(&w.moved, move)
	for i := range tables {
		if db.Dialect() == store.Postgres {
			err = firstError(err, prepare(&w.many[i], tables[i].insertArrays()))
			continue
		}
		err = firstError(err, prepare(&w.one[i], tables[i].insert(1)), prepare(&w.many[i], tables[i].insert(chunk)))
	}
	if db.Dialect() == store.Postgres {
		err = firstError(err, prepare(&w.id, appendIDs))
	} else {
		err = firstError(err, prepare(&w.id, appendID))
	}
	if err != nil {
		return nil, firstError(fmt.Errorf("prepare writing of history: %w", err), w.close())
	}
	return w, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) close() error {
	var first error
	for _, list := range [][]*sql.Stmt{w.one[:], w.many[:], {w.id, w.moved}} {
		for _, s := range list {
			if s != nil {
				first = firstError(first, s.Close())
			}
		}
	}
	return first
}

// write writes the rows of one table.
func (w *writing) write(ctx context.Context, tx *sql.Tx, i int, r *rows) error {
	t := &tables[i]
	n := t.count(r)
	if n == 0 {
		return nil
	}
	var err error
	switch {
	case i == tableID:
		err = w.writeIDs(ctx, tx, r)
	case w.db.Dialect() == store.Postgres:
		err = w.writeArrays(ctx, tx.StmtContext(ctx, w.many[i]), t, r, n)
	default:
		err = w.writeChunks(ctx, tx, i, r, n)
	}
	if err != nil {
		return fmt.Errorf("write %d rows to %s: %w", n, t.name, err)
	}
	return nil
}

func (w *writing) writeChunks(ctx context.Context, tx *sql.Tx, i int, r *rows, n int) error {
	t := &tables[i]
	many, one := tx.StmtContext(ctx, w.many[i]), tx.StmtContext(ctx, w.one[i])
	for at := 0; at < n; {
		stmt, k := one, 1
		if n-at >= chunk {
			stmt, k = many, chunk
		}
		w.args = w.args[:0]
		for ; k > 0; k-- {
			for c := range t.ints {
				w.args = append(w.args, r.ints[at*len(t.ints)+c])
			}
			for c := range t.blobs {
				w.args = append(w.args, r.blobs[at*len(t.blobs)+c])
			}
			at++
		}
		if _, err := stmt.ExecContext(ctx, w.args...); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) writeArrays(ctx context.Context, stmt *sql.Stmt, t *table, r *rows, n int) error {
	args := make([]any, 0, len(t.ints)+len(t.blobs))
	for c := range t.ints {
		column := make([]int64, n)
		for j := range column {
			column[j] = r.ints[j*len(t.ints)+c]
		}
		args = append(args, column)
	}
	for c := range t.blobs {
		column := make([][]byte, n)
		for j := range column {
			column[j] = r.blobs[j*len(t.blobs)+c]
		}
		args = append(args, column)
	}
	_, err := stmt.ExecContext(ctx, args...)
	return err
}

// writeIDs appends ids to the rows of their milliseconds. Where a row is full they get rows of their own.
func (w *writing) writeIDs(ctx context.Context, tx *sql.Tx, r *rows) error {
	full, err := w.appendIDs(ctx, tx, r)
	if err != nil {
		return err
	}
	over := rows{}
	for i := range r.ints {
		if full[i] {
			for b := r.blobs[i]; len(b) > 0; b = b[idSize:] {
				over.add(r.ints[i], int64(le.Uint64(b[idRest:])))
				over.with(b[:idRest])
			}
		}
	}
	return w.write(ctx, tx, tableCrowd, &over)
}

func (w *writing) appendIDs(ctx context.Context, tx *sql.Tx, r *rows) (full []bool, err error) {
	full = make([]bool, len(r.ints))
	stmt := tx.StmtContext(ctx, w.id)
	if w.db.Dialect() == store.SQLite {
		for i := range r.ints {
			res, err := stmt.ExecContext(ctx, r.ints[i], r.blobs[i], crowded)
			if err != nil {
				return nil, err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return nil, err
			}
			full[i] = n == 0
		}
		return full, nil
	}
	done, err := stmt.QueryContext(ctx, r.ints, r.blobs, crowded)
	if err != nil {
		return nil, err
	}
	defer func() { _ = done.Close() }() // its error is that of Err
	written := map[int64]bool{}
	for done.Next() {
		var place int64
		if err := done.Scan(&place); err != nil {
			return nil, err
		}
		written[place] = true
	}
	for i, place := range r.ints {
		full[i] = !written[place]
	}
	return full, done.Err()
}
