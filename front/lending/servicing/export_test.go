package servicing

import (
	"context"
	"errors"

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

// Stale says that a loan is not as an act was planned with.
func Stale(err error) bool { return errors.Is(err, errStale) }

// Act is one of a group.
type Act struct {
	Tenant, Loan id.ID
	Version      uint32 // of the loan before it
	Event        Event
}

// Begin writes acts down in one transaction, as far as it can, and gives the error of each.
func (s *Servicing) Begin(list ...Act) []error {
	return s.group(s.begins, list, func(w *write, p *pending) { w.begin = &beginning{p, "{}", []byte{}} })
}

// Confirm keeps events of acts in one transaction, as far as it can, and gives the error of each.
func (s *Servicing) Confirm(list ...Act) []error {
	return s.group(&s.queue, list, func(w *write, p *pending) {
		l := &Loan{Deed: Deed{Tenant: p.tenant, Loan: p.loan}, Version: p.version + 1}
		w.confirm = &confirmation{p: p, loan: l, derived: derived{state: Active}, body: "{}"}
		for _, watch := range s.queue.watch {
			part, err := watch.prepare(context.Background(), l, &p.event, Active)
			if err != nil {
				panic(err)
			}
			w.confirm.parts = append(w.confirm.parts, part)
		}
	})
}

func (s *Servicing) group(q *queue, list []Act, is func(*write, *pending)) []error {
	writes := make([]*write, len(list))
	for i, a := range list {
		p := &pending{tenant: a.Tenant, loan: a.Loan, version: a.Version, event: a.Event}
		writes[i] = &write{key: p.key()}
		is(writes[i], p)
	}
	q.commit(append([]*write(nil), writes...))
	failed := make([]error, len(list))
	for i, w := range writes {
		failed[i] = w.err
	}
	return failed
}
