package vector

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/schedule"
)

// terms are the terms of schedules and events as the vectors write them.
type terms struct {
	dates
	CurrencyDigits  text            `json:"currency_digits"`
	Principal       text            `json:"principal"`
	AnnualRate      text            `json:"annual_rate_percent"`
	Disbursements   []lent          `json:"disbursements"`
	Method          text            `json:"method"`
	Basis           text            `json:"interest_basis"`
	DayCount        text            `json:"day_count"`
	DaysInMonth     text            `json:"days_in_month"`
	DaysInYear      text            `json:"days_in_year"`
	Grace           json.RawMessage `json:"grace"`
	DownPayment     text            `json:"down_payment_percent"`
	DownPaymentAuto bool            `json:"down_payment_auto"`
	Rounding        json.RawMessage `json:"rounding"`
	Fixed           text            `json:"fixed_installment"`
	Installment     text            `json:"installment"`
	Principals      []text          `json:"principals"`
	Allocation      json.RawMessage `json:"allocation"`
	Recalculation   json.RawMessage `json:"recalculation"`
	PayoffRule      text            `json:"payoff_rule"`
}

type lent struct {
	Date   text `json:"date"`
	Amount text `json:"amount"`
}

var termFields = append([]string{
	"currency_digits", "principal", "annual_rate_percent", "disbursements", "method", "interest_basis", "day_count",
	"days_in_month", "days_in_year", "grace", "down_payment_percent", "down_payment_auto", "rounding", "fixed_installment",
	"installment", "principals", "generator",
}, dateFields...)

var methods = map[text]schedule.Method{
	"equal_installment": schedule.EqualInstallment, "equal_principal": schedule.EqualPrincipal, "flat": schedule.Flat,
	"interest_only": schedule.InterestOnly, "bullet_simple": schedule.BulletSimple, "bullet_compound": schedule.BulletCompound,
	"fixed_installment": schedule.FixedInstallment, "custom": schedule.Custom,
}

// mapped is terms with the digits of their amounts.
type mapped struct {
	schedule.Terms
	digits int
	dated  bool
}

func (m *mapped) amount(name string, t text) (int64, error) {
	x, err := amount.Parse(string(t), m.digits)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return x, nil
}

func (m *mapped) write(x int64) text { return text(amount.Format(x, m.digits)) }

// undated is where loans begin that name no date; their answers name none either.
var undated = day.Of(2000, 1, 1)

func (t *terms) mapped() (*mapped, error) {
	m := &mapped{dated: t.dated()}
	var err error
	for _, read := range []func(*mapped) error{t.readDates, t.readRounding, t.readAmounts, t.readInterest, t.readGrace} {
		if err = read(m); err != nil {
			return nil, err
		}
	}
	m.Method, err = choice("method", t.Method, methods)
	return m, err
}

func (t *terms) readDates(m *mapped) error {
	var err error
	if m.Due, err = t.due(); err != nil {
		return err
	}
	if !m.dated {
		m.Due.Start = undated
	}
	if t.Installments != "" {
		if m.Installments, err = t.dates.Installments.whole("installments"); err != nil {
			return err
		}
	}
	if m.DueDates, err = dateList("due_dates", t.DueDates); err != nil {
		return err
	}
	m.Calendar, m.Rule, err = t.holidays()
	return err
}

// noRounding is how many digits amounts get when none are named: enough that nothing shows.
const noRounding = amount.MaxDigits

