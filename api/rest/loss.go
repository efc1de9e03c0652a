package rest

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

type (
	payoutInput struct {
		InLoan
		Body struct {
			ID   NewID  `json:"id" doc:"Made by the client: the same again gives the first result"`
			Most Amount `json:"most,omitempty" doc:"That is paid; all that is past due if absent"`
		} `nameHint:"Payout"`
	}
	purchaseInput struct {
		InLoan
		Body struct {
			ID    NewID  `json:"id" doc:"Made by the client: the same again gives the first result"`
			Payer string `json:"payer,omitempty" maxLength:"255" doc:"Account of one who has to pay by the contract; the first who can if absent"`
		} `nameHint:"LoanPurchase"`
	}
	recoveryInput struct {
		InLoan
		Body struct {
			ID     NewID  `json:"id" doc:"Made by the client: the same again gives the first result"`
			Amount Amount `json:"amount" doc:"On the borrower's cash account; what lies on the loan's credit account counts before it, and alone with 0"`
			Costs  Amount `json:"costs,omitempty" doc:"Of it, what it cost to get"`
			Date   Date   `json:"date,omitzero" doc:"From which it counts, if not from today"`
		} `nameHint:"Recovery"`
	}
	loanChangeInput struct {
		InLoan
		Body struct {
			ID      NewID  `json:"id" doc:"Of the proposal, made by the client: the same again changes nothing"`
			Kind    string `json:"kind" enum:"charged,deferred,rescheduled,repriced,restructured" doc:"charged: an amount falls due as a fee or penalty; deferred: the next rows fall due so many periods later; rescheduled: they are laid anew; repriced: another rate holds; restructured: laid anew, with another rate if there is one"`
			Reason  string `json:"reason" minLength:"1" maxLength:"1000" doc:"For who decides"`
			Date    Date   `json:"date,omitzero" doc:"From which it counts; the day on which it is approved if absent"`
			Amount  Amount `json:"amount,omitempty" doc:"charged: up to 5,000,000,000,000,000 minor units, all charges of a loan together"`
			Charge  string `json:"charge,omitempty" enum:"fee,penalty" doc:"charged: as what; a fee if absent"`
			Due     Date   `json:"due,omitzero" doc:"charged: when it is due; rescheduled and restructured: the first due date"`
			Rows    int    `json:"rows,omitempty" minimum:"0" maximum:"1200" doc:"deferred: by so many periods; rescheduled and restructured: so many rows, as many as before if absent"`
			Rate    string `json:"rate,omitempty" maxLength:"20" doc:"repriced and restructured: a year" example:"0.12"`
			Keep    bool   `json:"keep,omitempty" doc:"repriced: the installment stays"`
			Holiday string `json:"holiday,omitempty" enum:"due,carried,free" doc:"deferred: interest meanwhile is due as ever, due with the first row after it, or there is none; due if absent"`
		} `nameHint:"LoanChange"`
	}
	writeOffInput struct {
		InLoan
		Body struct {
			ID     NewID  `json:"id" doc:"Of the proposal, made by the client: the same again changes nothing"`
			Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"For who decides"`
		} `nameHint:"WriteOff"`
	}
	serviceInput struct {
		Body struct {
			ID      NewID  `json:"id" doc:"Made by the client: the same again goes on with the same division"`
			Ledger  string `json:"ledger" minLength:"1" maxLength:"64" doc:"Name of the ledger"`
			Account string `json:"account" minLength:"1" maxLength:"255" doc:"Whose money is divided" example:"platform:reserve"`
		} `nameHint:"PayoutService"`
	}
	serviceOutput struct {
		Body struct {
			Events []LoanEvent `json:"events" doc:"The payouts, in the order of their due dates"`
		} `nameHint:"PayoutServices"`
	}
	lineInput struct {
		InPage
		Ledger  string `query:"ledger" required:"true" minLength:"1" maxLength:"64" doc:"Name of the ledger"`
		Account string `query:"account" required:"true" minLength:"1" maxLength:"255" doc:"For whose money they wait"`
	}
	// WaitingPayout is what waits of one loan and due date.
	WaitingPayout struct {
		Loan   ID     `json:"loan"`
		Due    Date   `json:"due"`
		Amount Amount `json:"amount"`
	}
	lineOutput struct {
		Body struct {
			Waiting []WaitingPayout `json:"waiting" doc:"In the order in which it is paid"`
			Next
		} `nameHint:"WaitingPayouts"`
	}
)

func (s *server) losses(a huma.API) {
	huma.Register(a, needs(right.LoanService, change("pay-out-loan", loanPath+"/payouts", tagLoans, "Pay holders in the borrower's place 代偿",
		"Those who have to by the contract pay what is past due, each as far as his part, his limit and his money go. The borrower owes it as ever.")), s.payOut)
	huma.Register(a, needs(right.LoanService, change("buy-loan", loanPath+"/purchases", tagLoans, "Let one who has to pay for the borrower take the loan over",
		"All units move to him at what is outstanding and accrued, in one command.")), s.buyLoan)
	huma.Register(a, needs(right.LoanService, change("recover-loan", loanPath+"/recoveries", tagLoans, "Count what was recovered of a loan that was written off 追偿",
		"It goes to costs, to those who paid for the borrower and to those who hold the loan, in the product's order.")), s.recoverLoan)
	huma.Register(a, decides(right.LoanService, change("propose-loan-change", loanPath+"/changes", tagLoans, "Propose to change a loan, which another person approves",
		"Once it is approved it is done at once, as a planned event of kind loan-act; the loan's event has the id of the proposal.")), s.proposeLoanChange)
	huma.Register(a, decides(right.LoanService, change("propose-write-off", loanPath+"/write-offs", tagLoans, "Propose to write a loan off, which another person approves",
		"State and books say so; units and debt stay.")), s.proposeWriteOff)
	huma.Register(a, needs(right.LoanRead, question("list-waiting-payouts", "/v1/waiting-payouts", tagLoans, "List what waits for the money of a reserve or guarantor")), s.listLine)
	huma.Register(a, needs(right.LoanService, change("serve-payouts", "/v1/payout-services", tagLoans, "Divide what a reserve or guarantor has among the loans that wait for it",
		"By due date, those of one day in proportion, to the cent. It happens by itself when money comes to the account.")), s.servePayouts)
}

func (s *server) payOut(ctx context.Context, in *payoutInput) (*eventOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanService)
	if err != nil {
		return nil, err
	}
	e, err := g.Loans.Cover(ctx, tenant(ctx), l.Deed.Loan, servicing.Payout{ID: id.ID(in.Body.ID), Most: int64(in.Body.Most), Actor: by(ctx).Actor})
	return s.loanEvent(ctx, &e, err)
}

func (s *server) buyLoan(ctx context.Context, in *purchaseInput) (*eventOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanService)
	if err != nil {
		return nil, err
	}
	e, err := g.Loans.Buy(ctx, tenant(ctx), l.Deed.Loan, servicing.Purchase{ID: id.ID(in.Body.ID), Payer: in.Body.Payer, Actor: by(ctx).Actor})
	return s.loanEvent(ctx, &e, err)
}

func (s *server) recoverLoan(ctx context.Context, in *recoveryInput) (*eventOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanService)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	e, err := g.Loans.Recover(ctx, tenant(ctx), l.Deed.Loan, servicing.Recovery{
		ID: id.ID(b.ID), Amount: int64(b.Amount), Costs: int64(b.Costs), Date: dayOf(b.Date), Actor: by(ctx).Actor,
	})
	return s.loanEvent(ctx, &e, err)
}

var (
	charges = map[string]loan.Component{"": loan.Fee, "fee": loan.Fee, "penalty": loan.Penalty}
	pauses  = map[string]schedule.HolidayInterest{"carried": schedule.HolidayCarried, "free": schedule.HolidayFree}
)

func (s *server) proposeLoanChange(ctx context.Context, in *loanChangeInput) (*proposedOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanService)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	for _, m := range []struct {
		name  string
		given bool
		kinds string
	}{
		{"amount", b.Amount != 0, "charged"},
		{"charge", b.Charge != "", "charged"},
		{"due", b.Due != 0, "charged, rescheduled or restructured"},
		{"rows", b.Rows != 0, "deferred, rescheduled or restructured"},
		{"rate", b.Rate != "", "repriced or restructured"},
		{"keep", b.Keep, "repriced"},
		{"holiday", b.Holiday != "", "deferred"},
	} {
		if m.given && !strings.Contains(m.kinds, b.Kind) {
			return nil, s.problem(ctx, errs.Invalid.Errorf("belongs to what is %s, not to what is %s: leave it out", m.kinds, b.Kind).On("body."+m.name))
		}
	}
	p, err := g.Loans.ProposeChange(ctx, g.Approvals, loanDraft(ctx, b.ID, b.Reason), l.Deed.Loan, servicing.Change{
		Kind: servicing.Kind(b.Kind), Date: dayOf(b.Date), Amount: int64(b.Amount), Component: charges[b.Charge], Due: dayOf(b.Due), Rows: b.Rows,
		Rate: b.Rate, Keep: b.Keep, Holiday: pauses[b.Holiday],
	})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return proposedOf(&p), nil
}

func (s *server) proposeWriteOff(ctx context.Context, in *writeOffInput) (*proposedOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanService)
	if err != nil {
		return nil, err
	}
	p, err := g.Loans.ProposeWriteOff(ctx, g.Approvals, loanDraft(ctx, in.Body.ID, in.Body.Reason), l.Deed.Loan)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return proposedOf(&p), nil
}

// loanDraft is the caller as the one who proposes.
func loanDraft(ctx context.Context, proposal NewID, reason string) servicing.Draft {
	return servicing.Draft{Tenant: tenant(ctx), Proposal: id.ID(proposal), Proposer: by(ctx).Actor, Reason: reason}
}

func (s *server) servePayouts(ctx context.Context, in *serviceInput) (*serviceOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	if !api.CallOf(ctx).Principal.Reaches(b.Ledger) {
		return nil, s.problem(ctx, errs.NotFound.Errorf("there is no ledger %q", b.Ledger).On("body.ledger"))
	}
	if _, _, err := s.account(ctx, b.Ledger, b.Account, "body.account", 0); err != nil {
		return nil, err
	}
	list, err := g.Loans.Serve(ctx, tenant(ctx), servicing.Service{ID: id.ID(b.ID), Ledger: b.Ledger, Account: b.Account, Actor: by(ctx).Actor})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	out := &serviceOutput{}
	out.Body.Events = convert(list, func(e servicing.Event) LoanEvent { return loanEventOf(&e) })
	return out, nil
}

func (s *server) listLine(ctx context.Context, in *lineInput) (*lineOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.latePlace(ctx, listOfWaitingPayouts, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := g.Loans.Line(ctx, tenant(ctx), in.Ledger, in.Account)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	list = slices.DeleteFunc(list, func(w servicing.Wanted) bool {
		return w.Due < after.Agreed || w.Due == after.Agreed && bytes.Compare(w.Loan[:], after.Loan[:]) <= 0
	})
	out := &lineOutput{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := &list[in.Limit-1]
		out.Body.Next.Next = lateCursor(listOfWaitingPayouts, servicing.Place{Agreed: last.Due, Loan: last.Loan})
	}
	out.Body.Waiting = convert(list, func(w servicing.Wanted) WaitingPayout {
		return WaitingPayout{ID(w.Loan), dateOf(w.Due), Amount(w.Amount)}
	})
	return out, nil
}
