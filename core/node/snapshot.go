package node

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/longmen/longmen/core/ledger"
)

const (
	snapshotSuffix = ".snapshot"
	snapshotsKept  = 2
	snapshotEvery  = 200_000     // commands
	snapshotRate   = 128 << 20   // bytes a second
	snapshotCheck  = time.Minute // how often to look whether one is due
)

// snapshotFiles lists the sequences of the snapshots in a folder, newest first.
func snapshotFiles(folder string) ([]uint64, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var list []uint64
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), snapshotSuffix); ok {
			if seq, err := strconv.ParseUint(name, 10, 64); err == nil {
				list = append(list, seq)
			}
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i] > list[j] })
	return list, err
}

func snapshotPath(folder string, seq uint64) string {
	return filepath.Join(folder, fmt.Sprintf("%020d%s", seq, snapshotSuffix))
}

// loadSnapshot gives the newest sound snapshot at or before a sequence, or an empty engine. A damaged one is told of
// and left behind for the one before.
func (l *Ledger) loadSnapshot(most uint64) (*ledger.Engine, error) {
	list, err := snapshotFiles(l.snapshots)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	for _, seq := range list {
		if seq > most {
			continue
		}
		e, err := readSnapshot(snapshotPath(l.snapshots, seq))
		if err == nil && (e.Sequence() != seq || e.Ledger() != l.id) {
			err = fmt.Errorf("it holds ledger %v at sequence %d", e.Ledger(), e.Sequence())
		}
		if err == nil {
			return e, nil
		}
		l.log.Error("snapshot is not used", "ledger", l.name, "sequence", seq, "error", err)
	}
	return ledger.NewEngine(), nil
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
	cut := l.engine.Cut()
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
	path := snapshotPath(l.snapshots, cut.Sequence())
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
	for i, seq := range list {
		if i < snapshotsKept || !reached {
			reached = reached || seq <= position
			continue
		}
		if err := os.Remove(snapshotPath(l.snapshots, seq)); err != nil {
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
