package rpc_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/longmen/longmen/api/apitest"
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/gen/longmen/ledger/v1/ledgerv1connect"
	"github.com/longmen/longmen/front/right"
)

type client = ledgerv1connect.LedgerServiceClient

// calls are what may be asked in a ledger, each with who may: who has the right, and the operator alone where it says so.
var calls = []struct {
	name     string
	needs    right.Right
	operator bool
	send     func(ctx context.Context, c client, ledger string) error
}{
	{"Ledger", right.LedgerRead, false, func(ctx context.Context, c client, ledger string) error {
		_, err := c.Ledger(ctx, connect.NewRequest(&pb.LedgerRequest{Ledger: ledger}))
		return err
	}},
	{"Balances", right.LedgerRead, false, func(ctx context.Context, c client, ledger string) error {
		_, err := c.Balances(ctx, connect.NewRequest(&pb.BalancesRequest{Ledger: ledger, Addresses: []string{"bank:cash"}}))
		return err
	}},
	{"Watch", right.LedgerRead, false, func(ctx context.Context, c client, ledger string) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.Watch(ctx, connect.NewRequest(&pb.WatchRequest{Ledger: ledger, From: 1}))
		if err != nil {
			return err
		}
		stream.Receive()
		err = stream.Err()
		cancel()
		_ = stream.Close() // it ends with the context
		return err
	}},
	{"Apply transfer", right.LedgerWrite, false, apply(&pb.Operation{Operation: &pb.Operation_Transfer{
		Transfer: &pb.Transfer{Debit: "bank:cash", Credit: "investor:1:cash", Amount: 1},
	}})},
	{"Apply advance", right.JobRetry, false, apply(&pb.Operation{Operation: &pb.Operation_Advance{Advance: &pb.Advance{To: 1_800_000_000_000_000}}})},
	{"Apply upgrade", right.LedgerWrite, true, apply(&pb.Operation{Operation: &pb.Operation_Upgrade{Upgrade: &pb.Upgrade{Version: 1}}})},
}

var sent = 1_000

// apply sends one operation twice: alone, and behind another command that its sender may send.
func apply(op *pb.Operation) func(context.Context, client, string) error {
	return func(ctx context.Context, c client, ledger string) error {
		sent += 2
		_, err := c.Apply(ctx, connect.NewRequest(&pb.ApplyRequest{Ledger: ledger, Commands: []*pb.Command{{Id: id(sent), Operations: []*pb.Operation{op}}}}))
		if _, advance := op.Operation.(*pb.Operation_Advance); advance {
			return err
		}
		_, behind := c.Apply(ctx, connect.NewRequest(&pb.ApplyRequest{Ledger: ledger, Commands: []*pb.Command{
			transfer(sent+1, "bank:cash", "investor:1:cash", 1), {Id: id(sent), Operations: []*pb.Operation{op}},
		}}))
		if connect.CodeOf(err) != connect.CodeOf(behind) {
			return connect.NewError(connect.CodeUnknown, behind)
		}
		return err
	}
}

// Every call is sent by everybody: nobody without a token, each role if it has the right, a client never, nobody into
// another tenant's ledger, the operator everywhere or in the tenant that he names.
func TestWhoMayCallWhat(t *testing.T) {
	w := apitest.NewWorld(t)
	type caller struct {
		who    string
		client client
		want   func(need right.Right, operator bool) connect.Code
	}
	always := func(code connect.Code) func(right.Right, bool) connect.Code {
		return func(right.Right, bool) connect.Code { return code }
	}
	var callers []caller
	add := func(who, token string, want func(right.Right, bool) connect.Code, headers ...string) {
		callers = append(callers, caller{who, grpcClient(w.Site, token, headers...), want})
	}
	add("nobody", "", always(connect.CodeUnauthenticated))
	add("a token that nobody has", w.North.Client.Token[:len(w.North.Client.Token)-4]+"AAAA", always(connect.CodeUnauthenticated))
	add("who names a tenant", w.North.Staff["finance"].Token, always(connect.CodePermissionDenied), "Longmen-Tenant", "north")
	add("who acts for another", w.North.Staff["finance"].Token, always(connect.CodePermissionDenied), "Longmen-Party", w.North.Other.Party.String())
	add("the client", w.North.Client.Token, always(connect.CodePermissionDenied))
	for _, role := range right.Roles() {
		add(role, w.North.Staff[role].Token, func(need right.Right, operator bool) connect.Code {
			if operator || !right.Role(role).Has(need) {
				return connect.CodePermissionDenied
			}
			return 0
		})
		add(role+" of another tenant", w.South.Staff[role].Token, always(connect.CodeNotFound))
	}
	add("operator", w.Token, always(0))
	add("operator in the tenant", w.Token, always(0), "Longmen-Tenant", "north")
	add("operator in another tenant", w.Token, always(connect.CodeNotFound), "Longmen-Tenant", "south")
	for _, call := range calls {
		for _, c := range callers {
			t.Run(call.name+"/"+c.who, func(t *testing.T) {
				got := connect.Code(0)
				err := call.send(t.Context(), c.client, "main")
				if err != nil {
					got = connect.CodeOf(err)
				}
				if want := c.want(call.needs, call.operator); got != want {
					t.Errorf("%v, want %v: %v", got, want, err)
				}
			})
		}
	}
}

