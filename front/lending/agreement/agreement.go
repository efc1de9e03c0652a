package agreement

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Products are the versions of products, each for ever the same.
type Products interface {
	Product(ctx context.Context, tenant id.ID, code string, version uint32) (*catalog.Product, error)
}

// Calendars are lists of holidays, as they are known now; of a code of which none is kept, no days.
type Calendars interface {
	Days(ctx context.Context, tenant id.ID, code string) (holidays, workdays []day.Date, err error)
}

// Terms are what of a loan the product leaves open: the terms of a deed.
type Terms struct {
	Amount int64        `json:"amount"`
	Term   int          `json:"term"`
	Unit   catalog.Unit `json:"unit"`
	Grade  string       `json:"grade"`
	Start  day.Date     `json:"start"`
	Part   bool         `json:"part,omitempty"` // the rest of what was applied for was not funded
	// Guarantors pay for the borrower as the product says. None: if it names guarantors, their account together.
	Guarantors []Guarantor `json:"guarantors,omitempty"`
}

// Guarantor pays for the borrower when he does not.
type Guarantor struct {
	Party   id.ID  `json:"party,omitzero"`
	Account string `json:"account"`
	Share   int64  `json:"share,omitempty"` // if each pays his share: in proportion to it
	Limit   int64  `json:"limit,omitempty"` // most that he has paid and not got back; 0: none
}

// Contracts reads contracts by the catalog.
type Contracts struct {
	Products  Products
	Calendars Calendars
}

// Application is what a loan was applied for under a product, with the holidays known now.
func (c *Contracts) Application(ctx context.Context, tenant id.ID, p *catalog.Product, t *Terms) (*catalog.Application, error) {
	a := &catalog.Application{Amount: t.Amount, Term: catalog.Duration{N: t.Term, Unit: t.Unit}, Grade: t.Grade, Start: t.Start, Part: t.Part}
	if p.Days.Calendar == "" {
		return a, nil
	}
	var err error
	a.Holidays, a.Workdays, err = c.Calendars.Days(ctx, tenant, p.Days.Calendar)
	return a, err
}

// Contract reads what a loan was agreed by.
func (c *Contracts) Contract(ctx context.Context, d *servicing.Deed) (*servicing.Contract, error) {
	var t Terms
	read := json.NewDecoder(bytes.NewReader(d.Terms))
	read.DisallowUnknownFields()
	if err := read.Decode(&t); err != nil {
		return nil, errs.Invalid.Errorf("%v", err).On("terms")
	}
	p, err := c.Products.Product(ctx, d.Tenant, d.Product, d.Version)
	if err != nil {
		return nil, err
	}
	a, err := c.Application(ctx, d.Tenant, p, &t)
	if err != nil {
		return nil, err
	}
	terms, events, err := catalog.Contract(p, a)
	if err != nil {
		return nil, err
	}
	k := &servicing.Contract{
		Agreement: terms, Over: overs[p.Overpayment], Lateness: lateness(&p.Lateness), NoPrepay: !p.Prepayment.Allowed, Days: daysCode(d.Product, d.Version),
		Opening: slices.DeleteFunc(events, func(e loan.Event) bool { return e.Type == loan.Disburse }),
	}
	if k.NoPrepay && k.Over == servicing.Advance {
		k.Over = servicing.Refund
	}
	v, err := newDivider(p, &d.Places, terms.Terms.Principal)
	if err != nil {
		return nil, err
	}
	k.Divide, k.Taxed, k.Deductions, k.DeductedTax, k.PayoffFee = v.divide, v.taxed, v.deductions, v.deductedTax, v.payoffFee
	_, kept, err := catalog.Payout(p, terms.Terms.Principal)
	if err != nil {
		return nil, err
	}
	if err := v.tax(&k.Upfront, kept); err != nil {
		return nil, err
	}
	k.Losses = losses(&p.Losses, &d.Places, t.Guarantors)
	return k, nil
}

