package authority

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// roleDocument is what a proposal shows of a role.
type roleDocument struct {
	Party  id.ID    `json:"party"`
	Role   string   `json:"role"`
	From   string   `json:"from"`
	Until  string   `json:"until,omitempty"`
	Rights []string `json:"rights"` // beyond reading; for those who decide
}

func writeRole(o *party.Role) []byte {
	d := roleDocument{Party: o.Party, Role: o.Code, From: day.Date(o.From).String(), Rights: []string{}}
	if o.Until != 0 {
		d.Until = day.Date(o.Until).String()
	}
	for r := range right.All() {
		if right.Role(o.Code).Has(r) && !right.Reading().Has(r) {
			d.Rights = append(d.Rights, r.String())
		}
	}
	return write(d)
}

func (d *roleDocument) role(proposal id.ID) (o party.Role, err error) {
	o = party.Role{ID: proposal, Party: d.Party, Code: d.Role}
	from, err := day.Parse(d.From)
	if err != nil {
		return o, err
	}
	o.From = int64(from)
	if d.Until != "" {
		until, err := day.Parse(d.Until)
		if err != nil {
			return o, err
		}
		o.Until = int64(until)
	}
	return o, nil
}

// grantDocument is what a proposal shows of a grant.
type grantDocument struct {
	Principal id.ID     `json:"principal"`
	Party     id.ID     `json:"party"`
	From      time.Time `json:"from"`
	Until     time.Time `json:"until,omitzero"`
}

func writeGrant(g *party.Grant) []byte {
	d := grantDocument{Principal: g.Principal, Party: g.Party, From: time.UnixMicro(g.From).UTC()}
	if g.Until != 0 {
		d.Until = time.UnixMicro(g.Until).UTC()
	}
	return write(d)
}

func (d *grantDocument) grant(proposal id.ID) party.Grant {
	g := party.Grant{ID: proposal, Principal: d.Principal, Party: d.Party, From: d.From.UnixMicro()}
	if !d.Until.IsZero() {
		g.Until = d.Until.UnixMicro()
	}
	return g
}

func write(document any) []byte {
	b, err := json.Marshal(document)
	if err != nil {
		panic(fmt.Sprintf("authority: a document can't be written: %v", err)) // ids, texts and numbers can
	}
	return b
}

func read(p *ops.Proposal, document any) error {
	d := json.NewDecoder(bytes.NewReader(p.Becomes))
	d.DisallowUnknownFields()
	if err := d.Decode(document); err != nil {
		return errs.Invalid.Errorf("the proposal %s is not understood: %v", p.ID, err)
	}
	return nil
}

// propose makes a proposal, and says how it stands. The reason is only needed here.
func (a *Authority) propose(ctx context.Context, w *Who, reason string, p *ops.Proposal) error {
	switch {
	case reason == "":
		return errs.Invalid.Errorf("is missing: another person decides about this, and has to know why").On("reason")
	case len(reason) > ops.MaxReason:
		return errs.Invalid.Errorf("has %d bytes, at most %d are allowed", len(reason), ops.MaxReason).On("reason")
	}
	p.Tenant, p.Proposer, p.Reason = w.Tenant, w.Actor, reason
	p.Was = []byte("{}") // so that each member is shown for itself
	made, err := a.office.Propose(ctx, *p)
	if err != nil {
		return err
	}
	return made.Outcome()
}

// Actions are what may be proposed, for the office. Compliance and risk decide, who give nothing themselves.
func Actions(parties *party.Registry, c clock.Clock) map[string]ops.Action {
	d := &decided{parties, c}
	rule := ops.Rule{Life: life, Levels: []ops.Level{{Role: "compliance"}, {Role: "risk"}}}
	return map[string]ops.Action{
		ActionRole:  {Rule: rule, Keep: d.giveRole, Kept: func(p *ops.Proposal) { parties.Changed(p.Subject) }},
		ActionGrant: {Rule: rule, Keep: d.grant, Kept: d.granted},
	}
}

// decided carries out what was approved. It trusts nothing of a proposal but that it was made and approved.
type decided struct {
	parties *party.Registry
	clock   clock.Clock
}

func (d *decided) giveRole(ctx context.Context, tx *sql.Tx, p *ops.Proposal) error {
	var document roleDocument
	if err := read(p, &document); err != nil {
		return err
	}
	o, err := document.role(p.ID)
	if err != nil || o.Party != p.Subject || !right.Known(o.Code) {
		return errs.Invalid.Errorf("the proposal %s gives no role that there is: %v", p.ID, err)
	}
	if err := d.still(ctx, p, right.RoleWrite); err != nil {
		return err
	}
	if err := d.gains(ctx, p, o.Party); err != nil {
		return err
	}
	_, err = d.parties.GiveRoleWithin(ctx, tx, proposer(p), o)
	return err
}

func (d *decided) grant(ctx context.Context, tx *sql.Tx, p *ops.Proposal) error {
	var document grantDocument
	if err := read(p, &document); err != nil {
		return err
	}
	g := document.grant(p.ID)
	if g.Party != p.Subject {
		return errs.Invalid.Errorf("the proposal %s is about another party", p.ID)
	}
	if err := d.still(ctx, p, right.PrincipalWrite); err != nil {
		return err
	}
	principal, err := d.parties.Principal(ctx, p.Tenant, g.Principal)
	if err != nil {
		return err
	}
	if err := d.gains(ctx, p, principal.Person); err != nil {
		return err
	}
	_, err = d.parties.GrantWithin(ctx, tx, proposer(p), g)
	return err
}

func (d *decided) granted(p *ops.Proposal) {
	var document grantDocument
	if read(p, &document) == nil {
		d.parties.Changed(document.Principal)
	}
}

// proposer is who gives what was approved: who approved it stands in the proposal, which has the same id.
func proposer(p *ops.Proposal) party.By { return party.By{Tenant: p.Tenant, Actor: p.Proposer} }

// gains refuses a decision by the person who gains from it, with whichever principal he decides.
func (d *decided) gains(ctx context.Context, p *ops.Proposal, person id.ID) error {
	decider, err := d.parties.Principal(ctx, p.Tenant, p.Decider)
	if err == nil && decider.Person == person {
		err = errs.Forbidden.Errorf("nobody decides about what he gains himself: ask another person")
	}
	return err
}

// still refuses what the proposer may no longer propose.
func (d *decided) still(ctx context.Context, p *ops.Proposal, need right.Right) error {
	principal, err := d.parties.Principal(ctx, p.Tenant, p.Proposer)
	if err != nil {
		return err
	}
	list, err := d.parties.Roles(ctx, p.Tenant, party.RoleFilter{Party: principal.Person, Holds: today(d.clock)}, party.Page{Limit: party.MaxRoles})
	if err != nil {
		return err
	}
	for i := range list {
		if principal.Closed == 0 && right.Role(list[i].Code).Has(need) {
			return nil
		}
	}
	return errs.Conflict.Errorf("who proposed this may no longer do so: refuse it, and let somebody else propose it")
}
