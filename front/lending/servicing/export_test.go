package servicing

import (
	"context"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/kit/id"
)

// OwnedOf is what an owner has of one loan.
func (s *Servicing) OwnedOf(tenant, loan id.ID, o Owner, on day.Date) (x Owned, err error) {
	err = s.ownedOf(context.Background(), tenant, &o, on, []id.ID{loan}, func(y *Owned) error { x = *y; return nil })
	return x, err
}

// Target is what should be booked by the events alone.
func (l *Loan) Target() (Division, error) {
	s, err := l.Replay(l.last())
	if err != nil {
		return Division{}, err
	}
	return l.target(s)
}

// Of is what an account gets of a division.
func (d *Division) Of(account string) int64 { return d.of(account) }

// Equal reports whether two divisions give everybody the same.
func (d *Division) Equal(o *Division) bool {
	diff := d.clone()
	diff.plus(o, -1)
	return diff.none()
}
