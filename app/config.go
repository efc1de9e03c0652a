// Package app puts the program together: it opens what a node stands on, starts the parts in order, and joins the doors
// to the ledgers. One program serves everything by default; a mode will choose parts.
//
// The package must not know rules of its own: what a part does is the part's business.
package app

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// Config is what a person chooses.
type Config struct {
	Data      string // data folder
	DSN       string // postgres:// for journal and history; empty: SQLite files in the data folder
	Listen    string // address of the doors
	LogFormat string
	LogLevel  string
}

// Names in the data folder.
const (
	journalFile       = "journal.db"
	historyFile       = "history.db"
	snapshotsFolder   = "snapshots"
	keysFolder        = "keys"
	checkpointsFolder = "checkpoints"
)

// DefaultListen is loopback: a node is open to others only when told so.
const DefaultListen = "127.0.0.1:7421"

func (c *Config) check() error {
	if c.Data == "" {
		return fmt.Errorf("data folder: give a path")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen %q: want host:port: %w", c.Listen, err)
	}
	return os.MkdirAll(filepath.Join(c.Data, keysFolder), 0o700)
}
