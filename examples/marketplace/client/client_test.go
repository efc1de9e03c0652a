package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// What is sent and what is made of the answers: a busy node is asked again with the same words, a refusal is told.
func TestCall(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer tok" || r.Header.Get("Longmen-Party") != "p" || r.Header.Get("Longmen-Tenant") != "" ||
			r.Header.Get("Idempotency-Key") != "k" || string(body) != `{"amount":"12"}` {
			t.Errorf("asked with %v %s", r.Header, body)
		}
		switch r.URL.Path {
		case "/busy":
			if asked < 3 {
				w.WriteHeader([]int{0, http.StatusServiceUnavailable, http.StatusGatewayTimeout}[asked])
				return
			}
			io.WriteString(w, `{"amount":"345"}`)
		case "/refused":
			w.WriteHeader(http.StatusConflict)
			io.WriteString(w, `{"code":"listing_sold_out","detail":"nothing is left","field":"body.amount"}`)
		}
	}))
	defer s.Close()
	c := New(s.URL+"/", 1)
	defer c.Close()
	who := Caller{Token: "tok", Party: "p"}
	type money struct {
		Amount Amount `json:"amount"`
	}
	var got money
	if err := c.Post(t.Context(), who, "/busy", "k", money{12}, &got); err != nil || got.Amount != 345 || asked != 3 {
		t.Errorf("%v after %d requests: %v", got, asked, err)
	}
	err := c.Post(t.Context(), who, "/refused", "k", money{12}, nil)
	if Code(err) != "listing_sold_out" || asked != 4 || err.Error() != "POST /refused: 409 listing_sold_out: nothing is left (body.amount)" {
		t.Errorf("%d requests: %v", asked, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Post(ctx, who, "/busy", "k", money{12}, nil); err == nil || Code(err) != "" {
		t.Errorf("an ended request gives %v", err)
	}
}

func TestAmountRefuses(t *testing.T) {
	var a Amount
	for _, text := range []string{`"1.5"`, `"x"`, `"9223372036854775808"`} {
		if err := json.Unmarshal([]byte(text), &a); err == nil {
			t.Errorf("%s is read as %d", text, a)
		}
	}
}
