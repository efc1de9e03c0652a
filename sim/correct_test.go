package sim

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
)

// correctWorld is a small register of two tranches whose holders are paid, trade, spend, and get or give differences.
type correctWorld struct {
	*pair
	paid []*ledger.Distribute
	at   []uint64 // sequences of what was paid
	net  [][2]int64
}

func newCorrectWorld(t *testing.T) *correctWorld {
	w := &correctWorld{pair: newPair(t)}
	for _, a := range []string{"h:0", "h:1", "h:2", "h:3", "rich", "tax"} {
		o := w.account(a)
		o.Constraint = ledger.Nonnegative
		w.must(o)
	}
	w.must(&ledger.Transfer{Debit: "b", Credit: "rich", Mode: ledger.Exact, Amount: 1_000_000},
		&ledger.OpenRegister{Address: "two", Asset: "CNY", Cap: ledger.MaxCap, Tranches: []string{"p", "i"}, Unclaimed: "lost"},
		&ledger.Issue{Register: "two", Account: "h:0", Units: 5}, &ledger.Issue{Register: "two", Account: "h:1", Units: 3, Class: 1},
		&ledger.Issue{Register: "two", Account: "h:2", Units: 1})
	return w
}

func (w *correctWorld) deductions() []ledger.Deduction {
	return []ledger.Deduction{{Tranche: 1, Class: 1, Rate: 300_000, Account: "tax"}}
}

func (w *correctWorld) holder(g *rapid.T) string {
	return fmt.Sprintf("h:%d", rapid.IntRange(0, 3).Draw(g, "holder"))
}

func (w *correctWorld) step(g *rapid.T) {
	switch rapid.IntRange(0, 9).Draw(g, "step") {
	case 0, 1:
		w.pay(g)
	case 2:
		w.apply(&ledger.Transfer{Debit: w.holder(g), Credit: "b", Mode: ledger.AtMost, Amount: rapid.Int64Range(1, 200).Draw(g, "spend")})
	case 3, 4:
		w.apply(&ledger.Move{
			Register: "two", From: w.holder(g), To: w.holder(g), Units: rapid.Uint64Range(1, 5).Draw(g, "units"), Class: uint8(rapid.IntRange(0, 1).Draw(g, "class")),
		})
	case 5:
		w.apply(&ledger.Cancel{Register: "two", Account: w.holder(g), Units: rapid.Uint64Range(1, 3).Draw(g, "units")})
	case 6:
		w.undo(g)
	default:
		w.correct(g)
	}
}

func (w *correctWorld) pay(g *rapid.T) {
	o := &ledger.Distribute{
		Register: "two", Payer: "b", Amounts: []int64{rapid.Int64Range(1, 90).Draw(g, "principal"), rapid.Int64Range(0, 40).Draw(g, "interest")},
		Deductions: w.deductions(),
	}
	if r, _ := w.apply(o); r.Code == ledger.Applied {
		w.paid, w.at, w.net = append(w.paid, o), append(w.at, w.sequence), append(w.net, [2]int64{o.Amounts[0], o.Amounts[1]})
	}
}

func (w *correctWorld) mode(g *rapid.T) (ledger.ReverseMode, string) {
	m := rapid.SampledFrom([]ledger.ReverseMode{ledger.RefuseShortfall, ledger.TakeAtMost, ledger.OweShortfall, ledger.OweShortfall}).Draw(g, "mode")
	if m == ledger.OweShortfall {
		return m, "rich"
	}
	return m, ""
}

func (w *correctWorld) undo(g *rapid.T) {
	if len(w.paid) == 0 {
		return
	}
	mode, cover := w.mode(g)
	sequence := rapid.SampledFrom(w.at).Draw(g, "undo")
	if rapid.Bool().Draw(g, "line") {
		w.apply(&ledger.ReverseLine{Sequence: sequence, Account: w.holder(g), Mode: mode, Cover: cover})
		return
	}
	w.apply(&ledger.Reverse{Sequence: sequence, Mode: mode, Cover: cover})
}

func (w *correctWorld) correct(g *rapid.T) {
	if len(w.paid) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.paid)-1).Draw(g, "correct")
	o := &ledger.Correct{
		Sequence: w.at[i], Payer: rapid.SampledFrom([]string{"b", "rich", "h:0"}).Draw(g, "payer"), Amounts: make([]int64, 2), Deductions: w.deductions(),
	}
	for t := range o.Amounts {
		o.Amounts[t] = rapid.Int64Range(-w.net[i][t]-3, 60).Draw(g, "difference")
	}
	if o.Amounts[0] == 0 && o.Amounts[1] == 0 {
		o.Amounts[0] = 1
	}
	o.Mode, o.Cover = w.mode(g)
	var ops []ledger.Operation
	if rapid.Bool().Draw(g, "with a move") {
		ops = append(ops, &ledger.Move{Register: "two", From: "h:0", To: "h:3", Units: 1})
	}
	ops = append(ops, o)
	if rapid.Bool().Draw(g, "received") {
		ops = append(ops, &ledger.Transfer{Debit: "h:0", Credit: "a", Mode: ledger.Received, Received: "h:0"})
	}
	if r, _ := w.apply(ops...); r.Code == ledger.Applied {
		for t := range o.Amounts {
			w.net[i][t] += o.Amounts[t]
		}
	}
}

