package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func openRows(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "rows.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Writer().ExecContext(t.Context(), "CREATE TABLE x (n integer PRIMARY KEY, word text NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	return db
}

const put = "INSERT INTO x (n, word) VALUES (?, ?)"

func putOne(t *testing.T, db *DB, n int) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), put, n, "x")
		return err
	}); err != nil {
		t.Error(err)
	}
}

// crowd is writes that come while another one holds the writer.
type crowd struct {
	*testing.T
	db     *DB
	free   chan struct{} // closed to let the writer go on
	group  sync.WaitGroup
	mu     sync.Mutex
	errors map[int]error
	in     map[*sql.Tx]int // how many wrote in which transaction
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{T: t, db: openRows(t), free: make(chan struct{}), errors: map[int]error{}, in: map[*sql.Tx]int{}}
	holds := make(chan struct{})
	c.group.Go(func() {
		if err := c.db.Write(t.Context(), func(*sql.Tx) error { close(holds); <-c.free; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-holds
	return c
}

// write begins a write of row n and returns when it waits.
func (c *crowd) write(ctx context.Context, n int, then func(*sql.Tx) error) {
	c.Helper()
	c.db.writes.mu.Lock()
	before := len(c.db.writes.waiting)
	c.db.writes.mu.Unlock()
	c.group.Go(func() {
		var err error
		defer func() {
			if value := recover(); value != nil {
				err = fmt.Errorf("panic: %v", value)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.errors[n] = err
		}()
		err = c.db.Write(ctx, func(tx *sql.Tx) error {
			c.mu.Lock()
			c.in[tx]++
			c.mu.Unlock()
			if _, err := tx.ExecContext(ctx, put, n, "x"); err != nil {
				return err
			}
			if then != nil {
				return then(tx)
			}
			return nil
		})
	})
	for waits := before; waits == before; runtime.Gosched() {
		c.db.writes.mu.Lock()
		waits = len(c.db.writes.waiting)
		c.db.writes.mu.Unlock()
	}
}

// rows lets all of them happen and tells what is there.
func (c *crowd) rows() string {
	c.Helper()
	close(c.free)
	c.group.Wait()
	rows, err := c.db.Reader().QueryContext(c.Context(), "SELECT n FROM x ORDER BY n")
	if err != nil {
		c.Fatal(err)
	}
	defer rows.Close()
	text := ""
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			c.Fatal(err)
		}
		text += fmt.Sprint(n, " ")
	}
	return text
}

// Writes that wait together share a transaction, and one that is refused is refused alone.
func TestWritesTogether(t *testing.T) {
	c := newCrowd(t)
	other := errors.New("not this one")
	c.write(t.Context(), 1, nil)
	c.write(t.Context(), 2, func(*sql.Tx) error { return other })
	c.write(t.Context(), 3, nil)
	c.write(t.Context(), 3, nil) // such a row is there already
	c.write(t.Context(), 4, nil)
	if got := c.rows(); got != "1 3 4 " {
		t.Errorf("rows are %s", got)
	}
	if len(c.in) != 1 {
		t.Errorf("there were %d transactions", len(c.in))
	}
	if c.errors[1] != nil || c.errors[4] != nil || !errors.Is(c.errors[2], other) {
		t.Errorf("%v", c.errors)
	}
	putOne(t, c.db, 5)
}

// Who gives up while he waits has written nothing, and who gives up while he writes takes nothing of others back.
func TestWritesGivenUp(t *testing.T) {
	c := newCrowd(t)
	early, cancel := context.WithCancel(t.Context())
	c.write(early, 1, nil)
	cancel()
	for gone := false; !gone; runtime.Gosched() {
		c.mu.Lock()
		_, gone = c.errors[1]
		c.mu.Unlock()
	}
	late, cancel := context.WithCancel(t.Context())
	c.write(t.Context(), 2, nil)
	c.write(late, 3, func(tx *sql.Tx) error {
		cancel()
		_, err := tx.ExecContext(late, put, 30, "x")
		return err
	})
	c.write(t.Context(), 4, nil)
	if got := c.rows(); got != "2 4 " {
		t.Errorf("rows are %s", got)
	}
	if !errors.Is(c.errors[1], context.Canceled) || !errors.Is(c.errors[3], context.Canceled) || c.errors[2] != nil || c.errors[4] != nil {
		t.Errorf("%v", c.errors)
	}
}

// When a write ends the transaction, nothing of it is there. The others hear that they may try again, and nothing of
// what the one ran into. The next ones are written.
func TestWritesTakenBack(t *testing.T) {
	wrong := errors.New("it went wrong")
	c := newCrowd(t)
	c.write(t.Context(), 1, nil)
	c.write(t.Context(), 2, func(tx *sql.Tx) error {
		_, err := tx.Exec("ROLLBACK")
		return errors.Join(err, wrong)
	})
	c.write(t.Context(), 3, nil)
	if got := c.rows(); got != "" {
		t.Errorf("rows are %s", got)
	}
	if !errors.Is(c.errors[2], wrong) {
		t.Errorf("who ended it heard %v", c.errors[2])
	}
	for _, n := range []int{1, 3} {
		if OutcomeOf(c.errors[n]) != TryAgain || errors.Is(c.errors[n], wrong) {
			t.Errorf("%d: %v is %v", n, c.errors[n], OutcomeOf(c.errors[n]))
		}
	}
	putOne(t, c.db, 1)
}

// A write that panics does so where it was asked for, whoever has the turn, and takes nothing else back.
func TestWritesPanicWhereTheyWereAskedFor(t *testing.T) {
	c := newCrowd(t)
	c.write(t.Context(), 1, nil) // it will have the turn
	c.write(t.Context(), 2, func(*sql.Tx) error { panic("a mistake") })
	c.write(t.Context(), 3, nil)
	if got := c.rows(); got != "1 3 " {
		t.Errorf("rows are %s", got)
	}
	if c.errors[1] != nil || c.errors[3] != nil || !strings.Contains(c.errors[2].Error(), "panic: a mistake") {
		t.Errorf("%v", c.errors)
	}
	putOne(t, c.db, 2)
}

// However many write at once, each row is there once if and only if its writer was told so.
func TestManyWritesAtOnce(t *testing.T) {
	db := openRows(t)
	var group sync.WaitGroup
	for who := range 8 {
		group.Go(func() {
			for i := range 100 {
				n, refused := who*1_000+i, i%7 == 3
				err := db.Write(t.Context(), func(tx *sql.Tx) error {
					if _, err := tx.ExecContext(t.Context(), put, n, "x"); err != nil || !refused {
						return err
					}
					return errors.New("refused")
				})
				if (err != nil) != refused {
					t.Errorf("%d: %v", n, err)
				}
				var there int
				if err := db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM x WHERE n = ?", n).Scan(&there); err != nil || (there == 1) == refused {
					t.Errorf("%d is there %d times: %v", n, there, err)
				}
			}
		})
	}
	group.Wait()
	deadline, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := db.Write(deadline, func(*sql.Tx) error { return nil }); err != nil {
		t.Error(err)
	}
}
