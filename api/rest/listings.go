package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Listing is a loan that is, or was, open for funding.
type Listing struct {
	ID       ID      `json:"id"`
	Loan     ID      `json:"loan"`
	Borrower ID      `json:"borrower"`
	Ledger   string  `json:"ledger" example:"main"`
	Register string  `json:"register" doc:"Who holds it" example:"loan:7"`
	Asset    string  `json:"asset" example:"CNY"`
	Amount   Amount  `json:"amount" doc:"For sale in all"`
	Sold     Amount  `json:"sold" doc:"As of the sequence"`
	Raised   Amount  `json:"raised" doc:"Given to the receiver, once it is funded"`
	Unit     Amount  `json:"unit" doc:"Size of one unit of the register"`
	Minimum  Amount  `json:"minimum" doc:"Smallest bid, unless it is all that is left"`
	Step     Amount  `json:"step" doc:"Bids are multiples of it, unless they are all that is left"`
	Share    Amount  `json:"share" doc:"Most of one investor"`
	Partial  Amount  `json:"partial,omitzero" doc:"It is funded in part from this amount on; absent: only in full"`
	Product  string  `json:"product" example:"consumer"`
	Version  uint32  `json:"version" doc:"Of the product"`
	Grade    string  `json:"grade" example:"a"`
	Region   string  `json:"region,omitempty"`
	Days     int     `json:"days" doc:"Until the last payment"`
	State    string  `json:"state" enum:"opening,open,closing,funded,returned,failed"`
	Opened   Instant `json:"opened"`
	Closes   Instant `json:"closes"`
	Sequence uint64  `json:"sequence" doc:"Of the last command that changed it"`
}

func listingOf(l market.Listing) Listing {
	return Listing{
		ID: ID(l.ID), Loan: ID(l.Loan), Borrower: ID(l.Borrower), Ledger: l.Ledger, Register: l.Register, Asset: l.Asset,
		Amount: Amount(l.Amount(l.Units)), Sold: Amount(l.Amount(l.Sold)), Raised: Amount(l.Raised), Unit: Amount(l.Unit),
		Minimum: Amount(l.Amount(l.Minimum)), Step: Amount(l.Amount(l.Step)), Share: Amount(l.Amount(l.Share)), Partial: Amount(l.Amount(l.Partial)),
		Product: l.Product, Version: l.Version, Grade: l.Grade, Region: l.Region, Days: l.Days, State: string(l.State),
		Opened: Instant(l.Opened), Closes: Instant(l.Closes), Sequence: l.Sequence,
	}
}

