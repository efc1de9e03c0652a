package rpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/longmen/longmen/api"
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

func testID(n int) ledger.ID {
	id := ledger.ID{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80}
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}

// everything is one command of each operation that may come from outside, with all fields.
func everything() []*ledger.Command {
	hold := ledger.Mark{Command: testID(1000), Index: 7}
	var list []*ledger.Command
	for i, op := range []ledger.Operation{
		&ledger.Transfer{Debit: "a:b", Credit: "c", Mode: ledger.Exact, Amount: ledger.MaxAmount},
		&ledger.Transfer{Debit: "a", Credit: "c", Mode: ledger.AtMost, Amount: 1},
		&ledger.Transfer{Debit: "a", Credit: "c", Mode: ledger.Received, Received: "d"},
		&ledger.Hold{Debit: "a", Credit: "b", Amount: 5, Expiry: 1_700_000_000_000_000},
		&ledger.Post{Hold: hold, Amount: 3},
		&ledger.Post{Hold: hold},
		&ledger.Void{Hold: hold},
		&ledger.Freeze{Account: "a", What: ledger.FreezeAmount, Amount: 9},
		&ledger.Freeze{Account: "a", What: ledger.FreezeBoth},
		&ledger.Unfreeze{Freeze: hold},
		&ledger.Issue{Register: "r", Account: "a", Units: 7, Class: 255},
		&ledger.Move{Register: "r", From: "a", To: "b", Units: 7, Class: 3, Hold: hold},
		&ledger.Cancel{Register: "r", Account: "a", Units: 2},
		&ledger.Cancel{Register: "r"},
		&ledger.HoldUnits{Register: "r", Account: "a", Units: 2, Expiry: 3},
		&ledger.Claim{Register: "r", Holder: "a", To: "b", Amount: 4},
		&ledger.Reverse{Sequence: 1 << 60, Mode: ledger.TakeAtMost},
		&ledger.ReverseLine{Sequence: 12, Index: 7999, Account: "a", Mode: ledger.RefuseShortfall},
		&ledger.Reverse{Sequence: 9, Mode: ledger.OweShortfall, Cover: "c"},
		&ledger.ReverseLine{Sequence: 12, Index: 1, Account: "a", Mode: ledger.OweShortfall, Cover: "c:1"},
		&ledger.Settle{Account: "a", Cover: "c", Payer: "b", Amount: 6},
		&ledger.Correct{
			Sequence: 12, Index: 7, Payer: "p", Amounts: []int64{-5, 0, 7}, Mode: ledger.OweShortfall, Cover: "c",
			Deductions: []ledger.Deduction{{Tranche: 2, Class: 1, Rate: 5, Account: "f"}},
		},
		&ledger.OpenAsset{Code: "CNY", Scale: 12},
		&ledger.OpenAccount{Address: "a", Asset: "CNY", Side: ledger.DebitNormal, Type: ledger.Expense, Code: 1 << 31, Constraint: ledger.Unbounded},
		&ledger.OpenRegister{Address: "r", Asset: "CNY", Cap: ledger.MaxCap, Tranches: []string{"p", "i"}, Unclaimed: "u"},
		&ledger.Advance{To: 1_800_000_000_000_000},
		&ledger.Upgrade{Version: ledger.Version},
		&ledger.Distribute{Register: "r", Payer: "a", Amounts: []int64{0, 1 << 40}, Deductions: []ledger.Deduction{
			{Tranche: 1, Class: 255, Rate: 1_000_000, Account: "f"}, {Tranche: 0, Class: 0, Rate: 1, Account: "g"},
		}},
	} {
		list = append(list, &ledger.Command{ID: testID(i), Purpose: uint32(i), Operations: []ledger.Operation{op}})
	}
	full := list[0]
	full.Effective, full.Actor, full.Behalf, full.Approval, full.Trace = 46_000, testID(1), testID(2), testID(3), testID(4)
	full.References = []ledger.Reference{{Type: 65535, Value: testID(5)}, {Type: 0, Value: testID(6)}}
	full.Operations = append(full.Operations, list[1].Operations[0], list[3].Operations[0], list[23].Operations[0])
	return list
}

