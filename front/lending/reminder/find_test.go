package reminder

import (
	"testing"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
)

// A charge may be agreed for the day from which holidays moved a row: each is told at its own date. What moved since is found by the
// date that was agreed, and what falls due on one day is told together.
func TestRowThatIsMeant(t *testing.T) {
	row := func(agreed, due day.Date) loan.Row { return loan.Row{Row: schedule.Row{Nominal: agreed, Due: due}} }
	rows := []loan.Row{row(15, 13), row(15, 15), row(45, 46), row(46, 46)}
	for _, c := range []struct {
		what       what
		first, end int
	}{
		{what{Agreed: 15, Due: 13}, 0, 1},
		{what{Agreed: 15, Due: 15}, 1, 2},
		{what{Agreed: 15, Due: 17}, 0, 1}, // it has moved since
		{what{Agreed: 45, Due: 46}, 2, 4},
		{what{Due: 15}, 1, 2}, // planned by an older program
		{what{Due: 17}, 0, 0},
		{what{Agreed: 75, Due: 75}, 0, 0}, // paid
	} {
		if first, end := find(rows, c.what); first != c.first || end != c.end {
			t.Errorf("%+v is in rows %d to %d, want %d to %d", c.what, first, end, c.first, c.end)
		}
	}
}
