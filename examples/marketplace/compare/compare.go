// Package compare lays every account and every holding of the ledger, as the API tells them, beside the recount.
package compare

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/play"
	"github.com/longmen/longmen/examples/marketplace/recount"
)

// Findings are what came of it.
type Findings struct {
	Accounts int
	Holdings int
	Loans    int
	Wrong    int
	First    []string // of what is wrong, in words
	mu       sync.Mutex
}

const mostWords = 20

func (f *Findings) wrong(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Wrong++; len(f.First) < mostWords {
		f.First = append(f.First, fmt.Sprintf(format, args...))
	}
}

// Check compares everything. done counts the loans that are finished.
func Check(ctx context.Context, c *client.Client, who client.Caller, p *play.Player, b *recount.Books, done *atomic.Int64) (*Findings, error) {
	f := &Findings{}
	if err := f.accounts(ctx, c, who, p, b); err != nil {
		return nil, err
	}
	err := p.Each(ctx, len(b.Loans), func(ctx context.Context, i int) error {
		defer done.Add(1)
		return f.loan(ctx, c, who, p, i, &b.Loans[i])
	})
	return f, err
}

const path = "/v1/ledgers/" + play.Ledger

// accounts compares balances. An account that the recount does not know has to be empty. At the end nothing is held.
func (f *Findings) accounts(ctx context.Context, c *client.Client, who client.Caller, p *play.Player, b *recount.Books) error {
	want := map[string]int64{
		play.Custody: b.Custody, play.Own: b.Own, play.Fees: b.Platform, play.Reserve: b.Reserve, play.Lost: b.Lost, play.Contra: b.Lost,
	}
	for i, x := range b.Cash {
		want[p.Investor(i)] += x
	}
	for i := range b.Loans {
		want[p.Borrower(i)] += b.Loans[i].Borrower
	}
	query := url.Values{"limit": {"1000"}}
	for {
		var out struct {
			Accounts []struct {
				Address     string
				Balance     client.Amount
				Available   client.Amount
				DebitsHeld  client.Amount `json:"debits_held"`
				CreditsHeld client.Amount `json:"credits_held"`
				Owed        client.Amount
			}
			Next string
		}
		if err := c.Get(ctx, who, path+"/accounts", query, &out); err != nil {
			return err
		}
		for _, a := range out.Accounts {
			f.Accounts++
			if x := want[a.Address]; int64(a.Balance) != x || a.Owed != 0 {
				f.wrong("account %s has %d and owes %d, the recount says %d", a.Address, a.Balance, a.Owed, x)
			}
			if a.Available != a.Balance || a.DebitsHeld != 0 || a.CreditsHeld != 0 {
				f.wrong("account %s has %d, of which %d are available; %d are held to go out and %d to come in", a.Address, a.Balance, a.Available, a.DebitsHeld, a.CreditsHeld)
			}
			delete(want, a.Address)
		}
		if out.Next == "" {
			break
		}
		query.Set("cursor", out.Next)
	}
	for address, x := range want {
		f.wrong("there is no account %s, the recount says %d", address, x)
	}
	return nil
}

// holding is a line of a register.
type holding struct {
	Account string
	Units   int64
	Shares  []struct{ Paid client.Amount }
}

// loan compares a loan's holdings, and what is outstanding of it.
func (f *Findings) loan(ctx context.Context, c *client.Client, who client.Caller, p *play.Player, i int, l *recount.Loan) error {
	list, err := holders(ctx, c, who, p.Register(i))
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.Loans++
	f.Holdings += len(list)
	f.mu.Unlock()
	if len(list) != len(l.Investors) {
		f.wrong("loan %d has %d holders, the recount says %d", p.Number(i), len(list), len(l.Investors))
		return nil
	}
	for h, x := range list {
		if account := p.Holder(l.Investors[h]); x.Account != account || x.Units != l.Units[h] {
			f.wrong("loan %d: holder %d is %s with %d units, the recount says %s with %d", p.Number(i), h, x.Account, x.Units, account, l.Units[h])
		}
		if len(x.Shares) != len(l.Paid) {
			f.wrong("loan %d: holder %d is told of %d tranches, there are %d", p.Number(i), h, len(x.Shares), len(l.Paid))
			continue
		}
		for t := range l.Paid {
			if got, want := int64(x.Shares[t].Paid), l.Paid[t][h]; got != want {
				f.wrong("loan %d: holder %d was paid %d of tranche %d, the recount says %d", p.Number(i), h, got, t, want)
			}
		}
	}
	return f.standing(ctx, c, who, p, i, l)
}

func holders(ctx context.Context, c *client.Client, who client.Caller, register string) (list []holding, err error) {
	query := url.Values{"limit": {"1000"}}
	for {
		var out struct {
			Holders []holding
			Next    string
		}
		if err := c.Get(ctx, who, path+"/registers/"+url.PathEscape(register)+"/holders", query, &out); err != nil {
			return nil, err
		}
		list = append(list, out.Holders...)
		if out.Next == "" {
			return list, nil
		}
		query.Set("cursor", out.Next)
	}
}

// standing compares what the loan says is outstanding with what the recount does.
func (f *Findings) standing(ctx context.Context, c *client.Client, who client.Caller, p *play.Player, i int, l *recount.Loan) error {
	var out struct {
		Outstanding struct{ Penalty, Fee, Interest, Principal client.Amount }
	}
	if err := c.Get(ctx, who, "/v1/loans/"+p.Loan(i), url.Values{"on": {p.Today().String()}}, &out); err != nil {
		return err
	}
	o := out.Outstanding
	if got, want := (recount.Split{int64(o.Penalty), int64(o.Fee), int64(o.Interest), int64(o.Principal)}), l.State.Outstanding(); got != want {
		f.wrong("loan %d: outstanding (penalty, fee, interest, principal) are %v, the recount says %v", p.Number(i), got, want)
	}
	return nil
}
