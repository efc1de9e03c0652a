package rest

import (
	"context"
	"encoding/binary"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/lending/collection"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// CollectionEntry is something that was done about a loan that is late. It never changes.
type CollectionEntry struct {
	Number  uint32 `json:"number"`
	ID      ID     `json:"id"`
	On      Date   `json:"on" doc:"By the ledger's clock"`
	Actor   ID     `json:"actor" doc:"The principal"`
	Kind    string `json:"kind" enum:"assigned,contacted,promised,disputed,resolved"`
	Owner   ID     `json:"owner,omitzero" doc:"The principal that looks after it"`
	Channel string `json:"channel,omitempty"`
	Result  string `json:"result,omitempty"`
	Note    string `json:"note,omitempty"`
	Date    Date   `json:"date,omitzero" doc:"By when the borrower has promised to pay"`
	Amount  Amount `json:"amount,omitempty" doc:"What he has promised to pay"`
}

// CollectionTask is a loan that is late, with what was done about it.
type CollectionTask struct {
	LateLoan
	Owner    ID              `json:"owner,omitzero" doc:"The principal that looks after it"`
	Disputed bool            `json:"disputed" doc:"It rests"`
	Contacts uint32          `json:"contacts"`
	Last     Date            `json:"last_contact,omitzero"`
	Promise  *PaymentPromise `json:"promise,omitempty" doc:"The last one"`
}

// PaymentPromise is what a borrower has said that he pays.
type PaymentPromise struct {
	Date   Date   `json:"date"`
	Amount Amount `json:"amount"`
	State  string `json:"state" enum:"open,kept,broken" doc:"kept: so much was paid since, by the date"`
}

type (
	logEntryInput struct {
		InLoan
		Body struct {
			ID      NewID  `json:"id" doc:"Made by the client: the same again changes nothing"`
			Kind    string `json:"kind" enum:"assigned,contacted,promised,disputed,resolved" doc:"assigned to an owner; contacted over a channel with a result; promised to pay an amount by a date; disputed, so that it rests, until it is resolved"`
			Owner   *ID    `json:"owner,omitempty" doc:"assigned: the principal that looks after it"`
			Channel string `json:"channel,omitempty" enum:"phone,message,mail,visit" doc:"contacted"`
			Result  string `json:"result,omitempty" enum:"reached,not_reached,wrong_person,refused" doc:"contacted"`
			Note    string `json:"note,omitempty" maxLength:"1000" doc:"What was said; disputed and resolved: why"`
			Date    Date   `json:"date,omitzero" doc:"promised: by when, within 90 days"`
			Amount  Amount `json:"amount,omitempty" doc:"promised"`
		} `nameHint:"NewCollectionEntry"`
	}
	logEntryOutput struct{ Body CollectionEntry }
	logInput       struct {
		InLoan
		InPage
	}
	logOutput struct {
		Body struct {
			Entries []CollectionEntry `json:"entries" doc:"Oldest first"`
			Next
		} `nameHint:"CollectionEntries"`
	}
	tasksInput struct {
		InPage
		On   DateParam `query:"on" required:"true" doc:"Today by the tenant's ledger or a day to come, if nothing is paid until then"`
		From int       `query:"from" minimum:"0" maximum:"36500" doc:"Only from so many days past due"`
		To   int       `query:"to" minimum:"0" maximum:"36500" doc:"Only up to so many; 0: no bound"`
	}
	ownedInput struct {
		InPage
		Principal CommandID `path:"principal" doc:"Id of the owner" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
	}
	tasksOutput struct {
		Body struct {
			Tasks []CollectionTask `json:"tasks" doc:"A page may be short, even empty, and have a next"`
			Next
		} `nameHint:"CollectionTasks"`
	}
)

func (s *server) collections(a huma.API) {
	huma.Register(a, needs(right.LoanRead, question("list-collection-tasks", "/v1/collection-tasks", tagLoans, "List the loans that are late on a day, with what was done about them")), s.listTasks)
	huma.Register(a, needs(right.LoanRead, question("list-owned-tasks", "/v1/principals/{principal}/collection-tasks", tagLoans, "List the loans that somebody looks after and that are late today")), s.listOwned)
	huma.Register(a, needs(right.LoanRead, question("list-collection-entries", loanPath+"/collection", tagLoans, "List what was done about a loan that is late")), s.listEntriesOf)
	huma.Register(a, needs(right.LoanService, change("add-collection-entry", loanPath+"/collection", tagLoans, "Note what was done about a loan that is late",
		"While it is disputed, nobody is contacted, asked for a promise or assigned.")), s.addEntry)
}

func (s *server) addEntry(ctx context.Context, in *logEntryInput) (*logEntryOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanService)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	entry := collection.Entry{
		ID: id.ID(b.ID), Kind: collection.Kind(b.Kind), Actor: by(ctx).Actor, Channel: b.Channel, Result: b.Result, Note: b.Note, Date: dayOf(b.Date), Amount: int64(b.Amount),
	}
	if b.Owner != nil {
		entry.Owner = id.ID(*b.Owner)
		if err := s.principalThere(ctx, g, entry.Owner, "body.owner"); err != nil {
			return nil, err
		}
	}
	e, err := g.Collections.Add(ctx, tenant(ctx), l.Deed.Loan, entry)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &logEntryOutput{Body: collectionEntryOf(e)}, nil
}

// principalThere refuses a principal that the tenant does not have.
func (s *server) principalThere(ctx context.Context, g *ground.Ground, principal id.ID, field string) error {
	_, err := g.Parties.Principal(ctx, tenant(ctx), principal)
	if errs.Is(err, errs.NotFound) {
		err = errs.NotFound.Errorf("there is no principal %s", principal).On(field)
	}
	if err != nil {
		return s.problem(ctx, err)
	}
	return nil
}

func collectionEntryOf(e collection.Entry) CollectionEntry {
	out := CollectionEntry{
		Number: e.Number, ID: ID(e.ID), On: dateOf(e.On), Actor: ID(e.Actor), Kind: string(e.Kind), Owner: ID(e.Owner), Channel: e.Channel,
		Result: e.Result, Note: e.Note, Amount: Amount(e.Amount),
	}
	if e.Date != 0 {
		out.Date = dateOf(e.Date)
	}
	return out
}

func (s *server) listEntriesOf(ctx context.Context, in *logInput) (*logOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.LoanRead)
	if err != nil {
		return nil, err
	}
	after, err := s.number(ctx, listOfCollectionEntries, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := g.Collections.Entries(ctx, tenant(ctx), l.Deed.Loan, uint32(after), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &logOutput{}
	out.Body.Entries = convert(list, collectionEntryOf)
	if n := len(list); n == in.Limit {
		out.Body.Next.Next = numberCursor(listOfCollectionEntries, uint64(list[n-1].Number))
	}
	return out, nil
}

func taskOf(t collection.Task) CollectionTask {
	out := CollectionTask{LateLoan: lateOf(t.Late), Owner: ID(t.Owner), Disputed: t.Disputed, Contacts: t.Contacts}
	if t.Last != 0 {
		out.Last = dateOf(t.Last)
	}
	if p := t.Case.Promise; p != nil {
		out.Promise = &PaymentPromise{dateOf(p.Date), Amount(p.Amount), t.Promise}
	}
	return out
}

func (s *server) listTasks(ctx context.Context, in *tasksInput) (*tasksOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.latePlace(ctx, listOfTasks, in.Cursor)
	if err == nil {
		err = s.notPast(ctx, g, dayOf(in.On.Date))
	}
	if err != nil {
		return nil, err
	}
	list, more, err := g.Collections.Tasks(ctx, tenant(ctx), dayOf(in.On.Date), in.From, in.To, after, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &tasksOutput{}
	out.Body.Tasks = convert(list, taskOf)
	if more {
		last := &list[len(list)-1]
		out.Body.Next.Next = lateCursor(listOfTasks, servicing.Place{Agreed: last.Agreed, Loan: last.Loan})
	}
	return out, nil
}

func (s *server) listOwned(ctx context.Context, in *ownedInput) (*tasksOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.principalThere(ctx, g, id.ID(in.Principal), "path.principal"); err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfOwnedTasks, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, last, more, err := g.Collections.Owned(ctx, tenant(ctx), id.ID(in.Principal), page.After, page.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &tasksOutput{}
	out.Body.Tasks = convert(list, taskOf)
	if more {
		out.Body.Next.Next = cursor(listOfOwnedTasks, last[:])
	}
	return out, nil
}

// latePlace reads the cursor of a list of loans that are late.
func (s *server) latePlace(ctx context.Context, list byte, text string) (after servicing.Place, err error) {
	b, err := s.place(ctx, list, text)
	if b == nil || err != nil {
		return after, err
	}
	if len(b) != 4+id.Size {
		return after, s.strange(ctx)
	}
	after.Agreed = day.Date(binary.BigEndian.Uint32(b))
	copy(after.Loan[:], b[4:])
	return after, nil
}

func lateCursor(list byte, at servicing.Place) string {
	return cursor(list, append(binary.BigEndian.AppendUint32(nil, uint32(at.Agreed)), at.Loan[:]...))
}
