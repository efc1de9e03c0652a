package servicing

import (
	"context"
	"database/sql"

	"github.com/longmen/longmen/core/plan"
)

// Watch is told of all events of loans.
type Watch struct {
	prepare func(context.Context, *Loan, *Event, State) (any, error)
	keep    func(context.Context, *sql.Tx, []any) error
}

// Watching makes a Watch. prepare is called before the transaction that keeps an event, with the loan and its state as the
// event leaves them. What it gives is kept in that transaction, with what it gave for the other events there: keep is
// called once for all of them, and again if the transaction is.
func Watching[T any](
	prepare func(ctx context.Context, l *Loan, e *Event, state State) ([]T, error), keep func(ctx context.Context, tx *sql.Tx, list []T) error,
) Watch {
	return Watch{
		prepare: func(ctx context.Context, l *Loan, e *Event, state State) (any, error) {
			return prepare(ctx, l, e, state)
		},
		keep: func(ctx context.Context, tx *sql.Tx, parts []any) error {
			var list []T
			for _, p := range parts {
				list = append(list, p.([]T)...)
			}
			if len(list) == 0 {
				return nil
			}
			return keep(ctx, tx, list)
		},
	}
}

// Planning makes a Watch that plans something.
func Planning(p *plan.Plan, prepare func(ctx context.Context, l *Loan, e *Event, state State) ([]plan.Event, error)) Watch {
	return Watching(prepare, func(ctx context.Context, tx *sql.Tx, list []plan.Event) error { return p.AddIn(ctx, tx, list...) })
}

// Watch lets somebody be told of all events from now on, after those who were before him. It is called before anything
// happens to a loan.
func (s *Servicing) Watch(w Watch) { s.queue.watch = append(s.queue.watch, w) }
