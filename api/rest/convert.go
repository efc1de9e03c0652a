package rest

import (
	"errors"

	"github.com/longmen/longmen/core/ledger"
)

// errNoOperation is the fault of an object whose only member is null.
var errNoOperation = errors.New("want an object with exactly one operation")

// core makes the ledger's operation.
func (o *Operation) core() (ledger.Operation, error) {
	switch {
	case o.Transfer != nil:
		return o.Transfer.core(), nil
	case o.Hold != nil:
		return o.Hold.core(), nil
	case o.Post != nil:
		return o.Post.core(ledger.Mark(o.Post.Hold)), nil
	case o.Void != nil:
		return &ledger.Void{Hold: ledger.Mark(o.Void.Hold)}, nil
	case o.Freeze != nil:
		return o.Freeze.core(o.Freeze.Account), nil
	case o.Unfreeze != nil:
		return &ledger.Unfreeze{Freeze: ledger.Mark(o.Unfreeze.Freeze)}, nil
	case o.Issue != nil:
		return o.Issue.core(o.Issue.Register), nil
	case o.Move != nil:
		return o.Move.core(o.Move.Register), nil
	case o.Cancel != nil:
		return o.Cancel.core(o.Cancel.Register)
	case o.HoldUnits != nil:
		return o.HoldUnits.core(o.HoldUnits.Register), nil
	case o.Distribute != nil:
		return o.Distribute.core(o.Distribute.Register), nil
	case o.Claim != nil:
		return o.Claim.core(o.Claim.Register), nil
	case o.Reverse != nil:
		return o.Reverse.core(), nil
	case o.ReverseLine != nil:
		return o.ReverseLine.core(), nil
	case o.Correct != nil:
		return o.Correct.core(), nil
	case o.Settle != nil:
		return o.Settle.core(), nil
	}
	return o.setting()
}

// setting makes the operations that set up a ledger or move its clock.
func (o *Operation) setting() (ledger.Operation, error) {
	switch {
	case o.OpenAsset != nil:
		return &ledger.OpenAsset{Code: o.OpenAsset.Code, Scale: o.OpenAsset.Scale}, nil
	case o.OpenAccount != nil:
		return o.OpenAccount.core(), nil
	case o.OpenRegister != nil:
		return o.OpenRegister.core(), nil
	case o.Advance != nil:
		return &ledger.Advance{To: ledger.Instant(o.Advance.To)}, nil
	case o.Upgrade != nil:
		return &ledger.Upgrade{Version: o.Upgrade.Version}, nil
	case o.OpenLedger != nil, o.Lead != nil, o.Pulse != nil:
		return nil, errors.New("open_ledger, lead and pulse are written by the sequencer alone")
	}
	return nil, errNoOperation
}

func (t *Transfer) core() *ledger.Transfer {
	mode := ledger.Exact
	if t.Mode != "" {
		mode = transferModes.value(t.Mode, 0)
	}
	return &ledger.Transfer{Debit: t.Debit, Credit: t.Credit, Mode: mode, Amount: int64(t.Amount), Received: t.Received}
}

func (h *Hold) core() *ledger.Hold {
	return &ledger.Hold{Debit: h.Debit, Credit: h.Credit, Amount: int64(h.Amount), Expiry: ledger.Instant(h.Expiry)}
}

func (p *PostBody) core(hold ledger.Mark) *ledger.Post {
	return &ledger.Post{Hold: hold, Amount: int64(p.Amount)}
}

func (f *FreezeBody) core(account string) *ledger.Freeze {
	return &ledger.Freeze{Account: account, What: freezeKinds.value(f.What, 0), Amount: int64(f.Amount)}
}

func (i *IssueBody) core(register string) *ledger.Issue {
	return &ledger.Issue{Register: register, Account: i.Account, Units: i.Units, Class: i.Class}
}

func (m *MoveBody) core(register string) *ledger.Move {
	return &ledger.Move{Register: register, From: m.From, To: m.To, Units: m.Units, Class: m.Class, Hold: ledger.Mark(m.Hold)}
}

// core: the ledger takes a cancel without an account for all units, which nobody should say by leaving something out.
func (c *CancelBody) core(register string) (*ledger.Cancel, error) {
	switch {
	case c.All && (c.Account != "" || c.Units != 0):
		return nil, errors.New("all: stands in place of account and units")
	case !c.All && c.Account == "":
		return nil, errors.New("account: is missing; say \"all\": true to cancel every unit of the register")
	}
	return &ledger.Cancel{Register: register, Account: c.Account, Units: c.Units}, nil
}

