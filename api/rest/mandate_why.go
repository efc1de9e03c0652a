package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// MandateWhy is what a mandate took of a listing, and why so much, or why nothing.
type MandateWhy struct {
	Bids   []Bid          `json:"bids" doc:"That it made, each with the bound that decided its size"`
	Missed *MandateMissed `json:"missed,omitempty" doc:"Why it took nothing, as the last run had it that kept an answer. Of a run 5,000 answers are kept, of a ledger the latest ones"`
	Now    MandateChance  `json:"now" doc:"What it would take if its turn came now"`
}

// MandateMiss is why a mandate takes nothing of a listing.
type MandateMiss struct {
	Reason string  `json:"reason,omitempty" enum:"own,grade,term,full,too_small,not_allowed,revoked,closed" doc:"The first of these that holds. own: the investor is the borrower; grade, term: not what the mandate wants. These three never change, so they were the reason before, too. full: nothing was left when its turn came; too_small: the bound leaves less than the smallest piece; not_allowed: the product's limits are against it. Only now: revoked, the mandate was; closed, the listing takes no bids"`
	Bound  string  `json:"bound,omitempty" enum:"left,amount,cash,share,per_loan,per_borrower,per_region" doc:"Of too_small, what leaves so little room; of a piece, what decides its size"`
	Room   *Amount `json:"room,omitempty" doc:"Of too_small"`
}

// MandateMissed is what a run decided.
type MandateMissed struct {
	MandateMiss
	Sequence uint64  `json:"sequence" doc:"At which the ledger was when the run looked at it"`
	At       Instant `json:"at"`
}

// MandateChance is what would be now.
type MandateChance struct {
	Amount Amount `json:"amount" doc:"Of the piece; 0 for none"`
	MandateMiss
	Sequence uint64  `json:"sequence" doc:"At which the ledger was looked at"`
	At       Instant `json:"at"`
}

func mandateMissOf(m mandate.Miss) MandateMiss {
	out := MandateMiss{Reason: m.Reason.String(), Bound: boundOf(m.Bound)}
	if m.Reason == mandate.TooSmall {
		room := Amount(m.Room)
		out.Room = &room
	}
	return out
}

func mandateWhyOf(y *market.Why) MandateWhy {
	out := MandateWhy{Bids: convert(y.Bids, bidOf), Now: MandateChance{Sequence: y.Now.Sequence, At: Instant(y.Now.At)}}
	if m := y.Miss; m != nil {
		out.Missed = &MandateMissed{mandateMissOf(m.Miss), m.Sequence, Instant(m.At)}
	}
	if p := y.Now.Piece; p != nil {
		out.Now.Amount, out.Now.Bound = Amount(p.Amount), boundOf(p.Bound)
	} else {
		out.Now.MandateMiss = mandateMissOf(y.Now.Miss)
	}
	return out
}

// MandateDrift is a cap of a mandate that its investor has outgrown.
type MandateDrift struct {
	Cap      string `json:"cap" enum:"per_loan,per_borrower,per_region"`
	Listing  ID     `json:"listing,omitzero" doc:"Of per_loan: by which the loan was, or is, funded"`
	Loan     ID     `json:"loan,omitzero" doc:"Of per_loan"`
	Borrower ID     `json:"borrower,omitzero" doc:"Of per_borrower"`
	Region   string `json:"region,omitempty" doc:"Of per_region"`
	Most     Amount `json:"most" doc:"The cap"`
	Held     Amount `json:"held" doc:"What he holds by now, by what was bid for it"`
}

type (
	mandateBidsInput struct {
		InMandate
		InPage
	}
	mandateWhyInput struct {
		InMandate
		Listing CommandID `path:"listing" doc:"Id of the listing" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
	}
	mandateWhyOutput    struct{ Body MandateWhy }
	mandateDriftsOutput struct {
		Body struct {
			Drifts []MandateDrift `json:"drifts" doc:"Loans, then borrowers, then regions"`
		} `nameHint:"MandateDrifts"`
	}
)

const mandatePath = mandatesPath + "/{mandate}"

func (s *server) mandateReasons(a huma.API) {
	huma.Register(a, own("party", right.OrderRead, question("list-mandate-bids", mandatePath+"/bids", tagMarket,
		"List the bids that a standing order made, each with what decided its size")), s.listMandateBids)
	huma.Register(a, own("party", right.OrderRead, question("get-mandate-listing", mandatePath+"/listings/{listing}", tagMarket,
		"Tell what a standing order took of a listing and why so much, or why nothing, and what it would take now")), s.getMandateListing)
	huma.Register(a, own("party", right.OrderRead, question("list-mandate-drifts", mandatePath+"/drifts", tagMarket,
		"List the caps of a standing order that its investor has outgrown by now")), s.listMandateDrifts)
}

func (s *server) listMandateBids(ctx context.Context, in *mandateBidsInput) (*bidsOutput, error) {
	on, m, err := s.investorsMandate(ctx, &in.InMandate)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfMandateBids, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, err := on.MandateBids(ctx, tenant(ctx), m.ID, page.After, page.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return bidsPage(listOfMandateBids, list, page), nil
}

func (s *server) getMandateListing(ctx context.Context, in *mandateWhyInput) (*mandateWhyOutput, error) {
	on, m, err := s.investorsMandate(ctx, &in.InMandate)
	if err != nil {
		return nil, err
	}
	y, err := on.Why(ctx, tenant(ctx), m.ID, id.ID(in.Listing))
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "listing", "path.listing"))
	}
	return &mandateWhyOutput{Body: mandateWhyOf(y)}, nil
}

func (s *server) listMandateDrifts(ctx context.Context, in *InMandate) (*mandateDriftsOutput, error) {
	on, m, err := s.investorsMandate(ctx, in)
	if err != nil {
		return nil, err
	}
	list, err := on.Drifts(ctx, tenant(ctx), m.ID)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &mandateDriftsOutput{}
	out.Body.Drifts = convert(list, func(d market.Drift) MandateDrift {
		return MandateDrift{
			Cap: d.Cap.String(), Listing: ID(d.Listing), Loan: ID(d.Loan), Borrower: ID(d.Borrower), Region: d.Region, Most: Amount(d.Most), Held: Amount(d.Held),
		}
	})
	return out, nil
}