var overs = map[catalog.Overpayment]servicing.Over{
	catalog.Advance: servicing.Advance, catalog.Credit: servicing.Credit, catalog.Refund: servicing.Refund,
}

var countings = map[catalog.LateDate]servicing.Counting{
	catalog.Initiated: servicing.ByPayer, catalog.Received: servicing.ByReceipt, catalog.Booked: servicing.ByBooking,
}

func lateness(l *catalog.Lateness) servicing.Lateness {
	return servicing.Lateness{By: countings[l.Date], CutOff: l.After()}
}

func daysCode(product string, version uint32) string { return fmt.Sprintf("%s@%d", product, version) }

// Days are the calendar of a product's version and its rule, found on the one way from a product to terms.
func (c *Contracts) Days(ctx context.Context, tenant id.ID, code string) (*calendar.Calendar, calendar.Rule, error) {
	name, number, _ := strings.Cut(code, "@")
	version, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return nil, 0, fmt.Errorf("%q names no version of a product: %w", code, err)
	}
	p, err := c.Products.Product(ctx, tenant, name, uint32(version))
	if err != nil {
		return nil, 0, err
	}
	if len(p.Terms) == 0 || len(p.Grades) == 0 {
		return nil, 0, fmt.Errorf("product %s has no terms or no grades", code)
	}
	a, err := c.Application(ctx, tenant, p, &Terms{
		Amount: int64(p.Amount.Min), Term: p.Terms[0].Min, Unit: p.Terms[0].Unit, Grade: p.Grades[0].Code, Start: day.Of(2026, 1, 1),
	})
	if err != nil {
		return nil, 0, err
	}
	terms, err := catalog.Agreement(p, a)
	return terms.Terms.Calendar, terms.Terms.Rule, err
}

// ppm is a rate in parts per million.
func ppm(r catalog.Rate) (uint32, error) {
	f, err := amount.Decimal(r.Decimal())
	if err != nil {
		return 0, err
	}
	x, err := f.Apply(1_000_000, amount.Down)
	if err != nil || x > 1_000_000 || !f.Equal(amount.Of(uint64(x), 1_000_000)) {
		return 0, errs.Invalid.Errorf("a fee of %s of each line is not a whole number of parts per million up to 1", r).On("fees")
	}
	return uint32(x), nil
}

// deductions are the fees that are taken from each investor's line, with the part of each that is tax, nil where the product
// says nothing.
func deductions(p *catalog.Product, places *servicing.Places) (list []ledger.Deduction, taxes []*amount.Fraction, err error) {
	for _, d := range p.Deducted() {
		if len(d.Fee.Shares) > 1 || d.Fee.Amount > 0 {
			return nil, nil, errs.Invalid.Errorf("fee %s is taken from each line: it goes to one receiver and is a rate", d.Fee.Code).On("fees")
		}
		to := places.Platform
		if len(d.Fee.Shares) == 1 {
			to = place(d.Fee.Shares[0].To, places)
		}
		rate, err := ppm(d.Rate)
		if err != nil {
			return nil, nil, err
		}
		var tax *amount.Fraction
		if d.Fee.Tax != nil {
			part, err := d.Fee.TaxPart()
			if err != nil {
				return nil, nil, err
			}
			tax = &part
		}
		list, taxes = append(list, ledger.Deduction{Tranche: tranches[d.Of], Class: uint8(d.Class), Rate: rate, Account: to}), append(taxes, tax)
	}
	return list, taxes, nil
}

// The ledger takes as many deductions as a product may have.
const _ = uint(ledger.MaxDeductions - catalog.MaxDeducted)

// tranches are those of the components.
var tranches = map[loan.Component]uint8{loan.Principal: 0, loan.Interest: 1}

func place(to catalog.Receiver, places *servicing.Places) string {
	switch to {
	case catalog.ToReserve:
		return places.Reserve
	case catalog.ToGuarantors:
		return places.Guarantee
	}
	return places.Platform
}
