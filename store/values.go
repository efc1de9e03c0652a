package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/longmen/longmen/kit/id"
)

// Values are the columns of rows that a statement reads as a table named v, so that many rows cost one statement.
type Values struct {
	names string
	types []string
}

// NewValues names columns with their types, which are blob, integer and text: "id blob, amount integer". It is called for
// variables of packages and panics when they are named otherwise.
func NewValues(columns string) *Values {
	v := &Values{}
	var names []string
	for c := range strings.SplitSeq(columns, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(c), " ")
		if arrays[kind] == "" {
			panic(fmt.Sprintf("column %q: its type is none of blob, integer and text", c))
		}
		names, v.types = append(names, name), append(v.types, kind)
	}
	v.names = strings.Join(names, ", ")
	return v
}

// Names lists the columns: "id, amount".
func (v *Values) Names() string { return v.names }

// arrays are PostgreSQL's types for many values of a column.
var arrays = map[string]string{"blob": "bytea[]", "integer": "bigint[]", "text": "text[]"}

// together are the numbers of rows that one statement reads on SQLite, so that few different ones are prepared.
// PostgreSQL takes any number as arrays.
var together = []int{64, 16, 4, 1}

// Exec runs a statement on rows, each as long as there are columns, and says how many rows it changed. The statement may
// run several times, each with a part of the rows, in their order.
func (v *Values) Exec(ctx context.Context, tx *sql.Tx, d Dialect, query string, rows [][]any) (changed int64, err error) {
	return v.exec(ctx, tx, d, query, rows)
}

// Change is Exec for a statement that looks for the rows it changes or removes. PostgreSQL plans it anew each time: a plan
// from when a table was empty reads all of it for ever.
func (v *Values) Change(ctx context.Context, tx *sql.Tx, d Dialect, query string, rows [][]any) (changed int64, err error) {
	if d == Postgres {
		return v.exec(ctx, tx, d, query, rows, pgx.QueryExecModeExec)
	}
	return v.exec(ctx, tx, d, query, rows)
}

func (v *Values) exec(ctx context.Context, tx *sql.Tx, d Dialect, query string, rows [][]any, how ...any) (changed int64, err error) {
	err = v.each(d, query, rows, func(text string, args []any) error {
		args = append(slices.Clip(how), args...)
		res, err := tx.ExecContext(ctx, text, args...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		changed += n
		return err
	})
	return changed, err
}

// Query runs a statement on rows as Exec does, and gives what it answers to f.
func (v *Values) Query(ctx context.Context, tx *sql.Tx, d Dialect, query string, rows [][]any, f func(*sql.Rows) error) error {
	return v.each(d, query, rows, func(text string, args []any) error {
		found, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		for err == nil && found.Next() {
			err = f(found)
		}
		return errors.Join(err, found.Err(), found.Close())
	})
}

// Pairs runs a statement that answers with two ids, such as a tenant and what is new of his.
func (v *Values) Pairs(ctx context.Context, tx *sql.Tx, d Dialect, query string, rows [][]any) (map[[2]id.ID]bool, error) {
	list := make(map[[2]id.ID]bool, len(rows))
	err := v.Query(ctx, tx, d, query, rows, func(found *sql.Rows) error {
		var a, b []byte
		err := found.Scan(&a, &b)
		if err == nil {
			list[[2]id.ID{id.ID(a), id.ID(b)}] = true
		}
		return err
	})
	return list, err
}

// each gives the texts and the arguments to run.
func (v *Values) each(d Dialect, query string, rows [][]any, run func(text string, args []any) error) error {
	if d == Postgres && len(rows) > 0 {
		args, err := v.columns(rows)
		if err != nil {
			return err
		}
		return run(v.unnest()+query, args)
	}
	one := "(" + strings.Repeat("?,", len(v.types)-1) + "?)"
	for len(rows) > 0 {
		n := 1
		for _, t := range together {
			if t <= len(rows) {
				n = t
				break
			}
		}
		args := make([]any, 0, n*len(v.types))
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		text := "WITH v (" + v.names + ") AS (VALUES " + one + strings.Repeat(","+one, n-1) + ") " + query
		if err := run(text, args); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// unnest is the table v of arrays.
func (v *Values) unnest() string {
	list := make([]string, len(v.types))
	for i, t := range v.types {
		list[i] = fmt.Sprintf("$%d::%s", i+1, arrays[t])
	}
	return "WITH v (" + v.names + ") AS (SELECT * FROM unnest(" + strings.Join(list, ", ") + ")) "
}

// columns turns rows into an array for each column.
func (v *Values) columns(rows [][]any) ([]any, error) {
	args := make([]any, len(v.types))
	for c, t := range v.types {
		var err error
		switch t {
		case "blob":
			args[c], err = column(rows, c, func(x []byte) []byte { return x })
		case "integer":
			args[c], err = column(rows, c, func(x int64) *int64 { return &x })
		default:
			args[c], err = column(rows, c, func(x string) *string { return &x })
		}
		if err != nil {
			return nil, err
		}
	}
	return args, nil
}

// column is one column of rows; what is absent is nil.
func column[T, E any](rows [][]any, c int, element func(T) E) ([]E, error) {
	list := make([]E, len(rows))
	for i := range rows {
		x, err := driver.DefaultParameterConverter.ConvertValue(rows[i][c])
		if err != nil {
			return nil, fmt.Errorf("column %d of row %d: %w", c+1, i+1, err)
		}
		if x == nil {
			continue
		}
		t, ok := x.(T)
		if !ok {
			return nil, fmt.Errorf("column %d of row %d is a %T", c+1, i+1, x)
		}
		list[i] = element(t)
	}
	return list, nil
}
