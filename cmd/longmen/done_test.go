package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What was done is done: that it can't be shown as well as usual makes no failure of it, after which somebody would do it
// once more.
func TestDoneIsNoFailure(t *testing.T) {
	t.Setenv("LONGMEN_TOKEN", "secret")
	for words, answer := range map[string]string{
		"loan sign " + someLoan + " 123456": `{"id":"x","state":"signed","asset":"CNY","amount":"120000"}`,
		"book value 2026-03-31":             `{"id":"x","asset":"CNY","sums":[{"bucket":"M1","exposed":"120000"}]}`,
		"approval approve " + anID:          `{"id":"x","asset":"CNY","amount":"120000"}`,
	} {
		node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				problem(w, http.StatusForbidden, "forbidden")
				return
			}
			_, _ = w.Write([]byte(answer))
		}))
		var out, told strings.Builder
		code := run(t.Context(), append(strings.Fields(words), "--address", node.URL), strings.NewReader(""), &out, &told)
		node.Close()
		if code != 0 || !strings.Contains(out.String(), "120000 minor units") {
			t.Errorf("%s: %d %s%s", words, code, out.String(), told.String())
		}
	}
}

// A proposal names no ledger: its amount has the point of the asset if that is the same in all of them.
func TestScaleOfAnAsset(t *testing.T) {
	t.Setenv("LONGMEN_TOKEN", "secret")
	for other, want := range map[string]string{"2": "amount  1200.00 CNY", "3": "amount  120000 minor units CNY"} {
		node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/v1/ledgers":
				_, _ = w.Write([]byte(`{"ledgers":[{"name":"a"},{"name":"b"},{"name":"c"}]}`))
			case "/v1/ledgers/a/assets":
				_, _ = w.Write([]byte(`{"assets":[{"code":"CNY","scale":2}]}`))
			case "/v1/ledgers/b/assets":
				_, _ = w.Write([]byte(`{"assets":[{"code":"JPY","scale":0}]}`))
			case "/v1/ledgers/c/assets":
				_, _ = w.Write([]byte(`{"assets":[{"code":"CNY","scale":` + other + `}]}`))
			default:
				_, _ = w.Write([]byte(`{"id":"x","asset":"CNY","amount":"120000"}`))
			}
		}))
		out, failed := cli(t, t.TempDir(), "approval", "show", anID, "--address", node.URL)
		node.Close()
		if failed || !strings.Contains(out, want) {
			t.Errorf("%s, want %s", out, want)
		}
	}
}
