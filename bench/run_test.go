package bench

import (
	"bytes"
	"encoding/json"
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

func TestUnknownScenarioIsRefused(t *testing.T) {
	err := Run(t.Context(), Options{Scenarios: []string{"nothing"}, Data: t.TempDir()}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "distributions") {
		t.Error(err)
	}
}
