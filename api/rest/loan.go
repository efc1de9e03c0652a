package rest

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/kit/logging"
)

// Split is an amount by component.
type Split struct {
	Penalty   Amount `json:"penalty"`
	Fee       Amount `json:"fee"`
	Interest  Amount `json:"interest"`
	Principal Amount `json:"principal"`
	Total     Amount `json:"total"`
}

func splitOf(s loan.Split) Split {
	return Split{
		Penalty: Amount(s[loan.Penalty]), Fee: Amount(s[loan.Fee]), Interest: Amount(s[loan.Interest]), Principal: Amount(s[loan.Principal]),
		Total: Amount(s.Total()),
	}
}

// Loan is how a loan stands on a day.
type Loan struct {
	ID          ID            `json:"id"`
	Borrower    ID            `json:"borrower"`
	Ledger      string        `json:"ledger"`
	Asset       string        `json:"asset"`
	Product     string        `json:"product"`
	Version     uint32        `json:"version" doc:"Of the product, for ever"`
	State       string        `json:"state" enum:"opening,active,restructured,written-off,closed" doc:"Whether it is overdue is no state: it follows from the date"`
	On          Date          `json:"on"`
	Bucket      string        `json:"bucket" doc:"M0: not overdue, Mk: 30(k-1)+1 to 30k days, M6+: above 150" example:"M0"`
	Days        int           `json:"days" doc:"Since the oldest due date that is not paid"`
	Due         Split         `json:"due" doc:"Due until the day, it included, and not paid"`
	PastDue     Split         `json:"past_due" doc:"The part of it that was due before the day"`
	Outstanding Split         `json:"outstanding" doc:"By the schedule, to its end"`
	Credit      Amount        `json:"credit" doc:"Paid beyond what was due, kept on the loan"`
	Claims      []Claimed     `json:"claims,omitempty" doc:"What is owed to those who paid in the borrower's place"`
	Waits       []Wait        `json:"waits,omitempty" doc:"What is paid out in the borrower's place once there is money"`
	Rows        []Installment `json:"rows"`
}

// Claimed is a part of something, by whose it is.
type Claimed struct {
	Account string `json:"account"`
	Split   Split  `json:"split"`
}

// Wait is what a payer could not pay for want of money.
type Wait struct {
	Account string `json:"account"`
	Amount  Amount `json:"amount"`
}

// Installment is a row of the schedule.
type Installment struct {
	N      int   `json:"n"`
	Due    Date  `json:"due"`
	Agreed Date  `json:"agreed" doc:"The due date before a holiday moved it"`
	Owed   Split `json:"owed"`
	Paid   Split `json:"paid"`
}

// LoanCorrection is a difference to what the holders got by an earlier event; negative: taken back.
type LoanCorrection struct {
	Event     uint32 `json:"event" doc:"Number of the event by which they got it"`
	Principal Amount `json:"principal,omitempty"`
	Interest  Amount `json:"interest,omitempty"`
	Charge    Amount `json:"charge,omitempty"`
}

