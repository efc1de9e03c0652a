package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/longmen/longmen/store"
)

// postgresRows keeps rows in PostgreSQL.
type postgresRows struct {
	db   *store.DB
	pool *pgxpool.Pool
}

// insertRows is one statement that commits itself. So no lock of ours is held while we are not looking: a leader that
// is paused or cut off has sent all of it or nothing, and never keeps the next one waiting.
//
// Rows are never changed, so the row before is found or not, whatever others do meanwhile; of two groups that follow
// the same row the key lets one in.
const insertRows = `
INSERT INTO journal (ledger, sequence, epoch, count, hash, bytes)
SELECT g.ledger, g.sequence, g.epoch, g.count, g.hash, g.bytes
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::integer[], $5::bytea[], $6::bytea[], $7::bytea[])
     AS g (ledger, sequence, epoch, count, hash, previous, bytes)
WHERE CASE WHEN g.sequence = 1 THEN EXISTS (SELECT FROM ledger WHERE id = g.ledger)
      ELSE EXISTS (
          SELECT FROM (
              SELECT j.sequence + j.count AS next, j.hash, j.epoch FROM journal j
              WHERE j.ledger = g.ledger AND j.sequence < g.sequence ORDER BY j.sequence DESC LIMIT 1
          ) p WHERE p.next = g.sequence AND p.hash = g.previous AND p.epoch <= g.epoch
      ) END
ON CONFLICT (ledger, sequence) DO NOTHING
RETURNING ledger`

// Insert goes by ledger id, so that two nodes never wait for each other in a circle.
func (s *postgresRows) Insert(ctx context.Context, groups []Group) ([]bool, *Failure) {
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(groups[a].Ledger[:], groups[b].Ledger[:]) })
	n := len(groups)
	ledgers, sequences, epochs, counts := make([][16]byte, n), make([]int64, n), make([]int64, n), make([]int32, n)
	hashes, previous, bytes := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for k, i := range order {
		g := &groups[i]
		ledgers[k], sequences[k], epochs[k], counts[k] = g.Ledger, int64(g.First), int64(g.Epoch), int32(g.Count)
		hashes[k], previous[k], bytes[k] = g.Hash[:], g.Previous[:], g.bytes
	}
	stored, err := s.commit(ctx, insertRows, ledgers, sequences, epochs, counts, hashes, previous, bytes)
	if err != nil {
		return nil, &Failure{Outcome: store.OutcomeOf(err), Err: err}
	}
	inserted := make([]bool, n)
	for i := range groups {
		inserted[i] = slices.Contains(stored, groups[i].Ledger)
	}
	return inserted, nil
}

// commit runs a statement that commits itself, and believes its success only if the server had nothing to add: a
// warning may say that the commit did not reach the standby.
func (s *postgresRows) commit(ctx context.Context, query string, args ...any) ([][16]byte, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, &notSentError{err}
	}
	defer conn.Release()
	store.TakeWarning(conn.Conn())
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
	if err != nil {
		return nil, err
	}
	if warning := store.TakeWarning(conn.Conn()); warning != "" {
		return nil, fmt.Errorf("the server warned: %s", warning)
	}
	return ids, nil
}

// notSentError is an error before anything was sent.
type notSentError struct{ err error }

func (e *notSentError) Error() string     { return e.err.Error() }
func (e *notSentError) Unwrap() error     { return e.err }
func (e *notSentError) SafeToRetry() bool { return true }

// Close has nothing to give back.
func (s *postgresRows) Close() error { return nil }

// Before reads the columns of one row.
func (s *postgresRows) Before(ctx context.Context, ledger [16]byte, sequence uint64) (Row, bool, error) {
	var at, epoch, count int64
	var hash []byte
	err := s.pool.QueryRow(ctx, `SELECT sequence, epoch, count, hash FROM journal
		WHERE ledger = $1 AND sequence <= $2 ORDER BY sequence DESC LIMIT 1`, ledger, int64(sequence)).Scan(&at, &epoch, &count, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return Row{}, false, nil
	}
	row := Row{Ledger: ledger}
	row.set(at, epoch, count, hash)
	return row, err == nil, err
}

