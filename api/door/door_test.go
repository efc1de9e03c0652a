package door_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/kit/errs"
)

const at = "/v1/ledgers/main"

func TestNoToken(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	size := s.Node.Size("main")
	for _, token := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + s.Token, s.Token, "Bearer " + s.Token + "x", "Bearer " + s.Token[1:]} {
		for _, path := range []string{"/v1/ledgers", at + "/transfers", "/metrics", "/v1/nothing", "/longmen.ledger.v1.LedgerService/Apply"} {
			a := s.Do(http.MethodPost, path, `{}`, "Authorization", token, "Idempotency-Key", "x")
			if a.Status != http.StatusUnauthorized {
				t.Errorf("%s with %q: status %d", path, token, a.Status)
			}
			if strings.HasPrefix(path, "/v1/") && (a.At("code") != "unauthenticated" || a.Header.Get("WWW-Authenticate") == "") {
				t.Errorf("%s: %s %v", path, a.Body, a.Header)
			}
		}
	}
	if s.Node.Size("main") != size {
		t.Error("something was journaled")
	}
	if a := s.Do(http.MethodGet, "/v1/ledgers", nil, "Authorization", "bearer "+s.Token); a.Status != http.StatusOK {
		t.Errorf("the scheme's case matters: %d", a.Status)
	}
}

func TestOpenPages(t *testing.T) {
	s := apitest.NewSite(t)
	for path, words := range map[string]string{
		"/healthz": "ok", "/readyz": "ready", "/docs": "POST</b> <code>/v1/ledgers/{ledger}/transfers", "/docs/page.js": "sessionStorage",
		"/docs/page.css": "color-scheme", "/openapi.json": `"openapi": "3.1.0"`, "/openapi.yaml": "openapi: 3.1.0", "/": "<title>Longmen API",
	} {
		a := s.Do(http.MethodGet, path, nil, "Authorization", "")
		if a.Status != http.StatusOK || !strings.Contains(string(a.Body), words) {
			t.Errorf("%s: status %d, %.200s", path, a.Status, a.Body)
		}
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: headers %v", path, a.Header)
		}
	}
	if page := string(s.Get("/docs").Body); strings.Contains(page, "http://") && strings.Count(page, "http://") != strings.Count(page, "http://127.0.0.1:7421") || strings.Contains(page, "https://") {
		t.Error("the page names another host: it must work without one")
	}
}

func TestIdempotency(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	const uuid = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	body := `{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"100"}`
	for _, key := range []string{uuid, "deposit/4711", "~", strings.Repeat("k", 255)} {
		first := s.Do(http.MethodPost, at+"/transfers", body, "Idempotency-Key", key).OK()
		size := s.Node.Size("main")
		again := s.Do(http.MethodPost, at+"/transfers", body, "Idempotency-Key", key).OK()
		if again.At("repeated") != "true" || again.At("sequence") != first.At("sequence") || again.At("id") != first.At("id") {
			t.Errorf("key %q: first %s, again %s", key, first.Body, again.Body)
		}
		full := s.Do(http.MethodPost, at+"/commands", `{"operations":[{"transfer":`+body+`}]}`, "Idempotency-Key", key).OK()
		if full.At("repeated") != "true" || full.At("sequence") != first.At("sequence") {
			t.Errorf("key %q: the same command in full is another one: %s", key, full.Body)
		}
		other := s.Do(http.MethodPost, at+"/transfers", strings.Replace(body, "100", "101", 1), "Idempotency-Key", key)
		if other.Status != http.StatusConflict || other.At("code") != "id_conflict" || other.At("sequence") != "" {
			t.Errorf("key %q with other content: %d %s", key, other.Status, other.Body)
		}
		if s.Node.Size("main") != size {
			t.Errorf("key %q: a repeat was journaled", key)
		}
	}
	if id := s.Do(http.MethodPost, at+"/transfers", body, "Idempotency-Key", uuid).At("id"); id != uuid {
		t.Errorf("the id of key %s is %s", uuid, id)
	}
	// A refusal of the ledger is a result like any other.
	tooMuch := `{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"9999999"}`
	first := s.Do(http.MethodPost, at+"/transfers", tooMuch, "Idempotency-Key", "refused")
	again := s.Do(http.MethodPost, at+"/transfers", tooMuch, "Idempotency-Key", "refused")
	if again.Status != http.StatusUnprocessableEntity || again.At("sequence") != first.At("sequence") || again.At("repeated") != "true" {
		t.Errorf("refused %s, again %s", first.Body, again.Body)
	}
	for _, key := range []string{"", "two words", "tab\tkey", "ключ", strings.Repeat("k", 256)} {
		a := s.Do(http.MethodPost, at+"/transfers", body, "Idempotency-Key", key)
		if a.Status != http.StatusBadRequest || a.At("field") != "header.Idempotency-Key" {
			t.Errorf("key %q: %d %s", key, a.Status, a.Body)
		}
	}
	a := s.Do(http.MethodPost, at+"/commands", `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7082","operations":[{"transfer":`+body+`}]}`, "Idempotency-Key", uuid)
	if a.Status != http.StatusBadRequest || a.At("code") != "idempotency_key_mismatch" {
		t.Errorf("key and id differ: %d %s", a.Status, a.Body)
	}
	a = s.Do(http.MethodPost, at+"/commands", `{"operations":[{"transfer":`+body+`}]}`)
	if a.Status != http.StatusBadRequest || a.At("code") != "idempotency_key_missing" {
		t.Errorf("neither key nor id: %d %s", a.Status, a.Body)
	}
	a = s.Do(http.MethodPost, at+"/commands", `{"id":"08599999-8a7b-7d60-a1f2-3c4d5e6f7082","operations":[{"transfer":`+body+`}]}`)
	if a.Status != http.StatusBadRequest || a.At("code") != "id_from_future" {
		t.Errorf("id from the future: %d %s", a.Status, a.Body)
	}
}

