package ledger

// Command is an ordered set of operations that all succeed or all fail. The envelope is fixed for ever; a field left
// zero is absent.
type Command struct {
	ID        ID     // made by the first client, a UUIDv7
	Purpose   uint32 // what the command is for, a code of the caller
	Effective Date   // the date it counts from; zero means the date of its booking
	Actor     ID     // the principal that did it
	Behalf    ID     // the party it was done for
	Approval  ID     // the approval it rests on
	Trace     ID     // the request it came with

	References []Reference
	Operations []Operation
}

// Reference points to something outside the ledger. Codes, numbers and ids only: no text, no personal data.
type Reference struct {
	Type  uint16
	Value [16]byte
}

// Mark names a hold or a freeze for ever: the command that made it and the place of the operation in it.
type Mark struct {
	Command ID
	Index   uint16
}

// IsZero reports whether the mark is absent.
func (m Mark) IsZero() bool { return m == Mark{} }

// Kind is the number of an operation in the canonical bytes.
type Kind uint8

// The kinds of operation. Numbers are for ever.
const (
	KindOpenLedger   Kind = 1
	KindLead         Kind = 2
	KindPulse        Kind = 3
	KindUpgrade      Kind = 4
	KindAdvance      Kind = 5
	KindOpenAsset    Kind = 16
	KindOpenAccount  Kind = 17
	KindOpenRegister Kind = 18
	KindTransfer     Kind = 32
	KindHold         Kind = 33
	KindPost         Kind = 34
	KindVoid         Kind = 35
	KindFreeze       Kind = 36
	KindUnfreeze     Kind = 37
	KindIssue        Kind = 48
	KindMove         Kind = 49
	KindCancel       Kind = 50
	KindHoldUnits    Kind = 51
	KindDistribute   Kind = 64
	KindClaim        Kind = 65
	KindReverse      Kind = 80
	KindReverseLine  Kind = 81
	KindSettle       Kind = 82
	KindCorrect      Kind = 83
)

// Operation is one of the types below, always as a pointer.
type Operation interface {
	Kind() Kind
	check() error
	put(*writer)
	get(*reader)
}

// OpenLedger is the first command of every journal. Only the sequencer writes it.
type OpenLedger struct {
	Ledger ID
	Zone   string // IANA name of the time zone that days and months follow
	Clock  ClockKind
	Start  Instant // where a simulated clock stands at first
	Shadow bool    // carries test traffic, apart from real books
}

// Lead is the group by which a node takes the lead. Only the sequencer writes it.
type Lead struct {
	Epoch uint64
	Node  ID
}

// Pulse releases up to Limit holds whose expiry has come, earliest first. Only the sequencer writes it.
type Pulse struct{ Limit uint16 }

// Upgrade switches the engine's behaviour. It stands alone in its command.
type Upgrade struct{ Version uint16 }

// Advance moves a simulated clock forward. It stands alone in its command.
type Advance struct{ To Instant }

// OpenAsset adds something that can be counted: CNY with scale 2 is counted in fen.
type OpenAsset struct {
	Code  string
	Scale uint8
}

// OpenAccount adds a counted place for one asset.
type OpenAccount struct {
	Address    string
	Asset      string
	Side       Side
	Type       AccountType
	Code       uint32 // number in the chart of accounts
	Constraint Constraint
}

// OpenRegister adds a list of who holds how many units of one instrument. Lines that no holder's account can take go
// to the unclaimed account. Tranches are the parts that distributions count for themselves.
type OpenRegister struct {
	Address   string
	Asset     string
	Cap       uint64
	Tranches  []string
	Unclaimed string
}

// Transfer moves money from a debit to a credit account.
type Transfer struct {
	Debit, Credit string
	Mode          TransferMode
	Amount        int64  // exact, or the most; zero when Received is used
	Received      string // mode Received: the account whose earlier credits in this command are the amount
}

// Hold reserves an amount until it is posted, voided, or expires.
type Hold struct {
	Debit, Credit string
	Amount        int64
	Expiry        Instant // zero: never
}

// Post makes a hold effective in full (amount zero) or in part; the rest is released and the hold ends.
type Post struct {
	Hold   Mark
	Amount int64
}

// Void ends a hold of money or of units without effect.
type Void struct{ Hold Mark }

