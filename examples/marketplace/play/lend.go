package play

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/script"
	"github.com/longmen/longmen/kit/id"
)

// application is how one stands.
type application struct {
	State string
	Loan  string
	Offer struct {
		Amount      client.Amount
		Installment client.Amount
		Payout      client.Amount
		Grade       string
	}
	Seconds int64 `json:"payout_seconds"`
}

// New loans are applied for and offered, signed and so listed, and funded as soon as they are listed: by mandates or by single
// bids. What is funded is paid out by itself.

// newLoans are this month's.
func (p *Player) newLoans() (list []*lent) {
	for _, l := range p.loans {
		if l.Listed == p.month {
			list = append(list, l)
		}
	}
	return list
}

// eachNew goes through this month's new loans.
func (p *Player) eachNew(ctx context.Context, do func(ctx context.Context, l *lent) error) error {
	list := p.newLoans()
	return p.Each(ctx, len(list), func(ctx context.Context, i int) error { return told(list[i], do(ctx, list[i])) })
}

func (p *Player) applications(ctx context.Context) (err error) {
	list := p.newLoans()
	for i, l := range list {
		if l.application, err = p.ordered("application", i, len(list)); err != nil {
			return err
		}
	}
	return p.eachNew(ctx, p.applies)
}

// funding lets loans be signed one after the other, so that they are listed in their order, which their ids have too: then
// mandates fund them in it, and every run is the same. Codes are asked for before. What follows goes side by side: investors
// have money for what they bid and for their mandates, so no burst takes anything from a mandate.
func (p *Player) funding(ctx context.Context) error {
	if err := p.eachNew(ctx, p.asksToSign); err != nil {
		return err
	}
	list := p.newLoans()
	signed := make([]chan struct{}, len(list))
	for i := range signed {
		signed[i] = make(chan struct{})
	}
	return p.Each(ctx, 1+len(list), func(ctx context.Context, i int) error {
		if i == 0 {
			return p.sign(ctx, list, signed)
		}
		l := list[i-1]
		select {
		case <-signed[i-1]:
		case <-ctx.Done():
			return ctx.Err()
		}
		fund := p.mandated
		if l.Burst {
			fund = p.burst
		}
		if err := fund(ctx, l); err != nil {
			return told(l, err)
		}
		return told(l, p.paidOut(ctx, l))
	})
}

// sign lets borrowers sign in their order, and says so of each.
func (p *Player) sign(ctx context.Context, list []*lent, signed []chan struct{}) error {
	for i, l := range list {
		if err := p.signs(ctx, l); err != nil {
			return told(l, err)
		}
		close(signed[i])
	}
	return nil
}

// told says of which loan an error is.
func told(l *lent, err error) error {
	if err != nil {
		err = fmt.Errorf("loan %d: %w", l.Number, err)
	}
	return err
}

const applicationsPath = "/v1/applications"

// applyFor lets an officer, who knows the borrower's score, submit what he applies for. What the rules allow is offered at
// once.
func (p *Player) applyFor(ctx context.Context, l *lent, own id.ID, income int64) (a application, err error) {
	err = p.c.Post(ctx, p.staff[operations], applicationsPath, "", map[string]any{
		"id": own, "borrower": l.borrower, "ledger": Ledger, "product": l.Product, "amount": cents(l.Yuan),
		"term": map[string]any{"n": l.Months, "unit": "months"}, "purpose": "消费",
		"facts": []map[string]string{
			{"fact": "applicant.score", "value": fmt.Sprint(l.Score)}, {"fact": "applicant.monthly_income", "value": fmt.Sprint(income)},
		},
	}, &a)
	return a, err
}

// applies is a loan's way to the offer. Some are refused first, for they say that they earn too little.
func (p *Player) applies(ctx context.Context, l *lent) error {
	l.terms = recount.Terms{Amount: l.Yuan * recount.CentsPerUnit, Rate: l.Rate, Months: l.Months, Start: p.today}
	due := l.terms.EqualInstallment()
	if l.Refused {
		own, err := p.id("refused", uint64(l.index))
		if err != nil {
			return err
		}
		a, err := p.applyFor(ctx, l, own, due)
		if err != nil || a.State != "refused" {
			return fmt.Errorf("an application that earns too little is %s: %w", a.State, err)
		}
		p.Stats.Refused.Add(1)
	}
	a, err := p.applyFor(ctx, l, l.application, 3*due)
	if err != nil {
		return err
	}
	p.Stats.Applications.Add(1)
	l.offered = a.State == "offered" // or, in a run that goes on, it is farther already
	l.began = time.Now()
	if int64(a.Offer.Amount) != l.terms.Amount || a.Offer.Grade != l.Grade || int64(a.Offer.Installment) != due {
		return fmt.Errorf("offered are %d at grade %q, applied was for %d at %s; it is %s", a.Offer.Amount, a.Offer.Grade, l.terms.Amount, l.Grade, a.State)
	}
	return nil
}

var sixDigits = regexp.MustCompile(`\d{6}`)

// asksToSign lets the borrower ask for a code, and read it where the simulator of short messages keeps it.
func (p *Player) asksToSign(ctx context.Context, l *lent) (err error) {
	if !l.offered {
		return nil
	}
	if err := p.c.Post(ctx, l.own, applicationsPath+"/"+l.application.String()+"/code", "", map[string]any{}, nil); err != nil {
		return err
	}
	l.code, err = p.code(ctx, l)
	return err
}

// signs lets the borrower sign with the code.
func (p *Player) signs(ctx context.Context, l *lent) error {
	if !l.offered {
		return nil
	}
	change, err := p.id("sign", uint64(l.index))
	if err != nil {
		return err
	}
	body := map[string]any{"id": change, "code": l.code}
	return p.c.Post(ctx, l.own, applicationsPath+"/"+l.application.String()+"/signature", "", body, nil)
}

