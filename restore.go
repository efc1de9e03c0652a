package longmen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longmen/longmen/core/audit"
)

// RestoreOptions say what is restored, and against what it is proved.
type RestoreOptions struct {
	From  string // backup, export, or another copy of a data folder in which no node runs
	To    string // new data folder
	Keys  []string
	Given []audit.Given
	Tell  func(audit.Progress)
}

// ErrNotSound means that a copy is not what it should be; the report says where.
var ErrNotSound = errors.New("the copy is damaged and was not restored")

// Restore makes a data folder from a backup and proves it before it gets its name, so whatever happens there is a proved
// folder or none. History and snapshots that are damaged are left out: the node makes them again from the journal. The
// report is that of the proof; without one nothing was restored.
func Restore(ctx context.Context, o RestoreOptions) (*audit.Report, error) {
	report, err := restore(ctx, o)
	if err != nil {
		return report, fmt.Errorf("restore %s: %w", o.From, err)
	}
	return report, nil
}

func restore(ctx context.Context, o RestoreOptions) (*audit.Report, error) {
	if err := refuseUnfinished(o.From); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(o.From, journalFile)); err != nil {
		return nil, fmt.Errorf("it is no copy of a data folder: %w", err)
	}
	p, err := beginPart(o.To, false)
	if err != nil {
		return nil, err
	}
	report, err := p.restore(ctx, o)
	return report, errors.Join(err, p.close())
}

func (p *part) restore(ctx context.Context, o RestoreOptions) (*audit.Report, error) {
	if err := p.copyAll(o.From); err != nil {
		return nil, err
	}
	report, err := verify(ctx, VerifyOptions{Folder: p.path, Keys: o.Keys, Given: o.Given, Tell: o.Tell}, false)
	if err != nil {
		return nil, err
	}
	if !report.Truth {
		return report, errors.Join(ErrNotSound, p.remove())
	}
	if !report.Sound {
		if err := p.dropRebuildable(); err != nil {
			return report, err
		}
	}
	if err := os.Remove(p.file(contentsFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return report, err
	}
	return report, p.finish()
}

// copyAll copies what makes up a data folder.
func (p *part) copyAll(from string) error {
	if err := p.copyEvidence(from, true); err != nil {
		return err
	}
	if err := p.copySnapshots(from); err != nil {
		return err
	}
	for _, name := range []string{RowsFile, journalFile, historyFile} {
		// A log is beside a file only if the folder was copied by other means than Backup.
		for _, suffix := range []string{"", "-wal"} {
			err := copyFile(filepath.Join(from, name+suffix), p.file(name+suffix), secretMode)
			if err != nil && (!errors.Is(err, os.ErrNotExist) || name+suffix == journalFile) {
				return err
			}
		}
	}
	if err := p.copyFiles(from); err != nil {
		return err
	}
	err := copyFile(filepath.Join(from, contentsFile), p.file(contentsFile), publicMode)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return syncFolder(p.path)
}

// dropRebuildable removes what the node makes again.
func (p *part) dropRebuildable() error {
	for _, name := range []string{historyFile, historyFile + "-wal", snapshots} {
		if err := os.RemoveAll(p.file(name)); err != nil {
			return err
		}
	}
	return syncFolder(p.path)
}
