package party

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// query runs statements in one transaction, or a single one without.
type query struct {
	ctx context.Context
	tx  asked
	db  *store.DB
}

// asked is a transaction, or a pool for a single statement.
type asked interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (q *query) exec(statement string, args ...any) error {
	_, err := q.tx.ExecContext(q.ctx, q.db.Rebind(statement), args...)
	return err
}

func (q *query) row(statement string, args ...any) *sql.Row {
	return q.tx.QueryRowContext(q.ctx, q.db.Rebind(statement), args...)
}

// count reads one number.
func (q *query) count(statement string, args ...any) (n int64, err error) {
	err = q.row(statement, args...).Scan(&n)
	return n, err
}

// room refuses when there are as many rows as allowed.
func (q *query) room(most int64, what, statement string, args ...any) error {
	n, err := q.count(statement, args...)
	if err == nil && n >= most {
		return TooMany.Errorf("there are %d %s, and no more are allowed; end one that is no longer needed", n, what)
	}
	return err
}

// locking ends a query whose row must stay as it is until the transaction ends. SQLite has one writer anyway.
func (q *query) locking() string {
	if q.db.Dialect() == store.Postgres {
		return " FOR NO KEY UPDATE"
	}
	return ""
}

func (r *Registry) read(ctx context.Context, f func(*query) error) error {
	return r.db.Read(ctx, func(tx *sql.Tx) error { return f(&query{ctx, tx, r.db}) })
}

func (r *Registry) write(ctx context.Context, f func(*query) error) error {
	return r.db.Write(ctx, func(tx *sql.Tx) error { return f(&query{ctx, tx, r.db}) })
}

// column reads an id of 16 bytes, or none.
type column struct{ to *id.ID }

func (c column) Scan(from any) error {
	b, ok := from.([]byte)
	if !ok && from != nil || len(b) != 0 && len(b) != id.Size {
		return errors.New("a column of an id holds something else")
	}
	*c.to = id.ID{}
	copy(c.to[:], b)
	return nil
}

// personal reads a sealed column.
type personal struct{ to *Personal }

func (p personal) Scan(from any) (err error) {
	b, ok := from.([]byte)
	if !ok && from != nil {
		return errors.New("a column of personal data holds something else")
	}
	*p.to, err = unseal(b)
	return err
}

// until reads an end.
type until struct{ to *int64 }

func (u until) Scan(from any) error {
	n, ok := from.(int64)
	if !ok {
		return errors.New("a column of an end holds something else")
	}
	*u.to = ending(n)
	return nil
}

// record says how the rows of one kind are read.
type record[T any] struct {
	what string // the kind, for messages
	from string // SELECT … FROM …, where the kind's own table is called x
	key  string // the column of the id
	dest func(*T) []any
}

func (k *record[T]) find(q *query, tenant, i id.ID, end string) (v T, found bool, err error) {
	err = q.row(k.from+" WHERE x.tenant = ? AND x."+k.key+" = ?"+end, tenant[:], i[:]).Scan(k.dest(&v)...)
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	return v, err == nil, err
}

// get reads a row that must be there.
func (k *record[T]) get(q *query, tenant, i id.ID, end string) (T, error) {
	v, found, err := k.find(q, tenant, i, end)
	if err == nil && !found {
		err = errs.NotFound.Errorf("there is no %s %s", k.what, i)
	}
	return v, err
}

// one reads a row in a transaction of its own.
func (k *record[T]) one(ctx context.Context, r *Registry, tenant, i id.ID) (v T, err error) {
	if err := checkTenant(tenant); err != nil {
		return v, err
	}
	err = r.read(ctx, func(q *query) error {
		v, err = k.get(q, tenant, i, "")
		return err
	})
	return v, failed("read "+k.what, err)
}

// where collects what a list is narrowed to.
type where struct {
	text strings.Builder
	args []any
}

func (w *where) and(condition string, args ...any) *where {
	w.text.WriteString(" AND " + condition)
	w.args = append(w.args, args...)
	return w
}

// of narrows a list to what belongs to one, who is found by an index of his own. Without that SQLite looks through all rows
// of the tenant, in the order of ids.
func (w *where) of(table, column string, tenant, one id.ID) *where {
	return w.and("x.id IN (SELECT i.id FROM "+table+" i WHERE i.tenant = ? AND i."+column+" = ?)", tenant[:], one[:])
}

// page is the statement that reads a page of what a list is narrowed to.
func (k *record[T]) page(w *where) string {
	return k.from + " WHERE x.tenant = ? AND x." + k.key + " > ?" + w.text.String() + " ORDER BY x." + k.key + " LIMIT ?"
}

// list reads a page of a tenant's rows.
func (k *record[T]) list(ctx context.Context, r *Registry, tenant id.ID, w *where, p Page) (list []T, err error) {
	if err := first(checkTenant(tenant), p.check()); err != nil {
		return nil, err
	}
	args := append([]any{tenant[:], p.After[:]}, w.args...)
	list, err = k.scan(&query{ctx, r.db.Reader(), r.db}, k.page(w), append(args, p.Limit)...)
	return list, failed("list rows of "+k.what, err)
}

func (k *record[T]) scan(q *query, statement string, args ...any) (list []T, err error) {
	rows, err := q.tx.QueryContext(q.ctx, q.db.Rebind(statement), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v T
		if err := rows.Scan(k.dest(&v)...); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// creation makes a row once.
type creation[T any] struct {
	kind   *record[T]
	tenant id.ID
	id     id.ID
	same   func(*T) bool      // whether a row of this id has the same content
	insert func(*query) error // checks what the row leans on and writes it
	taken  error              // the answer when another row has what only one may have
}

// do answers with the row, whoever made it first.
func (c *creation[T]) do(ctx context.Context, r *Registry) (v T, err error) {
	if err = r.write(ctx, func(q *query) error { v, err = c.once(q); return err }); store.IsDuplicate(err) {
		// Somebody was faster, with this id or with another one: the second look tells.
		err = r.write(ctx, func(q *query) error { v, err = c.once(q); return err })
		if store.IsDuplicate(err) && c.taken != nil {
			err = c.taken
		}
	}
	return v, failed("create "+c.kind.what, err)
}

// within does it as part of a transaction that is another one's.
func (c *creation[T]) within(ctx context.Context, r *Registry, tx *sql.Tx) (T, error) {
	v, err := c.once(&query{ctx, tx, r.db})
	return v, failed("create "+c.kind.what, err)
}

func (c *creation[T]) once(q *query) (v T, err error) {
	v, found, err := c.kind.find(q, c.tenant, c.id, "")
	switch {
	case err != nil:
		return v, err
	case found && !c.same(&v):
		var none T
		return none, errs.Conflict.Errorf("the %s %s exists with other content; use a new id for another one", c.kind.what, c.id).On("id")
	case found:
		return v, nil
	}
	if err := c.insert(q); err != nil {
		return v, err
	}
	return c.kind.get(q, c.tenant, c.id, "")
}

// failed wraps an operating failure; an outcome for the caller stays as it is.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	if outcome := new(errs.Error); errors.As(err, &outcome) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

// compare compares ids by their bytes, as the rows are sorted.
func compare(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }
