package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Every scenario runs at a tiny size, and what it tells can be read by people and programs.
func TestScenariosRun(t *testing.T) {
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			var out bytes.Buffer
			o := Options{Scenarios: []string{s.Name}, JSON: true, Seconds: 0.05, Runs: 1, Part: 1_000, Data: t.TempDir(), Serve: serveMyself}
			if err := Run(t.Context(), o, &out); err != nil {
				t.Fatal(err)
			}
			var r Report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			if len(r.Figures) == 0 || r.Machine.Cores == 0 {
				t.Fatalf("%+v", r)
			}
			for _, f := range r.Figures {
				var text bytes.Buffer
				f.write(&text)
				if f.Value <= 0 || f.Met != nil || f.Unit == "" || strings.Count(text.String(), "\n") < 3 {
					t.Errorf("%+v\n%s", f, &text)
				}
			}
		})
	}
}

// Bids go on when the investors have as much of a listing as they may: on the next one.
func TestBidsDoNotRunOut(t *testing.T) {
	// Four investors may bid 500 times each on a listing; at the promised rate alone more come in a second.
	o := Options{Scenarios: []string{"bids"}, Seconds: 1, Runs: 1, Part: 1_000, Data: t.TempDir(), Serve: serveMyself}
	if err := Run(t.Context(), o, &bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

// A measurement of nothing is none.
func TestNoTimeAndNoRunsAreRefused(t *testing.T) {
	for _, o := range []Options{{Seconds: -1}, {Runs: -1}, {Seconds: math.NaN()}} {
		o.Scenarios, o.Part, o.Data, o.Serve = []string{"balances"}, 1_000, t.TempDir(), serveMyself
		if err := Run(t.Context(), o, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "want 1 or more") {
			t.Errorf("%d runs of %v seconds: %v", o.Runs, o.Seconds, err)
		}
	}
	b := &bench{options: Options{Runs: 1, Seconds: 1}, out: &bytes.Buffer{}}
	err := b.runs(t.Context(), unwatched{}, trial{what: "nothing"}, false, func() (*load, float64, error) { return &load{}, 0, nil })
	if err == nil || !strings.Contains(err.Error(), "no request") {
		t.Error(err)
	}
}

// unwatched is a book of which nothing is noted.
type unwatched struct{ book }

func (unwatched) watch(context.Context) (func(*Figure) error, error) {
	return func(*Figure) error { return nil }, nil
}

// What is measured on somebody else's node stays there, so it is a shadow ledger; the largest world is not made there.
func TestElsewhereLedgersAreShadows(t *testing.T) {
	var body bytes.Buffer
	node := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = body.ReadFrom(r.Body) }))
	defer node.Close()
	b := &bench{options: Options{Address: strings.TrimPrefix(node.URL, "http://")}}
	if _, err := b.site(t.Context(), "", realClock()); err != nil || !strings.Contains(body.String(), `"shadow":true`) {
		t.Errorf("%v: %s", err, &body)
	}
	if _, err := choose([]string{"distributions-accounts"}, true); err == nil {
		t.Error("10 million accounts are opened elsewhere")
	}
}

// The second half of the busy account's history is asked about too.
func TestAllOfABusyPastIsAsked(t *testing.T) {
	if a := anInstant(newIDs(1), pastMonths); a.Year() >= 2023 {
		t.Error(a)
	}
	late := 0
	for own := newIDs(1); late == 0; {
		if anInstant(own, 2*pastMonths).Year() >= 2023 {
			late++
		}
	}
}

func TestUnknownScenarioIsRefused(t *testing.T) {
	err := Run(t.Context(), Options{Scenarios: []string{"nothing"}, Data: t.TempDir()}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "distributions") {
		t.Error(err)
	}
}
