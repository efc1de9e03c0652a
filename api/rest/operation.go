package rest

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
)

// Operation is one operation of a command: an object with exactly one of these members.
type Operation struct {
	Transfer     *Transfer     `json:"transfer,omitempty" doc:"Move money from a debit to a credit account"`
	Hold         *Hold         `json:"hold,omitempty" doc:"Reserve money until it is posted, voided, or expires"`
	Post         *Post         `json:"post,omitempty" doc:"Make a hold effective, in full or in part; the rest is released"`
	Void         *Void         `json:"void,omitempty" doc:"End a hold of money or units without effect"`
	Freeze       *Freeze       `json:"freeze,omitempty" doc:"Stop an account's debits, credits, both, or an amount of it"`
	Unfreeze     *Unfreeze     `json:"unfreeze,omitempty" doc:"End a freeze"`
	Issue        *Issue        `json:"issue,omitempty" doc:"Create units in a holder's name"`
	Move         *Move         `json:"move,omitempty" doc:"Give units to another holder"`
	Cancel       *Cancel       `json:"cancel,omitempty" doc:"Destroy units of one holding, or all of the register"`
	HoldUnits    *HoldUnits    `json:"hold_units,omitempty" doc:"Reserve units of a holding"`
	Distribute   *Distribute   `json:"distribute,omitempty" doc:"Pay a register's holders pro rata by units; stands last in its command"`
	Claim        *Claim        `json:"claim,omitempty" doc:"Pay what lies unclaimed in a holder's name"`
	Reverse      *Reverse      `json:"reverse,omitempty" doc:"Undo an earlier command; stands alone"`
	ReverseLine  *ReverseLine  `json:"reverse_line,omitempty" doc:"Undo one holder's line of a distribution"`
	Correct      *Correct      `json:"correct,omitempty" doc:"Pay or take a difference to those who got a distribution"`
	Settle       *Settle       `json:"settle,omitempty" doc:"Pay what an account owes to a cover account"`
	OpenAsset    *OpenAsset    `json:"open_asset,omitempty" doc:"Add something that can be counted"`
	OpenAccount  *OpenAccount  `json:"open_account,omitempty" doc:"Add a counted place for one asset"`
	OpenRegister *OpenRegister `json:"open_register,omitempty" doc:"Add a list of who holds how many units of one instrument"`
	Advance      *Advance      `json:"advance,omitempty" doc:"Move a simulated clock forward; stands alone, needs the right job.retry"`
	Upgrade      *Upgrade      `json:"upgrade,omitempty" doc:"Switch the engine's behaviour; stands alone, is the operator's"`

	// The sequencer's own, seen in the journal only.
	OpenLedger *OpenLedger `json:"open_ledger,omitempty" readOnly:"true" doc:"The first command of a journal; written by the sequencer"`
	Lead       *Lead       `json:"lead,omitempty" readOnly:"true" doc:"A node took the lead; written by the sequencer"`
	Pulse      *Pulse      `json:"pulse,omitempty" readOnly:"true" doc:"Expired holds were released; written by the sequencer"`
}

// TransformSchema says that it is one of them.
func (*Operation) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	one := 1
	s.MinProperties, s.MaxProperties = &one, &one
	s.Description = "One operation: an object with exactly one of these members."
	return s
}

