package sim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/sim/model"
)

// The codes that stories can't reach, since their sequencer is never late with a pulse and they are too short for a
// thousand holds or a dozen debts.
var unreachable = map[ledger.Code]bool{
	ledger.HoldExpired: true, ledger.TooManyHolds: true, ledger.TooManyHoldings: true, ledger.TooManyRegisters: true,
	ledger.TooManyDebts: true,
}

// pair is an engine and a model (unless there is none) side by side.
type pair struct {
	*testing.T
	engine   *ledger.Engine
	model    *model.Model
	fx       ledger.Effects
	sequence uint64
	at       ledger.Instant
}

func newPair(t *testing.T) *pair {
	p := &pair{T: t, engine: ledger.NewEngine(), model: model.New()}
	p.must(&ledger.OpenLedger{Ledger: ledger.ID{1}, Zone: "UTC", Clock: ledger.RealClock})
	p.must(&ledger.OpenAsset{Code: "CNY", Scale: 2}, p.account("a"), p.account("b"), p.account("lost"),
		&ledger.OpenRegister{Address: "r", Asset: "CNY", Cap: ledger.MaxCap, Tranches: []string{"p"}, Unclaimed: "lost"})
	return p
}

func (p *pair) account(address string) *ledger.OpenAccount {
	return &ledger.OpenAccount{
		Address: address, Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Constraint: ledger.Unbounded,
	}
}

func (p *pair) apply(ops ...ledger.Operation) (ledger.Result, ledger.ID) {
	p.Helper()
	p.sequence++
	c := &ledger.Command{Operations: ops}
	binary.BigEndian.PutUint64(c.ID[8:], p.sequence)
	c.ID[6], c.ID[8] = 0x70, 0x80
	if err := c.Check(); err != nil {
		p.Fatal(err)
	}
	var past *ledger.Past
	if p.model != nil {
		past = p.model.Past(c)
	}
	got := p.engine.Apply(p.sequence, p.at, 1, c, past, &p.fx)
	if p.model != nil {
		want := p.model.Apply(p.sequence, p.at, 1, c)
		if !bytes.Equal(ledger.AppendResult(nil, &got), ledger.AppendResult(nil, &want)) {
			p.Fatalf("the engine says %s, the model %s", show(&got), show(&want))
		}
	}
	return got, c.ID
}

func (p *pair) must(ops ...ledger.Operation) ledger.ID {
	p.Helper()
	r, id := p.apply(ops...)
	if r.Code != ledger.Applied {
		p.Fatal(show(&r))
	}
	return id
}

func (p *pair) refused(code ledger.Code, ops ...ledger.Operation) {
	p.Helper()
	before := p.engine.Digest()
	if r, _ := p.apply(ops...); r.Code != code {
		p.Fatalf("%s, want %v", show(&r), code)
	}
	if p.engine.Digest() != before {
		p.Fatalf("refused with %v, but the digest changed", code)
	}
}

func TestExpiredHoldsStayUntilAPulseReleasesThem(t *testing.T) {
	p := newPair(t)
	p.must(&ledger.Issue{Register: "r", Account: "a", Units: 10})
	money := p.must(
		&ledger.Hold{Debit: "a", Credit: "b", Amount: 3, Expiry: 200},
		&ledger.Hold{Debit: "a", Credit: "b", Amount: 5, Expiry: 100},
		&ledger.HoldUnits{Register: "r", Account: "a", Units: 7, Expiry: 100},
		&ledger.Hold{Debit: "a", Credit: "b", Amount: 9},
	)
	mark := func(i uint16) ledger.Mark { return ledger.Mark{Command: money, Index: i} }
	p.at = 200
	p.refused(ledger.HoldExpired, &ledger.Post{Hold: mark(0)})
	p.refused(ledger.HoldExpired, &ledger.Void{Hold: mark(1)})
	p.refused(ledger.HoldExpired, &ledger.Move{Register: "r", From: "a", To: "b", Units: 1, Hold: mark(2)})
	p.refused(ledger.UnitsHeld, &ledger.Cancel{Register: "r", Account: "a", Units: 4})
	p.must(&ledger.Pulse{Limit: 2})
	p.refused(ledger.HoldNotFound, &ledger.Void{Hold: mark(1)})
	p.must(&ledger.Cancel{Register: "r", Account: "a", Units: 4})
	p.refused(ledger.HoldExpired, &ledger.Post{Hold: mark(0)})
	p.must(&ledger.Pulse{Limit: 2})
	p.refused(ledger.HoldNotFound, &ledger.Post{Hold: mark(0)})
	p.must(&ledger.Post{Hold: mark(3)})
	if what := compare(p.engine, p.model); what != "" {
		t.Fatal(what)
	}
}

