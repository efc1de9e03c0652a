package rpc_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/api/apitest"
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/gen/longmen/ledger/v1/ledgerv1connect"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
	kid "github.com/longmen/longmen/kit/id"
)

// bearer puts a token into every call.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// clients speak to a site in each of the ways that the service is spoken.
func clients(s *apitest.Site, token string) map[string]ledgerv1connect.LedgerServiceClient {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	http2 := &http.Client{Transport: bearer{token, &http.Transport{Protocols: protocols}}}
	http1 := &http.Client{Transport: bearer{token, http.DefaultTransport}}
	return map[string]ledgerv1connect.LedgerServiceClient{
		"grpc":         ledgerv1connect.NewLedgerServiceClient(http2, s.URL, connect.WithGRPC()),
		"grpc-web":     ledgerv1connect.NewLedgerServiceClient(http1, s.URL, connect.WithGRPCWeb()),
		"connect":      ledgerv1connect.NewLedgerServiceClient(http1, s.URL),
		"connect json": ledgerv1connect.NewLedgerServiceClient(http1, s.URL, connect.WithProtoJSON()),
	}
}

func id(n int) []byte {
	id := []byte{1, 0x95, 0x99, 0xc5, 5, 6, 0x70, 8, 0x80, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}

// derived is a transfer with the id that the program makes of another one.
func derived(n int) *pb.Command {
	c := transfer(n, "investor:1:cash", "investor:2:cash", 1)
	of := kid.ID(c.Id).Derive("settle", 0)
	c.Id = of[:]
	return c
}

func transfer(n int, debit, credit string, amount int64) *pb.Command {
	return &pb.Command{Id: id(n), Operations: []*pb.Operation{{Operation: &pb.Operation_Transfer{
		Transfer: &pb.Transfer{Debit: debit, Credit: credit, Amount: amount},
	}}}}
}

func TestService(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	n := 0
	for name, client := range clients(s, s.Token) {
		t.Run(name, func(t *testing.T) {
			n += 10
			ctx := t.Context()
			info, err := client.Ledger(ctx, connect.NewRequest(&pb.LedgerRequest{Ledger: "main"}))
			if err != nil {
				t.Fatal(err)
			}
			from := info.Msg.GetSequence() + 1
			if info.Msg.GetZone() != "Asia/Shanghai" || info.Msg.GetClock() != pb.ClockKind_CLOCK_KIND_SIMULATED || info.Msg.GetAccounts() != 8 {
				t.Errorf("ledger %v", info.Msg)
			}
			answer, err := client.Apply(ctx, connect.NewRequest(&pb.ApplyRequest{Ledger: "main", Commands: []*pb.Command{
				transfer(n, "investor:1:cash", "investor:2:cash", 100),
				transfer(n+1, "investor:1:cash", "investor:2:cash", 1_000_000),
				transfer(n+2, "investor:1:cash", "Investor", 1),
				transfer(n, "investor:1:cash", "investor:2:cash", 100),
				transfer(n, "investor:1:cash", "investor:2:cash", 101),
				transfer(n+3, "investor:2:cash", "investor:1:cash", 100),
				{Id: []byte{1}},
				derived(n + 4),
			}}))
			if err != nil {
				t.Fatal(err)
			}
			r := answer.Msg.GetResults()
			want := []pb.Code{
				pb.Code_CODE_APPLIED, pb.Code_CODE_BALANCE_TOO_LOW, pb.Code_CODE_MALFORMED, pb.Code_CODE_APPLIED, pb.Code_CODE_ID_CONFLICT,
				pb.Code_CODE_APPLIED, pb.Code_CODE_MALFORMED, pb.Code_CODE_MALFORMED,
			}
			if len(r) != len(want) {
				t.Fatalf("%d results", len(r))
			}
			for i := range r {
				if r[i].GetCode() != want[i] {
					t.Errorf("command %d: %v, want %v", i, r[i], want[i])
				}
			}
			if r[0].GetSequence() != from || r[1].GetSequence() != from+1 || r[2].GetSequence() != 0 || !r[3].GetRepeated() || r[3].GetSequence() != from {
				t.Errorf("results %v", r)
			}
			if r[2].GetMessage() == "" || r[6].GetMessage() != "id: has 1 bytes, an id has 16" {
				t.Errorf("messages %q, %q", r[2].GetMessage(), r[6].GetMessage())
			}
			if m := r[7].GetMessage(); !strings.Contains(m, "id: id ") || !strings.Contains(m, "version 8") {
				t.Errorf("of an id that the program derives it says %q", m)
			}
			balances, err := client.Balances(ctx, connect.NewRequest(&pb.BalancesRequest{
				Ledger: "main", Addresses: []string{"investor:1:cash", "nobody", "bank:cash"}, Sequence: from,
			}))
			if err != nil {
				t.Fatal(err)
			}
			b := balances.Msg.GetBalances()
			if len(b) != 3 || b[0].GetBalance() != 4000 || b[0].GetAvailable() != 4000 || !b[1].GetMissing() || b[2].GetBalance() != 30_000 ||
				balances.Msg.GetSequence() != from+2 {
				t.Errorf("balances %v", balances.Msg)
			}
			watch(t, client, from)
		})
	}
}

// watch reads the journal and then what is applied while it watches.
func watch(t *testing.T, client ledgerv1connect.LedgerServiceClient, from uint64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := client.Watch(ctx, connect.NewRequest(&pb.WatchRequest{Ledger: "main"}))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	next := uint64(1)
	for next < from+3 {
		if !stream.Receive() {
			t.Fatalf("stream ended at %d: %v", next, stream.Err())
		}
		for _, e := range stream.Msg().GetEvents() {
			if e.GetResult().GetSequence() != next {
				t.Fatalf("sequence %d, want %d", e.GetResult().GetSequence(), next)
			}
			if next == 1 && e.GetCommand().GetOperations()[0].GetOpenLedger().GetZone() != "Asia/Shanghai" {
				t.Errorf("first command: %v", e.GetCommand())
			}
			next++
		}
	}
	late := transfer(int(next), "investor:2:cash", "investor:1:cash", 1)
	late.Id[15] ^= 0x55
	back := transfer(int(next), "investor:1:cash", "investor:2:cash", 1)
	back.Id[15] ^= 0xaa
	if _, err := client.Apply(ctx, connect.NewRequest(&pb.ApplyRequest{Ledger: "main", Commands: []*pb.Command{late, back}})); err != nil {
		t.Fatal(err)
	}
	for next < from+5 {
		if !stream.Receive() {
			t.Fatalf("stream ended at %d: %v", next, stream.Err())
		}
		next += uint64(len(stream.Msg().GetEvents()))
	}
}

func TestFailures(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	batch := func(ledger string, n int) *connect.Request[pb.ApplyRequest] {
		r := &pb.ApplyRequest{Ledger: ledger}
		for range n {
			r.Commands = append(r.Commands, transfer(1, "a", "b", 1))
		}
		return connect.NewRequest(r)
	}
	size := s.Node.Size("main")
	for name, client := range clients(s, s.Token) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			fails := func(err error, code connect.Code, words string) {
				t.Helper()
				if connect.CodeOf(err) != code || !strings.Contains(err.Error(), words) {
					t.Errorf("got %v, want %v with %q", err, code, words)
				}
			}
			_, err := client.Apply(ctx, batch("other", 1))
			fails(err, connect.CodeNotFound, "there is no ledger")
			_, err = client.Apply(ctx, batch("main", 0))
			fails(err, connect.CodeInvalidArgument, "a batch has 1 to 1024")
			_, err = client.Apply(ctx, batch("main", api.MaxBatch+1))
			fails(err, connect.CodeInvalidArgument, "a batch has 1 to 1024")
			_, err = client.Balances(ctx, connect.NewRequest(&pb.BalancesRequest{Ledger: "main"}))
			fails(err, connect.CodeInvalidArgument, "1 to 1000")
			_, err = client.Balances(ctx, connect.NewRequest(&pb.BalancesRequest{Ledger: "main", Addresses: make([]string, 1001)}))
			fails(err, connect.CodeInvalidArgument, "1 to 1000")
			_, err = client.Ledger(ctx, connect.NewRequest(&pb.LedgerRequest{Ledger: "other"}))
			fails(err, connect.CodeNotFound, "there is no ledger")
			stream, err := client.Watch(ctx, connect.NewRequest(&pb.WatchRequest{Ledger: "other"}))
			if err == nil {
				for stream.Receive() {
				}
				err = stream.Err()
			}
			fails(err, connect.CodeNotFound, "there is no ledger")

			s.Node.Fail(errs.Overloaded.Errorf("the queue is full"))
			_, err = client.Apply(ctx, batch("main", 1))
			fails(err, connect.CodeUnavailable, "the queue is full")
			var told *connect.Error
			if !errors.As(err, &told) || told.Meta().Get("Retry-After") != "1" || told.Meta().Get("Longmen-Code") != "overloaded" {
				t.Errorf("headers %v", told.Meta())
			}
			s.Node.Fail(fmt.Errorf("open secret/path: disk on fire"))
			_, err = client.Apply(ctx, batch("main", 1))
			fails(err, connect.CodeInternal, "")
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the caller is told of the inside: %v", err)
			}
			s.Node.Fail(nil)
		})
	}
	if !strings.Contains(s.Log.String(), "disk on fire") {
		t.Errorf("the log does not tell of the failure: %s", s.Log)
	}
	for name, client := range clients(s, "wrong") {
		_, err := client.Apply(t.Context(), batch("main", 1))
		if connect.CodeOf(err) != connect.CodeUnauthenticated {
			t.Errorf("%s with a wrong token: %v", name, err)
		}
	}
	if s.Node.Size("main") != size {
		t.Error("something was journaled")
	}
}

// A command that the ledger has comes out of Message as it went in.
func TestCodes(t *testing.T) {
	for _, c := range ledger.Codes {
		name := pb.Code(c.Code).String()
		if name != "CODE_"+strings.ToUpper(c.Name) {
			t.Errorf("code %d is %s in the ledger and %s in the service", c.Code, c.Name, name)
		}
	}
	if len(pb.Code_name) != len(ledger.Codes) {
		t.Errorf("the service has %d codes, the ledger %d", len(pb.Code_name), len(ledger.Codes))
	}
}
