package rest

import (
	"context"
	"fmt"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

type (
	commandInput struct {
		InLedger
		Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Instead of the command's id: a UUIDv7, or any string of up to 255 visible ASCII characters" example:"bid-4711"`
		Body Command
	}
	batchInput struct {
		InLedger
		Body struct {
			Commands []Command `json:"commands" minItems:"1" maxItems:"1024" doc:"Independent of each other; each needs its id"`
		} `nameHint:"Batch"`
	}
	batchOutput struct {
		Body struct {
			Results []Result `json:"results" doc:"In the order of the commands"`
		} `nameHint:"BatchResult"`
	}
	findInput struct {
		InLedger
		Command string `path:"command" maxLength:"36" pattern:"^([1-9][0-9]{0,18}|[0-9a-fA-F-]{36})$" patternDescription:"a sequence or a command's id" doc:"Its sequence or its id" example:"1042"`
	}
	recordedOutput struct{ Body Recorded }
	journalInput   struct {
		InLedger
		From  uint64 `query:"from" minimum:"1" default:"1" doc:"The first sequence wanted"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Most items of the page"`
	}
	journalOutput struct {
		Body struct {
			Commands []Recorded `json:"commands"`
		}
	}
)

// Recorded is a command as the journal has it, with its result.
type Recorded struct {
	Command Command `json:"command"`
	Result  Result  `json:"result"`
}

func recordedOf(r api.Recorded) Recorded {
	return Recorded{
		Command: commandOf(r.Command),
		Result:  resultOf(r.Command.ID, &api.Answer{Result: r.Result}, r.Command.Operations),
	}
}

func (s *server) commands(a huma.API) {
	full := write("apply-command", "/v1/ledgers/{ledger}/commands", tagCommands, "Apply a command: operations that all succeed or all fail",
		"Operations take effect in their order; each sees what the ones before it left. The first that fails refuses the command, "+
			"and nothing has changed. The answer to a refusal is a problem; one with a `sequence` was journaled and its id is used up.")
	full.MaxBodyBytes, full.BodyReadTimeout = api.MaxBody, bodyTime
	huma.Register(a, full, s.applyCommand)
	batch := write("apply-batch", "/v1/ledgers/{ledger}/batches", tagCommands, "Apply up to 1,024 commands, each for itself",
		"The commands are independent: each has its own result, and a refused one does not hold up the others. The answer comes when all are durable.")
	batch.MaxBodyBytes, batch.BodyReadTimeout = api.MaxBody, bodyTime
	huma.Register(a, batch, s.applyBatch)
	huma.Register(a, read("list-commands", "/v1/ledgers/{ledger}/commands", tagCommands, "Read the journal from a sequence on"), s.listCommands)
	huma.Register(a, read("get-command", "/v1/ledgers/{ledger}/commands/{command}", tagCommands, "Find a command by its sequence or its id"), s.getCommand)
}

func (s *server) applyCommand(ctx context.Context, in *commandInput) (*commandOutput, error) {
	own := id.ID(in.Body.ID)
	if in.Key != "" {
		keyed, err := api.KeyID(api.CallOf(ctx).Principal.ID(), in.Key)
		if err != nil {
			return nil, s.fault(ctx, keyMissing, "header.Idempotency-Key", err.Error())
		}
		if !own.IsZero() && own != id.ID(keyed) {
			return nil, s.fault(ctx, keyMismatch, "body.id", "is not the id that the header Idempotency-Key stands for; send one of them")
		}
		own = id.ID(keyed)
	}
	if own.IsZero() {
		return nil, s.fault(ctx, keyMissing, "body.id", "is missing: give the command an id, or the request an Idempotency-Key")
	}
	if err := own.CheckNew(); err != nil && in.Key == "" {
		return nil, s.fault(ctx, malformed, "body.id", err.Error())
	}
	path := inOperations("body")
	c, refused := in.Body.command(ledger.ID(own), api.CallOf(ctx).Trace)
	if refused != nil {
		p := refusal(ledger.ID(own), &api.Answer{Result: ledger.Result{Code: refused.Code, Index: refused.Index}, Why: refused.Why}, path)
		p.Request = requestID(ctx)
		return nil, p
	}
	return s.apply(ctx, in.Ledger, c, path)
}

func (s *server) applyBatch(ctx context.Context, in *batchInput) (*batchOutput, error) {
	list := in.Body.Commands
	commands, refused := make([]*ledger.Command, len(list)), make([]*ledger.Refusal, len(list))
	for i := range list {
		if list[i].ID.IsZero() {
			return nil, s.fault(ctx, keyMissing, fmt.Sprintf("body.commands[%d].id", i), "is missing: every command of a batch needs its id")
		}
		if err := id.ID(list[i].ID).CheckNew(); err != nil {
			return nil, s.fault(ctx, malformed, fmt.Sprintf("body.commands[%d].id", i), err.Error())
		}
		commands[i], refused[i] = list[i].command(ledger.ID(list[i].ID), api.CallOf(ctx).Trace)
	}
	answers, err := api.Apply(ctx, s.node, in.Ledger, commands, refused)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "commands", "body.commands"))
	}
	out := &batchOutput{}
	out.Body.Results = make([]Result, len(answers))
	for i := range answers {
		var operations []ledger.Operation
		if commands[i] != nil {
			operations = commands[i].Operations
		}
		out.Body.Results[i] = resultOf(ledger.ID(list[i].ID), &answers[i], operations)
	}
	return out, nil
}

func (s *server) listCommands(ctx context.Context, in *journalInput) (*journalOutput, error) {
	list, err := s.node.Commands(ctx, in.Ledger, in.From, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &journalOutput{}
	out.Body.Commands = convert(list, recordedOf)
	return out, nil
}

func (s *server) getCommand(ctx context.Context, in *findInput) (*recordedOutput, error) {
	var found api.Recorded
	var err error
	if sequence, bad := strconv.ParseUint(in.Command, 10, 64); bad == nil {
		found, err = s.node.Command(ctx, in.Ledger, sequence)
	} else {
		var id ledger.ID
		if err := parseUUID(in.Command, &id); err != nil {
			return nil, s.fault(ctx, errs.Invalid, "path.command", err.Error())
		}
		found, err = s.node.CommandByID(ctx, in.Ledger, id)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &recordedOutput{Body: recordedOf(found)}, nil
}

// fault is a problem of one field of the request.
func (s *server) fault(ctx context.Context, code errs.Code, field, detail string) error {
	p := problemFor(code, detail)
	p.Field, p.Request = field, requestID(ctx)
	return p
}
