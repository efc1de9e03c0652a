package catalog_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/longmen/longmen/front/catalog"
)

const fee = ", name: {zh: 费, en: Fee}, "

// unserviceable are files by which no loan could be paid out, or of which a part would have no effect.
var unserviceable = []struct{ name, old, new, field string }{
	{
		"penalties shared in two ways", `  - {code: late, kind: daily, rate: "0.0005"}`,
		"  - {code: late, kind: daily, rate: \"0.0005\"}\n  - {code: flat, kind: flat, amount: 100, shares: [{to: platform, share: \"1\"}]}", "penalties[1].shares",
	},
	{
		"later fees of the borrower shared in two ways", "fees:", `fees:
  - {code: monthly` + fee + `paid_by: borrower, at: installment, amount: 100}
  - {code: early` + fee + `paid_by: borrower, at: payoff, amount: 100, shares: [{to: reserve, share: "1"}]}`, "fees[1].shares",
	},
	{"a fee after the split for two", "split: after", `split: after, shares: [{to: platform, share: "0.5"}, {to: reserve, share: "0.5"}]`, "fees[0].shares"},
	{"two fees after the split of the interest", "fees:", `fees:
  - {code: also` + fee + `paid_by: investor, at: payment, of: payment, rate: "0.1", split: after}`, "fees[1].of"},
	{"65 rates", "classes: [{class: gold", "classes: [" + classes(63) + "{class: gold", "fees"},
	{
		"later fees of the borrower with two taxes", "fees:", `fees:
  - {code: monthly` + fee + `paid_by: borrower, at: installment, amount: 100, tax: "0.06"}
  - {code: early` + fee + `paid_by: borrower, at: payoff, amount: 100, tax: "0.03"}`, "fees[1].tax",
	},
	{
		"a later fee that names no tax beside one that has none", "fees:", `fees:
  - {code: monthly` + fee + `paid_by: borrower, at: installment, amount: 100, tax: "0"}
  - {code: early` + fee + `paid_by: borrower, at: payoff, amount: 100}`, "fees[1].tax",
	},
	{"a smallest part of which fees leave nothing", "fees:", `funding: {partial: "0.1"}
fees:
  - {code: flat` + fee + `paid_by: borrower, at: disbursement, amount: 10000}`, "funding.partial"},
	{"a cost beyond all measure", "fees:", `fees:
  - {code: flat` + fee + `paid_by: borrower, at: disbursement, of: lent, rate: "0.98"}`, "terms[0]"},
	{"other buckets", "losses:", "lateness: {buckets: [{code: A, from: 0}, {code: B, from: 10}]}\nlosses:", "lateness.buckets"},
}

func classes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{class: c%d, rate: "0.01"}, `, i)
	}
	return b.String()
}

// What could not be serviced is refused when somebody wants to make it live; what is live stays readable.
func TestUnserviceable(t *testing.T) {
	for _, c := range unserviceable {
		file := []byte(strings.Replace(small, c.old, c.new, 1))
		if _, err := catalog.Read(file); err != nil {
			t.Errorf("%s: it was live and can't be read any more: %v", c.name, err)
		}
		_, err := catalog.ReadNew(file)
		var faults catalog.Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Field != c.field || faults[0].Line == 0 {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	same := strings.Replace(small, `rate: "0.0005"}`, "rate: \"0.0005\"}\n  - {code: flat, kind: flat, amount: 100, shares: [{to: investors, share: \"1.0\"}]}", 1)
	taxed := strings.Replace(small, "fees:", `fees:
  - {code: first`+fee+`paid_by: borrower, at: disbursement, amount: 100, tax: "0.06"}
  - {code: monthly`+fee+`paid_by: borrower, at: installment, amount: 100, tax: "0.03"}
  - {code: early`+fee+`paid_by: borrower, at: payoff, amount: 100, tax: "0.030"}`, 1)
	for _, file := range []string{small, same, taxed, strings.Replace(small, "classes: [{", "classes: ["+classes(62)+"{", 1)} {
		if _, err := catalog.ReadNew([]byte(file)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range catalog.Shipped() {
		file, err := catalog.ShippedFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := catalog.ReadNew(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A live version whose later fees have two taxes takes applications as before: only its books count them by their chart.
func TestTwoTaxesAreServiceable(t *testing.T) {
	for _, c := range unserviceable {
		if !strings.HasSuffix(c.field, ".tax") {
			continue
		}
		p, err := catalog.Read([]byte(strings.Replace(small, c.old, c.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Refusal(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A fee without tax and one that says nothing about it are two things, also once they are written out.
func TestNoTaxIsNotUnsaid(t *testing.T) {
	for in, want := range map[string]string{"": "", `, tax: "0"`: `tax: "0"`, `, tax: "0.060"`: `tax: "0.06"`} {
		p, err := catalog.Read([]byte(strings.Replace(small, "fees:", "fees:\n  - {code: first"+fee+"paid_by: borrower, at: disbursement, amount: 100"+in+"}", 1)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := p.File()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(regexp.MustCompile(`(?m)^ *tax: .*$`).FindString(string(text))); got != want {
			t.Errorf("%q is written as %q, want %q", in, got, want)
		}
	}
}