// LoanEvent is something that happened to a loan. It never changes.
type LoanEvent struct {
	Number   uint32   `json:"number"`
	ID       ID       `json:"id"`
	Kind     string   `json:"kind" example:"repaid"`
	Date     Date     `json:"date" doc:"From which it counts"`
	At       Instant  `json:"at" doc:"By the ledger's clock"`
	Actor    ID       `json:"actor,omitzero"`
	Outcome  string   `json:"outcome" doc:"applied; suspected: it looks like an earlier payment made a second time, nothing was taken; waiting: whoever has to pay has no money, it is paid once he has; or the code by which the ledger refused it" example:"applied"`
	Asked    Amount   `json:"asked,omitempty" doc:"What was offered"`
	Amount   Amount   `json:"amount,omitempty" doc:"What was taken of it"`
	Kept     Amount   `json:"kept,omitempty" doc:"What went to the loan's credit, or came from it"`
	Split    Split    `json:"split" doc:"As it was known then"`
	Of       ID       `json:"of,omitzero" doc:"The event that it reverses"`
	PaidAt   Instant  `json:"paid_at,omitzero" doc:"When the payer paid, if that was said"`
	Received Instant  `json:"received_at,omitzero" doc:"When the money came, if that was said"`
	Undone   []uint32 `json:"undone,omitempty" doc:"Events whose distributions were taken back first, so that the past is paid as it turned out"`
	Sequence uint64   `json:"sequence,omitempty" doc:"Of the command that paid it forward"`

	Corrected []LoanCorrection `json:"corrected,omitempty" doc:"Differences to earlier payments, of which units changed hands since: paid to who held them then, or taken back"`

	Payers   []Claimed `json:"payers,omitempty" doc:"Who paid what in the borrower's place, if several did"`
	Payer    string    `json:"payer,omitempty" doc:"Account that paid, if it was not the borrower's"`
	Waits    []Wait    `json:"waits,omitempty" doc:"What some of them could not pay for want of money"`
	Costs    Amount    `json:"costs,omitempty" doc:"Kept of what was recovered"`
	Units    uint64    `json:"units,omitempty" doc:"That were bought"`
	Approval ID        `json:"approval,omitzero" doc:"The proposal that another person approved"`
	Reason   string    `json:"reason,omitempty" doc:"A code: why it ended, after which nothing is done to the loan"`
}

func loanEventOf(e *servicing.Event) LoanEvent {
	return LoanEvent{
		Number: e.Number, ID: ID(e.ID), Kind: string(e.Kind), Date: dateOf(e.Date), At: Instant(e.At), Actor: ID(e.Actor), Outcome: string(e.Outcome),
		Asked: Amount(e.Asked), Amount: Amount(e.Amount), Kept: Amount(e.Kept), Split: splitOf(e.Split), Of: ID(e.Of), Undone: e.Undone, Sequence: e.Sequence,
		Payers: convert(e.Payers, claimedOf), Payer: e.Payer, Waits: convert(e.Waits, waitOf), Costs: Amount(e.Costs), Units: e.Units, Approval: ID(e.Approval), Reason: e.Reason,
		PaidAt: Instant(e.Paid), Received: Instant(e.Received), Corrected: convert(e.Corrected, loanCorrectionOf),
	}
}

func loanCorrectionOf(c servicing.Correction) LoanCorrection {
	return LoanCorrection{c.Event, Amount(c.Holders[0]), Amount(c.Holders[1]), Amount(c.Holders[2])}
}

func claimedOf(p servicing.PayerPart) Claimed { return Claimed{p.Account, splitOf(p.Split)} }

func waitOf(w servicing.Wait) Wait { return Wait{w.Account, Amount(w.Amount)} }

// dateOf is a day of finmath as doors write it.
func dateOf(d day.Date) Date { return Date(ledger.DateOfUnixDay(int32(d))) }

// dayOf is a date as finmath has it, 0 for none.
func dayOf(d Date) day.Date {
	if d == 0 {
		return 0
	}
	return day.Date(ledger.Date(d).UnixDay())
}

