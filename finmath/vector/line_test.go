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
