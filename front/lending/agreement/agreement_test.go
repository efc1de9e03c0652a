package agreement_test

import (
	"context"
	"encoding/json"
	"math/big"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
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

// Whatever fees a product has, the tax in what the platform gets of a payment is that of each fee by its own rate; what has
// no rate in the product is left to the books.
func TestTaxOfFees(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tax := rapid.SampledFrom([]string{"", "0", "0.03", "0.06", "0.123456789012"})
		draw := func(what string) *catalog.Rate {
			text := tax.Draw(r, what)
			if text == "" {
				return nil
			}
			x := rate(text)
			return &x
		}
		later, shares := draw("tax of later fees"), rapid.SampledFrom([][]catalog.Share{nil, half("platform", "reserve"), half("guarantors", "platform")}).Draw(r, "shares")
		p := product()
		p.Fees = []catalog.Fee{
			{Code: "opening", PaidBy: "borrower", At: "disbursement", Of: "lent", Rate: rate("0.0123"), Mode: "half_even", Shares: shares, Tax: draw("tax of opening")},
			{Code: "papers", PaidBy: "borrower", At: "disbursement", Of: "none", Amount: 7_77, Mode: "half_even", Tax: draw("tax of papers")},
			{Code: "monthly", PaidBy: "borrower", At: "installment", Of: "none", Amount: 10_00, Mode: "half_even", Shares: shares, Tax: later},
			{Code: "early", PaidBy: "borrower", At: "payoff", Of: "balance", Rate: rate("0.01"), Mode: "half_even", Shares: shares, Tax: later},
			{Code: "first", PaidBy: "investor", At: "payment", Of: "payment", Rate: rate("0.01"), Split: "before", Mode: "half_even", Tax: draw("tax of first")},
			{Code: "second", PaidBy: "investor", At: "payment", Of: "interest", Rate: rate("0.03"), Split: "before", Mode: "half_even", Shares: half("platform", "reserve"), Tax: draw("tax of second")},
		}
		contract := func(fees ...catalog.Fee) *servicing.Contract {
			one := *p
			one.Fees = fees
			k, err := (&agreement.Contracts{Products: shelf{&one}, Calendars: shelf{}}).Contract(context.Background(),
				deed(agreement.Terms{Amount: 1_200_00, Term: 3, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15)}))
			if err != nil {
				r.Fatal(err)
			}
			return k
		}
		amounts := rapid.Int64Range(0, 1_000_00)
		s := loan.Split{loan.Interest: amounts.Draw(r, "interest"), loan.Principal: amounts.Draw(r, "principal"), loan.Fee: amounts.Draw(r, "fee"), loan.Penalty: amounts.Draw(r, "penalty")}
		ours := func(k *servicing.Contract, s loan.Split) int64 {
			d, err := k.Divide(s)
			if err != nil {
				r.Fatal(err)
			}
			for _, x := range d.Parts {
				if x.Account == "fees" {
					return x.Amount
				}
			}
			return 0
		}
		var want, upfront sum
		for i, f := range p.Fees {
			switch f.At {
			case catalog.AtDisbursement:
				x, err := f.On(catalog.Base{Lent: 1_200_00}, "")
				if err != nil {
					r.Fatal(err)
				}
				parts, err := catalog.Divide(x, f.Shares, catalog.ToPlatform)
				if err != nil {
					r.Fatal(err)
				}
				for _, part := range parts {
					if part.To == catalog.ToPlatform {
						upfront.add(part.Amount, f.Tax)
					}
				}
			case catalog.AtInstallment:
				want.add(ours(contract(f), loan.Split{loan.Fee: s[loan.Fee]}), f.Tax)
			case catalog.AtPayment:
				want.add(ours(contract(p.Fees[i]), loan.Split{loan.Interest: s[loan.Interest], loan.Principal: s[loan.Principal]}), f.Tax)
			}
		}
		k := contract(p.Fees...)
		got, err := k.Taxed(s)
		if err != nil {
			r.Fatal(err)
		}
		if !want.is(got) {
			r.Errorf("%+v has %d with %s of tax, want %d with %s", s, got.Amount, got.Tax.Rat(), want.amount, want.tax.RatString())
		}
		if !upfront.is(k.Upfront) {
			r.Errorf("the payout has %d with %s of tax, want %d with %s", k.Upfront.Amount, k.Upfront.Tax.Rat(), upfront.amount, upfront.tax.RatString())
		}
		if all := ours(k, s); got.Amount > all {
			r.Errorf("the platform gets %d, of which %d are taxed", all, got.Amount)
		}
	})
}

// sum is the exact tax of amounts, x·t/(1+t) each.
type sum struct {
	amount int64
	tax    big.Rat
}

func (s *sum) add(x int64, tax *catalog.Rate) {
	if tax == nil {
		return
	}
	t, _ := new(big.Rat).SetString(tax.String())
	part := new(big.Rat).Quo(t, new(big.Rat).Add(t, big.NewRat(1, 1)))
	s.amount += x
	s.tax.Add(&s.tax, part.Mul(part, new(big.Rat).SetInt64(x)))
}

func (s *sum) is(t servicing.Taxed) bool { return s.amount == t.Amount && s.tax.Cmp(t.Tax.Rat()) == 0 }

// Of what is taken from holders' lines, each deduction has the tax of its fee; where the product names none, that is not known.
func TestTaxOfDeductions(t *testing.T) {
	for _, c := range []struct {
		tax  string
		want *amount.Fraction
	}{{"", nil}, {"0", &amount.Fraction{}}, {"0.06", new(amount.Of(6, 106))}} {
		p := product()
		if c.tax != "" {
			p.Fees[3].Tax = new(rate(c.tax))
		}
		k, err := (&agreement.Contracts{Products: shelf{p}, Calendars: shelf{}}).Contract(t.Context(), deed(agreement.Terms{Amount: 1_200_00, Term: 3, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15)}))
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range k.DeductedTax {
			if (got == nil) != (c.want == nil) || got != nil && !got.Equal(*c.want) {
				t.Errorf("tax %q: deduction %d has %v, want %v", c.tax, i, got, c.want)
			}
		}
		if len(k.DeductedTax) != len(k.Deductions) {
			t.Errorf("%d deductions have %d taxes", len(k.Deductions), len(k.DeductedTax))
		}
	}
}

// A version that was live before may have two taxes on what the borrower pays later: nobody knows which he paid, so that
// the books say.
func TestTwoTaxesOnLaterFees(t *testing.T) {
	p := product()
	three, six := rate("0.03"), rate("0.06")
	p.Fees[0].Tax, p.Fees[1].Tax = &three, &six
	k, err := (&agreement.Contracts{Products: shelf{p}, Calendars: shelf{}}).Contract(t.Context(), deed(agreement.Terms{Amount: 1_200_00, Term: 3, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15)}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Taxed(loan.Split{loan.Fee: 10_00}); err != nil || got.Amount != 0 {
		t.Errorf("taxed are %+v (%v)", got, err)
	}
}