func TestOversized(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	size := s.Node.Size("main")
	for path, bytes := range map[string]int{at + "/transfers": 64 << 10, at + "/commands": api.MaxBody, at + "/batches": api.MaxBody, at + "/balances": 1 << 20} {
		a := s.Post(path, `{"surprise":"`+strings.Repeat("x", bytes)+`"}`)
		if a.Status != http.StatusRequestEntityTooLarge || a.At("code") != "too_large" {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	var operations strings.Builder
	for i := range 8_001 {
		if i > 0 {
			operations.WriteString(",")
		}
		operations.WriteString(`{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}`)
	}
	a := s.Post(at+"/commands", `{"operations":[`+operations.String()+`]}`)
	if a.Status != http.StatusBadRequest || a.At("field") != "body.operations" {
		t.Errorf("8,001 operations: %d %s", a.Status, a.Body)
	}
	long := strings.Repeat(strings.Repeat("a", 31)+":", 7) + strings.Repeat("a", 31)
	a = s.Post(at+"/commands", `{"operations":[`+strings.Repeat(`{"transfer":{"debit":"`+long+`","credit":"`+long+`","amount":"1"}},`, 2_100)+
		`{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}]}`)
	if a.Status != http.StatusRequestEntityTooLarge || a.At("code") != "oversized" {
		t.Errorf("more than 1 MiB: %d %.300s", a.Status, a.Body)
	}
	if s.Node.Size("main") != size {
		t.Error("something was journaled")
	}
}

func TestOverload(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	s.Node.Fail(errs.Overloaded.Errorf("the queue is full; nothing was applied"))
	for _, a := range []*apitest.Answer{
		s.Post(at+"/transfers", `{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"100"}`),
		s.Post(at+"/batches", `{"commands":[{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","operations":[{"advance":{"to":"2027-01-01T00:00:00Z"}}]}]}`),
		s.Get(at + "/accounts/bank:cash/balance"),
	} {
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "1" || a.At("code") != "overloaded" {
			t.Errorf("%d %v %s", a.Status, a.Header, a.Body)
		}
	}
	s.Node.Fail(fmt.Errorf("open /secret: disk on fire"))
	a := s.Get(at + "/accounts/bank:cash/balance")
	if a.Status != http.StatusInternalServerError || strings.Contains(string(a.Body), "secret") || a.At("request") == "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if log := s.Log.String(); !strings.Contains(log, "disk on fire") || !strings.Contains(log, a.At("request")) {
		t.Errorf("log: %s", log)
	}
}

// The request's id is the trace of the command, the caller's own if he sends one.
func TestTrace(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	body := `{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"100"}`
	a := s.Do(http.MethodPost, at+"/transfers", body, "Idempotency-Key", "traced", "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").OK()
	const trace = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"
	if got := a.Header.Get("X-Request-Id"); got != trace {
		t.Errorf("X-Request-Id: %s", got)
	}
	if got := s.Get(at+"/commands/"+a.At("sequence")).At("command", "trace"); got != trace {
		t.Errorf("trace: %s", got)
	}
	for _, parent := range []string{"", "nonsense", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-zzf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"} {
		if got := s.Do(http.MethodGet, at, nil, "Traceparent", parent).Header.Get("X-Request-Id"); len(got) != 36 || strings.HasPrefix(got, "00000000") {
			t.Errorf("traceparent %q gives %q", parent, got)
		}
	}
}

func TestMetrics(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	s.Get(at + "/accounts/nobody")
	text := string(s.Get("/metrics").OK().Body)
	for _, line := range []string{
		`longmen_request_seconds_count{route="GET /v1/ledgers/{ledger}/accounts/{address}",status="404"} 1`,
		`longmen_request_seconds_count{route="POST /v1/ledgers/{ledger}/accounts",status="200"} 8`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %s in %s", line, text)
		}
	}
}

// What is no HTTP at all must not hold anything up.
func TestNoise(t *testing.T) {
	s := apitest.NewSite(t)
	for _, noise := range []string{"\x00\x01\x02\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /v1/ledgers HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"} {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, noise); err != nil {
			t.Fatal(err)
		}
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(c)
		if bytes.Contains(answer, []byte("200 OK")) {
			t.Errorf("%q gives %s", noise, answer)
		}
		c.Close()
	}
	s.Get("/v1/ledgers").OK()
}

// A request may take longer than its body may take to arrive, and so may those that come over the same connection after it.
func TestLongerThanItsBody(t *testing.T) {
	const plain = `{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"100"}`
	for name, c := range map[string]struct{ kind, body string }{
		"read at once":         {"application/json", plain},
		"read in full":         {"application/json; charset=utf-8", plain},
		"read at once in vain": {"application/json", strings.Replace(plain, "}", `,"effective":"2026-01-02"}`, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := apitest.NewSite(t)
			s.Market()
			transfer := func() *apitest.Answer {
				return s.Do(http.MethodPost, at+"/transfers", c.body, "Content-Type", c.kind, "Idempotency-Key", s.ID().String())
			}
			s.Node.Slow(5500 * time.Millisecond)
			transfer().OK()
			s.Node.Slow(0)
			transfer().OK()
		})
	}
}
