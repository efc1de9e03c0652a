//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// LockFolder takes a data folder for this process alone, by a lock on its file "lock". The kernel gives it back when
// the process ends, however it ends. A second process gets an error that names the first.
func LockFolder(path string) (*Folder, error) {
	name := filepath.Join(path, "lock")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner := lockOwner(f)
		err = errors.Join(lockError(path, owner, err), f.Close())
		return nil, err
	}
	if err := errors.Join(f.Truncate(0), writeOwner(f)); err != nil {
		return nil, errors.Join(fmt.Errorf("lock data folder %s: %w", path, err), f.Close())
	}
	return &Folder{path: path, file: f}, nil
}

func lockError(path, owner string, err error) error {
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("lock data folder %s: %w (process %s): stop that one, or use another folder", path, ErrFolderLocked, owner)
	}
	return fmt.Errorf("lock data folder %s: %w", path, err)
}

func writeOwner(f *os.File) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func lockOwner(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil || len(b) == 0 {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}
