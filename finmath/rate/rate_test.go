package rate_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/rate"
)

func dec(text string) *apd.Decimal {
	d, _, err := apd.NewFromString(text)
	if err != nil {
		panic(err)
	}
	return d
}

func number(t interface{ Fatal(...any) }, d *apd.Decimal, err error) float64 {
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Float64()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestTimeValue shows that FV, PV, PMT, NPER and RATE answer the same equation, each for another of its figures.
func TestTimeValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := apd.New(rapid.Int64Range(-2000, 100_000).Draw(t, "rate"), -6)
		n := apd.New(rapid.Int64Range(2, 360).Draw(t, "n"), 0)
		pv := apd.New(rapid.Int64Range(1, 1e9).Draw(t, "pv"), -2)
		when := rate.When(rapid.Bool().Draw(t, "when"))
		pmt, err := rate.PMT(r, n, pv, new(apd.Decimal), when)
		if err != nil {
			t.Fatal(err)
		}
		fv, err := rate.FV(r, n, pmt, pv, when)
		grown := number(t, pv, nil) * math.Pow(1+number(t, r, nil), number(t, n, nil)) // if nothing were paid
		if f := number(t, fv, err); math.Abs(f) > 1e-36*max(1, grown) {
			t.Fatalf("after all payments %s is left", fv)
		}
		back, err := rate.PV(r, n, pmt, new(apd.Decimal), when)
		if f, want := number(t, back, err), number(t, pv, nil); math.Abs(f-want) > 1e-12*want {
			t.Fatalf("the payments are worth %s, not %s", back, pv)
		}
		periods, err := rate.NPER(r, pmt, pv, new(apd.Decimal), when)
		if f, want := number(t, periods, err), number(t, n, nil); math.Abs(f-want) > 1e-9*want {
			t.Fatalf("it takes %s payments, not %s", periods, n)
		}
		solved, err := rate.RATE(n, pmt, pv, new(apd.Decimal), when, 0)
		if want := number(t, r, nil); err != nil || math.Abs(solved-want) > 1e-9+1e-7*math.Abs(want) {
			t.Fatalf("the rate is %g %v, not %s", solved, err, r)
		}
	})
}

// TestSplit shows that interest and principal make up each payment and that all principal makes up the loan.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := apd.New(rapid.Int64Range(0, 50_000).Draw(t, "rate"), -6)
		periods := rapid.Int64Range(1, 60).Draw(t, "n")
		n, pv := apd.New(periods, 0), apd.New(rapid.Int64Range(1, 1e9).Draw(t, "pv"), -2)
		when := rate.When(rapid.Bool().Draw(t, "when"))
		pmt, err := rate.PMT(r, n, pv, new(apd.Decimal), when)
		whole, sum := number(t, pmt, err), 0.0
		for k := int64(1); k <= periods; k++ {
			i, err := rate.IPMT(r, apd.New(k, 0), n, pv, new(apd.Decimal), when)
			interest := number(t, i, err)
			p, err := rate.PPMT(r, apd.New(k, 0), n, pv, new(apd.Decimal), when)
			principal := number(t, p, err)
			sum += principal
			if math.Abs(interest+principal-whole) > 1e-9*math.Abs(whole) {
				t.Fatalf("payment %d: %g and %g are not %g", k, interest, principal, whole)
			}
		}
		if want := number(t, pv, nil); math.Abs(sum+want) > 1e-9*want {
			t.Fatalf("principal of %g for a loan of %g", sum, want)
		}
	})
}

// TestIRR shows that at the rate that is found the flows are worth nothing, and that where none is said to exist their
// worth never changes its sign.
func TestIRR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flows := rapid.SliceOfN(rapid.Float64Range(-1000, 1000), 2, 12).Draw(t, "flows")
		worth := func(r float64) (sum, size float64) {
			for i, f := range flows {
				x := f * math.Exp(-math.Log1p(r)*float64(i))
				sum, size = sum+x, size+math.Abs(x)
			}
			return sum, size
		}
		r, err := rate.IRR(flows)
		switch {
		case errors.Is(err, rate.ErrNone):
			first, _ := worth(0)
			for s := -6.0; s < 6; s += 0.05 {
				if x, size := worth(math.Expm1(s)); (x < 0) != (first < 0) && math.Abs(x) > 1e-9*size {
					t.Fatalf("no rate, but worth %g at 0 and %g at %g", first, x, math.Expm1(s))
				}
			}
		case err != nil:
			t.Fatal(err)
		case r < -0.999 || r > 1e6:
			// Here a rate in 64 bits says little of 1+rate, or the first flow is all there is.
		default:
			if x, size := worth(r); math.Abs(x) > 1e-7*size {
				t.Fatalf("at %g they are worth %g of %g", r, x, size)
			}
		}
	})
}

