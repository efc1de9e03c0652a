package rest

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/right"
)

// Ledger is what a ledger is and how far it has come.
type Ledger struct {
	ID        ID      `json:"id"`
	Name      string  `json:"name" example:"main"`
	Zone      string  `json:"zone" doc:"IANA name of the time zone that days and months follow" example:"Asia/Shanghai"`
	Clock     string  `json:"clock" enum:"real,simulated" doc:"A simulated clock stands still until a command moves it"`
	Shadow    bool    `json:"shadow,omitempty" doc:"It carries test traffic"`
	Now       Instant `json:"now" doc:"By the ledger's clock"`
	Sequence  uint64  `json:"sequence" doc:"The last command that was applied"`
	Timestamp Instant `json:"timestamp" doc:"Its instant"`
	Projected uint64  `json:"projected" doc:"The last command that history has"`
	Version   uint16  `json:"version" doc:"Of the engine's behaviour"`
	Accounts  uint64  `json:"accounts" doc:"How many there are"`
	Registers uint64  `json:"registers" doc:"How many there are"`
}

func ledgerOf(l api.LedgerInfo) Ledger {
	return Ledger{
		ID: ID(l.ID), Name: l.Name, Zone: l.Zone, Clock: clockKinds.word(l.Clock), Shadow: l.Shadow, Now: Instant(l.Now),
		Sequence: l.Sequence, Timestamp: Instant(l.Timestamp), Projected: l.Projected, Version: l.Version,
		Accounts: l.Accounts, Registers: l.Registers,
	}
}

// NewLedger is what fixes a ledger for good.
type NewLedger struct {
	Name   string  `json:"name" maxLength:"32" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"a-z, 0-9 and hyphen" example:"main"`
	Zone   string  `json:"zone,omitempty" maxLength:"64" doc:"IANA name of the time zone that days and months follow; UTC if absent" example:"Asia/Shanghai"`
	Clock  string  `json:"clock,omitempty" enum:"real,simulated" doc:"real if absent"`
	Start  Instant `json:"start,omitzero" doc:"Where a simulated clock stands at first; it has to be given then"`
	Shadow bool    `json:"shadow,omitempty" doc:"It is to carry test traffic"`
}

// AssetItem is something that is counted.
type AssetItem struct {
	Code  string `json:"code" example:"CNY"`
	Scale uint8  `json:"scale" doc:"Digits after the point" example:"2"`
}

type (
	ledgerOutput  struct{ Body Ledger }
	ledgersOutput struct {
		Body struct {
			Ledgers []Ledger `json:"ledgers"`
		}
	}
	assetsOutput struct {
		Body struct {
			Assets []AssetItem `json:"assets"`
		}
	}
	newLedger  struct{ Body NewLedger }
	assetInput struct {
		InLedger
		InKey
		Body struct {
			OpenAsset
			Envelope
		} `nameHint:"NewAsset"`
	}
	advanceInput struct {
		InLedger
		InKey
		Body struct {
			Advance
			Envelope
		} `nameHint:"NewTime"`
	}
)

func (s *server) ledgers(a huma.API) {
	huma.Register(a, read("list-ledgers", "/v1/ledgers", tagLedgers, "List the ledgers of the tenant"), s.listLedgers)
	huma.Register(a, operator(change("create-ledger", "/v1/ledgers", tagLedgers, "Open a ledger",
		"The same words again give the same ledger. Zone and clock are fixed for good. With the header Longmen-Tenant it is that tenant's.")),
		s.createLedger)
	huma.Register(a, read("get-ledger", "/v1/ledgers/{ledger}", tagLedgers, "Tell what a ledger is and how far it has come"), s.getLedger)
	huma.Register(a, read("list-assets", "/v1/ledgers/{ledger}/assets", tagLedgers, "List the assets"), s.listAssets)
	huma.Register(a, write("open-asset", "/v1/ledgers/{ledger}/assets", tagLedgers, "Open an asset", ""),
		func(ctx context.Context, in *assetInput) (*commandOutput, error) {
			op := &ledger.OpenAsset{Code: in.Body.Code, Scale: in.Body.Scale}
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, op, nil)
		})
	huma.Register(a, inLedger(right.JobRetry, change("advance-clock", "/v1/ledgers/{ledger}/clock", tagLedgers, "Move a simulated clock forward",
		"The commands after this one have that instant or a later one.")),
		func(ctx context.Context, in *advanceInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, &ledger.Advance{To: ledger.Instant(in.Body.To)}, nil)
		})
}

