package play

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// The roles of the staff.
const (
	operations = "operations"
	risk       = "risk"
	finance    = "finance"
	service    = "service" // the platform's own program
)

// staff are the people and the program that run the platform.
var staff = []struct{ role, login, name string }{
	{operations, "chen.jing", "陈静"}, {risk, "zhao.lei", "赵磊"}, {finance, "sun.li", "孙丽"}, {service, "platform", "撮合平台"},
}

// endowment is what the reserve has from outside before the first loan, in cents: a part of what will be lent. Of few loans
// one may be all that goes wrong.
func (p *Player) endowment() int64 {
	const least, part = 500_000_00, 20
	lent := int64(0)
	for _, l := range p.loans {
		lent += l.Yuan * recount.CentsPerUnit
	}
	return max(least, lent/part)
}

// open makes the tenant with his ledger, his staff, and the accounts that there is one of. All others are opened by the
// platform when they are needed.
func (p *Player) open(ctx context.Context) error {
	err := p.c.Post(ctx, client.Caller{Token: p.operator.Token}, "/v1/tenants", "", map[string]any{
		"name": Tenant, "ledger": Ledger, "zone": "Asia/Shanghai", "clock": "simulated", "start": Start.Format(time.RFC3339),
		"administrator": "王五", "login": "wang.wu",
	}, nil)
	if err != nil {
		return err
	}
	for n, s := range staff {
		party, err := p.party(ctx, "staff", n, s.name)
		if err != nil {
			return err
		}
		role, err := p.id("role", uint64(n))
		if err != nil {
			return err
		}
		body := map[string]any{"id": role, "role": s.role}
		if err := p.c.Post(ctx, p.operator, "/v1/parties/"+party.String()+"/roles", "", body, nil); err != nil {
			return err
		}
		if p.staff[s.role], err = p.login(ctx, "staff", n, party, s.login); err != nil {
			return err
		}
	}
	if err := p.accounts(ctx); err != nil {
		return err
	}
	return p.products(ctx)
}

// party makes a person.
func (p *Player) party(ctx context.Context, kind string, n int, name string) (id.ID, error) {
	own, err := p.id(kind, uint64(n))
	if err != nil {
		return own, err
	}
	return own, p.c.Post(ctx, p.operator, "/v1/parties", "", map[string]any{"id": own, "kind": "person", "name": name}, nil)
}

// login lets a person in: a principal that acts for him, and a token for it. The text of a token is shown once, so a run
// that goes on has others than the one before.
func (p *Player) login(ctx context.Context, kind string, n int, party id.ID, name string) (client.Caller, error) {
	principal, err := p.id(kind+"-login", uint64(n))
	if err != nil {
		return client.Caller{}, err
	}
	at := "/v1/parties/" + party.String()
	if err := p.c.Post(ctx, p.operator, at+"/principals", "", map[string]any{"id": principal, "kind": "login", "name": name}, nil); err != nil {
		return client.Caller{}, err
	}
	grant, err := p.id(kind+"-grant", uint64(n))
	if err != nil {
		return client.Caller{}, err
	}
	if err := p.c.Post(ctx, p.operator, at+"/grants", "", map[string]any{"id": grant, "principal": principal}, nil); err != nil {
		return client.Caller{}, err
	}
	token, err := id.New(clock.Real{}, rand.Reader)
	if err != nil {
		return client.Caller{}, err
	}
	var made struct{ Token string }
	body := map[string]any{"id": token, "expires": time.Now().AddDate(0, 0, 30).Format(time.RFC3339)}
	err = p.c.Post(ctx, p.operator, "/v1/principals/"+principal.String()+"/tokens", "", body, &made)
	return client.Caller{Token: made.Token}, err
}

// accounts opens the accounts that there is one of, and puts money into the reserve.
func (p *Player) accounts(ctx context.Context) error {
	ops := []operation{{"open_asset": map[string]any{"code": Asset, "scale": 2}}}
	for i := range Chart {
		if a := &Chart[i]; a.Address != "" {
			ops = append(ops, openAccount(a.Address, a))
		}
	}
	c, err := p.command("open", 0, PurposeOpen, append(ops, transfer(Custody, Reserve, p.endowment()))...)
	if err != nil {
		return err
	}
	p.Story.Common = append(p.Story.Common, recount.Fact{Kind: recount.Endowed, Amount: p.endowment()})
	return p.apply(ctx, []command{c})
}

