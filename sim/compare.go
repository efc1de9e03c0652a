package sim

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/sim/model"
)

// compare says where the engine's state differs from the model's; empty if nowhere.
func compare(e *ledger.Engine, m *model.Model) string {
	if e.Digest() != e.RecomputeDigest() {
		return "the digest is not the one worked out from the state"
	}
	for _, want := range m.Accounts() {
		got, ok := e.Account(want.Address)
		if !ok {
			return "account " + want.Address + " is not there"
		}
		want.Entries, want.LastEntry = got.Entries, got.LastEntry
		if got != want {
			return fmt.Sprintf("account %s: the engine has %+v\n    the model has %+v", want.Address, got, want)
		}
		if debts, _ := e.Debts(want.Address); !slices.Equal(debts, m.Debts(want.Address)) {
			return fmt.Sprintf("account %s: the engine lists debts %+v\n    the model %+v", want.Address, debts, m.Debts(want.Address))
		}
		if holds, _ := e.Holds(want.Address); len(holds) != want.Holds {
			return fmt.Sprintf("account %s: the engine lists %d holds, the model %d", want.Address, len(holds), want.Holds)
		}
	}
	registers := m.Registers()
	for _, r := range registers {
		if what := compareRegister(e, m, r); what != "" {
			return what
		}
	}
	holds := m.Holds()
	for _, h := range holds {
		want := ledger.HoldState{
			Mark: h.Mark, Sequence: h.Sequence, Debit: h.Debit, Credit: h.Credit, Register: h.Register, Amount: h.Amount, Expiry: h.Expiry,
		}
		if h.Register != "" {
			want.Debit, want.Amount = h.Account, int64(h.Units)
		}
		if got, ok := e.Hold(h.Mark); !ok || got != want {
			return fmt.Sprintf("hold: the engine has %+v\n    the model has %+v", got, want)
		}
	}
	if _, _, _, n := e.Size(); n != len(holds) {
		return fmt.Sprintf("the engine has %d holds, the model %d", n, len(holds))
	}
	next, any := e.NextExpiry()
	if want, is := m.NextExpiry(); any != is || any && next != want {
		return fmt.Sprintf("the engine's next expiry is %v, the model's %v", next, want)
	}
	return ""
}

func compareRegister(e *ledger.Engine, m *model.Model, r *model.Register) string {
	got, ok := e.Register(r.Address)
	want := ledger.RegisterState{
		Number: r.Number, Address: r.Address, Asset: r.Asset, Cap: r.Cap, Units: r.Units(), Unclaimed: r.Unclaimed,
		Holdings: uint32(len(r.Holdings)), Payouts: got.Payouts, Changed: r.Changed,
	}
	for i, name := range r.Tranches {
		t := ledger.TrancheState{Name: name, Rem: r.Rem128(i)}
		if ok && i < len(got.Tranches) {
			t.Index = got.Tranches[i].Index
		}
		want.Tranches = append(want.Tranches, t)
	}
	if !ok || !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("register %s: the engine has %+v\n    the model has %+v", r.Address, got, want)
	}
	holders, _, _ := e.Holders(r.Address, 0, len(r.Holdings)+1)
	list := m.Holdings(r.Address)
	if len(holders) != len(list) {
		return fmt.Sprintf("register %s: the engine lists %d holdings, the model %d", r.Address, len(holders), len(list))
	}
	for i := range list {
		if !reflect.DeepEqual(holders[i], list[i]) {
			return fmt.Sprintf("register %s: the engine has %+v\n    the model has %+v", r.Address, holders[i], list[i])
		}
	}
	return ""
}
