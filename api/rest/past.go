package rest

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
)

// Entry is one line of an account's statement.
type Entry struct {
	EffectiveEntry
	Balance Total `json:"balance" doc:"Just after, counted on the account's side"`
}

// EffectiveEntry is an entry without the balance after it, which a list by effective date has not.
type EffectiveEntry struct {
	Sequence  uint64    `json:"sequence" doc:"Of the command"`
	Operation uint16    `json:"operation" doc:"Its place in the command, from 0"`
	Command   CommandID `json:"command" doc:"The command's id"`
	Timestamp Instant   `json:"timestamp"`
	Date      Date      `json:"date" doc:"Booking date"`
	Effective Date      `json:"effective" doc:"The date it counts from"`
	Purpose   uint32    `json:"purpose"`
	Kind      string    `json:"kind" enum:"transfer,post,payer,line,unclaimed,deducted,claim,reversal,covered,set_off,settled" doc:"Which operation made it; line: a holder's part of a distribution"`
	Side      string    `json:"side" enum:"debit,credit" doc:"The side on which it was booked"`
	Amount    Amount    `json:"amount"`
	Other     string    `json:"other,omitempty" doc:"The account on the other side; absent when there are many"`
	Register  string    `json:"register,omitempty" doc:"Of a distribution or claim"`
}

func entryOf(e api.Entry) Entry {
	return Entry{EffectiveEntry: effectiveOf(e), Balance: total(e.Balance)}
}

func effectiveOf(e api.Entry) EffectiveEntry {
	return EffectiveEntry{
		Sequence: e.Sequence, Operation: e.Operation, Command: CommandID(e.Command), Timestamp: Instant(e.Timestamp), Date: Date(e.Booked),
		Effective: Date(e.Effective), Purpose: e.Purpose, Kind: e.Kind, Side: sides.word(e.Side), Amount: Amount(e.Amount),
		Other: e.Other, Register: e.Register,
	}
}

// EntriesOutputBody is a page of entries.
type EntriesOutputBody struct {
	Entries []Entry `json:"entries"`
	Next
	At
}

// Statement is what happened on an account in a day or a month of booking time.
type Statement struct {
	Address string  `json:"address"`
	Asset   string  `json:"asset"`
	Scale   uint8   `json:"scale"`
	Side    string  `json:"side" enum:"debit,credit" doc:"Side on which balances count as positive"`
	From    Date    `json:"from" doc:"First day, in the ledger's zone"`
	Until   Date    `json:"until" doc:"Last day"`
	Opening Total   `json:"opening" doc:"Balance before the period"`
	Closing Total   `json:"closing" doc:"Balance at its end, or so far"`
	Debits  Total   `json:"debits" doc:"Of the period"`
	Credits Total   `json:"credits" doc:"Of the period"`
	Final   bool    `json:"final" doc:"The period is over: the same question gives the same bytes for ever"`
	Entries []Entry `json:"entries" doc:"Oldest first"`
	Next
	At
}

// DayTotal is what was booked with one effective date.
type DayTotal struct {
	Date    Date  `json:"date"`
	Debits  Total `json:"debits"`
	Credits Total `json:"credits"`
}

// Bucket is a line of the trial balance: all accounts of one asset and one account code.
type Bucket struct {
	Asset   string `json:"asset"`
	Code    uint32 `json:"code" doc:"Number in the chart of accounts"`
	Debits  Total  `json:"debits"`
	Credits Total  `json:"credits"`
}

// DistributionItem is one payment to a register's holders, or the undoing of one.
type DistributionItem struct {
	Sequence  uint64    `json:"sequence"`
	Operation uint16    `json:"operation"`
	Timestamp Instant   `json:"timestamp"`
	Payer     string    `json:"payer"`
	Amount    Amount    `json:"amount" doc:"Sum of the tranches; negative in an undoing"`
	Undoes    uint64    `json:"undoes,omitempty" doc:"Sequence of the distribution that this undoes"`
	Tranches  []Tranche `json:"tranches"`
}