// The fields of the operations. Each is documented once, here, for every endpoint that takes it.
type (
	// Transfer moves money.
	Transfer struct {
		Debit    string `json:"debit" maxLength:"255" doc:"Address of the account that is debited" example:"investor:42:cash"`
		Credit   string `json:"credit" maxLength:"255" doc:"Address of the account that is credited" example:"listing:7:escrow"`
		Amount   Amount `json:"amount,omitempty" doc:"The amount, or with mode at_most the most; none with mode received"`
		Mode     string `json:"mode,omitempty" enum:"exact,at_most,received" doc:"exact if absent; at_most moves what is available; received moves what earlier operations of this command credited to the account named there"`
		Received string `json:"received,omitempty" maxLength:"255" doc:"Mode received: address of the account whose earlier credits in this command are the amount"`
	}

	// Hold reserves money.
	Hold struct {
		Debit  string  `json:"debit" maxLength:"255" doc:"Address of the account that pays" example:"investor:42:cash"`
		Credit string  `json:"credit" maxLength:"255" doc:"Address of the account that is to receive" example:"bank:out"`
		Amount Amount  `json:"amount" doc:"The amount"`
		Expiry Instant `json:"expiry,omitzero" doc:"From then on it can be neither posted nor voided; never if absent"`
	}

	// Post makes a hold effective.
	Post struct {
		Hold Mark `json:"hold" doc:"The hold's mark"`
		PostBody
	}

	// PostBody is Post without the mark.
	PostBody struct {
		Amount Amount `json:"amount,omitempty" doc:"At most what is held; all of it if absent"`
	}

	// Void ends a hold.
	Void struct {
		Hold Mark `json:"hold" doc:"The hold's mark"`
	}

	// Freeze stops movements of an account.
	Freeze struct {
		Account string `json:"account" maxLength:"255" doc:"Address of the account" example:"investor:42:cash"`
		FreezeBody
	}

	// FreezeBody is Freeze without the account.
	FreezeBody struct {
		What   string `json:"what" enum:"debits,credits,both,amount" doc:"What is stopped"`
		Amount Amount `json:"amount,omitempty" doc:"With what = amount: how much of the balance"`
	}

	// Unfreeze ends a freeze.
	Unfreeze struct {
		Freeze Mark `json:"freeze" doc:"The freeze's mark"`
	}

	// Issue creates units.
	Issue struct {
		Register string `json:"register" maxLength:"255" doc:"Address of the register" example:"listing:7"`
		IssueBody
	}

	// IssueBody is Issue without the register.
	IssueBody struct {
		Account string `json:"account" maxLength:"255" doc:"Address of the holder's account" example:"investor:42:cash"`
		Units   uint64 `json:"units" minimum:"1" maximum:"1000000000000" doc:"How many units"`
		Class   uint8  `json:"class,omitempty" maximum:"255" doc:"Deduction class; a holding that has units must have the same"`
	}

	// Move gives units to another holder.
	Move struct {
		Register string `json:"register" maxLength:"255" doc:"Address of the register" example:"listing:7"`
		MoveBody
	}

	// MoveBody is Move without the register.
	MoveBody struct {
		From  string `json:"from" maxLength:"255" doc:"Address of the account that gives" example:"investor:42:cash"`
		To    string `json:"to" maxLength:"255" doc:"Address of the account that gets" example:"investor:43:cash"`
		Units uint64 `json:"units" minimum:"1" maximum:"1000000000000" doc:"How many units"`
		Class uint8  `json:"class,omitempty" maximum:"255" doc:"Deduction class of the holding that gets"`
		Hold  Mark   `json:"hold,omitzero" doc:"The units come out of this hold, which ends"`
	}

	// Cancel destroys units.
	Cancel struct {
		Register string `json:"register" maxLength:"255" doc:"Address of the register" example:"listing:7"`
		CancelBody
	}

	// CancelBody is Cancel without the register.
	CancelBody struct {
		Account string `json:"account,omitempty" maxLength:"255" doc:"Address of the holder's account" example:"investor:42:cash"`
		Units   uint64 `json:"units,omitempty" minimum:"1" maximum:"1000000000000" doc:"How many units of this holding"`
		All     bool   `json:"all,omitempty" doc:"Instead of account and units: every unit of the register"`
	}

	// HoldUnits reserves units.
	HoldUnits struct {
		Register string `json:"register" maxLength:"255" doc:"Address of the register" example:"listing:7"`
		HoldUnitsBody
	}

	// HoldUnitsBody is HoldUnits without the register.
	HoldUnitsBody struct {
		Account string  `json:"account" maxLength:"255" doc:"Address of the holder's account" example:"investor:42:cash"`
		Units   uint64  `json:"units" minimum:"1" maximum:"1000000000000" doc:"How many units"`
		Expiry  Instant `json:"expiry,omitzero" doc:"From then on they can be neither moved by the hold nor voided; never if absent"`
	}

	// Distribute pays a register's holders.
	Distribute struct {
		Register string `json:"register" maxLength:"255" doc:"Address of the register" example:"listing:7"`
		DistributeBody
	}

	// DistributeBody is Distribute without the register.
	DistributeBody struct {
		Payer      string      `json:"payer" maxLength:"255" doc:"Address of the account that pays" example:"borrower:7:cash"`
		Amounts    []Amount    `json:"amounts" minItems:"1" maxItems:"8" doc:"One for each tranche of the register, in its order; 0 for none"`
		Deductions []Deduction `json:"deductions,omitempty" maxItems:"64" doc:"What is taken from each line"`
	}

	// Deduction takes a part of each line of one tranche for holdings of one class.
	Deduction struct {
		Tranche uint8  `json:"tranche" maximum:"7" doc:"Place of the tranche, from 0"`
		Class   uint8  `json:"class" maximum:"255" doc:"Deduction class of the holdings"`
		Rate    uint32 `json:"rate" minimum:"1" maximum:"1000000" doc:"Parts per million"`
		Account string `json:"account" maxLength:"255" doc:"Address of the account that gets it" example:"platform:fees"`
	}

	// Claim pays what lies unclaimed.
	Claim struct {
		Register string `json:"register" maxLength:"255" doc:"Address of the register" example:"listing:7"`
		ClaimBody
	}

	// ClaimBody is Claim without the register.
	ClaimBody struct {
		Holder string `json:"holder" maxLength:"255" doc:"Address of the holder's account" example:"investor:42:cash"`
		To     string `json:"to" maxLength:"255" doc:"Address of the account that gets the money" example:"investor:42:cash"`
		Amount Amount `json:"amount,omitempty" doc:"The most; all that lies there if absent"`
	}

	// Reverse undoes a command.
	Reverse struct {
		Sequence uint64 `json:"sequence" minimum:"1" maximum:"9007199254740991" doc:"Sequence of the command to undo"`
		Mode     string `json:"mode" enum:"refuse,at_most,owe" doc:"When somebody no longer has what he would give back: refuse, take what is there, or take it and let the cover account pay the rest, which is owed to it then"`
		Cover    string `json:"cover,omitempty" maxLength:"255" doc:"Mode owe: address of the account that pays what is missing" example:"platform:cover"`
	}

	// ReverseLine undoes one line.
	ReverseLine struct {
		Sequence  uint64 `json:"sequence" minimum:"1" maximum:"9007199254740991" doc:"Sequence of the command with the distribution"`
		Operation uint16 `json:"operation" maximum:"7999" doc:"Place of the distribution in it, from 0"`
		Account   string `json:"account" maxLength:"255" doc:"Address of the holder's account" example:"investor:42:cash"`
		Mode      string `json:"mode" enum:"refuse,at_most,owe" doc:"When he no longer has it: refuse, take what is there, or take it and let the cover account pay the rest, which he owes then"`
		Cover     string `json:"cover,omitempty" maxLength:"255" doc:"Mode owe: address of the account that pays what is missing" example:"platform:cover"`
	}

	// Correct pays or takes a difference.
	Correct struct {
		Sequence   uint64      `json:"sequence" minimum:"1" maximum:"9007199254740991" doc:"Sequence of the command with the distribution"`
		Operation  uint16      `json:"operation" maximum:"7999" doc:"Place of the distribution in it, from 0"`
		Payer      string      `json:"payer" maxLength:"255" doc:"Address of the account that pays the difference, or gets it" example:"borrower:7:cash"`
		Amounts    []Amount    `json:"amounts" minItems:"1" maxItems:"8" doc:"One for each tranche of the register, in its order; negative is taken back from those who got the distribution"`
		Deductions []Deduction `json:"deductions,omitempty" maxItems:"64" doc:"What is taken from each line, or given back with it"`
		Mode       string      `json:"mode" enum:"refuse,at_most,owe" doc:"When somebody no longer has what he would give back: refuse, take what is there, or take it and let the cover account pay the rest, which is owed to it then"`
		Cover      string      `json:"cover,omitempty" maxLength:"255" doc:"Mode owe: address of the account that pays what is missing" example:"platform:cover"`
	}

	// Settle pays a debt.
	Settle struct {
		Account string `json:"account" maxLength:"255" doc:"Address of the account that owes" example:"investor:42:cash"`
		Cover   string `json:"cover" maxLength:"255" doc:"Address of the cover account, which is owed" example:"platform:cover"`
		Payer   string `json:"payer" maxLength:"255" doc:"Address of the account that pays: the one that owes, or another" example:"investor:42:cash"`
		Amount  Amount `json:"amount,omitempty" doc:"The most; all that is owed if absent"`
	}

	// OpenAsset adds an asset.
	OpenAsset struct {
		Code  string `json:"code" maxLength:"12" doc:"A-Z, 0-9 and hyphen, a letter first" example:"CNY"`
		Scale uint8  `json:"scale" maximum:"12" doc:"Digits after the point: 2 means that amounts count hundredths" example:"2"`
	}

	// OpenAccount adds an account.
	OpenAccount struct {
		Address    string `json:"address" maxLength:"255" doc:"1 to 8 segments of a-z, 0-9 and hyphen, up to 32 characters each, joined by colons" example:"investor:42:cash"`
		Asset      string `json:"asset" maxLength:"12" doc:"Code of the asset" example:"CNY"`
		Side       string `json:"side" enum:"debit,credit" doc:"Side on which the balance counts as positive" example:"credit"`
		Type       string `json:"type" enum:"asset,liability,equity,income,expense" doc:"Class of the chart of accounts" example:"liability"`
		Code       uint32 `json:"code,omitempty" maximum:"4294967295" doc:"Number in the chart of accounts" example:"2001"`
		Constraint string `json:"constraint,omitempty" enum:"nonnegative,unbounded" doc:"nonnegative, also if absent: the available balance never goes below zero" example:"nonnegative"`
	}

	// OpenRegister adds a register.
	OpenRegister struct {
		Address   string   `json:"address" maxLength:"255" doc:"Like an account's; registers have a name space of their own" example:"listing:7"`
		Asset     string   `json:"asset" maxLength:"12" doc:"Code of the asset it pays in" example:"CNY"`
		Cap       uint64   `json:"cap" minimum:"1" maximum:"1000000000000000" doc:"Most units it may have" example:"250000"`
		Tranches  []string `json:"tranches" minItems:"1" maxItems:"8" doc:"Parts that distributions count for themselves" example:"[\"principal\",\"interest\"]"`
		Unclaimed string   `json:"unclaimed" maxLength:"255" doc:"Address of the account for lines that no holder's account can take" example:"platform:unclaimed"`
	}

	// Advance moves a simulated clock.
	Advance struct {
		To Instant `json:"to" doc:"Where the clock is to stand; never earlier than it stands"`
	}

	// Upgrade switches the engine's behaviour.
	Upgrade struct {
		Version uint16 `json:"version" minimum:"1" maximum:"65535" doc:"The behaviour's number"`
	}

	// OpenLedger is the first command of a journal.
	OpenLedger struct {
		Ledger ID      `json:"ledger"`
		Zone   string  `json:"zone"`
		Clock  string  `json:"clock" enum:"real,simulated"`
		Start  Instant `json:"start"`
		Shadow bool    `json:"shadow,omitempty"`
	}

	// Lead is written when a node takes the lead.
	Lead struct {
		Epoch uint64 `json:"epoch"`
		Node  ID     `json:"node"`
	}

	// Pulse is written when expired holds are released.
	Pulse struct {
		Limit uint16 `json:"limit" maximum:"1000"`
	}
)

