package app

import (
	"context"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// books shows accounting the ledgers whose books it keeps.
type books struct{ backend *backend }

// Stand is a date before which nothing can be booked any more, and the last sequence that was applied.
func (b *books) Stand(_ context.Context, name string) (accounting.Stand, error) {
	l, err := b.backend.ledger(name)
	if err != nil {
		return accounting.Stand{}, err
	}
	return accounting.Stand{Today: l.Today(), Sequence: l.Applied()}, nil
}

// Days sums up what counts from each day, as it was known at a sequence.
func (b *books) Days(ctx context.Context, name string, first, last ledger.Date, at uint64) ([]accounting.Day, error) {
	days, _, err := b.backend.Days(ctx, name, api.EffectiveQuery{From: first, Until: last, Sequence: at})
	if err != nil {
		return nil, err
	}
	list := make([]accounting.Day, len(days))
	for i, d := range days {
		list[i] = accounting.Day(d)
	}
	return list, nil
}

// enter lets commands of a tenant get to his ledger, but those that count from a day in a closed period. The caller
// leaves when the ledger has answered; there is nothing to leave, nil, where none is guarded. Commands that count from today cost nothing here.
func (b *backend) enter(ctx context.Context, name string, commands []*ledger.Command) (leave func(), err error) {
	dated := false
	for _, c := range commands {
		dated = dated || c.Effective != 0
	}
	g := b.ground.Load()
	if !dated {
		return nil, nil
	}
	if g == nil {
		return nil, errs.Overloaded.Errorf("%v", errOpening)
	}
	owner, err := g.Parties.OwnerOfLedger(ctx, name)
	if errs.Is(err, errs.NotFound) {
		return nil, nil // no tenant's books
	}
	if err != nil {
		return nil, err
	}
	// A repeat changes nothing: it gets its first result, whatever was closed since.
	return g.Books.Enter(ctx, owner, name, commands, func(ctx context.Context, command id.ID) (bool, error) {
		_, err := b.CommandByID(ctx, name, ledger.ID(command))
		if errs.Is(err, errs.NotFound) {
			return false, nil
		}
		return err == nil, err
	})
}
