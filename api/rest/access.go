package rest

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Every operation says who may use it, in one of these ways, and is checked before anything of the request is read. An
// operation that says nothing does not register.
//
//   - needs: who has the right, in his tenant.
//   - own: who may act for the party that the path names, and who has the right. For everybody else there is no such
//     party, whoever's it is.
//   - mine: everybody, for the party for which he acts; the handler asks holds(ctx, right) to show more.
//   - acts: mine, but not for the operator of the platform.
//   - trades: everybody, for the party for which he acts, but not the operator.
//   - inTenant: everybody, of a tenant.
//   - oneself: who may act for the party that the path names, and nobody else: it spends what is his.
//   - himself: who acts for the party whose thing it is, and nobody else; the handler finds out.
//   - decides: who has the right and is a person of the tenant, which the operator is not.
//   - operator: the operator of the platform alone.
//   - operatorIn: he alone, in the tenant that he names.
//
// A right for another tenant is none: what is not of the caller's tenant is not found.
type access struct {
	right    right.Right
	own      string // path parameter that names a party
	mine     bool
	operator bool
	person   bool
	tenant   bool // the operator has to say in which tenant
}

const accessKey = "access"

func declare(op huma.Operation, a access, words map[string]any) huma.Operation {
	op.Metadata = map[string]any{accessKey: a}
	op.Extensions = map[string]any{"x-access": words}
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		if !slices.Contains(op.Errors, status) {
			op.Errors = append(op.Errors, status)
		}
	}
	return op
}

// needs: who has the right.
func needs(r right.Right, op huma.Operation) huma.Operation {
	return declare(op, access{right: r, tenant: true}, map[string]any{"right": r.String()})
}

// inLedger: who has the right, in a ledger of his tenant. The operator reaches all ledgers, and what belongs to no tenant.
func inLedger(r right.Right, op huma.Operation) huma.Operation {
	return declare(op, access{right: r}, map[string]any{"right": r.String()})
}

// own: who acts for the party that the path names, or has the right.
func own(parameter string, r right.Right, op huma.Operation) huma.Operation {
	return declare(op, access{right: r, own: parameter, tenant: true}, map[string]any{"right": r.String(), "own": parameter})
}

// oneself: who acts for the party that the path names. No right stands in for that.
func oneself(parameter string, op huma.Operation) huma.Operation {
	return declare(op, access{own: parameter, person: true, tenant: true}, map[string]any{"own": parameter, "person": true})
}

// mine: everybody for his party, and with the right for all.
func mine(r right.Right, op huma.Operation) huma.Operation {
	return declare(op, access{right: r, mine: true, tenant: true}, map[string]any{"right": r.String(), "mine": true})
}

// decides: who has the right, and a person behind him.
func decides(r right.Right, op huma.Operation) huma.Operation {
	return declare(op, access{right: r, person: true, tenant: true}, map[string]any{"right": r.String(), "person": true})
}

// acts: mine, for people and programs of the tenant: the operator, who is none, may not.
func acts(r right.Right, op huma.Operation) huma.Operation {
	return declare(op, access{right: r, mine: true, person: true, tenant: true}, map[string]any{"right": r.String(), "mine": true, "person": true})
}

// himself: who acts for the party whose thing it is. No right stands in for that.
func himself(op huma.Operation) huma.Operation {
	return declare(op, access{mine: true, person: true, tenant: true}, map[string]any{"mine": true, "person": true})
}

// trades: everybody, for the party for which he acts. The operator acts for nobody, whomever he names.
func trades(op huma.Operation) huma.Operation {
	return declare(op, access{mine: true, person: true, tenant: true}, map[string]any{"anybody": true, "person": true})
}

// inTenant: who has any token of the tenant. The operator says in which.
func inTenant(op huma.Operation) huma.Operation {
	return declare(op, access{mine: true, tenant: true}, map[string]any{"anybody": true})
}

// anybody: who has any token.
func anybody(op huma.Operation) huma.Operation {
	return declare(op, access{mine: true}, map[string]any{"anybody": true})
}

// operator: the operator alone.
func operator(op huma.Operation) huma.Operation {
	return declare(op, access{operator: true}, map[string]any{"operator": true})
}

// operatorIn: the operator alone, who says in which tenant.
func operatorIn(op huma.Operation) huma.Operation {
	return declare(op, access{operator: true, tenant: true}, map[string]any{"operator": true})
}

// admit says whether the caller may use an operation with this request.
func (a *access) admit(r *http.Request) error {
	ctx := r.Context()
	p := &api.CallOf(ctx).Principal
	switch {
	case a.operator && !p.Operator:
		return errs.Forbidden.Errorf("this is for the operator of the platform, who has the token in the node's data folder")
	case a.person && p.Operator:
		return errs.Forbidden.Errorf("this is for a person of the tenant; the operator of the platform is none")
	case a.tenant && p.Tenant.IsZero():
		return errs.Invalid.Errorf("is missing: the operator says in which tenant, by its name").On("header.Longmen-Tenant")
	case a.operator || a.mine:
		return nil
	case a.own != "":
		if !a.person && p.Rights.Has(a.right) {
			return nil
		}
		named, err := id.Parse(r.PathValue(a.own))
		if err != nil || !p.ActsFor(named) {
			return errs.NotFound.Errorf("there is no such thing, or it is not yours").On("path." + a.own)
		}
		return nil
	}
	if name := r.PathValue("ledger"); name != "" {
		return api.Reach(ctx, name, a.right)
	}
	return api.Need(ctx, a.right)
}

// personal refuses a program: what a person answers for, alone, he does himself. Proposals ask the same.
func (s *server) personal(ctx context.Context, g *ground.Ground) error {
	person, err := g.Person(ctx, tenant(ctx), by(ctx).Actor)
	if err == nil && person.IsZero() {
		err = errs.Forbidden.Errorf("no person stands behind this principal: it decides nothing")
	}
	if err != nil {
		return s.problem(ctx, err)
	}
	return nil
}

// holds says whether the caller has a right.
func holds(ctx context.Context, r right.Right) bool { return api.CallOf(ctx).Principal.Rights.Has(r) }

// tenant is the tenant of the request. Operations that need, own or mine have one.
func tenant(ctx context.Context) id.ID { return api.CallOf(ctx).Principal.Tenant }

// by is the caller as the one who does something.
func by(ctx context.Context) party.By { return api.CallOf(ctx).Principal.By() }

// ground gives what the fronts stand on, once it is open.
func (s *server) ground(ctx context.Context) (*ground.Ground, error) {
	g, err := s.open()
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return g, nil
}
