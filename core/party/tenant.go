package party

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Tenant is a customer of the platform's operator. Its ledgers are known here by name alone.
type Tenant struct {
	ID      id.ID
	Name    string   // a code, of one tenant only
	Ledgers []string // by name; AddLedger adds one
	First   string   // the ledger that was added first
	Created int64    // microseconds since 1970
	Creator id.ID
}

var tenants = record[Tenant]{
	what: "tenant", key: "tenant",
	from: "SELECT x.tenant, x.name, x.created, x.creator FROM party_tenant x",
	dest: func(t *Tenant) []any { return []any{column{&t.ID}, &t.Name, &t.Created, column{&t.Creator}} },
}

// CreateTenant makes a tenant without ledgers.
func (r *Registry) CreateTenant(ctx context.Context, actor id.ID, t Tenant) (Tenant, error) {
	if err := first(checkActor(actor), checkID(t.ID), checkCode("name", t.Name)); err != nil {
		return Tenant{}, err
	}
	c := creation[Tenant]{
		kind: &tenants, tenant: t.ID, id: t.ID,
		same: func(old *Tenant) bool { return old.Name == t.Name },
		insert: func(q *query) error {
			return q.exec("INSERT INTO party_tenant (tenant, name, created, creator) VALUES (?, ?, ?, ?)",
				t.ID[:], t.Name, r.now(), actor[:])
		},
		taken: TenantTaken.Errorf("another tenant has this name; choose another one").On("name"),
	}
	made, err := c.do(ctx, r)
	if err != nil {
		return Tenant{}, err
	}
	return r.Tenant(ctx, made.ID)
}

// Tenant reads a tenant.
func (r *Registry) Tenant(ctx context.Context, tenant id.ID) (t Tenant, err error) {
	err = r.read(ctx, func(q *query) error {
		if t, err = tenants.get(q, tenant, tenant, ""); err == nil {
			err = t.readLedgers(q)
		}
		return err
	})
	return t, failed("read tenant", err)
}

// TenantByName reads the tenant of that name.
func (r *Registry) TenantByName(ctx context.Context, name string) (Tenant, error) {
	if err := checkCode("name", name); err != nil {
		return Tenant{}, err
	}
	var own id.ID
	err := r.read(ctx, func(q *query) error {
		err := q.row("SELECT tenant FROM party_tenant WHERE name = ?", name).Scan(column{&own})
		if errors.Is(err, sql.ErrNoRows) {
			return errs.NotFound.Errorf("no tenant has this name").On("name")
		}
		return err
	})
	if err != nil {
		return Tenant{}, failed("find tenant", err)
	}
	return r.Tenant(ctx, own)
}

// OwnerOfLedger tells which tenant has the ledger of that name. A ledger stays its tenant's, so who it is is read once.
func (r *Registry) OwnerOfLedger(ctx context.Context, name string) (owner id.ID, err error) {
	if known, ok := r.owners.Load(name); ok {
		return known.(id.ID), nil
	}
	if err := checkText("name", name, MaxLedgerName, lowerName); err != nil {
		return owner, err
	}
	err = r.read(ctx, func(q *query) error {
		err := q.row("SELECT tenant FROM party_ledger WHERE name = ?", name).Scan(column{&owner})
		if errors.Is(err, sql.ErrNoRows) {
			return errs.NotFound.Errorf("no tenant has a ledger of this name").On("name")
		}
		return err
	})
	if err != nil {
		return owner, failed("find tenant", err)
	}
	r.owners.Store(name, owner)
	return owner, nil
}

// Tenants lists all tenants, for the operator of the platform alone.
func (r *Registry) Tenants(ctx context.Context, p Page) (list []Tenant, err error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	err = r.read(ctx, func(q *query) error {
		list, err = tenants.scan(q, tenants.from+" WHERE x.tenant > ? ORDER BY x.tenant LIMIT ?", p.After[:], p.Limit)
		for i := 0; err == nil && i < len(list); i++ {
			err = list[i].readLedgers(q)
		}
		return err
	})
	return list, failed("list tenants", err)
}

// AddLedger names a ledger of the tenant. Naming it again changes nothing.
func (r *Registry) AddLedger(ctx context.Context, by By, name string) (Tenant, error) {
	if err := first(by.check(), checkText("ledger", name, MaxLedgerName, lowerName)); err != nil {
		return Tenant{}, err
	}
	defer r.cache.clear()
	err := r.write(ctx, func(q *query) error { return r.addLedger(q, by, name) })
	if store.IsDuplicate(err) { // in the same instant by somebody else, perhaps for the same tenant
		err = r.write(ctx, func(q *query) error { return r.addLedger(q, by, name) })
	}
	if err != nil {
		return Tenant{}, failed("add ledger", err)
	}
	return r.Tenant(ctx, by.Tenant)
}

func (r *Registry) addLedger(q *query, by By, name string) error {
	if _, err := tenants.get(q, by.Tenant, by.Tenant, q.locking()); err != nil {
		return err
	}
	var owner id.ID
	switch err := q.row("SELECT tenant FROM party_ledger WHERE name = ?", name).Scan(column{&owner}); {
	case err == nil && owner == by.Tenant:
		return nil
	case err == nil:
		return LedgerTaken.Errorf("another tenant has a ledger of this name; choose another one").On("ledger")
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	if err := q.room(MaxLedgers, "ledgers of this tenant", "SELECT count(*) FROM party_ledger WHERE tenant = ?", by.Tenant[:]); err != nil {
		return err
	}
	return q.exec("INSERT INTO party_ledger (name, tenant, created, creator) VALUES (?, ?, ?, ?)",
		name, by.Tenant[:], r.now(), by.Actor[:])
}

// readLedgers reads the names of the tenant's ledgers, and which of them was there first.
func (t *Tenant) readLedgers(q *query) (err error) {
	if t.Ledgers, err = ledgersOf(q, t.ID); err != nil || len(t.Ledgers) == 0 {
		return err
	}
	return q.row("SELECT name FROM party_ledger WHERE tenant = ? ORDER BY created, name LIMIT 1", t.ID[:]).Scan(&t.First)
}

// ledgersOf lists the names of a tenant's ledgers, sorted.
func ledgersOf(q *query, tenant id.ID) (names []string, err error) {
	rows, err := q.tx.QueryContext(q.ctx, q.db.Rebind(selectLedgers), tenant[:])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names) // databases differ in how they sort text
	return names, rows.Err()
}
