package app

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/longmen/longmen"
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/store/storetest"
)

// Two nodes stand on one database. The one that leads is stopped in its tracks; the other takes over; the first, woken
// again, answers nothing stale and ends.
func TestPausedLeaderIsReplacedAndSaysNothingStale(t *testing.T) {
	dsn := storetest.PostgresDSN(t)
	first := &served{t: t, folder: t.TempDir(), dsn: dsn}
	first.start()
	defer func() { first.kill() }()
	first.prepare()
	w := &writer{known: map[string]uint64{}}
	w.send(t, first, batchOf(t, w, 10))

	stranger := &served{t: t, folder: t.TempDir(), dsn: dsn}
	stranger.launch()
	if err := stranger.cmd.Wait(); err == nil || !strings.Contains(stranger.log.String(), "the lookup key is looked for in "+stranger.folder) {
		t.Errorf("a node with another lookup key: %v, %s", err, stranger.log.String())
	}
	if _, err := os.Stat(filepath.Join(stranger.folder, longmen.LookupKeyFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the wrong key stays where the right one belongs: %v", err)
	}
	second := &served{t: t, folder: t.TempDir(), dsn: dsn}
	copyKey(t, first, second)
	second.launch()
	defer func() { second.kill() }()
	signal(t, first, syscall.SIGSTOP)
	began := time.Now()
	second.await()
	t.Logf("taken over after %v", time.Since(began))
	w.send(t, second, batchOf(t, w, 5))

	signal(t, first, syscall.SIGCONT)
	r, err := http.NewRequest("GET", first.base+"/v1/ledgers/main/accounts/w:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+first.token)
	if answer, err := http.DefaultClient.Do(r); err == nil {
		answer.Body.Close()
		if answer.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a leader that was replaced answers a read with %d", answer.StatusCode)
		}
	}
	if w.send(t, first, batchOf(t, w, 5)) {
		t.Error("a leader that was replaced took commands")
	}
	w.resend(t, second, nil)
	var ended sync.WaitGroup
	ended.Go(func() { _ = first.cmd.Wait() })
	ended.Wait()
	if got := second.rest("GET", "/v1/ledgers/main/accounts/w:0", ""); got["balance"] != "20" {
		t.Errorf("w:0 has %v, want 20", got["balance"])
	}
}

// copyKey gives a node the lookup key of another one, without which it does not start on the same rows.
func copyKey(t testing.TB, from, to *served) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(from.folder, longmen.LookupKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(to.folder, longmen.LookupKeyFile)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, key, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func batchOf(t testing.TB, w *writer, n int) (batch []*pb.Command) {
	for range n {
		batch = append(batch, w.command(t))
	}
	return batch
}

func signal(t testing.TB, s *served, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}
