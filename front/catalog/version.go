package catalog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// MaxPage is the most versions or products of one answer.
const MaxPage = 1_000

// Version is a version of a product, for ever as it was approved. A contract keeps code, number and hash.
type Version struct {
	Code      string
	Number    uint64   // 1, 2, 3… of the product
	Effective day.Date // in force from this day on, until a later version is
	Product   *Product
	Hash      [sha256.Size]byte // of the product's JSON
	Proposal  id.ID
	Proposer  id.ID // principal
	Approver  id.ID // principal
	Approved  int64 // microseconds since 1970
}

// Today is the date in the clock and zone of a tenant's ledger.
type Today func(ctx context.Context, tenant id.ID) (day.Date, error)

// Catalog is the products of all tenants in one database.
type Catalog struct {
	db    *store.DB
	today Today
	kept  kept
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *store.DB, today Today) (*Catalog, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "catalog", files); err != nil {
		return nil, err
	}
	return &Catalog{db: db, today: today}, nil
}

// Today is the date by which a tenant's versions are in force.
func (c *Catalog) Today(ctx context.Context, tenant id.ID) (day.Date, error) {
	return c.today(ctx, tenant)
}

// Get gives a version by its number: the same one each time. Its product is shared: nobody changes it.
func (c *Catalog) Get(ctx context.Context, tenant id.ID, code string, number uint64) (Version, error) {
	key := versionKey{tenant, code, number}
	if v, there := c.kept.get(key); there {
		return v, nil
	}
	v, err := c.only(ctx, c.db.Reader(), "there is no such version", "tenant = ? AND code = ? AND number = ?", tenant[:], code, int64(number))
	if err == nil {
		c.kept.put(key, v)
	}
	return v, err
}

// InForce gives the version of a product that is in force on a day: of those effective by then the newest.
func (c *Catalog) InForce(ctx context.Context, tenant id.ID, code string, on day.Date) (Version, error) {
	return c.only(ctx, c.db.Reader(), "no version is in force on "+on.String(),
		"tenant = ? AND code = ? AND effective <= ? ORDER BY number DESC LIMIT 1", tenant[:], code, int64(on))
}

// Versions lists a product's versions, newest first, those below a number (0: all).
func (c *Catalog) Versions(ctx context.Context, tenant id.ID, code string, below uint64, limit int) ([]Version, error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("want 1 to %d", MaxPage).On("limit")
	}
	where, args := "tenant = ? AND code = ?", []any{tenant[:], code}
	if below > 0 {
		where, args = where+" AND number < ?", append(args, int64(below))
	}
	return c.find(ctx, c.db.Reader(), where+" ORDER BY number DESC LIMIT ?", append(args, limit)...)
}

// List gives the newest version of each product of a tenant, by code, after a code.
func (c *Catalog) List(ctx context.Context, tenant id.ID, after string, limit int) ([]Version, error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("want 1 to %d", MaxPage).On("limit")
	}
	return c.find(ctx, c.db.Reader(), `tenant = ? AND code > ? AND number = (SELECT max(n.number) FROM catalog_product n
		WHERE n.tenant = catalog_product.tenant AND n.code = catalog_product.code) ORDER BY code LIMIT ?`, tenant[:], after, limit)
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (c *Catalog) only(ctx context.Context, q querier, none, where string, args ...any) (Version, error) {
	list, err := c.find(ctx, q, where, args...)
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("%s of the product", none)
	}
	if err != nil {
		return Version{}, err
	}
	return list[0], nil
}

func (c *Catalog) find(ctx context.Context, q querier, where string, args ...any) (list []Version, err error) {
	rows, err := q.QueryContext(ctx, c.db.Rebind(`SELECT code, number, effective, content, hash, proposal, proposer, approver, approved
		FROM catalog_product WHERE `+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v Version
		var number, effective int64
		var content, hash, proposal, proposer, approver []byte
		if err := rows.Scan(&v.Code, &number, &effective, &content, &hash, &proposal, &proposer, &approver, &v.Approved); err != nil {
			return nil, fmt.Errorf("read products: %w", err)
		}
		v.Number, v.Effective = uint64(number), day.Date(effective)
		copy(v.Proposal[:], proposal)
		copy(v.Proposer[:], proposer)
		copy(v.Approver[:], approver)
		if v.Hash = sha256.Sum256(content); string(v.Hash[:]) != string(hash) {
			return nil, errs.Internal.Errorf("version %d of the product %s is not what was approved: its hash differs", v.Number, v.Code)
		}
		if v.Product, err = Read(content); err != nil {
			return nil, fmt.Errorf("read version %d of the product %s: %w", v.Number, v.Code, err)
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
