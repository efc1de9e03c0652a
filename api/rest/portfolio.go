package rest

import (
	"context"
	"fmt"
	"math/big"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/portfolio"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Portfolio is what an investor has in a ledger.
type Portfolio struct {
	Ledger    string           `json:"ledger" example:"main"`
	On        Date             `json:"on" doc:"Today of the ledger"`
	Cash      Amount           `json:"cash"`
	InBids    Amount           `json:"in_bids" doc:"In bids on listings that are open"`
	Invested  Amount           `json:"invested" doc:"His part of the principal outstanding, loan by loan half even"`
	Accrued   Amount           `json:"accrued" doc:"His part of the interest that is borne and neither due nor paid yet, less what fees take of it, loan by loan rounded down"`
	Unpaid    Amount           `json:"unpaid" doc:"His part of interest and charges that are due and not paid, less what fees take of it, loan by loan rounded down"`
	Lost      Amount           `json:"lost" doc:"His part of the principal of loans that were written off"`
	Earned    Amount           `json:"earned" doc:"Interest and charges paid to him, before deductions"`
	Repaid    Amount           `json:"repaid" doc:"Principal paid to him"`
	Paid      Amount           `json:"paid" doc:"For bids that were funded and for claims"`
	Sold      Amount           `json:"sold" doc:"Got for claims, and for units that somebody took over who paid for the borrower"`
	Rate      string           `json:"rate_percent,omitempty" doc:"What his money has earned a year so far (XIRR, actual/365), an estimate" example:"8.1234"`
	NoRate    string           `json:"no_rate,omitempty" doc:"Why there is none"`
	Expected  []PortfolioFlow  `json:"expected" doc:"What the schedules still bring him, each part rounded down, less what fees take of it"`
	Claims    []PortfolioClaim `json:"claims" doc:"What he holds now"`
	Grades    []PortfolioPart  `json:"grades" doc:"Where his money is: largest first"`
	Regions   []PortfolioPart  `json:"regions"`
	Borrowers []PortfolioPart  `json:"borrowers"`
}

// PortfolioFlow is what is to come on a day.
type PortfolioFlow struct {
	Date      Date   `json:"date"`
	Principal Amount `json:"principal"`
	Other     Amount `json:"other" doc:"Interest and charges"`
}

// PortfolioClaim is what he has of one loan.
type PortfolioClaim struct {
	Loan     ID     `json:"loan"`
	State    string `json:"state" example:"repaying"`
	Units    uint64 `json:"units"`
	Of       uint64 `json:"of"`
	Invested Amount `json:"invested"`
	Accrued  Amount `json:"accrued"`
	Unpaid   Amount `json:"unpaid"`
	Lost     Amount `json:"lost"`
	Repaid   Amount `json:"repaid"`
	Earned   Amount `json:"earned"`
}

// PortfolioPart is the part of the money that is in one place.
type PortfolioPart struct {
	In       string `json:"in"`
	Loans    int    `json:"loans"`
	Invested Amount `json:"invested"`
}

// HolderPayment is what one holder got of a payment to all, with the arithmetic of his share.
type HolderPayment struct {
	Sequence uint64        `json:"sequence"`
	At       Instant       `json:"at"`
	Date     Date          `json:"date" doc:"From which it counts"`
	Kind     string        `json:"kind" example:"line"`
	Amount   Amount        `json:"amount" doc:"What reached his account, or left it when a payment was taken back"`
	Debit    bool          `json:"debit,omitempty" doc:"It left it"`
	Deducted Amount        `json:"deducted,omitempty"`
	Shares   []HolderShare `json:"shares,omitempty" doc:"By tranche; where one was taken back there are none"`
}

// HolderShare is his share of one tranche: what all got, times his units, divided by all units. The cents that a whole
// number leaves over go to who would be owed a whole cent first, so no holder is ever a cent off.
type HolderShare struct {
	Tranche string `json:"tranche" example:"interest"`
	All     Amount `json:"all" doc:"Paid to all holders"`
	Units   uint64 `json:"units" doc:"His, at that instant"`
	Of      uint64 `json:"of" doc:"All units"`
	Exact   string `json:"exact" doc:"all times units divided by of, in minor units" example:"341.333333"`
	Got     Amount `json:"got"`
}

type (
	portfolioInput struct {
		InParty
		Ledger string `query:"ledger" maxLength:"32" doc:"The tenant's first one if absent"`
	}
	portfolioOutput struct{ Body Portfolio }
	holderInput     struct {
		InPartyLoan
		InPage
	}
	holderOutput struct {
		Body struct {
			Payments []HolderPayment `json:"payments" doc:"Oldest first; a page may be short, even empty, and have a next"`
			Next
		} `nameHint:"HolderPayments"`
	}
)

func (s *server) portfolios(a huma.API) {
	huma.Register(a, own("party", right.LoanRead, question("get-portfolio", partyPath+"/portfolio", tagMarket,
		"Tell what an investor has: cash, bids, claims, what they earned and are to bring")), s.getPortfolio)
	huma.Register(a, own("party", right.LoanRead, question("list-holder-payments", partyPath+"/loans/{loan}/payments", tagMarket,
		"List what an investor got of each payment of a loan, with the arithmetic of his share")), s.listHolderPayments)
}

func (s *server) getPortfolio(ctx context.Context, in *portfolioInput) (*portfolioOutput, error) {
	g, err := s.partyThere(ctx, in.Party)
	if err != nil {
		return nil, err
	}
	name, err := s.ledgerOf(ctx, g, in.Ledger)
	if err != nil {
		return nil, err
	}
	p, err := g.Overview.Portfolio(ctx, tenant(ctx), name, id.ID(in.Party))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &portfolioOutput{Body: portfolioOf(name, p)}, nil
}

func portfolioOf(name string, p *portfolio.Portfolio) Portfolio {
	part := func(x portfolio.Part) PortfolioPart { return PortfolioPart{x.In, x.Loans, Amount(x.Invested)} }
	out := Portfolio{
		Ledger: name, On: dateOf(p.On), Cash: Amount(p.Cash), InBids: Amount(p.InBids), Invested: Amount(p.Invested), Accrued: Amount(p.Accrued),
		Unpaid: Amount(p.Unpaid), Lost: Amount(p.Lost),
		Earned: Amount(p.Earned), Repaid: Amount(p.Repaid), Paid: Amount(p.Paid), Sold: Amount(p.Sold), NoRate: p.Why,
		Expected: convert(p.Expected, func(f portfolio.Flow) PortfolioFlow {
			return PortfolioFlow{dateOf(f.Date), Amount(f.Principal), Amount(f.Other)}
		}),
		Claims: convert(p.Claims, func(c portfolio.Claim) PortfolioClaim {
			return PortfolioClaim{
				ID(c.Loan), string(c.State), c.Units, c.Of, Amount(c.Invested), Amount(c.Accrued), Amount(c.Unpaid), Amount(c.Lost),
				Amount(c.Principal), Amount(c.Other),
			}
		}),
		Grades: convert(p.Grades, part), Regions: convert(p.Regions, part), Borrowers: convert(p.Borrowers, part),
	}
	if p.Rate != nil {
		out.Rate = fmt.Sprintf("%.4f", *p.Rate*100)
	}
	return out
}

func (s *server) listHolderPayments(ctx context.Context, in *holderInput) (*holderOutput, error) {
	g, err := s.partyThere(ctx, in.Party)
	if err != nil {
		return nil, err
	}
	l, err := g.Loans.Get(ctx, tenant(ctx), id.ID(in.Loan))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	after, err := s.place(ctx, listOfHolderPayments, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.node.Entries(ctx, l.Ledger, market.Cash(id.ID(in.Party)), api.EntryQuery{
		Page: api.Page{Cursor: after, Limit: in.Limit}, Oldest: true,
		Reference: &ledger.Reference{Type: servicing.ReferenceLoan, Value: l.Deed.Loan},
	})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &holderOutput{}
	out.Body.Payments = []HolderPayment{}
	for i := range page.Entries {
		if e := &page.Entries[i]; e.Register == l.Places.Register {
			p, err := s.holderPayment(ctx, l, id.ID(in.Party), e)
			if err != nil {
				return nil, s.problem(ctx, err)
			}
			out.Body.Payments = append(out.Body.Payments, p)
		}
	}
	out.Body.Next.Next = cursor(listOfHolderPayments, page.Next)
	return out, nil
}

// holderPayment explains one entry.
func (s *server) holderPayment(ctx context.Context, l *servicing.Loan, holder id.ID, e *api.Entry) (HolderPayment, error) {
	p := HolderPayment{
		Sequence: e.Sequence, At: Instant(e.Timestamp), Date: Date(e.Effective), Kind: e.Kind, Amount: Amount(e.Amount), Debit: e.Side == ledger.DebitNormal,
	}
	if e.Kind != ledger.EntryLine.String() {
		return p, nil
	}
	line, d, err := s.node.LineOf(ctx, l.Ledger, e.Sequence, e.Operation, market.Cash(holder))
	if errs.Is(err, errs.NotFound) {
		return p, nil // a difference to an earlier payment
	}
	if err != nil || d.Undoes != 0 {
		return p, err
	}
	p.Deducted = Amount(line.Deducted)
	for t := range d.Tranches {
		if tranche := &d.Tranches[t]; tranche.Amount != 0 && t < len(servicing.Tranches) {
			exact := new(big.Rat).SetFrac(
				new(big.Int).Mul(big.NewInt(tranche.Amount), new(big.Int).SetUint64(line.Units)), new(big.Int).SetUint64(max(tranche.Units, 1)))
			p.Shares = append(p.Shares, HolderShare{
				Tranche: servicing.Tranches[t], All: Amount(tranche.Amount), Units: line.Units, Of: tranche.Units, Exact: exact.FloatString(6), Got: Amount(line.Gross[t]),
			})
		}
	}
	return p, nil
}
