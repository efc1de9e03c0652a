package app

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
)

func (b *backend) Statement(ctx context.Context, name, address string, q api.StatementQuery) (api.Statement, error) {
	l, err := b.ledger(name)
	if err != nil {
		return api.Statement{}, err
	}
	today := l.Today() // first: what is booked while history catches up may belong to a day that ends just then
	l, a, err := b.reading(ctx, name, address)
	if err != nil {
		return api.Statement{}, err
	}
	s, err := l.History().Statement(ctx, history.StatementQuery{
		Account: a.Number, Period: history.Period{First: q.From, Last: q.Until}, Limit: q.Limit, Cursor: string(q.Cursor),
		Today: today,
	})
	if err != nil {
		return api.Statement{}, past(err)
	}
	entries, err := entriesOf(ctx, l, &a, s.Items)
	return api.Statement{
		Account: a, Opening: s.Opening.On(a.Side), Closing: s.Closing.On(a.Side), Debits: s.Turnover.Debits,
		Credits: s.Turnover.Credits, Final: s.Final, Entries: entries, Next: []byte(s.Next), As: position(s.Through),
	}, err
}

// reading finds ledger and account, and waits until history has what was answered before.
func (b *backend) reading(ctx context.Context, name, address string) (*longmen.Ledger, ledger.AccountState, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, ledger.AccountState{}, err
	}
	a, err := account(ctx, l, address)
	if err != nil {
		return nil, a, err
	}
	return l, a, catchUp(ctx, l)
}

func (b *backend) Effective(ctx context.Context, name, address string, q api.EffectiveQuery) (api.EntryPage, error) {
	l, a, err := b.reading(ctx, name, address)
	if err != nil {
		return api.EntryPage{}, err
	}
	if q.Sequence > l.Applied() {
		return api.EntryPage{}, notYet(q.Sequence)
	}
	page, err := l.History().EffectiveEntries(ctx, history.EffectiveQuery{
		Account: a.Number, Period: history.Period{First: q.From, Last: q.Until}, At: q.Sequence, Limit: q.Limit, Cursor: string(q.Cursor),
	})
	if err != nil {
		return api.EntryPage{}, past(err)
	}
	entries, err := entriesOf(ctx, l, &a, page.Items)
	return api.EntryPage{Entries: entries, Next: []byte(page.Next), As: position(page.At)}, err
}

func (b *backend) EffectiveTotals(ctx context.Context, name, address string, q api.EffectiveQuery) ([]api.DayTotal, api.Position, error) {
	l, a, err := b.reading(ctx, name, address)
	if err != nil {
		return nil, api.Position{}, err
	}
	p, err := at(ctx, l, api.AsOf{Sequence: q.Sequence})
	if err != nil {
		return nil, api.Position{}, err
	}
	before, err := l.History().EffectiveBalance(ctx, a.Number, q.From-1, p)
	if err != nil {
		return nil, api.Position{}, past(err)
	}
	var days []api.DayTotal
	for d := q.From; d <= q.Until; d++ {
		after, err := l.History().EffectiveBalance(ctx, a.Number, d, p)
		if err != nil {
			return nil, api.Position{}, past(err)
		}
		if t := (api.DayTotal{Date: d, Debits: after.Debits - before.Debits, Credits: after.Credits - before.Credits}); t.Debits != 0 || t.Credits != 0 {
			days = append(days, t)
		}
		before = after
	}
	return days, position(p), nil
}

func (b *backend) Days(ctx context.Context, name string, q api.EffectiveQuery) ([]api.Day, api.Position, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, api.Position{}, err
	}
	p, err := at(ctx, l, api.AsOf{Sequence: q.Sequence})
	if err != nil {
		return nil, api.Position{}, err
	}
	totals, err := l.History().DayTotals(ctx, history.Period{First: q.From, Last: q.Until}, p)
	if err != nil {
		return nil, api.Position{}, past(err)
	}
	days := make([]api.Day, len(totals))
	for i, d := range totals {
		days[i].Date = d.Date
		if days[i].Totals, err = buckets(ctx, l, d.Totals); err != nil {
			return nil, api.Position{}, err
		}
	}
	return days, position(p), nil
}

