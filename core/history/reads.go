package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/longmen/longmen/store"
)

// reads asks the database. Statements are prepared when they are first used.
type reads struct {
	db         *store.DB
	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

func newReads(db *store.DB) *reads { return &reads{db: db, statements: map[string]*sql.Stmt{}} }

func (r *reads) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.RLock()
	s := r.statements[query]
	r.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s = r.statements[query]; s != nil {
		return s, nil
	}
	s, err := r.db.Reader().PrepareContext(ctx, r.db.Rebind(query))
	if err != nil {
		return nil, fmt.Errorf("prepare reading of history: %w", err)
	}
	r.statements[query] = s
	return s, nil
}

func (r *reads) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var first error
	for _, s := range r.statements {
		first = firstError(first, s.Close())
	}
	clear(r.statements)
	return first
}

// each calls row for every row of an answer.
func (r *reads) each(ctx context.Context, query string, args []any, row func(*sql.Rows) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.db.Dialect() == store.SQLite {
		// The embedded database answers such questions in microseconds; being ready to be interrupted takes longer.
		ctx = context.WithoutCancel(ctx)
	}
	s, err := r.statement(ctx, query)
	if err != nil {
		return err
	}
	answer, err := s.QueryContext(ctx, args...)
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	for answer.Next() {
		if err := row(answer); err != nil {
			return errors.Join(err, answer.Close())
		}
	}
	if err := errors.Join(answer.Err(), answer.Close()); err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	return nil
}

// one scans the only row of an answer; it is false when there is none.
func (r *reads) one(ctx context.Context, query string, args []any, to ...any) (found bool, err error) {
	err = r.each(ctx, query, args, func(row *sql.Rows) error {
		found = true
		return row.Scan(to...)
	})
	return found, err
}

// Many keys are asked for at once, in so many at a time that few statements are enough. What is left over is filled up
// with the last key, so rows may come twice.
var askSizes = [...]int{1, 16, 128}

// many calls ask with the keys in portions, filled up to one of askSizes.
func many(keys []int64, ask func(keys []int64) error) error {
	for len(keys) > 0 {
		size := askSizes[len(askSizes)-1]
		for _, s := range askSizes {
			if len(keys) <= s {
				size = s
				break
			}
		}
		part := keys[:min(size, len(keys))]
		keys = keys[len(part):]
		if len(part) < size {
			full := make([]int64, size)
			copy(full, part)
			for i := len(part); i < size; i++ {
				full[i] = part[len(part)-1]
			}
			part = full
		}
		if err := ask(part); err != nil {
			return err
		}
	}
	return nil
}

func anys(keys []int64, more ...any) []any {
	args := make([]any, 0, len(keys)+len(more))
	for _, k := range keys {
		args = append(args, k)
	}
	return append(args, more...)
}

// keysTable begins a query with a table v of n keys k, each of which has a place in args.
func keysTable(n int) string {
	return "WITH v(k) AS (VALUES (CAST(? AS bigint))" + strings.Repeat(", (?)", n-1) + ") "
}

// pairs calls ask with a query's beginning for a table v of pairs of keys, the second named so, and its arguments. It is
// filled up to one of askSizes with the last pair, so rows may come more than once.
func pairs(keys []int64, second string, ask func(with string, args []any) error) error {
	n := askSizes[len(askSizes)-1]
	for _, s := range askSizes {
		if len(keys) <= 2*s {
			n = s
			break
		}
	}
	args := make([]any, 0, 2*n+4)
	for i := range 2 * n {
		args = append(args, keys[min(i, len(keys)-2+i%2)])
	}
	with := "WITH v(k, " + second + ") AS (VALUES (CAST(? AS bigint), CAST(? AS bigint))" + strings.Repeat(", (?, ?)", n-1) + ") "
	return ask(with, args)
}
