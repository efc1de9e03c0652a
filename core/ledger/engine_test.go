package ledger

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// book is a ledger under test: it gives ids, sequences and time, and fails the test on a wrong digest.
type book struct {
	t   testing.TB
	e   *Engine
	seq uint64
	at  Instant
	fx  Effects
}

func testID(n uint64) (id ID) {
	binary.BigEndian.PutUint64(id[8:], n)
	id[6], id[8] = 0x70, 0x80
	return id
}

func newBook(t testing.TB) *book {
	b := &book{t: t, e: NewEngine(), at: 1_700_000_000_000_000}
	b.must(&OpenLedger{Ledger: testID(1), Zone: "Asia/Shanghai", Clock: RealClock})
	b.must(&OpenAsset{Code: "CNY", Scale: 2})
	return b
}

func (b *book) apply(ops ...Operation) Result { return b.applyPast(nil, ops...) }

func (b *book) applyPast(past *Past, ops ...Operation) Result {
	b.t.Helper()
	b.seq++
	c := &Command{ID: testID(b.seq + 1000), Purpose: 1, Operations: ops}
	if err := c.Check(); err != nil {
		b.t.Fatal(err)
	}
	before := b.e.Digest()
	res := b.e.Apply(b.seq, b.at, 1, c, past, &b.fx)
	if res.Code != Applied && b.e.Digest() != before {
		b.t.Fatalf("refused %v changed the digest", ops[res.Index].Kind())
	}
	return res
}

func (b *book) must(ops ...Operation) Result {
	b.t.Helper()
	res := b.apply(ops...)
	if res.Code != Applied {
		b.t.Fatalf("operation %d (%v): %v", res.Index, ops[res.Index].Kind(), res.Code)
	}
	return res
}

func (b *book) cash(address string, constraint Constraint) {
	b.must(&OpenAccount{Address: address, Asset: "CNY", Side: CreditNormal, Type: Liability, Code: 2001, Constraint: constraint})
}

func (b *book) balance(address string) int64 {
	a, ok := b.e.Account(address)
	if !ok {
		b.t.Fatalf("no account %s", address)
	}
	return a.Balance()
}

// registerOf makes a register of n holders with unequal units.
func (b *book) registerOf(name string, n, accounts, first, step int) {
	b.must(&OpenRegister{Address: name, Asset: "CNY", Cap: MaxCap, Tranches: []string{"a", "b"}, Unclaimed: "unclaimed"})
	for i := range n {
		b.must(&Issue{Register: name, Account: fmt.Sprintf("holder:%d", (first+i*step)%accounts), Units: uint64(100 + i%37*100)})
	}
}

func (b *book) market(accounts int) {
	b.cash("unclaimed", Unbounded)
	b.cash("payer", Unbounded)
	for i := range accounts {
		b.cash(fmt.Sprintf("holder:%d", i), Nonnegative)
	}
}

func TestDistributePaysEverybody(t *testing.T) {
	b := newBook(t)
	b.market(50)
	b.registerOf("r:1", 40, 50, 0, 1)
	for i := range 100 {
		res := b.must(&Distribute{Register: "r:1", Payer: "payer", Amounts: []int64{int64(1 + i*37), int64(i % 3)}})
		if len(res.Outputs) != 1 || res.Outputs[0].Amount != int64(1+i*37+i%3) {
			t.Fatalf("output %+v", res.Outputs)
		}
	}
	sum := int64(0)
	for i := range 50 {
		sum += b.balance(fmt.Sprintf("holder:%d", i))
	}
	if sum != -b.balance("payer") {
		t.Fatalf("holders have %d, payer paid %d", sum, -b.balance("payer"))
	}
	if b.e.Digest() != b.e.RecomputeDigest() {
		t.Fatal("digest differs from its rows")
	}
}

func BenchmarkDistribute(bb *testing.B) {
	for _, n := range []int{10, 1_000, 100_000, 1_000_000} {
		bb.Run(fmt.Sprint(n), func(bb *testing.B) {
			b := newBook(bb)
			accounts := max(20_000, n)
			b.market(accounts)
			registers := max(1, 200_000/n)
			for r := range registers {
				b.registerOf(fmt.Sprintf("r:%d", r), n, accounts, r*n, 7_919)
			}
			i := 0
			for bb.Loop() {
				i++
				b.must(&Distribute{Register: fmt.Sprintf("r:%d", i%registers), Payer: "payer", Amounts: []int64{int64(n*31 + i%7), int64(n*7 + i%5)}})
			}
		})
	}
}

func BenchmarkTransfer(bb *testing.B) {
	b := newBook(bb)
	const n = 20_000
	b.market(n)
	cmds := make([]*Command, n)
	for i := range cmds {
		cmds[i] = &Command{ID: testID(uint64(i)), Operations: []Operation{&Transfer{Debit: "payer", Credit: fmt.Sprintf("holder:%d", i*7919%n), Mode: Exact, Amount: 100}}}
	}
	i := 0
	for bb.Loop() {
		i++
		b.seq++
		if r := b.e.Apply(b.seq, b.at, 1, cmds[i%n], nil, &b.fx); r.Code != Applied {
			bb.Fatal(r.Code)
		}
	}
}

// Money one way, units the other, in one command.
func BenchmarkIssue(bb *testing.B) {
	b := newBook(bb)
	const n, holders = 20_000, 1_000
	b.market(n)
	cmds := make([]*Command, 0, 1_000_000)
	for r := range 1_000 {
		name := fmt.Sprintf("r:%d", r)
		b.must(&OpenRegister{Address: name, Asset: "CNY", Cap: MaxCap, Tranches: []string{"a", "b"}, Unclaimed: "unclaimed"})
		for i := range holders {
			holder := fmt.Sprintf("holder:%d", (r*7919+i*13)%n)
			cmds = append(cmds, &Command{ID: testID(uint64(len(cmds))), Operations: []Operation{
				&Transfer{Debit: "payer", Credit: holder, Mode: Exact, Amount: 100}, &Issue{Register: name, Account: holder, Units: 1},
			}})
		}
	}
	i := 0
	for bb.Loop() {
		b.seq++
		if r := b.e.Apply(b.seq, b.at, 1, cmds[i%len(cmds)], nil, &b.fx); r.Code != Applied {
			bb.Fatal(r.Code)
		}
		i++
	}
}
