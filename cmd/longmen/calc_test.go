package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestCalc answers the examples of its help.
func TestCalc(t *testing.T) {
	in := `{"id": "1", "kind": "rates", "function": "pmt", "args": {"rate": "0.12/12", "nper": "36", "pv": "10000"}}
{"id": "2", "kind": "schedules", "terms": {"principal": "10000.00", "annual_rate_percent": "12", "installments": 36, "start_date": "2026-01-15", "method": "equal_installment", "interest_basis": "period"}}
`
	var out bytes.Buffer
	if code := run(t.Context(), []string{"calc"}, strings.NewReader(in), &out, io.Discard); code != 0 {
		t.Fatal(out.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"value":"-332.143098`) || !strings.Contains(lines[1], `"installment":"332.14"`) {
		t.Errorf("%q", lines)
	}
}
