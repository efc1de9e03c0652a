package rest

import (
	"context"
	"encoding/base64"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/front/right"
)

// Checkpoint is a signed statement of a ledger's size, root and state digest.
type Checkpoint struct {
	Checkpoint string `json:"checkpoint" doc:"A signed note (C2SP tlog-checkpoint, Ed25519)"`
	Key        string `json:"key" doc:"The public key that checks it. Who wants to be sure keeps it from another source"`
}

// Proof shows that a command was applied with its result.
type Proof struct {
	Sequence   uint64   `json:"sequence" doc:"Of the command"`
	Record     []byte   `json:"record" doc:"The command's bytes as the journal holds them"`
	Result     []byte   `json:"result" doc:"The result's canonical bytes"`
	Path       []string `json:"path" doc:"From the leaf up: RFC 6962's audit path"`
	Checkpoint string   `json:"checkpoint" doc:"The signed note to whose root it leads"`
}

// Extension shows that a checkpoint extends an older one.
type Extension struct {
	Old  string   `json:"old" doc:"The older signed note"`
	New  string   `json:"new" doc:"The newest one"`
	Path []string `json:"path" doc:"RFC 6962's consistency proof"`
}

type (
	checkpointOutput struct{ Body Checkpoint }
	proofInput       struct {
		InLedger
		Sequence uint64 `path:"sequence" minimum:"1" doc:"Sequence of the command" example:"1042"`
	}
	proofOutput    struct{ Body Proof }
	extensionInput struct {
		InLedger
		Body struct {
			Checkpoint string `json:"checkpoint" minLength:"1" maxLength:"8192" doc:"The older signed note"`
		} `nameHint:"ExtensionQuery"`
	}
	extensionOutput struct{ Body Extension }
)

func (s *server) proofs(a huma.API) {
	huma.Register(a, read("get-checkpoint", "/v1/ledgers/{ledger}/checkpoint", tagProofs, "Give the newest signed checkpoint"),
		func(ctx context.Context, in *InLedger) (*checkpointOutput, error) {
			note, err := s.node.Checkpoint(ctx, in.Ledger)
			if err != nil {
				return nil, s.problem(ctx, err)
			}
			key, err := s.node.Key(ctx, in.Ledger)
			if err != nil {
				return nil, s.problem(ctx, err)
			}
			return &checkpointOutput{Body: Checkpoint{Checkpoint: string(note), Key: key}}, nil
		})
	huma.Register(a, read("prove-command", "/v1/ledgers/{ledger}/commands/{sequence}/proof", tagProofs,
		"Prove that a command was applied with its result"),
		func(ctx context.Context, in *proofInput) (*proofOutput, error) {
			p, err := s.node.Prove(ctx, in.Ledger, in.Sequence)
			if err != nil {
				return nil, s.problem(ctx, err)
			}
			return &proofOutput{Body: Proof{
				Sequence: p.Sequence, Record: p.Record, Result: p.Result, Path: convert(p.Path, hash), Checkpoint: p.Checkpoint,
			}}, nil
		})
	huma.Register(a, inLedger(right.LedgerRead, huma.Operation{
		OperationID: "prove-extension", Method: http.MethodPost, Path: "/v1/ledgers/{ledger}/checkpoint/extension", Tags: []string{tagProofs},
		Summary: "Prove that the newest checkpoint extends an older one", MaxBodyBytes: smallBody,
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable},
	}), func(ctx context.Context, in *extensionInput) (*extensionOutput, error) {
		x, err := s.node.ProveExtension(ctx, in.Ledger, []byte(in.Body.Checkpoint))
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &extensionOutput{Body: Extension{Old: x.Old, New: x.New, Path: convert(x.Path, hash)}}, nil
	})
}

func hash(h proof.Hash) string { return base64.StdEncoding.EncodeToString(h[:]) }
