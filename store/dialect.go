package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// Dialect is the kind of SQL that a database speaks. What differs between them stands in this file.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota + 1
	Postgres
)

// String is the name of the dialect, also that of the folder with its migrations.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case Postgres:
		return "postgres"
	default:
		return "dialect " + strconv.Itoa(int(d))
	}
}

// Rebind turns the placeholders ? of a query into $1, $2… for PostgreSQL. Quoted text keeps its question marks.
func (d Dialect) Rebind(query string) string {
	if d != Postgres || !strings.Contains(query, "?") {
		return query
	}
	b := make([]byte, 0, len(query)+16)
	var quote byte
	n := 0
	for i := range len(query) {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			n++
			b = append(b, '$')
			b = strconv.AppendInt(b, int64(n), 10)
			continue
		}
		b = append(b, c)
	}
	return string(b)
}

// ForShare ends a query whose rows nobody may change before the transaction ends. On SQLite nobody else writes anyway.
func (d Dialect) ForShare() string {
	if d == Postgres {
		return " FOR SHARE"
	}
	return ""
}

// ForUpdate ends a query whose rows this transaction is going to change. On SQLite nobody else writes anyway.
func (d Dialect) ForUpdate() string {
	if d == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// Alone lets nobody else write to a table before the transaction ends, so that what it finds there holds. On SQLite nobody else
// writes anyway.
func (db *DB) Alone(ctx context.Context, tx *sql.Tx, table string) error {
	if db.dialect == SQLite {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "LOCK TABLE "+table+" IN SHARE ROW EXCLUSIVE MODE"); err != nil {
		return fmt.Errorf("lock table %s: %w", table, err)
	}
	return nil
}

// List gives n placeholders for an IN list: "?, ?, ?".
func List(n int) string {
	if n < 1 {
		return ""
	}
	return strings.Repeat("?, ", n-1) + "?"
}

// snapshot is the isolation at which one transaction sees one state throughout. SQLite has no other.
func (d Dialect) snapshot() sql.IsolationLevel {
	if d == Postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}
