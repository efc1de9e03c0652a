package model

import (
	"encoding/binary"
	"testing"

	"github.com/longmen/longmen/core/ledger"
)

// book is a ledger in cents with a few accounts: cash (debit normal) against a, b, c, fees and lost (credit normal,
// nonnegative), and a register r with tranches p and i whose lost lines go to lost.
type book struct {
	*testing.T
	*Model
	sequence uint64
	at       ledger.Instant
	last     ledger.Result
}

func newBook(t *testing.T) *book {
	b := &book{T: t, Model: New()}
	b.do(&ledger.OpenLedger{Ledger: ledger.ID{1}, Zone: "UTC", Clock: ledger.SimulatedClock})
	b.do(&ledger.OpenAsset{Code: "CNY", Scale: 2},
		&ledger.OpenAccount{
			Address: "cash", Asset: "CNY", Side: ledger.DebitNormal, Type: ledger.Asset, Constraint: ledger.Unbounded,
		})
	for _, name := range []string{"a", "b", "c", "fees", "lost", "payer"} {
		b.do(&ledger.OpenAccount{
			Address: name, Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Constraint: ledger.Nonnegative,
		})
	}
	b.do(&ledger.OpenRegister{Address: "r", Asset: "CNY", Cap: 1000, Tranches: []string{"p", "i"}, Unclaimed: "lost"})
	return b
}

func (b *book) apply(ops ...ledger.Operation) ledger.Code {
	b.Helper()
	b.sequence++
	c := &ledger.Command{Operations: ops}
	binary.BigEndian.PutUint64(c.ID[8:], b.sequence)
	b.last = b.Apply(b.sequence, b.at, 1, c)
	if wrong := b.Audit(); len(wrong) > 0 {
		b.Fatalf("command %d: %v", b.sequence, wrong)
	}
	return b.last.Code
}

func (b *book) do(ops ...ledger.Operation) ledger.Mark {
	b.Helper()
	if code := b.apply(ops...); code != ledger.Applied {
		b.Fatalf("command %d: %v at operation %d", b.sequence, code, b.last.Index)
	}
	m := ledger.Mark{}
	binary.BigEndian.PutUint64(m.Command[8:], b.sequence)
	return m
}

func (b *book) refused(code ledger.Code, index uint16, ops ...ledger.Operation) {
	b.Helper()
	if got := b.apply(ops...); got != code || b.last.Index != index {
		b.Fatalf("command %d: %v at operation %d, want %v at %d", b.sequence, got, b.last.Index, code, index)
	}
}

func (b *book) fund(account string, amount int64) { b.Helper(); b.do(exact("cash", account, amount)) }

// balance is credits minus debits.
func (b *book) balances(want map[string]int64) {
	b.Helper()
	for name, amount := range want {
		if a := b.state.accounts[name]; a.Credits-a.Debits != amount {
			b.Errorf("command %d: %s has %d, want %d", b.sequence, name, a.Credits-a.Debits, amount)
		}
	}
}

func exact(debit, credit string, amount int64) *ledger.Transfer {
	return &ledger.Transfer{Debit: debit, Credit: credit, Mode: ledger.Exact, Amount: amount}
}

func atMost(debit, credit string, amount int64) *ledger.Transfer {
	return &ledger.Transfer{Debit: debit, Credit: credit, Mode: ledger.AtMost, Amount: amount}
}

func issue(account string, units uint64) *ledger.Issue {
	return &ledger.Issue{Register: "r", Account: account, Units: units}
}

func pay(p, i int64) *ledger.Distribute {
	return &ledger.Distribute{Register: "r", Payer: "payer", Amounts: []int64{p, i}}
}

func TestTransferMovesAtMostWhatIsAvailable(t *testing.T) {
	b := newBook(t)
	b.fund("a", 100)
	b.do(&ledger.Freeze{Account: "a", What: ledger.FreezeAmount, Amount: 30})
	b.refused(ledger.AmountFrozen, 0, exact("a", "b", 71))
	b.refused(ledger.BalanceTooLow, 0, exact("a", "b", 101))
	b.do(atMost("a", "b", 500))
	if b.last.Outputs[0].Amount != 70 {
		t.Errorf("moved %d", b.last.Outputs[0].Amount)
	}
	b.balances(map[string]int64{"a": 30, "b": 70})
}

