package ledger

import (
	"strings"

	"github.com/longmen/longmen/core/share"
)

// AccountState is an account as it stands now.
type AccountState struct {
	Number      uint32
	Address     string
	Asset       string
	Scale       uint8
	Side        Side
	Type        AccountType
	Code        uint32
	Constraint  Constraint
	Debits      int64 // posted
	Credits     int64
	DebitsHeld  int64
	CreditsHeld int64
	Frozen      int64 // sum of frozen amounts
	Owed        int64 // sum of its debts
	NoDebits    bool
	NoCredits   bool
	Holds       int // open holds that it pays or that hold its units
	Registers   int // in which it has units
	Entries     uint64
	LastEntry   uint64
}

// Balance is posted, counted positive on the account's normal side.
func (a *AccountState) Balance() int64 {
	if a.Side == DebitNormal {
		return a.Debits - a.Credits
	}
	return a.Credits - a.Debits
}

// Available is what can flow out: the balance less what is held or frozen.
func (a *AccountState) Available() int64 {
	if a.Side == DebitNormal {
		return a.Balance() - a.CreditsHeld - a.Frozen
	}
	return a.Balance() - a.DebitsHeld - a.Frozen
}

// RegisterState is a register as it stands now.
type RegisterState struct {
	Number    uint32
	Address   string
	Asset     string
	Cap       uint64
	Units     uint64
	Tranches  []TrancheState
	Unclaimed string
	Holdings  uint32 // ever made
	Payouts   uint64
	Changed   uint64 // sequence of the last change of units
}

// TrancheState is what a register keeps for one tranche.
type TrancheState struct {
	Name  string
	Rem   share.Int128
	Index share.Int128
}

// HoldingState is a holding as it stands now.
type HoldingState struct {
	Register  string
	Account   string
	Holder    uint32
	Class     uint8
	Units     uint64
	Held      uint64
	Unclaimed int64
	Rows      []share.Row // by tranche
}

// HoldState is an open hold.
type HoldState struct {
	Mark     Mark
	Sequence uint64
	Debit    string // or the account that holds the units
	Credit   string
	Register string // units only
	Amount   int64  // or units
	Expiry   Instant
}

// Version is the behaviour in force.
func (e *Engine) Version() uint16 { return e.version }

// Ledger is the ledger's id, zero before it is opened.
func (e *Engine) Ledger() ID { return e.ledger }

// Zone is the name of the ledger's time zone.
func (e *Engine) Zone() string { return e.zone }

// Clock is the ledger's kind of time.
func (e *Engine) Clock() ClockKind { return e.clock }

// Shadow reports whether the ledger carries test traffic.
func (e *Engine) Shadow() bool { return e.shadow }

// Now is where a simulated clock stands; on a real one, the last timestamp.
func (e *Engine) Now() Instant { return e.now }

// At is the last command's timestamp.
func (e *Engine) At() Instant { return e.at }

// Assets lists what the ledger counts, by number.
func (e *Engine) Assets() []AssetOpened {
	list := make([]AssetOpened, len(e.assets))
	for i, a := range e.assets {
		list[i] = AssetOpened{uint16(i + 1), a.code, a.scale}
	}
	return list
}

// Sequence is the last command's.
func (e *Engine) Sequence() uint64 { return e.sequence }

// Epoch is the number of the last lead.
func (e *Engine) Epoch() uint64 { return e.epoch }

// Entries is the number of the last entry.
func (e *Engine) Entries() uint64 { return e.entries }

// Size counts what the ledger has.
func (e *Engine) Size() (accounts, registers, holdings, holds int) {
	return int(e.accounts.n), int(e.registers.n), len(e.places), len(e.holdIndex)
}

// Account finds an account by its address.
func (e *Engine) Account(address string) (AccountState, bool) {
	i := e.account(address)
	if i == 0 {
		return AccountState{}, false
	}
	return e.accountState(i), true
}

// Number finds an account's number by its address, 0 for none.
func (e *Engine) Number(address string) uint32 { return e.account(address) }

// RegisterNumber finds a register's number by its address, 0 for none.
func (e *Engine) RegisterNumber(address string) uint32 { return e.register(address) }

// AddressOf is the address of an account by its number, "" for 0.
func (e *Engine) AddressOf(account uint32) string {
	if account == 0 || account > e.accounts.n {
		return ""
	}
	return e.address(account)
}

