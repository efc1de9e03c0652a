package recount

import (
	"slices"
	"testing"
	"time"
)

// small is 300.00 for three months at 12 %: 102.01 a month, worked out by hand.
//
//	due 2021-02-05  interest 3.00  principal  99.01
//	    2021-03-05           2.01            100.00
//	    2021-04-05           1.01            100.99
var small = Terms{Amount: 300_00, Rate: 12_00, Months: 3, Start: DayOf(2021, time.January, 5)}

func day(month time.Month, d int) Day { return DayOf(2021, month, d) }

// The figures were worked out from the formula with 80 decimal digits, apart from this code.
func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		terms        Terms
		equal, last  int64
		interest, in int64 // of the first row, and all that is paid
	}{
		{small, 102_01, 102_00, 3_00, 306_02},
		{Terms{Amount: 1000_00, Rate: 12_00, Months: 12}, 88_85, 88_84, 10_00, 1066_19},
		{Terms{Amount: 32000_00, Rate: 11_99, Months: 60}, 711_66, 711_70, 319_73, 42699_64},
		{Terms{Amount: 40000_00, Rate: 28_99, Months: 60}, 1269_43, 1269_61, 966_33, 76165_98},
		{Terms{Amount: 1000_00, Rate: 0, Months: 7}, 142_86, 142_84, 0, 1000_00},
	} {
		s := c.terms.Replay(nil, 0)
		sum, n := s.Outstanding(), len(s.Rows)
		if c.terms.EqualInstallment() != c.equal || s.Rows[n-1].Open() != c.last || s.Rows[0].Owed[Interest] != c.interest ||
			sum.Total() != c.in || sum[Principal] != c.terms.Amount || n != c.terms.Months {
			t.Errorf("%+v gives %d rows of %d, the last %d, in all %v", c.terms, n, c.terms.EqualInstallment(), s.Rows[n-1].Open(), sum)
		}
	}
}

func TestReplay(t *testing.T) {
	for _, c := range []struct {
		name     string
		payments []Payment
		on       Day
		splits   []Split // penalty, fee, interest, principal
		left     Split
	}{
		{"nothing is paid", nil, day(2, 5), nil, Split{0, 0, 6_02, 300_00}},
		{"a day after the grace: 102.01 · 4 · 0.0005", nil, day(2, 9), nil, Split{20, 0, 6_02, 300_00}},
		{"within the grace", nil, day(2, 8), nil, Split{0, 0, 6_02, 300_00}},
		{"in time", []Payment{{On: day(2, 5), Amount: 102_01}}, day(2, 20), []Split{{0, 0, 3_00, 99_01}}, Split{0, 0, 3_02, 200_99}},
		{"a week late", []Payment{{On: day(2, 12), Amount: 102_37}}, day(2, 12), []Split{{36, 0, 3_00, 99_01}}, Split{0, 0, 3_02, 200_99}},
		{
			"a part in time, the rest a week later: 52.01 · 7 · 0.0005",
			[]Payment{{On: day(2, 5), Amount: 50_00}, {On: day(2, 12), Amount: 52_19}},
			day(2, 12),
			[]Split{{0, 0, 3_00, 47_00}, {18, 0, 0, 52_01}},
			Split{0, 0, 3_02, 200_99},
		},
		{
			"much in advance",
			[]Payment{{On: day(2, 5), Amount: 102_01}, {On: day(2, 18), Amount: 150_00}},
			day(2, 18),
			[]Split{{0, 0, 3_00, 99_01}, {0, 0, 3_02, 146_98}},
			Split{0, 0, 0, 54_01},
		},
		{
			"as much had come in time",
			[]Payment{{On: day(2, 12), Amount: 102_37}, {On: day(2, 5), Amount: 102_01}},
			day(2, 15),
			[]Split{{0, 0, 2_37, 100_00}, {0, 0, 3_00, 99_01}},
			Split{0, 0, 65, 100_99},
		},
		{
			"closed 13 of 28 days into the second row: 200.99 · 0.01 · 13/28, and 1 % for that",
			[]Payment{{On: day(2, 5), Amount: 102_01}, {On: day(2, 18), Closes: true}},
			day(2, 18),
			[]Split{{0, 0, 3_00, 99_01}, {0, 2_01, 93, 200_99}},
			Split{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := small.Replay(c.payments, c.on)
			if !slices.Equal(s.Splits, c.splits) || s.Outstanding() != c.left || s.Over != 0 {
				t.Errorf("splits %v, want %v; left %v, want %v; %d too much", s.Splits, c.splits, s.Outstanding(), c.left, s.Over)
			}
		})
	}
}

// What late rows cost ends at 24 % of the row.
func TestPenaltyEnds(t *testing.T) {
	s := small.Replay(nil, day(12, 31))
	if got := s.Rows[0].Owed[Penalty]; got != 16_78 { // 329 days: 102.01 · 0.1645
		t.Errorf("after 329 days %d", got)
	}
	s = small.Replay(nil, DayOf(2023, time.January, 1))
	if got := s.Outstanding()[Penalty]; got != 3*24_48 {
		t.Errorf("in the end %d", got)
	}
}

func TestDivide(t *testing.T) {
	for _, c := range []struct {
		split Split
		want  Division
	}{
		{Split{36, 0, 3_00, 99_01}, Division{Holders: [3]int64{99_01, 1_98, 36}, Platform: 1_02}},
		{Split{0, 2_01, 93, 200_99}, Division{Holders: [3]int64{199_90, 0, 0}, Platform: 2_02 + 2_01}},
		{Split{0, 0, 65, 100_99}, Division{Holders: [3]int64{100_62, 0, 0}, Platform: 1_02}},
		{Split{50, 0, 0, 0}, Division{Holders: [3]int64{0, 0, 50}}},
	} {
		if got := divide(c.split); got != c.want {
			t.Errorf("%v is divided into %+v, want %+v", c.split, got, c.want)
		}
	}
}

// The claims of docs/claim-transfer.md: 12,000.00 for twelve months from 2026-01-15 at 12 %, in 12,000 units. Of what
// falls due next a hundredth is the platform's, from its interest: April's 100.98 bring the holders 90.32.
func TestPrice(t *testing.T) {
	terms := Terms{Amount: 12000_00, Rate: 12_00, Months: 12, Start: DayOf(2026, time.January, 15)}
	var paid []Payment
	for _, row := range terms.Replay(nil, 0).Rows {
		paid = append(paid, Payment{On: row.Due, Amount: row.Open()})
	}
	for _, c := range []struct {
		on         Day
		rows       int // that were paid
		units, ask int64
		price      int64
	}{
		{DayOf(2026, time.March, 15), 2, 1000, 1000, 841_51},
		{DayOf(2026, time.March, 25), 2, 1000, 1000, 843_93},
		{DayOf(2026, time.March, 25), 2, 1000, 985, 831_31},
		{DayOf(2026, time.March, 25), 2, 333, 1020, 286_62},
		{DayOf(2026, time.April, 25), 3, 1000, 985, 751_90},
		{DayOf(2027, time.January, 5), 11, 1, 970, 9},
	} {
		price, fee := terms.Price(terms.Replay(paid[:c.rows], c.on), c.on, c.units, 12000, c.ask)
		if price != c.price || fee != part(price, 2, 1_000) {
			t.Errorf("%s: %d units at %d cost %d, want %d", c.on, c.units, c.ask, price, c.price)
		}
	}
}