func (s *server) listLedgers(ctx context.Context, _ *struct{}) (*ledgersOutput, error) {
	list, err := s.node.Ledgers(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	p := &api.CallOf(ctx).Principal
	out := &ledgersOutput{}
	out.Body.Ledgers = convert(slices.DeleteFunc(list, func(l api.LedgerInfo) bool { return !p.Reaches(l.Name) }), ledgerOf)
	return out, nil
}

func (s *server) createLedger(ctx context.Context, in *newLedger) (*ledgerOutput, error) {
	b := &in.Body
	n := api.NewLedger{Name: b.Name, Zone: b.Zone, Clock: ledger.RealClock, Start: ledger.Instant(b.Start), Shadow: b.Shadow}
	if n.Zone == "" {
		n.Zone = "UTC"
	}
	if b.Clock != "" {
		n.Clock = clockKinds.value(b.Clock, 0)
	}
	info, err := s.node.CreateLedger(ctx, n)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if p := &api.CallOf(ctx).Principal; !p.Tenant.IsZero() {
		g, err := s.ground(ctx)
		if err != nil {
			return nil, err
		}
		// Last: until then it is the operator's, and a ledger that was opened otherwise is never given to a tenant.
		if _, err := g.Parties.AddLedger(ctx, p.By(), n.Name); err != nil {
			return nil, s.problem(ctx, err)
		}
	}
	return &ledgerOutput{Body: ledgerOf(info)}, nil
}

func (s *server) getLedger(ctx context.Context, in *InLedger) (*ledgerOutput, error) {
	info, err := s.node.Ledger(ctx, in.Ledger)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &ledgerOutput{Body: ledgerOf(info)}, nil
}

func (s *server) listAssets(ctx context.Context, in *InLedger) (*assetsOutput, error) {
	list, err := s.node.Assets(ctx, in.Ledger)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &assetsOutput{}
	out.Body.Assets = convert(list, func(a api.Asset) AssetItem { return AssetItem(a) })
	return out, nil
}

// single applies a command of one operation. A field of it stands in the body, unless inPath says where in the path.
func (s *server) single(ctx context.Context, name, key string, e *Envelope, op ledger.Operation, inPath map[string]string) (*commandOutput, error) {
	c, err := s.keyed(ctx, key, e, op)
	if err != nil {
		return nil, err
	}
	return s.apply(ctx, name, c, func(index uint16, operation, field string) string {
		if at := inPath[field]; at != "" {
			return at
		}
		return inBody(index, operation, field)
	})
}

// inBody is the place of a field in the body of one operation.
func inBody(_ uint16, _, field string) string {
	if field == "" {
		return "body"
	}
	return "body." + field
}

// read describes a question about a ledger, write a command of one operation.
func read(id, path, tag, summary string) huma.Operation {
	return inLedger(right.LedgerRead, question(id, path, tag, summary))
}

// question describes one that changes nothing.
func question(id, path, tag, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{tag}, Summary: summary,
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

// Bodies of one operation are small; commands in full may have 8,000.
const (
	smallBody = 64 << 10
	bodyTime  = 30 * time.Second
)

func write(id, path, tag, summary, more string) huma.Operation {
	return inLedger(right.LedgerWrite, change(id, path, tag, summary, more))
}

// change describes one that changes something.
func change(id, path, tag, summary, more string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Tags: []string{tag}, Summary: summary, Description: more,
		MaxBodyBytes: smallBody,
		Errors: []int{
			http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable,
		},
	}
}

// convert turns a list into its form in JSON, never null.
func convert[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, v := range list {
		out = append(out, f(v))
	}
	return out
}
