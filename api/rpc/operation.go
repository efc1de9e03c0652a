package rpc

import (
	"errors"
	"fmt"
	"math"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/core/ledger"
)

var errNoOperation = errors.New("operation: none of the known ones is set")

// operationOf makes a ledger's operation of a message. The error names the field that has no place in the ledger's
// type; what Command.Check sees is left to it.
func operationOf(m *pb.Operation) (ledger.Operation, error) {
	switch o := m.GetOperation().(type) {
	case *pb.Operation_Transfer:
		t := o.Transfer
		return &ledger.Transfer{
			Debit: t.GetDebit(), Credit: t.GetCredit(), Mode: transferMode(t.GetMode()), Amount: t.GetAmount(), Received: t.GetReceived(),
		}, nil
	case *pb.Operation_Hold:
		h := o.Hold
		return &ledger.Hold{Debit: h.GetDebit(), Credit: h.GetCredit(), Amount: h.GetAmount(), Expiry: ledger.Instant(h.GetExpiry())}, nil
	case *pb.Operation_Post:
		hold, err := markOf("post: hold", o.Post.GetHold())
		return &ledger.Post{Hold: hold, Amount: o.Post.GetAmount()}, err
	case *pb.Operation_Void:
		hold, err := markOf("void: hold", o.Void.GetHold())
		return &ledger.Void{Hold: hold}, err
	case *pb.Operation_Freeze:
		f := o.Freeze
		return &ledger.Freeze{Account: f.GetAccount(), What: ledger.FreezeKind(enum(f.GetWhat())), Amount: f.GetAmount()}, nil
	case *pb.Operation_Unfreeze:
		freeze, err := markOf("unfreeze: freeze", o.Unfreeze.GetFreeze())
		return &ledger.Unfreeze{Freeze: freeze}, err
	case *pb.Operation_Issue:
		i := o.Issue
		class, err := small[uint8]("issue: class", i.GetClass())
		return &ledger.Issue{Register: i.GetRegister(), Account: i.GetAccount(), Units: i.GetUnits(), Class: class}, err
	case *pb.Operation_Move:
		return moveOf(o.Move)
	case *pb.Operation_Cancel:
		return &ledger.Cancel{Register: o.Cancel.GetRegister(), Account: o.Cancel.GetAccount(), Units: o.Cancel.GetUnits()}, nil
	case *pb.Operation_HoldUnits:
		h := o.HoldUnits
		return &ledger.HoldUnits{Register: h.GetRegister(), Account: h.GetAccount(), Units: h.GetUnits(), Expiry: ledger.Instant(h.GetExpiry())}, nil
	case *pb.Operation_Distribute:
		return distributeOf(o.Distribute)
	case *pb.Operation_Claim:
		c := o.Claim
		return &ledger.Claim{Register: c.GetRegister(), Holder: c.GetHolder(), To: c.GetTo(), Amount: c.GetAmount()}, nil
	case *pb.Operation_Reverse:
		r := o.Reverse
		return &ledger.Reverse{Sequence: r.GetSequence(), Mode: ledger.ReverseMode(enum(r.GetMode())), Cover: r.GetCover()}, nil
	case *pb.Operation_ReverseLine:
		r := o.ReverseLine
		index, err := small[uint16]("reverse_line: operation", r.GetOperation())
		return &ledger.ReverseLine{
			Sequence: r.GetSequence(), Index: index, Account: r.GetAccount(), Mode: ledger.ReverseMode(enum(r.GetMode())), Cover: r.GetCover(),
		}, err
	case *pb.Operation_Correct:
		return correctOf(o.Correct)
	case *pb.Operation_Settle:
		s := o.Settle
		return &ledger.Settle{Account: s.GetAccount(), Cover: s.GetCover(), Payer: s.GetPayer(), Amount: s.GetAmount()}, nil
	}
	return settingOf(m)
}