func request(commands []*ledger.Command) *pb.ApplyRequest {
	r := &pb.ApplyRequest{Ledger: "main"}
	for _, c := range commands {
		r.Commands = append(r.Commands, Message(c))
	}
	return r
}

// Every operation comes out as it went in.
func TestRoundTrip(t *testing.T) {
	want := everything()
	data, err := proto.Marshal(request(want))
	if err != nil {
		t.Fatal(err)
	}
	var call applyCall
	if err := decodeApply(data, &call); err != nil {
		t.Fatal(err)
	}
	if call.ledger != "main" || len(call.commands) != len(want) {
		t.Fatalf("ledger %q, %d commands", call.ledger, len(call.commands))
	}
	for i, c := range call.commands {
		if call.refused[i] != nil {
			t.Errorf("command %d: %v", i, call.refused[i])
		}
		if !reflect.DeepEqual(c, want[i]) {
			t.Errorf("command %d: %+v, want %+v", i, c, want[i])
		}
		if err := c.Check(); err != nil {
			t.Errorf("command %d: %v", i, err)
		}
	}
}

func TestRefused(t *testing.T) {
	id := testID(1)
	transfer := &pb.Operation{Operation: &pb.Operation_Transfer{Transfer: &pb.Transfer{Debit: "a", Credit: "b", Amount: 1}}}
	with := func(change func(*pb.Command)) *pb.Command {
		c := &pb.Command{Id: id[:], Operations: []*pb.Operation{transfer}}
		change(c)
		return c
	}
	operation := func(op *pb.Operation) *pb.Command {
		return with(func(c *pb.Command) { c.Operations = append(c.Operations, op) })
	}
	for _, c := range []struct {
		command *pb.Command
		index   uint16
		why     string
	}{
		{with(func(c *pb.Command) { c.Id = []byte{1} }), 0, "id: has 1 bytes, an id has 16"},
		{with(func(c *pb.Command) { c.Actor = make([]byte, 17) }), 0, "actor: has 17 bytes, an id has 16"},
		{with(func(c *pb.Command) { c.Behalf = []byte{1} }), 0, "behalf: has 1 bytes"},
		{with(func(c *pb.Command) { c.Approval = []byte{1} }), 0, "approval: has 1 bytes"},
		{with(func(c *pb.Command) { c.Trace = []byte{1} }), 0, "trace: has 1 bytes"},
		{with(func(c *pb.Command) { c.References = []*pb.Reference{{Type: 1, Value: id[:]}, {Type: 65536}} }), 0, "references[1].type: 65536 is above 65535"},
		{with(func(c *pb.Command) { c.References = []*pb.Reference{{Type: 1, Value: []byte{1}}} }), 0, "references[0].value: has 1 bytes"},
		{operation(&pb.Operation{}), 1, "operation: none of the known ones is set"},
		{operation(&pb.Operation{Operation: &pb.Operation_Lead{Lead: &pb.Lead{}}}), 1, "operation: open_ledger, lead and pulse"},
		{operation(&pb.Operation{Operation: &pb.Operation_Issue{Issue: &pb.Issue{Class: 256}}}), 1, "issue: class: 256 is above 255"},
		{operation(&pb.Operation{Operation: &pb.Operation_Move{Move: &pb.Move{Class: 256}}}), 1, "move: class: 256 is above 255"},
		{operation(&pb.Operation{Operation: &pb.Operation_Move{Move: &pb.Move{Hold: &pb.Mark{Command: []byte{1}}}}}), 1, "move: hold.command: has 1 bytes"},
		{operation(&pb.Operation{Operation: &pb.Operation_Post{Post: &pb.Post{Hold: &pb.Mark{Operation: 1 << 16}}}}), 1, "post: hold.operation: 65536 is above 65535"},
		{operation(&pb.Operation{Operation: &pb.Operation_Void{Void: &pb.Void{Hold: &pb.Mark{Command: []byte{1}}}}}), 1, "void: hold.command: has 1 bytes"},
		{operation(&pb.Operation{Operation: &pb.Operation_Unfreeze{Unfreeze: &pb.Unfreeze{Freeze: &pb.Mark{Command: []byte{1}}}}}), 1, "unfreeze: freeze.command: has 1 bytes"},
		{operation(&pb.Operation{Operation: &pb.Operation_OpenAsset{OpenAsset: &pb.OpenAsset{Scale: 256}}}), 1, "open_asset: scale: 256 is above 255"},
		{operation(&pb.Operation{Operation: &pb.Operation_Upgrade{Upgrade: &pb.Upgrade{Version: 1 << 20}}}), 1, "upgrade: version: 1048576 is above 65535"},
		{operation(&pb.Operation{Operation: &pb.Operation_ReverseLine{ReverseLine: &pb.ReverseLine{Operation: 1 << 20}}}), 1, "reverse_line: operation: 1048576 is above 65535"},
		{operation(&pb.Operation{Operation: &pb.Operation_Correct{Correct: &pb.Correct{Operation: 1 << 16}}}), 1, "correct: operation: 65536 is above 65535"},
		{operation(&pb.Operation{Operation: &pb.Operation_Correct{Correct: &pb.Correct{Deductions: []*pb.Deduction{{Class: 256}}}}}), 1, "correct: deductions[0].class: 256 is above 255"},
		{operation(&pb.Operation{Operation: &pb.Operation_Distribute{Distribute: &pb.Distribute{Deductions: []*pb.Deduction{{}, {Tranche: 256}}}}}), 1, "distribute: deductions[1].tranche: 256 is above 255"},
		{operation(&pb.Operation{Operation: &pb.Operation_Distribute{Distribute: &pb.Distribute{Deductions: make([]*pb.Deduction, 65)}}}), 1, "distribute: deductions: 65, at most 64"},
	} {
		for i, d := range c.command.GetOperations() {
			if dist := d.GetDistribute(); dist != nil {
				for j := range dist.Deductions {
					if dist.Deductions[j] == nil {
						c.command.Operations[i].GetDistribute().Deductions[j] = &pb.Deduction{}
					}
				}
			}
		}
		good := with(func(*pb.Command) {})
		data, err := proto.Marshal(&pb.ApplyRequest{Commands: []*pb.Command{good, c.command, good}})
		if err != nil {
			t.Fatal(err)
		}
		var call applyCall
		if err := decodeApply(data, &call); err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		r := call.refused[1]
		if call.refused[0] != nil || call.refused[2] != nil || r == nil {
			t.Errorf("%s: refused %v", c.why, call.refused)
			continue
		}
		if r.Code != ledger.Malformed || r.Index != c.index || !strings.HasPrefix(r.Why, c.why) {
			t.Errorf("refused with %v, want operation %d: %s", r, c.index, c.why)
		}
	}
}

