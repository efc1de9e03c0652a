package longmen_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/store/storetest"
)

// books are a running node with a ledger in it.
type books struct {
	t      testing.TB
	config longmen.Config
	db     *longmen.DB
	main   *longmen.Ledger
	first  longmen.Command // that opened the accounts
}

func newBooks(t testing.TB, dsn string) *books {
	t.Helper()
	b := &books{t: t, config: longmen.Config{Folder: filepath.Join(t.TempDir(), "data"), DSN: dsn}}
	b.open()
	t.Cleanup(b.close)
	must(t, os.WriteFile(filepath.Join(b.config.Folder, "token"), []byte("secret"), 0o600))
	i, err := b.main.NewID()
	must(t, err)
	b.first = longmen.Command{ID: i, Operations: []longmen.Operation{
		&longmen.OpenAsset{Code: "CNY", Scale: 2},
		&longmen.OpenAccount{Address: "bank", Asset: "CNY", Side: longmen.DebitNormal, Type: longmen.Asset, Code: 1, Constraint: longmen.Unbounded},
		&longmen.OpenAccount{Address: "client", Asset: "CNY", Side: longmen.CreditNormal, Type: longmen.Liability, Code: 2, Constraint: longmen.Nonnegative},
	}}
	result, err := b.main.DoCommand(t.Context(), &b.first)
	must(t, err)
	if result.Code != longmen.Applied {
		t.Fatal(result.Code)
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *books) open() {
	b.t.Helper()
	var err error
	b.db, err = longmen.Open(context.Background(), b.config)
	must(b.t, err)
	b.main, err = b.db.Create(context.Background(), longmen.New{Name: "main", Zone: "Asia/Shanghai", Clock: longmen.RealClock})
	must(b.t, err)
}

func (b *books) close() {
	if b.db != nil {
		must(b.t, b.db.Close())
		b.db = nil
	}
}

// pay moves money n times.
func (b *books) pay(n int) {
	b.t.Helper()
	for range n {
		result, err := b.main.Do(context.Background(), &longmen.Transfer{Debit: "bank", Credit: "client", Mode: longmen.Exact, Amount: 7})
		if err != nil || result.Code != longmen.Applied {
			b.t.Error(result.Code, err)
			return
		}
	}
}

// signed gives a checkpoint that covers what was done by now: a node signs one when it ends.
func (b *books) signed() []byte {
	b.t.Helper()
	b.close()
	b.open()
	return b.main.Checkpoint()
}

// sound verifies a folder and gives the report of its ledger.
func sound(t testing.TB, o longmen.VerifyOptions) audit.Ledger {
	t.Helper()
	r, err := longmen.Verify(context.Background(), o)
	must(t, err)
	if !r.Sound || len(r.Ledgers) != 1 {
		t.Fatalf("verify %s: %+v %+v", o.Folder, r.Findings, r.Ledgers)
	}
	return r.Ledgers[0]
}

func filesOf(t testing.TB, folder string) (list []string) {
	t.Helper()
	must(t, filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			list = append(list, strings.TrimPrefix(path, folder+"/"))
		}
		return err
	}))
	return list
}