// RegisterAddress is the address of a register by its number, "" for 0.
func (e *Engine) RegisterAddress(register uint32) string {
	if register == 0 || register > e.registers.n {
		return ""
	}
	return e.names.get(e.registers.at(register).name)
}

// AccountByNumber finds an account by its number.
func (e *Engine) AccountByNumber(n uint32) (AccountState, bool) {
	if n == 0 || n > e.accounts.n {
		return AccountState{}, false
	}
	return e.accountState(n), true
}

func (e *Engine) accountState(i uint32) AccountState {
	a := e.accounts.at(i)
	c := Unbounded
	if a.bits&bitNonnegative != 0 {
		c = Nonnegative
	}
	return AccountState{
		Number: i, Address: e.names.get(a.name), Asset: e.assets[a.asset-1].code, Scale: e.assets[a.asset-1].scale,
		Side: a.side(), Type: AccountType(a.bits &^ bitOwes / bitType), Code: e.buckets.at(a.bucket).code, Constraint: c,
		Debits: a.debits, Credits: a.credits, DebitsHeld: a.debitsHeld, CreditsHeld: a.creditsHeld, Frozen: a.frozen, Owed: e.owedBy(i),
		NoDebits: a.freezeDebits > 0, NoCredits: a.freezeCredits > 0, Holds: int(a.holds), Registers: int(a.registers),
		Entries: a.ordinal, LastEntry: a.lastEntry,
	}
}

// Accounts lists accounts by number, after one, those whose address begins with prefix. It looks at no more than
// scan accounts; next is where to go on, 0 at the end.
func (e *Engine) Accounts(after uint32, prefix string, limit, scan int) (list []AccountState, next uint32) {
	for i := after + 1; i <= e.accounts.n; i++ {
		if scan == 0 || len(list) == limit {
			return list, i - 1
		}
		scan--
		if strings.HasPrefix(e.names.get(e.accounts.at(i).name), prefix) {
			list = append(list, e.accountState(i))
		}
	}
	return list, 0
}

// Register finds a register by its address.
func (e *Engine) Register(address string) (RegisterState, bool) {
	i := e.register(address)
	if i == 0 {
		return RegisterState{}, false
	}
	return e.registerState(i), true
}

// Registers lists registers by number, after one.
func (e *Engine) Registers(after uint32, limit int) (list []RegisterState, next uint32) {
	for i := after + 1; i <= e.registers.n; i++ {
		if len(list) == limit {
			return list, i - 1
		}
		list = append(list, e.registerState(i))
	}
	return list, 0
}

func (e *Engine) registerState(i uint32) RegisterState {
	r := e.registers.at(i)
	s := RegisterState{
		Number: i, Address: e.names.get(r.name), Asset: e.assets[r.asset-1].code, Cap: r.cap, Units: r.units,
		Unclaimed: e.address(r.unclaimed), Holdings: r.holdings, Payouts: r.payouts, Changed: r.changed,
	}
	for t := range int(r.tranches) {
		s.Tranches = append(s.Tranches, TrancheState{e.names.get(r.tranche[t]), r.rem[t], r.index[t]})
	}
	return s
}

// Holding finds what an account holds in a register.
func (e *Engine) Holding(register, account string) (HoldingState, bool) {
	p := e.place(e.register(register), e.account(account))
	if p == 0 {
		return HoldingState{}, false
	}
	return e.holdingState(p), true
}

func (e *Engine) holdingState(p uint32) HoldingState {
	b, s := e.blocks.at(p/blockSize), p%blockSize
	r := e.registers.at(b.register)
	h := HoldingState{
		Register: e.names.get(r.name), Account: e.address(b.account[s]), Holder: b.first + s, Class: b.class[s],
		Units: b.units[s], Held: b.held[s],
	}
	if row := e.unclaimedAt[p]; row != 0 {
		h.Unclaimed = e.unclaimed.at(row).amount
	}
	for t := range uint32(r.tranches) {
		h.Rows = append(h.Rows, e.shares.at(b.rows + t).row[s])
	}
	return h
}

// Holders lists a register's holdings by holder number, from one on, those without units too.
func (e *Engine) Holders(register string, from uint32, limit int) (list []HoldingState, next uint32, ok bool) {
	r := e.register(register)
	if r == 0 {
		return nil, 0, false
	}
	reg := e.registers.at(r)
	for i := reg.first; i != 0 && from < reg.holdings; i = e.blocks.at(i).next {
		for ; from/blockSize == e.blocks.at(i).first/blockSize && from < reg.holdings; from++ {
			if len(list) == limit {
				return list, from, true
			}
			list = append(list, e.holdingState(i*blockSize+from%blockSize))
		}
	}
	return list, 0, true
}

