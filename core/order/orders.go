package order

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// Clocks gives the clock of a tenant, which may be a simulated one. One that can't be read gives the zero time, and
// nothing is written by it.
type Clocks func(tenant id.ID) clock.Clock

// Orders are all orders in one database. Its methods may be called at the same time.
type Orders struct {
	db     *store.DB
	kinds  *Kinds
	clocks Clocks
	queue  queue
}

// Open brings the tables up to date. The database stays its owner's, who closes it.
func Open(ctx context.Context, db *store.DB, kinds *Kinds, clocks Clocks) (*Orders, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "order", files); err != nil {
		return nil, err
	}
	o := &Orders{db: db, kinds: kinds, clocks: clocks}
	o.queue.run = o.run
	return o, nil
}

// Kinds is the registry with which the orders were opened.
func (o *Orders) Kinds() *Kinds { return o.kinds }

// Create opens an order. Concurrent calls are committed together.
//
// Errors: errs.Invalid, errs.TooLarge, errs.Forbidden for the role, IDTaken, errs.Overloaded. Any other is an operating
// failure, after which the same call again is right: it is done once.
func (o *Orders) Create(ctx context.Context, tenant id.ID, n New) (Result, error) {
	return o.one(ctx, tenant, n)
}

// Change takes an order through one transition. Concurrent calls are committed together.
//
// Errors are those of Create, and errs.NotFound, Stale, WrongState.
func (o *Orders) Change(ctx context.Context, tenant id.ID, c Change) (Result, error) {
	return o.one(ctx, tenant, c)
}

func (o *Orders) one(ctx context.Context, tenant id.ID, w Write) (Result, error) {
	p, err := o.prepare(tenant, true, w)
	if err != nil {
		return Result{}, err
	}
	results, err := o.queue.submit(ctx, p)
	if err != nil {
		return Result{}, err
	}
	return results[0], nil
}

// Batch does up to 1,000 writes in their order, all or none. A refusal's field begins with the place of the write, such
// as "writes[3].version".
func (o *Orders) Batch(ctx context.Context, tenant id.ID, writes ...Write) ([]Result, error) {
	p, err := o.prepare(tenant, false, writes...)
	if err != nil {
		return nil, err
	}
	return o.queue.submit(ctx, p)
}

// Within does what Batch does as part of the caller's own transaction on the same database, begun with its Write, so
// that a front's rows and its orders change together. When it refuses, it has written nothing.
//
// From here to the end of the transaction nobody else writes orders of this tenant: call it last, once in a
// transaction, and none of the methods above inside one: on SQLite they would wait for it to end.
func (o *Orders) Within(ctx context.Context, tx *sql.Tx, tenant id.ID, writes ...Write) ([]Result, error) {
	p, err := o.prepare(tenant, false, writes...)
	if err != nil {
		return nil, err
	}
	if _, err := o.apply(ctx, tx, []*pending{p}); err != nil {
		return nil, err
	}
	return p.results, p.err
}

// Happened is a write that tells what has happened already.
type Happened struct {
	At int64 // microseconds since 1970; what is still to come by the tenant's clock happens now
	Write
}

// Keep notes what has happened already, such as what a ledger did, as part of the caller's own transaction: each write by
// itself, in their order. One that can never follow is left out: its order is not there or has gone on, or its id was
// used for something else. It waits for no clock that can't be read. For all else it is as Within.
func (o *Orders) Keep(ctx context.Context, tx *sql.Tx, tenant id.ID, list ...Happened) error {
	prepared, err := o.Prepare(tenant, list...)
	if err != nil {
		return err
	}
	return o.KeepPrepared(ctx, tx, prepared...)
}

// Prepared is a write that KeepPrepared notes.
type Prepared struct{ call *pending }

// Prepare does of Keep what needs no transaction, so that nobody waits for it who writes.
func (o *Orders) Prepare(tenant id.ID, list ...Happened) ([]*Prepared, error) {
	prepared := make([]*Prepared, len(list))
	for i, h := range list {
		p, err := o.prepare(tenant, true, h.Write)
		if err != nil {
			return nil, err
		}
		p.happened, p.writes[0].at = true, h.At
		prepared[i] = &Prepared{p}
	}
	return prepared, nil
}

// KeepPrepared does the rest of Keep, for any tenants.
func (o *Orders) KeepPrepared(ctx context.Context, tx *sql.Tx, list ...*Prepared) error {
	calls := make([]*pending, len(list))
	for i, p := range list {
		calls[i] = p.call
	}
	// Everybody locks tenants in this order, in however many parts.
	slices.SortStableFunc(calls, func(a, b *pending) int { return bytes.Compare(a.tenant[:], b.tenant[:]) })
	for part := range slices.Chunk(calls, MaxBatch) {
		if _, err := o.apply(ctx, tx, part); err != nil {
			return err
		}
	}
	for _, p := range calls {
		if p.err != nil && !never(p.err) {
			return p.err
		}
	}
	return nil
}

// never says whether what was refused will always be.
func never(err error) bool {
	return slices.ContainsFunc([]errs.Code{errs.NotFound, IDTaken, Stale, WrongState}, func(c errs.Code) bool { return errs.Is(err, c) })
}

