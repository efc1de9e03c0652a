package mandate

import (
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// The most that one run takes.
const (
	MaxMandates = 200_000
	MaxListings = 10_000
	MaxGrades   = 64
	MaxRegions  = 128
	MaxCode     = 32
	MaxAmount   = int64(1_000_000_000_000_000_000)
)

// Mandate is an investor's standing order to invest. Amounts are minor units of one asset.
type Mandate struct {
	ID       id.ID
	Investor id.ID
	Turn     uint64 // place in the line: lower comes first; of equal ones the lower id
	Amount   int64  // still to be invested
	Smallest int64  // no piece is smaller, but for nothing else than the mandate's own wish
	Grades   []string
	Shortest int // days until the last payment
	Longest  int // 0: any
	// Caps on what the investor holds in one loan, of one borrower, of one region; 0: none.
	PerLoan     int64
	PerBorrower int64
	PerRegion   int64
}

// Listing is a loan that is open for funding.
type Listing struct {
	ID       id.ID
	Borrower id.ID // the party; his own mandates don't fund him
	Grade    string
	Region   string
	Days     int   // until the last payment
	Left     int64 // to be sold
	Minimum  int64 // smallest piece, unless it is all that is left
	Step     int64 // pieces are multiples of it, unless it is all that is left
	Share    int64 // most of one investor; 0: no bound
}

// Investor is what one investor has before the run.
type Investor struct {
	ID   id.ID
	Cash int64 // that may be invested
	// What he holds, bids included. What is missing counts as nothing.
	Loans     map[id.ID]int64
	Borrowers map[id.ID]int64
	Regions   map[string]int64
}

// Check refuses what no mandate may be, and names the field.
func (m *Mandate) Check() error { return m.check(func(name string) string { return name }) }

func (m *Mandate) check(at func(name string) string) error {
	switch {
	case m.ID.IsZero():
		return errs.Invalid.Errorf("it is missing").On(at("id"))
	case m.Investor.IsZero():
		return errs.Invalid.Errorf("it is missing").On(at("investor"))
	case len(m.Grades) > MaxGrades:
		return errs.Invalid.Errorf("%d grades, at most %d", len(m.Grades), MaxGrades).On(at("grades"))
	case m.Shortest < 0 || m.Longest < 0 || m.Longest > 0 && m.Longest < m.Shortest:
		return errs.Invalid.Errorf("%d to %d days: the longest must not be shorter than the shortest", m.Shortest, m.Longest).On(at("longest"))
	}
	for _, a := range []struct {
		field string
		value int64
	}{
		{"amount", m.Amount}, {"smallest", m.Smallest}, {"per_loan", m.PerLoan}, {"per_borrower", m.PerBorrower}, {"per_region", m.PerRegion},
	} {
		if a.value < 0 || a.value > MaxAmount {
			return errs.Invalid.Errorf("%d, want 0 to %d", a.value, MaxAmount).On(at(a.field))
		}
	}
	return nil
}

func (l *Listing) check(i int) error {
	at := func(name string) string { return fieldOf("listings", i, name) }
	switch {
	case l.ID.IsZero():
		return errs.Invalid.Errorf("it is missing").On(at("id"))
	case l.Left < 0 || l.Left > MaxAmount:
		return errs.Invalid.Errorf("%d, want 0 to %d", l.Left, MaxAmount).On(at("left"))
	case l.Step < 1 || l.Step > MaxAmount:
		return errs.Invalid.Errorf("%d, want 1 to %d", l.Step, MaxAmount).On(at("step"))
	case l.Minimum < 1 || l.Minimum > MaxAmount || l.Minimum%l.Step != 0:
		return errs.Invalid.Errorf("%d, want a multiple of the step %d", l.Minimum, l.Step).On(at("minimum"))
	case l.Share < 0 || l.Share > MaxAmount:
		return errs.Invalid.Errorf("%d, want 0 to %d", l.Share, MaxAmount).On(at("share"))
	case l.Days < 1:
		return errs.Invalid.Errorf("%d, want 1 or more", l.Days).On(at("days"))
	}
	return nil
}

func (v *Investor) check(at func(name string) string) error {
	wrong := func(a int64) bool { return a < 0 || a > MaxAmount }
	switch {
	case v.ID.IsZero():
		return errs.Invalid.Errorf("it is missing").On(at("id"))
	case wrong(v.Cash):
		return errs.Invalid.Errorf("%d, want 0 to %d", v.Cash, MaxAmount).On(at("cash"))
	}
	for _, a := range v.Loans {
		if wrong(a) {
			return errs.Invalid.Errorf("%d, want 0 to %d", a, MaxAmount).On(at("loans"))
		}
	}
	for _, a := range v.Borrowers {
		if wrong(a) {
			return errs.Invalid.Errorf("%d, want 0 to %d", a, MaxAmount).On(at("borrowers"))
		}
	}
	for _, a := range v.Regions {
		if wrong(a) {
			return errs.Invalid.Errorf("%d, want 0 to %d", a, MaxAmount).On(at("regions"))
		}
	}
	return nil
}
