package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// productRun runs the program and gives what it printed and what it told the shell.
func productRun(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), append([]string{"product"}, args...), strings.NewReader(""), &out, &out)
	return out.String(), code
}

// TestProductSimulate has a golden file for each shipped product: small enough to be checked by hand.
func TestProductSimulate(t *testing.T) {
	for _, args := range [][]string{
		{"consumer-loan", "--amount", "12000.00", "--term", "90 days", "--grade", "b"},
		{"equal-principal-loan", "--amount", "12000.00", "--term", "12 months", "--grade", "a"},
		{"small-enterprise-loan", "--amount", "100000.00", "--term", "3 months", "--grade", "b"},
		{"bullet-loan", "--amount", "1000.00", "--term", "30 days", "--grade", "a"},
		{"invoice-loan", "--amount", "100000.00", "--term", "90 days", "--grade", "a"},
	} {
		out, code := productRun(t, append([]string{"simulate"}, args...)...)
		if code != 0 {
			t.Errorf("%v: %s", args, out)
		}
		apitest.Golden(t, filepath.Join("testdata", "product", args[0]+".txt"), []byte(out))
	}
}

// TestProductGiven has a golden file for each product that gives its installment or its principal: a file alone makes it.
func TestProductGiven(t *testing.T) {
	file := func(name string) string {
		return filepath.Join("..", "..", "front", "catalog", "testdata", name+".yaml")
	}
	for name, args := range map[string][]string{
		"salary-loan": {"--amount", "1300.00", "--grade", "b"},
		"crop-loan":   {"--amount", "12300.00"},
	} {
		if out, code := productRun(t, "check", file(name)); code != 0 || !strings.Contains(out, name+" is a product") {
			t.Errorf("%s: %s", name, out)
		}
		out, code := productRun(t, append([]string{"simulate", file(name)}, args...)...)
		if code != 0 {
			t.Errorf("%s: %s", name, out)
		}
		apitest.Golden(t, filepath.Join("testdata", "product", name+".txt"), []byte(out))
	}
	out, code := productRun(t, "diff", file("salary-loan"), file("crop-loan"))
	for _, want := range []string{`repayment.installment`, `"0.05"`, `"fixed_installment"`, `"custom"`, `repayment.principal`, `"0.7"`, "borrowers, investors"} {
		if !strings.Contains(out, want) || code != 0 {
			t.Errorf("%d, want %q:\n%s", code, want, out)
		}
	}
}

// added is a product that nobody shipped: a file alone makes it.
const added = `code: harvest-loan
name: {zh: 秋收贷, en: Harvest loan}
asset: {code: CNY}
amount: {min: "1000.00", max: "30000.00"}
terms: [{unit: months, min: 6, max: 12, step: 6, every: 6}]
repayment: {method: equal_principal}
grades: [{code: farmer, rate: "0.06"}]
eligibility:
  - {code: region, when: 'applicant.region in ["CN-23", "CN-22"]', says: {zh: 仅限东北, en: Only in the north-east}}
`

// TestProductByFile shows that a product is added by a file alone: it is checked, simulated and asked for a decision.
func TestProductByFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "harvest.yaml")
	if err := os.WriteFile(file, []byte(added), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"check", file}, 0, []string{"harvest-loan is a product"}},
		{[]string{"simulate", file, "--amount", "2000.00", "--term", "12 months"}, 0, []string{
			"1  2026-07-15    1000.00     60.00  0.00  1060.00  1000.00", "2  2027-01-15    1000.00     30.00  0.00  1030.00     0.00",
			"investors    90.00", "6.1079 % a year compounded",
		}},
		{[]string{"simulate", file, "--term", "7 months"}, 1, []string{"term: harvest-loan is not lent for 7 months"}},
		{[]string{"simulate", file, "--json"}, 0, []string{`"schedule": [`, `"all_in_cost": {`}},
		{[]string{"decide", file, "--fact", "applicant.region=CN-23"}, 0, []string{"accepted"}},
		{[]string{"decide", file, "--fact", "applicant.region=CN-11"}, 0, []string{"region", "Only in the north-east", "applicant.region=CN-11"}},
		{[]string{"decide", file, "--json"}, 0, []string{`"accepted": false`, `"problem": "applicant.region is not known"`}},
		{[]string{"diff", file, file}, 0, []string{"nothing changes"}},
	} {
		out, code := productRun(t, c.args...)
		for _, want := range c.says {
			if !strings.Contains(out, want) || code != c.code {
				t.Errorf("%v: %d, want %d and %q:\n%s", c.args, code, c.code, want, out)
			}
		}
	}
	dearer := strings.NewReplacer(`"0.06"`, `"0.07"`, "max: \"30000.00\"", "max: \"20000.00\"").Replace(added)
	other := filepath.Join(t.TempDir(), "harvest-2.yaml")
	if err := os.WriteFile(other, []byte(dearer), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := productRun(t, "diff", file, other)
	for _, want := range []string{`amount.max`, `3000000`, `2000000`, "applicants", `grades[0].rate`, `"0.06"`, `"0.07"`, "borrowers, investors"} {
		if !strings.Contains(out, want) || code != 0 {
			t.Errorf("%d, want %q:\n%s", code, want, out)
		}
	}
	if err := os.WriteFile(other, []byte(strings.Replace(added, `"0.06"`, "0.06", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code = productRun(t, "check", other)
	if want := "line 7: grades[0].rate: a rate is written in quotes"; code != 1 || !strings.Contains(out, want) {
		t.Errorf("%d, want %q:\n%s", code, want, out)
	}
	if out, code = productRun(t, "check", other, "--json"); code != 1 || !strings.Contains(out, `"line": 7`) {
		t.Errorf("%d:\n%s", code, out)
	}
}
