package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/gen/longmen/ledger/v1/ledgerv1connect"
)

// serve starts a server that speaks what a node speaks: HTTP/2 without TLS.
func serve(t *testing.T, handler http.Handler) *Client {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	c := New(s.URL, "secret", "book")
	t.Cleanup(c.Close)
	return c
}

func answer(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

func TestRead(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/ledgers/book/trial-balance", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			answer(w, http.StatusUnauthorized, `{"code": "unauthenticated", "detail": "no token"}`)
			return
		}
		answer(w, http.StatusOK, `{"lines": [{"asset": "USD", "code": 1010, "debits": "12345678901234567890123"}]}`)
	})
	mux.HandleFunc("GET /v1/ledgers/book/registers/{address}/holders", func(w http.ResponseWriter, r *http.Request) {
		page := `{"holders": [{"account": "a", "holder": 0, "units": 5, "shares": [{"paid": "7"}, {"paid": "-1"}]}], "next": "more"}`
		if r.URL.Query().Get("cursor") == "more" {
			page = `{"holders": [{"account": "b", "holder": 1, "units": 6, "unclaimed": "9", "shares": []}]}`
		}
		answer(w, http.StatusOK, page)
	})
	mux.HandleFunc("GET /v1/ledgers/book/accounts/{address}/statements/2021-12", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusNotFound, `{"code": "not_found", "detail": "there is no account `+r.PathValue("address")+`"}`)
	})
	c := serve(t, mux)

	if _, err := c.TrialBalance(t.Context()); err == nil || !strings.Contains(err.Error(), "out of range") {
		t.Errorf("a sum of 77 bits was read as 64: %v", err)
	}
	holders, err := c.Holders(t.Context(), "loan:1")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(holders)
	if err != nil {
		t.Fatal(err)
	}
	if want := `[{"Account":"a","Holder":0,"Units":5,"Unclaimed":0,"Shares":[{"Paid":7},{"Paid":-1}]},{"Account":"b","Holder":1,"Units":6,"Unclaimed":9,"Shares":[]}]`; string(text) != want {
		t.Errorf("holders are %s, want %s", text, want)
	}
	if _, err := c.Statement(t.Context(), "investor:1:cash", "2021-12", 5); err == nil || !strings.Contains(err.Error(), "there is no account investor:1:cash") {
		t.Errorf("the problem's words are lost: %v", err)
	}
}

// A node that can't answer now is asked again, one that refuses is not.
func TestPersist(t *testing.T) {
	var calls atomic.Int64
	status := http.StatusServiceUnavailable
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 3 {
			answer(w, http.StatusOK, `{}`)
			return
		}
		answer(w, status, `{"code": "overloaded", "detail": "try again"}`)
	}))
	if err := c.CreateLedger(t.Context(), time.Unix(0, 0)); err != nil || calls.Load() != 3 {
		t.Errorf("after %d calls: %v", calls.Load(), err)
	}
	calls.Store(0)
	status = http.StatusConflict
	if err := c.CreateLedger(t.Context(), time.Unix(0, 0)); err == nil || calls.Load() != 1 {
		t.Errorf("after %d calls: %v", calls.Load(), err)
	}
}

// node answers batches and notes what it was asked.
type node struct {
	ledgerv1connect.UnimplementedLedgerServiceHandler
	busy, lose int
	batches    []int
}

func (n *node) Apply(_ context.Context, r *connect.Request[pb.ApplyRequest]) (*connect.Response[pb.ApplyResponse], error) {
	n.batches = append(n.batches, len(r.Msg.GetCommands()))
	if n.busy > 0 {
		n.busy--
		return nil, connect.NewError(connect.CodeUnavailable, fmt.Errorf("too much is waiting"))
	}
	if r.Msg.GetLedger() != "book" {
		return nil, connect.NewError(connect.CodeNotFound, fmt.Errorf("no ledger %s", r.Msg.GetLedger()))
	}
	out := &pb.ApplyResponse{}
	for i := range r.Msg.GetCommands()[n.lose:] {
		out.Results = append(out.Results, &pb.Result{Sequence: uint64(i + 1)})
	}
	return connect.NewResponse(out), nil
}

func TestApply(t *testing.T) {
	n := &node{busy: 2}
	_, handler := ledgerv1connect.NewLedgerServiceHandler(n)
	c := serve(t, handler)
	commands := []*pb.Command{{Id: make([]byte, 16)}, {Id: make([]byte, 16)}}
	results, err := c.Apply(t.Context(), commands)
	if err != nil || len(results) != 2 || results[1].GetSequence() != 2 || len(n.batches) != 3 {
		t.Errorf("after %v: %v, %v", n.batches, results, err)
	}
	n.lose = 1
	if _, err := c.Apply(t.Context(), commands); err == nil {
		t.Error("one result for two commands was taken")
	}
	if _, err := New(c.base, "secret", "other").Apply(t.Context(), commands); err == nil {
		t.Error("an unknown ledger was taken")
	}
}
