package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/store"
)

// RekeyConfig says whose lookup key is made anew.
type RekeyConfig struct {
	Data    string // data folder
	DSN     string // postgres://… of the rows; empty: the file in the data folder
	Replace bool   // also a key that is there
}

// Rekey makes a lookup key for a data folder whose key is lost, and lets it find the identifiers. No node may serve the
// folder meanwhile. Stopped anywhere it goes on when it is called again: the new key lies beside the old one's place before
// the rows know of it, and gets there when they do.
func Rekey(ctx context.Context, c RekeyConfig) (done party.Rekeyed, err error) {
	folder, err := store.LockFolder(c.Data)
	if err != nil {
		return done, fmt.Errorf("data folder %s: %w", c.Data, err)
	}
	defer func() { err = errors.Join(err, folder.Unlock()) }()
	path := filepath.Join(c.Data, longmen.LookupKeyFile)
	next := &lookupKey{path: path + ".new"}
	switch _, begun := os.Stat(next.path); {
	case begun == nil:
		err = next.read()
	case !c.Replace && exists(path):
		err = fmt.Errorf("there is a lookup key, %s: if it is not the right one, or somebody else has it, say that it is to be replaced", path)
	default:
		err = next.make()
	}
	if err != nil {
		return done, err
	}
	dsn := c.DSN
	if dsn == "" {
		if dsn = filepath.Join(c.Data, longmen.RowsFile); !exists(dsn) {
			return done, errors.Join(fmt.Errorf("%s is not there: no node has had rows in this folder", dsn), next.undo())
		}
	}
	if done, err = rekey(ctx, dsn, next.bytes); err != nil {
		return done, err
	}
	return done, next.become(path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func rekey(ctx context.Context, dsn string, key []byte) (done party.Rekeyed, err error) {
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return done, err
	}
	done, err = party.Rekey(ctx, db, key)
	return done, errors.Join(err, db.Close())
}

// become gives the key its name.
func (k *lookupKey) become(path string) error {
	if err := os.Rename(k.path, path); err != nil {
		return fmt.Errorf("keep lookup key: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes names durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		return fmt.Errorf("keep names in %s: %w", path, err)
	}
	return nil
}