// A backup made while the node serves is proved, and goes on as a node of its own.
func TestBackupAndRestore(t *testing.T) {
	b := newBooks(t, "")
	b.pay(50)
	note := b.signed()
	writing, stop := context.WithCancel(context.Background())
	var writer sync.WaitGroup
	writer.Go(func() {
		for writing.Err() == nil {
			b.pay(1)
		}
	})
	to := t.TempDir()
	for name, o := range map[string]longmen.BackupOptions{
		"lean": {}, "with history": {History: true}, "with keys": {Keys: true},
	} {
		o.Folder, o.To = b.config.Folder, filepath.Join(to, name)
		must(t, longmen.Backup(t.Context(), o))
		l := sound(t, longmen.VerifyOptions{Folder: o.To, Keys: []string{b.main.PublicKey()}, Given: []audit.Given{{Name: "mine", Note: note}}})
		if l.Commands < 53 || (l.History != nil) != o.History || len(l.Proved) != 2 || l.Proved[1].Proven != audit.Extends {
			t.Errorf("%s: %+v", name, l)
		}
		for _, file := range filesOf(t, o.To) {
			secret := filepath.Dir(file) == "keys" && filepath.Ext(file) == ""
			if file == "token" || file == "lock" || secret && !o.Keys {
				t.Errorf("%s: %s is in the backup", name, file)
			}
		}
		if err := longmen.Backup(t.Context(), o); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("%s: over an older one: %v", name, err)
		}
	}
	for range 3 { // the node itself, while it writes
		sound(t, longmen.VerifyOptions{Folder: b.config.Folder})
	}
	stop()
	writer.Wait()
	b.close()

	for _, name := range []string{"lean", "with history", "with keys"} {
		data := filepath.Join(to, "data of "+name)
		report, err := longmen.Restore(t.Context(), longmen.RestoreOptions{From: filepath.Join(to, name), To: data})
		must(t, err)
		if !report.Sound {
			t.Errorf("%s: %+v", name, report)
		}
		restored := &books{t: t, config: longmen.Config{Folder: data}}
		restored.open()
		// The same command again gives the first result, also from before the backup.
		again, err := restored.main.DoCommand(t.Context(), &b.first)
		if err != nil || again.Sequence != 4 {
			t.Errorf("%s: the first command again: %+v, %v", name, again, err)
		}
		restored.pay(3)
		restored.close()
		sound(t, longmen.VerifyOptions{Folder: data})
	}
}

// Files that others keep go into a backup and come back, but for those that are just being written.
func TestBackupOfFiles(t *testing.T) {
	b := newBooks(t, "")
	b.pay(1)
	for name, text := range map[string]string{"tenant/ab/abcd": "kept", "tenant/cd/cdef": "kept too", "tenant/cd/.part-1": "half"} {
		path := filepath.Join(b.config.Folder, longmen.FilesFolder, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	b.close()
	to := filepath.Join(t.TempDir(), "backup")
	must(t, longmen.Backup(t.Context(), longmen.BackupOptions{Folder: b.config.Folder, To: to}))
	data := filepath.Join(t.TempDir(), "data")
	_, err := longmen.Restore(t.Context(), longmen.RestoreOptions{From: to, To: data})
	must(t, err)
	got := map[string]string{}
	for _, name := range filesOf(t, filepath.Join(data, longmen.FilesFolder)) {
		raw, err := os.ReadFile(filepath.Join(data, longmen.FilesFolder, name))
		must(t, err)
		got[name] = string(raw)
	}
	if want := map[string]string{"tenant/ab/abcd": "kept", "tenant/cd/cdef": "kept too"}; !maps.Equal(got, want) {
		t.Errorf("%v came back, want %v", got, want)
	}
}

// An export from either database is proved without a server.
func TestExport(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": "", "postgres": storetest.PostgresDSN(t)} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t, dsn)
			b.pay(40)
			note := b.signed()
			key := b.main.PublicKey()
			to := filepath.Join(t.TempDir(), "export")
			cut, cancel := context.WithCancel(t.Context())
			o := longmen.ExportOptions{Folder: b.config.Folder, DSN: dsn, To: to, Tell: func(audit.Progress) { cancel() }}
			if err := longmen.Export(cut, o); err == nil {
				t.Log("it was too quick to be cut short")
			} else if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("what was cut short has its name: %v", err)
			} else if _, err := longmen.Verify(t.Context(), longmen.VerifyOptions{Folder: to + ".part"}); !errors.Is(err, longmen.ErrUnfinished) {
				t.Fatalf("what was cut short: %v", err)
			}
			b.pay(5)
			o.Tell = nil
			must(t, longmen.Export(t.Context(), o))
			l := sound(t, longmen.VerifyOptions{Folder: to, Keys: []string{key}, Given: []audit.Given{{Name: "mine", Note: note}}})
			if l.Commands != 50 || len(l.Proved) != 2 || l.Proved[1].Proven != audit.Extends {
				t.Errorf("export: %+v", l)
			}
			// The node itself, running.
			live := sound(t, longmen.VerifyOptions{Folder: b.config.Folder, DSN: dsn, Keys: []string{key}, Given: []audit.Given{{Name: "mine", Note: note}}})
			if live.Root != l.Root || live.History == nil {
				t.Errorf("the node: %+v", live)
			}
			if dsn != "" {
				if err := longmen.Backup(t.Context(), longmen.BackupOptions{Folder: b.config.Folder, To: to + "2"}); err == nil {
					t.Error("a folder without a journal was backed up")
				}
			}
			damageExport(t, to, key, note)
		})
	}
}

