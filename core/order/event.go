package order

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/longmen/longmen/kit/id"
)

var queryEvents = `SELECT ` + stepColumns + `,
	(SELECT b.parties FROM order_book b WHERE b.tenant = order_step.tenant AND b.id = order_step.item)
	FROM order_step WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?`

// Events gives the events of a tenant after a number, 0 for all of them, in their order: at most size of them, 1 to
// 1,000. Each has the parties of its order.
//
// A reader who asks again after the last number that he was given misses nothing. Numbers are given under a lock that
// lasts until the commit is visible, so they are 1, 2, 3… without gaps, and whoever sees an event sees all before it.
// That is so on every node and every standby.
func (o *Orders) Events(ctx context.Context, tenant id.ID, after uint64, size int) ([]Step, error) {
	if err := checkSize(size); err != nil {
		return nil, err
	}
	if after > maxPlace {
		return nil, invalid("after", "%d is more than events are counted", after)
	}
	var events []Step
	err := o.read(ctx, func(r rows) error {
		return r.each(ctx, queryEvents, []any{tenant[:], int64(after), size}, func(found *sql.Rows) error {
			var parties string
			s, err := scanStep(found, &parties)
			if err != nil {
				return err
			}
			s.Parties, err = decode[Party](parties)
			events = append(events, s)
			return err
		})
	})
	return events, err
}

const (
	queryLast     = `SELECT last FROM order_tenant WHERE tenant = ?`
	queryPosition = `SELECT position FROM order_follower WHERE tenant = ? AND name = ?`
)

// Last is the number of the tenant's last event, 0 if there is none.
func (o *Orders) Last(ctx context.Context, tenant id.ID) (uint64, error) {
	return o.number(ctx, queryLast, tenant[:])
}

// Position is the number of the last event with which a follower has dealt, 0 if there is none. A follower is named by a
// code.
func (o *Orders) Position(ctx context.Context, tenant id.ID, follower string) (uint64, error) {
	if err := checkCode("follower", follower); err != nil {
		return 0, err
	}
	return o.number(ctx, queryPosition, tenant[:], follower)
}

// number reads one number, 0 if there is none.
func (o *Orders) number(ctx context.Context, query string, args ...any) (n uint64, err error) {
	err = o.read(ctx, func(r rows) error {
		return r.each(ctx, query, args, func(found *sql.Rows) error { return found.Scan(&n) })
	})
	return n, err
}

// Advance moves a follower from one position to a later one as part of the caller's own transaction, begun with Write of
// the same database. What the follower writes in it is written exactly once: if somebody else moved the position, the
// answer is Moved, and the caller takes the transaction back and reads the position again.
func (o *Orders) Advance(ctx context.Context, tx *sql.Tx, tenant id.ID, follower string, from, to uint64) error {
	if err := checkID("tenant", tenant); err != nil {
		return err
	}
	if err := checkCode("follower", follower); err != nil {
		return err
	}
	if to <= from || to > maxPlace {
		return invalid("to", "%d is no position after %d", to, from)
	}
	r := rows{o.db.Dialect(), tx}
	var last uint64
	if err := r.each(ctx, queryLast, []any{tenant[:]}, func(found *sql.Rows) error { return found.Scan(&last) }); err != nil {
		return err
	}
	if to > last {
		return invalid("to", "%d is an event that does not exist yet, the last is %d", to, last)
	}
	query, args := `UPDATE order_follower SET position = ? WHERE tenant = ? AND name = ? AND position = ?`,
		[]any{int64(to), tenant[:], follower, int64(from)}
	if from == 0 {
		query, args = `INSERT INTO order_follower (tenant, name, position) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			[]any{tenant[:], follower, int64(to)}
	}
	result, err := tx.ExecContext(ctx, r.dialect.Rebind(query), args...)
	if err != nil {
		return fmt.Errorf("advance follower %s: %w", follower, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("advance follower %s: %w", follower, err)
	}
	if n == 0 {
		return Moved.Errorf("follower %s does not stand at %d: read its position again", follower, from).On("from")
	}
	return nil
}
