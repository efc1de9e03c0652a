package paper

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// offer is what stands in the papers of an offer.
type offer struct {
	agreement  *document.Agreement
	disclosure *document.Disclosure
}

// offered fills the papers of an offer.
func (w *Papers) offered(ctx context.Context, a *application.Application, p *catalog.Product, in document.Language) (*offer, error) {
	terms, state, err := w.Schedules.Schedule(ctx, a, p)
	if err != nil {
		return nil, err
	}
	borrower, err := w.person(ctx, a.Tenant, a.Borrower)
	if err != nil {
		return nil, err
	}
	platform, err := w.platform(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	charges, err := chargesOf(p, a.Offer.Amount, in)
	if err != nil {
		return nil, err
	}
	guarantors, err := w.guarantors(ctx, a)
	if err != nil {
		return nil, err
	}
	number, currency, rows := a.ID.String(), document.Currency{Code: p.Asset.Code, Digits: p.Asset.Scale}, rowsOf(state)
	o := &offer{
		agreement: &document.Agreement{
			Number: number, Date: a.Offer.Start, Currency: currency, Borrower: borrower, Platform: platform, UpTo: a.Offer.Amount, Purpose: a.Purpose,
			Method: terms.Terms.Method, Schedule: rows, Charges: charges, Jurisdiction: word(court, in), Guarantors: guarantors,
			Form: document.AgreementForm, Prepayable: p.Prepayment.Allowed, Payoff: string(p.Prepayment.PayoffInterest), Beyond: beyond(p), Penalties: len(p.Penalties) > 0,
		},
		disclosure: &document.Disclosure{
			Number: number + "-D", Agreement: number, Date: a.Offer.Start, Currency: currency, Borrower: borrower, Platform: platform,
			Product: name(p.Name, in), Amount: a.Offer.Amount, Payout: a.Offer.Payout, Interest: a.Offer.Interest, Fees: a.Offer.Fees,
			Installment: a.Offer.Installment, Rows: a.Offer.Rows, Method: terms.Terms.Method, First: rows[0].Due, Last: rows[len(rows)-1].Due, Charges: charges,
		},
	}
	return o, o.rates(a.Offer, p)
}

// guarantors are those who pay for the borrower, as they stand in the agreement.
func (w *Papers) guarantors(ctx context.Context, a *application.Application) (list []document.Guarantor, err error) {
	for _, g := range a.Guarantors {
		who, err := w.person(ctx, a.Tenant, g.Party)
		if err != nil {
			return nil, err
		}
		list = append(list, document.Guarantor{Party: who, Share: g.Share, Limit: g.Limit})
	}
	return list, nil
}

// rates puts the yearly rates, and what a day of delay costs, into the papers.
func (o *offer) rates(of *application.Offer, p *catalog.Product) (err error) {
	g, d := o.agreement, o.disclosure
	if g.AnnualRate, err = millionths(of.Rate); err != nil {
		return err
	}
	if g.AllInRate, err = millionths(of.AllIn); err != nil {
		return err
	}
	if d.Effective, err = millionths(of.Effective); err != nil {
		return err
	}
	d.AnnualRate, d.AllInRate = g.AnnualRate, g.AllInRate
	g.PenaltyRate, g.GraceDays, err = daily(p)
	return err
}

// daily is what a day of delay costs by all penalties that grow by the day, and within how many days nothing: 0 where not all of them
// have the same days of grace.
func daily(p *catalog.Product) (sum int64, grace int, err error) {
	first := true
	for i := range p.Penalties {
		x := &p.Penalties[i]
		if x.Kind != catalog.DailyPenalty {
			continue
		}
		if !first && x.GraceDays != grace {
			return 0, 0, nil
		}
		ppm, err := millionths(x.Rate.String())
		if err != nil {
			return 0, 0, err
		}
		first, grace, sum = false, x.GraceDays, sum+ppm/daysOf[x.Per]
	}
	return sum, grace, nil
}

// beyond is where money beyond what is due goes, as servicing counts it.
func beyond(p *catalog.Product) string {
	e := &p.Prepayment
	switch {
	case p.Overpayment == catalog.Credit:
		return "credit"
	case p.Overpayment != catalog.Advance || !e.Allowed:
		return "none"
	case !e.Recalculate:
		return "installments"
	case e.OnDueDate:
		return "principal_on_due_date"
	}
	return "principal"
}

// daysOf is for how many days a penalty's rate stands.
var daysOf = map[catalog.RatePer]int64{"day": 1, "year_360": 360, "year_365": 365}

// millionths reads a rate. More digits than six are rounded.
func millionths(rate string) (int64, error) {
	whole, part, _ := strings.Cut(rate, ".")
	if len(part) <= 6 {
		return amount.Parse(rate, 6)
	}
	x, err := amount.Parse(whole+"."+part[:6], 6)
	if err == nil && part[6] >= '5' {
		x++
	}
	return x, err
}

// rowsOf are the rows of a schedule, with the fees that fall due with them.
func rowsOf(s *loan.State) []schedule.Row {
	rows := make([]schedule.Row, len(s.Rows))
	for i := range s.Rows {
		rows[i] = s.Rows[i].Row
	}
	return rows
}

// annex fills the annex of those who hold the loan.
func (w *Papers) annex(ctx context.Context, a *application.Application, p *catalog.Product, agreed *document.Agreement, in document.Language) (*document.Annex, error) {
	contract, err := a.Digest()
	if err != nil {
		return nil, err
	}
	now, err := w.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return nil, err
	}
	x := &document.Annex{
		Number: agreed.Number + "-A", Agreement: agreed.Number, Digest: contract, Date: day.Date(ledger.DateOf(now).UnixDay()), Currency: agreed.Currency,
		Borrower: masked(agreed.Borrower), Platform: agreed.Platform, Funded: a.Raised,
		Signed: []document.Signature{{Role: "platform", Name: agreed.Platform.Name, At: now, Method: word(bySystem, in)}},
	}
	holders, err := w.holders(ctx, a)
	if err != nil {
		return nil, err
	}
	of := make([]id.ID, len(holders))
	for i, h := range holders {
		if of[i], err = holder(h.Account); err != nil {
			return nil, err
		}
	}
	people, err := w.persons(ctx, a.Tenant, of)
	if err != nil {
		return nil, err
	}
	for i, h := range holders {
		who := masked(people[i])
		x.Lenders = append(x.Lenders, document.Lender{Number: int(h.Holder), Name: who.Name, Identifier: who.Identifier, Amount: int64(h.Units) * int64(p.Funding.Unit)})
	}
	return x, nil
}