// The answer on the wire is the one that the generated code would write.
func TestEncode(t *testing.T) {
	answers := []api.Answer{
		{Result: ledger.Result{Sequence: 1, Timestamp: 1_700_000_000_000_000, Date: 46_000}},
		{Result: ledger.Result{Sequence: 1 << 63, Timestamp: -5, Date: 1, Code: ledger.UnitsHeld, Index: 65_535}, Repeated: true},
		{Result: ledger.Result{Code: ledger.Malformed, Index: 3}, Why: strings.Repeat("why ", 100)},
		{Result: ledger.Result{Sequence: 7, Outputs: []ledger.Output{
			{Index: 1, Amount: 5},
			{
				Index: 2, Amount: 100, Count: 3, Deducted: []int64{1, 2}, Unclaimed: 1, Set: 4, Units: 8,
				Tranches: []ledger.TrancheResult{{Amount: 9, Units: 10, Q: share.Int128{Lo: 1 << 63, Hi: -1}, Cut: share.Cut{Units: 3, Holder: 4}}, {}},
				Missing:  []ledger.Missing{{Account: "a", Amount: 1}},
			},
		}}},
		{},
	}
	want := &pb.ApplyResponse{}
	for i := range answers {
		want.Results = append(want.Results, resultFrom(&answers[i]))
	}
	data, err := appendApply([]byte("before"), answers)
	if err != nil {
		t.Fatal(err)
	}
	got := &pb.ApplyResponse{}
	if err := proto.Unmarshal(bytes.TrimPrefix(data, []byte("before")), got); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	balances := &balancesAnswer{at: api.Position{Sequence: 9, Timestamp: 8}, balances: []ledger.AccountState{
		{},
		{Number: 1, Side: ledger.CreditNormal, Credits: 1 << 62, Debits: 5, DebitsHeld: 6, CreditsHeld: 7, Frozen: 8},
		{Number: 2, Side: ledger.DebitNormal, Credits: 1 << 62, Debits: 5},
		{Number: 3, Side: ledger.DebitNormal},
	}}
	back := &pb.BalancesResponse{}
	if err := proto.Unmarshal(appendBalances(nil, balances), back); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(back, balancesFrom(balances)) {
		t.Errorf("got %v\nwant %v", back, balancesFrom(balances))
	}
}