// await asks until there is an answer: what happens by itself in the node is on its way.
func await(ctx context.Context, what string, ask func() (bool, error)) error {
	const patience = 10 * time.Minute // hundreds may have been signed before
	for began, wait := time.Now(), 5*time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		if done, err := ask(); done || err != nil {
			return err
		}
		if time.Since(began) > patience {
			return fmt.Errorf("%s: nothing has come in %v", what, patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// code is what the borrower was sent last.
func (p *Player) code(ctx context.Context, l *lent) (code string, err error) {
	operator := client.Caller{Token: p.operator.Token}
	return code, await(ctx, "the code for "+l.mobile(), func() (bool, error) {
		var out struct {
			Messages []struct{ Address, Body string }
		}
		if err := p.c.Get(ctx, operator, "/v1/simulators/sms/messages", url.Values{"limit": {"200"}}, &out); err != nil {
			return false, err
		}
		for _, m := range out.Messages {
			if m.Address == l.mobile() {
				code = sixDigits.FindString(m.Body)
				return code != "", nil
			}
		}
		return false, nil
	})
}

// mandated waits until mandates have funded a loan. To ask for its listing costs the node less than for its application.
func (p *Player) mandated(ctx context.Context, l *lent) error {
	_, err := p.listing(ctx, l, "funded")
	return err
}

// burst funds a loan by single bids, one after the other: first come, first served. The last ones are too late.
func (p *Player) burst(ctx context.Context, l *lent) error {
	listing, err := p.listing(ctx, l, "open", "funded")
	if err != nil {
		return err
	}
	defer p.Stats.bidding()()
	bids := p.s.Bids(l.Loan)
	for n, b := range bids {
		key, err := p.run.ID(p.month, fmt.Sprintf("bid-%d", l.index), uint64(n))
		if err != nil {
			return err
		}
		v := p.investors[b.Investor]
		err = p.c.Post(ctx, v.own, "/v1/listings/"+listing+"/bids", key.String(), map[string]any{"amount": cents(b.Yuan)}, nil)
		late := n >= len(bids)-script.TooLate
		switch code := client.Code(err); {
		case late && (code == "market_sold_out" || code == "market_closed"):
			p.Stats.TooLate.Add(1)
		case err != nil:
			return err
		case late:
			return fmt.Errorf("a bid that is too late was taken")
		default:
			p.Stats.Bids.Add(1)
		}
	}
	return nil
}

// listing waits until a loan's listing is in one of these states.
func (p *Player) listing(ctx context.Context, l *lent, states ...string) (string, error) {
	name := l.application.String() // a listing has the application's id
	return name, await(ctx, "the listing", func() (bool, error) {
		var out struct{ State string }
		err := p.c.Get(ctx, p.staff[operations], "/v1/listings/"+name, nil, &out)
		if client.Code(err) == "not_found" {
			return false, nil
		}
		return slices.Contains(states, out.State), err
	})
}

// paidOut waits until a loan is paid out, which follows from its being funded, and lets the borrower have his money.
func (p *Player) paidOut(ctx context.Context, l *lent) error {
	var a application
	err := await(ctx, "the payout", func() (bool, error) {
		err := p.c.Get(ctx, l.own, applicationsPath+"/"+l.application.String(), nil, &a)
		return a.Loan != "", err
	})
	if err != nil {
		return fmt.Errorf("%w (the application is %s)", err, a.State)
	}
	l.id = a.Loan
	pays := l.terms.Payout()
	if int64(a.Offer.Payout) != pays {
		return fmt.Errorf("%d is paid out to him by the offer, %d by the contract", a.Offer.Payout, pays)
	}
	p.Stats.waited(a.Seconds, time.Since(l.began))
	l.tale.Terms = l.terms
	l.note(recount.Fact{Kind: recount.PaidOut, Day: p.today})
	c, err := p.command("draw", uint64(l.index), PurposeDraw, transfer(Cash(l.borrower), Custody, pays))
	if err != nil {
		return err
	}
	l.note(recount.Fact{Kind: recount.Drawn, Day: p.today, Amount: pays})
	return p.apply(ctx, []command{c})
}

// funders reads who holds which loan: what every investor has bid, by himself or by his mandate. It is asked for once, when
// all loans are funded.
func (p *Player) funders(ctx context.Context) error {
	byListing := map[string]*lent{}
	for _, l := range p.loans {
		byListing[l.application.String()] = l
	}
	bids := make([][]bid, len(p.investors))
	err := p.Each(ctx, len(p.investors), func(ctx context.Context, i int) (err error) {
		bids[i], err = p.bidsOf(ctx, i)
		return err
	})
	if err != nil {
		return err
	}
	return p.funded(bids, byListing)
}

// bid is one as the platform tells it.
type bid struct {
	Listing  string
	Mandate  string
	Units    int64
	Sequence uint64
	Ended    uint64
	investor int
}

func (p *Player) bidsOf(ctx context.Context, i int) (list []bid, err error) {
	query := url.Values{"limit": {"1000"}}
	for {
		var out struct {
			Bids []bid
			Next string
		}
		if err := p.c.Get(ctx, p.staff[operations], "/v1/parties/"+p.investors[i].party.String()+"/bids", query, &out); err != nil {
			return nil, err
		}
		for _, b := range out.Bids {
			b.investor = i
			list = append(list, b)
		}
		if out.Next == "" {
			return list, nil
		}
		query.Set("cursor", out.Next)
	}
}
