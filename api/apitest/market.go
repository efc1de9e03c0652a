package apitest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/id"
)

// inMemory is a ledger as the market sees it.
type inMemory struct {
	node *Node
	name string
}

func (l inMemory) Apply(ctx context.Context, commands []*ledger.Command) ([]node.Answer, error) {
	given, err := l.node.Apply(ctx, l.name, commands)
	answers := make([]node.Answer, len(given))
	for i, a := range given {
		answers[i] = node.Answer(a)
	}
	return answers, err
}

func (l inMemory) View(_ context.Context, _ uint64, read func(*ledger.Engine)) error {
	_, err := on(l.node, l.name, func(b *book) (struct{}, error) { read(b.engine); return struct{}{}, nil })
	return err
}

// Follow lets the market note what a tenant's ledger has done after a sequence, and gives the last one.
func (w *World) Follow(t *Tenant, after uint64) (last uint64) {
	w.T.Helper()
	steps, err := on(w.Node, t.Ledgers[0], func(b *book) ([]step, error) { return slices.Clone(b.applied[after:]), nil })
	w.must(err)
	w.must(w.Ground.DB.Write(w.T.Context(), func(tx *sql.Tx) error {
		for _, s := range steps {
			if err := w.Ground.Market.Follow(w.T.Context(), tx, t.ID, t.Ledgers[0], s.Command, &s.Result); err != nil {
				return err
			}
			if err := w.Ground.Sales.Follow(w.T.Context(), tx, t.ID, t.Ledgers[0], s.Command, &s.Result); err != nil {
				return err
			}
			bids := w.Ground.Market.Batch(w.T.Context(), tx, t.ID, t.Ledgers[0])
			if err := bids.Order(t.ID, s.Command, &s.Result); err != nil {
				return err
			}
			if err := bids.Save(); err != nil {
				return err
			}
		}
		return nil
	}))
	return after + uint64(len(steps))
}

// Listing opens a listing of 1,000.00 in main, at least 100.00 a bid and at most 400.00 of one investor, and gives the
// callers cash for it.
func (w *World) Listing(t *Tenant, investors ...*Caller) id.ID {
	w.T.Helper()
	listing, at := w.ID(), "/v1/ledgers/"+t.Ledgers[0]
	borrower := w.ID()
	for _, c := range investors {
		address := market.Cash(c.Party)
		w.Post(at+"/accounts", fmt.Sprintf(`{"address":%q,"asset":"CNY","side":"credit","type":"liability","code":2001}`, address))
		w.Post(at+"/transfers", fmt.Sprintf(`{"debit":"bank:cash","credit":%q,"amount":"50000","purpose":1}`, address)).OK()
	}
	w.must(w.Ground.Market.Create(w.T.Context(), market.Listing{
		Tenant: t.ID, ID: listing, Ledger: t.Ledgers[0], Loan: borrower, Borrower: borrower, Opened: 1_772_323_200_000_000, Closes: 1_772_928_000_000_000,
		Terms: market.Terms{
			Asset: "CNY", Register: fmt.Sprintf("loan:%x", listing[:]), Tranches: []string{"principal", "interest"}, Unclaimed: "platform:unclaimed",
			Receiver: "borrower:7:cash", Unit: 100, Units: 1000, Minimum: 100, Step: 50, Share: 400, Product: "plain", Grade: "a", Days: 360,
		},
	}))
	w.must(w.Ground.Market.Advance(w.T.Context(), t.ID, listing))
	return listing
}
