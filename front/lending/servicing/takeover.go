package servicing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Takeover is what a purchase of the whole changed for one account: of who bought, or of one who was paid for his units.
type Takeover struct {
	Loan     id.ID
	Date     day.Date
	Sequence uint64 // of its command
	Units    int64  // that came; below 0: that went
	Money    int64  // that he got; below 0: that he paid
}

var takeoverRows = store.NewValues(`tenant blob, ledger text, account text, loan blob, number integer, date integer, sequence integer, units integer, money integer`)

// tookOver writes down who got and paid what, as the act's command said.
func (b *batch) tookOver(ctx context.Context, l *Loan, p *pending) error {
	e := &p.event
	if e.Kind != Bought || e.Outcome != Applied {
		return nil
	}
	all := map[string]*Takeover{}
	of := func(account string) *Takeover {
		if all[account] == nil {
			all[account] = &Takeover{}
		}
		return all[account]
	}
	for _, c := range p.commands {
		for _, o := range c.Operations {
			switch o := o.(type) {
			case *ledger.Transfer:
				of(o.Debit).Money -= o.Amount
				of(o.Credit).Money += o.Amount
			case *ledger.Move:
				of(o.From).Units -= int64(o.Units)
				of(o.To).Units += int64(o.Units)
			}
		}
	}
	var rows [][]any
	for _, account := range slices.Sorted(maps.Keys(all)) {
		t := all[account]
		rows = append(rows, []any{l.Tenant[:], l.Ledger, account, l.Deed.Loan[:], e.Number, int64(e.Date), int64(e.Sequence), t.Units, t.Money})
	}
	_, err := takeoverRows.Exec(ctx, b.tx, b.db.Dialect(), `INSERT INTO lending_takeover (`+takeoverRows.Names()+`) SELECT `+takeoverRows.Names()+` FROM v WHERE true`, rows)
	return err
}

// Takeovers lists the purchases of whole loans that an account took part in, loan by loan.
func (s *Servicing) Takeovers(ctx context.Context, tenant id.ID, on, account string) (list []Takeover, err error) {
	rows, err := s.db.Reader().QueryContext(ctx, s.db.Rebind(`SELECT loan, date, sequence, units, money FROM lending_takeover
		WHERE tenant = ? AND ledger = ? AND account = ? ORDER BY loan, number`), tenant[:], on, account)
	if err != nil {
		return nil, fmt.Errorf("read takeovers: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t Takeover
		var loan []byte
		if err := rows.Scan(&loan, &t.Date, &t.Sequence, &t.Units, &t.Money); err != nil {
			return nil, fmt.Errorf("read takeovers: %w", err)
		}
		t.Loan = id.ID(loan)
		list = append(list, t)
	}
	return list, rows.Err()
}
