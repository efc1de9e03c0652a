package api_test

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

func TestKeyID(t *testing.T) {
	operator, other := ledger.ID{1}, ledger.ID{2}
	get := func(p ledger.ID, key string) ledger.ID {
		t.Helper()
		got, err := api.KeyID(p, key)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	// Fixed for ever: a change of the mapping would do old commands again.
	if got := get(operator, "deposit-1").String(); got != keyOfDeposit1 {
		t.Errorf("deposit-1 is %s, it always was %s", got, keyOfDeposit1)
	}
	const uuid = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	if got := get(operator, uuid).String(); got != uuid {
		t.Errorf("%s is %s", uuid, got)
	}
	if i, err := api.KeyID(operator, id.ID(ledger.ID{6: 0x70, 8: 0x80}).Derive("settle", 0).String()); err == nil {
		t.Errorf("%s, an id that the program derives, is a key", i)
	}
	if get(operator, "k") == get(other, "k") || get(operator, "k") == get(operator, "l") {
		t.Error("two keys have one id")
	}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[!-~]{1,255}`).Draw(t, "key")
		got, err := api.KeyID(operator, key)
		if err != nil {
			t.Fatal(err)
		}
		made := id.ID(got)
		if err := made.Check(); err != nil {
			t.Fatal(err)
		}
		if _, own := id.Parse(key); own != nil && (made.CheckNew() == nil || made.Micros() >= 1<<39*1000) {
			t.Fatalf("key %q has the id %s, which somebody else can make", key, made)
		}
	})
}

const keyOfDeposit1 = "0079f345-03f5-8e3d-993f-04f7ac34a439"

// counter is a node that only counts what reaches it.
type counter struct {
	commands []*ledger.Command
	err      error
}

func (c *counter) Apply(_ context.Context, _ string, commands []*ledger.Command) ([]api.Answer, error) {
	c.commands = commands
	answers := make([]api.Answer, len(commands))
	for i := range answers {
		answers[i].Result.Sequence = uint64(i + 1)
	}
	return answers, c.err
}

func TestApply(t *testing.T) {
	actor := ledger.ID{9}
	ctx := api.WithCall(context.Background(), &api.Call{Principal: api.Principal{Access: party.Access{Principal: id.ID(actor)}, Operator: true, Rights: right.Every}})
	good := func() *ledger.Command {
		return &ledger.Command{ID: ledger.ID{6: 0x70, 8: 0x80}, Operations: []ledger.Operation{&ledger.Void{Hold: ledger.Mark{Command: ledger.ID{1}}}}}
	}
	bad := func() *ledger.Command { return &ledger.Command{} }
	inner := good()
	inner.Operations = []ledger.Operation{&ledger.Pulse{Limit: 1}}
	named := good()
	named.Actor = ledger.ID{7}

	node := &counter{}
	answers, err := api.Apply(ctx, node, "main", []*ledger.Command{good(), bad(), inner, nil, named}, []*ledger.Refusal{3: {Code: ledger.Malformed, Why: "unreadable"}, 4: nil})
	if err != nil {
		t.Fatal(err)
	}
	if len(node.commands) != 2 || node.commands[0].Actor != actor || node.commands[1].Actor != (ledger.ID{7}) {
		t.Errorf("the node got %+v", node.commands)
	}
	for i, want := range []struct {
		code     ledger.Code
		sequence uint64
	}{{ledger.Applied, 1}, {ledger.Malformed, 0}, {ledger.Malformed, 0}, {ledger.Malformed, 0}, {ledger.Applied, 2}} {
		if a := answers[i]; a.Result.Code != want.code || a.Result.Sequence != want.sequence || (want.code != ledger.Applied) != (a.Why != "") {
			t.Errorf("answer %d: %+v", i, a)
		}
	}

	node = &counter{}
	if answers, err = api.Apply(ctx, node, "main", []*ledger.Command{bad()}, nil); err != nil || len(answers) != 1 || node.commands != nil {
		t.Errorf("nothing to send: %v, %v, %v", answers, err, node.commands)
	}
	node = &counter{err: errors.New("full")}
	for _, list := range [][]*ledger.Command{{good()}, {good(), bad()}} {
		if _, err = api.Apply(ctx, node, "main", list, nil); !errors.Is(err, node.err) {
			t.Errorf("error %v", err)
		}
	}
}
