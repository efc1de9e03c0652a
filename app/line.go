package app

import (
	"context"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/ledger"
)

// LineOf gives what one holder got of a distribution, with the distribution.
func (b *backend) LineOf(ctx context.Context, name string, sequence uint64, operation uint16, address string) (api.Line, api.Distribution, error) {
	l, err := b.ledger(name)
	if err != nil {
		return api.Line{}, api.Distribution{}, err
	}
	all, err := l.History().Distributions(ctx, sequence)
	if err != nil {
		return api.Line{}, api.Distribution{}, past(err)
	}
	for i := range all {
		if all[i].Index == operation {
			return b.lineOf(ctx, name, &all[i], address)
		}
	}
	return api.Line{}, api.Distribution{}, notFound("distribution of the holder", address)
}

func (b *backend) lineOf(ctx context.Context, name string, d *history.Distribution, address string) (line api.Line, of api.Distribution, err error) {
	holder := uint32(0)
	if err := b.view(ctx, name, 0, func(e *ledger.Engine) error {
		h, ok := e.Holding(e.RegisterAddress(d.Register), address)
		if !ok {
			return notFound("holding of", address)
		}
		holder = h.Holder
		of = api.Distribution{
			Sequence: d.Sequence, Operation: d.Index, Timestamp: d.Timestamp, Payer: e.AddressOf(d.Payer), Amount: d.Amount,
			Undoes: d.Undoes, Tranches: d.Tranches,
		}
		return nil
	}); err != nil {
		return line, of, err
	}
	l, err := b.ledger(name)
	if err != nil {
		return line, of, err
	}
	given, _, err := l.History().Lines(ctx, *d, holder, 1)
	if err != nil {
		return line, of, past(err)
	}
	list, err := b.lines(ctx, name, given)
	if err == nil && (len(list) == 0 || list[0].Holder != holder) {
		err = notFound("line of", address)
	}
	if err != nil {
		return line, of, err
	}
	return list[0], of, nil
}
