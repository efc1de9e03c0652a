package app

import (
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

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

	second := &served{t: t, folder: t.TempDir(), dsn: dsn}
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
