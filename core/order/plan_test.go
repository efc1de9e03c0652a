package order_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// checkPlan wants a query answered by searching an index by all that it asks for, and sorted by none but the index.
func checkPlan(t *testing.T, db *store.DB, what string, q order.Query) {
	t.Helper()
	lines := plan(t, db, q)
	// What is looked for comes in a table v.
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "SCAN v" || line == "SCAN CONSTANT ROW" })
	all := strings.Join(lines, "\n")
	bad := []string{"SCAN", "TEMP B-TREE", "(tenant=?)\n"}
	if db.Dialect() == store.Postgres {
		bad = []string{"Seq Scan", "Sort"}
		if !strings.Contains(q.SQL, " IN (") && !strings.Contains(q.SQL, " LATERAL ") { // which are for one row, that may be looked at
			bad = append(bad, "Filter: ")
		}
	} else if !strings.Contains(all, q.Index) {
		t.Errorf("%s: no index %s\nin the plan\n%s\nof %s", what, q.Index, all, q.SQL)
	}
	for _, b := range bad {
		if strings.Contains(all, b) {
			t.Errorf("%s: %s\nin the plan\n%s\nof %s", what, b, all, q.SQL)
		}
	}
}

func plan(t *testing.T, db *store.DB, q order.Query) []string {
	t.Helper()
	var lines []string
	err := db.Read(t.Context(), func(tx *sql.Tx) error {
		query := "EXPLAIN QUERY PLAN " + q.SQL
		if db.Dialect() == store.Postgres {
			if _, err := tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"); err != nil {
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

// What was written before is looked for by its own index also in tables that were empty when PostgreSQL made its plan: it
// keeps that plan while they grow.
func TestAnEmptyTableIsSearched(t *testing.T) {
	db := storetest.Postgres(t)
	newWorld(t, db, ask())
	for _, q := range order.OtherQueries(db.Dialect(), tenant, uid("order", 1)) {
		if !strings.Contains(q.SQL, "LATERAL") {
			continue
		}
		var lines []string
		if err := db.Read(t.Context(), func(tx *sql.Tx) error {
			return explain(t.Context(), tx, db.Rebind("EXPLAIN "+q.SQL), q.Args, &lines)
		}); err != nil {
			t.Fatal(err)
		}
		index, _, _ := strings.Cut(q.Index, " ")
		if all := strings.Join(lines, "\n"); !strings.Contains(all, "Index Scan using "+index) {
			t.Errorf("%s\nof %s", all, q.SQL)
		}
	}
}