// check compares engine and model, and sees that nothing is made or lost.
func (w *correctWorld) check() {
	w.Helper()
	if what := compare(w.engine, w.model); what != "" {
		w.Fatal(what)
	}
	if err := w.engine.CheckSums(); err != nil {
		w.Fatal(err)
	}
	for _, r := range w.model.Registers() {
		for t := range r.Tranches {
			sum := new(big.Int).Set(r.Rem[t])
			for _, h := range r.Holdings {
				if sum.Add(sum, h.Tranches[t].Carry); h.Tranches[t].Paid < 0 {
					w.Fatalf("holder %d was paid %d in all", h.Holder, h.Tranches[t].Paid)
				}
			}
			if sum.Sign() != 0 {
				w.Fatalf("carries and remainder of %s sum to %v", r.Address, sum)
			}
		}
	}
}

// Whatever is paid, traded, spent, undone and corrected: engine and model agree, carries sum to nothing, and nobody was
// paid less than nothing.
func TestCorrectionsAreTheModels(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		w := newCorrectWorld(t)
		for range rapid.IntRange(1, 40).Draw(g, "steps") {
			w.step(g)
			w.check()
		}
	})
}

// Three holders of 400, 400 and 200 units get 100; the first sells 200 of his to a fourth; then 30 of it turn out to be 0:
// those of then give back 12, 12 and 6, the fourth nothing.
func TestACorrectionReachesThoseOfThen(t *testing.T) {
	w := newCorrectWorld(t)
	w.must(&ledger.Cancel{Register: "two"}, &ledger.Issue{Register: "two", Account: "h:0", Units: 400}, &ledger.Issue{Register: "two", Account: "h:1", Units: 400},
		&ledger.Issue{Register: "two", Account: "h:2", Units: 200})
	w.must(&ledger.Distribute{Register: "two", Payer: "b", Amounts: []int64{100, 0}})
	paid := w.sequence
	w.must(&ledger.Move{Register: "two", From: "h:0", To: "h:3", Units: 200}, &ledger.Transfer{Debit: "h:1", Credit: "a", Mode: ledger.Exact, Amount: 35})
	less := &ledger.Correct{Sequence: paid, Payer: "b", Amounts: []int64{-30, 0}, Mode: ledger.RefuseShortfall}
	w.refused(ledger.BalanceTooLow, less) // the second has 5
	less.Mode, less.Cover = ledger.OweShortfall, "rich"
	w.must(less)
	corrected := w.sequence
	w.check()
	w.holds(28, 0, 14, 0)
	if debts, _ := w.engine.Debts("h:1"); len(debts) != 1 || debts[0].Amount != 7 {
		t.Errorf("the second owes %v", debts)
	}
	w.refused(ledger.ReversedAlready, &ledger.Reverse{Sequence: paid, Mode: ledger.TakeAtMost})
	w.refused(ledger.ReversedAlready, &ledger.ReverseLine{Sequence: paid, Account: "h:0", Mode: ledger.TakeAtMost})
	w.refused(ledger.NotReversible, &ledger.Reverse{Sequence: corrected, Mode: ledger.TakeAtMost})
	w.refused(ledger.PaidExceeded, &ledger.Correct{Sequence: paid, Payer: "b", Amounts: []int64{-71, 0}, Mode: ledger.TakeAtMost})
	w.refused(ledger.TrancheMismatch, &ledger.Correct{Sequence: paid, Payer: "b", Amounts: []int64{1}, Mode: ledger.TakeAtMost})
	w.refused(ledger.CommandNotFound, &ledger.Correct{Sequence: paid, Index: 1, Payer: "b", Amounts: []int64{1, 0}, Mode: ledger.TakeAtMost})
	w.refused(ledger.SameAccount, &ledger.Correct{Sequence: paid, Payer: "lost", Amounts: []int64{1, 0}, Mode: ledger.TakeAtMost})
	// The opposite is another one; what the second owes is settled from his line.
	w.must(&ledger.Correct{Sequence: paid, Payer: "b", Amounts: []int64{30, 0}, Mode: ledger.RefuseShortfall})
	w.check()
	w.holds(40, 5, 20, 0)
}

func (w *correctWorld) holds(want ...int64) {
	w.Helper()
	for i, x := range want {
		if a, _ := w.engine.Account(fmt.Sprintf("h:%d", i)); a.Balance() != x {
			w.Errorf("h:%d has %d, want %d", i, a.Balance(), x)
		}
	}
}