// InLoan names a loan in the path.
type InLoan struct {
	Loan CommandID `path:"loan" doc:"Id of the loan" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

type (
	loanInput struct {
		InLoan
		On DateParam `query:"on" doc:"A day not before the loan's last event; today of its ledger if absent"`
	}
	loanOutput  struct{ Body Loan }
	eventsInput struct {
		InLoan
		InPage
	}
	eventsOutput struct {
		Body struct {
			Events []LoanEvent `json:"events" doc:"Oldest first"`
			Next
		}
	}
	payoffOutput struct {
		Body struct {
			On     Date   `json:"on"`
			Split  Split  `json:"split" doc:"What closes the loan on the day, to the cent"`
			Credit Amount `json:"credit" doc:"What of it lies on the loan's credit account"`
		} `nameHint:"Payoff"`
	}
	// Payment is money that is there for a loan.
	Payment struct {
		ID     NewID  `json:"id" doc:"Made by the client: the same again gives the first result"`
		Amount Amount `json:"amount" doc:"On the borrower's cash account"`
		Date   Date   `json:"date,omitzero" doc:"From which it counts, whatever the product says; only with the right"`
		Settle bool   `json:"settle,omitempty" doc:"It closes the loan, as a payoff quote says"`
		Anyway bool   `json:"anyway,omitempty" doc:"Also if it looks like an earlier payment made a second time"`

		PaidAt     Instant `json:"paid_at,omitzero" doc:"When the payer paid; the product says which instant counts, and until which time of day. Only with the right"`
		ReceivedAt Instant `json:"received_at,omitzero" doc:"When the money came; now if absent. Only with the right"`
	}
	paymentInput struct {
		InLoan
		Body Payment
	}
	reversalInput struct {
		InLoan
		Body struct {
			ID    NewID     `json:"id" doc:"Made by the client"`
			Event CommandID `json:"event" doc:"What is taken back"`
		} `nameHint:"Reversal"`
	}
	eventOutput struct{ Body LoanEvent }
	// InLate is of whom lists of what is late tell.
	InLate struct {
		On   DateParam `query:"on" required:"true" doc:"Today by the tenant's ledger or a day to come, if nothing is paid until then"`
		From int       `query:"from" minimum:"0" maximum:"36500" doc:"Only from so many days past due"`
		To   int       `query:"to" minimum:"0" maximum:"36500" doc:"Only up to so many; 0: no bound"`
	}
	overdueInput struct {
		InPage
		InLate
	}
	// LateLoan is a loan that is overdue.
	LateLoan struct {
		Loan      ID     `json:"loan"`
		Borrower  ID     `json:"borrower"`
		Product   string `json:"product"`
		Due       Date   `json:"due" doc:"Oldest due date that is not paid"`
		Days      int    `json:"days"`
		Bucket    string `json:"bucket"`
		Principal Amount `json:"principal" doc:"Not repaid"`
	}
	overdueOutput struct {
		Body struct {
			Loans []LateLoan `json:"loans" doc:"Oldest first"`
			Next
		}
	}
)

const loanPath = "/v1/loans/{loan}"

// OverdueExport is the path of an answer that takes longer than others.
const OverdueExport = "/v1/overdue-loans/export"

// maxExports is how many go at once: each keeps a reader of the database.
const maxExports = 2

func (s *server) loans(a huma.API) {
	huma.Register(a, mine(right.LoanRead, question("get-loan", loanPath, tagLoans, "Tell how a loan stands on a day")), s.getLoan)
	huma.Register(a, mine(right.LoanRead, question("list-loan-events", loanPath+"/events", tagLoans, "List what happened to a loan")), s.listLoanEvents)
	huma.Register(a, mine(right.LoanRead, question("get-payoff", loanPath+"/payoff", tagLoans, "Tell what closes a loan on a day")), s.getPayoff)
	huma.Register(a, mine(right.LoanService, change("repay-loan", loanPath+"/payments", tagLoans, "Count a payment and pay it to all who hold the loan",
		"The money is on the borrower's cash account. One command of the ledger pays fees and all holders; the answer comes when all balances can be read.")), s.repayLoan)
	huma.Register(a, needs(right.LoanService, change("reverse-loan-event", loanPath+"/reversals", tagLoans, "Take an event back, such as a payment that bounced",
		"The loan is then as if it had never been, and so are the books: what holders have spent they owe.")), s.reverseLoanEvent)
	s.losses(a)
	s.collections(a)
	s.suspectedPayments(a)
	huma.Register(a, needs(right.LoanRead, question("list-overdue-loans", "/v1/overdue-loans", tagLoans, "List the loans that are overdue on a day")), s.listOverdue)
	export := question("export-overdue-loans", OverdueExport, tagLoans, "Export all loans that are overdue on a day, oldest first, with principal in minor units")
	export.Responses = map[string]*huma.Response{"200": {Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{
		csvType: {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(a, needs(right.LoanRead, export), s.exportOverdue)
}

// loan finds a loan that the caller may see: of a party for which he acts, or any with the right.
func (s *server) loan(ctx context.Context, in *InLoan, r right.Right) (*ground.Ground, *servicing.Loan, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, nil, err
	}
	l, err := g.Loans.Get(ctx, tenant(ctx), id.ID(in.Loan))
	if errs.Is(err, errs.NotFound) || err == nil && !holds(ctx, r) && !api.CallOf(ctx).Principal.ActsFor(l.Borrower) {
		err = errs.NotFound.Errorf("there is no such loan, or it is not yours").On("path.loan")
	}
	if err != nil {
		return nil, nil, s.problem(ctx, err)
	}
	return g, l, nil
}

func (s *server) getLoan(ctx context.Context, in *loanInput) (*loanOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanRead)
	if err != nil {
		return nil, err
	}
	t, err := g.Loans.Standing(ctx, tenant(ctx), l.Deed.Loan, dayOf(in.On.Date))
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "date", "query.on"))
	}
	out := &loanOutput{Body: Loan{
		ID: ID(l.Deed.Loan), Borrower: ID(l.Borrower), Ledger: l.Ledger, Asset: l.Asset, Product: l.Product, Version: l.Deed.Version, State: string(t.State),
		On: dateOf(t.On), Bucket: t.Bucket, Days: t.Days, Due: splitOf(t.Due), PastDue: splitOf(t.PastDue), Outstanding: splitOf(t.Outstanding), Credit: Amount(t.Credit),
		Claims: convert(t.Claims, claimedOf), Waits: convert(t.Waits, waitOf),
	}}
	out.Body.Rows = convert(t.Rows, func(r loan.Row) Installment {
		return Installment{N: r.N, Due: dateOf(r.Row.Due), Agreed: dateOf(r.Nominal), Owed: splitOf(r.Due()), Paid: splitOf(r.Paid)}
	})
	return out, nil
}

func (s *server) listLoanEvents(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
	_, l, err := s.loan(ctx, &in.InLoan, right.LoanRead)
	if err != nil {
		return nil, err
	}
	after, err := s.number(ctx, listOfLoanEvents, in.Cursor)
	if err != nil {
		return nil, err
	}
	list := l.Events[min(after, uint64(len(l.Events))):]
	out := &eventsOutput{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next.Next = numberCursor(listOfLoanEvents, uint64(list[in.Limit-1].Number))
	}
	out.Body.Events = convert(list, func(e servicing.Event) LoanEvent { return loanEventOf(&e) })
	return out, nil
}

func (s *server) getPayoff(ctx context.Context, in *loanInput) (*payoffOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanRead)
	if err != nil {
		return nil, err
	}
	q, err := g.Loans.Quote(ctx, tenant(ctx), l.Deed.Loan, dayOf(in.On.Date))
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "date", "query.on"))
	}
	out := &payoffOutput{}
	out.Body.On, out.Body.Split, out.Body.Credit = dateOf(q.On), splitOf(q.Split), Amount(q.Overpaid)
	return out, nil
}

// said is the field that says when a payment was made, if one does.
func (p *Payment) said() string {
	switch {
	case p.Date != 0:
		return "body.date"
	case p.PaidAt != 0:
		return "body.paid_at"
	case p.ReceivedAt != 0:
		return "body.received_at"
	}
	return ""
}

// timeOf is an instant as a time, zero for none.
func timeOf(i Instant) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return ledger.Instant(i).Time()
}

func (s *server) repayLoan(ctx context.Context, in *paymentInput) (*eventOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanService)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	if field := b.said(); field != "" && !holds(ctx, right.LoanService) {
		return nil, s.problem(ctx, errs.Forbidden.Errorf("a payment counts as made now; to say when it was takes the right %s", right.LoanService).On(field))
	}
	e, err := g.Loans.Repay(ctx, tenant(ctx), l.Deed.Loan, servicing.Payment{
		ID: id.ID(b.ID), Amount: int64(b.Amount), Date: dayOf(b.Date), Settle: b.Settle, Anyway: b.Anyway, Actor: by(ctx).Actor, Behalf: l.Borrower,
		Paid: timeOf(b.PaidAt), Received: timeOf(b.ReceivedAt),
	})
	return s.loanEvent(ctx, &e, err)
}

func (s *server) reverseLoanEvent(ctx context.Context, in *reversalInput) (*eventOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanService)
	if err != nil {
		return nil, err
	}
	e, err := g.Loans.Reverse(ctx, tenant(ctx), l.Deed.Loan, id.ID(in.Body.ID), id.ID(in.Body.Event), by(ctx).Actor)
	return s.loanEvent(ctx, &e, err)
}

// loanEvent answers with an event. One that the ledger refused is a problem that names the reason.
func (s *server) loanEvent(ctx context.Context, e *servicing.Event, err error) (*eventOutput, error) {
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	if e.Outcome != servicing.Applied && e.Outcome != servicing.Suspected && e.Outcome != servicing.Waiting {
		return nil, s.problem(ctx, servicing.Refused.Errorf("the ledger says %s; nothing has changed, and the id is used up", e.Outcome))
	}
	return &eventOutput{Body: loanEventOf(e)}, nil
}

func (s *server) listOverdue(ctx context.Context, in *overdueInput) (*overdueOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.latePlace(ctx, listOfOverdue, in.Cursor)
	if err == nil {
		err = s.notPast(ctx, g, dayOf(in.On.Date))
	}
	if err != nil {
		return nil, err
	}
	list, more, err := g.Loans.Overdue(ctx, tenant(ctx), dayOf(in.On.Date), in.From, in.To, after, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &overdueOutput{}
	out.Body.Loans = convert(list, lateOf)
	if more {
		last := &list[len(list)-1]
		out.Body.Next.Next = lateCursor(listOfOverdue, servicing.Place{Agreed: last.Agreed, Loan: last.Loan})
	}
	return out, nil
}

// exportOverdue writes while it reads. Where that ends early the connection does too: whoever has the whole answer has all.
func (s *server) exportOverdue(ctx context.Context, in *InLate) (*huma.StreamResponse, error) {
	g, err := s.ground(ctx)
	if err == nil {
		err = s.notPast(ctx, g, dayOf(in.On.Date))
	}
	if err != nil {
		return nil, err
	}
	select {
	case s.exports <- struct{}{}:
	default:
		return nil, s.problem(ctx, errs.Overloaded.Errorf("%d exports are under way: try again when one has ended", cap(s.exports)))
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer func() { <-s.exports }()
		c.SetHeader("Content-Type", csvType)
		out := bufio.NewWriterSize(c.BodyWriter(), 1<<16)
		_, err := out.WriteString("loan,borrower,product,due,days,bucket,principal\n")
		if err == nil {
			err = g.Loans.EachOverdue(ctx, tenant(ctx), dayOf(in.On.Date), in.From, in.To, servicing.Place{}, func(l *servicing.Late) bool {
				_, failed := out.Write(appendLate(out.AvailableBuffer(), l))
				return failed == nil
			})
		}
		if err = errors.Join(err, out.Flush()); err != nil {
			s.log.Warn("an export ended early", logging.Error, err)
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// appendLate adds a line of CSV. Nothing in it needs quotes: a product's code has letters, digits and hyphens.
func appendLate(b []byte, l *servicing.Late) []byte {
	b = append(append(b, l.Loan.String()...), ',')
	b = append(append(b, l.Borrower.String()...), ',')
	b = append(append(b, l.Product...), ',')
	b = append(append(b, l.Due.String()...), ',')
	b = append(strconv.AppendInt(b, int64(l.Days), 10), ',')
	b = append(append(b, l.Bucket...), ',')
	return append(strconv.AppendInt(b, l.Principal, 10), '\n')
}

// notPast refuses a day that is over: the lists of what is late know how loans stand now.
func (s *server) notPast(ctx context.Context, g *ground.Ground, on day.Date) error {
	today, err := g.Products.Today(ctx, tenant(ctx))
	if err == nil && on < today {
		err = errs.Invalid.Errorf("it is over: the list knows what is not paid now, from %s on; a loan itself can be asked how it stood", today).On("query.on")
	}
	if err != nil {
		return s.problem(ctx, err)
	}
	return nil
}

func lateOf(l servicing.Late) LateLoan {
	return LateLoan{Loan: ID(l.Loan), Borrower: ID(l.Borrower), Product: l.Product, Due: dateOf(l.Due), Days: l.Days, Bucket: l.Bucket, Principal: Amount(l.Principal)}
}
