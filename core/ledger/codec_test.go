package ledger

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longmen/longmen/core/share"
)

var update = flag.Bool("update", false, "write golden files anew; a changed line breaks every journal there is")

// examples is one command of every kind, with every field set to something that shows.
func examples() []*Command {
	mark := Mark{testID(77), 3}
	ops := [][]Operation{
		{&OpenLedger{Ledger: testID(5), Zone: "Asia/Shanghai", Clock: SimulatedClock, Start: 1_234_567_890, Shadow: true}},
		{&Lead{Epoch: 9, Node: testID(6)}},
		{&Pulse{Limit: 1000}},
		{&Upgrade{Version: 2}},
		{&Advance{To: 1_600_000_000_000_000}},
		{&OpenAsset{Code: "CNY", Scale: 2}},
		{&OpenAccount{Address: "party:42:cash", Asset: "CNY", Side: CreditNormal, Type: Liability, Code: 2001, Constraint: Nonnegative}},
		{&OpenRegister{Address: "note:7", Asset: "CNY", Cap: 500, Tranches: []string{"principal", "interest"}, Unclaimed: "note:unclaimed"}},
		{&Transfer{Debit: "a", Credit: "b", Mode: Exact, Amount: 100}, &Transfer{Debit: "a", Credit: "b", Mode: AtMost, Amount: MaxAmount}, &Transfer{Debit: "b", Credit: "c", Mode: Received, Received: "b"}},
		{&Hold{Debit: "a", Credit: "b", Amount: 5, Expiry: 99}, &Post{Hold: mark, Amount: 4}, &Void{Hold: mark}},
		{&Freeze{Account: "a", What: FreezeAmount, Amount: 12}, &Unfreeze{Freeze: mark}},
		{&Issue{Register: "r", Account: "a", Units: 3, Class: 2}, &Move{Register: "r", From: "a", To: "b", Units: 1, Class: 1, Hold: mark}},
		{&Cancel{Register: "r", Account: "a", Units: 2}, &Cancel{Register: "r"}, &HoldUnits{Register: "r", Account: "a", Units: 1, Expiry: 7}},
		{&Claim{Register: "r", Holder: "a", To: "b", Amount: 9}, &Distribute{Register: "r", Payer: "p", Amounts: []int64{100, 0}, Deductions: []Deduction{{Tranche: 1, Class: 2, Rate: 10_000, Account: "fee"}}}},
		{&Reverse{Sequence: 4, Mode: TakeAtMost}},
		{&ReverseLine{Sequence: 4, Index: 1, Account: "a", Mode: RefuseShortfall}},
		{&Reverse{Sequence: 4, Mode: OweShortfall, Cover: "c:1"}},
		{&ReverseLine{Sequence: 4, Index: 1, Account: "a", Mode: OweShortfall, Cover: "c"}, &Settle{Account: "a", Cover: "c", Payer: "b", Amount: 8}},
		{&Correct{Sequence: 4, Index: 1, Payer: "p", Amounts: []int64{-100, 0, 7}, Mode: TakeAtMost}},
		{&Correct{
			Sequence: 4, Index: 2, Payer: "p", Amounts: []int64{5, -MaxAmount + 5}, Mode: OweShortfall, Cover: "c",
			Deductions: []Deduction{{Tranche: 1, Class: 2, Rate: 10_000, Account: "fee"}},
		}},
	}
	var list []*Command
	for i, o := range ops {
		list = append(list, &Command{ID: testID(uint64(i)), Purpose: uint32(i), Operations: o})
	}
	list[8].Effective, list[8].Actor, list[8].Behalf, list[8].Approval, list[8].Trace = 45000, testID(1), testID(2), testID(3), testID(4)
	list[8].References = []Reference{{Type: 1, Value: testID(8)}, {Type: 2, Value: testID(9)}}
	return list
}

// The bytes of a command are for ever: this file only ever grows.
func TestCommandBytesAreForEver(t *testing.T) {
	var got strings.Builder
	for _, c := range examples() {
		fmt.Fprintf(&got, "%s %s\n", c.Operations[0].Kind(), hex.EncodeToString(AppendCommand(nil, c)))
	}
	const path = "testdata/commands.golden"
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Fatalf("canonical bytes changed:\n%s", cmp.Diff(string(want), got.String()))
	}
}

func TestCommandsComeBackFromTheirBytes(t *testing.T) {
	for _, c := range examples() {
		if err := c.Check(); err != nil {
			t.Fatalf("%v: %v", c.Operations[0].Kind(), err)
		}
		b := AppendCommand(nil, c)
		back, err := DecodeCommand(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c, back); d != "" {
			t.Fatal(d)
		}
		for n := range b {
			if _, err := DecodeCommand(b[:n]); err == nil {
				t.Fatalf("%d of %d bytes decode", n, len(b))
			}
		}
		if _, err := DecodeCommand(append(b, 0)); err == nil {
			t.Fatal("a byte too many decodes")
		}
	}
}