func TestReceivedPassesOnWhatEarlierOperationsCredited(t *testing.T) {
	b := newBook(t)
	b.fund("a", 20)
	b.fund("b", 5)
	b.do(atMost("a", "c", 100), exact("b", "c", 5),
		&ledger.Transfer{Debit: "c", Credit: "fees", Mode: ledger.Received, Received: "c"})
	b.balances(map[string]int64{"a": 0, "b": 0, "c": 0, "fees": 25})
}

func TestARefusedOperationUndoesTheOnesBefore(t *testing.T) {
	b := newBook(t)
	b.fund("a", 20)
	b.refused(ledger.BalanceTooLow, 1, exact("a", "b", 20), exact("a", "c", 1))
	b.balances(map[string]int64{"a": 20, "b": 0, "c": 0})
}

func TestHoldsReserveUntilPostedVoidedOrReleased(t *testing.T) {
	b := newBook(t)
	b.fund("a", 100)
	posted := b.do(&ledger.Hold{Debit: "a", Credit: "b", Amount: 60})
	b.refused(ledger.BalanceTooLow, 0, exact("a", "c", 41))
	b.refused(ledger.HoldExceeded, 0, &ledger.Post{Hold: posted, Amount: 61})
	b.do(&ledger.Freeze{Account: "a", What: ledger.FreezeDebits})
	b.do(&ledger.Post{Hold: posted, Amount: 50})
	b.refused(ledger.HoldNotFound, 0, &ledger.Void{Hold: posted})
	b.balances(map[string]int64{"a": 50, "b": 50})

	expiring := b.do(&ledger.Hold{Debit: "b", Credit: "c", Amount: 50, Expiry: 10})
	b.at = 10
	b.refused(ledger.HoldExpired, 0, &ledger.Post{Hold: expiring})
	b.refused(ledger.BalanceTooLow, 0, exact("b", "c", 1)) // still held
	b.do(&ledger.Pulse{Limit: 5})
	if b.last.Outputs[0].Count != 1 {
		t.Errorf("released %d", b.last.Outputs[0].Count)
	}
	b.do(exact("b", "c", 50))
}

// Three equal holders share 1 cent, then 1, then 1: each is served in turn. Then 100 among 3: 34, 33, 33, and the
// next cents go to the others.
func TestDistributionServesTheOneWhoseCentFallsDueFirst(t *testing.T) {
	b := newBook(t)
	b.fund("payer", 1000)
	b.do(issue("a", 1), issue("b", 1), issue("c", 1))
	for i, want := range []map[string]int64{{"a": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}} {
		b.do(pay(0, 1))
		b.balances(want)
		if cut := b.last.Outputs[0].Tranches[1].Cut; cut.Holder != uint32(i) {
			t.Errorf("cut names holder %d", cut.Holder)
		}
	}
	b.do(pay(0, 100))
	b.balances(map[string]int64{"a": 35, "b": 34, "c": 34, "payer": 897})
	b.do(pay(0, 2))
	b.balances(map[string]int64{"a": 35, "b": 35, "c": 35})
}

// 10 cents over 3 and 7 units with 10 % of b's second tranche deducted: lines 3 and 7, twice; of b's 0.7 cents, then
// 1.4 in all, whole cents are taken.
func TestDeductionsKeepTheirRest(t *testing.T) {
	b := newBook(t)
	b.fund("payer", 1000)
	b.do(issue("a", 3), &ledger.Issue{Register: "r", Account: "b", Units: 7, Class: 1})
	d := pay(0, 10)
	d.Deductions = []ledger.Deduction{{Tranche: 1, Class: 1, Rate: 100_000, Account: "fees"}}
	b.do(d)
	b.balances(map[string]int64{"a": 3, "b": 7, "fees": 0})
	b.do(d)
	b.balances(map[string]int64{"a": 6, "b": 13, "fees": 1})
	if h := b.Holdings("r")[1]; h.Rows[1].Rest != 400_000 || h.Rows[1].Paid != 14 {
		t.Errorf("rest %d, paid %d", h.Rows[1].Rest, h.Rows[1].Paid)
	}
}

