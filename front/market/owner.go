package market

import (
	"context"
	"sync"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Held is what an investor holds of a listing, or of the loan that came of it.
type Held struct {
	Listing     *Listing
	Units       uint64
	Outstanding int64 // what he bid for the units, less the principal that was paid on them since
}

// Held lists what an investor holds in a ledger, newest first.
func (m *Market) Held(ctx context.Context, tenant id.ID, on string, investor id.ID) ([]Held, error) {
	l, err := m.Ledgers(ctx, on)
	if err != nil {
		return nil, err
	}
	type found struct {
		register string
		units    uint64
		paid     int64
	}
	var list []found
	err = l.View(ctx, 0, func(e *ledger.Engine) {
		held, _, _ := e.Holdings(Cash(investor), "", ledger.MaxRegisters)
		for i := range held {
			h := &held[i]
			if r, ok := e.Register(h.Register); ok && h.Units > 0 {
				list = append(list, found{h.Register, h.Units, r.Tranches[0].Index.Mul(h.Units).Hi})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var all []Held
	for _, f := range list {
		of, err := m.ownerOf(ctx, tenant, on, f.register)
		if errs.Is(err, errs.NotFound) {
			continue // another front's register
		}
		if err != nil {
			return nil, err
		}
		all = append(all, Held{of, f.units, of.Amount(f.units) - f.paid})
	}
	return all, nil
}

// ListingOfLoan gives the listing by which a loan was funded.
func (m *Market) ListingOfLoan(ctx context.Context, tenant, loan id.ID) (*Listing, error) {
	list, err := m.listings(ctx, m.DB.Reader(), "tenant = ? AND loan = ? AND state = ? ORDER BY id LIMIT 1", tenant[:], loan[:], Funded)
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("no listing has funded the loan %s", loan)
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// maxOwners is how many registers are kept in memory with the listings that opened them.
const maxOwners = 1 << 16

// owners remembers which listing has opened a register. When it is full, any of them goes.
type owners struct {
	mu    sync.Mutex
	known map[owner]*Listing
}

type owner struct {
	tenant       id.ID
	on, register string
}

// ownerOf finds the listing that opened a register. Its terms never change.
func (m *Market) ownerOf(ctx context.Context, tenant id.ID, on, register string) (*Listing, error) {
	k := owner{tenant, on, register}
	m.owners.mu.Lock()
	l := m.owners.known[k]
	m.owners.mu.Unlock()
	if l != nil {
		return l, nil
	}
	list, err := m.listings(ctx, m.DB.Reader(), "tenant = ? AND ledger = ? AND register = ? ORDER BY sequence DESC LIMIT 1", tenant[:], on, register)
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("no listing has opened the register %s", register)
	}
	if err != nil {
		return nil, err
	}
	m.owners.mu.Lock()
	defer m.owners.mu.Unlock()
	if m.owners.known == nil {
		m.owners.known = map[owner]*Listing{}
	}
	if len(m.owners.known) >= maxOwners {
		for k := range m.owners.known {
			delete(m.owners.known, k)
			break
		}
	}
	m.owners.known[k] = &list[0]
	return &list[0], nil
}
