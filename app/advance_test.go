package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// simulated serves a ledger whose clock stands at the first of March, with a transfer due each of so many hours after it.
func simulated(t *testing.T, hours int) *served {
	t.Helper()
	s := &served{t: t, folder: t.TempDir()}
	s.start()
	t.Cleanup(s.kill)
	began := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s.rest("POST", "/v1/ledgers", `{"name":"main","zone":"UTC","clock":"simulated","start":"2026-03-01T00:00:00Z"}`)
	s.rest("POST", "/v1/ledgers/main/commands", `{"operations":[{"open_asset":{"code":"CNY","scale":2}},`+
		openAccount("bank", "debit", "asset")+`,`+openAccount("w:0", "credit", "liability")+`]}`)
	for n := 1; n <= hours; n++ {
		s.planTransfer(fmt.Sprintf("hour-%d", n), began.Add(time.Duration(n)*time.Hour), "w:0")
	}
	return s
}

// The one who moves the clock goes away at once: it goes on, and the same key gives the answer later.
func TestAdvanceOutlivesItsClient(t *testing.T) {
	const hours = 200
	s := simulated(t, hours)
	const body, path, key = `{"to":"2026-04-01T00:00:00Z"}`, "/v1/ledgers/main/clock", "to-april"
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", s.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	if answer, err := http.DefaultClient.Do(r); err == nil {
		_ = answer.Body.Close()
		t.Log("the clock was faster than its client's patience")
	}
	s.awaitBalance("w:0", fmt.Sprint(hours)) // nobody waits for it, and it goes on
	status, out := s.send("POST", path, key, body)
	if status != http.StatusOK || out["code"] != "applied" {
		t.Fatalf("%d %v", status, out)
	}
	if got := s.rest("GET", "/v1/ledgers/main", ""); got["now"] != "2026-04-01T00:00:00.000000Z" {
		t.Errorf("the clock stands at %v", got["now"])
	}
	s.eachOnce(hours)
}

// By gRPC too the clock stops wherever something is due.
func TestAdvanceByGRPC(t *testing.T) {
	s := simulated(t, 3)
	i, err := id.New(clock.Real{}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	april := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	command := &pb.Command{Id: i[:], Operations: []*pb.Operation{{Operation: &pb.Operation_Advance{Advance: &pb.Advance{To: april.UnixMicro()}}}}}
	first := uint64(0)
	for repeat := range 2 { // sent again it gives the first answer
		answer, err := s.client.Apply(t.Context(), connect.NewRequest(&pb.ApplyRequest{Ledger: "main", Commands: []*pb.Command{command}}))
		if err != nil {
			t.Fatal(err)
		}
		r := answer.Msg.Results[0]
		if repeat == 0 {
			first = r.Sequence
		}
		if r.Code != pb.Code(ledger.Applied) || r.Sequence != first || r.Repeated != (repeat == 1) {
			t.Errorf("%v, first applied at %d", r, first)
		}
	}
	s.awaitBalance("w:0", "3")
	s.eachOnce(3)
}
