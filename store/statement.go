package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"modernc.org/sqlite"
)

// Bounds of the statements that a connection keeps.
const (
	maxStatements    = 256
	maxStatementText = 4 << 10 // bytes
)

// sqliteConn is what a connection of the driver can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	NewBackup(to string) (*sqlite.Backup, error)
}

// conn is a connection to SQLite that keeps the statements it has run: to prepare one takes longer than to run it.
// PostgreSQL's driver does so by itself.
type conn struct {
	sqliteConn
	kept   map[string]*statement
	writes bool // it has begun to write
}

// statement is one that is kept. While its rows are read it is busy, and nobody else runs it.
type statement struct {
	prepared prepared
	busy     bool
}

type prepared interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func keepStatements(c driver.Conn) (driver.Conn, error) {
	plain, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.New("the driver's connections are not what they were")
	}
	return &conn{sqliteConn: plain, kept: map[string]*statement{}}, nil
}

// BeginTx begins a transaction.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.writes = c.writes || !o.ReadOnly
	return c.sqliteConn.BeginTx(ctx, o)
}

// whole is the context in which a statement runs. One of a writer is not interrupted: SQLite would take back the whole
// transaction, in which others may write too.
func (c *conn) whole(ctx context.Context) context.Context {
	if c.writes {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// ExecContext runs a statement that gives no rows.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx = c.whole(ctx)
	s := c.take(ctx, query, len(args))
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	defer s.free()
	return s.prepared.ExecContext(ctx, args)
}

// QueryContext runs a statement that gives rows.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx = c.whole(ctx)
	s := c.take(ctx, query, len(args))
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	found, err := s.prepared.QueryContext(ctx, args)
	if err != nil {
		s.free()
		return nil, err
	}
	return &rows{found, s}, nil
}

// rows are those of a statement that is kept.
type rows struct {
	driver.Rows
	of *statement
}

// Close ends the reading.
func (r *rows) Close() error {
	defer r.of.free()
	return r.Rows.Close()
}

func (s *statement) free() { s.busy = false }

// take gives a statement to run, nil if it is to be run as it comes: what takes no arguments is hardly run again, and
// what can't be prepared says why when it is run.
func (c *conn) take(ctx context.Context, query string, args int) *statement {
	if args == 0 || len(query) > maxStatementText {
		return nil
	}
	s := c.kept[query]
	if s == nil {
		s = c.prepare(ctx, query)
	}
	if s == nil || s.busy {
		return nil
	}
	s.busy = true
	return s
}

// steady is a statement as SQLite keeps it. A limit that is nothing but an argument takes part in its planning, so it would
// plan the statement anew each time it is given one, which costs more than to read a few rows.
func steady(query string) string { return strings.ReplaceAll(query, "LIMIT ?", "LIMIT 0+?") }

// prepare keeps a new statement. When there are too many, any that is not busy goes.
func (c *conn) prepare(ctx context.Context, query string) *statement {
	one, err := c.PrepareContext(ctx, steady(query))
	if err != nil {
		return nil
	}
	p, ok := one.(prepared)
	if !ok {
		_ = one.Close()
		return nil
	}
	s := &statement{prepared: p}
	if len(c.kept) >= maxStatements {
		for old, o := range c.kept {
			if !o.busy {
				_ = o.prepared.Close() // it has nothing to keep
				delete(c.kept, old)
				break
			}
		}
	}
	c.kept[query] = s
	return s
}

// Close closes the connection with its statements.
func (c *conn) Close() error {
	var err error
	for _, s := range c.kept {
		err = errors.Join(err, s.prepared.Close())
	}
	c.kept = nil
	return errors.Join(err, c.sqliteConn.Close())
}
