package daycount_test

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
)

func date(t *testing.T, text string) day.Date {
	t.Helper()
	d, err := day.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestEndsOfMonths shows where the conventions differ.
func TestEndsOfMonths(t *testing.T) {
	for _, c := range []struct {
		start, end             string
		bond, us, e, plus, eom int
	}{
		{"2026-01-31", "2026-03-31", 60, 60, 60, 61, 60},
		{"2026-01-30", "2026-03-31", 60, 60, 60, 61, 60},
		{"2026-01-29", "2026-03-31", 62, 62, 61, 62, 61},
		{"2026-02-28", "2026-03-31", 33, 30, 32, 33, 30},
		{"2024-02-29", "2025-02-28", 359, 360, 359, 359, 360},
		{"2026-01-15", "2026-02-28", 43, 43, 43, 43, 45},
	} {
		a, b := date(t, c.start), date(t, c.end)
		got := []int{
			daycount.Thirty360.Days(a, b), daycount.ThirtyU360.Days(a, b), daycount.ThirtyE360.Days(a, b),
			daycount.ThirtyEPlus.Days(a, b), daycount.ThirtyEISDA.Days(a, b),
		}
		for i, want := range []int{c.bond, c.us, c.e, c.plus, c.eom} {
			if got[i] != want {
				t.Errorf("%s to %s, convention %d of 5: %d days, want %d", c.start, c.end, i+1, got[i], want)
			}
		}
	}
}

// TestActAct shows that whole years are 1 and that parts of any cut add up.
func TestActAct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := day.Date(rapid.Int32Range(0, 60000).Draw(t, "a"))
		b := a + day.Date(rapid.Int32Range(0, 20000).Draw(t, "b"))
		cut := a + day.Date(rapid.Int32Range(0, int32(b-a)).Draw(t, "cut"))
		for _, c := range []daycount.Convention{daycount.ActActISDA, daycount.Act360, daycount.Act365Fixed, daycount.NL365} {
			sum := new(big.Rat).Add(c.Fraction(a, cut), c.Fraction(cut, b))
			if sum.Cmp(c.Fraction(a, b)) != 0 {
				t.Fatalf("%s from %s to %s, cut on %s: %s, not %s", c, a, b, cut, sum, c.Fraction(a, b))
			}
			if back := c.Fraction(b, a); back.Neg(back).Cmp(c.Fraction(a, b)) != 0 {
				t.Fatalf("%s back from %s to %s", c, b, a)
			}
		}
		y, _, _ := a.Civil()
		if one := daycount.ActActISDA.Fraction(day.Of(y, 1, 1), day.Of(y+1, 1, 1)); one.Cmp(big.NewRat(1, 1)) != 0 {
			t.Fatalf("the year %d is %s", y, one)
		}
	})
}

func TestNames(t *testing.T) {
	for _, c := range daycount.Conventions() {
		if back, err := daycount.Parse(c.String()); err != nil || back != c {
			t.Errorf("%s is read as %s: %v", c, back, err)
		}
	}
	if c, err := daycount.Parse("actual / 365 (fixed)"); err != nil || c != daycount.Act365Fixed {
		t.Errorf("%s %v", c, err)
	}
	for name, c := range map[string]daycount.Convention{
		"30/360 SIA": daycount.ThirtyU360, "30US/360": daycount.ThirtyU360, "30/360 ISMA": daycount.ThirtyE360,
		"30E/360 German": daycount.ThirtyEISDA, "Actual/365 No leap year": daycount.NL365, "French": daycount.Act360,
	} {
		if got, err := daycount.Parse(name); err != nil || got != c {
			t.Errorf("%s is read as %s: %v", name, got, err)
		}
	}
	if _, err := daycount.Parse("31/365"); !errors.Is(err, daycount.ErrConvention) {
		t.Error(err)
	}
}
