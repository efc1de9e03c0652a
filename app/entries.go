package app

import (
	"context"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/ledger"
)

func (b *backend) Watch(ctx context.Context, name string, from uint64, each func([]api.Recorded) error) error {
	l, err := b.ledger(name)
	if err != nil {
		return err
	}
	err = l.Watch(ctx, from, func(events []longmen.Event) error {
		list := make([]api.Recorded, len(events))
		for i := range events {
			list[i] = api.Recorded(events[i])
		}
		return each(list)
	})
	return past(err)
}

func (b *backend) Entries(ctx context.Context, name, address string, q api.EntryQuery) (api.EntryPage, error) {
	l, a, err := b.reading(ctx, name, address)
	if err != nil {
		return api.EntryPage{}, err
	}
	page, err := l.History().Entries(ctx, history.Query{
		Account: a.Number, OldestFirst: q.Oldest, From: q.From, Until: q.Until, Purpose: q.Purpose, Reference: q.Reference,
		Limit: q.Limit, Cursor: string(q.Cursor),
	})
	if err != nil {
		return api.EntryPage{}, past(err)
	}
	entries, err := entriesOf(ctx, l, &a, page.Items)
	return api.EntryPage{Entries: entries, Next: []byte(page.Next), As: position(page.At)}, err
}

// entriesOf puts addresses in the place of numbers.
func entriesOf(ctx context.Context, l *longmen.Ledger, a *ledger.AccountState, items []history.Item) ([]api.Entry, error) {
	list := make([]api.Entry, len(items))
	err := l.View(ctx, 0, func(e *ledger.Engine) {
		for i := range items {
			it := &items[i]
			list[i] = api.Entry{
				Command: it.Command, Sequence: it.Sequence, Operation: it.Index, Timestamp: it.Timestamp, Booked: it.Date, Effective: it.Effective,
				Purpose: it.Purpose, Kind: it.Kind.String(), Side: it.Side, Amount: it.Amount, Balance: it.Balance,
				Other: e.AddressOf(it.Other), Register: e.RegisterAddress(it.Register),
			}
			if a.Side == ledger.DebitNormal {
				list[i].Balance = -it.Balance
			}
		}
	})
	return list, translate(err)
}
