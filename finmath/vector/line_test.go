package vector_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longmen/longmen/finmath/vector"
)

// TestAnswers shows an answer of each form.
func TestAnswers(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{`{"id":"1","kind":"rates","function":"pmt","args":{"rate":"0.12/12","nper":"36","pv":"0"}}`, `{"id":"1","result":{"value":"0"}}`},
		{`{"id":2,"kind":"daycounts","start":"2026-01-01","end":"2026-07-01","convention":"30/360"}`, `{"id":2,"result":{"as":"180./360.","days":180,"year_fraction":"0.5"}}`},
		{`{"id":"3","kind":"calendars","terms":{"start_date":"2026-01-31","installments":2}}`, `{"id":"3","result":{"due_dates":["2026-02-28","2026-03-31"]}}`},
		{`{"id":"4","kind":"rates","function":"irr","args":{"flows":["1","2"]}}`, `{"id":"4","error":"no such rate exists: all flows have the same sign"}`},
		{`{"id":"5","kind":"weather"}`, `{"id":"5","unsupported":"kind \"weather\"; take schedules, events, calendars, rates or daycounts"}`},
		{`{"id":"6","kind":"schedules","terms":{"principal":"1.00","balloon":"2"}}`, `{"id":"6","unsupported":"terms: the field \"balloon\""}`},
		{`{"id":"7","kind":"schedules","terms":{"principal":"1.001"}}`, `{"id":"7","error":"principal: not an amount: \"1.001\" has more than 2 digits after the point"}`},
		{`{"id":"8","kind":"events","terms":{"principal":"1","installments":1,"start_date":"2026-01-01","method":"flat"},"events":[],"checkpoints":[{"after_events":1}]}`, `{"id":"8","error":"after_events 1 of 0"}`},
		{`[]`, `{"id":null,"error":"the line is not a JSON object: json: cannot unmarshal array into Go value of type vector.question"}`},
	} {
		if got := string(vector.Answer([]byte(c.in))); got != c.out {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.out)
		}
	}
}

// TestSpellings shows that a name may be written in several ways: each line of a group asks for the same as its first.
func TestSpellings(t *testing.T) {
	const loan = `{"kind":"events","terms":{"principal":"100.00","annual_rate_percent":"7","installments":3,"start_date":"2026-01-01",
		"method":"equal_installment","payoff_rule":"$"},"events":[{"type":"disburse","date":"2026-01-01","amount":"100.00"},{"type":"payoff","date":"2026-01-10"}],
		"checkpoints":[{"after_events":2,"as_of":"2026-01-10"}]}`
	seen := map[string]string{}
	for _, c := range []struct {
		line  string
		words []string
	}{
		{loan, []string{"interest_to_payoff_date", "interest to payoff", "till closing"}},
		{loan, []string{"interest_to_next_due_date", "interest to the next due date after the payoff", "interest_to_rest_date", "to the end of the period"}},
		{loan, []string{"interest_to_maturity", "interest to the end"}},
		{
			`{"kind":"calendars","terms":{"first_due_date":"2026-10-17","installments":2,"calendar":"$"}}`,
			[]string{"", "monthly as per repayment start date", "Monthly"},
		},
		{
			`{"kind":"calendars","terms":{"first_due_date":"2026-10-17","installments":2,"calendar":"$"}}`,
			[]string{"pro-rated, end of current month", "Pro-rated calendar months: End of the current month"},
		},
		{`{"kind":"rates","function":"fv","args":{"rate":"0.1","nper":"2","pmt":"-1","when":"$"}}`, []string{"begin", "Begin", "1"}},
		{
			`{"kind":"schedules","terms":{"principal":"10.00","installments":3,"start_date":"2026-01-01","method":"flat","rounding":{"mode":"$"}}}`,
			[]string{"half_even", "HALF_EVEN", "half-even", "half even"},
		},
	} {
		first := ""
		for i, w := range c.words {
			got := string(vector.Answer([]byte(strings.Replace(c.line, "$", w, 1))))
			if i == 0 {
				first = got
			}
			if got != first || !strings.Contains(got, `"result"`) {
				t.Errorf("%q gives %s, %q %s", w, got, c.words[0], first)
			}
		}
		if other, ok := seen[first]; ok {
			t.Errorf("%q gives the same as %q", c.words[0], other)
		}
		seen[first] = c.words[0]
	}
}

// TestSmallFlows shows that figures of any size that 64 bits hold are taken: what is too small to matter doesn't.
func TestSmallFlows(t *testing.T) {
	for in, out := range map[string]string{
		`{"id":1,"kind":"rates","function":"irr","args":{"flows":["-100","110","1e-300"]}}`:              `"value":"0.1`,
		`{"id":1,"kind":"rates","function":"npv","args":{"rate":"0.1","flows":["-100","110","1e-320"]}}`: `"value":"0"`,
		`{"id":1,"kind":"rates","function":"irr","args":{"flows":["-1e400","2e400"]}}`:                   `"error":`,
		`{"id":1,"kind":"rates","function":"irr","args":{"flows":["-1e401","2e401"]}}`:                   `"error":`,
	} {
		if got := string(vector.Answer([]byte(in))); !strings.Contains(got, out) {
			t.Errorf("%s\n got %s", in, got)
		}
	}
}

// TestRun shows that every line has its answer, in order, whatever its length.
func TestRun(t *testing.T) {
	in := "{\"id\":1}\n\n" + strings.Repeat("x", vector.MaxLine+5) + "\r\n{\"id\":3}"
	var out bytes.Buffer
	if err := vector.Run(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], `{"id":1,`) || !strings.Contains(lines[1], "more than 1048576 bytes") || !strings.HasPrefix(lines[2], `{"id":3,`) {
		t.Errorf("%q", lines)
	}
}

// FuzzAnswer shows that any line gets one answer of one of the three forms, without the program ending.
func FuzzAnswer(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var file struct {
			Kind    string           `json:"kind"`
			Vectors []map[string]any `json:"vectors"`
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			f.Fatal(err)
		}
		for i, v := range file.Vectors {
			if i%7 == 0 {
				v["kind"] = file.Kind
				line, _ := json.Marshal(v)
				f.Add(line)
			}
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		out := vector.Answer(line)
		var a map[string]json.RawMessage
		if err := json.Unmarshal(out, &a); err != nil || bytes.ContainsRune(out, '\n') {
			t.Fatalf("%q is no line of JSON: %v", out, err)
		}
		forms := 0
		for _, name := range []string{"result", "unsupported", "error"} {
			if _, ok := a[name]; ok {
				forms++
			}
		}
		if _, ok := a["id"]; !ok || forms != 1 {
			t.Fatalf("%q has %d forms", out, forms)
		}
	})
}