// repeat makes n operations.
func repeat(n int, make func(i int) ledger.Operation) []ledger.Operation {
	ops := []ledger.Operation{}
	for i := range n {
		ops = append(ops, make(i))
	}
	return ops
}

func TestAnAccountHasAtMostAThousandHolds(t *testing.T) {
	p := newPair(t)
	p.must(&ledger.Issue{Register: "r", Account: "a", Units: 1001})
	hold := func(int) ledger.Operation { return &ledger.Hold{Debit: "a", Credit: "b", Amount: 1} }
	units := func(int) ledger.Operation { return &ledger.HoldUnits{Register: "r", Account: "a", Units: 1} }
	p.refused(ledger.TooManyHolds, append(repeat(600, hold), repeat(401, units)...)...)
	p.must(repeat(600, hold)...)
	id := p.must(repeat(400, units)...)
	p.refused(ledger.TooManyHolds, hold(0))
	p.refused(ledger.TooManyHolds, units(0))
	p.must(&ledger.Void{Hold: ledger.Mark{Command: id, Index: 7}}, hold(0))
	p.must(&ledger.Hold{Debit: "b", Credit: "a", Amount: 1})
}

func TestAnAccountHoldsUnitsInAtMostTenThousandRegisters(t *testing.T) {
	p := newPair(t)
	open := func(i int) ledger.Operation {
		return &ledger.OpenRegister{
			Address: fmt.Sprintf("r:%d", i), Asset: "CNY", Cap: 9, Tranches: []string{"p"}, Unclaimed: "lost",
		}
	}
	issue := func(i int) ledger.Operation {
		return &ledger.Issue{Register: fmt.Sprintf("r:%d", i), Account: "a", Units: 1}
	}
	for from := 0; from < ledger.MaxRegisters; from += 2_500 {
		n := min(2_500, ledger.MaxRegisters-1-from) // with the one that is open already it makes ten thousand
		p.must(repeat(n, func(i int) ledger.Operation { return open(from + i) })...)
		p.must(repeat(n, func(i int) ledger.Operation { return issue(from + i) })...)
	}
	p.must(&ledger.Issue{Register: "r", Account: "a", Units: 1})
	p.must(open(10_000))
	p.refused(ledger.TooManyRegisters, issue(10_000))
	p.must(issue(0))
	p.must(&ledger.Cancel{Register: "r:0"}, issue(10_000))
}

// The model would take minutes for a million holdings; the code alone is compared with the rules.
func TestARegisterHasAtMostAMillionHoldings(t *testing.T) {
	p := newPair(t)
	p.model = nil
	name := func(i int) string { return fmt.Sprintf("h:%d", i) }
	for from := 0; from < ledger.MaxHoldings; from += 4_000 {
		p.must(repeat(4_000, func(i int) ledger.Operation { return p.account(name(from + i)) })...)
		p.must(repeat(4_000, func(i int) ledger.Operation {
			return &ledger.Issue{Register: "r", Account: name(from + i), Units: 1}
		})...)
	}
	p.refused(ledger.TooManyHoldings, &ledger.Issue{Register: "r", Account: "a", Units: 1})
	p.refused(ledger.TooManyHoldings, &ledger.Move{Register: "r", From: name(0), To: "a", Units: 1})
	p.must(&ledger.Issue{Register: "r", Account: name(0), Units: 1})
}

