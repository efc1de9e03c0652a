package vector_test

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longmen/longmen/finmath/vector"
)

// failing are the vectors that don't hold, each with the reason. None may be added without one.
var failing = map[string]string{}

// passing is how many vectors hold. It may only grow.
const passing = 204

// TestVectors runs the shared vectors and compares by the rules of testdata/compare.py.
func TestVectors(t *testing.T) {
	passed := 0
	for _, kind := range []string{"schedules", "events", "calendars", "rates", "daycounts"} {
		for _, v := range read(t, kind) {
			id := v["id"].(string)
			ok := holds(t, kind, v, ask(t, kind, v))
			_, known := failing[id]
			switch {
			case ok:
				passed++
				if known {
					t.Errorf("%s holds now: take it off the list", id)
				}
			case !known:
				t.Errorf("%s does not hold", id)
			}
		}
	}
	if passed < passing {
		t.Errorf("%d vectors hold, %d did", passed, passing)
	}
	t.Logf("%d vectors hold", passed)
}

type object = map[string]any

func read(t *testing.T, kind string) []object {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", kind+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Kind    string   `json:"kind"`
		Vectors []object `json:"vectors"`
	}
	decode(t, raw, &file)
	if file.Kind != kind {
		t.Fatalf("%s.json is of kind %q", kind, file.Kind)
	}
	return file.Vectors
}

func decode(t *testing.T, raw []byte, to any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		t.Fatal(err)
	}
}

// ask sends a vector without what is expected.
func ask(t *testing.T, kind string, v object) object {
	t.Helper()
	q := object{"kind": kind}
	for k, x := range v {
		switch k {
		case "expected", "source", "note", "tolerance":
		case "checkpoints":
			var bare []object
			for _, c := range x.([]any) {
				b := object{}
				for _, name := range []string{"after_events", "as_of"} {
					if y, ok := c.(object)[name]; ok {
						b[name] = y
					}
				}
				bare = append(bare, b)
			}
			q[k] = bare
		default:
			q[k] = x
		}
	}
	line, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	var a object
	decode(t, vector.Answer(line), &a)
	return a
}

// holds compares an answer with what is expected.
func holds(t *testing.T, kind string, v, a object) bool {
	t.Helper()
	result := a["result"]
	if kind == "events" {
		states, _ := result.([]any)
		points := v["checkpoints"].([]any)
		if len(states) != len(points) {
			return false
		}
		for i, p := range points {
			c := p.(object)
			if !rowsMatch(c, states[i], truth(c["partial"]) || truth(v["partial"]), digits(v["compare_digits"])) {
				return false
			}
		}
		return true
	}
	expected, ok := v["expected"]
	if !ok || expected == nil {
		_, failed := a["error"]
		return failed
	}
	if kind == "rates" {
		value := result
		if o, ok := result.(object); ok {
			value = o["value"]
		}
		tolerance, _ := v["tolerance"].(object)
		return same(expected, value, nil, tolerance)
	}
	e := expected.(object)
	at := e["compare_digits"]
	if at == nil {
		at = v["compare_digits"]
	}
	return rowsMatch(e, result, truth(e["partial"]) || truth(v["partial"]), digits(at))
}

func truth(x any) bool { b, _ := x.(bool); return b }

func digits(x any) *int {
	n, ok := x.(json.Number)
	if !ok {
		return nil
	}
	i, _ := n.Int64()
	d := int(i)
	return &d
}

// rowsMatch compares what is asserted; of a part only the rows that are listed.
func rowsMatch(e object, got any, partial bool, at *int) bool {
	g, ok := got.(object)
	if !ok {
		return false
	}
	for k, x := range e {
		switch {
		case k == "partial" || k == "compare_digits" || k == "note" || k == "after_events" || k == "as_of":
		case k == "rows" && partial:
			if !listed(x.([]any), g["rows"], at) {
				return false
			}
		default:
			if y, ok := g[k]; !ok || !same(x, y, at, nil) {
				return false
			}
		}
	}
	return true
}

func listed(rows []any, got any, at *int) bool {
	byNumber := map[string]any{}
	list, _ := got.([]any)
	for _, r := range list {
		byNumber[text(r.(object)["n"])] = r
	}
	for _, r := range rows {
		if g, ok := byNumber[text(r.(object)["n"])]; !ok || !same(r, g, at, nil) {
			return false
		}
	}
	return true
}

func text(x any) string {
	switch v := x.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func number(x any) *big.Rat {
	s := strings.TrimSpace(text(x))
	if s == "" || strings.ContainsAny(s, "/_xXpP") {
		return nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

func same(expected, got any, at *int, tolerance object) bool {
	switch e := expected.(type) {
	case object:
		g, ok := got.(object)
		if !ok {
			return false
		}
		for k, x := range e {
			if y, ok := g[k]; k != "note" && k != "as_of" && k != "after_events" && (!ok || !same(x, y, at, tolerance)) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(e) {
			return false
		}
		for i := range e {
			if !same(e[i], g[i], at, tolerance) {
				return false
			}
		}
		return true
	case bool, nil:
		return expected == got
	}
	a, b := number(expected), number(got)
	if a == nil || b == nil {
		return text(expected) == text(got)
	}
	switch {
	case tolerance != nil:
		return near(a, b, tolerance)
	case at != nil:
		return a.FloatString(*at) == b.FloatString(*at)
	}
	return a.Cmp(b) == 0
}

func near(a, b *big.Rat, tolerance object) bool {
	off := new(big.Rat).Sub(a, b)
	off.Abs(off)
	if limit := number(tolerance["absolute"]); limit != nil && off.Cmp(limit) <= 0 {
		return true
	}
	if share := number(tolerance["relative"]); share != nil && off.Cmp(share.Mul(share, new(big.Rat).Abs(a))) <= 0 {
		return true
	}
	return off.Sign() == 0
}