const holdersAtOnce = 1_000

// holders are those who have units of the loan.
func (w *Papers) holders(ctx context.Context, a *application.Application) (list []ledger.HoldingState, err error) {
	for next, more := uint32(0), true; more && err == nil; {
		found := true
		err = w.Ledgers.View(ctx, a.Ledger, func(e *ledger.Engine) {
			var page []ledger.HoldingState
			page, next, found = e.Holders(a.Register(), next, holdersAtOnce)
			for _, h := range page {
				if h.Units > 0 {
					list = append(list, h)
				}
			}
		})
		if err == nil && !found {
			err = errs.Internal.Errorf("loan %s has no register", a.Loan())
		}
		more = next != 0
	}
	return list, err
}

// Lends says whether a party holds the loan, or held it.
func (w *Papers) Lends(ctx context.Context, a *application.Application, of id.ID) (lends bool, err error) {
	err = w.Ledgers.View(ctx, a.Ledger, func(e *ledger.Engine) { _, lends = e.Holding(a.Register(), market.Cash(of)) })
	return lends, err
}

// holder is the party whose cash a holding is paid into.
func holder(account string) (of id.ID, err error) {
	text, _ := strings.CutPrefix(account, "party:")
	text, _ = strings.CutSuffix(text, ":cash")
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != id.Size {
		return of, errs.Internal.Errorf("the holding of %s is nobody's", account)
	}
	copy(of[:], b)
	return of, nil
}