// Line is what one holder got of a distribution.
type Line struct {
	Holder    uint32   `json:"holder" doc:"Holder number"`
	Account   string   `json:"account"`
	Units     uint64   `json:"units" doc:"Those he had then"`
	Gross     []Amount `json:"gross" doc:"By tranche"`
	Deducted  Amount   `json:"deducted"`
	Net       Amount   `json:"net" doc:"What reached his account"`
	SetOff    Amount   `json:"set_off,omitempty" doc:"What of it went on at once to pay what the account owed"`
	Unclaimed Amount   `json:"unclaimed,omitempty" doc:"What went to the register's unclaimed account, in his name"`
	Missing   Amount   `json:"missing,omitempty" doc:"Of an undoing: what could not be taken back"`
}

type (
	entriesInput struct {
		InAddress
		InPage
		Order         string       `query:"order" enum:"newest,oldest" default:"newest" doc:"Which entries come first"`
		From          InstantParam `query:"from" doc:"Booked from this instant on"`
		Until         InstantParam `query:"until" doc:"Booked before this instant"`
		Purpose       uint32       `query:"purpose" maximum:"4294967295" doc:"Of commands with this purpose"`
		ReferenceType uint16       `query:"reference_type" maximum:"65535" doc:"Of commands with this reference; together with reference"`
		Reference     ID           `query:"reference" doc:"Of commands with this reference; together with reference_type"`
	}
	entriesOutput  struct{ Body EntriesOutputBody }
	statementInput struct {
		InAddress
		InPage
		Period string `path:"period" maxLength:"10" pattern:"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$" patternDescription:"a month or a day" doc:"A month or a day" example:"2026-03"`
	}
	statementOutput struct{ Body Statement }
	effectiveInput  struct {
		InAddress
		InPage
		InEffective
	}
	effectiveOutput struct {
		Body struct {
			Entries []EffectiveEntry `json:"entries" doc:"By effective date, then in the ledger's order"`
			Next
			At
		}
	}
	totalsInput struct {
		InAddress
		InEffective
	}
	totalsOutput struct {
		Body struct {
			Days []DayTotal `json:"days" doc:"Those on which something counts from"`
			At
		}
	}
	trialInput struct {
		InLedger
		InAsOf
	}
	trialOutput struct {
		Body struct {
			Lines []Bucket `json:"lines" doc:"By asset, debits and credits are equal"`
			At
		} `nameHint:"TrialBalance"`
	}
	distributionsOutput struct {
		Body struct {
			Distributions []DistributionItem `json:"distributions" doc:"Newest first"`
			Next
		}
	}
	linesInput struct {
		InLedger
		InPage
		Sequence  uint64 `path:"sequence" minimum:"1" doc:"Sequence of the command" example:"1042"`
		Operation uint16 `path:"operation" maximum:"7999" doc:"Place of the distribution in it, from 0" example:"0"`
	}
	linesOutput struct {
		Body struct {
			Lines []Line `json:"lines" doc:"By holder number"`
			Next
		}
	}
)

// InEffective asks by effective date.
type InEffective struct {
	From     DateParam `query:"from" required:"true" doc:"First effective date"`
	Until    DateParam `query:"until" required:"true" doc:"Last effective date"`
	Sequence uint64    `query:"sequence" doc:"As it was known when this command was the last: the same question then gives the same bytes for ever"`
}

func (s *server) past(a huma.API) {
	huma.Register(a, read("list-entries", accountPath+"/entries", tagPast, "List an account's entries with the balance after each"), s.listEntries)
	huma.Register(a, read("get-statement", accountPath+"/statements/{period}", tagPast, "Make an account's statement of a month or a day"), s.getStatement)
	huma.Register(a, read("list-effective", accountPath+"/effective", tagPast, "List an account's entries by effective date"), s.listEffective)
	huma.Register(a, read("sum-effective", accountPath+"/effective/totals", tagPast, "Sum an account's entries up by effective date, at most 366 days at once"), s.sumEffective)
	huma.Register(a, read("list-days", "/v1/ledgers/{ledger}/days", tagPast,
		"Sum up by effective date, asset and account code, at most 366 days at once"), s.listDays)
	huma.Register(a, read("list-day-commands", "/v1/ledgers/{ledger}/days/{date}/commands", tagPast,
		"List the commands that make up a day's figure of an account code"), s.listDayCommands)
	huma.Register(a, read("trial-balance", "/v1/ledgers/{ledger}/trial-balance", tagPast, "Make the trial balance, of now or of a point of the past"), s.trialBalance)
	huma.Register(a, read("list-distributions", registerPath+"/distributions", tagPast, "List a register's distributions"), s.listDistributions)
	huma.Register(a, read("list-lines", "/v1/ledgers/{ledger}/commands/{sequence}/operations/{operation}/lines", tagPast,
		"List what each holder got of a distribution"), s.listLines)
}