// damageExport changes rows of an exported journal; each is named.
func damageExport(t *testing.T, folder, key string, note []byte) {
	for query, want := range map[string]string{
		"UPDATE journal SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'ff' AS BLOB) WHERE sequence = 20": "the row at sequence 20",
		"UPDATE journal SET hash = zeroblob(32) WHERE sequence = 30":                                                "the row at sequence 30",
		"DELETE FROM journal WHERE sequence = 25":                                                                   "the row at sequence 25",
		"DELETE FROM journal WHERE sequence > 30":                                                                   "the copy's list says",
		"UPDATE journal SET sequence = 99 WHERE sequence = 40":                                                      "the row at sequence 40",
		"INSERT INTO journal SELECT ledger, 51, epoch, count, hash, bytes FROM journal WHERE sequence = 40":         "the row at sequence 51",
		"DELETE FROM ledger": "is not on the list",
	} {
		spoiled := filepath.Join(t.TempDir(), "spoiled")
		must(t, os.CopyFS(spoiled, os.DirFS(folder)))
		db, err := sql.Open("sqlite", filepath.Join(spoiled, "journal.db"))
		must(t, err)
		for _, q := range []string{"DROP TRIGGER journal_keeps", "DROP TRIGGER journal_stays", query} {
			_, err := db.Exec(q)
			must(t, err)
		}
		must(t, db.Close())
		r, err := longmen.Verify(t.Context(), longmen.VerifyOptions{Folder: spoiled, Keys: []string{key}, Given: []audit.Given{{Name: "mine", Note: note}}})
		must(t, err)
		all := slices.Clone(r.Findings)
		for _, l := range r.Ledgers {
			all = append(all, l.Findings...)
		}
		if r.Truth || !slices.ContainsFunc(all, func(f audit.Finding) bool { return strings.Contains(f.What, want) }) {
			t.Errorf("%s: want %q in %+v", query, want, all)
		}
		// And it is not restored.
		data := filepath.Join(t.TempDir(), "data")
		report, err := longmen.Restore(t.Context(), longmen.RestoreOptions{From: spoiled, To: data})
		if !errors.Is(err, longmen.ErrNotSound) || report == nil {
			t.Errorf("%s: restore: %v", query, err)
		}
		if left, err := os.ReadDir(filepath.Dir(data)); err != nil || len(left) > 0 {
			t.Errorf("%s: restore has left %v, %v", query, left, err)
		}
	}
}

// What can be made again is left out when it is damaged.
func TestRestoreLeavesOutDamagedHistory(t *testing.T) {
	b := newBooks(t, "")
	b.pay(20)
	b.close()
	b.open()
	to := t.TempDir()
	from := filepath.Join(to, "backup")
	must(t, longmen.Backup(t.Context(), longmen.BackupOptions{Folder: b.config.Folder, To: from, History: true}))
	db, err := sql.Open("sqlite", filepath.Join(from, "history.db"))
	must(t, err)
	_, err = db.Exec("DELETE FROM history_entry")
	must(t, errors.Join(err, db.Close()))
	data := filepath.Join(to, "data")
	must(t, os.Mkdir(data, 0o700)) // an empty folder gives way
	report, err := longmen.Restore(t.Context(), longmen.RestoreOptions{From: from, To: data})
	must(t, err)
	if report.Sound || !report.Truth {
		t.Errorf("%+v", report)
	}
	for _, file := range filesOf(t, data) {
		if strings.HasPrefix(file, "history") || strings.HasPrefix(file, "snapshots") {
			t.Errorf("%s was restored", file)
		}
	}
	restored := &books{t: t, config: longmen.Config{Folder: data}}
	restored.open()
	restored.pay(1)
	restored.close()
	if l := sound(t, longmen.VerifyOptions{Folder: data}); l.History == nil || *l.History != l.Commands {
		t.Errorf("history was not made again: %+v", l)
	}
}

