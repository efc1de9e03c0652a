package vector

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/rate"
)

// args are the arguments of all functions; each reads its own.
type args struct {
	Rate         text              `json:"rate"`
	Nper         text              `json:"nper"`
	Per          text              `json:"per"`
	Pmt          text              `json:"pmt"`
	Pv           text              `json:"pv"`
	Fv           text              `json:"fv"`
	When         text              `json:"when"`
	Guess        text              `json:"guess"`
	FinanceRate  text              `json:"finance_rate"`
	ReinvestRate text              `json:"reinvest_rate"`
	FirstFlowAt  text              `json:"first_flow_at"`
	DayCount     text              `json:"day_count"`
	Start        text              `json:"start"`
	CashFlowDate text              `json:"cash_flow_date"`
	End          text              `json:"end"`
	CashFlowRate text              `json:"cash_flow_rate"`
	EndRate      text              `json:"end_rate"`
	Amount       text              `json:"amount"`
	Flows        []json.RawMessage `json:"flows"`
	err          error
}

// decimal reads an argument; an empty one is the default, and an error if there is none.
func (a *args) decimal(name string, t text, instead string) *apd.Decimal {
	if t == "" {
		t = text(instead)
	}
	d, err := t.quotient(name)
	if err != nil {
		if a.err == nil {
			a.err = err
		}
		return new(apd.Decimal)
	}
	return d
}

func (a *args) float(name string, t text, instead string) float64 {
	f, err := a.decimal(name, t, instead).Float64()
	if (err != nil || math.IsInf(f, 0)) && a.err == nil {
		a.err = fmt.Errorf("%s: %.60q is too large", name, string(t))
	}
	return f
}

func (a *args) when() rate.When {
	w, err := choice("when", a.When, map[text]rate.When{"": rate.End, "end": rate.End, "begin": rate.Begin, "0": rate.End, "1": rate.Begin})
	if a.err == nil {
		a.err = err
	}
	return w
}

func (a *args) plain() []*apd.Decimal {
	list := make([]*apd.Decimal, len(a.Flows))
	for i, raw := range a.Flows {
		var t text
		if err := t.UnmarshalJSON(raw); err != nil && a.err == nil {
			a.err = fmt.Errorf("flows: %w", err)
		}
		list[i] = a.decimal("flows", t, "")
	}
	return list
}

func (a *args) dated() []rate.Flow {
	list := make([]rate.Flow, len(a.Flows))
	for i, raw := range a.Flows {
		var f struct {
			Date   text `json:"date"`
			Amount text `json:"amount"`
		}
		if err := json.Unmarshal(raw, &f); err != nil && a.err == nil {
			a.err = fmt.Errorf("flows: %w", err)
		}
		d, err := f.Date.date("flows")
		if err != nil && a.err == nil {
			a.err = err
		}
		list[i] = rate.Flow{Date: d, Amount: a.float("flows", f.Amount, "")}
	}
	return list
}

func (a *args) dayCount() daycount.Convention {
	if a.DayCount == "" {
		return daycount.Act365Fixed
	}
	c, err := daycount.Parse(string(a.DayCount))
	if err != nil && a.err == nil {
		a.err = unsupported("%w", err)
	}
	return c
}

type function struct {
	fields []string
	call   func(a *args) (any, error)
}

