package model

import (
	"maps"
	"math/big"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// Account is a counted place. Its held amounts and freezes are not kept here: they are added up from the open ones.
type Account struct {
	ledger.OpenAccount
	Number          uint32
	Debits, Credits int64
	Debts           []Debt // oldest first
}

// Debt is what an account owes to a cover account. It is never edited in place.
type Debt struct {
	Cover  string
	Amount int64
	Since  uint64 // sequence of the command with which it began
}

// Register is a list of holdings, by holder number.
type Register struct {
	ledger.OpenRegister
	Number   uint32
	Rem      []*big.Int // by tranche
	Holdings []*Holding
	Changed  uint64 // sequence of the last command that changed units
}

// Holding is one line of a register.
type Holding struct {
	Account   string
	Holder    uint32
	Units     uint64
	Class     uint8
	Unclaimed int64
	Tranches  []Tranche
}

// Tranche is what a holding keeps for one tranche. Carry is in 2^-64 of a minor unit and is never edited in place.
type Tranche struct {
	Paid  int64
	Carry *big.Int
	Rest  int64 // of deductions, in millionths
}

// Hold is an open hold of money (Register empty) or of units.
type Hold struct {
	Mark              ledger.Mark
	Sequence          uint64
	Debit, Credit     string
	Register, Account string
	Amount            int64
	Units             uint64
	Expiry            ledger.Instant
}

// payer is the account that the hold counts for.
func (h *Hold) payer() string {
	if h.Register != "" {
		return h.Account
	}
	return h.Debit
}

func (h *Hold) expired(at ledger.Instant) bool { return h.Expiry != 0 && h.Expiry <= at }

type undoneLine struct {
	sequence uint64
	index    uint16
	account  string
}

// state is everything that rules look at.
type state struct {
	opening   ledger.OpenLedger
	clock     ledger.Instant
	version   uint16
	assets    map[string]ledger.OpenAsset
	accounts  map[string]*Account
	registers map[string]*Register
	holds     map[ledger.Mark]*Hold
	freezes   map[ledger.Mark]*ledger.Freeze
	reversed  map[uint64]bool // commands reversed, whole or in part
	whole     map[uint64]bool // commands reversed whole
	undone    map[undoneLine]bool
	adjusted  map[adjustment]bool // distributions that were corrected
}

func newState() *state {
	return &state{
		version: 1, assets: map[string]ledger.OpenAsset{}, accounts: map[string]*Account{},
		registers: map[string]*Register{}, holds: map[ledger.Mark]*Hold{}, freezes: map[ledger.Mark]*ledger.Freeze{},
		reversed: map[uint64]bool{}, whole: map[uint64]bool{}, undone: map[undoneLine]bool{},
		adjusted: map[adjustment]bool{},
	}
}

// copy gives a state that can be edited without touching this one. Holds and freezes are never edited, only added
// and removed.
func (s *state) copy() *state {
	c := *s
	c.assets, c.holds, c.freezes = maps.Clone(s.assets), maps.Clone(s.holds), maps.Clone(s.freezes)
	c.reversed, c.whole, c.undone = maps.Clone(s.reversed), maps.Clone(s.whole), maps.Clone(s.undone)
	c.adjusted = maps.Clone(s.adjusted)
	c.accounts = make(map[string]*Account, len(s.accounts))
	for name, a := range s.accounts {
		b := *a
		b.Debts = slices.Clone(a.Debts)
		c.accounts[name] = &b
	}
	c.registers = make(map[string]*Register, len(s.registers))
	for name, r := range s.registers {
		c.registers[name] = r.copy()
	}
	return &c
}

func (r *Register) copy() *Register {
	c := *r
	c.Rem = slices.Clone(r.Rem)
	c.Holdings = make([]*Holding, len(r.Holdings))
	for i, h := range r.Holdings {
		b := *h
		b.Tranches = slices.Clone(h.Tranches)
		c.Holdings[i] = &b
	}
	return &c
}

// Units of all holdings.
func (r *Register) Units() (sum uint64) {
	for _, h := range r.Holdings {
		sum += h.Units
	}
	return sum
}

func (r *Register) holding(account string) *Holding {
	for _, h := range r.Holdings {
		if h.Account == account {
			return h
		}
	}
	return nil
}

// heldUnits are the units of a holding that open holds reserve.
func (s *state) heldUnits(register, account string) (sum uint64) {
	for _, h := range s.holds {
		if h.Register == register && h.Account == account {
			sum += h.Units
		}
	}
	return sum
}

// openHolds counts the open holds that reserve from an account.
func (s *state) openHolds(account string) (n int) {
	for _, h := range s.holds {
		if h.payer() == account {
			n++
		}
	}
	return n
}

// registersOf counts the registers in which an account has units.
func (s *state) registersOf(account string) (n int) {
	for _, r := range s.registers {
		if h := r.holding(account); h != nil && h.Units > 0 {
			n++
		}
	}
	return n
}

// held adds up what open holds reserve on each side of an account.
func (s *state) held(account string) (debits, credits int64) {
	for _, h := range s.holds {
		if h.Register != "" {
			continue
		}
		if h.Debit == account {
			debits += h.Amount
		}
		if h.Credit == account {
			credits += h.Amount
		}
	}
	return debits, credits
}

// frozen adds up the freezes of an account.
func (s *state) frozen(account string) (debits, credits bool, amount int64) {
	for _, f := range s.freezes {
		if f.Account != account {
			continue
		}
		debits = debits || f.What == ledger.FreezeDebits || f.What == ledger.FreezeBoth
		credits = credits || f.What == ledger.FreezeCredits || f.What == ledger.FreezeBoth
		amount += f.Amount
	}
	return debits, credits, amount
}

func (s *state) debitsFrozen(account string) bool {
	frozen, _, _ := s.frozen(account)
	return frozen
}

func (s *state) creditsFrozen(account string) bool {
	_, frozen, _ := s.frozen(account)
	return frozen
}
