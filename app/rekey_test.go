package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	chance "math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// With this in its environment the test binary makes a new lookup key for its folder.
const rekeyEnv = "LONGMEN_TEST_REKEY"

func rekeyMain(dsn string) {
	done, err := Rekey(context.Background(), RekeyConfig{Data: os.Args[1], DSN: dsn})
	fmt.Fprintln(os.Stderr, done.Found, err)
	if err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// rekey makes a new key in a process of its own, which is killed after a time.
func (s *served) rekey(after time.Duration) (killed bool) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), after)
	defer stop()
	cmd := exec.CommandContext(ctx, os.Args[0], s.folder)
	cmd.Env = append(os.Environ(), rekeyEnv+"="+s.dsn)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() == nil {
		s.t.Fatalf("rekey: %v: %s", err, out)
	}
	return err != nil
}

// people fills the rows with people and how they are reached, and gives the tenant.
func (s *served) people(n int) id.ID {
	s.t.Helper()
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	key := &lookupKey{path: filepath.Join(s.folder, longmen.LookupKeyFile)}
	must(key.read())
	dsn := s.dsn
	if dsn == "" {
		dsn = filepath.Join(s.folder, longmen.RowsFile)
	}
	ctx := s.t.Context()
	db, err := store.Open(ctx, dsn)
	must(err)
	defer func() { must(db.Close()) }()
	r, err := party.Open(ctx, db, party.Options{Clock: clock.Real{}, Random: rand.Reader, LookupKey: key.bytes})
	must(err)
	tenant, err := r.TenantByName(ctx, "north")
	must(err)
	by := party.By{Tenant: tenant.ID, Actor: tenant.ID}
	made := func() id.ID {
		i, err := id.New(clock.Real{}, rand.Reader)
		must(err)
		return i
	}
	for i := range n {
		p := made()
		_, err = r.CreateParty(ctx, by, party.Party{ID: p, Kind: party.Person, Name: "Li"})
		must(err)
		_, err = r.AddIdentifier(ctx, by, party.Identifier{ID: made(), Party: p, Type: "mobile", Value: party.Personal(fmt.Sprint("+86", i))})
		must(err)
	}
	return tenant.ID
}

// finds asks with a token whether a party is found by its number.
func (s *served) finds(token, number string) bool {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.base+"/v1/parties/find", strings.NewReader(`{"type":"mobile","value":"`+number+`"}`))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		s.t.Fatal(err)
	}
	switch answer.StatusCode {
	case http.StatusOK:
		return true
	case http.StatusNotFound:
		return false
	}
	s.t.Fatalf("find %s: %d %s", number, answer.StatusCode, text)
	return false
}

// The lookup key is lost: the node says what to do, and a new key finds everybody, however often its making is killed.
func TestLostLookupKey(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			s := &served{t: t, folder: t.TempDir()}
			if database == "postgres" {
				s.dsn = storetest.PostgresDSN(t)
			}
			s.start()
			defer func() { s.kill() }()
			token, ok := s.rest("POST", "/v1/tenants", `{"name":"north"}`)["token"].(string)
			if !ok {
				t.Fatal("there is no token of the first administrator")
			}
			s.kill()
			const people = 1_000
			s.people(people)
			lookup := filepath.Join(s.folder, longmen.LookupKeyFile)
			lost, err := os.ReadFile(lookup)
			if err = errors.Join(err, os.Remove(lookup)); err != nil {
				t.Fatal(err)
			}
			s.launch()
			if err := s.cmd.Wait(); err == nil || !strings.Contains(s.log.String(), "longmen rekey") {
				t.Errorf("a node without its key: %v, %s", err, s.log.String())
			}
			if exists(lookup) {
				t.Error("a key that finds nobody is left behind")
			}
			// One that is killed after its last act, the naming of the key, has done its work.
			kills := 0
			for after := chance.N(60 * time.Millisecond); s.rekey(after) && !exists(lookup); after += 50 * time.Millisecond {
				kills++
			}
			t.Logf("killed %d times", kills)
			s.start()
			for i := 0; i < people; i += 37 {
				if !s.finds(token, fmt.Sprint("+86", i)) {
					t.Errorf("number %d is not found", i)
				}
			}
			if s.finds(token, "+8600") {
				t.Error("somebody is found by a number that nobody has")
			}
			if _, err := Rekey(t.Context(), RekeyConfig{Data: s.folder, DSN: s.dsn, Replace: true}); err == nil || !strings.Contains(err.Error(), "data folder") {
				t.Errorf("a new key while the node serves: %v", err)
			}
			s.kill()
			if _, err := Rekey(t.Context(), RekeyConfig{Data: s.folder, DSN: s.dsn}); err == nil || !strings.Contains(err.Error(), "replaced") {
				t.Errorf("a new key in the place of one: %v", err)
			}
			s.stopHalfway(lookup, lost)
			if done, err := Rekey(t.Context(), RekeyConfig{Data: s.folder, DSN: s.dsn}); err != nil || done.Found != people {
				t.Errorf("the rest of it: %+v, %v", done, err)
			}
			if key, err := os.ReadFile(lookup); err != nil || !bytes.Equal(key, lost) || exists(lookup+".new") {
				t.Errorf("the key that was begun is not the one: %v", err)
			}
			s.start()
			if !s.finds(token, "+861") {
				t.Error("number 1 is not found")
			}
		})
	}
}

// stopHalfway leaves a folder as it is when the program stops after the rows have a new key, and before the key has its name.
func (s *served) stopHalfway(lookup string, key []byte) {
	s.t.Helper()
	if err := os.WriteFile(lookup+".new", key, 0o600); err != nil {
		s.t.Fatal(err)
	}
	next := &lookupKey{path: lookup + ".new"}
	dsn := s.dsn
	if dsn == "" {
		dsn = filepath.Join(s.folder, longmen.RowsFile)
	}
	if err := next.read(); err != nil {
		s.t.Fatal(err)
	}
	if _, err := rekey(s.t.Context(), dsn, next.bytes); err != nil {
		s.t.Fatal(err)
	}
	s.launch()
	if err := s.cmd.Wait(); err == nil {
		s.t.Error("a node starts with the key of before")
	}
}

func TestRekeyNeedsRows(t *testing.T) {
	folder := t.TempDir()
	if _, err := Rekey(t.Context(), RekeyConfig{Data: folder}); err == nil || !strings.Contains(err.Error(), "no node has had rows") {
		t.Errorf("an empty folder: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(folder, "keys")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Rekey(t.Context(), RekeyConfig{Data: filepath.Join(folder, "none")}); err == nil {
		t.Error("a folder that is not there")
	}
}
