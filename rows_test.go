package longmen_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// desk is what stands beside a node's books: rows of a front.
type desk struct {
	t       testing.TB
	db      *store.DB
	parties *party.Registry
	orders  *order.Orders
}

func openDesk(t testing.TB, folder string, key []byte) *desk {
	t.Helper()
	d := &desk{t: t}
	var err error
	d.db, err = store.Open(context.Background(), filepath.Join(folder, longmen.RowsFile))
	must(t, err)
	d.parties, err = party.Open(context.Background(), d.db, party.Options{Clock: clock.Real{}, Random: rand.Reader, LookupKey: key})
	must(t, err)
	kinds, err := order.NewKinds(order.Kind{
		Code: "swap", Title: "Swap", By: []string{"client"}, First: "open", States: []string{"open", "done"}, Ends: []string{"done"},
		Transitions: []order.Transition{{Name: "finish", From: []string{"open"}, To: "done", By: []string{"client"}}},
	})
	must(t, err)
	d.orders, err = order.Open(context.Background(), d.db, kinds, func(id.ID) clock.Clock { return clock.Real{} })
	must(t, err)
	return d
}

func (d *desk) exec(query string, args ...any) {
	d.t.Helper()
	must(d.t, d.db.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	}))
}

func (d *desk) count(query string) (n uint64) {
	d.t.Helper()
	must(d.t, d.db.Reader().QueryRow(query).Scan(&n))
	return n
}

func newID(t testing.TB) id.ID {
	t.Helper()
	i, err := id.New(clock.Real{}, rand.Reader)
	must(t, err)
	return i
}

// A front writes that it will send a command, sends it, and writes what came of it. In a backup that is made meanwhile
// rows and journal are of one instant: no row tells of a command that the journal lacks, and no command is there whose
// sender's row is missing. Party and order are found again after the restore.
func TestBackupOfRows(t *testing.T) {
	b := newBooks(t, "")
	key := []byte(strings.Repeat("k", party.KeySize))
	must(t, os.WriteFile(filepath.Join(b.config.Folder, longmen.LookupKeyFile), []byte(hex.EncodeToString(key)), 0o600))
	d := openDesk(t, b.config.Folder, key)
	tenant, giver, swap := newID(t), newID(t), newID(t)
	by := party.By{Tenant: tenant, Actor: newID(t)}
	_, err := d.parties.CreateTenant(t.Context(), by.Actor, party.Tenant{ID: tenant, Name: "north"})
	must(t, err)
	_, err = d.parties.CreateParty(t.Context(), by, party.Party{ID: giver, Kind: party.Person, Name: "Zhang San"})
	must(t, err)
	_, err = d.parties.AddIdentifier(t.Context(), by, party.Identifier{ID: newID(t), Party: giver, Type: "phone", Value: "+8613800000000"})
	must(t, err)
	_, err = d.orders.Create(t.Context(), tenant, order.New{
		ID: swap, Kind: "swap", Act: order.Act{Actor: by.Actor, Role: "client"}, Parties: []order.Party{{Part: "giver", Party: giver}},
	})
	must(t, err)
	// Rows that take their time to copy.
	d.exec("CREATE TABLE load (id INTEGER PRIMARY KEY, text BLOB)")
	d.exec("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) INSERT INTO load SELECT i, randomblob(2000) FROM n")
	d.exec("CREATE TABLE sent (id INTEGER PRIMARY KEY, sequence INTEGER)")
	before := b.main.Applied()
	writing, stop := context.WithCancel(context.Background())
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 1; writing.Err() == nil; n++ {
			d.exec("INSERT INTO sent VALUES (?, 0)", n)
			b.pay(1)
			d.exec("UPDATE sent SET sequence = ? WHERE id = ?", b.main.Applied(), n)
		}
	})
	to := t.TempDir()
	const rounds = 4
	for n := range rounds {
		must(t, longmen.Backup(t.Context(), longmen.BackupOptions{Folder: b.config.Folder, To: filepath.Join(to, fmt.Sprint(n)), Keys: n == 0}))
	}
	sound(t, longmen.VerifyOptions{Folder: b.config.Folder})
	stop()
	writer.Wait()
	must(t, d.db.Close())

	for n := range rounds {
		data := filepath.Join(to, fmt.Sprint("data", n))
		_, err := longmen.Restore(t.Context(), longmen.RestoreOptions{From: filepath.Join(to, fmt.Sprint(n)), To: data})
		must(t, err)
		if _, err := os.Stat(filepath.Join(data, longmen.LookupKeyFile)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the lookup key was in the backup: %v", err)
		}
		l := sound(t, longmen.VerifyOptions{Folder: data})
		paid := l.Commands - before
		d := openDesk(t, data, key)
		intended, known := d.count("SELECT count(*) FROM sent"), d.count("SELECT count(*) FROM sent WHERE sequence > 0")
		if known > paid || paid > intended || d.count("SELECT coalesce(max(sequence), 0) FROM sent") > l.Commands {
			t.Errorf("round %d: %d commands are in the journal, the rows intended %d and know of %d", n, paid, intended, known)
		}
		if found, err := d.parties.FindParty(t.Context(), tenant, "phone", "+8613800000000"); err != nil || found.ID != giver {
			t.Errorf("the party: %+v, %v", found, err)
		}
		if o, err := d.orders.Get(t.Context(), tenant, swap); err != nil || o.State != "open" {
			t.Errorf("the order: %+v, %v", o, err)
		}
		must(t, d.db.Close())
	}
}

// Verify finds rows that are damaged, and a follower that stands beyond the journal; neither is restored.
func TestVerifyOfRows(t *testing.T) {
	b := newBooks(t, "")
	b.pay(3)
	ledger, end := id.ID(b.main.ID()), b.main.Applied()
	for name, r := range map[string]struct {
		beyond uint64
		damage bool
		want   string
	}{
		"at the end": {0, false, ""}, "beyond": {1, false, "has seen command"}, "damaged": {0, true, "is damaged"},
	} {
		must(t, os.RemoveAll(filepath.Join(b.config.Folder, longmen.RowsFile)))
		db, err := store.Open(t.Context(), filepath.Join(b.config.Folder, longmen.RowsFile))
		must(t, err)
		_, err = feed.Open(t.Context(), db, clock.NewManual(time.Unix(1_800_000_000, 0)))
		must(t, err)
		tenant := newID(t)
		must(t, db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO feed_cursor (tenant, ledger, name, epoch, position, attempts, problem, changed)
				VALUES (?, ?, 'mine', 1, ?, 0, '', 0)`, tenant[:], ledger[:], int64(end+r.beyond))
			return err
		}))
		must(t, db.Close())
		from := filepath.Join(t.TempDir(), "backup")
		must(t, longmen.Backup(t.Context(), longmen.BackupOptions{Folder: b.config.Folder, To: from}))
		if r.damage {
			f, err := os.OpenFile(filepath.Join(from, longmen.RowsFile), os.O_RDWR, 0)
			must(t, err)
			_, err = f.WriteAt([]byte(strings.Repeat("\xff", 4096)), 4096)
			must(t, errors.Join(err, f.Close()))
		}
		report, err := longmen.Restore(t.Context(), longmen.RestoreOptions{From: from, To: filepath.Join(t.TempDir(), "data")})
		if r.want == "" {
			must(t, err)
			continue
		}
		if !errors.Is(err, longmen.ErrNotSound) || len(report.Findings) != 1 || !strings.Contains(report.Findings[0].What, r.want) {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
}
