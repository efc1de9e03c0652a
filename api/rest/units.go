package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

type (
	registerInput struct {
		InLedger
		InKey
		Body struct {
			OpenRegister
			Envelope
		} `nameHint:"NewRegister"`
	}
	issueInput struct {
		InAddress
		InKey
		Body struct {
			IssueBody
			Envelope
		} `nameHint:"NewIssue"`
	}
	moveInput struct {
		InAddress
		InKey
		Body struct {
			MoveBody
			Envelope
		} `nameHint:"NewMove"`
	}
	cancelInput struct {
		InAddress
		InKey
		Body struct {
			CancelBody
			Envelope
		} `nameHint:"NewCancel"`
	}
	holdUnitsInput struct {
		InAddress
		InKey
		Body struct {
			HoldUnitsBody
			Envelope
		} `nameHint:"NewHoldOfUnits"`
	}
	distributeInput struct {
		InAddress
		InKey
		Body struct {
			DistributeBody
			Envelope
		} `nameHint:"NewDistribution"`
	}
	claimInput struct {
		InAddress
		InKey
		Body struct {
			ClaimBody
			Envelope
		} `nameHint:"NewClaim"`
	}
)

const registerPath = "/v1/ledgers/{ledger}/registers/{address}"

func (s *server) units(a huma.API) {
	huma.Register(a, write("open-register", "/v1/ledgers/{ledger}/registers", tagRegisters, "Open a register", ""),
		func(ctx context.Context, in *registerInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.OpenRegister.core(), nil)
		})
	huma.Register(a, write("issue", registerPath+"/issue", tagUnits, "Create units in a holder's name",
		"To take the money for them in the same stroke, send a command with a transfer and an issue."),
		func(ctx context.Context, in *issueInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.IssueBody.core(in.Address), registerInPath)
		})
	huma.Register(a, write("move", registerPath+"/move", tagUnits, "Give units to another holder", ""),
		func(ctx context.Context, in *moveInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.MoveBody.core(in.Address), registerInPath)
		})
	huma.Register(a, write("cancel", registerPath+"/cancel", tagUnits, "Destroy units of one holding, or all of the register", ""),
		func(ctx context.Context, in *cancelInput) (*commandOutput, error) {
			op, err := in.Body.CancelBody.core(in.Address)
			if err != nil {
				field, detail := faultField(0, err.Error(), inBody)
				return nil, s.fault(ctx, malformed, field, detail)
			}
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, op, registerInPath)
		})
	huma.Register(a, write("hold-units", registerPath+"/holds", tagUnits, "Reserve units of a holding",
		"The answer has the hold's mark, by which the units are moved or it is voided."),
		func(ctx context.Context, in *holdUnitsInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.HoldUnitsBody.core(in.Address), registerInPath)
		})
	huma.Register(a, write("distribute", registerPath+"/distributions", tagUnits, "Pay a register's holders pro rata by units",
		"One command, however many holders. The shares sum to the payment, and every holder's balance has its line when this is answered."),
		func(ctx context.Context, in *distributeInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.DistributeBody.core(in.Address), registerInPath)
		})
	huma.Register(a, write("claim", registerPath+"/claims", tagUnits, "Pay what lies unclaimed in a holder's name", ""),
		func(ctx context.Context, in *claimInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.ClaimBody.core(in.Address), registerInPath)
		})
}
