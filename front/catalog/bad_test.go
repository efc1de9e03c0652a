package catalog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/longmen/longmen/front/catalog"
)

// small is a product that says only what it must, and something of each kind besides.
const small = `code: small
name: {zh: 小, en: Small}
asset: {code: CNY}
amount: {min: 100000, max: "2000.00"}
terms:
  - {unit: months, min: 3, max: 12, every: 1}
repayment: {method: equal_installment}
grades:
  - {code: a, rate: "0.12"}
fees:
  - {code: service, name: {zh: 费, en: Fee}, paid_by: investor, at: payment, of: interest, rate: "0.1", split: after, classes: [{class: gold, rate: "0.05"}]}
  - {code: opening, name: {zh: 费, en: Fee}, paid_by: borrower, at: disbursement, of: lent, rate: "0.01", shares: [{to: platform, share: "0.6"}, {to: reserve, share: "0.4"}]}
penalties:
  - {code: late, kind: daily, rate: "0.0005"}
losses: {order: [reserve], installment_after: 30}
eligibility:
  - {code: adult, when: applicant.age >= 18, says: {zh: 成年, en: Adults}}
`

// bad is files that are refused: what is replaced in the small one by what.
var bad = []struct{ name, old, new string }{
	{"no YAML", "code: small", "code: [small"},
	{"a tab", "asset: {code: CNY}", "\tasset: {code: CNY}"},
	{"a list", small, "- 1\n"},
	{"nothing", small, ""},
	{"nothing but a comment", small, "# nothing\n"},
	{"two documents", "eligibility:", "---\neligibility:"},
	{"an alias", "asset: {code: CNY}", "asset: &x {code: CNY}"},
	{"an unknown field", "repayment: {method", "repayment: {colour: red, method"},
	{"an unknown field at the top", "code: small", "code: small\ncolour: red"},
	{"a field twice", "code: small", "code: small\ncode: small"},
	{"a field without a value", "repayment: {method: equal_installment}", "repayment:"},
	{"no code", "code: small\n", ""},
	{"no grade's rate", `{code: a, rate: "0.12"}`, "{code: a}"},
	{"money as a float", "min: 100000", "min: 1000.00"},
	{"money as an exponent", "min: 100000", "min: 1e5"},
	{"money with too many digits", `max: "2000.00"`, `max: "2000.005"`},
	{"money below zero", "min: 100000", "min: -100000"},
	{"money as a word", "min: 100000", "min: much"},
	{"money beyond measure", `max: "2000.00"`, "max: 20000000000000000000"},
	{"money as a truth", "min: 100000", "min: true"},
	{"a rate as a float", `rate: "0.12"`, "rate: 0.12"},
	{"a rate as a number", `rate: "0.12"`, "rate: 1"},
	{"a rate in percent", `rate: "0.12"`, `rate: "12%"`},
	{"a rate below zero", `rate: "0.12"`, `rate: "-0.12"`},
	{"a rate with an exponent", `rate: "0.12"`, `rate: "1e-2"`},
	{"a rate beyond measure", `rate: "0.12"`, `rate: "1000.1"`},
	{"a number as a text", "min: 3", `min: "3"`},
	{"a number as a float", "min: 3", "min: 3.5"},
	{"a text as a number", "zh: 小", "zh: 7"},
	{"a long text", "en: Small", "en: " + strings.Repeat("x", 400)},
	{"an empty name", "en: Small", `en: ""`},
	{"a truth as a word", "code: small", "offered: maybe\ncode: small"},
	{"a word that isn't one", "equal_installment", "annuity"},
	{"a word as a list", "method: equal_installment", "method: [flat]"},
	{"a list as fields", "  - {unit: months, min: 3, max: 12, every: 1}", "  {unit: months}"},
	{"a form to come", "code: small", "format: 2\ncode: small"},
	{"a code with capitals", "code: small", "code: Small"},
	{"an asset that can't be", "{code: CNY}", "{code: cny}"},
	{"a scale that can't be", "{code: CNY}", "{code: CNY, scale: 7}"},
	{"amounts the wrong way round", "min: 100000", "min: 300000"},
	{"an amount out of step", "min: 100000", "min: 100050"},
	{"no terms", "  - {unit: months, min: 3, max: 12, every: 1}", "  []"},
	{"a term of 31 years", "max: 12, every", "max: 372, every"},
	{"terms that aren't whole periods", "every: 1", "every: 2"},
	{"a bullet with rows", "equal_installment", "bullet"},
	{"a due day without months", "{unit: months, min: 3, max: 12, every: 1}\nrepayment: {", "{unit: weeks, min: 3, max: 12, every: 1}\nrepayment: {due_day: 5, "},
	{"a due day of weeks", "{method: equal_installment}\n", "{method: equal_installment, due_day: 32, min_first_days: 90}\n"},
	{"a first row without a due day", "{method: equal_installment}\n", "{method: equal_installment, min_first_days: 10}\n"},
	{"grace over all rows", "{method: equal_installment}\n", "{method: equal_installment, grace: {principal: 3, interest: 3, interest_free: 4}}\n"},
	{"everything paid down", "{method: equal_installment}\n", "{method: equal_installment, down_payment: \"1\"}\n"},
	{"an installment rounded to too much", "{method: equal_installment}\n", "{method: equal_installment, rounding: {installment_multiple: \"2000.00\"}}\n"},
	{"an unknown rounding", "{method: equal_installment}\n", "{method: equal_installment, rounding: {mode: nearest}}\n"},
	{"an unknown day count", "{method: equal_installment}\n", "{method: equal_installment, day_count: 30/365}\n"},
	{"an installment that isn't given", "equal_installment", "fixed_installment"},
	{"an installment that nobody asked for", "{method: equal_installment}\n", "{method: equal_installment, installment: {share: \"0.1\"}}\n"},
	{"an installment that is an amount", "{method: equal_installment}\n", "{method: fixed_installment, installment: \"100.00\"}\n"},
	{"an installment above what is lent", "{method: equal_installment}\n", "{method: fixed_installment, installment: {share: \"1.1\", min: \"1000.01\"}}\n"},
	{"an installment of as much as the interest", "{method: equal_installment}\n", "{method: fixed_installment, installment: {share: \"0.01\"}}\n"},
	{"an installment that is too small for large amounts", "{method: equal_installment}\n", "{method: fixed_installment, installment: {min: \"20.00\"}}\n"},
	{"an installment that is too small between the least and the largest amount", "{method: equal_installment}\n", "{method: fixed_installment, installment: {share: \"0.02\"}, rounding: {installment_multiple: \"15.00\", installment_mode: down}}\n"},
	{"an installment that is too small for a long first period", "{method: equal_installment}\n", "{method: fixed_installment, installment: {share: \"0.02\"}, due_day: 1, min_first_days: 45}\n"},
	{"an installment that is too small for 31 days", "{method: equal_installment}\n", "{method: fixed_installment, installment: {share: \"0.0101\"}, interest_by: days}\n"},
	{"an installment with what works an installment out", "{method: equal_installment}\n", "{method: fixed_installment, installment: {share: \"0.1\", min: 1500}, rounding: {installment_multiple: 1000, residual: smoothed, carry_interest: true}}\nprepayment: {recalculate: true, strategy: smaller_installments}\n"},
	{"an installment beside interest that is carried", "{method: equal_installment}\n", "{method: fixed_installment, installment: {share: \"0.1\"}, grace: {interest: 1}}\n"},
	{"an installment with one due date", "every: 1}\nrepayment: {method: equal_installment}", "every: 0}\nrepayment: {method: fixed_installment, installment: {share: \"0.1\"}}"},
	{"principal that isn't given", "equal_installment", "custom"},
	{"principal that nobody asked for", "{method: equal_installment}\n", "{method: equal_installment, principal: [\"1\"]}\n"},
	{"principal as numbers", "max: 12, every: 1}\nrepayment: {method: equal_installment}", "max: 3, every: 1}\nrepayment: {method: custom, principal: [0.5, 0.25, 0.25]}"},
	{"principal that doesn't sum", "max: 12, every: 1}\nrepayment: {method: equal_installment}", "max: 3, every: 1}\nrepayment: {method: custom, principal: [\"0.5\", \"0.2\", \"0.2\"]}"},
	{"principal that ends too soon", "max: 12, every: 1}\nrepayment: {method: equal_installment}", "max: 3, every: 1}\nrepayment: {method: custom, principal: [\"0.5\", \"0.5\", \"0\"]}"},
	{"principal of as many rows as the shortest term", "equal_installment", "custom, principal: [\"0.5\", \"0.2\", \"0.3\"]"},
	{"principal of as many rows as no term", "max: 12, every: 1}\nrepayment: {method: equal_installment}", "max: 3, every: 1}\n  - {unit: days, min: 30, max: 60}\nrepayment: {method: custom, principal: [\"0.5\", \"0.5\"]}"},
	{"principal of a hundred and one rows", "equal_installment", "custom, principal: [" + strings.Repeat("\"0\", ", 100) + "\"1\"]"},
	{"principal with what works it out", "max: 12, every: 1}\nrepayment: {method: equal_installment}", "max: 3, every: 1}\nrepayment: {method: custom, principal: [\"0.5\", \"0.2\", \"0.3\"], grace: {principal: 1}, rounding: {residual: smoothed}}\nprepayment: {strategy: smaller_installments}"},
	{"a grade twice", `  - {code: a, rate: "0.12"}`, "  - {code: a, rate: \"0.12\"}\n  - {code: a, rate: \"0.13\"}"},
	{"a grade above the product", `rate: "0.12"}`, `rate: "0.12", max: "3000.00"}`},
	{"a fee of nothing", "of: interest, ", ""},
	{"a fee of what isn't there", "of: interest", "of: price"},
	{"a fee by the wrong one", "paid_by: investor", "paid_by: borrower"},
	{"a fee with rate and amount", `of: lent, rate: "0.01"`, `of: lent, rate: "0.01", amount: 5`},
	{"a fee of everything", `of: lent, rate: "0.01"`, `of: lent, rate: "1"`},
	{"a fee that leaves nothing", `of: lent, rate: "0.01"`, `amount: "1000.00"`},
	{"a fee with bounds the wrong way round", `of: lent, rate: "0.01"`, `of: lent, rate: "0.01", min: 20, max: 10`},
	{"classes before the split", "split: after", "split: before"},
	{"a fee after the split with too fine a rate", `rate: "0.1", split`, `rate: "0.1000001", split`},
	{"a fee after the split with a minimum", `rate: "0.1", split`, `rate: "0.1", min: 5, split`},
	{"a class twice", `{class: gold, rate: "0.05"}`, `{class: gold, rate: "0.05"}, {class: gold, rate: "1"}`},
	{"shares that don't sum", `share: "0.4"`, `share: "0.3"`},
	{"a share twice", "to: reserve", "to: platform"},
	{"guarantors that don't guarantee", "to: reserve", "to: guarantors"},
	{"a transfer fee where nothing is sold", "at: disbursement, of: lent", "at: transfer, of: price"},
	{"a penalty without a rate", `kind: daily, rate: "0.0005"`, "kind: daily"},
	{"a flat penalty with a rate", "kind: daily", "kind: flat"},
	{"a percentage a year", "kind: daily", "kind: percent, per: year_360"},
	{"grace for years", `rate: "0.0005"`, `rate: "0.0005", grace_days: 400`},
	{"an order without principal", "losses:", "allocation: {due: [penalty, fee, interest]}\nlosses:"},
	{"an order with principal twice", "losses:", "allocation: {advance: [principal, fee, interest, principal]}\nlosses:"},
	{"early money that counts for nothing", "losses:", "prepayment: {counts_on_due_date: true}\nlosses:"},
	{"a cut-off that is no time", "losses:", "lateness: {cut_off: \"25:00\"}\nlosses:"},
	{"buckets in disorder", "losses:", "lateness: {buckets: [{code: M0, from: 1}, {code: M1, from: 1}, {code: M1, from: 31}]}\nlosses:"},
	{"a rule for days without a weekend", "losses:", "business_days: {rule: following}\nlosses:"},
	{"no business day", "losses:", "business_days: {weekend: [sunday, sunday]}\nlosses:"},
	{"interest that moves alone", "losses:", "business_days: {move_interest: true}\nlosses:"},
	{"a unit that doesn't fit", "losses:", "funding: {unit: 300}\nlosses:"},
	{"a bid that doesn't fit", "losses:", "funding: {min: 150, step: 30, max_share: \"1.5\", days: 0, partial: \"1\"}\nlosses:"},
	{"payers who never pay", "installment_after: 30", "installment_after: 0"},
	{"the whole before an installment", "installment_after: 30", "installment_after: 30, whole_after: 10"},
	{"a payer twice", "[reserve]", "[reserve, reserve]"},
	{"a recovery that forgets somebody", "installment_after: 30", "installment_after: 30, recovery: [costs, payers]"},
	{"prices the wrong way round", "losses:", "claim_transfer: {min_price: \"1.1\"}\nlosses:"},
	{"a price of three times par", "losses:", "claim_transfer: {max_price: \"3\", min_piece: 150, order_days: 0, days_before_due: 40, holding_days: 4000}\nlosses:"},
	{"a rule that is no expression", "applicant.age >= 18", "applicant.age >="},
	{"a fact that isn't there", "applicant.age", "applicant.shoe_size"},
	{"a fact of bids", "applicant.age >= 18", "bid.amount > 5"},
	{"a rule that is no truth", "applicant.age >= 18", "applicant.age + 18"},
	{"a rule that asks nothing", "applicant.age >= 18", "1 < 2"},
	{"money times a double", "applicant.age >= 18", "application.amount * 0.5 > 1000"},
	{"money below a double", "applicant.age >= 18", "application.amount < 1000.5"},
	{"money made a double", "applicant.age >= 18", "double(application.amount) * 0.8 < 1000.5"},
	{"money made a double by a text", "applicant.age >= 18", "double(string(application.amount + 1)) < 1000.5"},
	{"money with a double beside it", "applicant.age >= 18", "\"application.amount in [1000, 5.5]\""},
	{"money that hides", "applicant.age >= 18", "dyn(application.amount) < 1000.5"},
	{"money that hides behind a choice", "applicant.age >= 18", "\"(applicant.age > 5 ? double(application.amount) : 1.0) < 2.0\""},
	{"a loop", "applicant.age >= 18", "\"[1, 2].all(x, x < applicant.age)\""},
	{"an expensive rule", "applicant.age >= 18", "\"" + strings.Repeat("applicant.region.matches('"+strings.Repeat("a*", 60)+"') || ", 6) + "true\""},
	{"a rule twice", "eligibility:", "eligibility:\n  - {code: adult, when: applicant.age >= 21, says: {zh: 成年, en: Adults}}"},
}

