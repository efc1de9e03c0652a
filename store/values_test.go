package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// A statement reads any number of rows as the table v, what is absent too, and says what it did of all of them.
func TestAStatementReadsRowsAsATable(t *testing.T) {
	v := store.NewValues("id integer, name text, mark blob")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		kind := map[store.Dialect]string{store.SQLite: "BLOB", store.Postgres: "bytea"}[db.Dialect()]
		write := func(f func(tx *sql.Tx) error) {
			t.Helper()
			if err := db.Write(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *sql.Tx) error {
			_, err := tx.Exec("CREATE TABLE marks (id BIGINT PRIMARY KEY, name TEXT NOT NULL, mark " + kind + ")")
			return err
		})
		const insert = "INSERT INTO marks (id, name, mark) SELECT id, name, mark FROM v WHERE id <> 7 ON CONFLICT DO NOTHING"
		for _, n := range []int{0, 1, 3, 85, 200} {
			var rows [][]any
			for i := range n {
				mark := any([]byte{byte(i), 0})
				if i%3 == 0 {
					mark = nil
				}
				rows = append(rows, []any{i, fmt.Sprint("name ", i), mark})
			}
			write(func(tx *sql.Tx) error {
				if _, err := tx.Exec("DELETE FROM marks"); err != nil {
					return err
				}
				for again, want := range []int64{int64(n), 0} {
					if n > 7 {
						want = max(want-1, 0)
					}
					if changed, err := v.Exec(t.Context(), tx, db.Dialect(), insert, rows); err != nil || changed != want {
						t.Errorf("%d rows, time %d: %d written, %v", n, again, changed, err)
					}
				}
				var found []string
				err := v.Query(t.Context(), tx, db.Dialect(), "SELECT m.id, m.name, m.mark FROM v CROSS JOIN marks m WHERE m.id = v.id", rows, func(r *sql.Rows) error {
					var id int
					var name string
					var mark []byte
					err := r.Scan(&id, &name, &mark)
					if (mark == nil) != (id%3 == 0) || mark != nil && !slices.Equal(mark, []byte{byte(id), 0}) {
						t.Errorf("row %d has the mark %x", id, mark)
					}
					found = append(found, name)
					return err
				})
				want := n
				if n > 7 {
					want--
				}
				if len(found) != want || slices.Contains(found, "name 7") {
					t.Errorf("%d rows were found of %d: %v", len(found), n, err)
				}
				return err
			})
		}
	})
}

// What looks for rows does not read all of a table that has grown since: on PostgreSQL the plan of a small one would stay.
func TestChangesOfATableThatHasGrown(t *testing.T) {
	v := store.NewValues("id integer, name text")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), func(tx *sql.Tx) error {
			if _, err := tx.Exec("CREATE TABLE grown (id BIGINT PRIMARY KEY, name TEXT NOT NULL)"); err != nil {
				return err
			}
			var some, rows [][]any
			for i := range 20_000 {
				rows = append(rows, []any{i, "row"})
				if i < 20 {
					some = append(some, []any{i, "changed"})
				}
			}
			change := func(want int64) {
				t.Helper()
				changed, err := v.Change(t.Context(), tx, db.Dialect(), "UPDATE grown SET name = v.name FROM v WHERE grown.id = v.id", some)
				if err != nil || changed != want {
					t.Errorf("%d rows changed, want %d: %v", changed, want, err)
				}
			}
			for range 10 {
				change(0)
			}
			if _, err := v.Exec(t.Context(), tx, db.Dialect(), "INSERT INTO grown (id, name) SELECT id, name FROM v WHERE true", rows); err != nil {
				return err
			}
			read := func() (times int64) {
				if err := tx.QueryRow("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'grown'").Scan(&times); err != nil {
					t.Error(err)
				}
				return times
			}
			if db.Dialect() != store.Postgres {
				change(20)
				return nil
			}
			before := read()
			change(20)
			if n := read() - before; n != 0 {
				t.Errorf("the whole table was read %d times", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What does not fit its column is an error, not something else.
func TestValuesOfAnotherType(t *testing.T) {
	v := store.NewValues("id integer")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect() != store.Postgres {
			return // SQLite's tables look at it themselves
		}
		err := db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := v.Exec(t.Context(), tx, db.Dialect(), "SELECT id FROM v", [][]any{{1}, {"one"}})
			return err
		})
		if err == nil {
			t.Error("a text was taken for an integer")
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("a column has no type")
		}
	}()
	store.NewValues("id integer, name")
}