func TestATranchePaysNoMoreThanAHoldingCanCount(t *testing.T) {
	p := newPair(t)
	p.must(p.account("c"), &ledger.Issue{Register: "r", Account: "a", Units: 1})
	pay := func(payer string) ledger.Operation {
		return &ledger.Distribute{Register: "r", Payer: payer, Amounts: []int64{ledger.MaxAmount}}
	}
	for range 4 {
		p.must(pay("b"))
		p.must(pay("c"))
	}
	p.refused(ledger.Overflow, pay("b"), pay("c"))
	p.must(pay("b"))
	p.refused(ledger.Overflow, pay("c"))
	if err := p.engine.CheckSums(); err != nil {
		t.Fatal(err)
	}
	if what := compare(p.engine, p.model); what != "" {
		t.Fatal(what)
	}
}

// An account may be the unclaimed account and that of a deduction, or of two: what it may get counts once.
func TestAnAccountCreditedForTwoReasonsCountsOnce(t *testing.T) {
	p := newPair(t)
	till := p.account("till")
	till.Side, till.Type, till.Constraint = ledger.DebitNormal, ledger.Asset, ledger.Nonnegative
	p.must(till, &ledger.Transfer{Debit: "till", Credit: "a", Mode: ledger.Exact, Amount: 150},
		&ledger.OpenRegister{Address: "s", Asset: "CNY", Cap: 9, Tranches: []string{"p"}, Unclaimed: "till"},
		&ledger.Issue{Register: "s", Account: "a", Units: 1})
	pay := func(amount int64) ledger.Operation {
		return &ledger.Distribute{Register: "s", Payer: "b", Amounts: []int64{amount}, Deductions: []ledger.Deduction{
			{Tranche: 0, Class: 0, Rate: 1, Account: "till"}, {Tranche: 0, Class: 1, Rate: 1, Account: "till"},
		}}
	}
	p.refused(ledger.BalanceTooLow, pay(100), pay(51))
	p.must(pay(100), pay(50))
	if what := compare(p.engine, p.model); what != "" {
		t.Fatal(what)
	}
}

// What a debit-normal account can still take is promised to the deductions of a command before its lines, however much
// it is: no line takes it.
func TestALineTakesNothingThatADeductionWasPromised(t *testing.T) {
	for _, available := range []int64{100, math.MaxInt64} {
		p := newPair(t)
		till := p.account("till")
		till.Side, till.Type, till.Constraint = ledger.DebitNormal, ledger.Asset, ledger.Nonnegative
		p.must(till, &ledger.OpenRegister{Address: "s", Asset: "CNY", Cap: 9, Tranches: []string{"p"}, Unclaimed: "lost"},
			&ledger.Issue{Register: "r", Account: "till", Units: 1}, &ledger.Issue{Register: "s", Account: "a", Units: 1})
		for left := available; left > 0; left -= ledger.MaxAmount {
			p.must(&ledger.Transfer{Debit: "till", Credit: "a", Mode: ledger.Exact, Amount: min(left, ledger.MaxAmount)})
		}
		line := &ledger.Distribute{Register: "r", Payer: "b", Amounts: []int64{60}}
		deduction := &ledger.Distribute{Register: "s", Payer: "b", Amounts: []int64{60}, Deductions: []ledger.Deduction{
			{Tranche: 0, Class: 0, Rate: 1_000_000, Account: "till"},
		}}
		if r, _ := p.apply(line, deduction); r.Code != ledger.Applied || r.Outputs[0].Set != 60 || r.Outputs[1].Deducted[0] != 60 {
			t.Fatalf("of %d: %s", available, show(&r))
		}
		p.must(line) // alone it is paid: nothing is promised any more
		if what := compare(p.engine, p.model); what != "" {
			t.Fatal(what)
		}
		if what := p.model.Audit(); len(what) > 0 {
			t.Fatal(what)
		}
	}
}
