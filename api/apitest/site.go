package apitest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/longmen/longmen/api/access"
	"github.com/longmen/longmen/api/door"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// Start is where clocks of tests stand.
var Start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// Site is a node behind its doors, on a port of this machine.
type Site struct {
	T      testing.TB
	URL    string
	Folder string // with token and address
	Token  string // the operator's
	Tenant string // that he names, if any
	Ground *ground.Ground
	Node   *Node
	Clock  *clock.Manual
	Log    *Log

	keys int
}

// NewSite serves an empty node until the test ends.
func NewSite(t testing.TB) *Site {
	t.Helper()
	s := &Site{T: t, Folder: t.TempDir(), Clock: clock.NewManual(Start), Log: &Log{}}
	s.Node = NewNode(s.Clock)
	tokens, err := access.Ensure(s.Folder)
	s.must(err)
	s.Token, err = access.ReadToken(s.Folder)
	s.must(err)
	s.openGround()
	log := slog.New(slog.NewTextHandler(s.Log, nil))
	open := func() (*ground.Ground, error) { return s.Ground, nil }
	d := door.New(door.Config{
		Node: s.Node, Callers: &access.Callers{Token: tokens, Ground: open}, Ground: open, Ready: func() error { return nil }, Log: log, Metrics: prometheus.NewRegistry(),
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.must(access.WriteAddress(s.Folder, listener.Addr().String()))
	s.URL = "http://" + listener.Addr().String()
	server := door.NewServer(d, log)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
		s.must(s.Ground.Close())
	})
	return s
}

var fonts = sync.OnceValue(func() *document.Fonts {
	f, err := document.FindFonts()
	if err != nil {
		panic(err)
	}
	return f
})

// openGround opens the rows beside the node, in a file of their own.
func (s *Site) openGround() {
	s.T.Helper()
	var err error
	s.Ground, err = ground.Open(s.T.Context(), ground.Config{
		DSN: filepath.Join(s.T.TempDir(), "rows.db"), LookupKey: make([]byte, party.KeySize), Clock: s.Clock, Random: rand.Reader,
		Clocks: func(id.ID) clock.Clock { return s.Clock }, Kinds: []order.Kind{kind}, Actions: map[string]ops.Action{Action: action},
		Totals:    &books{s.Node},
		Ledgers:   func(_ context.Context, name string) (market.Ledger, error) { return inMemory{s.Node, name}, nil },
		Noted:     func(context.Context, id.ID, string) (uint64, error) { return math.MaxUint64, nil }, // World.Follow is called where it matters
		Contracts: plain{}, Files: filepath.Join(s.T.TempDir(), "files"), Fonts: fonts(),
		Sender: "龙门", Channels: map[string]notice.Channel{message.SMS: &s.Node.Box, message.Mail: &s.Node.Box, message.App: notice.Inbox{}},
	})
	s.must(err)
}

