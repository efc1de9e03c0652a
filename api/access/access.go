// Package access lets callers in. It keeps what a client on the machine needs to reach a node, the token that the node
// makes at its first start and the address on which it listens: both lie in the data folder, and who may read the
// folder is the operator. It finds out who calls with a token, that one or one that was issued.
//
// The package must not know what is done with the access.
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	tokenFile   = "token"
	addressFile = "address"
	tokenBytes  = 32
	maxFile     = 512
)

// Token checks the folder's token.
type Token struct{ sum [sha256.Size]byte }

// Ensure reads the folder's token, or makes it if there is none, the folder too.
func Ensure(folder string) (Token, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Token{}, fmt.Errorf("make data folder: %w", err)
	}
	path := filepath.Join(folder, tokenFile)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		secret := make([]byte, tokenBytes)
		rand.Read(secret)
		if err := write(path, base64.RawURLEncoding.EncodeToString(secret)); err != nil {
			return Token{}, fmt.Errorf("make token: %w", err)
		}
	}
	text, err := ReadToken(folder)
	if err != nil {
		return Token{}, err
	}
	return Token{sum: sha256.Sum256([]byte(text))}, nil
}

// Is says whether this is the token. The time it takes tells nothing of the right one.
func (t Token) Is(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1
}

// ReadToken reads the folder's token for a client. A file that others may read is refused.
func ReadToken(folder string) (string, error) {
	path := filepath.Join(folder, tokenFile)
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read token: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("token %s can be read by others (mode %v): run chmod 600 on it", path, info.Mode().Perm())
	}
	text, err := read(path)
	if err != nil {
		return "", fmt.Errorf("read token: %w", err)
	}
	if secret, err := base64.RawURLEncoding.Strict().DecodeString(text); err != nil || len(secret) < tokenBytes {
		return "", fmt.Errorf("token %s is damaged: remove it, and the node makes a new one at its next start", path)
	}
	return text, nil
}

// WriteAddress tells clients on this machine where the node listens.
func WriteAddress(folder, address string) error {
	if err := write(filepath.Join(folder, addressFile), address); err != nil {
		return fmt.Errorf("write address: %w", err)
	}
	return nil
}

// RemoveAddress says that the node that listened there no longer does. Another node's address is left alone.
func RemoveAddress(folder, address string) error {
	if written, err := ReadAddress(folder); err == nil && written != address {
		return nil
	}
	if err := os.Remove(filepath.Join(folder, addressFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove address: %w", err)
	}
	return nil
}

// ReadAddress reads where the folder's node listens, as host and port.
func ReadAddress(folder string) (string, error) {
	address, err := read(filepath.Join(folder, addressFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no node serves %s: start one with longmen serve --data %s", folder, folder)
	}
	if err != nil {
		return "", fmt.Errorf("read address: %w", err)
	}
	return address, nil
}

// write puts a file in place as a whole, readable for its owner alone.
func write(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text + "\n")
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func read(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b := make([]byte, maxFile)
	n, err := f.Read(b)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(b[:n])), nil
}
