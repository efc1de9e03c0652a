package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

type (
	applicationInput struct {
		InApplication
	}
	askInput struct {
		InApplication
		Body struct{} `nameHint:"AskToSign"`
	}
	signInput struct {
		InApplication
		Body struct {
			ID   NewID  `json:"id" doc:"Made by the client: the same again changes nothing"`
			Code string `json:"code" pattern:"^[0-9]{6}$" doc:"As it was sent" example:"123456"`
		} `nameHint:"ApplicationSignature"`
	}
	leaveInput struct {
		InApplication
		Body struct {
			ID NewID `json:"id" doc:"Made by the client: the same again changes nothing"`
		} `nameHint:"ApplicationWithdrawal"`
	}
	closureInput struct {
		InApplication
		Body struct {
			ID     NewID  `json:"id" doc:"Made by the client: the same again changes nothing"`
			Reason string `json:"reason" minLength:"1" maxLength:"32" doc:"A code, of a-z, 0-9, _ and -" example:"paid-up"`
		} `nameHint:"ApplicationClosure"`
	}
	verdictInput struct {
		InApplication
		Body struct {
			ID      NewID  `json:"id" doc:"Made by the client: the same again changes nothing"`
			Outcome string `json:"outcome" enum:"accepted,declined"`
			Grade   string `json:"grade,omitempty" maxLength:"32" doc:"Of what is offered; needed to accept"`
			Amount  Amount `json:"amount,omitzero" doc:"At most what was asked for, which it is if absent"`
			Reason  string `json:"reason,omitempty" maxLength:"32" doc:"A code, of a-z, 0-9, _ and -; needed to decline" example:"over-indebted"`
		} `nameHint:"ApplicationDecision"`
	}
)

func (s *server) applicationActs(a huma.API) {
	huma.Register(a, decides(right.LoanDecide, change("decide-application", applicationPath+"/decision", tagLending, "Decide on an application that was referred to a person",
		"Nobody decides on an application of a party for which he acts, by whichever of his logins.")), s.decideApplication)
	huma.Register(a, himself(change("ask-to-sign", applicationPath+"/code", tagLending, "Send a one-time code to the one for whom one acts, borrower or guarantor, with which he signs the agreement",
		"It goes to his mobile number and stands in no answer. It is good for 10 minutes and ends the one before; at most 10 are sent.")), s.askToSign)
	huma.Register(a, himself(change("sign-application", applicationPath+"/signature", tagLending, "Sign the agreement with the code that was sent last",
		"Guarantors sign first, the borrower last. The loan is then opened for bids, and paid out as soon as it is funded.")), s.signApplication)
	huma.Register(a, acts(right.OrderWrite, change("withdraw-application", applicationPath+"/withdrawal", tagLending, "Withdraw an application that was not signed", "")),
		s.withdrawApplication)
	huma.Register(a, decides(right.LoanService, change("close-application", applicationPath+"/closure", tagLending, "Close an application whose loan is settled or was written off",
		"From then on nothing is counted of its loan and no payment is taken back. Nothing may lie on the loan's credit account, and no proposal about it be open. "+
			"Nobody closes an application of a party for which he acts, by whichever of his logins.")), s.closeApplication)
}

// actOn is what the caller does to an application.
func actOn(ctx context.Context, a *application.Application, role string) order.Act {
	return order.Act{Actor: by(ctx).Actor, Behalf: a.Borrower, Role: role}
}

// signing finds an application for one of those who sign it: for the party for which one acts, else for the borrower. With
// a right it may be one of any party.
func (s *server) signing(ctx context.Context, in *InApplication, r ...right.Right) (g *ground.Ground, a *application.Application, of id.ID, err error) {
	if g, err = s.ground(ctx); err != nil {
		return nil, nil, of, err
	}
	party := api.CallOf(ctx).Principal.Party
	if a, err = g.Applications.Get(ctx, tenant(ctx), id.ID(in.Application)); err == nil && a.Guarantees(party) {
		return g, a, party, nil
	}
	if g, a, err = s.application(ctx, in, r...); err != nil {
		return nil, nil, of, err
	}
	return g, a, a.Borrower, nil
}

func (s *server) decideApplication(ctx context.Context, in *verdictInput) (*applicationOutput, error) {
	g, a, err := s.application(ctx, &in.InApplication, right.LoanDecide)
	if err != nil {
		return nil, err
	}
	if api.CallOf(ctx).Principal.ActsFor(a.Borrower) {
		return nil, s.problem(ctx, errs.Forbidden.Errorf("nobody decides on his own application"))
	}
	b := &in.Body
	x := application.Decision{Verdict: verdicts.value(b.Outcome, 0), Grade: b.Grade, Amount: int64(b.Amount), Reason: b.Reason}
	if x.Amount == 0 {
		x.Amount = a.Asked
	}
	act := actOn(ctx, a, application.Officer)
	act.Behalf = id.ID{}
	a, err = g.Applications.Decide(ctx, a.Tenant, a.ID, id.ID(b.ID), act, x)
	return s.shownApplication(ctx, g, a, inBodyOf(err, "", "body."))
}

func (s *server) closeApplication(ctx context.Context, in *closureInput) (*applicationOutput, error) {
	g, a, err := s.application(ctx, &in.InApplication, right.LoanService)
	if err != nil {
		return nil, err
	}
	if api.CallOf(ctx).Principal.ActsFor(a.Borrower) {
		return nil, s.problem(ctx, errs.Forbidden.Errorf("nobody closes his own application"))
	}
	act := actOn(ctx, a, application.Officer)
	act.Behalf, act.Reason = id.ID{}, in.Body.Reason
	a, err = g.Applications.Close(ctx, a.Tenant, a.ID, id.ID(in.Body.ID), act)
	return s.shownApplication(ctx, g, a, inBodyOf(err, "", "body."))
}

func (s *server) askToSign(ctx context.Context, in *askInput) (*applicationOutput, error) {
	g, a, of, err := s.signing(ctx, &in.InApplication)
	if err != nil {
		return nil, err
	}
	a, err = g.Applications.AskToSign(ctx, a.Tenant, a.ID, of)
	return s.shownApplication(ctx, g, a, err)
}

func (s *server) signApplication(ctx context.Context, in *signInput) (*applicationOutput, error) {
	g, a, of, err := s.signing(ctx, &in.InApplication)
	if err != nil {
		return nil, err
	}
	a, err = g.Applications.Sign(ctx, a.Tenant, a.ID, of, id.ID(in.Body.ID), actOn(ctx, a, application.Borrower), in.Body.Code)
	return s.shownApplication(ctx, g, a, inBodyOf(err, "", "body."))
}

func (s *server) withdrawApplication(ctx context.Context, in *leaveInput) (*applicationOutput, error) {
	g, a, err := s.application(ctx, &in.InApplication, right.OrderWrite)
	if err != nil {
		return nil, err
	}
	role := application.Officer
	if api.CallOf(ctx).Principal.ActsFor(a.Borrower) {
		role = application.Borrower
	}
	a, err = g.Applications.Withdraw(ctx, a.Tenant, a.ID, id.ID(in.Body.ID), actOn(ctx, a, role))
	return s.shownApplication(ctx, g, a, inBodyOf(err, "", "body."))
}