// Whatever decodes encodes to the same bytes: there is one encoding for each command.
func FuzzDecodeCommand(f *testing.F) {
	for _, c := range examples() {
		f.Add(AppendCommand(nil, c))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCommand(b)
		if err != nil {
			return
		}
		if again := AppendCommand(nil, c); !bytes.Equal(again, b) {
			t.Fatalf("%x decodes and encodes to %x", b, again)
		}
	})
}

func exampleResult() *Result {
	return &Result{Timestamp: 1_700_000_000_000_000, Date: 45000, Code: Applied, Outputs: []Output{
		{Index: 1, Amount: 5},
		{Index: 2, Amount: 7, Units: 8, Count: 9, Deducted: []int64{1, 2}, Unclaimed: 3, Set: 4, Missing: []Missing{{"a:b", 6}}, SetOffs: 2, SetOff: 1 << 40, Tranches: []TrancheResult{
			{Amount: 7, Units: 8, Q: share.Int128{Hi: -1, Lo: 5}, Rem: share.Int128{Lo: 3}, Cut: share.Cut{Deficit: share.Int128{Lo: 9}, Units: 4, Holder: 2}}, {},
		}},
	}}
}

func FuzzDecodeResult(f *testing.F) {
	f.Add(AppendResult(nil, exampleResult()))
	f.Add(AppendResult(nil, &Result{Code: BalanceTooLow, Index: 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeResult(b)
		if err == nil && !bytes.Equal(AppendResult(nil, r), b) {
			t.Fatalf("%x decodes and encodes to other bytes", b)
		}
	})
}

func TestResultsComeBackFromTheirBytes(t *testing.T) {
	want := exampleResult()
	got, err := DecodeResult(AppendResult(nil, want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func examplePast() *Past {
	return &Past{
		Movements: []PastMovement{{Index: 1, Debit: 2, Credit: 3, Amount: 4}},
		Distributions: []PastDistribution{{Sequence: 11, Index: 5, Register: 6, Payer: 7, Tranches: []PastTranche{{Amount: 8, Units: 9, Q: share.Int128{Lo: 10}}, {}}, Lines: []PastLine{
			{Holder: 1, Units: 200, Gross: []int64{300, 0}},
			{Holder: 2, Units: 1, Unclaimed: true, Gross: []int64{1, 1 << 40}, Deducted: []PastDeducted{{Tranche: 1, Rate: 5, Account: 6, Amount: 7}}},
			{Holder: 3, Units: 1, Gross: []int64{9, 0}, SetOffs: []PastSetOff{{Cover: 4, Amount: 5}, {Cover: 6, Amount: 1 << 33}}},
		}}},
	}
}

func FuzzDecodePast(f *testing.F) {
	f.Add(AppendPast(nil, examplePast()))
	f.Add(AppendPast(nil, &Past{Foreign: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodePast(b)
		if err == nil && !bytes.Equal(AppendPast(nil, p), b) {
			t.Fatalf("%x decodes and encodes to other bytes", b)
		}
	})
}

func TestPastComesBackFromItsBytes(t *testing.T) {
	got, err := DecodePast(AppendPast(nil, examplePast()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(examplePast(), got); d != "" {
		t.Fatal(d)
	}
}

// What the door refuses, by the field that is wrong.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	transfer := func(edit func(*Transfer)) *Command {
		o := &Transfer{Debit: "a", Credit: "b", Mode: Exact, Amount: 1}
		edit(o)
		return &Command{ID: testID(1), Operations: []Operation{o}}
	}
	distribute := &Distribute{Register: "r", Payer: "p", Amounts: []int64{1}}
	one := func(op Operation) *Command { return &Command{ID: testID(1), Operations: []Operation{op}} }
	cases := []struct {
		c    *Command
		code Code
		says string
	}{
		{transfer(func(o *Transfer) { o.Amount = 0 }), Malformed, "amount: 0 is not between"},
		{transfer(func(o *Transfer) { o.Amount = -1 }), Malformed, "amount: -1 is not between"},
		{transfer(func(o *Transfer) { o.Amount = MaxAmount + 1 }), Malformed, "is not between 1 and 10^18"},
		{transfer(func(o *Transfer) { o.Debit = "A" }), Malformed, "debit: address \"A\""},
		{transfer(func(o *Transfer) { o.Credit = "" }), Malformed, "credit: address is empty"},
		{transfer(func(o *Transfer) { o.Credit = "x:11010519491231002x" }), Malformed, "identity number"},
		{transfer(func(o *Transfer) { o.Mode = 9 }), Malformed, "mode: 9"},
		{transfer(func(o *Transfer) { o.Received = "c" }), Malformed, "received"},
		{&Command{ID: ID{1}, Operations: []Operation{distribute}}, Malformed, "no UUID of version 7 or 8"},
		{&Command{ID: testID(1)}, Malformed, "at least one"},
		{&Command{ID: testID(1), Operations: make([]Operation, MaxOperations+1)}, TooMany, "8001"},
		{&Command{ID: testID(1), References: make([]Reference, 9), Operations: []Operation{distribute}}, TooMany, "references"},
		{&Command{ID: testID(1), Operations: []Operation{distribute, &Void{Hold: Mark{testID(1), 0}}}}, Malformed, "distributions stand last"},
		{&Command{ID: testID(1), Operations: []Operation{&Advance{To: 1}, distribute}}, Malformed, "stands alone"},
		{&Command{ID: testID(1), Operations: []Operation{&Distribute{Register: "r", Payer: "p", Amounts: []int64{0}}}}, Malformed, "all are zero"},
		{one(&Reverse{Sequence: 1, Mode: OweShortfall}), Malformed, "cover: address is empty"},
		{one(&Reverse{Sequence: 1, Mode: TakeAtMost, Cover: "c"}), Malformed, "cover: only mode owe has it"},
		{one(&ReverseLine{Sequence: 1, Account: "a", Mode: 4}), Malformed, "mode: 4"},
		{one(&ReverseLine{Sequence: 1, Account: "a", Mode: OweShortfall, Cover: "C"}), Malformed, "cover: address \"C\""},
		{one(&Correct{Payer: "p", Amounts: []int64{1}, Mode: TakeAtMost}), Malformed, "sequence: zero is none"},
		{one(&Correct{Sequence: 1, Payer: "p", Mode: TakeAtMost}), Malformed, "amounts: 0, want one"},
		{one(&Correct{Sequence: 1, Payer: "p", Amounts: []int64{0, 0}, Mode: TakeAtMost}), Malformed, "amounts: all are zero"},
		{one(&Correct{Sequence: 1, Payer: "p", Amounts: []int64{1, -MaxAmount}, Mode: TakeAtMost}), Malformed, "amounts[1]"},
		{one(&Correct{Sequence: 1, Payer: "p", Amounts: []int64{-1 << 63}, Mode: TakeAtMost}), Malformed, "amounts[0]"},
		{one(&Correct{Sequence: 1, Payer: "P", Amounts: []int64{1}, Mode: TakeAtMost}), Malformed, "payer: address"},
		{one(&Correct{Sequence: 1, Payer: "p", Amounts: []int64{1}, Mode: OweShortfall}), Malformed, "cover: address is empty"},
		{one(&Correct{Sequence: 1, Payer: "p", Amounts: []int64{1}, Mode: TakeAtMost, Deductions: []Deduction{{Tranche: 1, Rate: 1, Account: "a"}}}), Malformed, "deductions[0]"},
		{one(&Correct{Sequence: 1, Payer: "p", Amounts: []int64{1}, Mode: TakeAtMost, Deductions: make([]Deduction, 65)}), TooMany, "deductions: 65"},
		{&Command{ID: testID(1), Operations: []Operation{
			&Correct{Sequence: 1, Payer: "p", Amounts: []int64{1}, Mode: TakeAtMost}, &Correct{Sequence: 1, Payer: "p", Amounts: []int64{2}, Mode: TakeAtMost},
		}}, Malformed, "is corrected before in this command"},
		{&Command{ID: testID(1), Operations: []Operation{distribute, &Correct{Sequence: 1, Payer: "p", Amounts: []int64{1}, Mode: TakeAtMost}}}, Malformed, "distributions stand last"},
		{one(&Settle{Account: "", Cover: "c", Payer: "p"}), Malformed, "account: address is empty"},
		{one(&Settle{Account: "a", Cover: "", Payer: "p"}), Malformed, "cover: address is empty"},
		{one(&Settle{Account: "a", Cover: "c", Payer: "x y"}), Malformed, "payer: address"},
		{one(&Settle{Account: "a", Cover: "c", Payer: "p", Amount: -1}), Malformed, "amount: -1 is not between"},
	}
	for _, x := range cases {
		err, ok := x.c.Check().(*Refusal)
		if !ok || err.Code != x.code || !strings.Contains(err.Error(), x.says) {
			t.Errorf("got %v, want %v saying %q", err, x.code, x.says)
		}
	}
}

func TestOversizedCommandIsRefused(t *testing.T) {
	long := strings.Repeat("a", 31)
	address := strings.Join([]string{long, long, long, long, long, long, long}, ":")
	c := &Command{ID: testID(1)}
	for range 3000 {
		c.Operations = append(c.Operations, &Transfer{Debit: address, Credit: address, Mode: Exact, Amount: 1})
	}
	if err, ok := c.Check().(*Refusal); !ok || err.Code != Oversized {
		t.Fatalf("got %v", err)
	}
}

func TestDatesCountFrom1900(t *testing.T) {
	for _, c := range []struct {
		s    string
		d    Date
		unix int32
	}{{"1900-01-01", 1, -25567}, {"1970-01-01", 25568, 0}, {"2026-11-23", 46348, 20780}, {"2999-12-31", MaxDate, 376199}} {
		d, err := ParseDate(c.s)
		if err != nil || d.String() != c.s || d.UnixDay() != c.unix || DateOfUnixDay(c.unix) != d {
			t.Errorf("%s: %d %s %d %v", c.s, d, d, d.UnixDay(), err)
		}
		if c.d != d {
			t.Errorf("%s is day %d, want %d", c.s, d, c.d)
		}
	}
}