// TestBadFiles shows that every bad file is refused with line, field and reason; the golden file has them all.
func TestBadFiles(t *testing.T) {
	if _, err := catalog.Read([]byte(small)); err != nil {
		t.Fatalf("the small product:\n%v", err)
	}
	var b strings.Builder
	for _, c := range bad {
		if !strings.Contains(small, c.old) {
			t.Errorf("%s: %q is not in the small product", c.name, c.old)
		}
		p, err := catalog.Read([]byte(strings.Replace(small, c.old, c.new, 1)))
		var faults catalog.Faults
		if !errors.As(err, &faults) || p != nil {
			t.Errorf("%s is accepted: %v", c.name, err)
			continue
		}
		for _, f := range faults {
			if f.Line < 1 || f.Reason == "" {
				t.Errorf("%s: a fault without line or reason: %+v", c.name, f)
			}
		}
		fmt.Fprintf(&b, "# %s\n%v\n\n", c.name, err)
	}
	golden(t, "testdata/bad.txt", []byte(b.String()))
	if _, err := catalog.Read(make([]byte, catalog.MaxFile+1)); err == nil {
		t.Error("a file of any size is read")
	}
}

// FuzzRead shows that no file makes the reader fail otherwise than with faults.
func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	for _, c := range bad {
		f.Add([]byte(strings.Replace(small, c.old, c.new, 1)))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := catalog.Read(file)
		var faults catalog.Faults
		if err != nil && (!errors.As(err, &faults) || len(faults) == 0) {
			t.Fatal(err)
		}
		if err == nil && len(p.Check()) > 0 {
			t.Fatal("read, though something is wrong")
		}
	})
}
