package agreement_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

func rate(text string) catalog.Rate {
	r, err := catalog.NewRate(text)
	if err != nil {
		panic(err)
	}
	return r
}

// product is one with everything that divides a payment.
func product() *catalog.Product {
	four := []catalog.Component{"penalty", "fee", "interest", "principal"}
	return &catalog.Product{
		Format: catalog.Format, Code: "loan", Asset: catalog.Asset{Code: "CNY", Scale: 2},
		Amount: catalog.Amount{Min: 1_000_00, Max: 10_000_00, Step: 100_00},
		Terms:  []catalog.Term{{Unit: "months", Min: 3, Max: 36, Step: 3, Every: 1}},
		Repayment: catalog.Repayment{
			Method: "equal_installment", Basis: "period", DayCount: "Act/365F",
			Rounding: catalog.Rounding{Mode: "half_even", By: "half_even", Residual: "last"},
		},
		Grades: []catalog.Grade{{Code: "a", Rate: rate("0.12")}},
		Fees: []catalog.Fee{
			{Code: "monthly", PaidBy: "borrower", At: "installment", Of: "none", Amount: 10_00, Mode: "half_even", Shares: half("platform", "reserve")},
			{Code: "early", PaidBy: "borrower", At: "payoff", Of: "balance", Rate: rate("0.01"), Mode: "half_even", Shares: half("platform", "reserve")},
			{Code: "first", PaidBy: "investor", At: "payment", Of: "payment", Rate: rate("0.01"), Split: "before", Mode: "half_even"},
			{
				Code: "service", PaidBy: "investor", At: "payment", Of: "interest", Rate: rate("0.1"), Split: "after", Mode: "half_even",
				Classes: []catalog.ClassRate{{Class: "gold", Rate: rate("0.05")}},
			},
		},
		Penalties:   []catalog.Penalty{{Code: "late", Kind: "daily", Rate: rate("0.0005"), Per: "day", Of: "principal_interest", Mode: "half_even", Shares: half("investors", "platform")}},
		Allocation:  catalog.Allocation{Due: four, Advance: four},
		Prepayment:  catalog.Prepayment{Allowed: true, Strategy: "fewer_installments", PayoffInterest: "to_the_day"},
		Overpayment: "credit",
		Lateness:    catalog.Lateness{Date: catalog.Initiated, CutOff: "17:30"},
		Days:        catalog.Days{Rule: "following", Calendar: "CN", Weekend: []catalog.Weekday{"saturday", "sunday"}},
	}
}

func half(a, b catalog.Receiver) []catalog.Share {
	return []catalog.Share{{To: a, Share: rate("0.5")}, {To: b, Share: rate("0.5")}}
}

// shelf has one product, and one holiday.
type shelf struct{ p *catalog.Product }

func (s shelf) Product(_ context.Context, _ id.ID, code string, version uint32) (*catalog.Product, error) {
	if code != s.p.Code || version != 1 {
		return nil, errs.NotFound.Errorf("there is no such product")
	}
	return s.p, nil
}

func (s shelf) Days(context.Context, id.ID, string) (holidays, workdays []day.Date, err error) {
	return []day.Date{day.Of(2026, 2, 16)}, nil, nil
}

func deed(t agreement.Terms) *servicing.Deed {
	words, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return &servicing.Deed{Product: "loan", Version: 1, Terms: words, Places: servicing.Places{Platform: "fees", Reserve: "reserve", Guarantee: "guarantee"}}
}

