package play

import (
	"encoding/binary"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
)

func transfer(debit, credit string, amount int64) *pb.Operation {
	return &pb.Operation{Operation: &pb.Operation_Transfer{Transfer: &pb.Transfer{Debit: debit, Credit: credit, Amount: amount}}}
}

// transferAll moves what the debit account has.
func transferAll(debit, credit string) *pb.Operation {
	const more = 1_000_000_000_000 // than anybody has
	op := transfer(debit, credit, more)
	op.GetTransfer().Mode = pb.TransferMode_TRANSFER_MODE_AT_MOST
	return op
}

func openAccount(address string, a *Account) *pb.Operation {
	return &pb.Operation{Operation: &pb.Operation_OpenAccount{OpenAccount: &pb.OpenAccount{
		Address: address, Asset: Asset, Side: a.Side, Type: a.Type, Code: a.Code, Constraint: a.Constraint,
	}}}
}

func openRegister(address string, most int64) *pb.Operation {
	return &pb.Operation{Operation: &pb.Operation_OpenRegister{OpenRegister: &pb.OpenRegister{
		Address: address, Asset: Asset, Cap: uint64(most), Tranches: []string{"interest", "principal"}, Unclaimed: Unclaimed,
	}}}
}

func distribute(register, payer string, interest, principal int64) *pb.Operation {
	return &pb.Operation{Operation: &pb.Operation_Distribute{Distribute: &pb.Distribute{
		Register: register, Payer: payer, Amounts: []int64{interest, principal},
	}}}
}

func move(register, from, to string, units int64) *pb.Operation {
	return &pb.Operation{Operation: &pb.Operation_Move{Move: &pb.Move{Register: register, From: from, To: to, Units: uint64(units)}}}
}

func freezeCredits(account string) *pb.Operation {
	return &pb.Operation{Operation: &pb.Operation_Freeze{Freeze: &pb.Freeze{Account: account, What: pb.FreezeKind_FREEZE_KIND_CREDITS}}}
}

func reverse(sequence uint64) *pb.Operation {
	return &pb.Operation{Operation: &pb.Operation_Reverse{Reverse: &pb.Reverse{
		Sequence: sequence, Mode: pb.ReverseMode_REVERSE_MODE_AT_MOST,
	}}}
}

func command(purpose uint32, operations ...*pb.Operation) *pb.Command {
	return &pb.Command{Purpose: purpose, Operations: operations}
}

// referenceInstallment is the type of the reference by which a payment's commands are found: loan and installment.
const referenceInstallment = 1

func installment(loan, number int) []*pb.Reference {
	value := make([]byte, 16)
	binary.BigEndian.PutUint64(value, uint64(loan))
	binary.BigEndian.PutUint64(value[8:], uint64(number))
	return []*pb.Reference{{Type: referenceInstallment, Value: value}}
}
