package longmen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
}

// Open opens history, key and log of a ledger.
func (p *projects) Open(ctx context.Context, l journal.Ledger) (node.Projection, node.Past, error) {
	h, err := history.Open(ctx, p.store, l.ID, records{p.db.journal, l.ID}, history.Options{})
	if err != nil {
		return nil, nil, err
	}
	key, public, err := p.key(l)
	if err != nil {
		return nil, nil, errors.Join(err, h.Close())
	}
	log, err := proof.OpenLog(filepath.Join(p.db.config.Folder, checkpoints, ledger.ID(l.ID).String()+".log"), public)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("checkpoints of ledger %s: %w", l.Name, err), h.Close())
	}
	if n := log.Cut(); n > 0 {
		p.db.config.Log.Info("a torn checkpoint was cut off", "ledger", l.Name, "bytes", n)
	}
	f, err := node.Follow(h, key, log, p.db.config.Log)
	if err != nil {
		return nil, nil, errors.Join(err, h.Close())
	}
	p.db.keep(l.ID, &follower{history: h, checkpoints: log, public: public})
	return f, h, nil
}

// follower is what stands beside a ledger's engine.
type follower struct {
	history     *history.History
	checkpoints *proof.Log
	public      string
}

// key reads the ledger's key, or makes it for a ledger that has none. Where only the public side is left, as in a
// restored backup, nothing is signed until the secret is put back.
func (p *projects) key(l journal.Ledger) (key *proof.Key, public string, err error) {
	path := filepath.Join(p.db.config.Folder, keys, ledger.ID(l.ID).String())
	secret, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		kept, err := os.ReadFile(path + ".pub")
		if err == nil {
			p.db.config.Log.Error("checkpoints are not signed: the key is missing, its public side is there", "ledger", l.Name, "file", path)
			return nil, strings.TrimSpace(string(kept)), nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, "", err
		}
		text, err := proof.GenerateKey(proof.Origin(l.ID), p.db.config.Random)
		if err != nil {
			return nil, "", fmt.Errorf("make a key for ledger %s: %w", l.Name, err)
		}
		secret = []byte(text + "\n")
		if err := keepFile(path, secret, 0o600); err != nil {
			return nil, "", err
		}
	} else if err != nil {
		return nil, "", err
	}
	k, err := proof.ParseKey(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, "", fmt.Errorf("key file %s: %w", path, err)
	}
	return &k, k.Public(), keepFile(path+".pub", []byte(k.Public()+"\n"), 0o644)
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

// records reads a ledger's records from the journal.
type records struct {
	journal *journal.Journal
	ledger  [16]byte
}

// Record gives the record of the command at a sequence.
func (r records) Record(ctx context.Context, sequence uint64) ([]byte, error) {
	g, err := r.journal.At(ctx, r.ledger, sequence)
	if err != nil {
		return nil, err
	}
	for seq, record := range g.Records() {
		if seq == sequence {
			return record, nil
		}
	}
	return nil, fmt.Errorf("sequence %d: %w", sequence, journal.ErrNotFound)
}
