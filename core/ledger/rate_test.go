package ledger

import (
	"bytes"
	"slices"
	"testing"
)

// feeBook has a register with 40 holders, two tranches, and an account for fees.
func feeBook(t *testing.T, version uint16) *book {
	b := newBook(t)
	b.market(50)
	b.cash("fees", Unbounded)
	b.registerOf("r", 40, 50, 0, 1)
	if version > 1 {
		b.must(&Upgrade{Version: version})
	}
	return b
}

// fee pays 10,000 and 77,700 to all, and takes so much of the second.
func fee(rate uint32) *Distribute {
	return &Distribute{
		Register: "r", Payer: "payer", Amounts: []int64{10_000, 77_700}, Deductions: []Deduction{{Tranche: 1, Rate: rate, Account: "fees"}},
	}
}

func (b *book) lineEntries() (n int) {
	for i := range b.fx.Entries {
		if b.fx.Entries[i].Kind == EntryLine {
			n++
		}
	}
	return n
}

// What fees take follows from rates: no line has an entry. By the rules of version 1 each has one, and all get the same.
func TestLinesWithFeesHaveNoEntries(t *testing.T) {
	old, b := feeBook(t, 1), feeBook(t, Version)
	for range 30 {
		was, is := old.must(fee(123_456)), b.must(fee(123_456))
		if was.Outputs[0].Count != is.Outputs[0].Count || !slices.Equal(was.Outputs[0].Deducted, is.Outputs[0].Deducted) {
			t.Fatalf("output %+v, by version 1 %+v", is.Outputs[0], was.Outputs[0])
		}
		if old.lineEntries() != 40 || b.lineEntries() != 0 || len(b.fx.Holdings) != 0 {
			t.Fatalf("%d lines have entries and %d holdings are told of, by version 1 %d", b.lineEntries(), len(b.fx.Holdings), old.lineEntries())
		}
		if rates := b.fx.Payouts[0].Rates; !slices.Equal(rates, []Rate{{Tranche: 1, Rate: 123_456}}) {
			t.Fatalf("the payout tells rates %v", rates)
		}
	}
	for i := range old.e.accounts.n {
		x, y := old.e.accounts.at(i+1), b.e.accounts.at(i+1)
		if x.debits != y.debits || x.credits != y.credits {
			t.Errorf("account %d has %d and %d, by version 1 %d and %d", i+1, y.debits, y.credits, x.debits, x.credits)
		}
	}
	if old.e.shares.sum != b.e.shares.sum {
		t.Error("the holdings' shares are others than by version 1")
	}
	if err := b.e.CheckSums(); err != nil || b.e.RecomputeDigest() != b.e.Digest() {
		t.Errorf("sums: %v", err)
	}
}

// When rates change, history is told how each holding stands whose rate is another, before the payment. A tranche that is
// not paid keeps its rate.
func TestOtherRatesAreTold(t *testing.T) {
	b := feeBook(t, Version)
	b.must(fee(100_000))
	b.must(fee(100_000))
	b.must(fee(200_000))
	if n, p := len(b.fx.Holdings), &b.fx.Payouts[0]; n != 40 || p.Changes != 40 || b.fx.Holdings[0].Payouts != 2 {
		t.Fatalf("%d holdings are told of, %d before the payout", n, p.Changes)
	}
	h := &b.fx.Holdings[0]
	if h.Taken == 0 || h.Rows[1].Paid == 0 || h.Rows[1].Rest == 0 {
		t.Errorf("a holding stands at %+v", h)
	}
	b.must(&Distribute{Register: "r", Payer: "payer", Amounts: []int64{5000, 0}})
	if len(b.fx.Holdings) != 0 || len(b.fx.Payouts[0].Rates) != 1 {
		t.Errorf("a payment of another tranche told of %d holdings and has rates %v", len(b.fx.Holdings), b.fx.Payouts[0].Rates)
	}
	b.must(&Distribute{Register: "r", Payer: "payer", Amounts: []int64{0, 5000}, Deductions: []Deduction{{Tranche: 1, Class: 7, Rate: 1, Account: "fees"}}})
	if len(b.fx.Holdings) != 40 {
		t.Errorf("a payment without their fee told of %d holdings", len(b.fx.Holdings))
	}
}

// Registers' rates come back with a snapshot, and lists that nobody follows don't stay.
func TestRatesOfNobodyAreForgotten(t *testing.T) {
	b := feeBook(t, Version)
	for rate := range uint32(3 * fewRates) {
		b.must(fee(rate + 1))
	}
	if n := len(b.e.rates.lists); n > fewRates+1 {
		t.Errorf("%d lists are kept", n)
	}
	e, err := LoadEngine(bytes.NewReader(snapshot(t, b.e, func() {})))
	if err != nil {
		t.Fatal(err)
	}
	if x, y := b.e.rates.at(b.e.registers.at(1).rates), e.rates.at(e.registers.at(1).rates); len(y) != 1 || !slices.Equal(x, y) {
		t.Errorf("the register follows %v, followed %v", y, x)
	}
	for rate := range uint32(3) {
		b.must(fee(500_000 + rate))
		if res := e.Apply(b.seq, b.at, 1, &Command{ID: testID(b.seq + 1000), Purpose: 1, Operations: []Operation{fee(500_000 + rate)}}, nil, &Effects{}); res.Code != Applied {
			t.Fatal(res.Code)
		}
		if e.Digest() != b.e.Digest() {
			t.Fatal("what was loaded goes on otherwise")
		}
	}
}
