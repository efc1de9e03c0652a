package longmen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/store"
)

// projects opens what follows each ledger: its history, and the checkpoints that its key signs.
type projects struct {
	db    *DB
	store *store.DB
	kept  *history.Memory
}

// keptHistory is how many bytes the histories of all ledgers keep of what was read last.
const keptHistory = 1 << 30

// Open opens history, key and log of a ledger.
func (p *projects) Open(ctx context.Context, l journal.Ledger) (node.Projection, node.Past, error) {
	h, err := history.Open(ctx, p.store, l.ID, &records{journal: p.db.journal, ledger: l.ID}, history.Options{All: p.kept})
	if err != nil {
		return nil, nil, err
	}
	follow, err := p.evidence(ctx, l)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("evidence of ledger %s: %w", l.Name, err), h.Close())
	}
	follow.history = h
	f, err := node.Follow(h, follow.key, follow.checkpoints, p.db.config.Log)
	if err != nil {
		return nil, nil, errors.Join(err, h.Close())
	}
	follow.following = f
	p.db.keep(l.ID, follow)
	return &watched{f, follow}, h, nil
}

// watched is a projection that shows what it gets to those who watch the ledger: they need not wait until history has it.
type watched struct {
	*node.Following
	follower *follower
}

// Command implements node.Projection.
func (w *watched) Command(record []byte, res *ledger.Result, fx *ledger.Effects) {
	w.Following.Command(record, res, fx)
	if w.follower.watching.Load() == 0 {
		return
	}
	// The caller's command may be changed by now; the record is what the journal has.
	if c, err := commandOf(record); err == nil {
		w.follower.applied.add(feed.Event{Command: c, Result: *res}, len(record))
	}
}

// follower is what stands beside a ledger's engine.
type follower struct {
	watching    atomic.Int32 // how many watch
	applied     tail         // of what was applied while somebody watched
	read        tail         // of what was read for those who are behind
	history     *history.History
	key         *proof.Key // nil where only the public side is, or none
	public      string
	checkpoints *proof.Log // nil without a public key
	following   *node.Following
}

// evidence opens a ledger's key and its log of checkpoints. A ledger has one key for good: it is made with the ledger.
// A node that lacks it, such as a second one on the same database or a restored backup, signs nothing until the file
// is put there.
func (p *projects) evidence(ctx context.Context, l journal.Ledger) (*follower, error) {
	path := filepath.Join(p.db.config.Folder, keys, ledger.ID(l.ID).String())
	f := &follower{}
	if err := p.makeKey(ctx, l, path); err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(path)
	switch {
	case err == nil:
		k, err := proof.ParseKey(strings.TrimSpace(string(secret)))
		if err != nil {
			return nil, fmt.Errorf("key file %s: %w", path, err)
		}
		f.key, f.public = &k, k.Public()
		if err := keepFile(path+".pub", []byte(f.public+"\n"), 0o644); err != nil {
			return nil, err
		}
	case errors.Is(err, os.ErrNotExist):
		p.db.config.Log.Error("checkpoints are not signed here: put the ledger's key into the data folder", "ledger", l.Name, "file", path)
		public, err := os.ReadFile(path + ".pub")
		if errors.Is(err, os.ErrNotExist) {
			return f, nil
		} else if err != nil {
			return nil, err
		}
		f.public = strings.TrimSpace(string(public))
	default:
		return nil, err
	}
	f.checkpoints, err = proof.OpenLog(filepath.Join(p.db.config.Folder, checkpoints, ledger.ID(l.ID).String()+".log"), f.public)
	if err == nil && f.checkpoints.Cut() > 0 {
		p.db.config.Log.Info("a torn checkpoint was cut off", "ledger", l.Name, "bytes", f.checkpoints.Cut())
	}
	return f, err
}

// makeKey makes the key of a ledger that has not begun.
func (p *projects) makeKey(ctx context.Context, l journal.Ledger, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if _, began, err := p.db.journal.Last(ctx, l.ID); err != nil || began {
		return err
	}
	secret, err := proof.GenerateKey(proof.Origin(l.ID), p.db.config.Random)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	return keepFile(path, []byte(secret+"\n"), 0o600)
}

// keepFile writes a file that is then on the disk as a whole.
func keepFile(path string, data []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(data) {
		return nil
	}
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
