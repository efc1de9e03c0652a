package main

import (
	"context"
	"fmt"
	"net/url"

	lend "github.com/longmen/longmen/examples/lendingclub/recount"
	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/play"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/report"
)

// gather collects what the summary shows, and reads from the API what only the node knows.
func (t *teller) gather(ctx context.Context) error {
	t.figures()
	if err := t.trial(ctx); err != nil {
		return err
	}
	if err := t.loan(ctx); err != nil {
		return err
	}
	if err := t.investor(ctx); err != nil {
		return err
	}
	t.out.Short()
	return nil
}

func (t *teller) figures() {
	s, x, out := t.script, &t.player.Stats, &t.out
	out.Loans, out.Products, out.Investors, out.Logins, out.Seed = len(s.Loans), len(s.Products), len(s.Investors), len(s.Investors), s.Seed
	for i, l := range s.Loans {
		out.Lent += l.Yuan * recount.CentsPerUnit
		if t.player.Funders(i) >= 1_000 {
			out.Thousand++
		}
	}
	for _, f := range t.player.Story.Common {
		if f.Kind == recount.Deposited {
			out.Deposited += f.Amount
		}
	}
	out.From, out.Until, out.Months = play.Month(0), play.Month(s.Months-1), s.Months
	paid := max(x.Applications.Load(), 1)
	out.Applications = report.Applications{
		PaidOut: x.Applications.Load(), Refused: x.Refused.Load(), Seconds: x.Seconds.Load() / paid, Longest: x.Longest.Load(),
		Real: float64(x.Took.Load()) / float64(paid) / 1e6,
	}
	out.Funding = report.Funding{
		Bids: x.Bids.Load(), TooLate: x.TooLate.Load(), Seconds: x.Bidden().Seconds(), Pieces: x.Pieces.Load(), Mandates: x.Mandates.Load(), Sales: x.Sales.Load(),
	}
	out.Repayments = report.Repayments{
		All: x.Payments.Load(), Early: x.Early.Load(), Late: x.Late.Load(), Partial: x.Partial.Load(), Dated: x.Dated.Load(),
		Corrected: x.Corrected.Load(), Twice: x.Twice.Load(), Credits: t.books.Credits, Seconds: x.Spent(play.Repaying).Seconds(),
	}
	out.Losses = report.Losses{
		Defaults: x.Defaults.Load(), Payouts: x.Payouts.Load(), Bought: x.Bought.Load(), PaidOut: x.PaidOut.Load(),
		WrittenOff: x.WrittenOff.Load(), Recovered: x.Recovered.Load(),
	}
	f := t.found
	out.Recount = report.Recount{
		Accounts: f.Accounts, Holdings: f.Holdings, Loans: f.Loans, Wrong: f.Wrong, First: f.First,
		Unchanged: distance(t.books.Unchanged), Changed: distance(t.books.Changed),
	}
}

func distance(d lend.Distance) report.Distance {
	if d.Of == 0 {
		return report.Distance{Exact: "0/1"}
	}
	return report.Distance{Cents: float64(d.Parts) / float64(d.Of), Exact: fmt.Sprintf("%d/%d", d.Parts, d.Of)}
}

const path = "/v1/ledgers/" + play.Ledger

func (t *teller) trial(ctx context.Context) error {
	var trial struct {
		Lines []struct {
			Code            uint32
			Debits, Credits client.Amount
		}
	}
	if err := t.c.Get(ctx, t.who, path+"/trial-balance", nil, &trial); err != nil {
		return err
	}
	b := &t.out.Books
	for _, l := range trial.Lines {
		b.Difference += int64(l.Debits) - int64(l.Credits)
		line := report.Line{Code: l.Code, Name: "?", Debits: int64(l.Debits), Credits: int64(l.Credits)}
		for i := range play.Chart {
			a := &play.Chart[i]
			if a.Code != l.Code {
				continue
			}
			line.Name = a.Name
			switch {
			case a.Client:
				b.Clients += line.Credits - line.Debits
			case a.Address == play.Reserve:
				b.Reserve += line.Credits - line.Debits
			case a.Address == play.Custody:
				b.Custody += line.Debits - line.Credits
			}
		}
		b.Lines = append(b.Lines, line)
	}
	return nil
}