func (t *terms) readRounding(m *mapped) error {
	var r struct {
		Mode            text `json:"mode"`
		Digits          text `json:"digits"`
		Multiple        text `json:"installment_multiple"`
		InstallmentMode text `json:"installment_mode"`
		MoneyMultiple   text `json:"money_multiple"`
		Residual        text `json:"residual"`
		Remainder       text `json:"interest_remainder"`
	}
	if err := known(t.Rounding, "rounding", "mode", "digits", "installment_multiple", "installment_mode", "money_multiple", "residual", "interest_remainder"); err != nil {
		return err
	}
	if len(t.Rounding) > 0 {
		if err := json.Unmarshal(t.Rounding, &r); err != nil {
			return fmt.Errorf("rounding: %w", err)
		}
	}
	digits := r.Digits
	if digits == "" {
		digits = t.CurrencyDigits
	}
	if digits == "" {
		digits = "2"
	}
	if r.Mode.word() == "none" {
		r.Mode, digits = "half_even", text(fmt.Sprint(noRounding))
	}
	var err error
	if m.digits, err = digits.whole("rounding.digits"); err != nil {
		return err
	}
	if m.digits < 0 || m.digits > amount.MaxDigits {
		return unsupported("rounding.digits %d, take 0 to %d", m.digits, amount.MaxDigits)
	}
	if m.Rounding.Mode, err = mode(r.Mode); err != nil {
		return err
	}
	if m.Rounding.InstallmentMode = m.Rounding.Mode; r.InstallmentMode != "" {
		if m.Rounding.InstallmentMode, err = mode(r.InstallmentMode); err != nil {
			return err
		}
	}
	if m.Rounding.Multiple, err = m.multiple("rounding.installment_multiple", r.Multiple); err != nil {
		return err
	}
	if m.Rounding.MoneyMultiple, err = m.multiple("rounding.money_multiple", r.MoneyMultiple); err != nil {
		return err
	}
	// "…_principal" is what LastInstallment does; the word only says where it comes from.
	m.Rounding.Residual, err = choice("rounding.residual", r.Residual, map[text]schedule.Residual{
		"": schedule.LastInstallment, "last_installment": schedule.LastInstallment,
		"last_installment_principal": schedule.LastInstallment, "last_installment_smoothed": schedule.LastInstallmentSmoothed,
	})
	if err != nil {
		return err
	}
	m.Rounding.CarryInterest, err = choice("rounding.interest_remainder", r.Remainder, map[text]bool{"": false, "none": false, "carried_until_one_cent": true})
	return err
}

func mode(t text) (amount.Mode, error) {
	if t == "" {
		return amount.HalfEven, nil
	}
	m, err := amount.ParseMode(string(t.word()))
	if err != nil {
		return 0, unsupported("%w", err)
	}
	return m, nil
}

// multiple reads a multiple; one finer than the digits rounds nothing.
func (m *mapped) multiple(name string, t text) (int64, error) {
	if t == "" {
		return 0, nil
	}
	d, err := t.decimal(name)
	if err != nil {
		return 0, err
	}
	if d.Cmp(apd.New(1, int32(-m.digits))) <= 0 && d.Sign() >= 0 {
		return 0, nil
	}
	return m.amount(name, t)
}

func (t *terms) readAmounts(m *mapped) error {
	var err error
	if m.Terms.Principal, err = m.amount("principal", t.Principal); err != nil {
		return err
	}
	if t.DownPayment != "" {
		if m.Terms.DownPayment, err = t.DownPayment.percent("down_payment_percent"); err != nil {
			return err
		}
	}
	if t.Fixed == "true" || t.Fixed == "false" {
		t.Fixed = "" // that the installment stays is a matter of the recalculation's strategy
	}
	if fixed := t.Fixed + t.Installment; fixed != "" {
		if t.Fixed != "" && t.Installment != "" {
			return fmt.Errorf("fixed_installment and installment are the same; give one")
		}
		if m.Terms.Installment, err = m.amount("fixed_installment", fixed); err != nil {
			return err
		}
	}
	for _, p := range t.Principals {
		x, err := m.amount("principals", p)
		if err != nil {
			return err
		}
		m.Terms.Principals = append(m.Terms.Principals, x)
	}
	for _, d := range t.Disbursements {
		on, err := d.Date.date("disbursements")
		if err != nil {
			return err
		}
		x, err := m.amount("disbursements", d.Amount)
		if err != nil {
			return err
		}
		m.Terms.Disbursements = append(m.Terms.Disbursements, schedule.Disbursement{Date: on, Amount: x})
	}
	slices.SortStableFunc(m.Terms.Disbursements, func(a, b schedule.Disbursement) int { return int(a.Date - b.Date) })
	return nil
}

func (t *terms) readInterest(m *mapped) error {
	rate := t.AnnualRate
	if rate == "" {
		rate = "0"
	}
	var err error
	if m.Terms.AnnualRate, err = rate.percent("annual_rate_percent"); err != nil {
		return err
	}
	in := &m.Interest
	if in.Basis, err = choice("interest_basis", t.Basis, map[text]schedule.Basis{
		"": schedule.ByPeriod, "period": schedule.ByPeriod, "daily": schedule.ByDays, "rate_factor": schedule.ByFactor,
	}); err != nil {
		return err
	}
	if in.DaysInMonth, err = days("days_in_month", t.DaysInMonth); err != nil {
		return err
	}
	if in.DaysInYear, err = days("days_in_year", t.DaysInYear); err != nil {
		return err
	}
	if in.Basis == schedule.ByDays {
		in.FirstRate = true
		in.DayCount, err = t.dayCount(in.DaysInMonth, in.DaysInYear)
	}
	return err
}

