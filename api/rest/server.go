// Package rest is the door for everybody: HTTP with JSON, described by OpenAPI 3.1. What a caller sends is turned into
// commands and questions for the node, what comes back into JSON or problem details (RFC 9457).
//
// The package must not know how a caller proves who he is, how a command becomes durable, or what a product is.
package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/logging"
)

// Node is what the door needs of the program behind it.
type Node interface {
	api.Applier
	api.Balancer
	api.Ledgers
	api.Present
	api.Past
	api.Proofs
	api.Jobs
}

// Door answers everything under /v1 and shows its description.
type Door struct {
	mux  *http.ServeMux
	huma huma.API
}

// server holds what the handlers need.
type server struct {
	node Node
	open func() (*ground.Ground, error)
	log  *slog.Logger

	exports chan struct{} // those under way
}

// New makes the door. Who calls must be in the requests' context (api.WithCall). open gives the ground once it is open,
// before that an error for the caller.
func New(node Node, open func() (*ground.Ground, error), log *slog.Logger) *Door {
	mux := http.NewServeMux()
	s := &server{node: node, open: open, log: log, exports: make(chan struct{}, maxExports)}
	door := &Door{mux: mux, huma: huma.NewAPI(configuration(), adapter{
		Adapter: humago.NewAdapter(mux, ""), mux: mux,
		quick: map[string]quick{
			"get-balance": s.quickBalance, "transfer": s.quickTransfer, "place-bid": s.quickBid, "repay-loan": s.quickRepayment,
		},
	})}
	mux.HandleFunc("/", door.nothing)
	s.ledgers(door.huma)
	s.accounts(door.huma)
	s.debts(door.huma)
	s.registers(door.huma)
	s.commands(door.huma)
	s.operations(door.huma)
	s.units(door.huma)
	s.past(door.huma)
	s.proofs(door.huma)
	s.parties(door.huma)
	s.orders(door.huma)
	s.approvals(door.huma)
	s.listings(door.huma)
	s.bids(door.huma)
	s.mandates(door.huma)
	s.claims(door.huma)
	s.portfolios(door.huma)
	s.loans(door.huma)
	s.applications(door.huma)
	s.jobs(door.huma)
	s.notices(door.huma)
	s.products(door.huma)
	s.books(door.huma)
	loosen(door.huma.OpenAPI())
	return door
}

// ServeHTTP answers a request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mux.ServeHTTP(w, r)
}

