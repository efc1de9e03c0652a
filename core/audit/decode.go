package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// decoded is a group of the journal with its commands.
type decoded struct {
	journal.Group
	commands []decodedCommand
}

type decodedCommand struct {
	sequence uint64
	record   []byte
	command  *ledger.Command
	past     *ledger.Past
}

// commandError says why the bytes of a command are none.
type commandError struct {
	sequence uint64
	err      error
}

func (e *commandError) Error() string { return fmt.Sprintf("command %d: %v", e.sequence, e.err) }

func (e *commandError) Unwrap() error { return e.err }

// decode reads a ledger's journal, checks the chain of its rows, and decodes the commands. It ends with the first group
// that is wrong, or with the one that ends at upto; 0 is nowhere.
func decode(ctx context.Context, j *journal.Journal, l ledger.ID, upto uint64, to chan<- *decoded) error {
	var again []byte
	for g, err := range j.Read(ctx, l, 1) {
		if err != nil {
			return err
		}
		d := &decoded{Group: g, commands: make([]decodedCommand, 0, g.Count)}
		for sequence, record := range g.Records() {
			c := decodedCommand{sequence: sequence, record: record}
			if again, err = c.decode(again); err != nil {
				return &commandError{sequence, err}
			}
			d.commands = append(d.commands, c)
		}
		select {
		case to <- d:
		case <-ctx.Done():
			return ctx.Err()
		}
		if g.Next()-1 == upto {
			return nil
		}
	}
	return nil
}

// decode reads the command and what was attached to it, and makes sure that the same bytes come out when they are written
// again. The buffer is used for that.
func (c *decodedCommand) decode(buffer []byte) ([]byte, error) {
	record, err := ledger.DecodeRecord(c.record)
	if err != nil {
		return buffer, err
	}
	if c.command, err = ledger.DecodeCommand(record.Command); err != nil {
		return buffer, err
	}
	buffer = ledger.AppendCommand(buffer[:0], c.command)
	if !bytes.Equal(buffer, record.Command) {
		return buffer, errors.New("its bytes are not the canonical ones")
	}
	if len(record.Attachment) == 0 {
		return buffer, nil
	}
	if c.past, err = ledger.DecodePast(record.Attachment); err != nil {
		return buffer, err
	}
	buffer = ledger.AppendPast(buffer[:0], c.past)
	if !bytes.Equal(buffer, record.Attachment) {
		return buffer, errors.New("the bytes attached to it are not the canonical ones")
	}
	return buffer, nil
}
