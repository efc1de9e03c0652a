package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// A statement that is run again while its rows are read gives each reader his own rows.
func TestAStatementIsRunWithinItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		migrated(t, db)
		for n := range 4 {
			add(t, db, n, "x")
		}
		query := db.Rebind("SELECT id FROM notes1 WHERE id >= ? ORDER BY id")
		conn, err := db.Reader().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		ids := func(from int, each func(id int)) {
			rows, err := conn.QueryContext(t.Context(), query, from)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var id int
				if err := rows.Scan(&id); err != nil {
					t.Fatal(err)
				}
				each(id)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			var seen []int
			if db.Dialect() == store.Postgres { // its connections read one answer at a time
				ids(0, func(id int) { seen = append(seen, id) })
			} else {
				ids(0, func(id int) {
					seen = append(seen, id)
					if id == 1 {
						ids(2, func(int) {})
					}
				})
			}
			if fmt.Sprint(seen) != "[0 1 2 3]" {
				t.Errorf("read %v", seen)
			}
		}
	})
}

// A statement that has failed, or whose rows nobody read to their end, is as good as new.
func TestAStatementIsRunAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		migrated(t, db)
		for n := range 3 {
			add(t, db, n, "x")
			err := db.Write(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.Exec(db.Rebind("INSERT INTO notes1 (id, text) VALUES (?, ?)"), n, "again")
				return err
			})
			if !store.IsDuplicate(err) {
				t.Errorf("the same again: %v", err)
			}
			var id int
			if err := db.Reader().QueryRowContext(t.Context(), db.Rebind("SELECT id FROM notes1 WHERE id >= ? ORDER BY id"), 0).Scan(&id); err != nil || id != 0 {
				t.Errorf("%d %v", id, err)
			}
			if err := db.Reader().QueryRowContext(t.Context(), db.Rebind("SELECT id FROM notes1 WHERE id > ?"), n).Scan(&id); !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("%d %v", id, err)
			}
		}
	})
}

// A limit is kept as it is given, each time anew.
func TestLimitsOfAStatementThatIsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		migrated(t, db)
		for n := range 3 {
			add(t, db, n, "x")
		}
		for _, limit := range []int{2, 0, 3, 1, 9} {
			var n int
			if err := db.Reader().QueryRowContext(t.Context(), db.Rebind("SELECT count(*) FROM (SELECT id FROM notes1 WHERE id >= ? ORDER BY id LIMIT ?) x"), 0, limit).
				Scan(&n); err != nil || n != min(limit, 3) {
				t.Errorf("%d rows of at most %d, %v", n, limit, err)
			}
		}
	})
}

// Statements are kept across a change of the tables, and more of them are run than are kept.
func TestStatementsOutliveTheTables(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		migrated(t, db)
		read := func(text string) (n int) {
			t.Helper()
			if err := db.Writer().QueryRowContext(t.Context(), db.Rebind(text), 0).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		const all = "SELECT count(*) FROM notes1 WHERE id >= ?"
		add(t, db, 1, "x")
		before := read(all)
		if _, err := db.Writer().ExecContext(t.Context(), "ALTER TABLE notes1 ADD COLUMN more INTEGER"); err != nil {
			t.Fatal(err)
		}
		for n := range 250 {
			if got := read(fmt.Sprintf("SELECT count(*) + %d FROM notes1 WHERE id >= ?", n)); got != 1+n {
				t.Fatalf("%d of %d", got, 1+n)
			}
		}
		if after := read(all); before != 1 || after != 1 {
			t.Errorf("%d before, %d after", before, after)
		}
		if _, err := db.Writer().ExecContext(t.Context(), db.Rebind("INSERT INTO nowhere (id) VALUES (?)"), 1); err == nil {
			t.Error("there is no such table")
		}
	})
}

// One statement again and again.
//
//	go test ./store -run '^$' -bench Statement
func BenchmarkStatement(b *testing.B) {
	db := storetest.SQLite(b)
	if err := db.Migrate(b.Context(), "notes", notes(1)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var n int
		if err := db.Reader().QueryRowContext(context.Background(), "SELECT count(*) FROM notes1 WHERE id >= ? AND text <> ?", 0, "x").Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
}
