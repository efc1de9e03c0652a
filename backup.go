package longmen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/store"
)

// BackupOptions say what goes into a backup.
type BackupOptions struct {
	Folder  string // data folder of a node, which may go on serving
	To      string // new folder
	History bool   // copy history and snapshots too; without them the node makes them again from the journal
	Keys    bool   // copy the secret keys too; they belong elsewhere
}

// Backup copies a data folder while its node serves. The copy has journal and rows as of the same instant, and nothing
// that goes beyond it but files that no row names yet. It is there as a whole or not at all: killed before, it leaves a folder whose name ends with .part, which
// the next backup to the same name removes. The token is not copied, nor is the lookup key.
func Backup(ctx context.Context, o BackupOptions) error {
	if err := backup(ctx, o); err != nil {
		return fmt.Errorf("back up %s: %w", o.Folder, err)
	}
	return nil
}

func backup(ctx context.Context, o BackupOptions) error {
	if err := refuseUnfinished(o.Folder); err != nil {
		return err
	}
	s, err := openSource(ctx, Config{Folder: o.Folder}, mayBeWritten(o.Folder))
	if err != nil {
		return err
	}
	p, err := beginPart(o.To, false)
	if err == nil {
		err = errors.Join(s.backup(ctx, o, p), p.close())
	}
	return errors.Join(err, s.close())
}

// backup copies first what follows the journal, so that nothing in the copy is ahead of the journal.
func (s *source) backup(ctx context.Context, o BackupOptions, p *part) error {
	if o.History {
		if err := p.copySnapshots(o.Folder); err != nil {
			return err
		}
		if s.past != nil {
			if err := s.past.Backup(ctx, p.file(historyFile)); err != nil {
				return err
			}
		}
	}
	if err := p.copyEvidence(o.Folder, o.Keys); err != nil {
		return err
	}
	if err := s.copyTruth(ctx, p); err != nil {
		return err
	}
	if err := p.copyFiles(o.Folder); err != nil {
		return err
	}
	return p.complete(ctx)
}

// copyTruth copies journal and rows as of one instant. So rows never speak of a command that the journal does not have, and
// the journal has no command whose sender's rows are missing.
func (s *source) copyTruth(ctx context.Context, p *part) error {
	written := store.Copy{From: s.stores[0], To: p.file(journalFile)}
	if s.rows == nil {
		return written.From.Backup(ctx, written.To)
	}
	return store.BackupTogether(ctx, store.Copy{From: s.rows, To: p.file(RowsFile)}, written)
}

// complete writes the list of what is in the copy and gives it its name.
func (p *part) complete(ctx context.Context) error {
	db, err := store.OpenReadOnly(ctx, p.file(journalFile))
	if err != nil {
		return err
	}
	j, err := journal.Open(ctx, db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	list, err := listContents(ctx, j, time.Now())
	if err := errors.Join(err, j.Close(), db.Close()); err != nil {
		return err
	}
	if err := p.writeContents(list); err != nil {
		return err
	}
	return p.finish()
}

// copySnapshots copies the snapshots there are. One that the node removes meanwhile is left out.
func (p *part) copySnapshots(from string) error {
	files, err := filepath.Glob(filepath.Join(from, snapshots, "*", "*.snapshot"))
	if err != nil {
		return err
	}
	for _, file := range files {
		folder := p.file(snapshots, filepath.Base(filepath.Dir(file)))
		if err := os.MkdirAll(folder, folderMode); err != nil {
			return err
		}
		err := copyFile(file, filepath.Join(folder, filepath.Base(file)), secretMode)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := syncFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

// ExportOptions say what is exported.
type ExportOptions struct {
	Folder string               // data folder of the node, which has keys and checkpoints
	DSN    string               // postgres://… of the journal; "" when it lies in the folder
	To     string               // new folder
	Tell   func(audit.Progress) // is called now and then; nil: nobody wants to know
}

// Export copies a node's journal, checkpoints and public keys into a folder that Verify takes without a server, while
// the node serves. Each group is checked on the way. Killed before its end, it goes on when it is called again with the
// same words.
func Export(ctx context.Context, o ExportOptions) error {
	if err := export(ctx, o); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func export(ctx context.Context, o ExportOptions) error {
	if err := refuseUnfinished(o.Folder); err != nil {
		return err
	}
	s, err := openSource(ctx, Config{Folder: o.Folder, DSN: o.DSN}, mayBeWritten(o.Folder))
	if err != nil {
		return err
	}
	p, err := beginPart(o.To, true)
	if err == nil {
		err = errors.Join(s.export(ctx, o, p), p.close())
	}
	return errors.Join(err, s.close())
}

func (s *source) export(ctx context.Context, o ExportOptions, p *part) error {
	if err := p.copyEvidence(o.Folder, false); err != nil {
		return err
	}
	db, err := store.Open(ctx, p.file(journalFile))
	if err != nil {
		return err
	}
	to, err := journal.Open(ctx, db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if err := errors.Join(s.copyJournals(ctx, to, o.Tell), to.Close(), db.Close()); err != nil {
		return err
	}
	return p.complete(ctx)
}

// copyJournals copies the journals of all ledgers.
func (s *source) copyJournals(ctx context.Context, to *journal.Journal, tell func(audit.Progress)) error {
	listed, err := s.journal.Ledgers(ctx)
	if err != nil {
		return err
	}
	for _, l := range listed {
		last, _, err := s.journal.Last(ctx, l.ID)
		if err != nil {
			return err
		}
		err = s.journal.CopyTo(ctx, to, l, func(next uint64) {
			if tell != nil {
				tell(audit.Progress{Ledger: l.Name, Stage: "copy", Done: next - 1, Total: max(last.Next(), next) - 1})
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
