package script

// Way is how a borrower pays what is due in a month.
type Way uint8

// The ways.
const (
	OnTime    Way = iota
	Late          // a week after the due date, with penalties
	InParts       // a part in time, the rest a week later
	Dated         // it came in time, and is known a week later
	Corrected     // late, with penalties; then it turns out that as much had come in time
	Twice         // in time, and the same once more a week later
	Nothing       // no more
)

// Pays is how a loan is paid in a month after it was paid out, from 1 on.
func (s *Script) Pays(l *Loan, month int) Way {
	if month > l.Stops {
		return Nothing
	}
	c := s.chance(aboutMonth, l.Number, month)
	switch n := c.below(200); {
	case month == l.Closes || month == l.Ahead || month == l.Months:
		return OnTime
	case n < 6:
		return Late
	case n < 10:
		return InParts
	case n < 14:
		return Dated
	case n < 15 && !l.Traded && !l.Bad && month < l.Months-2:
		return Corrected
	case n < 16:
		return Twice
	}
	return OnTime
}

// Sale is a claim that one investor sells to another: a share of what he has, in tenths, at thousandths of its face.
type Sale struct {
	Holder int // a number that picks one of those who hold the loan
	Buyer  int
	Tenths int
	Ask    int64
}

// salesFrom is when claims begin to be sold: all loans have been funded.
const salesFrom = Listings + 1

// salesOf is how many claims on a traded loan are sold.
const salesOf = 12

// Sales are those of a loan in a month of the play.
func (s *Script) Sales(l *Loan, month int) (list []Sale) {
	if !l.Traded || month < salesFrom || month >= salesFrom+salesOf || l.Closes > 0 && month >= l.Listed+l.Closes {
		return nil
	}
	c := s.chance(aboutSale, l.Number, month)
	sale := Sale{Holder: c.below(1 << 20), Buyer: c.below(s.Logins()), Tenths: 10, Ask: 970 + int64(c.below(40))}
	if c.below(3) == 0 {
		sale.Tenths = 5
	}
	return append(list, sale)
}