// Holdings lists where an account holds units, newest first, after a register's address ("" for the start).
func (e *Engine) Holdings(account, after string, limit int) (list []HoldingState, more, ok bool) {
	a := e.account(account)
	if a == 0 {
		return nil, false, false
	}
	p := e.accounts.at(a).holdings
	if after != "" {
		if p = e.place(e.register(after), a); p != 0 {
			p = e.blocks.at(p / blockSize).after[p%blockSize]
		}
	}
	for ; p != 0; p = e.blocks.at(p / blockSize).after[p%blockSize] {
		if len(list) == limit {
			return list, true, true
		}
		list = append(list, e.holdingState(p))
	}
	return list, false, true
}

// Hold finds an open hold.
func (e *Engine) Hold(m Mark) (HoldState, bool) {
	row, ok := e.holdIndex[m]
	if !ok {
		return HoldState{}, false
	}
	return e.holdState(row), true
}

// Holds lists the open holds of an account, newest first.
func (e *Engine) Holds(account string) (list []HoldState, ok bool) {
	a := e.account(account)
	if a == 0 {
		return nil, false
	}
	for row := e.accounts.at(a).firstHold; row != 0; row = e.holds.at(row).after {
		list = append(list, e.holdState(row))
	}
	return list, true
}

func (e *Engine) holdState(row uint32) HoldState {
	h := e.holds.at(row)
	s := HoldState{Mark: h.mark, Sequence: h.sequence, Debit: e.address(h.debit), Amount: h.amount, Expiry: h.expiry}
	if h.units {
		s.Register = e.names.get(e.registers.at(e.blocks.at(h.place / blockSize).register).name)
	} else {
		s.Credit = e.address(h.credit)
	}
	return s
}

// DebtState is what an account owes to a cover account.
type DebtState struct {
	Account  string
	Cover    string
	Amount   int64
	Sequence uint64 // of the command with which it began
}

// owedBy is the sum of an account's debts.
func (e *Engine) owedBy(account uint32) (sum int64) {
	if e.accounts.at(account).bits&bitOwes == 0 {
		return 0
	}
	for _, row := range e.debtsOf[account] {
		sum += e.debts.at(row).amount
	}
	return sum
}

// Debts lists what an account owes, oldest first.
func (e *Engine) Debts(account string) (list []DebtState, ok bool) {
	a := e.account(account)
	if a == 0 {
		return nil, false
	}
	for _, row := range e.debtsOf[a] {
		list = append(list, e.debtState(row))
	}
	return list, true
}

// AllDebts lists who owes to a cover account, to any if it is "", in no order that means anything, after one. It looks at
// no more than scan debts; next is where to go on, 0 at the end.
func (e *Engine) AllDebts(after uint32, cover string, limit, scan int) (list []DebtState, next uint32) {
	only := e.account(cover)
	if only == 0 && cover != "" {
		return nil, 0
	}
	for i := after + 1; i <= e.debts.n; i++ {
		if scan == 0 || len(list) == limit {
			return list, i - 1
		}
		scan--
		if d := e.debts.at(i); d.account != 0 && (only == 0 || d.cover == only) {
			list = append(list, e.debtState(i))
		}
	}
	return list, 0
}

func (e *Engine) debtState(row uint32) DebtState {
	d := e.debts.at(row)
	return DebtState{Account: e.address(d.account), Cover: e.address(d.cover), Amount: d.amount, Sequence: d.sequence}
}

// BucketState is a line of the trial balance: all accounts of one asset and account code.
type BucketState struct {
	Number          uint32
	Asset           string
	Code            uint32
	Debits, Credits share.Int128
}

// TrialBalance lists what was booked on each account code. By asset, debits and credits are equal.
func (e *Engine) TrialBalance() []BucketState {
	list := make([]BucketState, 0, e.buckets.n)
	for i := uint32(1); i <= e.buckets.n; i++ {
		b := e.buckets.at(i)
		list = append(list, BucketState{i, e.assets[b.asset-1].code, b.code, b.debits, b.credits})
	}
	return list
}
