package store

import (
	"context"
	"database/sql/driver"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

func TestPromisesAreReadBack(t *testing.T) {
	for _, test := range []struct{ pragma, want string }{
		{"synchronous(NORMAL)", `setting synchronous is "1", it must be "2"`},
		{"synchronous(OFF)", `setting synchronous is "0", it must be "2"`},
		{"fullfsync(0)", `setting fullfsync is "0", it must be "1"`},
		{"journal_mode(DELETE)", `setting journal_mode is "delete", it must be "wal"`},
	} {
		name, _, _ := strings.Cut(test.pragma, "(")
		pragmas := []string{test.pragma}
		for _, p := range writerPragmas {
			if !strings.HasPrefix(p, name+"(") {
				pragmas = append(pragmas, p)
			}
		}
		pool, err := sqlitePool(filepath.Join(t.TempDir(), "x.db"), url.Values{}, pragmas, 1, checkPromises)
		if err != nil {
			t.Fatal(err)
		}
		err = pool.PingContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.pragma, err)
		}
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownPragma(t *testing.T) {
	pool, err := sqlitePool(filepath.Join(t.TempDir(), "x.db"), nil, nil, 1, func(ctx context.Context, c driver.Conn) error {
		_, err := readPragma(ctx, c, "no_such_setting")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	if err := pool.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), "no such setting") {
		t.Errorf("got %v", err)
	}
}

func TestNoPasswordInMessages(t *testing.T) {
	for _, dsn := range []string{"postgres://u:secret@h/x", "postgres://h/x?user=u&password=secret", "postgres://u:secret@h:port/x"} {
		if got := redacted(dsn); strings.Contains(got, "secret") {
			t.Errorf("%s became %s", dsn, got)
		}
	}
}

// SQLite does not plan by what a limit is.
func TestStatementsAreSteady(t *testing.T) {
	if got := steady("SELECT a FROM b WHERE c > ? ORDER BY c LIMIT ?"); got != "SELECT a FROM b WHERE c > ? ORDER BY c LIMIT 0+?" {
		t.Error(got)
	}
}
