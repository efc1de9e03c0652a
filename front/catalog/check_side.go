package catalog

import (
	"fmt"
	"slices"
)

var one, _ = NewRate("1")

// basesAt are the bases that exist on an occasion.
var basesAt = map[FeeAt][]FeeBase{
	AtDisbursement: {OfLent},
	AtInstallment:  {OfLent, OfBalance, OfPrincipal, OfInterest, OfPayment},
	AtPayoff:       {OfLent, OfBalance},
	AtPayment:      {OfPrincipal, OfInterest, OfPayment},
	AtTransfer:     {OfPrice},
}

// payersAt are those who pay fees of an occasion.
var payersAt = map[FeeAt][]FeePayer{
	AtDisbursement: {FeeByBorrower}, AtInstallment: {FeeByBorrower}, AtPayoff: {FeeByBorrower},
	AtPayment: {FeeByInvestor}, AtTransfer: {FeeBySeller, FeeByBuyer},
}

func (p *Product) checkFees(c *checker) {
	seen := map[string]bool{}
	for i := range p.Fees {
		f := &p.Fees[i]
		field := func(name string) string { return at("fees", i, name) }
		c.code(field("code"), f.Code, seen)
		c.name(field("name"), f.Name)
		c.want(slices.Contains(payersAt[f.At], f.PaidBy), field("paid_by"), "a fee at %s is paid by %v, not by %s", f.At, payersAt[f.At], f.PaidBy)
		if f.Amount > 0 {
			c.want(f.Rate.IsZero() && f.Of == OfNothing && f.Min == 0 && f.Max == 0, field("amount"), "an amount stands without of, rate, min and max")
		} else {
			c.want(slices.Contains(basesAt[f.At], f.Of), field("of"), "a fee at %s is taken of %v, or has an amount", f.At, basesAt[f.At])
			c.want(!f.Rate.IsZero() || len(f.Classes) > 0, field("rate"), "want a rate above 0, or an amount")
			c.want(f.Rate.Cmp(one) < 0, field("rate"), "want a share below 1")
		}
		c.want(f.Max == 0 || f.Max >= f.Min, field("max"), "it is below min")
		c.want(f.Tax == nil || f.Tax.Cmp(one) < 0, field("tax"), "want a rate below 1")
		c.want(f.At != AtTransfer || p.Transfer.Allowed, field("at"), "claims of this product are not sold: claim_transfer.allowed is false")
		c.split(f, field)
		c.shares(field("shares"), f.Shares, f.At != AtPayment)
	}
}

// split checks what depends on whether a fee is taken before or after the split. What is taken after it is a deduction of
// the ledger: one rate in millionths for each class.
func (c *checker) split(f *Fee, field func(string) string) {
	if f.Split == BeforeSplit {
		c.want(len(f.Classes) == 0, field("classes"), "classes of investors need split: after")
		return
	}
	c.want(f.At == AtPayment, field("split"), "only a fee at payment is taken after the split")
	c.want(f.Amount == 0 && f.Min == 0 && f.Max == 0, field("split"), "after the split there is only a rate: no amount, min or max")
	c.want(f.Rate.inMillionths(), field("rate"), "after the split a rate has at most 6 digits after the point")
	seen := map[string]bool{}
	for k, x := range f.Classes {
		in := func(name string) string { return field(fmt.Sprintf("classes[%d].%s", k, name)) }
		c.code(in("class"), x.Class, seen)
		c.want(x.Rate.inMillionths() && x.Rate.Cmp(one) < 0, in("rate"), "want a share below 1 with at most 6 digits after the point")
	}
}

func (c *checker) shares(field string, shares []Share, investors bool) {
	if len(shares) == 0 {
		return
	}
	sum, seen := new(sumOf), map[Receiver]bool{}
	for i, s := range shares {
		sum.add(s.Share)
		c.want(!seen[s.To], at(field, i, "to"), "%s stands here twice", s.To)
		c.want(investors || s.To != ToInvestors, at(field, i, "to"), "investors pay this fee")
		seen[s.To] = true
	}
	c.want(sum.is(one), field, "the shares sum to %s, not to 1", sum)
}