// Killed at any moment, a copy is there as a whole or not at all, and can be made again.
func TestKilledCopies(t *testing.T) {
	b := newBooks(t, "")
	b.pay(300)
	b.signed()
	d := openDesk(t, b.config.Folder, make([]byte, party.KeySize))
	d.exec("CREATE TABLE load (id INTEGER PRIMARY KEY, text BLOB)")
	d.exec("INSERT INTO load VALUES (1, randomblob(4000000))")
	defer func() { must(t, d.db.Close()) }()
	source := filepath.Join(t.TempDir(), "source")
	must(t, longmen.Backup(t.Context(), longmen.BackupOptions{Folder: b.config.Folder, To: source, History: true}))
	for _, role := range []string{"backup", "export", "restore"} {
		from, to := b.config.Folder, filepath.Join(t.TempDir(), role)
		if role == "restore" {
			from = source
		}
		for _, after := range []time.Duration{0, 2, 5, 10, 20, 40, 80} {
			if !killed(t, after*time.Millisecond, role, from, to) {
				break
			}
			if _, err := os.Stat(to); err == nil {
				sound(t, longmen.VerifyOptions{Folder: to})
				break
			}
		}
		if _, err := os.Stat(to); err == nil {
			sound(t, longmen.VerifyOptions{Folder: to})
			must(t, os.RemoveAll(to))
		}
		must(t, runChild([]string{role, from, to}))
		sound(t, longmen.VerifyOptions{Folder: to})
		if _, err := os.Stat(filepath.Join(to, longmen.RowsFile)); (err == nil) == (role == "export") {
			t.Errorf("%s: rows: %v", role, err)
		}
		if _, err := os.Stat(to + ".part"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: something is left: %v", role, err)
		}
	}
}

// killed runs a child and kills it some time after it has begun; false when it had ended before.
func killed(t *testing.T, after time.Duration, words ...string) bool {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childRole+"="+strings.Join(words, "|"))
	var log bytes.Buffer
	c.Stderr = &log
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "begins\n" {
		t.Fatalf("the child says %q: %v %s", line, err, log.String())
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("%s: %v %s", words[0], err, log.String())
		}
		return false
	case <-time.After(after):
	}
	if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-ended
	return true
}

// A folder that is no copy is not touched.
func TestCopiesKeepToTheirFolders(t *testing.T) {
	b := newBooks(t, "")
	to := filepath.Join(t.TempDir(), "backup")
	must(t, os.MkdirAll(to+".part", 0o700))
	mine := filepath.Join(to+".part", "mine")
	must(t, os.WriteFile(mine, []byte("mine"), 0o600))
	err := longmen.Backup(t.Context(), longmen.BackupOptions{Folder: b.config.Folder, To: to})
	if err == nil || !strings.Contains(err.Error(), "no unfinished copy") {
		t.Errorf("over a folder of somebody else: %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
	if _, err := longmen.Verify(t.Context(), longmen.VerifyOptions{Folder: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "no data folder") {
		t.Errorf("verify of nothing: %v", err)
	}
	if _, err := longmen.Restore(t.Context(), longmen.RestoreOptions{From: t.TempDir(), To: to}); err == nil || !strings.Contains(err.Error(), "no copy") {
		t.Errorf("restore of nothing: %v", err)
	}
}
