package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// childRole is set in the environment when the test binary runs as a child of itself.
const childRole = "LONGMEN_STORE_CHILD"

func TestMain(m *testing.M) {
	switch role, path, _ := strings.Cut(os.Getenv(childRole), ":"); role {
	case "":
		storetest.Main(m)
	case "backup":
		childBackup(path)
	case "lock":
		childLock(path)
	}
}

func child(t *testing.T, role, path string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role+":"+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
	})
	return cmd, bufio.NewReader(out)
}

// fill adds rows of 1 KiB from one id on.
func fill(t *testing.T, db *store.DB, from, n int) {
	t.Helper()
	text := strings.Repeat("x", 1024)
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		for id := from; id < from+n; id++ {
			if _, err := tx.Exec("INSERT INTO notes1 (id, text) VALUES (?, ?)", id, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Wrote(n * 1024)
}

// intact opens a copy, lets SQLite check it, and counts its rows.
func intact(t *testing.T, path string) int {
	t.Helper()
	ro, err := store.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ro.Close() }()
	var answer string
	if err := ro.Reader().QueryRow("PRAGMA integrity_check").Scan(&answer); err != nil || answer != "ok" {
		t.Errorf("integrity of %s: %q %v", path, answer, err)
	}
	return count(t, ro)
}

func TestBackupWhileWriting(t *testing.T) {
	db := storetest.SQLite(t)
	migrated(t, db)
	fill(t, db, 0, 8000)
	var backups sync.WaitGroup
	to := filepath.Join(t.TempDir(), "backup.db")
	done := make(chan error, 1)
	backups.Go(func() { done <- db.Backup(context.Background(), to) })
	written := 8000
	for running := true; running; written += 10 {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
		}
		fill(t, db, written, 10)
	}
	backups.Wait()
	if n := intact(t, to); n < 8000 || n > written || n%10 != 0 {
		t.Errorf("the copy has %d rows, the database had 8000 to %d in tens", n, written)
	}
	if err := db.Backup(t.Context(), to); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("over an older copy: %v", err)
	}
}

func TestBackupCutShortLeavesNothing(t *testing.T) {
	db := storetest.SQLite(t)
	migrated(t, db)
	fill(t, db, 0, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if err := db.Backup(ctx, filepath.Join(dir, "backup.db")); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if left := folder(t, dir); left != "" {
		t.Errorf("left: %s", left)
	}
	if err := db.Backup(t.Context(), filepath.Join(dir, "none", "backup.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
	pg := storetest.Postgres(t)
	if err := pg.Backup(t.Context(), filepath.Join(dir, "pg")); err == nil || !strings.Contains(err.Error(), "pg_basebackup") {
		t.Errorf("PostgreSQL: %v", err)
	}
}

// childBackup copies again and again until it is killed.
func childBackup(path string) {
	db, err := store.Open(context.Background(), path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for n := 0; ; n++ {
		fmt.Println("copying", n)
		if err := db.Backup(context.Background(), fmt.Sprintf("%s.backup%d", path, n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func TestBackupKilled(t *testing.T) {
	path := storetest.SQLitePath(t)
	db := storetest.Open(t, path)
	migrated(t, db)
	fill(t, db, 0, 4000)
	for range 3 {
		cmd, out := child(t, "backup", path)
		for range 2 { // the first copy is complete then, and the second has begun
			if _, err := out.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		copies, err := filepath.Glob(path + ".backup*")
		if err != nil {
			t.Fatal(err)
		}
		complete := 0
		for _, c := range copies {
			if !strings.Contains(c, ".part") {
				complete++
				if n := intact(t, c); n != 4000 {
					t.Errorf("%s has %d rows", c, n)
				}
			}
			if err := os.Remove(c); err != nil {
				t.Fatal(err)
			}
		}
		if complete == 0 {
			t.Error("no complete copy")
		}
	}
	if n := count(t, db); n != 4000 {
		t.Errorf("the database has %d rows", n)
	}
}

// childLock takes the folder and waits to be killed.
func childLock(path string) {
	folder, err := store.LockFolder(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("locked", folder.Path())
	var forever chan struct{}
	<-forever
}

func TestFolderHasOneOwner(t *testing.T) {
	dir := t.TempDir()
	cmd, out := child(t, "lock", dir)
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_, err := store.LockFolder(dir)
	if !errors.Is(err, store.ErrFolderLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", cmd.Process.Pid)) {
		t.Fatalf("got %v, want one that names process %d", err, cmd.Process.Pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	f, err := store.LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.LockFolder(dir); !errors.Is(err, store.ErrFolderLocked) {
		t.Errorf("twice in one process: %v", err)
	}
	if err := f.Unlock(); err != nil {
		t.Fatal(err)
	}
	if f, err = store.LockFolder(dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Unlock(); err != nil {
		t.Error(err)
	}
}