// nothing answers where no resource is, or none with this method.
func (d *Door) nothing(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := d.mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if allowed == nil {
		NotFound(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	WriteProblem(w, r, notAllowed.Errorf("it has %s", strings.Join(allowed, " and ")).On("method"))
}

// OpenAPI is the description of the door.
func (d *Door) OpenAPI() *huma.OpenAPI { return d.huma.OpenAPI() }

// Tags of the operations, in the order of the documentation.
const (
	tagLedgers   = "Ledgers"
	tagAccounts  = "Accounts"
	tagMoney     = "Money"
	tagRegisters = "Registers"
	tagUnits     = "Units"
	tagCommands  = "Commands"
	tagPast      = "The past"
	tagProofs    = "Proofs"
	tagParties   = "Parties"
	tagOrders    = "Orders"
	tagApprovals = "Approvals"
	tagMarket    = "Market"
	tagLoans     = "Loans"
	tagLending   = "Applications"
	tagJobs      = "Jobs"
	tagNotices   = "Notices"
	tagProducts  = "Products"
	tagBooks     = "Books"
)

func configuration() huma.Config {
	config := huma.DefaultConfig("Longmen", "1")
	config.Info.Description = description
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Tags = []*huma.Tag{
		{Name: tagLedgers, Description: "A ledger is one ordered book: its journal, its accounts in several assets, its registers."},
		{Name: tagAccounts, Description: "An account is a counted place for one asset."},
		{Name: tagMoney, Description: "One operation as one command: the short way to what Commands does in full."},
		{Name: tagRegisters, Description: "A register says who holds how many units of one instrument."},
		{Name: tagUnits, Description: "Operations on units, each as one command."},
		{Name: tagCommands, Description: "A command is an ordered set of operations that all succeed or all fail."},
		{Name: tagPast, Description: "What was, by booking time or by effective date."},
		{Name: tagProofs, Description: "Evidence for outsiders: signed checkpoints, and proofs that lead to them."},
		{Name: tagParties, Description: "People and organisations of a tenant."},
		{Name: tagOrders, Description: "An order is what a party asked for, of any kind, with its history."},
		{Name: tagApprovals, Description: "What one person proposes, another one approves or refuses."},
		{Name: tagMarket, Description: "Loans that are open for funding, and bids for parts of them."},
		{Name: tagLending, Description: "What somebody asks to be lent: decision, offer, papers, signature, until it is paid out."},
		{Name: tagLoans, Description: "Loans that were paid out: what is due, what was paid, and what happened to each."},
		{Name: tagJobs, Description: "What happens at an instant to come, once, in the clock of its ledger: planned events."},
		{Name: tagNotices, Description: "What parties are told, and over which channels they want it."},
		{Name: tagProducts, Description: "What a loan may be, as data, in versions that never change."},
		{Name: tagBooks, Description: "The books for those outside: charts with general ledger codes, closed periods, corrections, exports."},
	}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token that was issued, or the operator's, which the node made at its first start: the file `token` in its data folder."},
	}
	config.Security = []map[string][]string{{"token": {}}}
	config.RejectUnknownQueryParameters = true
	// The description is served by the one who puts the doors together; answers carry no links to schemas.
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	return config
}

const description = `Every request needs the header ` + "`Authorization: Bearer <token>`" + `. The token tells the principal and his tenant;
` + "`Longmen-Party`" + ` says for which party he acts, if he may act for several. Only the operator names a tenant, by
` + "`Longmen-Tenant`" + `. Each operation says under ` + "`x-access`" + ` which right it needs; what is another tenant's, and what
is another party's and not yours to see, is not found.

**Amounts** are whole numbers of minor units (fen, cents). They are written as strings of digits, since a JSON number is
exact up to 2^53-1 only and an amount may reach 10^18; an integer up to there is read too. Everything else that is
counted (units, sequences, places) is an integer, written in digits alone. Nothing that is sent is ` + "`null`" + `: leave the member out.

**Instants** are RFC 3339 with microseconds, in UTC, after 1970-01-01T00:00:00Z; **dates** are YYYY-MM-DD. Days and months follow the ledger's zone.

**Commands are idempotent for ever.** A writing request carries an ` + "`Idempotency-Key`" + `: a UUIDv7 is the command's id
itself, any other key of up to 255 visible ASCII characters is mapped to one for good. Sending it again gives the first
result and does nothing; the same key with other content is refused with ` + "`id_conflict`" + `. A command that the ledger
refuses uses its key up; one that never reached the ledger (400, 401, 413, 503) does not.

**Errors** are problem details (RFC 9457) with a ` + "`code`" + ` from a closed list, the ` + "`field`" + ` that is meant and what to do.
A 503 says that nothing was applied: send the same request again after the seconds in ` + "`Retry-After`" + `.

**Lists** come in pages: pass a page's ` + "`next`" + ` as ` + "`cursor`" + ` to get the following one.`

// loosen lets answers grow: only what is sent to us is refused for members that are not known. Nothing of it is null.
func loosen(doc *huma.OpenAPI) {
	sent := map[string]bool{}
	var visit func(s *huma.Schema)
	visit = func(s *huma.Schema) {
		if s == nil {
			return
		}
		if s.Ref != "" {
			if !sent[s.Ref] {
				sent[s.Ref] = true
				visit(doc.Components.Schemas.SchemaFromRef(s.Ref))
			}
			return
		}
		s.Nullable = false
		visit(s.Items)
		for _, p := range s.Properties {
			visit(p)
		}
		for _, o := range s.OneOf {
			visit(o)
		}
	}
	for _, path := range doc.Paths {
		for _, op := range []*huma.Operation{path.Post, path.Put, path.Patch} {
			if op != nil && op.RequestBody != nil {
				for _, content := range op.RequestBody.Content {
					visit(content.Schema)
				}
			}
		}
	}
	for name, s := range doc.Components.Schemas.Map() {
		if !sent["#/components/schemas/"+name] {
			s.AdditionalProperties = nil
		}
	}
}

// InLedger names the ledger.
type InLedger struct {
	Ledger string `path:"ledger" maxLength:"32" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"Name of the ledger" example:"main"`
}

// InAddress names something in a ledger by its address.
type InAddress struct {
	InLedger
	Address string `path:"address" maxLength:"255" doc:"Address in the ledger" example:"investor:42:cash"`
}

// InMark names a hold or a freeze.
type InMark struct {
	InLedger
	Mark Mark `path:"mark" doc:"Mark of the hold or freeze" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0"`
}

// InKey carries the key of a command.
type InKey struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"255" doc:"Names the command for ever: a UUIDv7, or any string of up to 255 visible ASCII characters" example:"deposit-2026-03-01-4711"`
}

// InPage says which part of a list is wanted.
type InPage struct {
	Cursor string `query:"cursor" maxLength:"512" doc:"The page before's next; the first page if absent"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Most items of the page"`
}