// Nobody commands as somebody else, or on behalf of a party for which he may not act; the field is named.
func TestNobodyCommandsAsAnother(t *testing.T) {
	w := apitest.NewWorld(t)
	finance, other := w.North.Staff["finance"], w.North.Other
	for name, r := range map[string]struct {
		actor, behalf []byte
		field         string // "" is let in
	}{
		"himself":         {finance.Principal[:], finance.Party[:], ""},
		"another's actor": {other.Principal[:], nil, "commands[1].actor"},
		"another's party": {nil, other.Party[:], "commands[1].behalf"},
		"another tenant":  {nil, w.South.Client.Party[:], "commands[1].behalf"},
	} {
		size := w.Node.Size("main")
		c := transfer(8_000+len(name), "bank:cash", "investor:1:cash", 1)
		c.Actor, c.Behalf = r.actor, r.behalf
		list := []*pb.Command{transfer(7_000+len(name), "bank:cash", "investor:1:cash", 1), c}
		_, err := grpcClient(w.Site, finance.Token).Apply(t.Context(), connect.NewRequest(&pb.ApplyRequest{Ledger: "main", Commands: list}))
		switch {
		case r.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case r.field != "" && (connect.CodeOf(err) != connect.CodePermissionDenied || !strings.Contains(err.Error(), r.field)):
			t.Errorf("%s: %v, want a refusal of %s", name, err, r.field)
		case r.field != "" && w.Node.Size("main") != size:
			t.Errorf("%s: the other command of the batch was journaled", name)
		}
		if _, err = grpcClient(w.Site, w.Token).Apply(t.Context(), connect.NewRequest(&pb.ApplyRequest{Ledger: "main", Commands: list})); err != nil {
			t.Errorf("%s by the operator: %v", name, err)
		}
	}
}

// What the sequencer writes is taken from nobody.
func TestNobodyWritesForTheSequencer(t *testing.T) {
	w := apitest.NewWorld(t)
	size := w.Node.Size("main")
	for n, op := range []*pb.Operation{
		{Operation: &pb.Operation_OpenLedger{OpenLedger: &pb.OpenLedger{Ledger: id(1), Zone: "UTC", Clock: pb.ClockKind_CLOCK_KIND_REAL}}},
		{Operation: &pb.Operation_Lead{Lead: &pb.Lead{Epoch: 9, Node: id(2)}}},
		{Operation: &pb.Operation_Pulse{Pulse: &pb.Pulse{Limit: 1}}},
	} {
		a, err := grpcClient(w.Site, w.Token).Apply(t.Context(), connect.NewRequest(&pb.ApplyRequest{Ledger: "main", Commands: []*pb.Command{
			{Id: id(9_000 + n), Operations: []*pb.Operation{op}},
		}}))
		if err != nil || a.Msg.GetResults()[0].GetCode() != pb.Code_CODE_MALFORMED || w.Node.Size("main") != size {
			t.Errorf("%v: %v, %v", op, a, err)
		}
	}
}

// grpcClient speaks gRPC with a token and headers.
func grpcClient(s *apitest.Site, token string, headers ...string) client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	s.T.Cleanup(transport.CloseIdleConnections)
	return ledgerv1connect.NewLedgerServiceClient(&http.Client{Transport: named{headers, bearer{token, transport}}}, s.URL, connect.WithGRPC())
}

// named puts headers into every call.
type named struct {
	headers []string
	next    http.RoundTripper
}

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	for i := 0; i < len(n.headers); i += 2 {
		r.Header.Set(n.headers[i], n.headers[i+1])
	}
	return n.next.RoundTrip(r)
}
