package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// ActionVersion is the action by which a version goes live.
const ActionVersion = "product-version"

// Office is where proposals are made and approved.
type Office interface {
	Propose(ctx context.Context, p ops.Proposal) (ops.Proposal, error)
	Get(ctx context.Context, tenant, proposal id.ID) (ops.Proposal, error)
}

// Draft is a version that somebody wants.
type Draft struct {
	Tenant    id.ID
	Proposal  id.ID // made by the proposer's client
	Proposer  id.ID // principal
	File      []byte
	Effective day.Date
	Reason    string
}

// document is what a proposal shows of a version.
type document struct {
	Effective string          `json:"effective"`
	Product   json.RawMessage `json:"product"`
}

// subject is the same for all versions of a product.
func subject(code string) (s id.ID) {
	sum := sha256.Sum256([]byte("product " + code))
	copy(s[:], sum[:])
	return s
}

// Propose proposes a version of a product. It is not live before another person approves it, and not before its date.
func (c *Catalog) Propose(ctx context.Context, office Office, d Draft) (ops.Proposal, error) {
	p, err := ReadNew(d.File)
	if err != nil {
		return ops.Proposal{}, refused(err)
	}
	becomes, err := write(d.Effective, p)
	if err != nil {
		return ops.Proposal{}, err
	}
	there, err := office.Get(ctx, d.Tenant, d.Proposal)
	if err == nil && bytes.Equal(there.Becomes, becomes) && there.Reason == d.Reason && there.Proposer == d.Proposer {
		return there, nil // the same again, though a version may have come in between
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return ops.Proposal{}, err
	}
	if err := c.notPast(ctx, d.Tenant, d.Effective); err != nil {
		return ops.Proposal{}, err
	}
	proposal := ops.Proposal{
		Tenant: d.Tenant, ID: d.Proposal, Action: ActionVersion, Subject: subject(p.Code), Becomes: becomes, Reason: d.Reason, Proposer: d.Proposer,
	}
	newest, err := c.Versions(ctx, d.Tenant, p.Code, 0, 1)
	if err != nil {
		return ops.Proposal{}, err
	}
	if len(newest) == 1 {
		proposal.Version = newest[0].Number
		if proposal.Was, err = write(newest[0].Effective, newest[0].Product); err != nil {
			return ops.Proposal{}, err
		}
	}
	return office.Propose(ctx, proposal)
}

// refused makes the error of a door from what is wrong with a file.
func refused(err error) error { return refusedAs("product", err) }

func refusedAs(what string, err error) error {
	var faults Faults
	if errors.As(err, &faults) {
		return faults.refusal(what)
	}
	return err
}

func write(effective day.Date, p *Product) ([]byte, error) {
	content, err := json.Marshal(p)
	if err == nil {
		content, err = json.Marshal(document{Effective: effective.String(), Product: content})
	}
	if err != nil {
		return nil, fmt.Errorf("write the product: %w", err)
	}
	return content, nil
}

func (c *Catalog) notPast(ctx context.Context, tenant id.ID, effective day.Date) error {
	today, err := c.today(ctx, tenant)
	if err != nil {
		return err
	}
	if effective < today {
		return errs.Invalid.Errorf("it lies before %s: a version is in force from its approval on at the earliest", today).On("effective")
	}
	return nil
}

// Action is how a proposal becomes a version, for those who may approve it.
func (c *Catalog) Action(life time.Duration, levels []ops.Level) ops.Action {
	return ops.Action{Rule: ops.Rule{Life: life, Levels: levels}, Keep: c.keep}
}

// keep makes an approved proposal a version. It trusts nothing of the proposal: all is checked again on this day.
func (c *Catalog) keep(ctx context.Context, tx *sql.Tx, p *ops.Proposal) error {
	var d document
	if err := json.Unmarshal(p.Becomes, &d); err != nil {
		return errs.Invalid.Errorf("the proposal is no version of a product: %v", err)
	}
	product, err := ReadNew(d.Product)
	if err != nil {
		return refused(err)
	}
	effective, err := day.Parse(d.Effective)
	if err != nil {
		return errs.Invalid.Errorf("%v", err).On("effective")
	}
	if subject(product.Code) != p.Subject {
		return errs.Invalid.Errorf("the proposal is about another product").On("product.code")
	}
	if err := c.notPast(ctx, p.Tenant, effective); err != nil {
		return err
	}
	var newest int64
	var last sql.NullInt64
	if err := tx.QueryRowContext(ctx, c.db.Rebind(`SELECT coalesce(max(number), 0), max(effective) FROM catalog_product WHERE tenant = ? AND code = ?`),
		p.Tenant[:], product.Code).Scan(&newest, &last); err != nil {
		return fmt.Errorf("read products: %w", err)
	}
	if uint64(newest) != p.Version {
		return errs.Conflict.Errorf("version %d was made meanwhile: propose it anew, against that one", newest)
	}
	if last.Valid && int64(effective) < last.Int64 {
		return errs.Conflict.Errorf("version %d is effective from %s, later than this one", newest, day.Date(last.Int64))
	}
	return c.insert(ctx, tx, p, product, newest+1, effective)
}

func (c *Catalog) insert(ctx context.Context, tx *sql.Tx, p *ops.Proposal, product *Product, number int64, effective day.Date) error {
	content, err := json.Marshal(product)
	if err != nil {
		return fmt.Errorf("write the product: %w", err)
	}
	hash := sha256.Sum256(content)
	_, err = tx.ExecContext(ctx, c.db.Rebind(`INSERT INTO catalog_product (tenant, code, number, effective, content, hash, proposal, proposer, approver, approved)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`), p.Tenant[:], product.Code, number, int64(effective), content, hash[:], p.ID[:], p.Proposer[:], p.Decider[:], p.Decided)
	if err != nil {
		return fmt.Errorf("keep version %d of the product %s: %w", number, product.Code, err)
	}
	return nil
}
