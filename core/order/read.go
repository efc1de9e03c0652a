package order

import (
	"context"
	"database/sql"

	"github.com/longmen/longmen/kit/id"
)

// Get gives an order as it stands, or errs.NotFound.
func (o *Orders) Get(ctx context.Context, tenant, order id.ID) (Order, error) {
	if err := checkID("order", order); err != nil {
		return Order{}, err
	}
	var found *Order
	err := o.read(ctx, func(r rows) (err error) {
		found, err = r.order(ctx, tenant, order)
		return err
	})
	switch {
	case err != nil:
		return Order{}, err
	case found == nil:
		return Order{}, noOrder(order)
	}
	return *found, nil
}

// Steps gives the history of an order after one of its versions, 0 for all of it, oldest first: at most size steps, 1
// to 1,000. The first step has the parties.
func (o *Orders) Steps(ctx context.Context, tenant, order id.ID, after uint32, size int) ([]Step, error) {
	if err := checkID("order", order); err != nil {
		return nil, err
	}
	if err := checkSize(size); err != nil {
		return nil, err
	}
	var steps []Step
	err := o.read(ctx, func(r rows) error {
		now, err := r.order(ctx, tenant, order)
		if err != nil {
			return err
		}
		if now == nil {
			return noOrder(order)
		}
		if steps, err = r.steps(ctx, tenant, order, after, now.Version, size); err != nil {
			return err
		}
		if after == 0 {
			steps[0].Parties = now.Parties
		}
		return nil
	})
	return steps, err
}

func checkSize(size int) error {
	if size < 1 || size > MaxPage {
		return invalid("size", "%d, want 1 to %d", size, MaxPage)
	}
	return nil
}

// read runs f on one state of the database.
func (o *Orders) read(ctx context.Context, f func(rows) error) error {
	return o.db.Read(ctx, func(tx *sql.Tx) error { return f(rows{o.db.Dialect(), tx}) })
}
