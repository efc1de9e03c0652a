package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
)

// Register is a register as it stands now.
type Register struct {
	Address   string         `json:"address" example:"listing:7"`
	Asset     string         `json:"asset" example:"CNY"`
	Cap       uint64         `json:"cap" doc:"Most units it may have"`
	Units     uint64         `json:"units" doc:"Units that there are"`
	Tranches  []TrancheState `json:"tranches"`
	Unclaimed string         `json:"unclaimed" doc:"Account for lines that no holder's account can take"`
	Holdings  uint32         `json:"holdings" doc:"How many there ever were"`
	Payouts   uint64         `json:"payouts" doc:"Distributions and undoings of distributions"`
	Changed   uint64         `json:"changed" doc:"Sequence of the last change of units"`
}

// TrancheState is what a register keeps for one tranche.
type TrancheState struct {
	Name      string `json:"name" example:"principal"`
	Remainder Carry  `json:"remainder" doc:"What divisions left"`
}

func registerOf(r ledger.RegisterState) Register {
	return Register{
		Address: r.Address, Asset: r.Asset, Cap: r.Cap, Units: r.Units, Unclaimed: r.Unclaimed, Holdings: r.Holdings,
		Payouts: r.Payouts, Changed: r.Changed,
		Tranches: convert(r.Tranches, func(t ledger.TrancheState) TrancheState {
			return TrancheState{Name: t.Name, Remainder: Carry(t.Rem)}
		}),
	}
}

// Holding is what an account holds in a register.
type Holding struct {
	Register  string  `json:"register" example:"listing:7"`
	Account   string  `json:"account" example:"investor:42:cash"`
	Holder    uint32  `json:"holder" doc:"Holder number in the register, from 0; it is never used again"`
	Class     uint8   `json:"class" doc:"Deduction class"`
	Units     uint64  `json:"units" doc:"Units that it has, held ones too"`
	Held      uint64  `json:"held" doc:"Units in open holds"`
	Unclaimed Amount  `json:"unclaimed" doc:"Lies in the register's unclaimed account in his name"`
	Shares    []Share `json:"shares" doc:"By tranche"`
}

// Share is what a holding was paid and is still owed, exactly.
type Share struct {
	Paid  Amount `json:"paid" doc:"Sum of his lines, before deductions"`
	Carry Carry  `json:"carry" doc:"What he earned beyond that"`
}

func holdingOf(h ledger.HoldingState) Holding {
	out := Holding{
		Register: h.Register, Account: h.Account, Holder: h.Holder, Class: h.Class, Units: h.Units, Held: h.Held,
		Unclaimed: Amount(h.Unclaimed), Shares: make([]Share, 0, len(h.Rows)),
	}
	for i := range h.Rows {
		out.Shares = append(out.Shares, Share{Paid: Amount(h.Rows[i].Paid), Carry: Carry(h.Rows[i].Carry)})
	}
	return out
}

type (
	listInput struct {
		InLedger
		InPage
	}
	pageInput struct {
		InAddress
		InPage
	}
	registersOutput struct {
		Body struct {
			Registers []Register `json:"registers" doc:"In the order of opening"`
			Next
		}
	}
	registerOutput struct{ Body Register }
	holdersOutput  struct {
		Body struct {
			Holders []Holding `json:"holders" doc:"By holder number, those without units too"`
			Next
		}
	}
	holdingsOutput struct {
		Body struct {
			Holdings []Holding `json:"holdings" doc:"Newest first"`
			Next
		}
	}
)

func (s *server) registers(a huma.API) {
	huma.Register(a, read("list-registers", "/v1/ledgers/{ledger}/registers", tagRegisters, "List registers"), s.listRegisters)
	huma.Register(a, read("get-register", registerPath, tagRegisters, "Tell what a register is and has"), s.getRegister)
	huma.Register(a, read("list-holders", registerPath+"/holders", tagRegisters, "List who holds units of a register"), s.listHolders)
	huma.Register(a, read("list-holdings", accountPath+"/holdings", tagRegisters, "List where an account holds units"), s.listHoldings)
}

func (s *server) listRegisters(ctx context.Context, in *listInput) (*registersOutput, error) {
	after, err := s.number(ctx, listOfRegisters, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, err := s.node.Registers(ctx, in.Ledger, uint32(after), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &registersOutput{}
	out.Body.Registers = convert(list, registerOf)
	out.Body.Next.Next = numberCursor(listOfRegisters, uint64(next))
	return out, nil
}

func (s *server) getRegister(ctx context.Context, in *InAddress) (*registerOutput, error) {
	state, err := s.node.Register(ctx, in.Ledger, in.Address)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &registerOutput{Body: registerOf(state)}, nil
}

func (s *server) listHolders(ctx context.Context, in *pageInput) (*holdersOutput, error) {
	from, err := s.number(ctx, listOfHolders, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, err := s.node.Holders(ctx, in.Ledger, in.Address, uint32(from), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &holdersOutput{}
	out.Body.Holders = convert(list, holdingOf)
	out.Body.Next.Next = numberCursor(listOfHolders, uint64(next))
	return out, nil
}

func (s *server) listHoldings(ctx context.Context, in *pageInput) (*holdingsOutput, error) {
	after, err := s.place(ctx, listOfHoldings, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, more, err := s.node.Holdings(ctx, in.Ledger, in.Address, string(after), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &holdingsOutput{}
	out.Body.Holdings = convert(list, holdingOf)
	if more && len(list) > 0 {
		out.Body.Next.Next = cursor(listOfHoldings, []byte(list[len(list)-1].Register))
	}
	return out, nil
}