// TestTiny shows that flows whose quotient is beyond all numbers are no wrong input: no number above -1 is their rate.
func TestTiny(t *testing.T) {
	if r, err := rate.IRR([]float64{8, -4.450147717014403e-308}); !errors.Is(err, rate.ErrNone) {
		t.Errorf("%g %v", r, err)
	}
}

// TestSeveralRates shows which one is taken.
func TestSeveralRates(t *testing.T) {
	flows := []float64{-1000, 2500, -1540} // 10% and 40%
	r, err := rate.IRR(flows)
	if err != nil || math.Abs(r-0.1) > 1e-9 {
		t.Errorf("nearest to what is earned in all: %g %v", r, err)
	}
	if r, err := rate.IRRNear(flows, 0.5); err != nil || math.Abs(r-0.4) > 1e-9 {
		t.Errorf("nearest to a guess: %g %v", r, err)
	}
}

func TestXIRR(t *testing.T) {
	d := func(text string) day.Date { x, _ := day.Parse(text); return x }
	flows := []rate.Flow{{d("2027-01-01"), 1100}, {d("2026-01-01"), -1000}}
	r, err := rate.XIRR(flows, daycount.Act365Fixed)
	if err != nil || math.Abs(r-0.1) > 1e-12 {
		t.Errorf("%g %v", r, err)
	}
	for _, at := range []float64{0, 0.1, 2} {
		now, err := rate.XNPV(at, flows, daycount.Act365Fixed)
		if err != nil {
			t.Fatal(err)
		}
		later, err := rate.XNFV(at, flows, daycount.Act365Fixed)
		if err != nil || math.Abs(later-now*(1+at)) > 1e-9 {
			t.Errorf("at %g: %g now and %g a year later, %v", at, now, later, err)
		}
	}
}

// TestNoAnswer shows that these functions say so.
func TestNoAnswer(t *testing.T) {
	zero := new(apd.Decimal)
	ask := map[string]func() error{
		"flows of one sign":        func() error { _, err := rate.IRR([]float64{1, 2}); return err },
		"never worth nothing":      func() error { _, err := rate.IRR([]float64{100, -200, 101}); return err },
		"all on one day":           func() error { _, err := rate.XIRR([]rate.Flow{{0, 5}, {0, -4}}, daycount.Act360); return err },
		"payments below interest":  func() error { _, err := rate.NPER(dec("0.1"), dec("-9"), dec("100"), zero, rate.End); return err },
		"neither rate nor payment": func() error { _, err := rate.NPER(zero, zero, dec("100"), zero, rate.End); return err },
		"everything is received": func() error {
			_, err := rate.RATE(dec("12"), dec("400"), dec("1000"), dec("500"), rate.End, 0)
			return err
		},
		"mirr of one sign": func() error { _, err := rate.MIRR([]*apd.Decimal{dec("1")}, zero, zero); return err },
	}
	for name, f := range ask {
		if err := f(); !errors.Is(err, rate.ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused := map[string]func() error{
		"no flows":            func() error { _, err := rate.IRR(nil); return err },
		"a rate of -100%":     func() error { _, err := rate.FV(dec("-1"), dec("3"), zero, zero, rate.End); return err },
		"payment 0 of 3":      func() error { _, err := rate.IPMT(dec("0.1"), zero, dec("3"), zero, zero, rate.End); return err },
		"no periods":          func() error { _, err := rate.PMT(dec("0.1"), zero, dec("3"), zero, rate.End); return err },
		"more than numbers":   func() error { _, err := rate.FV(dec("9"), dec("100000"), zero, zero, rate.End); return err },
		"not a number":        func() error { _, err := rate.IRR([]float64{math.NaN(), 1}); return err },
		"a guess below -100%": func() error { _, err := rate.IRRNear([]float64{-1, 2}, -2); return err },
	}
	for name, f := range refused {
		if err := f(); !errors.Is(err, rate.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
