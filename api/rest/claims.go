package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// ClaimSale is an offer of a claim on a loan, and what became of it.
type ClaimSale struct {
	ID       ID          `json:"id"`
	Loan     ID          `json:"loan"`
	State    string      `json:"state" enum:"opening,offered,sold,ended,refused"`
	Ledger   string      `json:"ledger" example:"main"`
	Register string      `json:"register"`
	Units    uint64      `json:"units"`
	Of       uint64      `json:"of" doc:"Units of the loan in all"`
	Asset    string      `json:"asset" example:"CNY"`
	Price    string      `json:"price" doc:"Asked, as a share of the face; 1 is par" example:"0.985"`
	Asked    Amount      `json:"asked" doc:"What it cost on the day on which it was offered, without fees"`
	Day      string      `json:"day" format:"date" doc:"On which it was offered"`
	Opened   Instant     `json:"opened"`
	Closes   Instant     `json:"closes"`
	Reason   string      `json:"reason,omitempty" doc:"Why it ended or was refused"`
	Seller   ID          `json:"seller,omitzero" doc:"For the seller, and with the right"`
	Now      *ClaimQuote `json:"now,omitempty" doc:"What it costs now, while it is offered"`
}

// ClaimQuote is what a claim costs on a day.
type ClaimQuote struct {
	Against  string `json:"against,omitempty" doc:"What stands against the sale; then there are no amounts" example:"before_due"`
	Face     Amount `json:"face" doc:"Its part of the principal outstanding, half even"`
	Clean    Amount `json:"clean" doc:"The face at the price asked, half even"`
	Accrued  Amount `json:"accrued" doc:"Its part of the interest that is borne and neither due nor paid yet, less what fees take of it, rounded down"`
	Price    Amount `json:"price" doc:"Both together"`
	Receives Amount `json:"receives" doc:"The seller: the price less his fees"`
	Pays     Amount `json:"pays" doc:"The buyer: the price and his fees"`
}

func claimQuote(q claim.Quote, against claim.Reason) *ClaimQuote {
	return &ClaimQuote{
		Against: string(against), Face: Amount(q.Face), Clean: Amount(q.Clean), Accrued: Amount(q.Accrued), Price: Amount(q.Price),
		Receives: Amount(q.Receives), Pays: Amount(q.Pays),
	}
}

// ClaimTrade is a claim that changed hands, as one of the two sees it.
type ClaimTrade struct {
	Sale     ID     `json:"sale"`
	Loan     ID     `json:"loan"`
	Side     string `json:"side" enum:"bought,sold"`
	Units    uint64 `json:"units"`
	Face     Amount `json:"face" doc:"Its part of the principal outstanding"`
	Accrued  Amount `json:"accrued" doc:"Its part of the interest, in the price"`
	Price    Amount `json:"price" doc:"Without fees"`
	Fees     Amount `json:"fees" doc:"His own"`
	Money    Amount `json:"money" doc:"What he paid or got in all"`
	Date     Date   `json:"date"`
	Sequence uint64 `json:"sequence"`
}