// shown is the loan whose page the summary shows: the first one for which paid money was taken back and paid anew, else
// the first one.
func (t *teller) shown() int {
	for i := range t.books.Loans {
		if t.books.Loans[i].TakenBack > 0 {
			return i
		}
	}
	return 0
}

func (t *teller) loan(ctx context.Context) error {
	i := t.shown()
	l, terms := t.script.Loans[i], &t.player.Story.Loans[i].Terms
	at := "/v1/loans/" + t.player.Loan(i)
	var now struct {
		State       string
		Outstanding struct{ Total client.Amount }
	}
	if err := t.c.Get(ctx, t.who, at, url.Values{"on": {t.player.Today().String()}}, &now); err != nil {
		return err
	}
	var list struct {
		Events []struct {
			Date, Kind, Outcome string
			Amount              client.Amount
			Undone              []uint32
			Corrected           []struct{ Event uint32 }
			Split               struct{ Penalty, Fee, Interest, Principal client.Amount }
		}
	}
	if err := t.c.Get(ctx, t.who, at+"/events", url.Values{"limit": {"1000"}}, &list); err != nil {
		return err
	}
	page := report.Loan{
		Number: l.Number, Product: l.Product, Grade: l.Grade, Amount: terms.Amount, Rate: terms.Rate, Months: terms.Months, Installment: terms.EqualInstallment(),
		State: now.State, Started: terms.Start.String(), Outstanding: int64(now.Outstanding.Total), Holders: t.player.Funders(i),
	}
	for _, e := range list.Events {
		x := e.Split
		row := report.Event{
			Date: e.Date, Kind: e.Kind, Amount: int64(e.Amount), Penalty: int64(x.Penalty), Fee: int64(x.Fee), Interest: int64(x.Interest), Principal: int64(x.Principal),
		}
		if len(e.Undone) > 0 {
			row.Note = fmt.Sprintf(", undoes %d", e.Undone[0])
		}
		if len(e.Corrected) > 0 {
			row.Note += fmt.Sprintf(", corrects %d", e.Corrected[0].Event)
		}
		if e.Outcome != "applied" {
			row.Note = ", " + e.Outcome
		}
		page.Events = append(page.Events, row)
	}
	t.out.Loan = page
	return nil
}

// statementMonth is one in which loans are still listed and others are paid.
const statementMonth = 11

// investor shows a month of the first investor, and what he has at the end.
func (t *teller) investor(ctx context.Context) error {
	const who = 0
	month := play.Month(statementMonth)
	var st struct {
		Opening, Closing, Debits, Credits client.Amount
		Final                             bool
		Entries                           []struct {
			Date, Side, Kind string
			Purpose          uint32
			Amount, Balance  client.Amount
		}
	}
	at := path + "/accounts/" + url.PathEscape(t.player.Investor(who)) + "/statements/" + month
	if err := t.c.Get(ctx, t.who, at, url.Values{"limit": {"1000"}}, &st); err != nil {
		return err
	}
	page := report.Investor{
		Number: who + 1, Month: month, Opening: int64(st.Opening), Closing: int64(st.Closing), In: int64(st.Credits), Out: int64(st.Debits), Final: st.Final,
	}
	for _, e := range st.Entries {
		entry := report.Entry{Date: e.Date, Text: play.Purposes[e.Purpose], Amount: int64(e.Amount), Balance: int64(e.Balance)}
		if entry.Text == "" {
			entry.Text = fmt.Sprintf("%s (%d)", e.Kind, e.Purpose)
		}
		if e.Side == "debit" {
			entry.Amount = -entry.Amount
		}
		page.Entries = append(page.Entries, entry)
	}
	var o struct {
		Cash, Invested, Earned, Repaid, Paid client.Amount
		Rate                                 string `json:"rate_percent"`
	}
	if err := t.c.Get(ctx, t.who, "/v1/parties/"+t.player.Party(who)+"/portfolio", nil, &o); err != nil {
		return err
	}
	page.Overview = report.Overview{
		Cash: int64(o.Cash), Invested: int64(o.Invested), Earned: int64(o.Earned), Repaid: int64(o.Repaid), Paid: int64(o.Paid), Rate: o.Rate,
	}
	t.out.Investor = page
	return nil
}