var functions = map[text]function{
	"fv": {[]string{"rate", "nper", "pmt", "pv", "when"}, func(a *args) (any, error) {
		return decided(a, rate.FV, a.decimal("rate", a.Rate, ""), a.decimal("nper", a.Nper, ""), a.decimal("pmt", a.Pmt, "0"), a.decimal("pv", a.Pv, "0"))
	}},
	"pv": {[]string{"rate", "nper", "pmt", "fv", "when"}, func(a *args) (any, error) {
		return decided(a, rate.PV, a.decimal("rate", a.Rate, ""), a.decimal("nper", a.Nper, ""), a.decimal("pmt", a.Pmt, "0"), a.decimal("fv", a.Fv, "0"))
	}},
	"pmt": {[]string{"rate", "nper", "pv", "fv", "when"}, func(a *args) (any, error) {
		return decided(a, rate.PMT, a.decimal("rate", a.Rate, ""), a.decimal("nper", a.Nper, ""), a.decimal("pv", a.Pv, "0"), a.decimal("fv", a.Fv, "0"))
	}},
	"nper": {[]string{"rate", "pmt", "pv", "fv", "when"}, func(a *args) (any, error) {
		return decided(a, rate.NPER, a.decimal("rate", a.Rate, ""), a.decimal("pmt", a.Pmt, "0"), a.decimal("pv", a.Pv, "0"), a.decimal("fv", a.Fv, "0"))
	}},
	"ipmt": {[]string{"rate", "per", "nper", "pv", "fv", "when"}, func(a *args) (any, error) { return split(a, rate.IPMT) }},
	"ppmt": {[]string{"rate", "per", "nper", "pv", "fv", "when"}, func(a *args) (any, error) { return split(a, rate.PPMT) }},
	"rate": {[]string{"nper", "pmt", "pv", "fv", "when", "guess"}, func(a *args) (any, error) {
		n, pmt, pv, fv := a.decimal("nper", a.Nper, ""), a.decimal("pmt", a.Pmt, "0"), a.decimal("pv", a.Pv, "0"), a.decimal("fv", a.Fv, "0")
		w, guess := a.when(), a.float("guess", a.Guess, "0")
		return solved(a, func() (float64, error) { return rate.RATE(n, pmt, pv, fv, w, guess) })
	}},
	"npv": {[]string{"rate", "flows", "first_flow_at"}, func(a *args) (any, error) {
		r, flows, at := a.decimal("rate", a.Rate, ""), a.plain(), a.decimal("first_flow_at", a.FirstFlowAt, "0")
		first, err := at.Int64()
		if err != nil || first < 0 || first > 1 {
			return nil, unsupported("first_flow_at %.20q, take 0 or 1", string(a.FirstFlowAt))
		}
		if a.err != nil {
			return nil, a.err
		}
		return written(rate.NPV(r, flows, int(first)))
	}},
	"mirr": {[]string{"flows", "finance_rate", "reinvest_rate"}, func(a *args) (any, error) {
		flows, f, r := a.plain(), a.decimal("finance_rate", a.FinanceRate, ""), a.decimal("reinvest_rate", a.ReinvestRate, "")
		if a.err != nil {
			return nil, a.err
		}
		return written(rate.MIRR(flows, f, r))
	}},
	"irr": {[]string{"flows", "guess"}, func(a *args) (any, error) {
		flows := a.plain()
		list := make([]float64, len(flows))
		for i, d := range flows {
			list[i], _ = d.Float64()
		}
		guess := a.float("guess", a.Guess, "0")
		return solved(a, func() (float64, error) {
			if a.Guess != "" {
				return rate.IRRNear(list, guess)
			}
			return rate.IRR(list)
		})
	}},
	"xirr": {[]string{"flows", "day_count", "guess"}, func(a *args) (any, error) {
		flows, c, guess := a.dated(), a.dayCount(), a.float("guess", a.Guess, "0")
		return solved(a, func() (float64, error) {
			if a.Guess != "" {
				return rate.XIRRNear(flows, c, guess)
			}
			return rate.XIRR(flows, c)
		})
	}},
	"xnpv": {[]string{"rate", "flows", "day_count"}, func(a *args) (any, error) {
		r, flows, c := a.float("rate", a.Rate, ""), a.dated(), a.dayCount()
		return solved(a, func() (float64, error) { return rate.XNPV(r, flows, c) })
	}},
	"xnfv": {[]string{"rate", "flows", "day_count"}, func(a *args) (any, error) {
		r, flows, c := a.float("rate", a.Rate, ""), a.dated(), a.dayCount()
		return solved(a, func() (float64, error) { return rate.XNFV(r, flows, c) })
	}},
	"xfv": {[]string{"start", "cash_flow_date", "end", "cash_flow_rate", "end_rate", "amount", "day_count"}, xfv},
}

func xfv(a *args) (any, error) {
	start, err := a.Start.date("start")
	if err != nil {
		return nil, err
	}
	paid, err := a.CashFlowDate.date("cash_flow_date")
	if err != nil {
		return nil, err
	}
	end, err := a.End.date("end")
	if err != nil {
		return nil, err
	}
	r, last := a.float("cash_flow_rate", a.CashFlowRate, ""), a.float("end_rate", a.EndRate, "")
	amount, c := a.float("amount", a.Amount, ""), a.dayCount()
	return solved(a, func() (float64, error) { return rate.XFV(start, paid, end, r, last, amount, c) })
}

type four func(a, b, c, d *apd.Decimal, w rate.When) (*apd.Decimal, error)

func decided(a *args, f four, w, x, y, z *apd.Decimal) (any, error) {
	when := a.when()
	if a.err != nil {
		return nil, a.err
	}
	return written(f(w, x, y, z, when))
}

func split(a *args, f func(r, per, n, pv, fv *apd.Decimal, w rate.When) (*apd.Decimal, error)) (any, error) {
	r, per, n := a.decimal("rate", a.Rate, ""), a.decimal("per", a.Per, ""), a.decimal("nper", a.Nper, "")
	pv, fv, when := a.decimal("pv", a.Pv, "0"), a.decimal("fv", a.Fv, "0"), a.when()
	if a.err != nil {
		return nil, a.err
	}
	return written(f(r, per, n, pv, fv, when))
}

// written gives a decimal with 30 digits.
func written(d *apd.Decimal, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	short := new(apd.Decimal)
	if _, err := apd.BaseContext.WithPrecision(30).Round(short, d); err != nil {
		return nil, err
	}
	short.Reduce(short)
	if short.Exponent < -60 || short.Exponent > 20 {
		return map[string]text{"value": text(short.Text('G'))}, nil
	}
	return map[string]text{"value": text(short.Text('f'))}, nil
}

func solved(a *args, f func() (float64, error)) (any, error) {
	if a.err != nil {
		return nil, a.err
	}
	x, err := f()
	if err != nil {
		return nil, err
	}
	return map[string]text{"value": float(x)}, nil
}

// rates answers with the value of a function.
func rates(line []byte) (any, error) {
	var q struct {
		Function text            `json:"function"`
		Args     json.RawMessage `json:"args"`
	}
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, err
	}
	f, err := choice("function", q.Function, functions)
	if err != nil {
		return nil, err
	}
	if err := known(q.Args, "args", f.fields...); err != nil {
		return nil, err
	}
	var a args
	if err := json.Unmarshal(q.Args, &a); err != nil {
		return nil, fmt.Errorf("args: %w", err)
	}
	if len(a.Flows) > rate.MaxFlows {
		return nil, fmt.Errorf("flows: %d, at most %d", len(a.Flows), rate.MaxFlows)
	}
	return f.call(&a)
}