// settingOf makes the operations that set up a ledger or move its clock.
func settingOf(m *pb.Operation) (ledger.Operation, error) {
	switch o := m.GetOperation().(type) {
	case *pb.Operation_OpenAsset:
		scale, err := small[uint8]("open_asset: scale", o.OpenAsset.GetScale())
		return &ledger.OpenAsset{Code: o.OpenAsset.GetCode(), Scale: scale}, err
	case *pb.Operation_OpenAccount:
		a := o.OpenAccount
		return &ledger.OpenAccount{
			Address: a.GetAddress(), Asset: a.GetAsset(), Side: ledger.Side(enum(a.GetSide())), Type: ledger.AccountType(enum(a.GetType())),
			Code: a.GetCode(), Constraint: ledger.Constraint(enum(a.GetConstraint())),
		}, nil
	case *pb.Operation_OpenRegister:
		r := o.OpenRegister
		return &ledger.OpenRegister{
			Address: r.GetAddress(), Asset: r.GetAsset(), Cap: r.GetCap(), Tranches: r.GetTranches(), Unclaimed: r.GetUnclaimed(),
		}, nil
	case *pb.Operation_Advance:
		return &ledger.Advance{To: ledger.Instant(o.Advance.GetTo())}, nil
	case *pb.Operation_Upgrade:
		version, err := small[uint16]("upgrade: version", o.Upgrade.GetVersion())
		return &ledger.Upgrade{Version: version}, err
	case *pb.Operation_OpenLedger, *pb.Operation_Lead, *pb.Operation_Pulse:
		return nil, errors.New("operation: open_ledger, lead and pulse are written by the sequencer alone")
	}
	return nil, errNoOperation
}

func moveOf(m *pb.Move) (*ledger.Move, error) {
	class, err := small[uint8]("move: class", m.GetClass())
	move := &ledger.Move{Register: m.GetRegister(), From: m.GetFrom(), To: m.GetTo(), Units: m.GetUnits(), Class: class}
	if err == nil && m.GetHold() != nil {
		move.Hold, err = markOf("move: hold", m.GetHold())
	}
	return move, err
}

func distributeOf(d *pb.Distribute) (*ledger.Distribute, error) {
	deductions, err := deductionsOf("distribute", d.GetDeductions())
	return &ledger.Distribute{Register: d.GetRegister(), Payer: d.GetPayer(), Amounts: d.GetAmounts(), Deductions: deductions}, err
}

func correctOf(c *pb.Correct) (*ledger.Correct, error) {
	out := &ledger.Correct{
		Sequence: c.GetSequence(), Payer: c.GetPayer(), Amounts: c.GetAmounts(), Mode: ledger.ReverseMode(enum(c.GetMode())), Cover: c.GetCover(),
	}
	var err error
	if out.Index, err = small[uint16]("correct: operation", c.GetOperation()); err == nil {
		out.Deductions, err = deductionsOf("correct", c.GetDeductions())
	}
	return out, err
}

func deductionsOf(kind string, from []*pb.Deduction) (list []ledger.Deduction, err error) {
	if n := len(from); n > ledger.MaxDeductions {
		return nil, fmt.Errorf("%s: deductions: %d, at most %d are allowed", kind, n, ledger.MaxDeductions)
	}
	for i, d := range from {
		tranche, err := small[uint8]("tranche", d.GetTranche())
		class, err2 := small[uint8]("class", d.GetClass())
		if err = errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("%s: deductions[%d].%w", kind, i, err)
		}
		list = append(list, ledger.Deduction{Tranche: tranche, Class: class, Rate: d.GetRate(), Account: d.GetAccount()})
	}
	return list, nil
}

func markOf(field string, m *pb.Mark) (mark ledger.Mark, err error) {
	if mark.Index, err = small[uint16](field+".operation", m.GetOperation()); err != nil {
		return mark, err
	}
	return mark, readID(field+".command", m.GetCommand(), &mark.Command)
}

// small refuses a number that its field in the ledger can't hold.
func small[T uint8 | uint16](field string, v uint32) (T, error) {
	if uint32(T(v)) != v {
		return 0, fmt.Errorf("%s: %d is above %d", field, v, ^T(0))
	}
	return T(v), nil
}

// enum keeps an unknown number unknown when it is cut to a byte.
func enum[E ~int32](v E) uint8 {
	if v < 0 || v > math.MaxUint8 {
		return math.MaxUint8
	}
	return uint8(v)
}

// transferMode: most transfers are exact and say nothing of it.
func transferMode(m pb.TransferMode) ledger.TransferMode {
	if m == pb.TransferMode_TRANSFER_MODE_UNSPECIFIED {
		return ledger.Exact
	}
	return ledger.TransferMode(enum(m))
}
