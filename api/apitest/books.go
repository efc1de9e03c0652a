package apitest

import (
	"context"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/accounting"
)

// books shows accounting the ledgers of a node.
type books struct{ node *Node }

// Stand is how far a ledger is.
func (b *books) Stand(ctx context.Context, name string) (accounting.Stand, error) {
	info, err := b.node.Ledger(ctx, name)
	return accounting.Stand{Today: ledger.DateOf(info.Now.Time()), Sequence: info.Sequence}, err
}

// Days sums up what counts from each day.
func (b *books) Days(ctx context.Context, name string, first, last ledger.Date, at uint64) (list []accounting.Day, err error) {
	days, _, err := b.node.Days(ctx, name, api.EffectiveQuery{From: first, Until: last, Sequence: at})
	for _, d := range days {
		list = append(list, accounting.Day(d))
	}
	return list, err
}