func (b *backend) DayCommands(ctx context.Context, name string, q api.DayQuery) ([]api.DayCommand, uint64, api.Position, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, 0, api.Position{}, err
	}
	p, err := at(ctx, l, api.AsOf{Sequence: q.Sequence})
	if err != nil {
		return nil, 0, api.Position{}, err
	}
	totals, err := l.History().TrialBalance(ctx, p)
	if err != nil {
		return nil, 0, api.Position{}, past(err)
	}
	named, err := buckets(ctx, l, totals)
	if err != nil {
		return nil, 0, api.Position{}, err
	}
	i := slices.IndexFunc(named, func(s ledger.BucketState) bool { return s.Asset == q.Asset && s.Code == q.Code })
	if i < 0 {
		return nil, 0, position(p), nil
	}
	found, next, err := l.History().DayCommands(ctx, history.DayQuery{Bucket: named[i].Number, Date: q.Date, At: p, After: q.After, Limit: q.Limit})
	list := make([]api.DayCommand, len(found))
	for i, c := range found {
		list[i] = api.DayCommand{
			Sequence: c.Sequence, ID: c.ID, Purpose: c.Purpose, Booked: c.Booked, Debits: c.Total.Debits, Credits: c.Total.Credits,
		}
	}
	return list, next, position(p), past(err)
}

func (b *backend) Distributions(ctx context.Context, name, register string, p api.Page) ([]api.Distribution, []byte, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, nil, err
	}
	var number uint32
	if err := b.view(ctx, name, 0, func(e *ledger.Engine) error {
		if number = e.RegisterNumber(register); number == 0 {
			return notFound("register", register)
		}
		return nil
	}); err != nil {
		return nil, nil, err
	}
	if err := catchUp(ctx, l); err != nil {
		return nil, nil, err
	}
	below, err := number64(p.Cursor)
	if err != nil {
		return nil, nil, err
	}
	given, next, err := l.History().RegisterDistributions(ctx, number, below, p.Limit)
	if err != nil {
		return nil, nil, past(err)
	}
	list := make([]api.Distribution, len(given))
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		for i, d := range given {
			list[i] = api.Distribution{
				Sequence: d.Sequence, Operation: d.Index, Timestamp: d.Timestamp, Payer: e.AddressOf(d.Payer), Amount: d.Amount,
				Undoes: d.Undoes, Tranches: d.Tranches,
			}
		}
		return nil
	})
	return list, cursor64(next), err
}

func (b *backend) Lines(ctx context.Context, name string, sequence uint64, operation uint16, p api.Page) ([]api.Line, []byte, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, nil, err
	}
	if sequence == 0 || sequence > l.Applied() {
		return nil, nil, errs.NotFound.Errorf("there is no command with sequence %d", sequence)
	}
	all, err := l.History().Distributions(ctx, sequence)
	if err != nil {
		return nil, nil, past(err)
	}
	from, err := number64(p.Cursor)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range all {
		if d.Index == operation {
			given, next, err := l.History().Lines(ctx, d, uint32(from), p.Limit)
			if err != nil {
				return nil, nil, past(err)
			}
			list, err := b.lines(ctx, name, given)
			return list, cursor64(uint64(next)), err
		}
	}
	return nil, nil, errs.NotFound.Errorf("operation %d of the command at sequence %d is no distribution", operation, sequence)
}

// lines puts addresses in the place of numbers.
func (b *backend) lines(ctx context.Context, name string, given []history.Line) ([]api.Line, error) {
	list := make([]api.Line, len(given))
	err := b.view(ctx, name, 0, func(e *ledger.Engine) error {
		for i, g := range given {
			list[i] = api.Line{
				Holder: g.Holder, Account: e.AddressOf(g.Account), Units: g.Units, Gross: g.Gross, Net: g.Net, SetOff: g.SetOff,
				Unclaimed: g.Unclaimed, Missing: g.Missing,
			}
			for _, d := range g.Deducted {
				list[i].Deducted += d
			}
		}
		return nil
	})
	return list, err
}

// A cursor of these lists is a number; none at the start and at the end.
func number64(cursor []byte) (uint64, error) {
	switch len(cursor) {
	case 0:
		return 0, nil
	case 8:
		return binary.BigEndian.Uint64(cursor), nil
	}
	return 0, errs.Invalid.Errorf("the cursor does not belong to this list")
}

func cursor64(n uint64) []byte {
	if n == 0 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, n)
}
