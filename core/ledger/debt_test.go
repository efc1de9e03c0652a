package ledger

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// owes lets an account give back an amount that it has not, so that it owes it to a cover account.
func (b *book) owes(account, cover string, amount int64) Result {
	b.t.Helper()
	past := &Past{Movements: []PastMovement{{Debit: b.e.Number("unclaimed"), Credit: b.e.Number(account), Amount: amount}}}
	res := b.applyPast(past, &Reverse{Sequence: 1, Mode: OweShortfall, Cover: cover})
	b.unnote()
	return res
}

// unnote lets the next undoing name the same command.
func (b *book) unnote() {
	for i := uint32(1); i <= b.e.reversals.n; i++ {
		b.e.reversals.drop(i)
	}
	clear(b.e.reversed)
	b.e.settle()
	b.e.commit()
}

func (b *book) debts(account string) (amounts []int64) {
	list, ok := b.e.Debts(account)
	if !ok {
		b.t.Fatalf("no account %s", account)
	}
	for _, d := range list {
		amounts = append(amounts, d.Amount)
	}
	return amounts
}

func (b *book) balances(addresses ...string) (list []int64) {
	for _, a := range addresses {
		list = append(list, b.balance(a))
	}
	return list
}

func (b *book) want(what string, got []int64, want ...int64) {
	b.t.Helper()
	if !slices.Equal(got, want) {
		b.t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// debtBook has one holder of half a register, with 100 of money; cover:1 has 1,000, cover:2 has 60.
func debtBook(t *testing.T) *book {
	b := newBook(t)
	b.market(2)
	b.cash("cover:1", Nonnegative)
	b.cash("cover:2", Nonnegative)
	b.must(&OpenRegister{Address: "r", Asset: "CNY", Cap: 100, Tranches: []string{"a"}, Unclaimed: "unclaimed"},
		&Issue{Register: "r", Account: "holder:0", Units: 50}, &Issue{Register: "r", Account: "holder:1", Units: 50},
		&Transfer{Debit: "payer", Credit: "holder:0", Mode: Exact, Amount: 100},
		&Transfer{Debit: "payer", Credit: "cover:1", Mode: Exact, Amount: 1000},
		&Transfer{Debit: "payer", Credit: "cover:2", Mode: Exact, Amount: 60})
	return b
}

// An example in cents: 140 are taken back from somebody who has 100. Who paid them gets 140, 40 of it from the cover account.
// Then a distribution brings him 25, another one 25.
func TestWhatIsMissingIsOwedAndSetOff(t *testing.T) {
	b := debtBook(t)
	res := b.owes("holder:0", "cover:1", 140)
	if o := res.Outputs[0]; o.Amount != 140 || len(o.Missing) != 1 || o.Missing[0] != (Missing{"holder:0", 40}) {
		t.Fatalf("output %+v", o)
	}
	b.want("after taking back", b.balances("unclaimed", "holder:0", "cover:1"), 140, 0, 960)
	b.want("debts", b.debts("holder:0"), 40)

	pay := func() Output {
		return b.must(&Distribute{Register: "r", Payer: "payer", Amounts: []int64{50}}).Outputs[0]
	}
	if o := pay(); o.SetOffs != 1 || o.SetOff != 25 {
		t.Fatalf("output %+v", o)
	}
	b.want("after the first line", b.balances("holder:0", "holder:1", "cover:1"), 0, 25, 985)
	if o := pay(); o.SetOffs != 1 || o.SetOff != 15 {
		t.Fatalf("output %+v", o)
	}
	b.want("after the second", b.balances("holder:0", "holder:1", "cover:1"), 10, 50, 1000)
	if a, _ := b.e.Account("holder:0"); a.Owed != 0 || a.Type != Liability || len(b.debts("holder:0")) != 0 {
		t.Fatalf("%+v", a)
	}
	if o := pay(); o.SetOffs != 0 {
		t.Fatalf("output %+v", o)
	}
}

// Two debts are paid in the order in which they began; what can't be booked stays owed, and nothing is refused for it.
func TestSetOffsGoByAgeAndStopForNobody(t *testing.T) {
	b := debtBook(t)
	b.owes("holder:0", "cover:2", 130)
	b.owes("holder:0", "cover:1", 20)
	b.owes("holder:0", "cover:2", 5)
	b.want("debts", b.debts("holder:0"), 35, 20)
	pay := func(amount int64) { b.must(&Distribute{Register: "r", Payer: "payer", Amounts: []int64{amount}}) }
	pay(80)
	b.want("both", b.debts("holder:0"), 15)
	b.owes("holder:0", "cover:2", 10)
	b.want("the one that comes back is the newest", b.debts("holder:0"), 15, 10)

	frozen := b.must(&Freeze{Account: "cover:1", What: FreezeCredits}, &Freeze{Account: "holder:0", What: FreezeAmount, Amount: 4})
	pay(10)
	b.want("the cover takes nothing, and what is frozen stays", append(b.debts("holder:0"), b.balance("holder:0")), 15, 9, 4)
	b.must(&Freeze{Account: "holder:0", What: FreezeDebits})
	pay(10)
	b.want("his debits are frozen", append(b.debts("holder:0"), b.balance("holder:0")), 15, 9, 9)
	b.must(&Freeze{Account: "holder:0", What: FreezeCredits})
	pay(10)
	b.want("his credits are frozen", append(b.debts("holder:0"), b.balance("holder:0"), b.balance("unclaimed")-165), 15, 9, 9, 5)
	if frozen.Sequence == 0 || b.e.Digest() != b.e.RecomputeDigest() {
		t.Fatal("the digest is not that of the rows")
	}
}

func TestDebtsAreSettledByAnybody(t *testing.T) {
	b := debtBook(t)
	b.cash("losses", Unbounded)
	b.owes("holder:0", "cover:1", 140)
	settle := func(payer string, amount int64) Code {
		return b.apply(&Settle{Account: "holder:0", Cover: "cover:1", Payer: payer, Amount: amount}).Code
	}
	if c := settle("holder:0", 0); c != BalanceTooLow {
		t.Fatal(c)
	}
	b.must(&Transfer{Debit: "payer", Credit: "holder:0", Mode: Exact, Amount: 7}, &Settle{Account: "holder:0", Cover: "cover:1", Payer: "holder:0", Amount: 6})
	b.want("after paying 6", append(b.debts("holder:0"), b.balances("holder:0", "cover:1")...), 34, 1, 966)
	if c := settle("losses", 1_000_000); c != Applied {
		t.Fatal(c)
	}
	b.want("written off", append(b.debts("holder:0"), b.balances("losses", "cover:1")...), -34, 1000)
	for payer, want := range map[string]Code{"losses": NothingOwed, "cover:1": SameAccount, "nobody": AccountNotFound} {
		if c := settle(payer, 0); c != want {
			t.Errorf("%s: %v, want %v", payer, c, want)
		}
	}
}

func TestCoverIsRefused(t *testing.T) {
	b := debtBook(t)
	for _, cover := range []struct {
		address string
		want    Code
	}{{"nobody", AccountNotFound}, {"holder:0", SameAccount}, {"unclaimed", SameAccount}, {"cover:2", BalanceTooLow}} {
		if res := b.owes("holder:0", cover.address, 161); res.Code != cover.want {
			t.Errorf("%s: %v, want %v", cover.address, res.Code, cover.want)
		}
	}
	for i := range MaxDebts + 1 {
		name, want := fmt.Sprintf("cover:x%d", i), Applied
		if i == MaxDebts {
			want = TooManyDebts
		}
		b.cash(name, Unbounded)
		if res := b.owes("holder:1", name, 5); res.Code != want {
			t.Fatalf("debt %d: %v, want %v", i+1, res.Code, want)
		}
	}
	if err := b.e.CheckSums(); err != nil {
		t.Fatal(err)
	}
}

func TestDebtsAreInASnapshot(t *testing.T) {
	b := debtBook(t)
	b.owes("holder:0", "cover:2", 130)
	b.owes("holder:0", "cover:1", 20)
	b.must(&Settle{Account: "holder:0", Cover: "cover:2", Payer: "payer"})
	b.owes("holder:0", "cover:2", 3)
	e, err := LoadEngine(bytes.NewReader(snapshot(t, b.e, func() {})))
	if err != nil {
		t.Fatal(err)
	}
	other := &book{t: t, e: e, seq: b.seq, at: b.at}
	for _, x := range []*book{b, other} {
		x.must(&Distribute{Register: "r", Payer: "payer", Amounts: []int64{44}})
		x.want("debts", x.debts("holder:0"), 1)
	}
	if b.e.Digest() != e.Digest() {
		t.Fatal("loaded engine went another way")
	}
	if list, next := e.AllDebts(0, "cover:2", 10, 10); len(list) != 1 || next != 0 || list[0].Account != "holder:0" {
		t.Fatalf("debts to cover:2: %+v", list)
	}
}
