package rest

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Chart gives account codes their codes in a general ledger.
type Chart struct {
	From     Date           `json:"from" doc:"It holds from this day on; a further one from a day to come"`
	Accounts []ChartAccount `json:"accounts" minItems:"1" maxItems:"5000"`

	Valuation *ChartValuation `json:"valuation,omitempty" doc:"How the platform values what it has itself; without it nothing is valued"`
}

// ChartAccount is what one account code stands for.
type ChartAccount struct {
	Code uint32    `json:"code" minimum:"0" maximum:"4294967295" doc:"Account code in the ledger" example:"2001"`
	GL   string    `json:"gl" maxLength:"32" pattern:"^[0-9A-Za-z.-]+$" doc:"Code in the general ledger; several account codes may have the same" example:"2241.01"`
	Name ChartName `json:"name"`
}

// ChartName is a name for people, in two languages.
type ChartName struct {
	Zh string `json:"zh" minLength:"1" maxLength:"100" doc:"In Chinese" example:"客户资金"`
	En string `json:"en" minLength:"1" maxLength:"100" doc:"In English" example:"Client money"`
}

// ChartHead is a chart without its accounts.
type ChartHead struct {
	From     Date    `json:"from"`
	Proposal ID      `json:"proposal"`
	Approved Instant `json:"approved"`
}

// Period is a closing: nothing that counts from a day up to its last one is taken any more.
type Period struct {
	Through  Date    `json:"through" doc:"Last day that is closed"`
	Sequence uint64  `json:"sequence" doc:"The ledger's last command when it was closed"`
	Proposal ID      `json:"proposal"`
	Closed   Instant `json:"closed"`
}

// Correction is a command that put something right.
type Correction struct {
	Corrected Date   `json:"corrected" doc:"The day that was put right"`
	Sequence  uint64 `json:"sequence"`
	Command   ID     `json:"command"`
	Effective Date   `json:"effective" doc:"The day from which it counts"`
	Purpose   uint32 `json:"purpose,omitempty"`
	Approval  ID     `json:"approval,omitzero"`
}

// Export is daily totals for a general ledger. The same question as of the same sequence gives the same bytes for ever.
type Export struct {
	Ledger   string      `json:"ledger"`
	From     Date        `json:"from"`
	Until    Date        `json:"until"`
	Sequence uint64      `json:"sequence" doc:"The command up to which everything is counted"`
	Rows     []ExportRow `json:"rows" doc:"By date, asset, GL code, account code; on each date debits and credits of an asset are equal"`
}

// ExportRow is what counts from a day on one account code.
type ExportRow struct {
	Date    Date   `json:"date"`
	Asset   string `json:"asset"`
	GL      string `json:"gl"`
	Code    uint32 `json:"code" doc:"Account code; its commands are at /v1/ledgers/{ledger}/days/{date}/commands"`
	Name    Words  `json:"name"`
	Debits  Total  `json:"debits"`
	Credits Total  `json:"credits"`
}