// InListing names a listing in the path.
type InListing struct {
	Listing CommandID `path:"listing" doc:"Id of the listing" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

type (
	listingOutput struct{ Body Listing }
	newListing    struct {
		Body struct {
			ID        NewID     `json:"id" doc:"Made by the client: the same again changes nothing"`
			Loan      CommandID `json:"loan"`
			Borrower  CommandID `json:"borrower"`
			Ledger    string    `json:"ledger" maxLength:"32"`
			Register  string    `json:"register" maxLength:"255" doc:"Opened with the listing"`
			Tranches  []string  `json:"tranches" minItems:"1" maxItems:"8" doc:"Of the register; the first gives money back when it is not funded"`
			Unclaimed string    `json:"unclaimed" maxLength:"255" doc:"Account for lines that a holder's account does not take"`
			Receiver  string    `json:"receiver" maxLength:"255" doc:"Account that gets the money when it is funded"`
			Asset     string    `json:"asset" maxLength:"12"`
			Unit      Amount    `json:"unit"`
			Units     uint64    `json:"units" maximum:"1000000000000"`
			Minimum   uint64    `json:"minimum" doc:"Units"`
			Step      uint64    `json:"step" doc:"Units"`
			Share     uint64    `json:"share" doc:"Units, the most of one investor"`
			Partial   uint64    `json:"partial,omitempty" doc:"Units from which on it is funded in part; 0: only in full"`
			Product   string    `json:"product" maxLength:"64"`
			Version   uint32    `json:"version,omitempty" doc:"Of the product, whose limits then hold"`
			Grade     string    `json:"grade" maxLength:"32"`
			Region    string    `json:"region,omitempty" maxLength:"32"`
			Days      int       `json:"days" minimum:"1"`
			Opens     Instant   `json:"opens"`
			Closes    Instant   `json:"closes"`
		} `nameHint:"NewListing"`
	}
	listingsInput struct {
		InPage
		State string `query:"state" enum:"opening,open,closing,funded,returned,failed" doc:"Only these"`
	}
	listingsOutput struct {
		Body struct {
			Listings []Listing `json:"listings" doc:"In the order of ids"`
			Next
		}
	}
)

const listingPath = "/v1/listings/{listing}"

func (s *server) listings(a huma.API) {
	create := operatorIn(change("create-listing", "/v1/listings", tagMarket, "Open a loan for funding that was agreed on elsewhere",
		"Loans of applications are listed by themselves. The borrower and the version of the product must be there, and the register must not."))
	create.Errors = append(create.Errors, http.StatusUnprocessableEntity)
	huma.Register(a, create, s.createListing)
	huma.Register(a, inTenant(question("list-listings", "/v1/listings", tagMarket, "List loans that are or were open for funding")), s.listListings)
	huma.Register(a, inTenant(question("get-listing", listingPath, tagMarket, "Tell about a listing")), s.getListing)
}

func (s *server) createListing(ctx context.Context, in *newListing) (*listingOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	l := market.Listing{
		Tenant: tenant(ctx), ID: id.ID(b.ID), Ledger: b.Ledger, Loan: id.ID(b.Loan), Borrower: id.ID(b.Borrower),
		Terms: market.Terms{
			Asset: b.Asset, Register: b.Register, Tranches: b.Tranches, Unclaimed: b.Unclaimed, Receiver: b.Receiver, Unit: int64(b.Unit), Units: b.Units,
			Minimum: b.Minimum, Step: b.Step, Share: b.Share, Product: b.Product, Version: b.Version, Grade: b.Grade, Region: b.Region, Days: b.Days,
		},
		Opened: int64(b.Opens), Closes: int64(b.Closes), Partial: b.Partial,
	}
	err = g.Market.Check(ctx, &l)
	if err == nil {
		err = backed(ctx, g, &l)
	}
	if err == nil {
		err = g.Market.Create(ctx, l)
	}
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return s.listing(ctx, l.ID)
}

// notBacked means that a listing names what is not there.
var notBacked = errs.Define("listing_not_backed", http.StatusUnprocessableEntity, "The listing names something that is not there")

// backed refuses a listing of a tenant that has not got the ledger, the borrower or the version of the product.
func backed(ctx context.Context, g *ground.Ground, l *market.Listing) error {
	if of, err := g.Parties.OwnerOfLedger(ctx, l.Ledger); errs.Is(err, errs.NotFound) || err == nil && of != l.Tenant {
		return errs.NotFound.Errorf("there is no ledger %q", l.Ledger).On("ledger")
	} else if err != nil {
		return err
	}
	if _, err := g.Products.Get(ctx, l.Tenant, l.Product, uint64(l.Version)); l.Version == 0 || errs.Is(err, errs.NotFound) {
		return notBacked.Errorf("there is no version %d of the product %q", l.Version, l.Product).On("version")
	} else if err != nil {
		return err
	}
	if _, err := g.Parties.Party(ctx, l.Tenant, l.Borrower); errs.Is(err, errs.NotFound) {
		return notBacked.Errorf("there is no such party").On("borrower")
	} else if err != nil {
		return err
	}
	return nil
}

func (s *server) getListing(ctx context.Context, in *InListing) (*listingOutput, error) {
	return s.listing(ctx, id.ID(in.Listing))
}

func (s *server) listing(ctx context.Context, listing id.ID) (*listingOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	l, err := g.Market.Listing(ctx, tenant(ctx), listing)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &listingOutput{Body: listingOf(l)}, nil
}

func (s *server) listListings(ctx context.Context, in *listingsInput) (*listingsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfListings, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, err := g.Market.Listings(ctx, tenant(ctx), market.State(in.State), page.After, page.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &listingsOutput{}
	out.Body.Listings = convert(list, listingOf)
	out.Body.Next.Next = rowCursor(listOfListings, list, page, func(l *market.Listing) id.ID { return l.ID })
	return out, nil
}
