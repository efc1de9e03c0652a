package ground

import (
	"context"
	"net/http"

	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/decision"
	"github.com/longmen/longmen/front/lending/paper"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/errs"
)

// openApplications opens the way to loans: applications, who decides on them, their papers and signatures.
func (g *Ground) openApplications(ctx context.Context, c *Config) error {
	files, err := document.OpenFiles(c.Files)
	if err != nil {
		return err
	}
	signatures, err := sign.Open(ctx, g.DB, g.Notices, c.Random)
	if err != nil {
		return err
	}
	desk := &application.Desk{Config: application.Config{
		DB: g.DB, Orders: g.Orders, Plan: g.Plan, Ledgers: ledgers{c}, Products: products{g.Products}, Contracts: g.contracts(),
		Persons: g.persons, Signer: &signer{signatures, &addresses{g.Parties}}, Market: g.Market, Loans: g.Loans, Proposals: g.Approvals, Notices: g.Notices,
	}}
	desk.Decider = &decision.Judge{Parties: g.Parties, Loans: g.Loans, Applications: desk, Clock: c.Clock}
	g.Papers, err = paper.Open(ctx, paper.Config{
		DB: g.DB, Plan: g.Plan, Fonts: c.Fonts, Files: files, Parties: g.Parties, Signatures: signatures, Schedules: desk, Ledgers: ledgers{c}, Sales: g.Sales, Loans: g.Loans, Applications: desk,
		Language: g.Notices.Language,
	})
	desk.Papers, g.Applications = g.Papers, desk
	g.Market.Consumer = desk
	g.Loans.Watch(servicing.Planning(g.Plan, desk.Told))
	return err
}

// noMobile means that a code can't be sent.
var noMobile = errs.Define("no_mobile", http.StatusConflict, "The party has no mobile number to which a code could be sent")

// signer sends codes to those whose number is known.
type signer struct {
	*sign.Desk
	addresses *addresses
}

func (s *signer) Ask(ctx context.Context, r sign.Request) error {
	to, _, err := s.addresses.Address(ctx, r.Tenant, r.Party, message.SMS)
	if err == nil && to == "" {
		err = noMobile.Errorf("add an identifier of the type %s first", Mobile)
	}
	if err != nil {
		return err
	}
	return s.Desk.Ask(ctx, r)
}
