package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Bid is an investor's part in funding a listing.
type Bid struct {
	ID       ID      `json:"id"`
	Listing  ID      `json:"listing"`
	Investor ID      `json:"investor"`
	Mandate  ID      `json:"mandate,omitzero" doc:"By which it was made, if any"`
	Bound    string  `json:"bound,omitempty" enum:"left,amount,cash,share,per_loan,per_borrower,per_region" doc:"What decided its size, if a mandate made it: what was left of the listing, what the mandate still had to invest, the investor's cash, the listing's most of one investor, or a cap of the mandate; the first of these if several were equal"`
	Amount   Amount  `json:"amount"`
	Units    uint64  `json:"units"`
	Sequence uint64  `json:"sequence" doc:"Its place in the ledger's order: first come, first served"`
	At       Instant `json:"at"`
	Ended    uint64  `json:"ended,omitempty" doc:"Sequence of its cancel"`
}

func bidOf(b market.Bid) Bid {
	return Bid{
		ID: ID(b.ID), Listing: ID(b.Listing), Investor: ID(b.Investor), Mandate: ID(b.Mandate), Bound: boundOf(b.Bound), Amount: Amount(b.Amount), Units: b.Units,
		Sequence: b.Sequence, At: Instant(b.At), Ended: b.Ended,
	}
}

// boundOf is a bound's code, none for none.
func boundOf(b mandate.Bound) string {
	if b == 0 {
		return ""
	}
	return b.String()
}

// InBid names a bid of a party in the path.
type InBid struct {
	InParty
	Bid CommandID `path:"bid" doc:"Id of the bid" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

// noParty means that the caller acts for nobody.
var noParty = errs.Define("no_party", http.StatusUnprocessableEntity, "The caller acts for no party")

type (
	bidOutput struct{ Body Bid }
	newBid    struct {
		InListing
		InKey
		Body struct {
			Amount Amount `json:"amount"`
		} `nameHint:"NewBid"`
	}
	cancelBidInput struct {
		InBid
		Body struct{} `nameHint:"CancelBid"`
	}
	bidsInput struct {
		InParty
		InPage
	}
	bidsOutput struct {
		Body struct {
			Bids []Bid `json:"bids" doc:"As they came"`
			Next
		}
	}
)

const (
	bidsPath  = partyPath + "/bids"
	placePath = listingPath + "/bids"
)

func (s *server) bids(a huma.API) {
	place := trades(change("place-bid", placePath, tagMarket, "Bid for a part of a loan, for the party for which one acts",
		"One command: money into the listing's escrow, units out. The answer says its place in the ledger's order."))
	place.Errors = append(place.Errors, http.StatusUnprocessableEntity)
	huma.Register(a, place, s.placeBid)
	huma.Register(a, own("party", right.OrderRead, question("list-bids", bidsPath, tagMarket, "List an investor's bids")), s.listBids)
	huma.Register(a, own("party", right.OrderRead, question("get-bid", bidsPath+"/{bid}", tagMarket, "Tell about a bid")), s.getBid)
	huma.Register(a, own("party", right.OrderWrite, change("cancel-bid", bidsPath+"/{bid}/cancel", tagMarket,
		"Take a bid back, until its listing is settled", "")), s.cancelBid)
}

func (s *server) placeBid(ctx context.Context, in *newBid) (*bidOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	call := api.CallOf(ctx)
	if call.Principal.Party.IsZero() {
		return nil, s.problem(ctx, noParty.Errorf("name one in Longmen-Party").On("header.Longmen-Party"))
	}
	own, err := api.KeyID(call.Principal.ID(), in.Key)
	if err != nil {
		return nil, s.fault(ctx, keyMissing, "header.Idempotency-Key", err.Error())
	}
	b, err := g.Market.Place(ctx, market.Bid{
		Tenant: tenant(ctx), ID: id.ID(own), Listing: id.ID(in.Listing), Investor: call.Principal.Party, Amount: int64(in.Body.Amount),
		Actor: id.ID(call.Principal.ID()), Trace: id.ID(call.Trace),
	})
	if err != nil {
		return nil, s.problem(ctx, bidField(err))
	}
	return &bidOutput{Body: bidOf(b)}, nil
}

// bidField moves the field of a refusal to where it stands in the request.
func bidField(err error) error {
	err = inBodyOf(err, "amount", "body.amount")
	err = inBodyOf(err, "listing", "path.listing")
	return inBodyOf(err, "id", "header.Idempotency-Key")
}

// investorsBid finds a bid of the party in the path.
func (s *server) investorsBid(ctx context.Context, in *InBid) (*market.Market, market.Bid, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, market.Bid{}, err
	}
	b, err := g.Market.Bid(ctx, tenant(ctx), id.ID(in.Bid))
	if errs.Is(err, errs.NotFound) || err == nil && b.Investor != id.ID(in.Party) {
		err = errs.NotFound.Errorf("there is no such bid of this party").On("path.bid")
	}
	if err != nil {
		return nil, market.Bid{}, s.problem(ctx, err)
	}
	return g.Market, b, nil
}

func (s *server) getBid(ctx context.Context, in *InBid) (*bidOutput, error) {
	_, b, err := s.investorsBid(ctx, in)
	if err != nil {
		return nil, err
	}
	return &bidOutput{Body: bidOf(b)}, nil
}

func (s *server) cancelBid(ctx context.Context, in *cancelBidInput) (*bidOutput, error) {
	m, b, err := s.investorsBid(ctx, &in.InBid)
	if err != nil {
		return nil, err
	}
	if b, err = m.Cancel(ctx, tenant(ctx), b.ID, id.ID(api.CallOf(ctx).Principal.ID())); err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "bid", "path.bid"))
	}
	return &bidOutput{Body: bidOf(b)}, nil
}

func (s *server) listBids(ctx context.Context, in *bidsInput) (*bidsOutput, error) {
	g, err := s.partyThere(ctx, in.Party)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfBids, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, err := g.Market.Bids(ctx, tenant(ctx), market.BidFilter{Investor: id.ID(in.Party)}, page.After, page.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return bidsPage(listOfBids, list, page), nil
}

// bidsPage is a page of a list of bids.
func bidsPage(of byte, list []market.Bid, page party.Page) *bidsOutput {
	out := &bidsOutput{}
	out.Body.Bids = convert(list, bidOf)
	out.Body.Next.Next = rowCursor(of, list, page, func(b *market.Bid) id.ID { return b.ID })
	return out
}
