package rpc

import (
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/core/ledger"
)

// Message makes the message of a command.
func Message(c *ledger.Command) *pb.Command {
	m := &pb.Command{
		Id: c.ID[:], Purpose: c.Purpose, Effective: int32(c.Effective),
		Actor: idFrom(&c.Actor), Behalf: idFrom(&c.Behalf), Approval: idFrom(&c.Approval), Trace: idFrom(&c.Trace),
	}
	for i := range c.References {
		m.References = append(m.References, &pb.Reference{Type: uint32(c.References[i].Type), Value: c.References[i].Value[:]})
	}
	for _, op := range c.Operations {
		m.Operations = append(m.Operations, operationFrom(op))
	}
	return m
}

func idFrom(id *ledger.ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

func markFrom(m *ledger.Mark) *pb.Mark {
	if m.IsZero() {
		return nil
	}
	return &pb.Mark{Command: m.Command[:], Operation: uint32(m.Index)}
}

// operationFrom makes the message of an operation, the sequencer's own too.
func operationFrom(op ledger.Operation) *pb.Operation {
	switch o := op.(type) {
	case *ledger.Transfer:
		return &pb.Operation{Operation: &pb.Operation_Transfer{Transfer: &pb.Transfer{
			Debit: o.Debit, Credit: o.Credit, Amount: o.Amount, Mode: pb.TransferMode(o.Mode), Received: o.Received,
		}}}
	case *ledger.Hold:
		return &pb.Operation{Operation: &pb.Operation_Hold{Hold: &pb.Hold{
			Debit: o.Debit, Credit: o.Credit, Amount: o.Amount, Expiry: int64(o.Expiry),
		}}}
	case *ledger.Post:
		return &pb.Operation{Operation: &pb.Operation_Post{Post: &pb.Post{Hold: markFrom(&o.Hold), Amount: o.Amount}}}
	case *ledger.Void:
		return &pb.Operation{Operation: &pb.Operation_Void{Void: &pb.Void{Hold: markFrom(&o.Hold)}}}
	case *ledger.Freeze:
		return &pb.Operation{Operation: &pb.Operation_Freeze{Freeze: &pb.Freeze{
			Account: o.Account, What: pb.FreezeKind(o.What), Amount: o.Amount,
		}}}
	case *ledger.Unfreeze:
		return &pb.Operation{Operation: &pb.Operation_Unfreeze{Unfreeze: &pb.Unfreeze{Freeze: markFrom(&o.Freeze)}}}
	case *ledger.Reverse:
		return &pb.Operation{Operation: &pb.Operation_Reverse{Reverse: &pb.Reverse{
			Sequence: o.Sequence, Mode: pb.ReverseMode(o.Mode), Cover: o.Cover,
		}}}
	case *ledger.ReverseLine:
		return &pb.Operation{Operation: &pb.Operation_ReverseLine{ReverseLine: &pb.ReverseLine{
			Sequence: o.Sequence, Operation: uint32(o.Index), Account: o.Account, Mode: pb.ReverseMode(o.Mode), Cover: o.Cover,
		}}}
	case *ledger.Correct:
		return &pb.Operation{Operation: &pb.Operation_Correct{Correct: &pb.Correct{
			Sequence: o.Sequence, Operation: uint32(o.Index), Payer: o.Payer, Amounts: o.Amounts, Deductions: deductionsFrom(o.Deductions),
			Mode: pb.ReverseMode(o.Mode), Cover: o.Cover,
		}}}
	case *ledger.Settle:
		return &pb.Operation{Operation: &pb.Operation_Settle{Settle: &pb.Settle{
			Account: o.Account, Cover: o.Cover, Payer: o.Payer, Amount: o.Amount,
		}}}
	}
	if m := unitsFrom(op); m != nil {
		return m
	}
	return settingFrom(op)
}

func unitsFrom(op ledger.Operation) *pb.Operation {
	switch o := op.(type) {
	case *ledger.Issue:
		return &pb.Operation{Operation: &pb.Operation_Issue{Issue: &pb.Issue{
			Register: o.Register, Account: o.Account, Units: o.Units, Class: uint32(o.Class),
		}}}
	case *ledger.Move:
		return &pb.Operation{Operation: &pb.Operation_Move{Move: &pb.Move{
			Register: o.Register, From: o.From, To: o.To, Units: o.Units, Class: uint32(o.Class), Hold: markFrom(&o.Hold),
		}}}
	case *ledger.Cancel:
		return &pb.Operation{Operation: &pb.Operation_Cancel{Cancel: &pb.Cancel{Register: o.Register, Account: o.Account, Units: o.Units}}}
	case *ledger.HoldUnits:
		return &pb.Operation{Operation: &pb.Operation_HoldUnits{HoldUnits: &pb.HoldUnits{
			Register: o.Register, Account: o.Account, Units: o.Units, Expiry: int64(o.Expiry),
		}}}
	case *ledger.Claim:
		return &pb.Operation{Operation: &pb.Operation_Claim{Claim: &pb.Claim{
			Register: o.Register, Holder: o.Holder, To: o.To, Amount: o.Amount,
		}}}
	case *ledger.Distribute:
		return &pb.Operation{Operation: &pb.Operation_Distribute{Distribute: &pb.Distribute{
			Register: o.Register, Payer: o.Payer, Amounts: o.Amounts, Deductions: deductionsFrom(o.Deductions),
		}}}
	}
	return nil
}

func deductionsFrom(from []ledger.Deduction) (list []*pb.Deduction) {
	for _, d := range from {
		list = append(list, &pb.Deduction{Tranche: uint32(d.Tranche), Class: uint32(d.Class), Rate: d.Rate, Account: d.Account})
	}
	return list
}

func settingFrom(op ledger.Operation) *pb.Operation {
	switch o := op.(type) {
	case *ledger.OpenAsset:
		return &pb.Operation{Operation: &pb.Operation_OpenAsset{OpenAsset: &pb.OpenAsset{Code: o.Code, Scale: uint32(o.Scale)}}}
	case *ledger.OpenAccount:
		return &pb.Operation{Operation: &pb.Operation_OpenAccount{OpenAccount: &pb.OpenAccount{
			Address: o.Address, Asset: o.Asset, Side: pb.Side(o.Side), Type: pb.AccountType(o.Type), Code: o.Code,
			Constraint: pb.Constraint(o.Constraint),
		}}}
	case *ledger.OpenRegister:
		return &pb.Operation{Operation: &pb.Operation_OpenRegister{OpenRegister: &pb.OpenRegister{
			Address: o.Address, Asset: o.Asset, Cap: o.Cap, Tranches: o.Tranches, Unclaimed: o.Unclaimed,
		}}}
	case *ledger.Advance:
		return &pb.Operation{Operation: &pb.Operation_Advance{Advance: &pb.Advance{To: int64(o.To)}}}
	case *ledger.Upgrade:
		return &pb.Operation{Operation: &pb.Operation_Upgrade{Upgrade: &pb.Upgrade{Version: uint32(o.Version)}}}
	case *ledger.OpenLedger:
		return &pb.Operation{Operation: &pb.Operation_OpenLedger{OpenLedger: &pb.OpenLedger{
			Ledger: o.Ledger[:], Zone: o.Zone, Clock: pb.ClockKind(o.Clock), Start: int64(o.Start), Shadow: o.Shadow,
		}}}
	case *ledger.Lead:
		return &pb.Operation{Operation: &pb.Operation_Lead{Lead: &pb.Lead{Epoch: o.Epoch, Node: o.Node[:]}}}
	case *ledger.Pulse:
		return &pb.Operation{Operation: &pb.Operation_Pulse{Pulse: &pb.Pulse{Limit: uint32(o.Limit)}}}
	}
	return &pb.Operation{}
}
