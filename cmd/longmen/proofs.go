package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
)

// proofCommands give what is worth keeping elsewhere, and prove against it.
func proofCommands() []*cobra.Command {
	return []*cobra.Command{newProve(), newProveExtension(), newCheckProof(), newCheckpoint(), newPublicKey()}
}

func newProve() *cobra.Command {
	c := reader("prove SEQUENCE", "Give a proof that a command was applied with its result",
		"  longmen ledger prove 1042 > proof.txt", cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			if _, err := number("sequence", args[0]); err != nil {
				return err
			}
			var p proof.Proof
			text, err := c.get(c.path("commands", args[0], "proof"), nil, &p)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				_, err := c.out.Write(p.Text())
				return err
			})
		})
	c.Long = `Give a proof that a command was applied with its result. It leads from the two to a signed checkpoint; whoever has the
ledger's public key checks it with "longmen ledger check-proof", without a node.`
	return c
}

func newProveExtension() *cobra.Command {
	c := reader("prove-extension FILE|-", "Give a proof that the newest checkpoint extends an older one",
		"  longmen ledger prove-extension kept.txt > extension.txt", cobra.ExactArgs(1), nil, nil)
	c.Long = `Give a proof that nothing has changed that an older checkpoint covers: it leads from the checkpoint in the file to the
newest one. Whoever has the ledger's public key checks it with "longmen ledger check-proof", without a node.`
	c.RunE = func(command *cobra.Command, args []string) error {
		older, err := readInput(command.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		return on(func(c *client, _ []string) error {
			var x proof.Extension
			text, err := c.post(c.path("checkpoint", "extension"), "", map[string]string{"checkpoint": string(older)}, &x)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				_, err := c.out.Write(x.Text())
				return err
			})
		})(command, args)
	}
	return c
}

func newCheckpoint() *cobra.Command {
	c := reader("checkpoint", "Give the newest signed checkpoint, to be kept elsewhere", "  longmen ledger checkpoint > kept.txt", cobra.NoArgs, nil,
		func(c *client, _ []string) error {
			return c.printCheckpoint(func(note, _ string) string { return note })
		})
	c.Long = `Give the newest signed checkpoint. Kept elsewhere, it lets "longmen verify --checkpoint" prove that nothing it covers was changed.`
	return c
}

func newPublicKey() *cobra.Command {
	return reader("public-key", "Give the ledger's public key, to be kept elsewhere", "  longmen ledger public-key > main.pub", cobra.NoArgs, nil,
		func(c *client, _ []string) error {
			return c.printCheckpoint(func(_, key string) string { return key + "\n" })
		})
}

func (c *client) printCheckpoint(part func(note, key string) string) error {
	var answer struct{ Checkpoint, Key string }
	text, err := c.get(c.path("checkpoint"), nil, &answer)
	if err != nil {
		return err
	}
	return c.show(text, func() error {
		_, err := io.WriteString(c.out, part(answer.Checkpoint, answer.Key))
		return err
	})
}

func newCheckProof() *cobra.Command {
	key, asJSON := "", false
	c := &cobra.Command{
		Use: "check-proof FILE|-", Short: "Check a proof with the public key alone", Args: cobra.ExactArgs(1),
		Long: `Check a proof with the ledger's public key alone; no node is asked. The key has to come from a source that you trust, not
from the one who gives you the proof.`,
		Example: `  longmen ledger check-proof proof.txt --key "longmen/0195...+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"`,
		RunE: func(command *cobra.Command, args []string) error {
			text, err := readInput(command.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			if x, err := proof.ParseExtension(text); err == nil {
				return checkExtension(command.OutOrStdout(), x, key, asJSON)
			}
			p, err := proof.ParseProof(text)
			if err != nil {
				return err
			}
			signed, err := proof.CheckProof(p, key)
			if err != nil {
				return err
			}
			return printProof(command.OutOrStdout(), &p, signed.Checkpoint, asJSON)
		},
	}
	c.Flags().StringVar(&key, "key", "", "the ledger's public key (required)")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	require(c, "key")
	return c
}

// printProof says what was proven: the command and the result that the proof's bytes are.
func printProof(out io.Writer, p *proof.Proof, at proof.Checkpoint, asJSON bool) error {
	record, err := ledger.DecodeRecord(p.Record)
	if err != nil {
		return err
	}
	command, err := ledger.DecodeCommand(record.Command)
	if err != nil {
		return err
	}
	outcome, err := ledger.DecodeResult(p.Result)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(out, map[string]any{
			"proven": true, "ledger": ledger.ID(at.Ledger).String(), "sequence": p.Sequence, "id": command.ID.String(),
			"code": outcome.Code.String(), "size": at.Size, "clock_simulated": at.Simulated,
		})
	}
	clock := "real"
	if at.Simulated {
		clock = "simulated"
	}
	return pairs(out, "proven", fmt.Sprintf("command %d was applied with this result", p.Sequence), "ledger", ledger.ID(at.Ledger).String(),
		"clock", clock, "command", command.ID.String(), "result", outcome.Code.String(), "checkpoint", fmt.Sprintf("covers %d commands", at.Size))
}

// checkExtension says what an extension proves.
func checkExtension(out io.Writer, x proof.Extension, key string, asJSON bool) error {
	older, newer, err := proof.CheckExtension(x, key)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(out, map[string]any{
			"proven": true, "ledger": ledger.ID(newer.Ledger).String(), "old_size": older.Size, "size": newer.Size,
			"clock_simulated": newer.Simulated,
		})
	}
	return pairs(out, "proven", fmt.Sprintf("nothing has changed in the first %d commands", older.Size), "ledger", ledger.ID(newer.Ledger).String(),
		"checkpoint", fmt.Sprintf("covers %d commands", newer.Size))
}
