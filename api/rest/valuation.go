package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// ChartValuation is how the platform values what it has itself.
type ChartValuation struct {
	Asset       string       `json:"asset" pattern:"^[A-Z][A-Z0-9]{0,15}$" example:"CNY"`
	Own         []string     `json:"own" minItems:"1" maxItems:"100" doc:"Accounts that are the platform's: its units, what it pays in a borrower's place, its fees"`
	Interest    BookPair     `json:"interest" doc:"Accrued and not paid"`
	Fees        BookPair     `json:"fees" doc:"Due and not paid, net of tax"`
	FeesTax     BookPair     `json:"fees_tax" doc:"The tax in them"`
	ReceivedTax BookPair     `json:"received_tax" doc:"The tax in fees that were paid"`
	Impairment  BookPair     `json:"impairment"`
	Tax         int64        `json:"tax_ppm" minimum:"0" maximum:"1000000" doc:"On top of a net fee, in millionths, where its product names no tax: a fee contains its tax" example:"60000"`
	Rates       []BucketRate `json:"rates" minItems:"1" maxItems:"32" doc:"How much of what is exposed is taken for lost"`
}

// BookPair is where a figure is booked.
type BookPair struct {
	Debit  string `json:"debit" minLength:"1" maxLength:"255" doc:"Account" example:"books:accrued-interest"`
	Credit string `json:"credit" minLength:"1" maxLength:"255" doc:"Account of this figure alone: its balance is the figure" example:"books:interest-income"`
}

// BucketRate is how much of a bucket is taken for lost.
type BucketRate struct {
	Bucket string `json:"bucket" minLength:"1" maxLength:"16" example:"M1"`
	PPM    int64  `json:"ppm" minimum:"0" maximum:"1000000" doc:"Millionths" example:"50000"`
}

// ValuationHead is a valuation without its figures.
type ValuationHead struct {
	ID       ID      `json:"id"`
	Number   uint64  `json:"number" doc:"1, 2, 3… of the ledger"`
	On       Date    `json:"on" doc:"The day that was valued, and from which it counts"`
	Asset    string  `json:"asset"`
	Chart    Date    `json:"chart" doc:"First day of the chart that says how"`
	Actor    ID      `json:"actor,omitzero" doc:"The principal"`
	At       Instant `json:"at"`
	Outcome  string  `json:"outcome,omitempty" doc:"applied, or why the ledger refused; absent while it is under way"`
	Sequence uint64  `json:"sequence,omitempty" doc:"Of the command; absent if there was nothing to book"`
}

// Valuation is what the platform's own claims came to on a day, and what was booked for it.
type Valuation struct {
	ValuationHead
	Sums    []ValuationSum   `json:"sums" doc:"By bucket; what each came from is at …/lines?bucket="`
	Entries []ValuationEntry `json:"entries" doc:"The figures, and what was booked of them before"`
}

// ValuationSum is what the lines of a bucket add up to.
type ValuationSum struct {
	Bucket   string        `json:"bucket"`
	Claims   int           `json:"claims"`
	Interest Amount        `json:"interest"`
	Fees     Amount        `json:"fees" doc:"With their tax"`
	Received Amount        `json:"received" doc:"Fees that were paid so far, with their tax"`
	Exposed  Amount        `json:"exposed"`
	PPM      int64         `json:"ppm" doc:"The rate, in millionths"`
	Impaired Amount        `json:"impaired"`
	Tax      *ValuationTax `json:"tax,omitempty" doc:"Absent in valuations that worked it out only for the sum of all"`
}

// ValuationTax is what fees contain of tax.
type ValuationTax struct {
	Fees     Amount `json:"fees" doc:"In those that are due"`
	Received Amount `json:"received" doc:"In those that were paid so far"`
}

// ValuationEntry is how one figure is booked: target less booked, from debit to credit, or back.
type ValuationEntry struct {
	Name string `json:"name" enum:"interest,fees,fees_tax,received_tax,impairment"`
	BookPair
	Target Amount `json:"target"`
	Booked Amount `json:"booked" doc:"Before"`
}

// ValuationLine is what the platform has of one loan.
type ValuationLine struct {
	Claim    ID            `json:"claim" doc:"The loan"`
	Bucket   string        `json:"bucket"`
	Interest Amount        `json:"interest"`
	Fees     Amount        `json:"fees"`
	Received Amount        `json:"received"`
	Exposed  Amount        `json:"exposed"`
	Tax      *ValuationTax `json:"tax,omitempty" doc:"Absent in valuations that worked it out only for the sum of all"`
}