// products puts each product into force: one person proposes its file, another one approves it.
func (p *Player) products(ctx context.Context) error {
	for n := range p.s.Products {
		x := &p.s.Products[n]
		proposal, err := p.id("product", uint64(n))
		if err != nil {
			return err
		}
		err = p.c.Post(ctx, p.staff[operations], "/v1/products", "", map[string]any{
			"id": proposal, "file": x.YAML, "effective": Day(0, 1).String(), "reason": "the marketplace opens",
		}, nil)
		if err != nil {
			return fmt.Errorf("propose %s: %w", x.Code, err)
		}
		err = p.c.Post(ctx, p.staff[risk], "/v1/proposals/"+proposal.String()+"/approval", "", map[string]any{"why": "checked against the loan file"}, nil)
		if err != nil {
			return fmt.Errorf("approve %s: %w", x.Code, err)
		}
	}
	return nil
}

// people makes investors and borrowers with logins of their own: nobody else gives their mandates.
func (p *Player) people(ctx context.Context) error {
	p.investors = make([]*investor, len(p.s.Investors))
	err := p.Each(ctx, len(p.investors), func(ctx context.Context, i int) (err error) {
		v := &investor{}
		p.investors[i] = v
		if v.party, err = p.party(ctx, "investor", i, fmt.Sprintf("出借人%d", i+1)); err != nil {
			return err
		}
		v.own, err = p.login(ctx, "investor", i, v.party, fmt.Sprintf("investor.%d", i+1))
		return err
	})
	if err != nil {
		return err
	}
	return p.Each(ctx, len(p.loans), func(ctx context.Context, i int) (err error) {
		l := p.loans[i]
		if l.borrower, err = p.party(ctx, "borrower", i, fmt.Sprintf("借款人%d", l.Number)); err != nil {
			return err
		}
		mobile, err := p.id("mobile", uint64(i))
		if err != nil {
			return err
		}
		body := map[string]any{"id": mobile, "type": "mobile", "value": l.mobile()}
		of := "/v1/parties/" + l.borrower.String()
		if err := p.c.Post(ctx, p.operator, of+"/identifiers", "", body, nil); err != nil {
			return err
		}
		if err := p.c.Post(ctx, p.operator, of+"/preferences", "", map[string]any{"preferences": unwanted}, nil); err != nil {
			return err
		}
		l.own, err = p.login(ctx, "borrower", i, l.borrower, fmt.Sprintf("borrower.%d", l.Number))
		return err
	})
}

// unwanted is what borrowers do not want to be told: that something will be due, and that they have paid. Of codes, and of
// what is overdue, they are always told.
var unwanted = func() (list []map[string]any) {
	for _, kind := range []string{"due", "paid"} {
		for _, channel := range []string{"sms", "app"} {
			list = append(list, map[string]any{"kind": kind, "channel": channel, "wanted": false})
		}
	}
	return list
}()

// mobile is the number at which a borrower is told codes.
func (l *lent) mobile() string { return fmt.Sprintf("+86139%08d", l.Number) }

// deposits opens the investors' accounts, lets their money come in, and gives their mandates.
func (p *Player) deposits(ctx context.Context) error {
	commands := make([]command, len(p.investors))
	for i, yuan := range p.s.Deposits() {
		cash, cents := Cash(p.investors[i].party), yuan*recount.CentsPerUnit
		c, err := p.command("deposit", uint64(i), PurposeDeposit, openAccount(cash, chart(codeCash)), transfer(Custody, cash, cents))
		if err != nil {
			return err
		}
		commands[i] = c
		p.Story.Common = append(p.Story.Common, recount.Fact{Kind: recount.Deposited, Investor: i, Amount: cents})
	}
	if err := p.apply(ctx, commands); err != nil {
		return err
	}
	return p.Each(ctx, len(p.investors), p.mandate)
}

// longest are the days of the loans that mandates fund: those of 36 months. The others are funded by single bids.
const longest = 1_200

func (p *Player) mandate(ctx context.Context, i int) error {
	v, who := &p.s.Investors[i], p.investors[i]
	// Those that joined the line at one moment stand in it by their ids.
	own, err := p.ordered("mandate", i, len(p.investors))
	if err != nil {
		return err
	}
	p.Stats.Mandates.Add(1)
	return p.c.Post(ctx, who.own, "/v1/parties/"+who.party.String()+"/mandates", "", map[string]any{
		"id": own, "ledger": Ledger, "amount": cents(v.Budget), "longest": longest, "per_loan": cents(v.PerLoan),
	}, nil)
}

// cents are yuan as the API has them.
func cents(yuan int64) client.Amount { return client.Amount(yuan * recount.CentsPerUnit) }