func (h *HoldUnitsBody) core(register string) *ledger.HoldUnits {
	return &ledger.HoldUnits{Register: register, Account: h.Account, Units: h.Units, Expiry: ledger.Instant(h.Expiry)}
}

func (d *DistributeBody) core(register string) *ledger.Distribute {
	amounts, deductions := parts(d.Amounts, d.Deductions)
	return &ledger.Distribute{Register: register, Payer: d.Payer, Amounts: amounts, Deductions: deductions}
}

func (c *Correct) core() *ledger.Correct {
	amounts, deductions := parts(c.Amounts, c.Deductions)
	return &ledger.Correct{
		Sequence: c.Sequence, Index: c.Operation, Payer: c.Payer, Amounts: amounts, Deductions: deductions,
		Mode: reverseModes.value(c.Mode, 0), Cover: c.Cover,
	}
}

// parts are amounts by tranche, and deductions, as the ledger has them.
func parts(from []Amount, taken []Deduction) (amounts []int64, deductions []ledger.Deduction) {
	for _, a := range from {
		amounts = append(amounts, int64(a))
	}
	for _, d := range taken {
		deductions = append(deductions, ledger.Deduction(d))
	}
	return amounts, deductions
}

// partsOf shows them.
func partsOf(from []int64, taken []ledger.Deduction) (amounts []Amount, deductions []Deduction) {
	for _, a := range from {
		amounts = append(amounts, Amount(a))
	}
	for _, d := range taken {
		deductions = append(deductions, Deduction(d))
	}
	return amounts, deductions
}

func (c *ClaimBody) core(register string) *ledger.Claim {
	return &ledger.Claim{Register: register, Holder: c.Holder, To: c.To, Amount: int64(c.Amount)}
}

func (r *Reverse) core() *ledger.Reverse {
	return &ledger.Reverse{Sequence: r.Sequence, Mode: reverseModes.value(r.Mode, 0), Cover: r.Cover}
}

func (r *ReverseLine) core() *ledger.ReverseLine {
	return &ledger.ReverseLine{Sequence: r.Sequence, Index: r.Operation, Account: r.Account, Mode: reverseModes.value(r.Mode, 0), Cover: r.Cover}
}

func (s *Settle) core() *ledger.Settle {
	return &ledger.Settle{Account: s.Account, Cover: s.Cover, Payer: s.Payer, Amount: int64(s.Amount)}
}

func (a *OpenAccount) core() *ledger.OpenAccount {
	constraint := ledger.Nonnegative
	if a.Constraint != "" {
		constraint = constraints.value(a.Constraint, 0)
	}
	return &ledger.OpenAccount{
		Address: a.Address, Asset: a.Asset, Side: sides.value(a.Side, 0), Type: accountTypes.value(a.Type, 0), Code: a.Code,
		Constraint: constraint,
	}
}

func (r *OpenRegister) core() *ledger.OpenRegister {
	return &ledger.OpenRegister{Address: r.Address, Asset: r.Asset, Cap: r.Cap, Tranches: r.Tranches, Unclaimed: r.Unclaimed}
}

