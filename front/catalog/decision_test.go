package catalog_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/errs"
)

// applicant is somebody who may have a consumer loan.
func applicant() catalog.Facts {
	return catalog.Facts{
		"applicant.kind": "person", "applicant.age": int64(30), "applicant.level": int64(2), "applicant.overdue_days": int64(0),
		"applicant.defaults": int64(0), "applicant.monthly_income": int64(10_000_00), "applicant.monthly_debt": int64(1_000_00),
		"application.amount": int64(20_000_00), "application.largest_due": int64(1_777_00),
		"portfolio.borrower_outstanding": int64(0), "portfolio.borrower_elsewhere": int64(0),
	}
}

func rules(t testing.TB, name string) *catalog.Rules {
	t.Helper()
	r, err := catalog.NewRules(shipped(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEligible(t *testing.T) {
	r := rules(t, "consumer-loan")
	for name, c := range map[string]struct {
		fact  string
		value any
		fails []catalog.Failed
	}{
		"everything holds": {"applicant.age", int64(18), nil},
		"too young": {"applicant.age", int64(17), []catalog.Failed{{
			Rule: "person-of-age", Says: catalog.Name{Zh: "仅限18至65周岁的自然人", En: "Only people from 18 to 65 years old"},
			Facts: []catalog.Value{{Fact: "applicant.kind", Value: "person"}, {Fact: "applicant.age", Value: "17"}},
		}}},
		"one cent too much": {"portfolio.borrower_outstanding", int64(180_000_01), []catalog.Failed{{
			Rule: "platform-limit", Says: catalog.Name{Zh: "在本平台借款余额不超过20万元", En: "No person owes more than 200,000 yuan on one platform"},
			Facts: []catalog.Value{{Fact: "portfolio.borrower_outstanding", Value: "18000001"}, {Fact: "application.amount", Value: "2000000"}},
		}}},
		"not known": {"applicant.level", nil, []catalog.Failed{{
			Rule: "known", Says: catalog.Name{Zh: "请先完成实名认证", En: "Identity is not verified yet"},
			Facts: []catalog.Value{{Fact: "applicant.level"}}, Problem: "applicant.level is not known",
		}}},
		"beyond an integer": {"applicant.monthly_income", int64(1_000_000_000_000_000_000), []catalog.Failed{{
			Rule: "affordable", Says: catalog.Name{Zh: "每月还款不超过月收入的一半", En: "Installments and other debt may take at most half of the income"},
			Facts:   []catalog.Value{{Fact: "application.largest_due", Value: "177700"}, {Fact: "applicant.monthly_debt", Value: "100000"}, {Fact: "applicant.monthly_income", Value: "1000000000000000000"}},
			Problem: "integer overflow",
		}}},
	} {
		f := applicant()
		if f[c.fact] = c.value; c.value == nil {
			delete(f, c.fact)
		}
		d, err := r.Eligible(f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(catalog.Decision{Accepted: c.fails == nil, Failed: c.fails}, d); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestLimits(t *testing.T) {
	f := catalog.Facts{"investor.level": int64(2), "investor.risk": int64(2), "investor.in_borrower": int64(49_900_00), "bid.amount": int64(100_00)}
	r := rules(t, "consumer-loan")
	if d, err := r.Allowed(f); err != nil || !d.Accepted {
		t.Errorf("%+v %v", d, err)
	}
	f["bid.amount"] = int64(100_01)
	if d, err := r.Allowed(f); err != nil || d.Accepted || d.Failed[0].Rule != "one-borrower" {
		t.Errorf("%+v %v", d, err)
	}
}

func TestFactsRefused(t *testing.T) {
	r := rules(t, "consumer-loan")
	for name, v := range map[string]any{
		"applicant.shoe_size": int64(43), "applicant.age": 30, "application.amount": 20_000.0, "applicant.kind": true,
		"applicant.default_probability": math.NaN(), "applicant.monthly_income": int64(math.MaxInt64),
	} {
		f := applicant()
		f[name] = v
		_, err := r.Eligible(f)
		if e, ok := err.(*errs.Error); !ok || e.Code != errs.Invalid || e.Field != "facts."+name {
			t.Errorf("%s: %v", name, err)
		}
	}
	facts, err := catalog.ReadFacts(map[string]string{
		"applicant.age": "30", "applicant.kind": "person", "application.invoice_confirmed": "true", "applicant.default_probability": "0.01",
	}, catalog.ApplicationFacts())
	want := catalog.Facts{"applicant.age": int64(30), "applicant.kind": "person", "application.invoice_confirmed": true, "applicant.default_probability": 0.01}
	if err != nil || !cmp.Equal(want, facts) {
		t.Errorf("%v %v", facts, err)
	}
	for name, text := range map[string]string{"applicant.age": "3x", "application.amount": "1.5", "application.invoice_confirmed": "maybe", "none": "1"} {
		if _, err := catalog.ReadFacts(map[string]string{name: text}, catalog.ApplicationFacts()); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkEligible asks all six rules of the consumer loan; the least is 10,000 a second on one core.
func BenchmarkEligible(b *testing.B) {
	r, f := rules(b, "consumer-loan"), applicant()
	for b.Loop() {
		if d, err := r.Eligible(f); err != nil || !d.Accepted {
			b.Fatal(d, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
}
