package longmen

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/store"
)

const (
	doRows   = "restore a backup of the whole folder: rows can't be made again from the journal"
	doCursor = "the rows are newer than the journal: restore both from the same backup"
)

// besides lets the rows be checked while the ledgers are. found waits for it; end stops it and waits.
func (s *source) besides(ctx context.Context) (found func() ([]audit.Finding, error), end func()) {
	ctx, stop := context.WithCancel(ctx)
	var list []audit.Finding
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		list, err = s.checkRows(ctx)
	}()
	found = func() ([]audit.Finding, error) {
		<-done
		return list, err
	}
	return found, func() {
		stop()
		<-done
	}
}

// checkRows finds what is wrong with the rows: pages that are damaged, and followers that have seen what the journal
// does not have. What the rows mean is for their modules to know. The rows are read before the journal is, which may grow.
func (s *source) checkRows(ctx context.Context) (list []audit.Finding, err error) {
	if s.rows == nil {
		return nil, nil
	}
	find := func(do, format string, args ...any) {
		list = append(list, audit.Finding{Part: audit.PartRows, What: fmt.Sprintf(format, args...), Do: do})
	}
	if s.rows.Dialect() == store.SQLite {
		var answer string
		err := s.rows.Reader().QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&answer)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil || answer != "ok" {
			find(doRows, "%s is damaged: %s %v", RowsFile, answer, err)
			return list, nil
		}
	}
	cursors, err := feed.All(ctx, s.rows)
	if err != nil {
		return nil, err
	}
	for _, c := range cursors {
		last, _, err := s.journal.Last(ctx, c.Ledger)
		if err != nil {
			return nil, err
		}
		if end := max(last.Next(), 1) - 1; c.Position > end {
			find(doCursor, "follower %s of ledger %s has seen command %d, the journal ends at %d", c.Name, c.Ledger, c.Position, end)
		}
	}
	return list, nil
}