func (s *server) listEntries(ctx context.Context, in *entriesInput) (*entriesOutput, error) {
	q := api.EntryQuery{
		Oldest: in.Order == "oldest", From: ledger.Instant(in.From.Instant), Until: ledger.Instant(in.Until.Instant), Purpose: in.Purpose,
	}
	if in.ReferenceType != 0 || !in.Reference.IsZero() {
		if in.Reference.IsZero() {
			return nil, s.fault(ctx, errs.Invalid, "query.reference", "is missing: reference_type filters together with it")
		}
		q.Reference = &ledger.Reference{Type: in.ReferenceType, Value: in.Reference}
	}
	var err error
	if q.Page, err = s.page(ctx, listOfEntries, &in.InPage); err != nil {
		return nil, err
	}
	page, err := s.node.Entries(ctx, in.Ledger, in.Address, q)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &entriesOutput{}
	out.Body.Entries, out.Body.At = convert(page.Entries, entryOf), at(page.As)
	out.Body.Next.Next = cursor(listOfEntries, page.Next)
	return out, nil
}

func (s *server) page(ctx context.Context, list byte, in *InPage) (api.Page, error) {
	place, err := s.place(ctx, list, in.Cursor)
	return api.Page{Cursor: place, Limit: in.Limit}, err
}

func (s *server) getStatement(ctx context.Context, in *statementInput) (*statementOutput, error) {
	from, until, err := period(in.Period)
	if err != nil {
		return nil, s.fault(ctx, errs.Invalid, "path.period", err.Error())
	}
	q := api.StatementQuery{From: from, Until: until}
	if q.Page, err = s.page(ctx, listOfStatement, &in.InPage); err != nil {
		return nil, err
	}
	st, err := s.node.Statement(ctx, in.Ledger, in.Address, q)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &statementOutput{Body: Statement{
		Address: st.Account.Address, Asset: st.Account.Asset, Scale: st.Account.Scale, Side: sides.word(st.Account.Side),
		From: Date(from), Until: Date(until), Opening: total(st.Opening), Closing: total(st.Closing), Debits: total(st.Debits),
		Credits: total(st.Credits), Final: st.Final, Entries: convert(st.Entries, entryOf), At: at(st.As),
	}}
	out.Body.Next.Next = cursor(listOfStatement, st.Next)
	return out, nil
}

// period reads a month or a day.
func period(s string) (from, until ledger.Date, err error) {
	if day, err := ledger.ParseDate(s); err == nil {
		return day, day, inRange(day)
	}
	month, err := time.Parse("2006-01", s)
	if err != nil {
		return 0, 0, fmt.Errorf("%q is no month or day, e.g. 2026-03 or 2026-03-01", s)
	}
	from = ledger.DateOf(month)
	return from, ledger.DateOf(month.AddDate(0, 1, -1)), inRange(from)
}

func inRange(d ledger.Date) error {
	if d < 1 || d > ledger.MaxDate {
		return fmt.Errorf("is outside the years 1900 to 2999")
	}
	return nil
}

func (s *server) effective(ctx context.Context, in *InEffective) (api.EffectiveQuery, error) {
	q := api.EffectiveQuery{From: ledger.Date(in.From.Date), Until: ledger.Date(in.Until.Date), Sequence: in.Sequence}
	if q.From > q.Until {
		return q, s.fault(ctx, errs.Invalid, "query.until", "lies before from")
	}
	return q, nil
}