func days(name string, t text) (int, error) {
	if t == "" || t.word() == "actual" {
		return 0, nil
	}
	return t.whole(name)
}

// dayCount is the convention of the basis "daily", which is actual/365 if nothing else is said, in leap years too.
func (t *terms) dayCount(month, year int) (daycount.Convention, error) {
	if t.DayCount != "" {
		c, err := daycount.Parse(string(t.DayCount))
		if err != nil {
			return 0, unsupported("%w", err)
		}
		return c, nil
	}
	switch {
	case month == 30 && (year == 360 || year == 0):
		return daycount.Thirty360, nil
	case month != 0:
	case year == 0 || year == 365:
		return daycount.Act365Fixed, nil
	case year == 360:
		return daycount.Act360, nil
	case year == 364:
		return daycount.Act364, nil
	}
	return 0, unsupported("days_in_month %d with days_in_year %d by the day; name a day_count", month, year)
}

func (t *terms) readGrace(m *mapped) error {
	var g struct {
		Principal text `json:"principal_periods"`
		Payment   text `json:"interest_payment_periods"`
		Free      text `json:"interest_free_periods"`
	}
	if len(t.Grace) == 0 {
		return nil
	}
	if err := known(t.Grace, "grace", "principal_periods", "interest_payment_periods", "interest_free_periods"); err != nil {
		return err
	}
	if err := json.Unmarshal(t.Grace, &g); err != nil {
		return fmt.Errorf("grace: %w", err)
	}
	for _, x := range []struct {
		t  text
		to *int
	}{{g.Principal, &m.Grace.Principal}, {g.Payment, &m.Grace.InterestPayment}, {g.Free, &m.Grace.InterestFree}} {
		if x.t == "" {
			continue
		}
		var err error
		if *x.to, err = x.t.whole("grace"); err != nil {
			return err
		}
	}
	return nil
}

// row is a row of a table as the vectors write it.
type row struct {
	N           int   `json:"n"`
	DueDate     text  `json:"due_date,omitempty"`
	Principal   text  `json:"principal"`
	Interest    text  `json:"interest"`
	Fee         text  `json:"fee"`
	Penalty     text  `json:"penalty"`
	Due         text  `json:"due"`
	Balance     text  `json:"balance"`
	DownPayment bool  `json:"down_payment,omitempty"`
	Paid        *text `json:"paid,omitempty"`
	Outstanding *text `json:"outstanding,omitempty"`
	InAdvance   *text `json:"paid_in_advance,omitempty"`
	Late        *text `json:"paid_late,omitempty"`
	PaidOffOn   *text `json:"paid_off_on,omitempty"`
}

func (m *mapped) row(r *schedule.Row) row {
	out := row{
		N: r.N, Principal: m.write(r.Principal), Interest: m.write(r.Interest), Fee: m.write(r.Fee),
		Penalty: m.write(r.Penalty), Due: m.write(r.Total()), Balance: m.write(r.Balance), DownPayment: r.Kind == schedule.DownPayment,
	}
	if m.dated {
		out.DueDate = text(r.Due.String())
	}
	return out
}

// schedules answers with the rows, their totals, the installment and the number of regular rows.
func schedules(line []byte) (any, error) {
	var q struct {
		Terms json.RawMessage `json:"terms"`
	}
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, err
	}
	if err := known(q.Terms, "terms", termFields...); err != nil {
		return nil, err
	}
	var t terms
	if err := json.Unmarshal(q.Terms, &t); err != nil {
		return nil, fmt.Errorf("terms: %w", err)
	}
	m, err := t.mapped()
	if err != nil {
		return nil, err
	}
	s, err := schedule.Plan(m.Terms)
	if err != nil {
		return nil, err
	}
	rows, regular := make([]row, len(s.Rows)), 0
	for i := range s.Rows {
		rows[i] = m.row(&s.Rows[i])
		if s.Rows[i].Kind == schedule.Regular {
			regular++
		}
	}
	sum := s.Totals()
	return map[string]any{
		"rows": rows, "installment": m.write(s.Installment), "periods": regular,
		"totals": map[string]text{
			"principal": m.write(sum.Principal), "interest": m.write(sum.Interest), "fee": m.write(sum.Fee),
			"penalty": m.write(sum.Penalty), "due": m.write(sum.Total()),
		},
	}, nil
}
