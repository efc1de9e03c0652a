package schedule_test

import (
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/schedule"
)

// terms draws terms of every method, basis, rounding, grace, down payment and number of disbursements.
var terms = rapid.Custom(func(t *rapid.T) schedule.Terms {
	n := rapid.IntRange(1, 48).Draw(t, "installments")
	start := day.Of(2020, 1, 1) + day.Date(rapid.IntRange(0, 2000).Draw(t, "start"))
	x := schedule.Terms{
		Principal:    rapid.Int64Range(100_00, 1_000_000_00).Draw(t, "principal"),
		AnnualRate:   apd.New(rapid.Int64Range(0, 40_0000).Draw(t, "rate"), -6),
		Installments: n,
		Due: calendar.Due{Start: start, Every: calendar.Frequency{
			N: rapid.IntRange(1, 4).Draw(t, "every"), Unit: calendar.Unit(rapid.Uint8Range(0, 2).Draw(t, "unit")),
		}},
		Method: schedule.Method(rapid.Uint8Range(0, 5).Draw(t, "method")),
		Interest: schedule.Interest{
			Basis:       schedule.Basis(rapid.Uint8Range(0, 2).Draw(t, "basis")),
			DayCount:    daycount.Convention(rapid.Uint8Range(0, 11).Draw(t, "daycount")),
			DaysInMonth: rapid.SampledFrom([]int{0, 30}).Draw(t, "days in month"),
			DaysInYear:  rapid.SampledFrom([]int{0, 360, 365}).Draw(t, "days in year"),
			FirstRate:   rapid.Bool().Draw(t, "first rate"),
		},
		Rounding: schedule.Rounding{
			Mode:          amount.Mode(rapid.Uint8Range(0, 6).Draw(t, "mode")),
			Residual:      schedule.Residual(rapid.Uint8Range(0, 1).Draw(t, "residual")),
			CarryInterest: rapid.Bool().Draw(t, "carry"),
		},
	}
	x.Rounding.InstallmentMode = x.Rounding.Mode
	x.Rounding.Multiple = rapid.SampledFrom([]int64{0, 1, 10, 100}).Draw(t, "multiple")
	x.Grace.Principal = rapid.IntRange(0, n-1).Draw(t, "grace")
	x.Grace.InterestPayment = rapid.IntRange(0, n-1).Draw(t, "interest grace")
	if rapid.Bool().Draw(t, "down") {
		x.DownPayment = apd.New(25, -2)
	}
	if rapid.Bool().Draw(t, "several") {
		first := x.Principal / 3
		x.Disbursements = []schedule.Disbursement{{Date: start, Amount: first}, {Date: start, Amount: x.Principal - first}}
	}
	return x
})

// TestPlan shows what holds for all schedules: principal sums up to what was lent, nothing is negative, balances never
// rise and end at zero, rows follow each other, and the same terms give the same rows.
func TestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := terms.Draw(t, "terms")
		s, err := schedule.Plan(x)
		if err != nil {
			t.Fatal(err)
		}
		left, before := x.Principal, day.Date(0)
		for i, r := range s.Rows {
			left -= r.Principal
			if r.N != i+1 || r.Principal < 0 || r.Interest < 0 || r.Balance < 0 || r.Due < before {
				t.Fatalf("row %+v after %s", r, before)
			}
			if x.Disbursements == nil && r.Balance != left {
				t.Fatalf("row %+v with %d left", r, left)
			}
			before = r.Due
		}
		if left != 0 || s.Rows[len(s.Rows)-1].Balance != 0 {
			t.Fatalf("%d is left", left)
		}
		again, err := schedule.Plan(x)
		if err != nil || len(again.Rows) != len(s.Rows) {
			t.Fatal("the same terms give another schedule", err)
		}
		for i := range s.Rows {
			if s.Rows[i] != again.Rows[i] {
				t.Fatalf("row %d differs", i+1)
			}
		}
	})
}

