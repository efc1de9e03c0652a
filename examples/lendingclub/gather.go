package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/longmen/longmen/examples/lendingclub/client"
	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/lendingclub/play"
	"github.com/longmen/longmen/examples/lendingclub/recount"
	"github.com/longmen/longmen/examples/lendingclub/report"
)

// gather reads from the API what the summary shows.
func (t *teller) gather(ctx context.Context) error {
	t.figures()
	t.distances()
	t.accidents()
	if err := t.trial(ctx); err != nil {
		return err
	}
	if err := t.loan(ctx); err != nil {
		return err
	}
	return t.statement(ctx)
}

func (t *teller) figures() {
	m, stats, s := t.m, &t.player.Stats, &t.out
	s.Loans, s.Investors, s.Months = len(m.Loans), m.Investors, m.Months
	for _, l := range m.Loans {
		s.Lent += l.Amount()
		if l.Bad {
			s.Bad++
		}
		if l.Traded() {
			s.Recount.Changed++
		}
	}
	s.Good = s.Loans - s.Bad
	s.Recount.Unchanged = s.Loans - s.Recount.Changed
	s.Deposited = t.books.Deposits
	s.From, s.Until = month(0), month(m.Months-1)
	s.Commands, s.Bids, s.Sales = stats.Commands.Load(), stats.Bids.Load(), stats.Sales.Load()
	s.Repayments, s.Credits = stats.Payments.Load(), stats.Credits.Load()
	s.BidSeconds, s.Repaying = stats.Spent(play.Bidding).Seconds(), stats.Spent(play.Repaying).Seconds()
}

func month(m int) string { return play.Month(m).Format("2006-01") }

func (t *teller) distances() {
	r, f := &t.out.Recount, t.found
	r.Accounts, r.Holdings, r.Checked, r.Wrong, r.First = f.Accounts, f.Holdings, f.Simple, f.Wrong, f.First
	if got, want := t.player.Stats.Credits.Load(), t.books.Credits; got != want {
		r.Wrong++
		r.First = append(r.First, fmt.Sprintf("the ledger made %d investor credits, the recount %d", got, want))
	}
	r.Simple, r.Plain, r.Traded = distance(f.Furthest), distance(t.books.Unchanged), distance(t.books.Changed)
}

func distance(d recount.Distance) report.Distance {
	if d.Of == 0 {
		return report.Distance{Exact: "0/1"}
	}
	return report.Distance{Cents: float64(d.Parts) / float64(d.Of), Exact: fmt.Sprintf("%d/%d", d.Parts, d.Of)}
}

func (t *teller) accidents() {
	m, s := t.m, &t.out
	s.Frozen = &report.Frozen{
		Account: play.Investor(m.Frozen), Since: month(m.FreezeMonth),
		Lines: t.player.Stats.Unclaimed.Load(), Unclaimed: t.books.Unclaimed,
	}
	if m.Recalled == nil {
		return
	}
	a := &t.player.Answered
	s.Recall = &report.Recall{Loan: m.Recalled.Number, Month: month(m.RecallMonth()), TakenBack: a.TakenBack, Holders: len(a.Missing)}
	for _, missing := range a.Missing {
		s.Recall.Covered += missing
	}
	for _, p := range m.Recalled.Payments {
		if p.Recalled {
			s.Recall.Number, s.Recall.Amount = p.Number, p.Amount
		}
	}
}

func (t *teller) trial(ctx context.Context) error {
	lines, err := t.clients[0].TrialBalance(ctx)
	if err != nil {
		return err
	}
	s := &t.out
	for i := range play.Chart {
		a := &play.Chart[i]
		line := report.TrialLine{Code: a.Code, Name: a.Name}
		for _, l := range lines {
			if l.Code != a.Code {
				continue
			}
			line.Debits, line.Credits = line.Debits+int64(l.Debits), line.Credits+int64(l.Credits)
		}
		if a.Client {
			s.Clients += line.Credits - line.Debits
		}
		if a.Address == play.Custody {
			s.Custody = line.Debits - line.Credits
		}
		s.Trial = append(s.Trial, line)
	}
	// Whatever is in the ledger counts, also what the chart does not know.
	for _, l := range lines {
		s.Difference += int64(l.Debits) - int64(l.Credits)
	}
	return nil
}