// FuzzDecode compares the decoder that is written by hand with the generated one.
func FuzzDecode(f *testing.F) {
	data, err := proto.Marshal(request(everything()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte{0x12, 0x04, 0x7b, 0x08, 0x01, 0x7c}) // a command with a group that nobody knows
	f.Add([]byte{0x12, 0x00, 0x0a, 0x04, 'm', 'a', 'i', 'n'})
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		b := bytes.Clone(data)
		for range 3 {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var call applyCall
		err := decodeApply(data, &call)
		var m pb.ApplyRequest
		generated := proto.Unmarshal(data, &m)
		if err != nil {
			if !errors.Is(err, errWire) {
				t.Fatalf("error of another kind: %v", err)
			}
			if generated == nil {
				t.Fatalf("refused what is a message: %v", &m)
			}
			return
		}
		if generated != nil {
			// Text that is not UTF-8 is read here and refused there; no address passes the check with it.
			if !strings.Contains(generated.Error(), "UTF-8") {
				t.Fatalf("read what is no message: %v", generated)
			}
			return
		}
		if len(call.commands) != len(m.GetCommands()) || call.ledger != m.GetLedger() {
			t.Fatalf("%d commands for %q, generated %d for %q", len(call.commands), call.ledger, len(m.GetCommands()), m.GetLedger())
		}
		for i, c := range call.commands {
			if call.refused[i] != nil {
				continue
			}
			if err := same(c, m.GetCommands()[i]); err != nil {
				t.Fatalf("command %d: %v", i, err)
			}
		}
	})
}

func same(c *ledger.Command, m *pb.Command) error {
	back := Message(c)
	if !bytes.Equal(back.GetId(), pad(m.GetId())) || back.GetPurpose() != m.GetPurpose() || back.GetEffective() != m.GetEffective() ||
		len(back.GetOperations()) != len(m.GetOperations()) || len(back.GetReferences()) != len(m.GetReferences()) {
		return fmt.Errorf("%v, generated %v", back, m)
	}
	for i, op := range m.GetOperations() {
		want, err := operationOf(op)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(want, c.Operations[i]) {
			return fmt.Errorf("operation %d: %+v, generated %+v", i, c.Operations[i], want)
		}
	}
	return nil
}

// pad: an absent command id is 16 zeros in the ledger.
func pad(id []byte) []byte {
	if len(id) == 0 {
		return make([]byte, 16)
	}
	return id
}
