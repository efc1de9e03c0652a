package schedule_test

import (
	"testing"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/schedule"
)

// loan36 is a consumer loan of three years.
func loan36(basis schedule.Basis) schedule.Terms {
	return schedule.Terms{
		Principal: 10_000_00, AnnualRate: apd.New(1234, -4), Installments: 36,
		Due:      calendar.Due{Start: day.Of(2026, 1, 31), Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
		Interest: schedule.Interest{Basis: basis, DayCount: daycount.Act365Fixed},
	}
}

func BenchmarkPlan36(b *testing.B) {
	for name, basis := range map[string]schedule.Basis{"period": schedule.ByPeriod, "days": schedule.ByDays, "factor": schedule.ByFactor} {
		b.Run(name, func(b *testing.B) {
			terms := loan36(basis)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := schedule.Plan(terms); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
