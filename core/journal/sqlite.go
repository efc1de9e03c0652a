package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"

	"github.com/longmen/longmen/store"
)

// maxFailedCommits is how often in a row a commit may fail before the disk is given up. Each time the connection is
// opened anew, what is there is read back, and the same bytes are written and synced again, never only synced.
const maxFailedCommits = 3

// sqliteRows keeps rows in a SQLite file.
type sqliteRows struct {
	db     *store.DB
	failed atomic.Int32 // commits in a row

	before, page, ledgers, stray *sql.Stmt // on the readers' connections

	lastWritten, listed, insert, add *sql.Stmt // on the writer's
}

const queryBefore = `SELECT sequence, epoch, count, hash FROM journal
	WHERE ledger = ? AND sequence <= ? ORDER BY sequence DESC LIMIT 1`

func openSQLiteRows(ctx context.Context, db *store.DB) (*sqliteRows, error) {
	s := &sqliteRows{db: db}
	for _, q := range []struct {
		stmt  **sql.Stmt
		pool  *sql.DB
		query string
	}{
		{&s.before, db.Reader(), queryBefore},
		{&s.lastWritten, db.Writer(), queryBefore},
		{&s.page, db.Reader(), `SELECT sequence, epoch, count, hash, bytes FROM journal
			WHERE ledger = ? AND sequence >= ? ORDER BY sequence LIMIT ?`},
		{&s.ledgers, db.Reader(), `SELECT id, name, created FROM ledger ORDER BY name`},
		{&s.stray, db.Reader(), `SELECT ledger, sequence FROM journal WHERE ledger NOT IN (SELECT id FROM ledger) LIMIT 1`},
		{&s.listed, db.Writer(), `SELECT count(*) FROM ledger WHERE id = ?`},
		{&s.insert, db.Writer(), `INSERT INTO journal (ledger, sequence, epoch, count, hash, bytes) VALUES (?, ?, ?, ?, ?, ?)`},
		{&s.add, db.Writer(), `INSERT INTO ledger (id, name, created) VALUES (?, ?, ?)`},
	} {
		stmt, err := q.pool.PrepareContext(ctx, q.query)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		*q.stmt = stmt
	}
	return s, nil
}

// Close closes the statements.
func (s *sqliteRows) Close() error {
	var err error
	for _, stmt := range []*sql.Stmt{s.before, s.page, s.ledgers, s.stray, s.lastWritten, s.listed, s.insert, s.add} {
		if stmt != nil {
			err = errors.Join(err, stmt.Close())
		}
	}
	return err
}

// Insert does not heed the context once it has begun: a transaction takes milliseconds and is never left half done.
func (s *sqliteRows) Insert(ctx context.Context, groups []Group) ([]bool, *Failure) {
	if err := ctx.Err(); err != nil {
		return nil, &Failure{Outcome: store.TryAgain, Err: err}
	}
	ctx = context.WithoutCancel(ctx)
	tx, err := s.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return nil, beforeCommit(err)
	}
	inserted, bytes, err := s.insertAll(ctx, tx, groups)
	if err != nil || bytes == 0 {
		if err = errors.Join(err, tx.Rollback()); err != nil {
			return nil, beforeCommit(err)
		}
		return inserted, nil
	}
	if err := tx.Commit(); err != nil {
		return nil, s.failure(&store.CommitError{Err: err})
	}
	s.failed.Store(0)
	s.db.Wrote(bytes)
	return inserted, nil
}

// beforeCommit: whatever went wrong, nothing was stored.
func beforeCommit(err error) *Failure {
	f := &Failure{Outcome: store.OutcomeOf(err), Err: err}
	if f.Outcome == store.Unknown {
		f.Outcome = store.Refused
	}
	return f
}

func (s *sqliteRows) failure(err error) *Failure {
	f := &Failure{Outcome: store.OutcomeOf(err), Err: err}
	if f.Outcome == store.Unknown {
		f.Final = s.failed.Add(1) >= maxFailedCommits
	}
	return f
}

func (s *sqliteRows) insertAll(ctx context.Context, tx *sql.Tx, groups []Group) (inserted []bool, bytes int, err error) {
	insert := tx.StmtContext(ctx, s.insert)
	inserted = make([]bool, len(groups))
	for i := range groups {
		g := &groups[i]
		fits, err := s.fits(ctx, tx, g)
		if err != nil {
			return nil, 0, err
		}
		if !fits {
			continue
		}
		if _, err := insert.ExecContext(ctx, g.Ledger[:], int64(g.First), int64(g.Epoch), int64(g.Count), g.Hash[:], g.bytes); err != nil {
			return nil, 0, err
		}
		inserted[i] = true
		bytes += len(g.bytes)
	}
	return inserted, bytes, nil
}

