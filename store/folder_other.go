//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package store

import "errors"

// LockFolder needs locks that the kernel gives back when a process ends.
func LockFolder(string) (*Folder, error) {
	return nil, errors.New("lock data folder: this operating system is not supported, use Linux, macOS or a BSD")
}