// Freeze stops an account's debits, credits, both, or an amount of it.
type Freeze struct {
	Account string
	What    FreezeKind
	Amount  int64 // FreezeAmount only
}

// Unfreeze ends a freeze.
type Unfreeze struct{ Freeze Mark }

// Issue creates units in a holder's name. The class is taken by a holding without units.
type Issue struct {
	Register, Account string
	Units             uint64
	Class             uint8
}

// Move gives units to another holder; carry goes with them. With a hold, the units come out of that hold, which ends.
type Move struct {
	Register, From, To string
	Units              uint64
	Class              uint8
	Hold               Mark
}

// Cancel destroys units of one holding, or all units of the register when Account is empty.
type Cancel struct {
	Register, Account string
	Units             uint64 // zero when all of the register
}

// HoldUnits reserves units of a holding (pledged, listed) until they are moved by the hold, voided, or expire.
type HoldUnits struct {
	Register, Account string
	Units             uint64
	Expiry            Instant
}

// Distribute pays amounts, one a tranche, to a register's holders pro rata by units.
type Distribute struct {
	Register, Payer string
	Amounts         []int64 // as many as the register has tranches; zero: nothing in that tranche
	Deductions      []Deduction
}

// Deduction takes a part of each line of one tranche for holdings of one class.
type Deduction struct {
	Tranche uint8
	Class   uint8
	Rate    uint32 // parts per million
	Account string
}

// Claim pays what lies unclaimed in a holder's name to an account, at most Amount, all of it when Amount is zero.
type Claim struct {
	Register, Holder, To string
	Amount               int64
}

// Reverse undoes the command with that sequence: its transfers, posts and distributions.
type Reverse struct {
	Sequence uint64
	Mode     ReverseMode
	Cover    string // mode OweShortfall: the account that pays what is missing and is owed it
}

// ReverseLine undoes one holder's line of a distribution whose register has changed since.
type ReverseLine struct {
	Sequence uint64
	Index    uint16 // the distribution's place in its command
	Account  string
	Mode     ReverseMode
	Cover    string // mode OweShortfall
}

// Correct pays (positive) or takes (negative) a difference to those who got a distribution, by the units that they had
// then, also when these changed since. A difference is never undone; its opposite is another one.
type Correct struct {
	Sequence   uint64
	Index      uint16 // the distribution's place in its command
	Payer      string // pays the difference, or gets it
	Amounts    []int64
	Deductions []Deduction
	Mode       ReverseMode
	Cover      string // mode OweShortfall
}

// Settle lets the payer pay what an account owes to a cover account, at most Amount, all of it when Amount is zero.
type Settle struct {
	Account, Cover, Payer string
	Amount                int64
}

// Kind gives the number of each type.
func (*OpenLedger) Kind() Kind   { return KindOpenLedger }
func (*Lead) Kind() Kind         { return KindLead }
func (*Pulse) Kind() Kind        { return KindPulse }
func (*Upgrade) Kind() Kind      { return KindUpgrade }
func (*Advance) Kind() Kind      { return KindAdvance }
func (*OpenAsset) Kind() Kind    { return KindOpenAsset }
func (*OpenAccount) Kind() Kind  { return KindOpenAccount }
func (*OpenRegister) Kind() Kind { return KindOpenRegister }
func (*Transfer) Kind() Kind     { return KindTransfer }
func (*Hold) Kind() Kind         { return KindHold }
func (*Post) Kind() Kind         { return KindPost }
func (*Void) Kind() Kind         { return KindVoid }
func (*Freeze) Kind() Kind       { return KindFreeze }
func (*Unfreeze) Kind() Kind     { return KindUnfreeze }
func (*Issue) Kind() Kind        { return KindIssue }
func (*Move) Kind() Kind         { return KindMove }
func (*Cancel) Kind() Kind       { return KindCancel }
func (*HoldUnits) Kind() Kind    { return KindHoldUnits }
func (*Distribute) Kind() Kind   { return KindDistribute }
func (*Claim) Kind() Kind        { return KindClaim }
func (*Reverse) Kind() Kind      { return KindReverse }
func (*ReverseLine) Kind() Kind  { return KindReverseLine }
func (*Settle) Kind() Kind       { return KindSettle }
func (*Correct) Kind() Kind      { return KindCorrect }