// effectiveDays is effective for a period whose days are summed up one by one.
func (s *server) effectiveDays(ctx context.Context, in *InEffective) (api.EffectiveQuery, error) {
	q, err := s.effective(ctx, in)
	if err == nil && q.Until-q.From >= api.MaxDays {
		err = s.fault(ctx, errs.Invalid, "query.until", fmt.Sprintf("ends a period of %d days, at most %d are summed up at once", q.Until-q.From+1, api.MaxDays))
	}
	return q, err
}

func (s *server) listEffective(ctx context.Context, in *effectiveInput) (*effectiveOutput, error) {
	q, err := s.effective(ctx, &in.InEffective)
	if err != nil {
		return nil, err
	}
	if q.Page, err = s.page(ctx, listOfEffective, &in.InPage); err != nil {
		return nil, err
	}
	page, err := s.node.Effective(ctx, in.Ledger, in.Address, q)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &effectiveOutput{}
	out.Body.Entries, out.Body.At = convert(page.Entries, effectiveOf), at(page.As)
	out.Body.Next.Next = cursor(listOfEffective, page.Next)
	return out, nil
}

func (s *server) sumEffective(ctx context.Context, in *totalsInput) (*totalsOutput, error) {
	q, err := s.effectiveDays(ctx, &in.InEffective)
	if err != nil {
		return nil, err
	}
	days, position, err := s.node.EffectiveTotals(ctx, in.Ledger, in.Address, q)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &totalsOutput{}
	out.Body.At = at(position)
	out.Body.Days = convert(days, func(d api.DayTotal) DayTotal {
		return DayTotal{Date: Date(d.Date), Debits: total(d.Debits), Credits: total(d.Credits)}
	})
	return out, nil
}

func bucketOf(b ledger.BucketState) Bucket {
	return Bucket{Asset: b.Asset, Code: b.Code, Debits: Total{b.Debits}, Credits: Total{b.Credits}}
}

func (s *server) trialBalance(ctx context.Context, in *trialInput) (*trialOutput, error) {
	asOf, err := s.asOf(ctx, in.InAsOf)
	if err != nil {
		return nil, err
	}
	lines, position, err := s.node.TrialBalance(ctx, in.Ledger, asOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &trialOutput{}
	out.Body.At = at(position)
	out.Body.Lines = convert(lines, bucketOf)
	return out, nil
}

func (s *server) listDistributions(ctx context.Context, in *pageInput) (*distributionsOutput, error) {
	page, err := s.page(ctx, listOfDistributions, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, next, err := s.node.Distributions(ctx, in.Ledger, in.Address, page)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &distributionsOutput{}
	out.Body.Next.Next = cursor(listOfDistributions, next)
	out.Body.Distributions = convert(list, func(d api.Distribution) DistributionItem {
		return DistributionItem{
			Sequence: d.Sequence, Operation: d.Operation, Timestamp: Instant(d.Timestamp), Payer: d.Payer, Amount: Amount(d.Amount),
			Undoes: d.Undoes, Tranches: convert(d.Tranches, func(t ledger.TrancheResult) Tranche { return trancheOf(&t) }),
		}
	})
	return out, nil
}

func (s *server) listLines(ctx context.Context, in *linesInput) (*linesOutput, error) {
	page, err := s.page(ctx, listOfLines, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, next, err := s.node.Lines(ctx, in.Ledger, in.Sequence, in.Operation, page)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &linesOutput{}
	out.Body.Next.Next = cursor(listOfLines, next)
	out.Body.Lines = convert(list, func(l api.Line) Line {
		return Line{
			Holder: l.Holder, Account: l.Account, Units: l.Units, Gross: convert(l.Gross, func(v int64) Amount { return Amount(v) }),
			Deducted: Amount(l.Deducted), Net: Amount(l.Net), SetOff: Amount(l.SetOff),
			Unclaimed: Amount(l.Unclaimed), Missing: Amount(l.Missing),
		}
	})
	return out, nil
}
