package order_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/store"
)

// checkPlan wants a query answered by searching indexes, and sorted by none but them.
func checkPlan(t *testing.T, db *store.DB, what string, q order.Query) {
	t.Helper()
	for _, line := range plan(t, db, q) {
		bad := strings.Contains(line, "SCAN") || strings.Contains(line, "TEMP B-TREE")
		if db.Dialect() == store.Postgres {
			bad = strings.Contains(line, "Seq Scan") || strings.Contains(line, "Filter: ") && !strings.Contains(q.SQL, " IN (")
			// A list of places is read in any order and then sorted: it is as long as a page at most.
			bad = bad || strings.Contains(line, "Sort") && !strings.Contains(q.SQL, " IN (")
		}
		if bad {
			t.Errorf("%s: %s\nin the plan of %s", what, line, q.SQL)
		}
	}
}

func plan(t *testing.T, db *store.DB, q order.Query) []string {
	t.Helper()
	var lines []string
	err := db.Read(t.Context(), func(tx *sql.Tx) error {
		query := "EXPLAIN QUERY PLAN " + q.SQL
		if db.Dialect() == store.Postgres {
			if _, err := tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
				return err
			}
			query = "EXPLAIN " + q.SQL
		}
		return explain(t.Context(), tx, db.Rebind(query), q.Args, &lines)
	})
	if err != nil {
		t.Fatalf("%s: %v", q.SQL, err)
	}
	return lines
}

func explain(ctx context.Context, tx *sql.Tx, query string, args []any, lines *[]string) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		*lines = append(*lines, values[len(values)-1].String)
	}
	return rows.Err()
}