// InValuation is a valuation in a path.
type InValuation struct {
	InLedger
	Valuation CommandID `path:"valuation" doc:"Id of the valuation" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

type (
	newValuation struct {
		InLedger
		Body struct {
			ID NewID `json:"id" doc:"Made by the client: the same again gives the first result"`
			On Date  `json:"on" doc:"The day to value, in an open period; not before the last valuation"`
		} `nameHint:"NewValuation"`
	}
	valuationOutput  struct{ Body Valuation }
	valuationsOutput struct {
		Body struct {
			Valuations []ValuationHead `json:"valuations" doc:"Newest first"`
			Next
		} `nameHint:"Valuations"`
	}
	valuationsInput struct {
		InLedger
		InPage
	}
	valuationLinesInput struct {
		InValuation
		InPage
		Bucket string `query:"bucket" maxLength:"16" doc:"Only of this bucket"`
	}
	valuationLinesOutput struct {
		Body struct {
			Lines []ValuationLine `json:"lines" doc:"By bucket and loan"`
			Next
		} `nameHint:"ValuationLines"`
	}
)

func (s *server) valuations(a huma.API) {
	const path = booksPath + "/valuations"
	huma.Register(a, decides(right.BookPropose, change("value-book", path, tagBooks, "Value what the platform has itself on a day, and book what differs",
		"Accrued interest, fees and their tax, and impairment by bucket, by the chart that holds on the day. One command books the difference to what is booked: the same day again books nothing, a later one only the change.")),
		s.valueBook)
	huma.Register(a, needs(right.BookRead, question("list-valuations", path, tagBooks, "List the valuations of a ledger")), s.listValuations)
	huma.Register(a, needs(right.BookRead, question("get-valuation", path+"/{valuation}", tagBooks, "Give a valuation with its figures")), s.getValuation)
	huma.Register(a, needs(right.BookRead, question("list-valuation-lines", path+"/{valuation}/lines", tagBooks, "List the loans that a valuation's figures came from")), s.listValuationLines)
}

func (s *server) valueBook(ctx context.Context, in *newValuation) (*valuationOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.personal(ctx, g); err != nil {
		return nil, err
	}
	x, err := g.Valuer.Value(ctx, tenant(ctx), accounting.Asked{ID: id.ID(in.Body.ID), Ledger: in.Ledger, On: ledger.Date(in.Body.On), Actor: by(ctx).Actor})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return valuationOf(x), nil
}

func taxOf(t *accounting.Tax) *ValuationTax {
	if t == nil {
		return nil
	}
	return &ValuationTax{Amount(t.Fees), Amount(t.Received)}
}

func headOf(x *accounting.Valuation) ValuationHead {
	return ValuationHead{
		ID: ID(x.ID), Number: x.Number, On: Date(x.On), Asset: x.Asset, Chart: Date(x.Chart), Actor: ID(x.Actor), At: Instant(x.At), Outcome: x.Outcome, Sequence: x.Sequence,
	}
}

func valuationOf(x *accounting.Valuation) *valuationOutput {
	return &valuationOutput{Body: Valuation{
		ValuationHead: headOf(x),
		Sums: convert(x.Sums, func(s accounting.Sum) ValuationSum {
			return ValuationSum{
				Bucket: s.Bucket, Claims: s.Claims, Interest: Amount(s.Interest), Fees: Amount(s.Fees), Received: Amount(s.Received), Exposed: Amount(s.Exposed),
				PPM: s.PPM, Impaired: Amount(s.Impaired), Tax: taxOf(s.Tax),
			}
		}),
		Entries: convert(x.Entries, func(e accounting.Entry) ValuationEntry {
			return ValuationEntry{Name: e.Name, BookPair: BookPair(e.Pair), Target: Amount(e.Target), Booked: Amount(e.Booked)}
		}),
	}}
}

func (s *server) listValuations(ctx context.Context, in *valuationsInput) (*valuationsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	below, err := s.sequence(ctx, listOfValuations, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := g.Books.Valuations(ctx, tenant(ctx), in.Ledger, below, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &valuationsOutput{}
	out.Body.Valuations = convert(list, func(x accounting.Valuation) ValuationHead { return headOf(&x) })
	if len(list) == in.Limit {
		out.Body.Next.Next = numberCursor(listOfValuations, list[len(list)-1].Number)
	}
	return out, nil
}

func (s *server) getValuation(ctx context.Context, in *InValuation) (*valuationOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	x, err := g.Books.Valuation(ctx, tenant(ctx), in.Ledger, id.ID(in.Valuation))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return valuationOf(x), nil
}

func (s *server) listValuationLines(ctx context.Context, in *valuationLinesInput) (*valuationLinesOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	var after accounting.LinePlace
	place, err := s.place(ctx, listOfValuationLines, in.Cursor)
	switch {
	case err != nil:
		return nil, err
	case len(place) > id.Size:
		after = accounting.LinePlace{Claim: id.ID(place[:id.Size]), Bucket: string(place[id.Size:])}
	case place != nil:
		return nil, s.strange(ctx)
	}
	x, err := g.Books.Valuation(ctx, tenant(ctx), in.Ledger, id.ID(in.Valuation))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	list, err := g.Books.ValuationLines(ctx, tenant(ctx), x.ID, in.Bucket, after, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &valuationLinesOutput{}
	out.Body.Lines = convert(list, func(l accounting.Line) ValuationLine {
		return ValuationLine{ID(l.Claim), l.Bucket, Amount(l.Interest), Amount(l.Fees), Amount(l.Received), Amount(l.Exposed), taxOf(l.Tax)}
	})
	if len(list) == in.Limit {
		end := &list[len(list)-1]
		out.Body.Next.Next = cursor(listOfValuationLines, append(end.Claim[:], end.Bucket...))
	}
	return out, nil
}

// core is the basis of a chart as accounting has it.
func (v *ChartValuation) core() *accounting.Basis {
	if v == nil {
		return nil
	}
	return &accounting.Basis{
		Asset: v.Asset, Own: v.Own, Interest: accounting.Pair(v.Interest), Fees: accounting.Pair(v.Fees), FeesTax: accounting.Pair(v.FeesTax),
		ReceivedTax: accounting.Pair(v.ReceivedTax), Impairment: accounting.Pair(v.Impairment), Tax: v.Tax,
		Rates: convert(v.Rates, func(r BucketRate) accounting.Rate { return accounting.Rate(r) }),
	}
}

func basisOf(b *accounting.Basis) *ChartValuation {
	if b == nil {
		return nil
	}
	return &ChartValuation{
		Asset: b.Asset, Own: b.Own, Interest: BookPair(b.Interest), Fees: BookPair(b.Fees), FeesTax: BookPair(b.FeesTax),
		ReceivedTax: BookPair(b.ReceivedTax), Impairment: BookPair(b.Impairment), Tax: b.Tax,
		Rates: convert(b.Rates, func(r accounting.Rate) BucketRate { return BucketRate(r) }),
	}
}
