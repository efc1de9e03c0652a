package model

import (
	"cmp"
	"maps"
	"math/big"
	"reflect"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// Accounts lists all accounts in the order of opening, as the engine describes them. Entries are not counted here.
func (m *Model) Accounts() []ledger.AccountState {
	s := m.state
	list := []ledger.AccountState{}
	for _, a := range s.accounts {
		heldDebits, heldCredits := s.held(a.Address)
		noDebits, noCredits, frozen := s.frozen(a.Address)
		list = append(list, ledger.AccountState{
			Number: a.Number, Address: a.Address, Asset: a.Asset, Scale: s.assets[a.Asset].Scale, Side: a.Side,
			Type: a.Type, Code: a.Code, Constraint: a.Constraint, Debits: a.Debits, Credits: a.Credits,
			DebitsHeld: heldDebits, CreditsHeld: heldCredits, Frozen: frozen, NoDebits: noDebits, NoCredits: noCredits,
			Holds: s.openHolds(a.Address), Registers: s.registersOf(a.Address),
			Owed: a.owed().Int64(),
		})
	}
	slices.SortFunc(list, func(a, b ledger.AccountState) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// Registers lists all registers in the order of opening.
func (m *Model) Registers() []*Register {
	return slices.SortedFunc(maps.Values(m.state.registers), func(a, b *Register) int { return cmp.Compare(a.Number, b.Number) })
}

// Holdings lists a register's holdings by holder number, as the engine describes them.
func (m *Model) Holdings(register string) []ledger.HoldingState {
	list := []ledger.HoldingState{}
	for _, h := range m.state.registers[register].Holdings {
		s := ledger.HoldingState{
			Register: register, Account: h.Account, Holder: h.Holder, Class: h.Class, Units: h.Units,
			Held: m.state.heldUnits(register, h.Account), Unclaimed: h.Unclaimed,
		}
		for _, t := range h.Tranches {
			s.Rows = append(s.Rows, share.Row{Carry: int128(t.Carry), Paid: t.Paid, Rest: uint32(t.Rest)})
		}
		list = append(list, s)
	}
	return list
}

// Holds lists the open holds in the order of their making.
func (m *Model) Holds() []*Hold {
	return slices.SortedFunc(maps.Values(m.state.holds), func(a, b *Hold) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Mark.Index, b.Mark.Index))
	})
}

// Freezes lists the marks of open freezes, in no order that means anything but the same each time.
func (m *Model) Freezes() []ledger.Mark {
	return slices.SortedFunc(maps.Keys(m.state.freezes), func(a, b ledger.Mark) int {
		return cmp.Or(slices.Compare(a.Command[:], b.Command[:]), cmp.Compare(a.Index, b.Index))
	})
}

// Now is where the clock stands: the last advance of a simulated one.
func (m *Model) Now() ledger.Instant { return m.state.clock }

// NextExpiry is the earliest expiry of an open hold.
func (m *Model) NextExpiry() (next ledger.Instant, any bool) {
	for _, h := range m.state.holds {
		if h.Expiry != 0 && (!any || h.Expiry < next) {
			next, any = h.Expiry, true
		}
	}
	return next, any
}

// Rem128 gives a register's remainder of a tranche as the engine keeps it.
func (r *Register) Rem128(tranche int) share.Int128 { return int128(r.Rem[tranche]) }

// Audit checks what must hold of every ledger at any time, and describes what does not: by asset debits are credits,
// no bounded account is below zero, carries and rem cancel out, and what lies unclaimed is covered.
func (m *Model) Audit() []string {
	var wrong []string
	sums := map[string]*big.Int{}
	for _, a := range m.state.accounts {
		if sums[a.Asset] == nil {
			sums[a.Asset] = new(big.Int)
		}
		sums[a.Asset].Add(sums[a.Asset], total(a.Debits, -a.Credits))
		_, _, frozen := m.state.frozen(a.Address)
		if a.Constraint == ledger.Nonnegative && plus(m.state.available(a), big.NewInt(frozen)).Sign() < 0 {
			wrong = append(wrong, a.Address+" is below zero")
		}
	}
	for asset, sum := range sums {
		if sum.Sign() != 0 {
			wrong = append(wrong, asset+": debits are not credits")
		}
	}
	for _, r := range m.state.registers {
		for t := range r.Tranches {
			sum := new(big.Int).Set(r.Rem[t])
			for _, h := range r.Holdings {
				sum.Add(sum, h.Tranches[t].Carry)
			}
			if sum.Sign() != 0 {
				wrong = append(wrong, r.Address+": carries and rem do not cancel out")
			}
		}
	}
	return wrong
}

// Account finds an account; nil when there is none. It is a view: not to be edited.
func (m *Model) Account(address string) *Account { return m.state.accounts[address] }

// Available is what may still leave an account, as far as it fits.
func (m *Model) Available(address string) int64 {
	a := m.state.accounts[address]
	if a == nil {
		return 0
	}
	available := m.state.available(a)
	if !available.IsInt64() {
		return 0
	}
	return available.Int64()
}

// Debts lists what an account owes, as the engine does.
func (m *Model) Debts(address string) (list []ledger.DebtState) {
	for _, d := range m.state.accounts[address].Debts {
		list = append(list, ledger.DebtState{Account: address, Cover: d.Cover, Amount: d.Amount, Sequence: d.Since})
	}
	return list
}

// Register finds a register; nil when there is none. It is a view: not to be edited.
func (m *Model) Register(address string) *Register { return m.state.registers[address] }

// HeldUnits are the units of a holding that open holds reserve.
func (m *Model) HeldUnits(register, account string) uint64 {
	return m.state.heldUnits(register, account)
}

// Size counts accounts and registers.
func (m *Model) Size() (accounts, registers int) {
	return len(m.state.accounts), len(m.state.registers)
}

// Lines lists the accounts that had a line above zero in a distribution.
func (m *Model) Lines(sequence uint64, index uint16) (accounts []string) {
	d := m.deeds[sequence]
	if d == nil {
		return nil
	}
	for _, p := range d.distributions {
		for i := range p.lines {
			if p.index == index && p.lines[i].whole() > 0 {
				accounts = append(accounts, p.lines[i].account)
			}
		}
	}
	return accounts
}

// Undoable tells whether all that a command did can be undone.
func (m *Model) Undoable(sequence uint64) bool {
	d := m.deeds[sequence]
	return d != nil && !d.foreign && !m.state.reversed[sequence]
}

// Fork gives copies that go on by themselves.
func (m *Model) Fork(n int) (forks []*Model) {
	for range n {
		forks = append(forks, &Model{state: m.state.copy(), deeds: maps.Clone(m.deeds), date: m.date})
	}
	return forks
}

// Equal tells whether two models know the same, what they did aside.
func (m *Model) Equal(o *Model) bool { return reflect.DeepEqual(m.state, o.state) }

// Date is the booking date of the last command.
func (m *Model) Date() ledger.Date { return m.date }
