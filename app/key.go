package app

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/party"
)

// lookupKey is the secret by which identifiers are found again. It lies in the data folder like the ledgers' keys, and
// like them outside backups.
type lookupKey struct {
	path  string
	bytes []byte
	made  bool // just now
}

// openLookupKey reads the folder's key, or makes one if there is none.
func openLookupKey(folder string) (*lookupKey, error) {
	k := &lookupKey{path: filepath.Join(folder, longmen.LookupKeyFile)}
	err := k.read()
	if errors.Is(err, fs.ErrNotExist) {
		err = k.make()
	}
	return k, err
}

func (k *lookupKey) read() error {
	text, err := os.ReadFile(k.path)
	if err != nil {
		return fmt.Errorf("read lookup key: %w", err)
	}
	info, err := os.Stat(k.path)
	if err != nil {
		return fmt.Errorf("read lookup key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("lookup key %s can be read by others (mode %v): run chmod 600 on it", k.path, info.Mode().Perm())
	}
	if k.bytes, err = hex.DecodeString(string(bytes.TrimSpace(text))); err != nil || len(k.bytes) != party.KeySize {
		return fmt.Errorf("lookup key %s is damaged: put the right file there", k.path)
	}
	return nil
}

// make makes a key. When two programs do so at once, both get the one that was there first.
func (k *lookupKey) make() error {
	k.bytes, k.made = make([]byte, party.KeySize), true
	rand.Read(k.bytes)
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return fmt.Errorf("make lookup key: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(k.path), ".lookup-*")
	if err != nil {
		return fmt.Errorf("make lookup key: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(k.bytes) + "\n")
	if err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), k.path)
	}
	if errors.Is(err, fs.ErrExist) {
		k.made = false
		return k.read()
	}
	if err != nil {
		return fmt.Errorf("make lookup key: %w", err)
	}
	return nil
}

// undo takes back a key that turned out not to be the one that made the rows, so that the right one can be put there.
func (k *lookupKey) undo() error {
	if !k.made {
		return nil
	}
	return os.Remove(k.path)
}