// Next leads to the following page.
type Next struct {
	Next string `json:"next,omitempty" doc:"Cursor of the following page; absent at the end"`
}

// At tells at which point of the ledger's order an answer was right.
type At struct {
	Sequence  uint64  `json:"sequence" doc:"The command up to which everything is counted"`
	Timestamp Instant `json:"timestamp" doc:"Its instant"`
}

func at(p api.Position) At { return At{Sequence: p.Sequence, Timestamp: Instant(p.Timestamp)} }

// apply sends one command and turns a refusal into a problem.
func (s *server) apply(ctx context.Context, name string, c *ledger.Command, path pathOf) (*commandOutput, error) {
	answers, err := api.Apply(ctx, s.node, name, []*ledger.Command{c}, nil)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "commands[0]", "body"))
	}
	a := &answers[0]
	if a.Result.Code != ledger.Applied {
		p := refusal(c.ID, a, path)
		p.Request = requestID(ctx)
		return nil, p
	}
	return &commandOutput{Body: resultOf(c.ID, a, c.Operations)}, nil
}

// inBodyOf moves the field of an error to where it stands in the request.
func inBodyOf(err error, from, to string) error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		if rest, found := strings.CutPrefix(e.Field, from); found && e.Field != "" {
			e.Field = to + rest
		}
	}
	return err
}

// problem gives an error its form and the request's id.
func (s *server) problem(ctx context.Context, err error) error {
	p := problemOf(err)
	p.Request = requestID(ctx)
	if p.Status == http.StatusInternalServerError {
		s.log.Error("request failed", logging.Trace, p.Request, logging.Error, err)
	}
	return p
}

type commandOutput struct{ Body Result }

// keyed makes the envelope's command with the id that the key stands for.
func (s *server) keyed(ctx context.Context, key string, e *Envelope, op ledger.Operation) (*ledger.Command, error) {
	id, err := api.KeyID(api.CallOf(ctx).Principal.ID(), key)
	if err != nil {
		return nil, s.fault(ctx, keyMissing, "header.Idempotency-Key", err.Error())
	}
	return e.command(id, api.CallOf(ctx).Trace, op), nil
}

func requestID(ctx context.Context) string {
	if id := api.CallOf(ctx).Trace; !id.IsZero() {
		return id.String()
	}
	return ""
}
