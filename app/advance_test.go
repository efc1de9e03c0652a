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

// A command that its id, or the ledger's clock, lets nobody apply moves no clock and lets nothing happen before it is refused.
func TestRefusedAdvanceMovesNothing(t *testing.T) {
	s := simulated(t, 3)
	const transfer = `{"operations":[{"transfer":{"debit":"bank","credit":"w:0","amount":"1"}}]}`
	if status, out := s.send("POST", "/v1/ledgers/main/commands", "used", transfer); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	ahead, err := id.New(clock.NewManual(time.Now().Add(time.Hour)), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.rest("POST", "/v1/ledgers", `{"name":"real","zone":"UTC","clock":"real"}`)
	s.rest("POST", "/v1/ledgers/real/commands", `{"operations":[{"open_asset":{"code":"CNY","scale":2}},`+openAccount("bank", "debit", "asset")+`,`+openAccount("w:0", "credit", "liability")+`]}`)
	next := time.Now().Add(24 * time.Hour).UTC()
	plan := fmt.Sprintf(`{"due":%q,"operations":[{"transfer":{"debit":"bank","credit":"w:0","amount":"1"}}]}`, next.Format("2006-01-02T15:04:05.000000Z07:00"))
	if status, out := s.send("POST", "/v1/ledgers/real/jobs", "tomorrow", plan); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	for _, c := range []struct {
		ledger, key, to, code string
		status                int
	}{
		{"main", "used", "2026-04-01T00:00:00Z", "id_conflict", http.StatusConflict},
		{"main", ahead.String(), "2026-04-01T00:00:00Z", "id_from_future", http.StatusBadRequest},
		{"real", "never", next.Add(time.Hour).Format(time.RFC3339), "clock_not_simulated", http.StatusConflict},
	} {
		status, out := s.send("POST", "/v1/ledgers/"+c.ledger+"/clock", c.key, fmt.Sprintf(`{"to":%q}`, c.to))
		if status != c.status || out["code"] != c.code {
			t.Errorf("%s %s: %d %v", c.ledger, c.key, status, out)
		}
	}
	if got := s.rest("GET", "/v1/ledgers/main", ""); got["now"] != "2026-03-01T00:00:00.000000Z" {
		t.Errorf("the clock stands at %v", got["now"])
	}
	s.awaitBalance("w:0", "1")
}

// While a clock is on its way, its command's id is another command's in another ledger, and in its own nobody else's.
func TestCommandsOnTheirWayAreToldApart(t *testing.T) {
	s := simulated(t, 200)
	s.rest("POST", "/v1/ledgers", `{"name":"other","zone":"UTC","clock":"simulated","start":"2026-03-01T00:00:00Z"}`)
	s.rest("POST", "/v1/ledgers/other/commands", `{"operations":[{"open_asset":{"code":"CNY","scale":2}},`+openAccount("bank", "debit", "asset")+`,`+openAccount("w:0", "credit", "liability")+`]}`)
	const plan = `{"due":"2026-03-02T00:00:00Z","operations":[{"transfer":{"debit":"bank","credit":"w:0","amount":"1"}}]}`
	if status, out := s.send("POST", "/v1/ledgers/other/jobs", "second", plan); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	const key, april = "one-key", "2026-04-01T00:00:00Z"
	gone := make(chan int)
	go func() {
		status, _ := s.send("POST", "/v1/ledgers/main/clock", key, fmt.Sprintf(`{"to":%q}`, april))
		gone <- status
	}()
	for s.rest("GET", "/v1/ledgers/main", "")["now"] == "2026-03-01T00:00:00.000000Z" {
		pause()
	}
	if status, out := s.send("POST", "/v1/ledgers/main/clock", key, `{"to":"2026-05-01T00:00:00Z"}`); status != http.StatusConflict || out["code"] != "id_conflict" {
		t.Errorf("the key with another instant: %d %v", status, out)
	}
	if status, out := s.send("POST", "/v1/ledgers/other/clock", key, `{"to":"2026-03-03T00:00:00Z"}`); status != http.StatusOK || out["code"] != "applied" {
		t.Errorf("the key in another ledger: %d %v", status, out)
	}
	if got := s.rest("GET", "/v1/ledgers/other", ""); got["now"] != "2026-03-03T00:00:00.000000Z" {
		t.Errorf("the other clock stands at %v", got["now"])
	}
	if status := <-gone; status != http.StatusOK {
		t.Errorf("the first: %d", status)
	}
	if got := s.rest("GET", "/v1/ledgers/main", ""); got["now"] != "2026-04-01T00:00:00.000000Z" {
		t.Errorf("the clock stands at %v", got["now"])
	}
}