// shown is the loan whose page the summary shows.
func (t *teller) shown() *market.Loan {
	if t.m.Recalled != nil {
		return t.m.Recalled
	}
	return t.m.Loans[0]
}

func (t *teller) loan(ctx context.Context) error {
	const newest, first = 4, 3
	l, c := t.shown(), t.clients[0]
	address := play.Register(l.Number)
	register, err := c.Register(ctx, address)
	if err != nil {
		return err
	}
	payments, err := c.Distributions(ctx, address, newest)
	if err != nil {
		return err
	}
	holders, err := c.Holders(ctx, address)
	if err != nil {
		return err
	}
	equal := market.Schedule(l.Amount(), l.Rate, l.Term)[0]
	page := report.Loan{
		Number: l.Number, Grade: l.Grade, Amount: l.Amount(), Rate: l.Rate, Term: l.Term, Equal: equal.Interest + equal.Principal,
		Listed: month(l.Listed), Units: register.Units, Cap: register.Cap, Holdings: register.Holdings, Payouts: register.Payouts,
	}
	for _, p := range l.Payments {
		if !p.Recalled {
			page.Paid++
		}
	}
	for i, h := range holders {
		owner := report.Owner{Holder: h.Holder, Account: h.Account, Units: h.Units}
		owner.Interest, owner.Principal = int64(h.Shares[recount.Interest].Paid), int64(h.Shares[recount.Principal].Paid)
		page.Interest, page.Principal = page.Interest+owner.Interest, page.Principal+owner.Principal
		if i < first {
			page.Holders = append(page.Holders, owner)
		}
	}
	for _, d := range payments {
		paid := report.Paid{Sequence: d.Sequence, Date: d.Timestamp.Format("2006-01-02"), Undoes: d.Undoes}
		if len(d.Tranches) > recount.Principal {
			paid.Interest, paid.Principal = int64(d.Tranches[recount.Interest].Amount), int64(d.Tranches[recount.Principal].Amount)
		}
		page.Newest = append(page.Newest, paid)
	}
	t.out.Loan = page
	return nil
}

// statementMonth is one in which loans are still listed and others are paid.
const statementMonth = 11

// statement shows a month of the second holder of the loan.
func (t *teller) statement(ctx context.Context) error {
	const most = 1_000
	bids := t.m.Bids(t.shown())
	account := play.Investor(bids[min(1, len(bids)-1)].Investor)
	at := month(statementMonth)
	st, err := t.clients[0].Statement(ctx, account, at, most)
	if err != nil {
		return err
	}
	t.out.Statement = report.Statement{
		Account: account, Month: at, Opening: int64(st.Opening), Closing: int64(st.Closing),
		Debits: int64(st.Debits), Credits: int64(st.Credits), Count: st.Count, Final: st.Final, Lines: []report.Line{},
	}
	for i := range st.Entries {
		t.out.Statement.Lines = append(t.out.Statement.Lines, line(&st.Entries[i]))
	}
	return nil
}

// line says in words what an entry is about.
func line(e *client.Entry) report.Line {
	l := report.Line{Date: e.Date, Text: play.Purposes[e.Purpose], Amount: int64(e.Amount), Balance: int64(e.Balance)}
	if e.Side == "debit" {
		l.Amount = -l.Amount
	}
	about := e.Register
	if about == "" {
		about = strings.TrimSuffix(e.Other, ":escrow")
	}
	if about != "" {
		l.Text += ", " + about
	}
	return l
}
