package sim

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
)

// debtWorld is a small register whose holders are paid, spend, give back what they no longer have, and are paid again.
type debtWorld struct {
	*pair
	owed map[[2]string]int64 // by the entries of cover accounts: who owes, to whom
}

func newDebtWorld(t *testing.T) *debtWorld {
	w := &debtWorld{pair: newPair(t), owed: map[[2]string]int64{}}
	for _, a := range []string{"h:0", "h:1", "h:2", "rich", "poor"} {
		o := w.account(a)
		o.Constraint = ledger.Nonnegative
		w.do(o)
	}
	w.do(&ledger.Transfer{Debit: "b", Credit: "rich", Mode: ledger.Exact, Amount: 1_000_000},
		&ledger.Transfer{Debit: "b", Credit: "poor", Mode: ledger.Exact, Amount: 20},
		&ledger.Issue{Register: "r", Account: "h:0", Units: 5}, &ledger.Issue{Register: "r", Account: "h:1", Units: 3},
		&ledger.Issue{Register: "r", Account: "h:2", Units: 1})
	return w
}

// do applies a command with the past that it needs, and follows what cover accounts' entries say.
func (w *debtWorld) do(ops ...ledger.Operation) ledger.Result {
	w.Helper()
	got, _ := w.apply(ops...)
	for i := range w.fx.Entries {
		e := &w.fx.Entries[i]
		debtor, cover := w.engine.AddressOf(e.Other), w.engine.AddressOf(e.Account)
		amount := -e.Amount
		if e.Side == ledger.DebitNormal {
			amount = e.Amount
		}
		switch e.Kind {
		case ledger.EntryCovered:
			w.owed[[2]string{debtor, cover}] += amount
		case ledger.EntrySettled, ledger.EntrySetOff:
			if cover == "rich" || cover == "poor" {
				w.owed[[2]string{debtor, cover}] += amount
			}
		}
	}
	return got
}

func (w *debtWorld) check() {
	w.Helper()
	if what := compare(w.engine, w.model); what != "" {
		w.Fatal(what)
	}
	if err := w.engine.CheckSums(); err != nil {
		w.Fatal(err)
	}
	list, _ := w.engine.AllDebts(0, "", 1000, 1000)
	for _, d := range list {
		key := [2]string{d.Account, d.Cover}
		if w.owed[key] != d.Amount {
			w.Fatalf("%s owes %d to %s, whose entries say %d", d.Account, d.Amount, d.Cover, w.owed[key])
		}
		delete(w.owed, key)
	}
	for key, amount := range w.owed {
		if amount != 0 {
			w.Fatalf("%s owes nothing to %s, whose entries say %d", key[0], key[1], amount)
		}
		delete(w.owed, key)
	}
	for _, d := range list {
		w.owed[[2]string{d.Account, d.Cover}] = d.Amount
	}
}

func (w *debtWorld) holder(g *rapid.T) string {
	return fmt.Sprintf("h:%d", rapid.IntRange(0, 2).Draw(g, "holder"))
}

func (w *debtWorld) pay(g *rapid.T) *ledger.Distribute {
	return &ledger.Distribute{Register: "r", Payer: "b", Amounts: []int64{rapid.Int64Range(1, 60).Draw(g, "pay")}}
}

// step draws something that may happen.
func (w *debtWorld) step(g *rapid.T, paid *[]uint64) ledger.Result {
	cover := rapid.SampledFrom([]string{"rich", "rich", "poor"}).Draw(g, "cover")
	switch rapid.IntRange(0, 5).Draw(g, "step") {
	case 0, 1:
		r := w.do(w.pay(g))
		*paid = append(*paid, r.Sequence)
		return r
	case 2:
		return w.do(&ledger.Transfer{Debit: w.holder(g), Credit: "b", Mode: ledger.AtMost, Amount: rapid.Int64Range(1, 60).Draw(g, "spend")})
	case 3:
		return w.do(&ledger.Settle{Account: w.holder(g), Cover: cover, Payer: rapid.SampledFrom([]string{"a", "h:0", "h:1"}).Draw(g, "payer"), Amount: rapid.Int64Range(0, 9).Draw(g, "amount")})
	}
	if len(*paid) == 0 {
		return ledger.Result{}
	}
	o := &ledger.Reverse{Sequence: rapid.SampledFrom(*paid).Draw(g, "undo"), Mode: ledger.OweShortfall, Cover: cover}
	if rapid.Bool().Draw(g, "line") {
		return w.do(&ledger.ReverseLine{Sequence: o.Sequence, Account: w.holder(g), Mode: o.Mode, Cover: cover})
	}
	return w.do(o)
}