// InSale names the sale of a claim in the path.
type InSale struct {
	Sale CommandID `path:"sale" doc:"Id of the sale" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

// InPartyLoan names a loan that a party holds in the path.
type InPartyLoan struct {
	InParty
	InLoan
}

type (
	saleOutput      struct{ Body ClaimSale }
	claimQuoteInput struct {
		InPartyLoan
		Units uint64 `query:"units" required:"true" minimum:"1" doc:"To be sold"`
		Price string `query:"price" required:"true" maxLength:"16" pattern:"^[0-9]+([.][0-9]+)?$" doc:"As a share of the face; 1 is par" example:"0.985"`
	}
	claimQuoteOutput struct{ Body ClaimQuote }
	newSale          struct {
		InParty
		Body struct {
			ID    NewID     `json:"id" doc:"Made by the client: the same again changes nothing"`
			Loan  CommandID `json:"loan"`
			Units uint64    `json:"units" minimum:"1" maximum:"1000000000000"`
			Price string    `json:"price" maxLength:"16" pattern:"^[0-9]+([.][0-9]+)?$" doc:"As a share of the face; 1 is par" example:"0.985"`
		} `nameHint:"NewClaimSale"`
	}
	buyClaimInput struct {
		InSale
		InKey
		Body struct {
			Pays Amount `json:"pays" doc:"What the buyer has seen, with his fees: at another price nothing is bought"`
		} `nameHint:"ClaimPurchase"`
	}
	buyClaimOutput struct {
		Body struct {
			ID       ID     `json:"id"`
			Sale     ID     `json:"sale"`
			Price    Amount `json:"price"`
			Pays     Amount `json:"pays"`
			Sequence uint64 `json:"sequence" doc:"Of the command that moved money and units"`
		} `nameHint:"ClaimBought"`
	}
	cancelSaleInput struct {
		InSale
		Body struct{} `nameHint:"CancelClaimSale"`
	}
	salesInput struct {
		InPage
		Loan string `query:"loan" maxLength:"36" doc:"Only claims on this loan"`
	}
	partySalesInput struct {
		InParty
		InPage
	}
	salesOutput struct {
		Body struct {
			Sales []ClaimSale `json:"sales" doc:"Newest first; a page may be short, even empty, and have a next"`
			Next
		} `nameHint:"ClaimSales"`
	}
	tradesInput struct {
		InParty
		InPage
		Ledger string `query:"ledger" maxLength:"32" doc:"The tenant's first one if absent"`
	}
	tradesOutput struct {
		Body struct {
			Trades []ClaimTrade `json:"trades" doc:"In the ledger's order"`
			Next
		} `nameHint:"ClaimTrades"`
	}
)

const (
	salesPath      = "/v1/claim-sales"
	salePath       = salesPath + "/{sale}"
	partySalesPath = partyPath + "/claim-sales"
)

func (s *server) claims(a huma.API) {
	huma.Register(a, own("party", right.OrderRead, question("quote-claim", partyPath+"/loans/{loan}/quote", tagMarket,
		"Tell what the sale of a claim would bring now, and what stands against it")), s.quoteClaim)
	huma.Register(a, oneself("party", change("offer-claim", partySalesPath, tagMarket, "Offer a claim on a loan for sale",
		"The ledger holds the units; they go on earning for the seller until somebody buys them.")), s.offerClaim)
	huma.Register(a, own("party", right.OrderRead, question("list-party-claim-sales", partySalesPath, tagMarket, "List what a party has offered")), s.listPartySales)
	huma.Register(a, own("party", right.OrderRead, question("list-claim-trades", partyPath+"/claim-trades", tagMarket, "List the claims that a party has bought and sold")), s.listTrades)
	huma.Register(a, inTenant(question("list-claim-sales", salesPath, tagMarket, "List the claims that are offered")), s.listSales)
	huma.Register(a, inTenant(question("get-claim-sale", salePath, tagMarket, "Tell about the sale of a claim, and what it costs now")), s.getSale)
	buy := trades(change("buy-claim", salePath+"/purchase", tagMarket, "Buy a claim that is offered, for the party for which one acts",
		"One command: units against money. If something was repaid since, the price is another one, and nothing is bought."))
	buy.Errors = append(buy.Errors, http.StatusUnprocessableEntity)
	huma.Register(a, buy, s.buyClaim)
	s.claimNotes(a)
	huma.Register(a, mine(right.OrderWrite, change("cancel-claim-sale", salePath+"/cancel", tagMarket, "Take an offer back that is not sold", "")), s.cancelSale)
}

// saleOf is an order as this door shows it.
func saleOf(ctx context.Context, o *order.Order) (ClaimSale, error) {
	t, err := sale.TermsOf(o)
	if err != nil {
		return ClaimSale{}, err
	}
	c := ClaimSale{
		ID: ID(o.ID), Loan: ID(t.Loan), State: o.State, Ledger: t.Ledger, Register: t.Register, Units: t.Units, Of: t.All, Asset: o.Amounts[0].Asset,
		Price: t.Price, Asked: Amount(t.Asked), Day: t.Day, Opened: Instant(o.Created), Closes: Instant(t.Closes),
	}
	if seller := o.Parties[0].Party; holds(ctx, right.OrderRead) || api.CallOf(ctx).Principal.ActsFor(seller) {
		c.Seller = ID(seller)
	}
	return c, nil
}

func (s *server) salesOf(ctx context.Context, found *order.Found) (*salesOutput, error) {
	out := &salesOutput{}
	out.Body.Sales = []ClaimSale{}
	for i := range found.Orders {
		c, err := saleOf(ctx, &found.Orders[i])
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		out.Body.Sales = append(out.Body.Sales, c)
	}
	if found.More {
		out.Body.Next.Next = numberCursor(listOfClaimSales, found.Cursor)
	}
	return out, nil
}

func (s *server) findSales(ctx context.Context, in *InPage, f order.Filter) (*salesOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page := order.Page{Size: in.Limit, Newest: true}
	if page.Cursor, err = s.sequence(ctx, listOfClaimSales, in.Cursor); err != nil {
		return nil, err
	}
	f.Kind = sale.KindCode
	found, err := g.Orders.List(ctx, tenant(ctx), f, page)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.salesOf(ctx, &found)
}

func (s *server) listSales(ctx context.Context, in *salesInput) (*salesOutput, error) {
	f := order.Filter{State: sale.Offered}
	if in.Loan != "" {
		loan, err := id.Parse(in.Loan)
		if err != nil {
			return nil, s.fault(ctx, errs.Invalid, "query.loan", "is no id: "+err.Error())
		}
		f.Reference = order.Reference{Type: sale.ReferenceLoan, Value: loan}
	}
	return s.findSales(ctx, &in.InPage, f)
}

func (s *server) listPartySales(ctx context.Context, in *partySalesInput) (*salesOutput, error) {
	if _, err := s.partyThere(ctx, in.Party); err != nil {
		return nil, err
	}
	return s.findSales(ctx, &in.InPage, order.Filter{Party: id.ID(in.Party), Part: sale.PartSeller})
}

// offer is an offer of the party in the path.
func (s *server) offer(ctx context.Context, in *InParty, field string, loan CommandID, units uint64, price string) (*ground.Ground, sale.Offer, error) {
	g, err := s.partyThere(ctx, in.Party)
	if err != nil {
		return nil, sale.Offer{}, err
	}
	asked, err := catalog.NewRate(price)
	if err != nil {
		return nil, sale.Offer{}, s.fault(ctx, errs.Invalid, field, err.Error())
	}
	return g, sale.Offer{Loan: id.ID(loan), Seller: id.ID(in.Party), Units: units, Price: asked, Actor: by(ctx).Actor}, nil
}

func (s *server) quoteClaim(ctx context.Context, in *claimQuoteInput) (*claimQuoteOutput, error) {
	g, o, err := s.offer(ctx, &in.InParty, "query.price", in.Loan, in.Units, in.Price)
	if err != nil {
		return nil, err
	}
	q, against, err := g.Sales.Preview(ctx, tenant(ctx), o)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(inBodyOf(err, "units", "query.units"), "price", "query.price"))
	}
	return &claimQuoteOutput{Body: *claimQuote(q, against)}, nil
}

func (s *server) offerClaim(ctx context.Context, in *newSale) (*saleOutput, error) {
	b := &in.Body
	g, o, err := s.offer(ctx, &in.InParty, "body.price", b.Loan, b.Units, b.Price)
	if err != nil {
		return nil, err
	}
	o.ID = id.ID(b.ID)
	opened, err := g.Sales.Offer(ctx, tenant(ctx), o)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	c, err := saleOf(ctx, &opened)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &saleOutput{Body: c}, nil
}

func (s *server) getSale(ctx context.Context, in *InSale) (*saleOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	return s.sale(ctx, g, id.ID(in.Sale))
}

// sale answers with a sale as it stands.
func (s *server) sale(ctx context.Context, g *ground.Ground, own id.ID) (*saleOutput, error) {
	o, err := g.Sales.Get(ctx, tenant(ctx), own)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "order", "path.sale"))
	}
	c, err := saleOf(ctx, &o)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	switch o.State {
	case sale.Offered:
		q, against, err := g.Sales.Quote(ctx, tenant(ctx), o.ID)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		c.Now = claimQuote(q, against)
	case sale.Ended, sale.Refused:
		steps, err := g.Orders.Steps(ctx, tenant(ctx), o.ID, o.Version-1, 1)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		c.Reason = steps[0].Reason
	}
	return &saleOutput{Body: c}, nil
}

func (s *server) buyClaim(ctx context.Context, in *buyClaimInput) (*buyClaimOutput, error) {
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
	b, err := g.Sales.Buy(ctx, tenant(ctx), sale.Purchase{
		ID: id.ID(own), Order: id.ID(in.Sale), Buyer: call.Principal.Party, Pays: int64(in.Body.Pays), Actor: id.ID(call.Principal.ID()),
	})
	if err != nil {
		for from, to := range map[string]string{"order": "path.sale", "pays": "body.pays", "buyer": "header.Longmen-Party", "id": "header.Idempotency-Key"} {
			err = inBodyOf(err, from, to)
		}
		return nil, s.problem(ctx, err)
	}
	out := &buyClaimOutput{}
	out.Body.ID, out.Body.Sale, out.Body.Price, out.Body.Pays, out.Body.Sequence = ID(own), ID(in.Sale), Amount(b.Price), Amount(b.Pays), b.Sequence
	return out, nil
}

func (s *server) cancelSale(ctx context.Context, in *cancelSaleInput) (*saleOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	o, err := g.Sales.Get(ctx, tenant(ctx), id.ID(in.Sale))
	if err == nil && !holds(ctx, right.OrderWrite) && !api.CallOf(ctx).Principal.ActsFor(o.Parties[0].Party) {
		err = errs.NotFound.Errorf("there is no such sale, or it is not yours").On("order")
	}
	if err == nil {
		o, err = g.Sales.Withdraw(ctx, tenant(ctx), o.ID)
	}
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "order", "path.sale"))
	}
	c, err := saleOf(ctx, &o)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &saleOutput{Body: c}, nil
}

// ledgerOf is the ledger that a query names, or the tenant's first.
func (s *server) ledgerOf(ctx context.Context, g *ground.Ground, named string) (string, error) {
	if named == "" {
		first, err := firstLedger(ctx, g)
		if err != nil {
			return "", s.problem(ctx, err)
		}
		return first, nil
	}
	if !api.CallOf(ctx).Principal.Reaches(named) {
		return "", s.problem(ctx, errs.NotFound.Errorf("there is no ledger %q", named).On("query.ledger"))
	}
	return named, nil
}

func (s *server) listTrades(ctx context.Context, in *tradesInput) (*tradesOutput, error) {
	g, err := s.partyThere(ctx, in.Party)
	if err != nil {
		return nil, err
	}
	after, err := s.sequence(ctx, listOfClaimTrades, in.Cursor)
	if err != nil {
		return nil, err
	}
	name, err := s.ledgerOf(ctx, g, in.Ledger)
	if err != nil {
		return nil, err
	}
	list, err := g.Sales.Trades(ctx, tenant(ctx), name, id.ID(in.Party), after, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &tradesOutput{}
	out.Body.Trades = convert(list, func(t sale.Trade) ClaimTrade {
		c := ClaimTrade{
			Sale: ID(t.Sale), Loan: ID(t.Loan), Side: "bought", Units: t.Units, Face: Amount(t.Face), Accrued: Amount(t.Accrued), Price: Amount(t.Price), Fees: Amount(t.Pays - t.Price), Money: Amount(t.Pays),
			Date: dateOf(t.Date), Sequence: t.Sequence,
		}
		if t.Seller == id.ID(in.Party) {
			c.Side, c.Fees, c.Money = "sold", Amount(t.Price-t.Receives), Amount(t.Receives)
		}
		return c
	})
	if len(list) == in.Limit {
		out.Body.Next.Next = numberCursor(listOfClaimTrades, list[len(list)-1].Sequence)
	}
	return out, nil
}
