package audit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/longmen/longmen/core/ledger"
)

const snapshotSuffix = ".snapshot"

// snapshot is a file of a ledger's state, and what it must hold.
type snapshot struct {
	path     string
	sequence uint64
	want     outline
}

// outline is what of a state its digest and its head tell.
type outline struct {
	Digest   [32]byte
	Ledger   ledger.ID
	Zone     string
	Clock    ledger.ClockKind
	Shadow   bool
	Version  uint16
	Now      ledger.Instant
	Sequence uint64
	Epoch    uint64
	Entries  uint64
}

func outlineOf(e *ledger.Engine) outline {
	return outline{
		Digest: e.Digest(), Ledger: e.Ledger(), Zone: e.Zone(), Clock: e.Clock(), Shadow: e.Shadow(), Version: e.Version(),
		Now: e.Now(), Sequence: e.Sequence(), Epoch: e.Epoch(), Entries: e.Entries(),
	}
}

func (s *snapshot) expect(e *ledger.Engine) { s.want = outlineOf(e) }

// listSnapshots lists the snapshots of a ledger by sequence.
func listSnapshots(folder string, l ledger.ID) (list []*snapshot, err error) {
	if folder == "" {
		return nil, nil
	}
	folder = filepath.Join(folder, l.String())
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), snapshotSuffix)
		digits, _, _ := strings.Cut(name, "-")
		if sequence, err := strconv.ParseUint(digits, 10, 64); ok && err == nil {
			list = append(list, &snapshot{path: filepath.Join(folder, e.Name()), sequence: sequence})
		}
	}
	slices.SortFunc(list, func(a, b *snapshot) int { return compare(a.sequence, b.sequence) })
	return list, nil
}

// checkSnapshots loads the snapshots that the replay has passed, one after the other. One that the node has removed
// meanwhile is none.
func (p *replay) checkSnapshots(ctx context.Context) error {
	for i, s := range p.passed {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.tell(StageSnapshot, uint64(i), uint64(len(p.passed)))
		e, err := s.load()
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case errors.Is(err, ledger.ErrFormat):
			p.remark("snapshot %s is passed over: %v", filepath.Base(s.path), err)
		case err != nil:
			p.find(PartSnapshot, s.sequence, doSnapshot, "snapshot %s: %v", filepath.Base(s.path), err)
		case outlineOf(e) != s.want:
			p.find(PartSnapshot, s.sequence, doSnapshot, "snapshot %s is sound and not the state after command %d", filepath.Base(s.path), s.sequence)
		default:
			if err := e.CheckSums(); err != nil {
				p.find(PartSnapshot, s.sequence, doSnapshot, "snapshot %s: %v", filepath.Base(s.path), err)
				continue
			}
			p.report.Snapshots = append(p.report.Snapshots, s.sequence)
		}
	}
	return nil
}

// load reads a snapshot, whatever its bytes are.
func (s *snapshot) load() (e *ledger.Engine, err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("it can't be loaded: %v", broken)
		}
		err = errors.Join(err, f.Close())
	}()
	r := bufio.NewReaderSize(f, 1<<20)
	if e, err = ledger.LoadEngine(r); err != nil {
		return nil, err
	}
	if _, end := r.ReadByte(); !errors.Is(end, io.EOF) {
		return nil, errors.New("something follows its end")
	}
	return e, nil
}