// names pairs the words of the door with the numbers of the ledger.
type names[T comparable] []struct {
	word  string
	value T
}

// value is the number of a word. A word that is not known gives a number that Command.Check refuses.
func (n names[T]) value(word string, absent T) T {
	for _, e := range n {
		if e.word == word {
			return e.value
		}
	}
	return absent
}

// word is the word for a number, empty for none.
func (n names[T]) word(value T) string {
	for _, e := range n {
		if e.value == value {
			return e.word
		}
	}
	return ""
}

var (
	sides        = names[ledger.Side]{{"debit", ledger.DebitNormal}, {"credit", ledger.CreditNormal}}
	accountTypes = names[ledger.AccountType]{
		{"asset", ledger.Asset}, {"liability", ledger.Liability}, {"equity", ledger.Equity}, {"income", ledger.Income}, {"expense", ledger.Expense},
	}
	constraints   = names[ledger.Constraint]{{"nonnegative", ledger.Nonnegative}, {"unbounded", ledger.Unbounded}}
	transferModes = names[ledger.TransferMode]{{"exact", ledger.Exact}, {"at_most", ledger.AtMost}, {"received", ledger.Received}}
	freezeKinds   = names[ledger.FreezeKind]{
		{"debits", ledger.FreezeDebits}, {"credits", ledger.FreezeCredits}, {"both", ledger.FreezeBoth}, {"amount", ledger.FreezeAmount},
	}
	reverseModes = names[ledger.ReverseMode]{{"refuse", ledger.RefuseShortfall}, {"at_most", ledger.TakeAtMost}, {"owe", ledger.OweShortfall}}
	clockKinds   = names[ledger.ClockKind]{{"real", ledger.RealClock}, {"simulated", ledger.SimulatedClock}}
)