func (p *Product) checkPenalties(c *checker) {
	seen := map[string]bool{}
	c.want(len(p.Penalties) <= 16, "penalties", "at most 16")
	for i := range p.Penalties {
		x := &p.Penalties[i]
		field := func(name string) string { return at("penalties", i, name) }
		c.code(field("code"), x.Code, seen)
		if x.Kind == FlatPenalty {
			c.want(x.Amount > 0, field("amount"), "a flat penalty has an amount")
			c.want(x.Rate.IsZero(), field("rate"), "a flat penalty has no rate")
		} else {
			c.want(!x.Rate.IsZero(), field("rate"), "a %s penalty has a rate", x.Kind)
			c.want(x.Amount == 0, field("amount"), "a %s penalty has no amount", x.Kind)
		}
		c.want(x.Kind == DailyPenalty || x.Per == "day", field("per"), "only a daily penalty's rate is for something")
		c.want(x.GraceDays <= 365, field("grace_days"), "want at most 365")
		c.shares(field("shares"), x.Shares, true)
	}
}

func (p *Product) checkFunding(c *checker) {
	f := &p.Funding
	if !c.want(f.Unit > 0, "funding.unit", "want at least one minor unit") {
		return
	}
	c.want(p.Amount.Min%f.Unit == 0 && p.Amount.Step%f.Unit == 0, "funding.unit", "amount.min and amount.step must be multiples of it")
	c.want(f.Min > 0 && f.Min%f.Unit == 0 && f.Min <= p.Amount.Min, "funding.min", "want a multiple of funding.unit up to amount.min")
	if c.want(f.Step > 0 && f.Step%f.Unit == 0, "funding.step", "want a multiple of funding.unit") {
		c.want(f.Min%f.Step == 0, "funding.min", "want a multiple of funding.step")
	}
	c.want(f.Share.Cmp(Rate{}) > 0 && f.Share.Cmp(one) <= 0, "funding.max_share", "want a share above 0 and up to 1")
	c.want(f.Days >= 1 && f.Days <= 365, "funding.days", "want 1 to 365")
	c.want(f.Partial.Cmp(one) < 0, "funding.partial", "want a share below 1; leave it out for: only in full")
}

// maxDocuments is most of what an applicant is asked for.
const maxDocuments = 20

func (p *Product) checkDocuments(c *checker) {
	seen := map[string]bool{}
	c.want(len(p.Documents) <= maxDocuments, "documents", "%d, at most %d", len(p.Documents), maxDocuments)
	for i, d := range p.Documents {
		c.code(at("documents", i, "code"), d.Code, seen)
		c.name(at("documents", i, "name"), d.Name)
	}
}

func (p *Product) checkLosses(c *checker) {
	l := &p.Losses
	seen := map[LossPayer]bool{}
	for _, x := range l.Order {
		seen[x] = true
	}
	c.want(len(seen) == len(l.Order), "losses.order", "each stands here once")
	pays := l.InstallmentAfter > 0 || l.WholeAfter > 0
	c.want(pays == (len(l.Order) > 0), "losses.order", "who pays (order) and when (installment_after or whole_after) belong together")
	c.want(l.WholeAfter == 0 || l.WholeAfter >= l.InstallmentAfter, "losses.whole_after", "it is before installment_after")
	parts := map[RecoveryPart]bool{}
	for _, x := range l.Recovery {
		parts[x] = true
	}
	c.want(len(l.Recovery) == 3 && len(parts) == 3, "losses.recovery", "want each of costs, payers and holders once")
	for i, f := range p.Fees {
		c.want(!toGuarantors(f.Shares) || seen[GuarantorsPay], at("fees", i, "shares"), "guarantors are not in losses.order")
	}
}

func toGuarantors(shares []Share) bool {
	return slices.ContainsFunc(shares, func(s Share) bool { return s.To == ToGuarantors })
}

func (p *Product) checkTransfer(c *checker) {
	t := &p.Transfer
	c.want(t.MinPrice.Cmp(Rate{}) > 0 && t.MinPrice.Cmp(t.MaxPrice) <= 0, "claim_transfer.min_price", "want a share above 0 and up to max_price")
	two, _ := NewRate("2")
	c.want(t.MaxPrice.Cmp(two) <= 0, "claim_transfer.max_price", "want at most 2")
	c.want(t.Holding <= 3_650, "claim_transfer.holding_days", "want at most 3650")
	c.want(t.BeforeDue <= 31, "claim_transfer.days_before_due", "want at most 31")
	c.want(t.OrderDays >= 1 && t.OrderDays <= 90, "claim_transfer.order_days", "want 1 to 90")
	if p.Funding.Unit > 0 {
		c.want(t.MinPiece > 0 && t.MinPiece%p.Funding.Unit == 0, "claim_transfer.min_piece", "want a multiple of funding.unit")
	}
}
