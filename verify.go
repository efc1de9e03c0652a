package longmen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/store"
)

// VerifyOptions say what is verified, and against what.
type VerifyOptions struct {
	Folder string               // data folder of a node, running or not, or a copy of one
	DSN    string               // postgres://…: journal and history lie there, and the folder has the evidence
	Ledger string               // name of the only one to verify, "" for all
	Keys   []string             // public keys kept elsewhere, believed instead of those in the folder
	Given  []audit.Given        // checkpoints kept elsewhere
	Tell   func(audit.Progress) // is called now and then; nil: nobody wants to know
}

// Verify proves ledgers from what is stored of them: no node need run, and no secret is needed. It changes nothing. What is
// wrong with the ledgers stands in the report; an error means that it could not be looked at.
func Verify(ctx context.Context, o VerifyOptions) (*audit.Report, error) {
	err := refuseUnfinished(o.Folder)
	if err == nil {
		var report *audit.Report
		if report, err = verify(ctx, o, mayBeWritten(o.Folder)); err == nil {
			return report, nil
		}
	}
	return nil, fmt.Errorf("verify: %w", err)
}

// verify is told whether a node may write meanwhile.
func verify(ctx context.Context, o VerifyOptions, live bool) (report *audit.Report, err error) {
	s, err := openSource(ctx, Config{Folder: o.Folder, DSN: o.DSN}, live)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	list, err := readContents(o.Folder)
	if err != nil {
		return nil, err
	}
	var rows func() ([]audit.Finding, error)
	if o.Ledger == "" {
		var end func()
		rows, end = s.besides(ctx)
		defer end() // before the source is closed
	}
	given := audit.Options{
		Journal: s.journal, Ledger: o.Ledger, Keys: o.Keys, Given: o.Given, Tell: o.Tell, Ends: list.ends(), Beside: rows,
		Files: audit.Files{
			Checkpoints: filepath.Join(o.Folder, checkpoints), Keys: filepath.Join(o.Folder, keys),
			Snapshots: filepath.Join(o.Folder, snapshots),
		},
	}
	if s.past != nil {
		given.History = func(ctx context.Context, l ID) (*history.Comparison, error) { return history.Compare(ctx, s.past, l) }
	}
	return audit.Verify(ctx, given)
}

// source is a node's books, opened to read them, whether the node runs or not.
type source struct {
	live    bool
	stores  []*store.DB
	journal *journal.Journal
	past    *store.DB // nil: there is no history
	rows    *store.DB // nil: there are none
}

// openSource opens journal and history for reading. Live says that a node may write meanwhile.
func openSource(ctx context.Context, c Config, live bool) (s *source, err error) {
	s = &source{live: live}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	db, err := s.open(ctx, c, journalFile)
	if errors.Is(err, os.ErrNotExist) {
		return s, fmt.Errorf("%s is no data folder, it has no %s", c.Folder, journalFile)
	} else if err != nil {
		return s, err
	}
	if s.journal, err = journal.Open(ctx, db); err != nil {
		return s, err
	}
	if s.past, s.rows = db, db; c.DSN != "" {
		return s, nil
	}
	if s.past, err = s.open(ctx, c, historyFile); errors.Is(err, os.ErrNotExist) {
		s.past, err = nil, nil
	}
	if err != nil {
		return s, err
	}
	if s.rows, err = s.open(ctx, c, RowsFile); errors.Is(err, os.ErrNotExist) {
		s.rows, err = nil, nil
	}
	return s, err
}

// open opens a file of the folder, or the server.
func (s *source) open(ctx context.Context, c Config, name string) (db *store.DB, err error) {
	path := filepath.Join(c.Folder, name)
	switch {
	case c.DSN != "":
		db, err = store.OpenReadOnly(ctx, c.DSN)
	case s.live:
		db, err = store.OpenLive(ctx, path)
	default:
		db, err = store.OpenReadOnly(ctx, path)
	}
	if err == nil {
		s.stores = append(s.stores, db)
	}
	return db, err
}

// mayBeWritten says whether a node has ever had the folder and so may write in it, and this process could write there as
// well: without that the log of a database can't be shared.
func mayBeWritten(folder string) bool {
	if _, err := os.Stat(filepath.Join(folder, lockFile)); err != nil {
		return false
	}
	probe, err := os.CreateTemp(folder, "probe-*")
	if err != nil {
		return false
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name())) == nil
}

func (s *source) close() error {
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	for _, db := range s.stores {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}