// operationOf shows an operation of the journal.
func operationOf(op ledger.Operation) Operation {
	switch o := op.(type) {
	case *ledger.Transfer:
		return Operation{Transfer: &Transfer{
			Debit: o.Debit, Credit: o.Credit, Amount: Amount(o.Amount), Mode: transferModes.word(o.Mode), Received: o.Received,
		}}
	case *ledger.Hold:
		return Operation{Hold: &Hold{Debit: o.Debit, Credit: o.Credit, Amount: Amount(o.Amount), Expiry: Instant(o.Expiry)}}
	case *ledger.Post:
		return Operation{Post: &Post{Hold: Mark(o.Hold), PostBody: PostBody{Amount: Amount(o.Amount)}}}
	case *ledger.Void:
		return Operation{Void: &Void{Hold: Mark(o.Hold)}}
	case *ledger.Freeze:
		return Operation{Freeze: &Freeze{Account: o.Account, FreezeBody: FreezeBody{What: freezeKinds.word(o.What), Amount: Amount(o.Amount)}}}
	case *ledger.Unfreeze:
		return Operation{Unfreeze: &Unfreeze{Freeze: Mark(o.Freeze)}}
	case *ledger.Reverse:
		return Operation{Reverse: &Reverse{Sequence: o.Sequence, Mode: reverseModes.word(o.Mode), Cover: o.Cover}}
	case *ledger.ReverseLine:
		return Operation{ReverseLine: &ReverseLine{
			Sequence: o.Sequence, Operation: o.Index, Account: o.Account, Mode: reverseModes.word(o.Mode), Cover: o.Cover,
		}}
	case *ledger.Correct:
		amounts, deductions := partsOf(o.Amounts, o.Deductions)
		return Operation{Correct: &Correct{
			Sequence: o.Sequence, Operation: o.Index, Payer: o.Payer, Amounts: amounts, Deductions: deductions,
			Mode: reverseModes.word(o.Mode), Cover: o.Cover,
		}}
	case *ledger.Settle:
		return Operation{Settle: &Settle{Account: o.Account, Cover: o.Cover, Payer: o.Payer, Amount: Amount(o.Amount)}}
	}
	if shown, ok := unitsOf(op); ok {
		return shown
	}
	return settingOf(op)
}

func unitsOf(op ledger.Operation) (Operation, bool) {
	switch o := op.(type) {
	case *ledger.Issue:
		return Operation{Issue: &Issue{Register: o.Register, IssueBody: IssueBody{Account: o.Account, Units: o.Units, Class: o.Class}}}, true
	case *ledger.Move:
		return Operation{Move: &Move{Register: o.Register, MoveBody: MoveBody{
			From: o.From, To: o.To, Units: o.Units, Class: o.Class, Hold: Mark(o.Hold),
		}}}, true
	case *ledger.Cancel:
		return Operation{Cancel: &Cancel{Register: o.Register, CancelBody: CancelBody{
			Account: o.Account, Units: o.Units, All: o.Account == "",
		}}}, true
	case *ledger.HoldUnits:
		return Operation{HoldUnits: &HoldUnits{Register: o.Register, HoldUnitsBody: HoldUnitsBody{
			Account: o.Account, Units: o.Units, Expiry: Instant(o.Expiry),
		}}}, true
	case *ledger.Distribute:
		amounts, deductions := partsOf(o.Amounts, o.Deductions)
		return Operation{Distribute: &Distribute{Register: o.Register, DistributeBody: DistributeBody{
			Payer: o.Payer, Amounts: amounts, Deductions: deductions,
		}}}, true
	case *ledger.Claim:
		return Operation{Claim: &Claim{Register: o.Register, ClaimBody: ClaimBody{Holder: o.Holder, To: o.To, Amount: Amount(o.Amount)}}}, true
	}
	return Operation{}, false
}

func settingOf(op ledger.Operation) Operation {
	switch o := op.(type) {
	case *ledger.OpenAsset:
		return Operation{OpenAsset: &OpenAsset{Code: o.Code, Scale: o.Scale}}
	case *ledger.OpenAccount:
		return Operation{OpenAccount: &OpenAccount{
			Address: o.Address, Asset: o.Asset, Side: sides.word(o.Side), Type: accountTypes.word(o.Type), Code: o.Code,
			Constraint: constraints.word(o.Constraint),
		}}
	case *ledger.OpenRegister:
		return Operation{OpenRegister: &OpenRegister{
			Address: o.Address, Asset: o.Asset, Cap: o.Cap, Tranches: o.Tranches, Unclaimed: o.Unclaimed,
		}}
	case *ledger.Advance:
		return Operation{Advance: &Advance{To: Instant(o.To)}}
	case *ledger.Upgrade:
		return Operation{Upgrade: &Upgrade{Version: o.Version}}
	case *ledger.OpenLedger:
		return Operation{OpenLedger: &OpenLedger{
			Ledger: ID(o.Ledger), Zone: o.Zone, Clock: clockKinds.word(o.Clock), Start: Instant(o.Start), Shadow: o.Shadow,
		}}
	case *ledger.Lead:
		return Operation{Lead: &Lead{Epoch: o.Epoch, Node: ID(o.Node)}}
	case *ledger.Pulse:
		return Operation{Pulse: &Pulse{Limit: o.Limit}}
	}
	return Operation{}
}
