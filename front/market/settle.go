package market

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// maxAttempts is how often settling a listing is tried at once while bidders cancel.
const maxAttempts = 10

// Advance does what is due of a listing, as the ledger stands: opens it, funds it when it is full, closes it when its
// time is over, and then funds it in part or gives the money back. Whoever calls it again changes nothing.
func (m *Market) Advance(ctx context.Context, tenant, listing id.ID) error {
	l, err := m.Listing(ctx, tenant, listing)
	if err != nil {
		return err
	}
	on, err := m.Ledgers(ctx, l.Ledger)
	if err != nil {
		return err
	}
	if l.Over() {
		return nil
	}
	for attempt := l.attempts; attempt < l.attempts+maxAttempts; attempt++ {
		again, err := m.step(ctx, on, &l, attempt)
		if err != nil || !again {
			return err
		}
	}
	return errs.Overloaded.Errorf("listing %s: bidders cancel faster than it can be settled", l.ID)
}

// step does what is due next; again says that another attempt is to be made.
func (m *Market) step(ctx context.Context, on Ledger, l *Listing, attempt uint64) (again bool, err error) {
	f, err := m.look(ctx, on, l, "")
	if err != nil {
		return false, err
	}
	if !f.there {
		return false, m.must(ctx, on, l.openCommand(attempt))
	}
	settled := f.units > 0 && f.balance == 0
	if f.now >= l.Closes && !f.frozen && f.units < l.Units {
		if err := m.must(ctx, on, l.closeCommand()); err != nil {
			return false, err
		}
		if f, err = m.look(ctx, on, l, ""); err != nil {
			return false, err
		}
	}
	switch {
	case l.State == Returned || f.frozen && f.units == 0:
		return false, m.must(ctx, on, l.clearCommand())
	case settled:
		return false, nil // the rows will follow
	case f.units == l.Units || f.frozen && l.Partial > 0 && f.units >= l.Partial:
		return m.try(ctx, on, l.fundCommand(attempt, f.units))
	case f.frozen:
		return m.try(ctx, on, l.returnCommand(attempt, f.units))
	}
	return false, nil
}

// must sends a command that the ledger has no reason to refuse.
func (m *Market) must(ctx context.Context, on Ledger, c *ledger.Command) error {
	a, err := send(ctx, on, c)
	if err == nil && a.Result.Code != ledger.Applied {
		err = errs.Conflict.Errorf("the ledger refused it at sequence %d: %s", a.Result.Sequence, a.Result.Code)
	}
	return err
}

// try sends a command that a cancel may have overtaken: then it is tried again with what is left.
func (m *Market) try(ctx context.Context, on Ledger, c *ledger.Command) (again bool, err error) {
	a, err := send(ctx, on, c)
	switch {
	case errs.Is(err, errs.Conflict): // the attempt's id went to the other way of settling it
		return true, nil
	case err != nil:
		return false, err
	case a.Result.Code == ledger.Applied:
		return false, nil
	case a.Result.Code == ledger.BalanceTooLow || a.Result.Code == ledger.RegisterEmpty:
		return true, nil
	}
	return false, errs.Conflict.Errorf("the ledger refused it at sequence %d: %s", a.Result.Sequence, a.Result.Code)
}