func TestContract(t *testing.T) {
	c := &agreement.Contracts{Products: shelf{product()}, Calendars: shelf{}}
	k, err := c.Contract(t.Context(), deed(agreement.Terms{Amount: 1_200_00, Term: 3, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15)}))
	if err != nil {
		t.Fatal(err)
	}
	if k.Lateness != (servicing.Lateness{By: servicing.ByPayer, CutOff: 17*time.Hour + 30*time.Minute}) {
		t.Errorf("a payment counts by %+v", k.Lateness)
	}
	if len(k.Opening) != 3 || k.Opening[0].Amount != 10_00 || k.Over != servicing.Credit || k.NoPrepay {
		t.Errorf("the contract begins with %+v", k.Opening)
	}
	s, err := loan.Replay(k.Agreement, append([]loan.Event{{Type: loan.Disburse, Date: day.Of(2026, 1, 15), Amount: 1_200_00}}, k.Opening...), day.Of(2026, 1, 15))
	if err != nil || s.Rows[0].Row.Due != day.Of(2026, 2, 17) || s.Rows[0].Nominal != day.Of(2026, 2, 15) {
		t.Errorf("the Sunday is followed by a holiday: %+v %v", s.Rows[0], err)
	}
	// 1 % of 408.03 is 4.08, of the interest; the fee of 10.00 in halves; of a penalty of 0.99 the investors have the cent.
	got, err := k.Divide(loan.Split{loan.Penalty: 99, loan.Fee: 10_00, loan.Interest: 12_00, loan.Principal: 396_03})
	want := servicing.Division{Holders: [3]int64{396_03, 7_92, 50}, Parts: []servicing.Part{{Account: "fees", Amount: 4_08 + 5_00 + 49}, {Account: "reserve", Amount: 5_00}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("divided into %+v, want %+v (%v)", got, want, err)
	}
	if fee, err := k.PayoffFee(800_00); err != nil || fee != 8_00 {
		t.Errorf("closing costs %d, %v", fee, err)
	}
	deductions := []ledger.Deduction{{Tranche: 1, Class: 0, Rate: 100_000, Account: "fees"}, {Tranche: 1, Class: 1, Rate: 50_000, Account: "fees"}}
	if !reflect.DeepEqual(k.Deductions, deductions) {
		t.Errorf("deductions %+v", k.Deductions)
	}
	if p := product(); p.ClassOf("gold") != 1 || p.ClassOf("") != 0 || p.ClassOf("lead") != 0 {
		t.Error("the classes of investors have other numbers")
	}
	days, rule, err := c.Days(t.Context(), id.ID{}, k.Days)
	if err != nil || rule != calendar.Following || days.Business(day.Of(2026, 2, 16)) || !days.Business(day.Of(2026, 2, 17)) {
		t.Errorf("days %v %v %v", days, rule, err)
	}
}

// A fee for closing early may be of what was lent, whatever is left of it.
func TestPayoffFeeOfWhatWasLent(t *testing.T) {
	p := product()
	p.Fees[1].Of = catalog.OfLent
	k, err := (&agreement.Contracts{Products: shelf{p}, Calendars: shelf{}}).Contract(t.Context(), deed(agreement.Terms{Amount: 1_200_00, Term: 3, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15)}))
	if err != nil {
		t.Fatal(err)
	}
	if fee, err := k.PayoffFee(800_00); err != nil || fee != 12_00 {
		t.Errorf("closing costs %d, %v", fee, err)
	}
}

// What can't be counted by component, or by whole parts per million, is refused before a loan depends on it.
func TestContractRefused(t *testing.T) {
	terms := agreement.Terms{Amount: 1_200_00, Term: 3, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15)}
	for name, c := range map[string]struct {
		change func(*catalog.Product, *servicing.Deed)
		field  string
	}{
		"fees that are shared in two ways": {func(p *catalog.Product, _ *servicing.Deed) { p.Fees[1].Shares = nil }, "fees"},
		"penalties too": {func(p *catalog.Product, _ *servicing.Deed) {
			p.Penalties = append(p.Penalties, catalog.Penalty{Code: "flat", Kind: "flat", Amount: 1, Mode: "half_even"})
		}, "penalties"},
		"a rate finer than a millionth": {func(p *catalog.Product, _ *servicing.Deed) { p.Fees[3].Rate = rate("0.1000001") }, "fees"},
		"an amount from each line":      {func(p *catalog.Product, _ *servicing.Deed) { p.Fees[3].Amount = 1 }, "fees"},
		"terms of another form":         {func(_ *catalog.Product, d *servicing.Deed) { d.Terms = json.RawMessage(`{"sum":1}`) }, "terms"},
		"a grade that is not there": {func(_ *catalog.Product, d *servicing.Deed) {
			d.Terms = json.RawMessage(`{"amount":120000,"term":3,"unit":"months","grade":"z","start":20468}`)
		}, "grade"},
	} {
		t.Run(name, func(t *testing.T) {
			p, d := product(), deed(terms)
			c.change(p, d)
			_, err := (&agreement.Contracts{Products: shelf{p}, Calendars: shelf{}}).Contract(t.Context(), d)
			if !errs.Is(err, errs.Invalid) || errs.Of(err).Field != c.field {
				t.Errorf("got %v, want a refusal on %s", err, c.field)
			}
		})
	}
}