// Page asks for the lengths first, so that the server sends no more than is wanted.
func (s *postgresRows) Page(ctx context.Context, ledger [16]byte, from uint64, size int) ([]Row, error) {
	rows, err := s.pool.Query(ctx, `SELECT sequence, octet_length(bytes) FROM journal
		WHERE ledger = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3`, ledger, int64(from), pageRows)
	if err != nil {
		return nil, err
	}
	var sequence, to, length int64
	left := int64(size)
	if _, err := pgx.ForEachRow(rows, []any{&sequence, &length}, func() error {
		if left > 0 {
			to = sequence
		}
		left -= length
		return nil
	}); err != nil || to == 0 {
		return nil, err
	}
	rows, err = s.pool.Query(ctx, `SELECT sequence, epoch, count, hash, bytes FROM journal
		WHERE ledger = $1 AND sequence BETWEEN $2 AND $3 ORDER BY sequence`, ledger, int64(from), to)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Row, error) {
		row := Row{Ledger: ledger}
		var at, epoch, count int64
		var hash []byte
		err := r.Scan(&at, &epoch, &count, &hash, &row.Bytes)
		row.set(at, epoch, count, hash)
		return row, err
	})
}

// Confirm commits something that is nothing, which waits for the disk and the standbys as any commit does: after a
// commit that was cut off, a row can be seen before it has reached the standby.
func (s *postgresRows) Confirm(ctx context.Context) error {
	_, err := s.commit(ctx, `SELECT gen_random_uuid() FROM pg_logical_emit_message(true, 'longmen', 'confirm')`)
	if err != nil {
		return fmt.Errorf("wait until what was read is durable: %w", err)
	}
	return nil
}

// Reopen drops the other connections as well: what ended one has most likely ended all.
func (s *postgresRows) Reopen(context.Context) error {
	s.pool.Reset()
	return nil
}

// Ledgers reads the list.
func (s *postgresRows) Ledgers(ctx context.Context) ([]Ledger, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, name, created FROM ledger ORDER BY name COLLATE "C"`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Ledger, error) {
		var l Ledger
		err := r.Scan(&l.ID, &l.Name, &l.Created)
		return l, err
	})
}

// AddLedger adds to the list.
func (s *postgresRows) AddLedger(ctx context.Context, l Ledger) error {
	_, err := s.commit(ctx, `INSERT INTO ledger (id, name, created) VALUES ($1, $2, $3) RETURNING id`, l.ID, l.Name, l.Created)
	if store.IsDuplicate(err) {
		return ErrLedgerExists
	}
	return err
}

// Stray reads the whole index.
func (s *postgresRows) Stray(ctx context.Context) (Row, bool, error) {
	var row Row
	var sequence int64
	err := s.pool.QueryRow(ctx, `SELECT ledger, sequence FROM journal j
		WHERE NOT EXISTS (SELECT FROM ledger WHERE id = j.ledger) LIMIT 1`).Scan(&row.Ledger, &sequence)
	if errors.Is(err, pgx.ErrNoRows) {
		return Row{}, false, nil
	}
	row.Sequence = uint64(sequence)
	return row, err == nil, err
}

// take lets the holder have the lease if it is his, free or over. The database's clock alone decides.
const takeLease = `
INSERT INTO lease AS l (key, holder, epoch, expires)
VALUES ($1, $2, $3::bigint + 1, clock_timestamp() + $4::interval)
ON CONFLICT (key) DO UPDATE
SET holder = excluded.holder, epoch = greatest(l.epoch, $3) + 1, expires = clock_timestamp() + $4::interval
WHERE l.expires <= clock_timestamp() OR l.holder = excluded.holder
RETURNING epoch`

// Take tries once to get a lease.
func (s *postgresRows) Take(ctx context.Context, key, holder [16]byte, above uint64, term time.Duration) (Claim, error) {
	var epoch int64
	err := s.pool.QueryRow(ctx, takeLease, key, holder, int64(above), term).Scan(&epoch)
	if err == nil {
		return Claim{Granted: true, Holder: holder, Epoch: uint64(epoch), Left: term}, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return Claim{}, err
	}
	var c Claim
	err = s.pool.QueryRow(ctx, `SELECT holder, epoch, expires - clock_timestamp() FROM lease WHERE key = $1`, key).
		Scan(&c.Holder, &epoch, &c.Left)
	c.Epoch = uint64(epoch)
	return c, err
}

// Extend gives the holder another term, unless somebody else has had the lease since.
func (s *postgresRows) Extend(ctx context.Context, key, holder [16]byte, epoch uint64, term time.Duration) (bool, error) {
	tag, err := s.pool.Exec(ctx, `UPDATE lease SET expires = clock_timestamp() + $4::interval
		WHERE key = $1 AND holder = $2 AND epoch = $3`, key, holder, int64(epoch), term)
	return tag.RowsAffected() == 1, err
}

// GiveBack ends the lease now.
func (s *postgresRows) GiveBack(ctx context.Context, key, holder [16]byte, epoch uint64) error {
	_, err := s.pool.Exec(ctx, `UPDATE lease SET expires = clock_timestamp()
		WHERE key = $1 AND holder = $2 AND epoch = $3`, key, holder, int64(epoch))
	return err
}
