package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A patient client asks again after a pause, and the pause ends with the command.
func TestPatienceEndsWithTheCommand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan struct{}, 10)
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		w.WriteHeader(http.StatusGatewayTimeout)
	}))
	defer node.Close()
	ended := make(chan error)
	go func() {
		_, err := (&client{ctx: ctx, base: node.URL, patient: true}).post("/v1/x", "key", fields{}, nil)
		ended <- err
	}()
	<-asked
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || len(asked) > 0 {
		t.Errorf("%v after %d more requests", err, len(asked))
	}
}

// What is longer than a client reads is an error, not the half of it.
func TestAnswerTooLong(t *testing.T) {
	size := maxAnswer
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, size))
	}))
	defer node.Close()
	c := &client{ctx: t.Context(), base: node.URL}
	if text, err := c.get("/v1/x", nil, nil); err != nil || len(text) != maxAnswer {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	size++
	if text, err := c.get("/v1/x", nil, nil); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

// A flag of an act is true when it stands there, and a word after it is one too many.
func TestFlagsOfLoanActs(t *testing.T) {
	bodies := make(chan string, 10)
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // how amounts are written
			_, _ = w.Write([]byte("{}"))
			return
		}
		b := make([]byte, 1_000)
		n, _ := r.Body.Read(b)
		bodies <- string(b[:n])
		_, _ = w.Write([]byte("{}"))
	}))
	defer node.Close()
	t.Setenv("LONGMEN_TOKEN", "secret")
	pay := func(words ...string) (int, string) {
		var out, told strings.Builder
		code := run(t.Context(), append([]string{"loan", "pay", someLoan, "100", "--address", node.URL}, words...), strings.NewReader(""), &out, &told)
		return code, told.String()
	}
	if code, told := pay("--settle", "--date", "2026-03-01"); code != 0 {
		t.Fatalf("%d %s", code, told)
	}
	if body := <-bodies; !strings.Contains(body, `"settle":true`) || !strings.Contains(body, `"date":"2026-03-01"`) || strings.Contains(body, "anyway") {
		t.Errorf("%s", body)
	}
	if code, told := pay("--settle", "true"); code == 0 || len(bodies) > 0 {
		t.Errorf("%d %s", code, told)
	}
}