func TestOneHolderNeverStopsTheOthers(t *testing.T) {
	b := newBook(t)
	b.fund("payer", 1000)
	b.do(issue("a", 1), issue("b", 1))
	b.do(&ledger.Freeze{Account: "a", What: ledger.FreezeCredits})
	b.do(pay(10, 0))
	if o := b.last.Outputs[0]; o.Unclaimed != 1 || o.Set != 5 || o.Count != 2 {
		t.Errorf("output %+v", o)
	}
	b.balances(map[string]int64{"a": 0, "b": 5, "lost": 5})
	b.refused(ledger.NothingUnclaimed, 0, &ledger.Claim{Register: "r", Holder: "b", To: "c"})
	b.do(&ledger.Claim{Register: "r", Holder: "a", To: "c", Amount: 3})
	b.do(&ledger.Claim{Register: "r", Holder: "a", To: "c", Amount: 3})
	b.balances(map[string]int64{"lost": 0, "c": 5})
}

func TestCarryGoesWithUnitsAndIntoTheRegisterWhenTheyEnd(t *testing.T) {
	b := newBook(t)
	b.fund("payer", 1000)
	b.do(issue("a", 2), issue("b", 1))
	b.do(pay(1, 0)) // a has 2/3 of a cent less the whole cent he got, b 1/3
	b.do(&ledger.Move{Register: "r", From: "b", To: "c", Units: 1})
	b.do(&ledger.Cancel{Register: "r", Account: "a", Units: 1})
	b.do(&ledger.Cancel{Register: "r"})
	if o := b.last.Outputs[0]; o.Units != 2 || b.Registers()[0].Rem[0].Sign() != 0 {
		t.Errorf("%d units ended, rem %v", o.Units, b.Registers()[0].Rem)
	}
	b.do(&ledger.Cancel{Register: "r"})
	b.refused(ledger.RegisterEmpty, 0, pay(1, 0))
}

func TestTheLastDistributionIsUndoneToTheBit(t *testing.T) {
	b := newBook(t)
	b.fund("payer", 1000)
	b.do(issue("a", 3), issue("b", 5), issue("c", 7))
	b.do(pay(11, 2))
	before := b.state.copy()
	b.do(pay(13, 4))
	b.do(&ledger.Reverse{Sequence: b.sequence, Mode: ledger.RefuseShortfall})
	for i, h := range b.state.registers["r"].Holdings {
		for tranche, row := range h.Tranches {
			was := before.registers["r"].Holdings[i].Tranches[tranche]
			if row.Paid != was.Paid || row.Carry.Cmp(was.Carry) != 0 || row.Rest != was.Rest {
				t.Errorf("holder %d: %v, was %v", i, row, was)
			}
		}
	}
	b.balances(map[string]int64{"payer": 1000 - 13})
	b.refused(ledger.ReversedAlready, 0, &ledger.Reverse{Sequence: b.sequence - 1, Mode: ledger.TakeAtMost})
	b.refused(ledger.NotReversible, 0, &ledger.Reverse{Sequence: b.sequence - 1, Mode: ledger.TakeAtMost})
}

func TestReversalTakesAtMostAndSaysWhatIsMissing(t *testing.T) {
	b := newBook(t)
	b.fund("payer", 100)
	b.do(issue("a", 1), issue("b", 1))
	b.do(pay(20, 0))
	paid := b.sequence
	b.do(exact("a", "c", 7))
	b.refused(ledger.BalanceTooLow, 0, &ledger.Reverse{Sequence: paid, Mode: ledger.RefuseShortfall})
	b.do(&ledger.Reverse{Sequence: paid, Mode: ledger.TakeAtMost})
	if o := b.last.Outputs[0]; o.Amount != 13 || len(o.Missing) != 1 || o.Missing[0] != (ledger.Missing{Account: "a", Amount: 7}) {
		t.Errorf("output %+v", o)
	}
	b.balances(map[string]int64{"payer": 93, "a": 0, "b": 0})
}

func TestALineIsUndoneWhenUnitsChanged(t *testing.T) {
	b := newBook(t)
	b.fund("payer", 100)
	b.do(issue("a", 1), issue("b", 2))
	b.do(pay(10, 0))
	paid := b.sequence
	b.do(&ledger.Move{Register: "r", From: "a", To: "b", Units: 1})
	b.refused(ledger.RegisterChanged, 0, &ledger.Reverse{Sequence: paid, Mode: ledger.TakeAtMost})
	undo := func(account string) *ledger.ReverseLine {
		return &ledger.ReverseLine{Sequence: paid, Account: account, Mode: ledger.RefuseShortfall}
	}
	b.refused(ledger.CommandNotFound, 0, undo("c"))
	b.do(undo("a"), undo("b"))
	b.refused(ledger.ReversedAlready, 0, undo("a"))
	b.balances(map[string]int64{"payer": 100, "a": 0, "b": 0})
}
