package market

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Mandate is an investor's standing order to invest.
type Mandate struct {
	Tenant   id.ID
	ID       id.ID // made by the first client
	Ledger   string
	Investor id.ID
	Wishes
	Amount int64 // to be invested in all

	Used   int64  // in bids that stand or were funded
	Joined uint64 // sequence at which it joined the line, or had something to invest again
	Turn   uint64 // place in it: the same, or of the last bid, after which it went to the back
	Active bool
}

// Wishes are what the investor wants. Amounts are minor units; 0 is no bound.
type Wishes struct {
	Smallest    int64    `json:"smallest,omitempty"` // piece
	Grades      []string `json:"grades,omitempty"`   // none: all
	Shortest    int      `json:"shortest,omitempty"` // days
	Longest     int      `json:"longest,omitempty"`
	PerLoan     int64    `json:"per_loan,omitempty"`
	PerBorrower int64    `json:"per_borrower,omitempty"`
	PerRegion   int64    `json:"per_region,omitempty"`
}

// line is the mandate as it stands in the line.
func (m *Mandate) line() mandate.Mandate {
	w := &m.Wishes
	return mandate.Mandate{
		ID: m.ID, Investor: m.Investor, Turn: m.Turn, Amount: max(m.Amount-m.Used, 0), Smallest: w.Smallest, Grades: w.Grades, Shortest: w.Shortest,
		Longest: w.Longest, PerLoan: w.PerLoan, PerBorrower: w.PerBorrower, PerRegion: w.PerRegion,
	}
}

func (m *Mandate) check() error {
	if err := m.Tenant.Check(); err != nil {
		return invalid("tenant", "%v", err)
	}
	if err := m.ID.Check(); err != nil {
		return invalid("id", "%v", err)
	}
	if err := m.Investor.Check(); err != nil {
		return invalid("investor", "%v", err)
	}
	if m.Ledger == "" || len(m.Ledger) > MaxName {
		return invalid("ledger", "%d characters, want 1 to %d", len(m.Ledger), MaxName)
	}
	if m.Amount < 1 || m.Amount > MaxAmount {
		return invalid("amount", "%d, want 1 to %d", m.Amount, int64(MaxAmount))
	}
	l := m.line()
	return l.Check()
}

// Enrol lets a mandate join the back of the line. The same one again changes nothing; other content is a conflict.
func (m *Market) Enrol(ctx context.Context, w Mandate) (Mandate, error) {
	if err := w.check(); err != nil {
		return Mandate{}, err
	}
	on, err := m.Ledgers(ctx, w.Ledger)
	if err != nil {
		return Mandate{}, err
	}
	if err := on.View(ctx, 0, func(e *ledger.Engine) { w.Turn = e.Sequence() }); err != nil {
		return Mandate{}, err
	}
	terms, err := json.Marshal(&w.Wishes)
	if err != nil {
		return Mandate{}, err
	}
	w.Used, w.Active = 0, true
	err = m.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := m.exec(ctx, tx, `INSERT INTO market_mandate (`+mandateColumns+`) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, 1) ON CONFLICT (tenant, id) DO NOTHING`,
			w.Tenant[:], w.ID[:], w.Ledger, w.Investor[:], string(terms), w.Amount, int64(w.Turn), int64(w.Turn)); err != nil {
			return err
		}
		there, err := m.mandate(ctx, tx, w.Tenant, w.ID)
		if err != nil {
			return err
		}
		if text, _ := json.Marshal(&there.Wishes); string(text) != string(terms) || there.Ledger != w.Ledger || there.Investor != w.Investor || there.Amount != w.Amount {
			return errs.Conflict.Errorf("there is a mandate %s with other terms", w.ID).On("id")
		}
		w = there
		return nil
	})
	return w, err
}

// Revoke ends a mandate. Bids that it has made stand; it makes none afterwards, because a run that is under way is done
// before.
func (m *Market) Revoke(ctx context.Context, tenant, own id.ID) (w Mandate, err error) {
	if w, err = m.Mandate(ctx, tenant, own); err != nil {
		return w, err
	}
	leave, err := m.turns.take(ctx, turn{allocating, w.Ledger})
	if err != nil {
		return w, err
	}
	defer leave()
	err = m.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := m.exec(ctx, tx, `UPDATE market_mandate SET active = 0 WHERE tenant = ? AND id = ?`, tenant[:], own[:]); err != nil {
			return err
		}
		w, err = m.mandate(ctx, tx, tenant, own)
		return err
	})
	return w, err
}

const mandateColumns = "tenant, id, ledger, investor, terms, amount, used, joined, turn, active"

// Mandate gives one mandate.
func (m *Market) Mandate(ctx context.Context, tenant, own id.ID) (Mandate, error) {
	return m.mandate(ctx, m.DB.Reader(), tenant, own)
}

func (m *Market) mandate(ctx context.Context, q querier, tenant, own id.ID) (Mandate, error) {
	list, err := m.mandates(ctx, q, "tenant = ? AND id = ?", tenant[:], own[:])
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("there is no mandate %s", own)
	}
	if err != nil {
		return Mandate{}, err
	}
	return list[0], nil
}

// Mandates lists an investor's mandates by id, after one.
func (m *Market) Mandates(ctx context.Context, tenant, investor, after id.ID, limit int) ([]Mandate, error) {
	if limit < 1 || limit > MaxPage {
		return nil, invalid("limit", "%d, want 1 to %d", limit, MaxPage)
	}
	return m.mandates(ctx, m.DB.Reader(), "tenant = ? AND investor = ? AND id > ? ORDER BY id LIMIT ?", tenant[:], investor[:], after[:], limit)
}

func (m *Market) mandates(ctx context.Context, q querier, where string, args ...any) (list []Mandate, err error) {
	rows, err := q.QueryContext(ctx, m.DB.Rebind("SELECT "+mandateColumns+" FROM market_mandate WHERE "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read mandates: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var w Mandate
		var tenant, own, investor []byte
		var terms string
		var active int
		if err := rows.Scan(&tenant, &own, &w.Ledger, &investor, &terms, &w.Amount, &w.Used, &w.Joined, &w.Turn, &active); err != nil {
			return nil, fmt.Errorf("read mandates: %w", err)
		}
		copy(w.Tenant[:], tenant)
		copy(w.ID[:], own)
		copy(w.Investor[:], investor)
		w.Active = active == 1
		if err := json.Unmarshal([]byte(terms), &w.Wishes); err != nil {
			return nil, fmt.Errorf("terms of mandate %s: %w", w.ID, err)
		}
		list = append(list, w)
	}
	return list, rows.Err()
}