// Whatever happens, engine and model agree, debts are what the entries of the cover accounts say, and nobody who may not be
// is below zero.
func TestDebtsAreWhatCoverAccountsSay(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		w := newDebtWorld(t)
		var paid []uint64
		for range rapid.IntRange(1, 40).Draw(g, "steps") {
			w.step(g, &paid)
		}
		w.check()
	})
}

// Who owes is paid as exactly as if he did not: the public figures, carry and paid are the same.
func TestDebtsChangeNoLine(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		with, without := newDebtWorld(t), newDebtWorld(t)
		both := func(ops ...ledger.Operation) {
			a, b := with.do(ops...), without.do(ops...)
			for i := range a.Outputs {
				if !reflect.DeepEqual(a.Outputs[i].Tranches, b.Outputs[i].Tranches) {
					t.Fatalf("who owes changed the figures from %+v to %+v", b.Outputs[i].Tranches, a.Outputs[i].Tranches)
				}
			}
		}
		for range rapid.IntRange(1, 10).Draw(g, "rounds") {
			both(with.pay(g))
			sequence := with.sequence
			both(&ledger.Transfer{Debit: with.holder(g), Credit: "b", Mode: ledger.AtMost, Amount: 1000})
			with.do(&ledger.Reverse{Sequence: sequence, Mode: ledger.OweShortfall, Cover: "rich"})
			without.do(&ledger.Reverse{Sequence: sequence, Mode: ledger.TakeAtMost})
			both(with.pay(g))
		}
		a, b := with.model.Holdings("r"), without.model.Holdings("r")
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("holdings\n%+v\nwithout debts\n%+v", a, b)
		}
		with.check()
	})
}

// A distribution that is undone at once leaves no trace: who owed owes again, and every balance is what it was.
func TestUndoneSetOffsAreOwedAgain(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		w := newDebtWorld(t)
		var paid []uint64
		for range rapid.IntRange(5, 30).Draw(g, "steps") {
			w.step(g, &paid)
		}
		type standing struct {
			balances []int64
			owed     map[[2]string]int64
			holdings []ledger.HoldingState
		}
		now := func() (s standing) {
			s.owed = map[[2]string]int64{}
			for _, a := range w.model.Accounts() {
				s.balances = append(s.balances, a.Credits-a.Debits)
				for _, d := range w.model.Debts(a.Address) {
					s.owed[[2]string{d.Account, d.Cover}] = d.Amount
				}
			}
			s.holdings = w.model.Holdings("r")
			return s
		}
		before := now()
		o := w.pay(g)
		o.Amounts[0] *= 4
		sequence := w.do(o).Sequence
		if r := w.do(&ledger.Reverse{Sequence: sequence, Mode: ledger.RefuseShortfall}); r.Code != ledger.Applied {
			t.Fatal(show(&r))
		}
		if after := now(); !reflect.DeepEqual(before, after) {
			t.Fatalf("before %+v\nafter %+v", before, after)
		}
		w.check()
	})
}

func TestAnAccountOwesToAtMostSixteen(t *testing.T) {
	w := newDebtWorld(t)
	covers := []string{}
	for i := range ledger.MaxDebts + 1 {
		covers = append(covers, fmt.Sprintf("cover:%d", i))
		w.do(w.account(covers[i]))
	}
	for i, cover := range covers {
		r := w.do(&ledger.Transfer{Debit: "b", Credit: "h:0", Mode: ledger.Exact, Amount: 5})
		w.do(&ledger.Transfer{Debit: "h:0", Credit: "a", Mode: ledger.AtMost, Amount: 5})
		want := ledger.Applied
		if i == ledger.MaxDebts {
			want = ledger.TooManyDebts
		}
		if r = w.do(&ledger.Reverse{Sequence: r.Sequence, Mode: ledger.OweShortfall, Cover: cover}); r.Code != want {
			t.Fatalf("debt %d: %s", i+1, show(&r))
		}
	}
	debts := w.model.Debts("h:0")
	if len(debts) != ledger.MaxDebts || !slices.IsSortedFunc(debts, func(a, b ledger.DebtState) int { return int(a.Sequence) - int(b.Sequence) }) {
		t.Fatalf("debts %+v", debts)
	}
}