// fits says whether a group follows the ledger's last row. Nobody else writes until the transaction ends.
func (s *sqliteRows) fits(ctx context.Context, tx *sql.Tx, g *Group) (bool, error) {
	last, found, err := scanBefore(g.Ledger, tx.StmtContext(ctx, s.lastWritten).QueryRowContext(ctx, g.Ledger[:], int64(maxInteger)))
	if err != nil {
		return false, err
	}
	if found {
		return last.next() == g.First && last.Hash == g.Previous && last.Epoch <= g.Epoch, nil
	}
	if g.First != 1 {
		return false, nil
	}
	var listed int
	err = tx.StmtContext(ctx, s.listed).QueryRowContext(ctx, g.Ledger[:]).Scan(&listed)
	return listed > 0, err
}

// scanBefore reads the columns of one row, or that there is none.
func scanBefore(ledger [16]byte, r *sql.Row) (Row, bool, error) {
	row := Row{Ledger: ledger}
	var sequence, epoch, count int64
	var hash []byte
	err := r.Scan(&sequence, &epoch, &count, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Row{}, false, nil
	}
	row.set(sequence, epoch, count, hash)
	return row, err == nil, err
}

// set takes over what the database holds. A number out of range comes out as one that no group has.
func (r *Row) set(sequence, epoch, count int64, hash []byte) {
	r.Sequence, r.Epoch, r.Count = uint64(sequence), uint64(epoch), uint32(count)
	copy(r.Hash[:], hash)
}

// Before reads the columns of one row.
func (s *sqliteRows) Before(ctx context.Context, ledger [16]byte, sequence uint64) (Row, bool, error) {
	return scanBefore(ledger, s.before.QueryRowContext(ctx, ledger[:], int64(sequence)))
}

// Page stops when it has enough bytes.
func (s *sqliteRows) Page(ctx context.Context, ledger [16]byte, from uint64, size int) (page []Row, err error) {
	rows, err := s.page.QueryContext(ctx, ledger[:], int64(from), pageRows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for bytes := 0; bytes < size && rows.Next(); {
		var sequence, epoch, count int64
		var hash []byte
		row := Row{Ledger: ledger}
		if err := rows.Scan(&sequence, &epoch, &count, &hash, &row.Bytes); err != nil {
			return page, err
		}
		row.set(sequence, epoch, count, hash)
		page = append(page, row)
		bytes += len(row.Bytes)
	}
	return page, rows.Err()
}

// Confirm has nothing to do: SQLite shows nothing that is not synced.
func (s *sqliteRows) Confirm(context.Context) error { return nil }

// Reopen closes the writer's connection; the next use opens another, which reads the log again.
func (s *sqliteRows) Reopen(ctx context.Context) error {
	conn, err := s.db.Writer().Conn(ctx)
	if err != nil {
		return err
	}
	if err := conn.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
		return errors.Join(err, conn.Close())
	}
	return nil
}

// Ledgers reads the list.
func (s *sqliteRows) Ledgers(ctx context.Context) (list []Ledger, err error) {
	rows, err := s.ledgers.QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l Ledger
		var id []byte
		if err := rows.Scan(&id, &l.Name, &l.Created); err != nil {
			return nil, err
		}
		copy(l.ID[:], id)
		list = append(list, l)
	}
	return list, rows.Err()
}

// AddLedger adds to the list.
func (s *sqliteRows) AddLedger(ctx context.Context, l Ledger) error {
	_, err := s.add.ExecContext(context.WithoutCancel(ctx), l.ID[:], l.Name, l.Created)
	if store.IsDuplicate(err) {
		return ErrLedgerExists
	}
	return err
}

// Stray reads the whole index.
func (s *sqliteRows) Stray(ctx context.Context) (Row, bool, error) {
	var ledger []byte
	var sequence int64
	err := s.stray.QueryRowContext(ctx).Scan(&ledger, &sequence)
	if errors.Is(err, sql.ErrNoRows) {
		return Row{}, false, nil
	}
	row := Row{Sequence: uint64(sequence)}
	copy(row.Ledger[:], ledger)
	return row, err == nil, err
}
