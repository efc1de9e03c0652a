package node

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

const (
	snapshotSuffix = ".snapshot"
	snapshotsKept  = 2
	snapshotEvery  = 200_000     // commands
	snapshotRate   = 128 << 20   // bytes a second
	snapshotCheck  = time.Minute // how often to look whether one is due
)

// snapshotFile is a snapshot's name: the sequence after which it was cut, and the first bytes of the hash of the group
// that ends there, so that one of a past that the journal has lost is not taken for its own.
type snapshotFile struct {
	sequence uint64
	group    string // 16 hexadecimal digits; one without them was written before they were
}

func snapshotOf(sequence uint64, group [32]byte) snapshotFile {
	return snapshotFile{sequence, hex.EncodeToString(group[:8])}
}

func (f snapshotFile) path(folder string) string {
	name := fmt.Sprintf("%020d", f.sequence)
	if f.group != "" {
		name += "-" + f.group
	}
	return filepath.Join(folder, name+snapshotSuffix)
}

// snapshotFiles lists the snapshots in a folder, newest first.
func snapshotFiles(folder string) ([]snapshotFile, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var list []snapshotFile
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), snapshotSuffix); ok {
			digits, group, _ := strings.Cut(name, "-")
			if seq, err := strconv.ParseUint(digits, 10, 64); err == nil {
				list = append(list, snapshotFile{seq, group})
			}
		}
	}
	slices.SortFunc(list, func(a, b snapshotFile) int { return cmp.Compare(b.sequence, a.sequence) })
	return list, err
}

// loadSnapshot gives the newest sound snapshot at or before a sequence, or an empty engine. A damaged one, and one of
// another past, is told of and left behind for the one before.
func (l *Ledger) loadSnapshot(ctx context.Context, j *journal.Journal, most uint64) (*ledger.Engine, error) {
	if err := dropUnfinished(l.snapshots); err != nil {
		return nil, err
	}
	list, err := snapshotFiles(l.snapshots)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	for _, f := range list {
		if f.sequence > most {
			continue
		}
		g, err := j.At(ctx, l.id, f.sequence)
		if err != nil {
			return nil, err
		}
		e, err := l.readSnapshot(f, snapshotOf(g.Next()-1, g.Hash))
		if err == nil {
			return e, nil
		}
		l.log.Error("snapshot is not used", "ledger", l.name, "file", f.path(l.snapshots), "error", err)
	}
	return ledger.NewEngine(), nil
}

// dropUnfinished removes what was being written when a program was killed.
func dropUnfinished(folder string) error {
	list, err := filepath.Glob(filepath.Join(folder, "*"+snapshotSuffix+".tmp"))
	for _, path := range list {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// readSnapshot loads a snapshot that must be of the group that the journal has there.
func (l *Ledger) readSnapshot(f, want snapshotFile) (*ledger.Engine, error) {
	if f != want {
		return nil, errors.New("the journal has another group there than its name says: it is of a past that the journal has lost, or of an older program; move it away")
	}
	e, err := readSnapshot(f.path(l.snapshots))
	if err == nil && (e.Sequence() != f.sequence || e.Ledger() != l.id) {
		err = fmt.Errorf("it holds ledger %v at sequence %d", e.Ledger(), e.Sequence())
	}
	return e, err
}

func readSnapshot(path string) (*ledger.Engine, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ledger.LoadEngine(bufio.NewReaderSize(f, 1<<20))
}

// snapshot writes a snapshot of the state now, while the ledger goes on, and drops old ones.
func (l *Ledger) snapshot(rate int) error {
	l.whole.Lock() // a snapshot is cut between groups
	l.mu.Lock()
	cut, group := l.engine.Cut(), l.last
	l.mu.Unlock()
	l.whole.Unlock()
	defer func() {
		l.mu.Lock()
		cut.Close()
		l.mu.Unlock()
	}()
	if err := os.MkdirAll(l.snapshots, 0o700); err != nil {
		return fmt.Errorf("snapshot folder: %w", err)
	}
	path := snapshotOf(cut.Sequence(), group).path(l.snapshots)
	if err := writeWhole(path, func(w io.Writer) error { return l.writeSections(w, cut, rate) }); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return l.dropSnapshots()
}

// writeSections reads the engine only while a section is copied, and no faster than the rate.
func (l *Ledger) writeSections(w io.Writer, cut *ledger.Cut, rate int) error {
	var b []byte
	began, written := time.Now(), 0
	for {
		var err error
		l.mu.RLock()
		b, err = cut.Next(b[:0])
		l.mu.RUnlock()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err = w.Write(b); err != nil {
			return err
		}
		written += len(b)
		if rate > 0 {
			time.Sleep(time.Duration(float64(written)/float64(rate)*float64(time.Second)) - time.Since(began))
		}
	}
}

// writeWhole makes a file that is there as a whole or not at all, also after a crash.
func writeWhole(path string, write func(io.Writer) error) error {
	tmp := path + ".tmp"
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	w := bufio.NewWriterSize(f, 1<<20)
	if err = errors.Join(write(w), w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// dropSnapshots keeps the newest ones, and one that history has reached: an engine that starts behind history can feed
// it nothing wrong, one that starts before it leaves a gap.
func (l *Ledger) dropSnapshots() error {
	list, err := snapshotFiles(l.snapshots)
	if err != nil {
		return err
	}
	position, reached := l.projection.Position(), false
	for i, f := range list {
		if i < snapshotsKept || !reached {
			reached = reached || f.sequence <= position
			continue
		}
		if err := os.Remove(f.path(l.snapshots)); err != nil {
			return fmt.Errorf("drop snapshot: %w", err)
		}
	}
	return nil
}

// keepSnapshots writes one whenever enough has been applied since the last.
func (l *Ledger) keepSnapshots() {
	ticker := time.NewTicker(snapshotCheck)
	defer ticker.Stop()
	for last := l.applied.Load(); ; {
		select {
		case <-l.closing:
			return
		case <-l.stopped:
			return
		case <-ticker.C:
		}
		if now := l.applied.Load(); now-last >= snapshotEvery {
			if err := l.snapshot(snapshotRate); err != nil {
				l.log.Error("snapshot failed", "ledger", l.name, "error", err)
			}
			last = now
		}
	}
}
