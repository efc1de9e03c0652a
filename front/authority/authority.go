// Package authority says who may make somebody more than he is: who gives roles, lets principals act for parties, and
// issues tokens. What a person may not decide alone becomes a proposal, and another person decides.
//
//   - A role takes a second person, unless one gives it to oneself and it lets one only read what one may read already.
//   - Who acts for a party says the person who is that party. For everybody else's party it takes a second person.
//   - A token of somebody else never lets its issuer do what he may not do himself.
//   - Nobody decides about what he would gain, with whichever principal.
//
// The operator of the platform stands outside of this: he makes the first people of a tenant, who have nobody to ask.
//
// The package must not know how a request shows who asks.
package authority

import (
	"context"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// The actions that take a second person.
const (
	ActionRole  = "party-role"
	ActionGrant = "party-grant"
)

const (
	life        = 14 * 24 * time.Hour // how long a proposal waits
	secondsADay = 24 * 3600
)

// Office is where proposals are made.
type Office interface {
	Propose(ctx context.Context, p ops.Proposal) (ops.Proposal, error)
	Get(ctx context.Context, tenant, proposal id.ID) (ops.Proposal, error)
}

// Who is the one who asks, as the door found out.
type Who struct {
	party.By
	Person   id.ID            // behind the principal; none of the operator
	Rights   right.Set        // that his token carries
	Operator bool             // of the platform
	ActsFor  func(id.ID) bool // whether he may act for a party
}

// Authority gives what may be given.
type Authority struct {
	parties *party.Registry
	clock   clock.Clock
	office  Office
}

// New is an authority over parties. Its actions are to be among those of the office.
func New(parties *party.Registry, c clock.Clock, office Office) *Authority {
	return &Authority{parties, c, office}
}

// today is the day on which roles are looked at: that of UTC, so that it is the same everywhere.
func today(c clock.Clock) int64 { return c.Now().Unix() / secondsADay }

// GiveRole gives a role, or proposes it under its id and says ops.Pending. The same again gives what came of it.
func (a *Authority) GiveRole(ctx context.Context, w *Who, o party.Role, reason string) (party.Role, error) {
	if !right.Known(o.Code) {
		return party.Role{}, errs.Invalid.Errorf("is none of the roles that there are").On("code")
	}
	if err := o.Check(); err != nil {
		return party.Role{}, err
	}
	_, err := a.parties.Role(ctx, w.Tenant, o.ID)
	if there := err == nil; there || w.Operator || w.reads(&o) {
		return a.parties.GiveRole(ctx, w.By, o)
	}
	if !errs.Is(err, errs.NotFound) {
		return party.Role{}, err
	}
	if err := a.open(ctx, w.Tenant, o.Party); err != nil {
		return party.Role{}, err
	}
	return party.Role{}, a.propose(ctx, w, reason, &ops.Proposal{ID: o.ID, Action: ActionRole, Subject: o.Party, Becomes: writeRole(&o)})
}

// reads says whether a role is for the asker himself, and gives him nothing that he has not.
func (w *Who) reads(o *party.Role) bool {
	return o.Party == w.Person && right.Role(o.Code)&^(w.Rights&right.Reading()) == 0
}

// Grant lets a principal act for a party, or proposes it under the grant's id and says ops.Pending. The same again gives
// what came of it.
func (a *Authority) Grant(ctx context.Context, w *Who, g party.Grant, reason string) (party.Grant, error) {
	if err := g.Check(); err != nil {
		return party.Grant{}, err
	}
	_, err := a.parties.GrantByID(ctx, w.Tenant, g.ID)
	if there := err == nil; there || w.Operator || w.is(g.Party) {
		return a.parties.Grant(ctx, w.By, g)
	}
	if !errs.Is(err, errs.NotFound) {
		return party.Grant{}, err
	}
	if !w.Rights.Has(right.PrincipalWrite) {
		return party.Grant{}, errs.Forbidden.Errorf("who acts for a party may not pass that on: its own person may, or who has the right %s", right.PrincipalWrite)
	}
	if err := a.open(ctx, w.Tenant, g.Party); err != nil {
		return party.Grant{}, err
	}
	if _, err := a.parties.Principal(ctx, w.Tenant, g.Principal); err != nil {
		return party.Grant{}, err
	}
	return party.Grant{}, a.propose(ctx, w, reason, &ops.Proposal{ID: g.ID, Action: ActionGrant, Subject: g.Party, Becomes: writeGrant(&g)})
}

// is says whether the asker is the party, and acts for himself.
func (w *Who) is(p id.ID) bool { return w.Person == p && w.ActsFor(p) }

// EndGrant ends a grant: the party's own person, the principal that has it, or who may write principals. For everybody
// else there is none.
func (a *Authority) EndGrant(ctx context.Context, w *Who, grant id.ID) (party.Grant, error) {
	g, err := a.parties.GrantByID(ctx, w.Tenant, grant)
	if errs.Is(err, errs.NotFound) || err == nil && !w.Rights.Has(right.PrincipalWrite) && !w.is(g.Party) && g.Principal != w.Actor {
		err = errs.NotFound.Errorf("there is no such grant, or it is not yours").On("grant")
	}
	if err != nil {
		return party.Grant{}, err
	}
	return a.parties.RevokeGrant(ctx, w.By, grant)
}

// IssueToken issues a token for a principal, unless it would let the issuer be somebody, or do something, that he is not
// or may not do.
func (a *Authority) IssueToken(ctx context.Context, w *Who, t party.Token) (party.Token, party.Secret, error) {
	return a.parties.IssueTokenIf(ctx, w.By, t, func(r *party.Reach) error {
		if w.Operator {
			return nil
		}
		return w.within(r, today(a.clock))
	})
}

const byOperator = "the operator of the platform issues its tokens"

// within says whether a token that carries so much gives the asker nothing.
func (w *Who) within(r *party.Reach, day int64) error {
	staff := false
	for i := range r.Roles {
		o := &r.Roles[i]
		if over := o.Stops != 0 && o.Stops <= day; over {
			continue
		}
		staff = true
		may := right.Role(o.Code)
		switch more := may &^ w.Rights; {
		case more != 0:
			return errs.Forbidden.Errorf("who stands behind it has the role %s, which may do what you may not: %s", o.Code, byOperator)
		case r.Person != w.Person && may.Has(right.ApprovalDecide):
			return errs.Forbidden.Errorf("who stands behind it decides about proposals by the role %s, and nobody else may do that as him: %s", o.Code, byOperator)
		}
	}
	if !staff && r.Person != w.Person && !w.ActsFor(r.Person) {
		return errs.Forbidden.Errorf("a client stands behind it who did not let you act for him: he grants it, or %s", byOperator)
	}
	for i := range r.Grants {
		if p := r.Grants[i].Party; !w.ActsFor(p) && (p != r.Person || r.Person != w.Person) {
			return errs.Forbidden.Errorf("it acts for the party %s, for which you may not act: %s", p, byOperator)
		}
	}
	return nil
}

// open refuses a party that is closed, or not there.
func (a *Authority) open(ctx context.Context, tenant, p id.ID) error {
	found, err := a.parties.Party(ctx, tenant, p)
	if err == nil && found.Closed != 0 {
		err = party.PartyClosed.Errorf("the party %s is closed; nothing is added to it", p)
	}
	return err
}
