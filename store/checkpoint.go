package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
)

// A checkpoint carries the write-ahead log into the file, after which the log is used again from its start. Left to
// SQLite it happens inside a commit, which then takes many milliseconds. Here most of it happens beside the writer.
const (
	// checkpointEvery is how much is written between two checkpoints. A short log stays in place on the disk, and a
	// commit into it changes no metadata of the file system.
	checkpointEvery = 4 << 20
	// checkpointTail is how many pages may be left for the last step, which keeps the writer waiting.
	checkpointTail = 128
	// checkpointRounds bounds the attempts to catch up with a writer that is as fast as we are.
	checkpointRounds = 3
	// firstCommits is after how many commits one looks first, to learn what they add to the log.
	firstCommits = 64
	// logFrame is a page in the log with its header, and commitOverhead about what a small commit adds: two of them.
	logFrame       = 4096 + 24
	commitOverhead = 2 * logFrame
)

// checkpointer runs checkpoints on a connection of its own.
type checkpointer struct {
	db      *sql.DB
	written atomic.Int64
	told    atomic.Int64 // bytes of which somebody said that he wrote them
	commits atomic.Int64
	commit  atomic.Int64 // about what a commit adds to the log beside them, as it was last time
	kept    int          // pages of the log that the last checkpoint could not clear, because somebody reads them
	wake    chan struct{}
	cancel  context.CancelFunc
	ended   sync.WaitGroup
	failed  atomic.Pointer[error]
}

func newCheckpointer(path string) (*checkpointer, error) {
	// The last step waits for readers while it holds the writer's lock, so it waits for a short time only.
	pragmas := append([]string{"busy_timeout(20)"}, writerPragmas[1:]...)
	pool, err := sqlitePool(path, nil, pragmas, 1, checkPromises)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpointer{db: pool, wake: make(chan struct{}, 1), cancel: cancel}
	c.commit.Store(checkpointEvery / firstCommits)
	c.ended.Go(func() { c.loop(ctx) })
	return c, nil
}

func (c *checkpointer) wrote(bytes int) {
	c.told.Add(int64(bytes))
	c.commits.Add(1)
	if c.written.Add(int64(bytes)+c.commit.Load()) < checkpointEvery {
		return
	}
	c.written.Store(0)
	select {
	case c.wake <- struct{}{}:
	default: // one is under way or waiting already
	}
}

func (c *checkpointer) loop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		// A failed checkpoint loses nothing: the log keeps its frames and the next one writes all its pages again.
		// The writer's own checkpoint at 16,384 pages is the net below this one.
		if err := c.run(ctx); err != nil && ctx.Err() == nil {
			c.failed.Store(&err)
		} else {
			c.failed.Store(nil)
		}
	}
}

// run catches up with the writer as far as that goes without keeping it, then does the rest at once.
func (c *checkpointer) run(ctx context.Context) error {
	for round := range checkpointRounds {
		pages, left, _, err := c.step(ctx, "PASSIVE")
		if err != nil {
			return err
		}
		if round == 0 {
			c.learn(pages)
		}
		if left <= checkpointTail {
			break
		}
	}
	pages, _, busy, err := c.step(ctx, "RESTART")
	if c.kept = 0; busy {
		c.kept = pages
	}
	return err
}

// learn works out from the length of the log what a commit adds to it: one may hold hundreds of pages.
func (c *checkpointer) learn(pages int) {
	commits, told := c.commits.Swap(0), c.told.Swap(0)
	each := (int64(max(pages-c.kept, 0))*logFrame - told) / max(commits, 1)
	c.commit.Store(min(max(each, commitOverhead), checkpointEvery/4))
}

// step runs one checkpoint and returns how many pages the log has, how many of them are not in the file yet, and whether
// somebody was in its way.
func (c *checkpointer) step(ctx context.Context, mode string) (pages, left int, busy bool, err error) {
	var done int
	if err := c.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &done); err != nil {
		return 0, 0, false, fmt.Errorf("checkpoint the write-ahead log: %w", err)
	}
	return pages, pages - done, busy, nil
}

// err is the error of the last checkpoint, for whoever watches the health of the store.
func (c *checkpointer) err() error {
	if p := c.failed.Load(); p != nil {
		return *p
	}
	return nil
}

func (c *checkpointer) close() error {
	c.cancel()
	c.ended.Wait()
	return c.db.Close()
}

// CheckpointError is the error of SQLite's last checkpoint, if it failed. Nothing is lost by it, but the log grows
// until one succeeds.
func (db *DB) CheckpointError() error {
	if db.checkpoint == nil {
		return nil
	}
	return db.checkpoint.err()
}
