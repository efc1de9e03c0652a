package loan

import (
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
)

// PenaltyKind says how a late row is charged.
type PenaltyKind uint8

// The kinds.
const (
	FlatPenalty    PenaltyKind = iota // Amount, once
	PercentPenalty                    // Rate of what is late, once
	DailyPenalty                      // Rate of what is late, for every day
)

// PenaltyBase says what of a row is charged on.
type PenaltyBase uint8

// The bases.
const (
	OnPrincipal         PenaltyBase = iota
	OnPrincipalInterest             // principal and interest
	OnAll                           // principal, interest and fees
)

// PenaltyRule is what a late row costs. A row is late when something of its base is unpaid more than GraceDays after its
// due date; days then count from the due date.
type PenaltyRule struct {
	Kind      PenaltyKind
	Amount    int64        // of FlatPenalty
	Rate      *apd.Decimal // a share: once, or for PerYear days
	PerYear   int          // of DailyPenalty: 360 or 365 where Rate is a rate a year, 0 where it is one a day
	Base      PenaltyBase
	GraceDays int
	Cap       int64        // the most a row is charged by this rule, 0 for no such limit
	CapShare  *apd.Decimal // the same as a share of the row's whole base, nil for no such limit
	Rounding  amount.Mode
}

// arrears is how far a rule has charged a row.
type arrears struct {
	until   day.Date // days are counted until here
	weight  *big.Int // amounts times days
	charged int64
	once    bool
}

// maxPenalties is how many rules an agreement may have.
const maxPenalties = 16

func checkPenalties(rules []PenaltyRule) error {
	if len(rules) > maxPenalties {
		return bad("%d penalty rules, at most %d", len(rules), maxPenalties)
	}
	for i, r := range rules {
		switch {
		case r.Kind > DailyPenalty || r.Base > OnAll || !r.Rounding.Known():
			return bad("penalty rule %d has an unknown kind, base or rounding", i+1)
		case r.Kind == FlatPenalty && (r.Amount < 1 || r.Amount > maxAmount):
			return bad("penalty rule %d has the amount %d, take 1 to %d minor units", i+1, r.Amount, maxAmount)
		case min(r.PerYear, r.GraceDays) < 0 || r.PerYear > 366 || r.GraceDays > 3660 || r.Cap < 0:
			return bad("penalty rule %d has days or a cap outside of their range", i+1)
		}
		for _, d := range []*apd.Decimal{r.Rate, r.CapShare} {
			if d == nil {
				continue
			}
			if f, err := amount.Decimal(d); err != nil || f.Cmp(1000) > 0 {
				return bad("penalty rule %d has a rate that is no decimal from 0 to 1000", i+1)
			}
		}
		if r.Kind != FlatPenalty && r.Rate == nil {
			return bad("penalty rule %d has no rate", i+1)
		}
	}
	return nil
}

// late charges the rows that are late on a day, before the money of that day counts.
func (s *State) late(on day.Date) {
	rules := s.agree.Late
	if len(rules) == 0 {
		return
	}
	for i := s.openRows; i < len(s.Rows); i++ {
		r := &s.Rows[i]
		if r.Row.Due >= on {
			continue
		}
		if r.arrears == nil {
			r.arrears = make([]arrears, len(rules))
		}
		for k := range rules {
			if x := min(r.charge(&rules[k], &r.arrears[k], on), maxAmount-s.penalties); x > 0 {
				s.penalties += x
				r.Row.Penalty += x
				r.PaidOffOn = nil
			}
		}
	}
}

func (r *Row) base(b PenaltyBase, of Split) int64 {
	switch b {
	case OnPrincipal:
		return of[Principal]
	case OnPrincipalInterest:
		return of[Principal] + of[Interest]
	}
	return of[Principal] + of[Interest] + of[Fee]
}

// charge gives what a rule charges a row on a day beyond what it has charged before.
func (r *Row) charge(rule *PenaltyRule, a *arrears, on day.Date) int64 {
	open := r.base(rule.Base, r.Outstanding())
	if a.until == 0 {
		a.until = r.Row.Due
	}
	lateBy := int(on - r.Row.Due)
	if open <= 0 || lateBy <= rule.GraceDays || a.once || on <= a.until {
		if open <= 0 {
			a.until = max(a.until, on)
		}
		return 0
	}
	x := rule.Amount
	switch rule.Kind {
	case PercentPenalty:
		x = rule.share(big.NewInt(open), 1)
	case DailyPenalty:
		if a.weight == nil {
			a.weight = new(big.Int)
		}
		days := big.NewInt(int64(on - a.until))
		a.weight.Add(a.weight, days.Mul(days, big.NewInt(open)))
		x = rule.share(a.weight, max(rule.PerYear, 1)) - a.charged
	}
	a.until, a.once = on, rule.Kind != DailyPenalty
	x = max(min(x, rule.cap(r)-a.charged), 0)
	a.charged += x
	return x
}

// share is Rate·weight/per, rounded; what is larger than an amount can be counts as the largest.
func (rule *PenaltyRule) share(weight *big.Int, per int) int64 {
	f, _ := amount.Decimal(rule.Rate)
	x := new(big.Rat).SetInt(weight)
	x.Mul(x, f.Rat())
	x.Quo(x, new(big.Rat).SetInt64(int64(per)))
	v, err := rule.Rounding.Rat(x, 1)
	if err != nil {
		return maxAmount
	}
	return v
}

func (rule *PenaltyRule) cap(r *Row) int64 {
	limit := int64(maxAmount)
	if rule.Cap > 0 {
		limit = rule.Cap
	}
	if rule.CapShare != nil {
		f, _ := amount.Decimal(rule.CapShare)
		if v, err := f.Apply(r.base(rule.Base, r.Due()), rule.Rounding); err == nil {
			limit = min(limit, v)
		}
	}
	return limit
}