// Log keeps what a site logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes a line.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String gives all lines.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Answer is what came back.
type Answer struct {
	T      testing.TB
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request with the token. body is text, nil, or a value for JSON; headers are pairs.
func (s *Site) Do(method, path string, body any, headers ...string) *Answer {
	s.T.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		s.must(err)
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, s.URL+path, reader)
	s.must(err)
	request.Header.Set("Authorization", "Bearer "+s.Token)
	if s.Tenant != "" {
		request.Header.Set("Longmen-Tenant", s.Tenant)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			request.Header.Del(headers[i])
			continue
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	s.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	s.must(err)
	return &Answer{T: s.T, Status: response.StatusCode, Header: response.Header, Body: text}
}

// Get asks.
func (s *Site) Get(path string) *Answer {
	s.T.Helper()
	return s.Do(http.MethodGet, path, nil)
}

// Post sends a command with a key of its own.
func (s *Site) Post(path string, body any) *Answer {
	s.T.Helper()
	s.keys++
	return s.Do(http.MethodPost, path, body, "Idempotency-Key", fmt.Sprintf("test-%d", s.keys))
}

// Market fills the ledger "main" (simulated clock, zone Asia/Shanghai) with a small market: a bank, three investors
// with 100.00 CNY each, a borrower, and a register of two tranches in which two of them have 60 and 40 units.
func (s *Site) Market() {
	s.T.Helper()
	s.Post("/v1/ledgers", `{"name":"main","zone":"Asia/Shanghai","clock":"simulated","start":"2026-03-01T00:00:00Z"}`).OK()
	const at = "/v1/ledgers/main"
	s.Post(at+"/assets", `{"code":"CNY","scale":2}`).OK()
	s.Post(at+"/assets", `{"code":"USD","scale":2}`).OK()
	for _, a := range []string{
		`{"address":"bank:cash","asset":"CNY","side":"debit","type":"asset","code":1001,"constraint":"unbounded"}`,
		`{"address":"investor:1:cash","asset":"CNY","side":"credit","type":"liability","code":2001}`,
		`{"address":"investor:2:cash","asset":"CNY","side":"credit","type":"liability","code":2001}`,
		`{"address":"investor:3:cash","asset":"CNY","side":"credit","type":"liability","code":2001}`,
		`{"address":"borrower:7:cash","asset":"CNY","side":"credit","type":"liability","code":2002}`,
		`{"address":"platform:unclaimed","asset":"CNY","side":"credit","type":"liability","code":2003}`,
		`{"address":"platform:fees","asset":"CNY","side":"credit","type":"income","code":4001}`,
		`{"address":"bank:usd","asset":"USD","side":"debit","type":"asset","code":1002,"constraint":"unbounded"}`,
	} {
		s.Post(at+"/accounts", a).OK()
	}
	for i := 1; i <= 3; i++ {
		s.Post(at+"/transfers", fmt.Sprintf(`{"debit":"bank:cash","credit":"investor:%d:cash","amount":"10000","purpose":1}`, i)).OK()
	}
	s.Post(at+"/registers", `{"address":"listing:7","asset":"CNY","cap":1000,"tranches":["principal","interest"],"unclaimed":"platform:unclaimed"}`).OK()
	for i, units := range []int{60, 40} {
		s.Post(at+"/commands", fmt.Sprintf(`{"purpose":2,"operations":[
			{"transfer":{"debit":"investor:%d:cash","credit":"borrower:7:cash","amount":%d}},
			{"issue":{"register":"listing:7","account":"investor:%d:cash","units":%d}}]}`, i+1, units*100, i+1, units)).OK()
	}
}

// OK fails the test unless the answer is a success.
func (a *Answer) OK() *Answer {
	a.T.Helper()
	if a.Status != http.StatusOK {
		a.T.Fatalf("status %d: %s", a.Status, a.Body)
	}
	return a
}

// Into reads the answer's JSON.
func (a *Answer) Into(v any) {
	a.T.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		a.T.Fatalf("answer is no JSON: %v: %s", err, a.Body)
	}
}

// At gives a member of the answer's JSON as text, "" if it is not there: At("outputs", 0, "amount").
func (a *Answer) At(path ...any) string {
	a.T.Helper()
	decoder := json.NewDecoder(bytes.NewReader(a.Body))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		a.T.Fatalf("answer is no JSON: %v: %s", err, a.Body)
	}
	for _, step := range path {
		switch key := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			list, _ := v.([]any)
			if key >= len(list) {
				return ""
			}
			v = list[key]
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (s *Site) must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatal(err)
	}
}

// Golden compares with a file, or writes it when LONGMEN_GOLDEN is set.
func Golden(t testing.TB, file string, got []byte) {
	t.Helper()
	if os.Getenv("LONGMEN_GOLDEN") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with LONGMEN_GOLDEN=1", err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s is not what the code makes; if that is meant, write it with LONGMEN_GOLDEN=1 go test %s", file, "./api/...")
	}
}