// TestResidual shows that the last of equal installments differs from the others by what roundings can make: less than
// one multiple a row, grown by interest.
func TestResidual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := loan36(schedule.ByPeriod)
		x.Principal = rapid.Int64Range(1000_00, 1_000_000_00).Draw(t, "principal")
		x.AnnualRate = apd.New(rapid.Int64Range(0, 36_0000).Draw(t, "rate"), -6)
		x.Installments = rapid.IntRange(2, 60).Draw(t, "installments")
		x.Rounding.Residual = schedule.Residual(rapid.Uint8Range(0, 1).Draw(t, "residual"))
		s, err := schedule.Plan(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Rows[:len(s.Rows)-1] {
			if r.Total() != s.Installment {
				t.Fatalf("row %d is %d, not %d", r.N, r.Total(), s.Installment)
			}
		}
		off := s.Rows[len(s.Rows)-1].Total() - s.Installment
		if most := int64(x.Installments) * 4; off > most || off < -most {
			t.Fatalf("the last one is off by %d", off)
		}
	})
}

// reference is the textbook's schedule in decimals of 60 digits: A = B·r/(1-(1+r)^-n), rounded, interest of each row
// rounded.
func reference(t interface{ Fatal(...any) }, x schedule.Terms) []int64 {
	c := apd.BaseContext.WithPrecision(60)
	c.Rounding = apd.RoundHalfEven
	must := func(_ apd.Condition, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	whole := func(d *apd.Decimal) int64 {
		q := new(apd.Decimal)
		must(c.RoundToIntegralValue(q, d))
		n, err := q.Int64()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	r, base, a := new(apd.Decimal), new(apd.Decimal), new(apd.Decimal)
	must(c.Quo(r, x.AnnualRate, apd.New(12, 0)))
	n := apd.New(int64(x.Installments), 0)
	balance := x.Principal
	if r.IsZero() {
		must(c.Quo(a, apd.New(balance, 0), n))
	} else {
		must(c.Add(base, r, apd.New(1, 0)))
		must(c.Pow(base, base, n.Neg(n)))
		must(c.Sub(base, apd.New(1, 0), base))
		must(c.Mul(a, apd.New(balance, 0), r))
		must(c.Quo(a, a, base))
	}
	installment := whole(a)
	totals := make([]int64, x.Installments)
	for i := range totals {
		must(c.Mul(a, apd.New(balance, 0), r))
		interest := whole(a)
		principal := min(installment-interest, balance)
		if i == len(totals)-1 {
			principal = balance
		}
		totals[i] = principal + interest
		balance -= principal
	}
	return totals
}

func againstDecimals(t *rapid.T) {
	x := loan36(schedule.ByPeriod)
	x.Principal = rapid.Int64Range(100_00, 100_000_000_00).Draw(t, "principal")
	x.AnnualRate = apd.New(rapid.Int64Range(0, 99_999_999).Draw(t, "rate"), -8)
	x.Installments = rapid.IntRange(1, 120).Draw(t, "installments")
	s, err := schedule.Plan(x)
	if err != nil {
		t.Fatal(err)
	}
	for i, total := range reference(t, x) {
		if i >= len(s.Rows) { // an installment rounded up repays earlier
			if total != 0 {
				t.Fatalf("row %d is missing, in decimals %d", i+1, total)
			}
		} else if s.Rows[i].Total() != total {
			t.Fatalf("row %d is %d, in decimals %d", i+1, s.Rows[i].Total(), total)
		}
	}
}

// TestAgainstDecimals compares words and fixed points with decimals on random terms; under the tag soak on a million.
func TestAgainstDecimals(t *testing.T) { rapid.Check(t, againstDecimals) }

// TestMethods shows each method on 1,200.00 for three months at 12%.
func TestMethods(t *testing.T) {
	for _, c := range []struct {
		method schedule.Method
		change func(*schedule.Terms)
		want   [][2]int64 // principal, interest
	}{
		{schedule.EqualInstallment, nil, [][2]int64{{396_03, 12_00}, {399_99, 8_04}, {403_98, 4_04}}},
		{schedule.EqualPrincipal, nil, [][2]int64{{400_00, 12_00}, {400_00, 8_00}, {400_00, 4_00}}},
		{schedule.Flat, nil, [][2]int64{{400_00, 12_00}, {400_00, 12_00}, {400_00, 12_00}}},
		{schedule.InterestOnly, nil, [][2]int64{{0, 12_00}, {0, 12_00}, {1200_00, 12_00}}},
		{schedule.BulletSimple, nil, [][2]int64{{0, 0}, {0, 0}, {1200_00, 36_00}}},
		{schedule.BulletCompound, nil, [][2]int64{{0, 0}, {0, 0}, {1200_00, 36_36}}},
		{schedule.FixedInstallment, func(x *schedule.Terms) { x.Installment, x.Installments = 700_00, 0 }, [][2]int64{{688_00, 12_00}, {512_00, 5_12}}},
		{schedule.Custom, func(x *schedule.Terms) { x.Principals = []int64{100_00, 0, 0} }, [][2]int64{{100_00, 12_00}, {0, 11_00}, {1100_00, 11_00}}},
		{schedule.EqualInstallment, func(x *schedule.Terms) { x.Grace = schedule.Grace{Principal: 1, InterestPayment: 1} }, [][2]int64{{0, 0}, {597_01, 24_00}, {602_99, 6_03}}},
		{schedule.EqualPrincipal, func(x *schedule.Terms) { x.Grace.InterestFree = 2 }, [][2]int64{{400_00, 0}, {400_00, 0}, {400_00, 4_00}}},
		{schedule.EqualPrincipal, func(x *schedule.Terms) {
			x.RateChanges = []schedule.RateChange{{From: x.Due.Start.AddMonths(1), AnnualRate: apd.New(24, -2)}}
		}, [][2]int64{{400_00, 12_00}, {400_00, 16_00}, {400_00, 8_00}}},
	} {
		x := schedule.Terms{
			Principal: 1200_00, AnnualRate: apd.New(12, -2), Installments: 3, Method: c.method,
			Due: calendar.Due{Start: day.Of(2026, 1, 31), Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
		}
		if c.change != nil {
			c.change(&x)
		}
		s, err := schedule.Plan(x)
		if err != nil {
			t.Errorf("method %d: %v", c.method, err)
			continue
		}
		if len(s.Rows) != len(c.want) {
			t.Errorf("method %d: %d rows, want %d", c.method, len(s.Rows), len(c.want))
			continue
		}
		for i, r := range s.Rows {
			if got := [2]int64{r.Principal, r.Interest}; got != c.want[i] {
				t.Errorf("method %d row %d: %v, want %v", c.method, i+1, got, c.want[i])
			}
		}
	}
}

// TestFirstPeriod shows a long first period counted as one period and by its days.
func TestFirstPeriod(t *testing.T) {
	first := day.Of(2026, 2, 15)
	x := schedule.Terms{
		Principal: 1000_00, AnnualRate: apd.New(12, -2), Installments: 2, Method: schedule.InterestOnly,
		Due: calendar.Due{Start: day.Of(2026, 1, 1), First: &first, Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
	}
	for byDays, want := range map[bool]int64{false: 10_00, true: 14_52} { // 45 of 31 days
		x.Interest.FirstByDays = byDays
		s, err := schedule.Plan(x)
		if err != nil || s.Rows[0].Interest != want || s.Rows[1].Interest != 10_00 {
			t.Errorf("by days %t: %+v %v", byDays, s, err)
		}
	}
}

// TestInstallmentByFactor shows that by factor the installment is that of the whole balance over whole periods, whenever
// in a period money arrives: worked out by hand with fractions from B·(1+f₁)…(1+fₙ)/Fₙ.
func TestInstallmentByFactor(t *testing.T) {
	x := schedule.Terms{
		Principal: 7328_00, AnnualRate: apd.New(999, -4), Installments: 6,
		Due:           calendar.Due{Start: day.Of(2023, 2, 7), Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
		Interest:      schedule.Interest{Basis: schedule.ByFactor, DaysInYear: 365},
		Disbursements: []schedule.Disbursement{{Date: day.Of(2023, 2, 7), Amount: 4083_00}, {Date: day.Of(2023, 3, 5), Amount: 3245_00}},
		Rounding:      schedule.Rounding{Residual: schedule.LastInstallmentSmoothed},
	}
	s, err := schedule.Plan(x)
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]int64{{1219_41, 33_07}, {1200_65, 51_83}, {1212_18, 40_30}, {1221_12, 31_36}, {1232_16, 20_32}, {1242_48, 10_54}}
	for i, r := range s.Rows {
		if got := [2]int64{r.Principal, r.Interest}; got != want[i] {
			t.Errorf("row %d is %d, want %d", r.N, got, want[i])
		}
	}
}

func TestTermsRefuse(t *testing.T) {
	for name, change := range map[string]func(*schedule.Terms){
		"no principal":         func(x *schedule.Terms) { x.Principal = 0 },
		"no rows":              func(x *schedule.Terms) { x.Installments = 0 },
		"too many rows":        func(x *schedule.Terms) { x.Installments = schedule.MaxRows + 1 },
		"a negative rate":      func(x *schedule.Terms) { x.AnnualRate = apd.New(-1, -2) },
		"grace over all rows":  func(x *schedule.Terms) { x.Grace.Principal = 36 },
		"everything paid down": func(x *schedule.Terms) { x.DownPayment = apd.New(1, 0) },
		"lent after the end": func(x *schedule.Terms) {
			x.Disbursements = []schedule.Disbursement{{Date: day.Of(2030, 1, 1), Amount: 1}}
		},
		"dates that don't rise":  func(x *schedule.Terms) { x.Installments, x.DueDates = 2, []day.Date{30000, 30000} },
		"too few due dates":      func(x *schedule.Terms) { x.DueDates = []day.Date{30000} },
		"no fixed installment":   func(x *schedule.Terms) { x.Method = schedule.FixedInstallment },
		"less than the interest": func(x *schedule.Terms) { x.Method, x.Installments, x.Installment = schedule.FixedInstallment, 0, 1 },
		"no list of principals":  func(x *schedule.Terms) { x.Method = schedule.Custom },
		"more interest than amounts count": func(x *schedule.Terms) {
			x.Method, x.Principal, x.Installments, x.AnnualRate = schedule.InterestOnly, 1e14, 1200, apd.New(schedule.MaxAnnualRate, 0)
		},
		"more interest in grace than amounts count": func(x *schedule.Terms) {
			x.Method, x.Principal, x.Installments, x.AnnualRate = schedule.InterestOnly, 1e14, 1200, apd.New(schedule.MaxAnnualRate, 0)
			x.Grace.InterestPayment = 1199
		},
	} {
		x := loan36(schedule.ByPeriod)
		change(&x)
		if _, err := schedule.Plan(x); !errors.Is(err, schedule.ErrTerms) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A row tells both dates: the one that was agreed and the one to which a holiday moved it. A deferral goes on from the
// agreed one.
func TestNominalDates(t *testing.T) {
	saturday := day.Of(2026, 2, 28)
	weekend, err := calendar.New([]time.Weekday{time.Saturday, time.Sunday}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	terms := schedule.Terms{
		Principal: 1200_00, Installments: 3, Method: schedule.EqualPrincipal, Calendar: weekend, Rule: calendar.Following, MoveInterest: true,
		Due: calendar.Due{Start: day.Of(2026, 1, 28), Every: calendar.Frequency{Unit: calendar.Months, N: 1}},
	}
	p, err := schedule.New(terms)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Defer(1, schedule.HolidayFree); err != nil {
		t.Fatal(err)
	}
	rows, err := p.Row(schedule.Moves{})
	if err != nil {
		t.Fatal(err)
	}
	if r := rows[0]; r.Nominal != saturday || r.Due != saturday+2 {
		t.Errorf("due %s, agreed %s, want %s and %s", r.Due, r.Nominal, saturday+2, saturday)
	}
	if _, _, due := p.Period(); due != day.Of(2026, 3, 30) {
		t.Errorf("the second row is due on %s", due)
	}
}