// ActorOf is who did something, or the order itself where nobody did who is a principal: the program by itself, or the
// operator of the platform.
func ActorOf(principal, order id.ID) id.ID {
	if principal.Check() != nil {
		return order
	}
	return principal
}

// prepare checks writes. A single one has fields without a place.
func (o *Orders) prepare(tenant id.ID, single bool, writes ...Write) (*pending, error) {
	if err := checkID("tenant", tenant); err != nil {
		return nil, err
	}
	if len(writes) < 1 || len(writes) > MaxBatch {
		return nil, invalid("writes", "%d given, want 1 to %d", len(writes), MaxBatch)
	}
	p := &pending{tenant: tenant, single: single, writes: make([]*write, len(writes)), done: make(chan struct{})}
	for i, w := range writes {
		if w == nil {
			return nil, invalid(at("writes", i, ""), "it is missing")
		}
		var err error
		if p.writes[i], err = w.prepare(o.kinds); err != nil {
			return nil, p.placed(err, i)
		}
	}
	return p, nil
}

// errNothing takes a transaction back in which nothing was to be written.
var errNothing = errors.New("nothing to write")

// run does some calls in one transaction. An error is an operating failure of all of them.
func (o *Orders) run(ctx context.Context, calls []*pending) error {
	err := o.db.Write(ctx, func(tx *sql.Tx) error {
		wrote, err := o.apply(ctx, tx, calls)
		if err == nil && !wrote {
			return errNothing
		}
		return err
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// apply does calls one after the other within a transaction, each whole or not at all, and says whether anything was
// written.
func (o *Orders) apply(ctx context.Context, tx *sql.Tx, calls []*pending) (bool, error) {
	d, r := newDraft(), rows{o.db.Dialect(), tx}
	byTenant := map[id.ID][]*pending{}
	var tenants []id.ID
	for _, p := range calls {
		if byTenant[p.tenant] == nil {
			tenants = append(tenants, p.tenant)
		}
		byTenant[p.tenant] = append(byTenant[p.tenant], p)
	}
	// Everybody locks tenants in this order, so nobody waits for one who waits for him.
	slices.SortFunc(tenants, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	for _, tenant := range tenants {
		if err := o.load(ctx, r, d, tenant, byTenant[tenant]); err != nil {
			return false, err
		}
	}
	for _, p := range calls {
		if _, known := d.now[p.tenant]; !known && !p.happened {
			p.results, p.err = nil, errs.Overloaded.Errorf("the clock of the tenant's ledger can't be read now; try again later")
			continue
		}
		if err := d.call(ctx, r, p); err != nil {
			return false, err
		}
	}
	if len(d.steps) == 0 {
		return false, nil
	}
	return true, r.save(ctx, d)
}

// load locks a tenant and then reads all that its writes depend on. Of one whose clock can't be read there is no instant
// in the draft: its calls are refused, unless they tell what has happened, and nobody else's.
func (o *Orders) load(ctx context.Context, r rows, d *draft, tenant id.ID, calls []*pending) error {
	var err error
	if d.ends[tenant], err = r.lockEnd(ctx, tenant); err != nil {
		return err
	}
	if instant := o.clocks(tenant).Now(); !instant.IsZero() {
		now := instant.UnixMicro()
		if now < 0 || now > maxInstant {
			return fmt.Errorf("write orders: the clock of tenant %s stands at %d microseconds since 1970", tenant, now)
		}
		d.now[tenant] = now
	}
	var changes, orders []id.ID
	for _, p := range calls {
		for _, w := range p.writes {
			changes = append(changes, w.id)
			if !w.opens {
				orders = append(orders, w.order)
			}
		}
	}
	if err := r.loadDone(ctx, d, tenant, changes); err != nil {
		return err
	}
	return r.loadOrders(ctx, d, tenant, orders)
}

// call does a call's writes, all or none of them. An error is an operating failure; a refusal stands in the call.
func (d *draft) call(ctx context.Context, r rows, p *pending) error {
	m, before := d.mark(p.tenant), map[key]*Order{}
	p.results, p.err = make([]Result, len(p.writes)), nil
	for i, w := range p.writes {
		k := key{p.tenant, w.order}
		if _, noted := before[k]; !noted {
			before[k] = d.orders[k]
		}
		result, refusal, err := d.once(ctx, r, p.tenant, w)
		if err != nil {
			return err
		}
		if refusal != nil {
			d.back(p.tenant, m, before)
			p.results, p.err = nil, p.placed(refusal, i)
			return nil
		}
		p.results[i] = result
	}
	return nil
}

// once does a write unless it was done before.
func (d *draft) once(ctx context.Context, r rows, tenant id.ID, w *write) (result Result, refusal, err error) {
	f, again := d.done[key{tenant, w.id}]
	switch {
	case again && f.hash != w.hash:
		return Result{}, IDTaken.Errorf("id %s was used with other content: make a new one", w.id).On("id"), nil
	case again:
		result, err = r.first(ctx, tenant, f)
	default:
		result, refusal = d.write(tenant, w)
	}
	return result, refusal, err
}
