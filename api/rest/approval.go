package rest

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Proposal is what one person wants and another has to approve.
type Proposal struct {
	ID       ID       `json:"id" doc:"Also the approval that commands which follow from it name"`
	Action   string   `json:"action" doc:"What is to be done" example:"product-version"`
	Subject  ID       `json:"subject" doc:"What it is about"`
	Version  uint64   `json:"version,omitempty" doc:"Of the subject, as the proposer saw it"`
	Asset    string   `json:"asset,omitempty" doc:"Of the amount; absent where no money is at stake"`
	Amount   Amount   `json:"amount,omitempty"`
	Reason   string   `json:"reason"`
	Proposer ID       `json:"proposer" doc:"The principal"`
	Person   ID       `json:"person" doc:"Who stands behind it"`
	Proposed Instant  `json:"proposed"`
	Expires  Instant  `json:"expires"`
	State    string   `json:"state" enum:"open,approved,refused,withdrawn,expired"`
	Decider  ID       `json:"decider,omitzero" doc:"The principal that decided"`
	Decided  Instant  `json:"decided,omitzero"`
	Why      string   `json:"why,omitempty" doc:"Of the decision"`
	Lapsed   string   `json:"lapsed,omitempty" doc:"Why it was not carried out, though it was approved"`
	Changes  []Change `json:"changes,omitempty" doc:"What would become different; in the answer to one proposal only"`
}

// Change is one place in which the subject would become different.
type Change struct {
	Path    string          `json:"path" example:"fees[0].rate"`
	Was     json.RawMessage `json:"was,omitempty" doc:"Absent where nothing is yet"`
	Becomes json.RawMessage `json:"becomes,omitempty" doc:"Absent where nothing will be"`
}

var proposalStates = names[ops.State]{
	{"open", ops.Open}, {"approved", ops.Approved}, {"refused", ops.Refused}, {"withdrawn", ops.Withdrawn}, {"expired", ops.Expired},
}

func proposalOf(p *ops.Proposal) Proposal {
	return Proposal{
		ID: ID(p.ID), Action: p.Action, Subject: ID(p.Subject), Version: p.Version, Asset: p.Asset, Amount: Amount(p.Amount), Reason: p.Reason,
		Proposer: ID(p.Proposer), Person: ID(p.Person), Proposed: Instant(p.Proposed), Expires: Instant(p.Expires),
		State: proposalStates.word(p.State), Decider: ID(p.Decider), Decided: Instant(p.Decided), Why: p.Why, Lapsed: p.Lapsed,
	}
}

// InProposal names a proposal in the path.
type InProposal struct {
	Proposal CommandID `path:"proposal" doc:"Id of the proposal" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

type (
	proposalOutput struct{ Body Proposal }
	proposalsInput struct {
		InPage
		State string `query:"state" enum:"open,approved,refused,withdrawn,expired" doc:"Only these"`
	}
	proposalsOutput struct {
		Body struct {
			Proposals []Proposal `json:"proposals" doc:"Newest first"`
			Next
		}
	}
	decisionInput struct {
		InProposal
		Body struct {
			Why string `json:"why,omitempty" maxLength:"1000" doc:"For those who look at it later"`
		} `nameHint:"Decision"`
	}
	refusalInput struct {
		InProposal
		Body struct {
			Why string `json:"why" minLength:"1" maxLength:"1000" doc:"What the proposer has to know"`
		} `nameHint:"Refusal"`
	}
)

const proposalPath = "/v1/proposals/{proposal}"

func (s *server) approvals(a huma.API) {
	huma.Register(a, needs(right.ApprovalRead, question("list-proposals", "/v1/proposals", tagApprovals, "List what was proposed")), s.listProposals)
	huma.Register(a, needs(right.ApprovalRead, question("get-proposal", proposalPath, tagApprovals, "Show a proposal with what it would change")), s.getProposal)
	huma.Register(a, decides(right.ApprovalDecide, change("approve-proposal", proposalPath+"/approval", tagApprovals, "Approve a proposal",
		"Another person than the proposer, with a role that may approve so much. What it does to rows happens in the same transaction.")), s.approve)
	huma.Register(a, decides(right.ApprovalDecide, change("refuse-proposal", proposalPath+"/refusal", tagApprovals, "Refuse a proposal",
		"Whoever could approve it may refuse it.")), s.refuse)
	huma.Register(a, decides(right.ApprovalRead, change("withdraw-proposal", proposalPath+"/withdrawal", tagApprovals, "Withdraw a proposal",
		"The person who made it.")), s.withdraw)
}

func (s *server) listProposals(ctx context.Context, in *proposalsInput) (*proposalsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfProposals, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, err := g.Approvals.List(ctx, tenant(ctx), proposalStates.value(in.State, 0), page.After, page.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &proposalsOutput{}
	out.Body.Proposals = convert(list, func(p ops.Proposal) Proposal { return proposalOf(&p) })
	out.Body.Next.Next = rowCursor(listOfProposals, list, page, func(p *ops.Proposal) id.ID { return p.ID })
	return out, nil
}

func (s *server) getProposal(ctx context.Context, in *InProposal) (*proposalOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	p, err := g.Approvals.Get(ctx, tenant(ctx), id.ID(in.Proposal))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	changes, err := ops.Difference(p.Was, p.Becomes)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &proposalOutput{Body: proposalOf(&p)}
	out.Body.Changes = convert(changes, func(c ops.Change) Change {
		return Change{Path: c.Path, Was: json.RawMessage(c.Was), Becomes: json.RawMessage(c.Becomes)}
	})
	return out, nil
}

func (s *server) approve(ctx context.Context, in *decisionInput) (*proposalOutput, error) {
	return s.decide(ctx, func(a *ops.Approvals, by party.By) (ops.Proposal, error) {
		return a.Approve(ctx, by.Tenant, id.ID(in.Proposal), by.Actor, in.Body.Why)
	})
}

func (s *server) refuse(ctx context.Context, in *refusalInput) (*proposalOutput, error) {
	return s.decide(ctx, func(a *ops.Approvals, by party.By) (ops.Proposal, error) {
		return a.Refuse(ctx, by.Tenant, id.ID(in.Proposal), by.Actor, in.Body.Why)
	})
}

func (s *server) withdraw(ctx context.Context, in *decisionInput) (*proposalOutput, error) {
	return s.decide(ctx, func(a *ops.Approvals, by party.By) (ops.Proposal, error) {
		return a.Withdraw(ctx, by.Tenant, id.ID(in.Proposal), by.Actor, in.Body.Why)
	})
}

func (s *server) decide(ctx context.Context, f func(*ops.Approvals, party.By) (ops.Proposal, error)) (*proposalOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	if err := whole(ctx, g); err != nil {
		return nil, s.problem(ctx, err)
	}
	p, err := f(g.Approvals, api.CallOf(ctx).Principal.By())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &proposalOutput{Body: proposalOf(&p)}, nil
}