type (
	chartsOutput struct {
		Body struct {
			Charts []ChartHead `json:"charts" doc:"Newest first"`
			Next
		} `nameHint:"Charts"`
	}
	chartInput struct {
		Date DateParam `path:"date" doc:"The chart that holds on this day" example:"2026-03-01"`
	}
	chartOutput struct{ Body Chart }
	newChart    struct {
		Body struct {
			ID     NewID  `json:"id" doc:"Of the proposal, made by the client: the same again changes nothing"`
			Chart  Chart  `json:"chart"`
			Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"For those who decide"`
		} `nameHint:"NewChart"`
	}
	periodsOutput struct {
		Body struct {
			Periods []Period `json:"periods" doc:"Newest first, at most 1,000"`
		} `nameHint:"Periods"`
	}
	newPeriod struct {
		InLedger
		Body struct {
			ID      NewID  `json:"id" doc:"Of the proposal, made by the client: the same again changes nothing"`
			Through Date   `json:"through" doc:"Last day to close; it is over by the ledger's clock"`
			Reason  string `json:"reason" minLength:"1" maxLength:"1000" doc:"For those who decide"`
		} `nameHint:"NewPeriod"`
	}
	correctionsInput struct {
		InLedger
		InPage
		From  DateParam `query:"from" doc:"Of this day or later"`
		Until DateParam `query:"until" doc:"Of this day or earlier"`
	}
	correctionsOutput struct {
		Body struct {
			Corrections []Correction `json:"corrections" doc:"By the day that was put right, then in the ledger's order"`
			Next
		} `nameHint:"Corrections"`
	}
	exportInput struct {
		InLedger
		InEffective
		Format string `query:"format" enum:"json,csv" default:"json"`
	}
	exportOutput struct {
		ContentType string `header:"Content-Type"`
		Sequence    string `header:"Longmen-Sequence" doc:"The command up to which everything is counted"`
		Body        []byte
	}
)

const (
	chartsPath = "/v1/charts"
	booksPath  = "/v1/ledgers/{ledger}"
)

func (s *server) books(a huma.API) {
	huma.Register(a, needs(right.BookRead, question("list-charts", chartsPath, tagBooks, "List the charts of the tenant")), s.listCharts)
	huma.Register(a, needs(right.BookRead, question("get-chart", chartsPath+"/{date}", tagBooks, "Give the chart that holds on a day")), s.getChart)
	propose := change("propose-chart", chartsPath, tagBooks, "Propose a chart, which another person approves", "")
	propose.MaxBodyBytes = maxProposal
	huma.Register(a, decides(right.BookPropose, propose), s.proposeChart)
	huma.Register(a, needs(right.BookRead, question("list-periods", booksPath+"/periods", tagBooks, "List the closed periods of a ledger")), s.listPeriods)
	huma.Register(a, decides(right.BookPropose, change("propose-closing", booksPath+"/periods", tagBooks,
		"Propose to close a ledger's books through a day, which another person approves",
		"Once it is closed, commands that count from its days are refused with `period_closed`. What has to be put right is booked later, with a reference of type 6001 whose value begins with the day.")),
		s.proposeClosing)
	huma.Register(a, needs(right.BookRead, question("list-corrections", booksPath+"/corrections", tagBooks, "List what was put right of closed days")), s.listCorrections)
	s.valuations(a)
	export := question("export-book", booksPath+"/export", tagBooks, "Export daily totals by general ledger code, at most 366 days at once")
	export.Errors = append(export.Errors, http.StatusConflict)
	export.Responses = map[string]*huma.Response{"200": {Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{
		bookJSON: {Schema: a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Export](), true, "Export")}, csvType: {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(a, needs(right.BookRead, export), s.exportBook)
}

const (
	bookJSON = "application/json"
	csvType  = "text/csv"
)

func (s *server) listCharts(ctx context.Context, in *InPage) (*chartsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	below, err := s.number(ctx, listOfCharts, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := g.Books.Charts(ctx, tenant(ctx), ledger.Date(below), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &chartsOutput{}
	out.Body.Charts = convert(list, func(h accounting.ChartHead) ChartHead {
		return ChartHead{From: Date(h.From), Proposal: ID(h.Proposal), Approved: Instant(h.Approved)}
	})
	if len(list) == in.Limit {
		out.Body.Next.Next = numberCursor(listOfCharts, uint64(list[len(list)-1].From))
	}
	return out, nil
}

func (s *server) getChart(ctx context.Context, in *chartInput) (*chartOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	c, err := g.Books.Chart(ctx, tenant(ctx), ledger.Date(in.Date.Date))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &chartOutput{Body: Chart{From: Date(c.From), Accounts: convert(c.Accounts, func(a accounting.Account) ChartAccount {
		return ChartAccount{Code: a.Code, GL: a.GL, Name: ChartName(a.Name)}
	}), Valuation: basisOf(c.Basis)}}, nil
}

func (s *server) proposeChart(ctx context.Context, in *newChart) (*proposedOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	if len(in.Body.Reason) > ops.MaxReason {
		return nil, s.longReason(ctx)
	}
	c := accounting.Chart{From: accounting.Date(in.Body.Chart.From), Accounts: convert(in.Body.Chart.Accounts, func(a ChartAccount) accounting.Account {
		return accounting.Account{Code: a.Code, GL: a.GL, Name: accounting.Name(a.Name)}
	}), Basis: in.Body.Chart.Valuation.core()}
	p, err := g.Books.ProposeChart(ctx, g.Approvals, draft(ctx, in.Body.ID, in.Body.Reason), &c)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body.chart."))
	}
	return proposedOf(&p), nil
}

// draft is the caller as the one who proposes.
func draft(ctx context.Context, proposal NewID, reason string) accounting.Draft {
	return accounting.Draft{Tenant: tenant(ctx), Proposal: id.ID(proposal), Proposer: by(ctx).Actor, Reason: reason}
}

func (s *server) listPeriods(ctx context.Context, in *InLedger) (*periodsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	list, err := g.Books.Periods(ctx, tenant(ctx), in.Ledger)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &periodsOutput{}
	out.Body.Periods = convert(list, func(p accounting.Period) Period {
		return Period{Through: Date(p.Through), Sequence: p.Sequence, Proposal: ID(p.Proposal), Closed: Instant(p.Closed)}
	})
	return out, nil
}

func (s *server) proposeClosing(ctx context.Context, in *newPeriod) (*proposedOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	if len(in.Body.Reason) > ops.MaxReason {
		return nil, s.longReason(ctx)
	}
	p, err := g.Books.ProposeClosing(ctx, g.Approvals, draft(ctx, in.Body.ID, in.Body.Reason), &accounting.Closing{
		Ledger: in.Ledger, Through: accounting.Date(in.Body.Through),
	})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "through", "body.through"))
	}
	return proposedOf(&p), nil
}

func (s *server) listCorrections(ctx context.Context, in *correctionsInput) (*correctionsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	after, last := accounting.Place{Day: ledger.Date(in.From.Date)}, ledger.Date(in.Until.Date)
	if last == 0 {
		last = ledger.MaxDate
	}
	place, err := s.place(ctx, listOfCorrections, in.Cursor)
	switch {
	case err != nil:
		return nil, err
	case len(place) == 12:
		after = accounting.Place{Day: ledger.Date(binary.BigEndian.Uint32(place)), Sequence: binary.BigEndian.Uint64(place[4:])}
	case place != nil:
		return nil, s.strange(ctx)
	}
	list, err := g.Books.Corrections(ctx, tenant(ctx), in.Ledger, after, last, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &correctionsOutput{}
	out.Body.Corrections = convert(list, func(c accounting.Correction) Correction {
		return Correction{
			Corrected: Date(c.Corrected), Sequence: c.Sequence, Command: ID(c.Command), Effective: Date(c.Effective), Purpose: c.Purpose, Approval: ID(c.Approval),
		}
	})
	if len(list) == in.Limit {
		end := &list[len(list)-1]
		out.Body.Next.Next = cursor(listOfCorrections, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, uint32(end.Corrected)), end.Sequence))
	}
	return out, nil
}

func (s *server) exportBook(ctx context.Context, in *exportInput) (*exportOutput, error) {
	q, err := s.effectiveDays(ctx, &in.InEffective)
	if err != nil {
		return nil, err
	}
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	e, err := g.Books.Export(ctx, tenant(ctx), in.Ledger, q.From, q.Until, q.Sequence)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "query."))
	}
	out := &exportOutput{ContentType: bookJSON, Sequence: strconv.FormatUint(e.Sequence, 10)}
	if in.Format == "csv" {
		var b bytes.Buffer
		err = e.WriteCSV(&b)
		out.ContentType, out.Body = csvType, b.Bytes()
	} else {
		out.Body, err = json.Marshal(exportOf(e))
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return out, nil
}

func exportOf(e *accounting.Export) Export {
	return Export{
		Ledger: e.Ledger, From: Date(e.First), Until: Date(e.Last), Sequence: e.Sequence,
		Rows: convert(e.Rows, func(r accounting.Row) ExportRow {
			return ExportRow{
				Date: Date(r.Date), Asset: r.Asset, GL: r.Account.GL, Code: r.Account.Code, Name: Words(r.Account.Name),
				Debits: Total{r.Debits}, Credits: Total{r.Credits},
			}
		}),
	}
}
