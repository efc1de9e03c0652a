package plan

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
)

// CommandKind is the kind of the events that are a command to come.
const CommandKind = "command"

// FirstReference is the first type of references that is core's; those below are the callers'.
const FirstReference = 0xf000

// Reference is the type of the reference by which a command names the event that caused it.
const Reference = FirstReference + 1

// Mark gives a command that an event causes its id and the reference to the event. The same step and number is the same
// command: it has its effect once, however often the event is handled.
func (e *Event) Mark(c *ledger.Command, step string, n uint64) {
	c.ID = ledger.ID(e.Command(step, n))
	c.References = append(c.References, ledger.Reference{Type: Reference, Value: e.ID})
}

// PlanCommand makes the event that is a command to come. The command gets its id from the event.
func PlanCommand(e Event, c *ledger.Command) (Event, error) {
	e.Kind = CommandKind
	e.Mark(c, CommandKind, 0)
	if err := c.Check(); err != nil {
		return e, err
	}
	if c.Internal() || c.Operations[0].Kind() == ledger.KindAdvance {
		return e, errs.Invalid.Errorf("a %s can't be planned", c.Operations[0].Kind()).On("operations[0]")
	}
	if e.Content = ledger.AppendCommand(nil, c); len(e.Content) > MaxContent {
		return e, errs.TooLarge.Errorf("the command has %d bytes in the journal, one that is planned at most %d", len(e.Content), MaxContent).On("operations")
	}
	return e, nil
}

// Planned is the command of an event of CommandKind.
func (e *Event) Planned() (*ledger.Command, error) {
	c, err := ledger.DecodeCommand(e.Content)
	if err != nil {
		return nil, fmt.Errorf("command of planned event %s: %w", e.ID, err)
	}
	return c, nil
}

// Applier puts a command into the order of a ledger.
type Applier interface {
	ApplyOne(ctx context.Context, ledger string, c *ledger.Command) (ledger.Result, error)
}

// Commands handles events of CommandKind. A command that the ledger refuses is refused for good: its id is used up, and
// a person plans another one.
func Commands(a Applier) Handler {
	return func(ctx context.Context, e *Event) (func(*sql.Tx) error, error) {
		c, err := e.Planned()
		if err != nil {
			return nil, Permanent(err)
		}
		result, err := a.ApplyOne(ctx, e.Ledger, c)
		if err != nil {
			return nil, err
		}
		switch {
		case result.Code == ledger.IDFromFuture: // the machine's clock stands before the event's id, and will pass it
			return nil, fmt.Errorf("the ledger refused it for now: %s", result.Code.Info().Means)
		case result.Code != ledger.Applied:
			return nil, Permanent(fmt.Errorf("the ledger refused operation %d: %s", result.Index, result.Code.Info().Means))
		}
		return nil, nil
	}
}
