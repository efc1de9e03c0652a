package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
)

type (
	transferInput struct {
		InLedger
		InKey
		Body struct {
			Transfer
			Envelope
		} `nameHint:"NewTransfer"`
	}
	holdInput struct {
		InLedger
		InKey
		Body struct {
			Hold
			Envelope
		} `nameHint:"NewHold"`
	}
	postInput struct {
		InMark
		InKey
		Body struct {
			PostBody
			Envelope
		} `nameHint:"NewPost"`
	}
	markInput struct {
		InMark
		InKey
		Body *Envelope
	}
	freezeInput struct {
		InAddress
		InKey
		Body struct {
			FreezeBody
			Envelope
		} `nameHint:"NewFreeze"`
	}
	reverseInput struct {
		InLedger
		InKey
		Body struct {
			Reverse
			Envelope
		} `nameHint:"NewReversal"`
	}
	correctInput struct {
		InLedger
		InKey
		Body struct {
			Correct
			Envelope
		} `nameHint:"NewDifference"`
	}
	settleInput struct {
		InLedger
		InKey
		Body struct {
			Settle
			Envelope
		} `nameHint:"NewSettlement"`
	}
	reverseLineInput struct {
		InLedger
		InKey
		Body struct {
			ReverseLine
			Envelope
		} `nameHint:"NewLineReversal"`
	}
)

// Fields that a path names.
var (
	holdInPath     = map[string]string{"hold": "path.mark"}
	freezeInPath   = map[string]string{"freeze": "path.mark"}
	accountInPath  = map[string]string{"account": "path.address"}
	registerInPath = map[string]string{"register": "path.address"}
)

func (s *server) operations(a huma.API) {
	huma.Register(a, write("transfer", "/v1/ledgers/{ledger}/transfers", tagMoney, "Move money between two accounts", ""),
		func(ctx context.Context, in *transferInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.Transfer.core(), nil)
		})
	huma.Register(a, write("hold", "/v1/ledgers/{ledger}/holds", tagMoney, "Reserve money",
		"The answer has the hold's mark, by which it is posted or voided."),
		func(ctx context.Context, in *holdInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.Hold.core(), nil)
		})
	huma.Register(a, write("post-hold", "/v1/ledgers/{ledger}/holds/{mark}/post", tagMoney, "Make a hold effective, in full or in part",
		"What is not posted is released; the hold ends."),
		func(ctx context.Context, in *postInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.PostBody.core(ledger.Mark(in.Mark)), holdInPath)
		})
	huma.Register(a, write("void-hold", "/v1/ledgers/{ledger}/holds/{mark}/void", tagMoney, "End a hold of money or units without effect", ""),
		func(ctx context.Context, in *markInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, in.envelope(), &ledger.Void{Hold: ledger.Mark(in.Mark)}, holdInPath)
		})
	huma.Register(a, write("freeze", "/v1/ledgers/{ledger}/accounts/{address}/freezes", tagMoney,
		"Stop an account's debits, credits, both, or an amount of it",
		"The answer has the freeze's mark, by which it is ended. Freezes are counted: what is stopped twice goes on after both ended, and amounts add up."),
		func(ctx context.Context, in *freezeInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.FreezeBody.core(in.Address), accountInPath)
		})
	huma.Register(a, write("unfreeze", "/v1/ledgers/{ledger}/freezes/{mark}/end", tagMoney, "End a freeze", ""),
		func(ctx context.Context, in *markInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, in.envelope(), &ledger.Unfreeze{Freeze: ledger.Mark(in.Mark)}, freezeInPath)
		})
	huma.Register(a, write("reverse", "/v1/ledgers/{ledger}/reversals", tagMoney, "Undo an earlier command",
		"Transfers, posts of holds and distributions can be undone; the others have their opposite. The answer lists what could not be given back."),
		func(ctx context.Context, in *reverseInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.Reverse.core(), nil)
		})
	huma.Register(a, write("reverse-line", "/v1/ledgers/{ledger}/reversals/lines", tagMoney, "Undo one holder's line of a distribution",
		"For distributions to registers whose units have changed since."),
		func(ctx context.Context, in *reverseLineInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.ReverseLine.core(), nil)
		})
	huma.Register(a, write("correct", "/v1/ledgers/{ledger}/reversals/differences", tagMoney, "Pay or take a difference to those who got a distribution",
		"By the units that they had then, also when these have changed since. The answer lists what could not be given back."),
		func(ctx context.Context, in *correctInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.Correct.core(), nil)
		})
	huma.Register(a, write("settle", "/v1/ledgers/{ledger}/settlements", tagMoney, "Pay what an account owes to a cover account",
		"The account itself can pay, somebody who stands in for it, or, to write the debt off, the account that bears the loss."),
		func(ctx context.Context, in *settleInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.Settle.core(), nil)
		})
}

// envelope: the body may be left out when there is nothing to say.
func (in *markInput) envelope() *Envelope {
	if in.Body == nil {
		return &Envelope{}
	}
	return in.Body
}
