package store

import (
	"errors"
	"fmt"
	"os"
)

// Folder is a data folder that this process has for itself.
type Folder struct {
	path string
	file *os.File
}

// ErrFolderLocked is what LockFolder returns when another process has the folder.
var ErrFolderLocked = errors.New("another process has it")

// Path is the folder.
func (f *Folder) Path() string { return f.path }

// Unlock gives the folder back. The file stays: removing it would let two processes lock two files of one name.
func (f *Folder) Unlock() error {
	if err := f.file.Close(); err != nil {
		return fmt.Errorf("unlock data folder %s: %w", f.path, err)
	}
	return nil
}
