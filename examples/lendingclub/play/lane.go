package play

import (
	"context"
	"fmt"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/examples/stage"
	"github.com/longmen/longmen/kit/id"
)

// Ledger is what the play needs of the node.
type Ledger interface {
	// Apply sends up to 1,024 commands and returns their results in the same order.
	Apply(ctx context.Context, commands []*pb.Command) ([]*pb.Result, error)
}

// batchSize is how many commands go out at once: a loan's bids fit. Payments are sent in smaller batches, since each is
// a thousand movements of money and its answer is waited for.
const (
	batchSize    = 1_024
	paymentBatch = 96
)

// lane sends batches one after the other. What must keep its order goes through one lane; between lanes there is none.
type lane struct {
	ledger Ledger
	run    *stage.Run
	month  int
	stats  *Stats
	limit  int

	commands []*pb.Command
	sees     []func(*pb.Result) error // by command, nil if nothing is to be seen
	bids     []bid                    // reused from batch to batch
}

// bid is the most frequent command with all that it is made of, in one piece.
type bid struct {
	id       id.ID
	command  pb.Command
	transfer pb.Transfer
	issue    pb.Issue
}

func newLane(ledger Ledger, run *stage.Run, stats *Stats) *lane {
	l := &lane{
		ledger: ledger, run: run, stats: stats, commands: make([]*pb.Command, 0, batchSize),
		sees: make([]func(*pb.Result) error, 0, batchSize), bids: make([]bid, batchSize),
	}
	for i := range l.bids {
		b := &l.bids[i]
		b.command.Purpose = PurposeBid
		b.command.Operations = []*pb.Operation{
			{Operation: &pb.Operation_Transfer{Transfer: &b.transfer}},
			{Operation: &pb.Operation_Issue{Issue: &b.issue}},
		}
	}
	return l
}

// bid adds money into the escrow against units.
func (l *lane) bid(ctx context.Context, n uint64, register, escrow, investor string, units, price int64) error {
	b := &l.bids[len(l.commands)]
	var err error
	if b.id, err = l.run.ID(l.month, "bid", n); err != nil {
		return err
	}
	b.command.Id = b.id[:]
	b.transfer.Debit, b.transfer.Credit, b.transfer.Amount = investor, escrow, price
	b.issue.Register, b.issue.Account, b.issue.Units = register, investor, uint64(units)
	return l.put(ctx, &b.command, nil)
}

// add adds any other command. label and n make its id, so they must be the same in every run and differ from command
// to command.
func (l *lane) add(ctx context.Context, label string, n uint64, c *pb.Command, see func(*pb.Result) error) error {
	own, err := l.run.ID(l.month, label, n)
	if err != nil {
		return err
	}
	c.Id = own[:]
	return l.put(ctx, c, see)
}

func (l *lane) put(ctx context.Context, c *pb.Command, see func(*pb.Result) error) error {
	l.commands = append(l.commands, c)
	l.sees = append(l.sees, see)
	if len(l.commands) == l.limit {
		return l.flush(ctx)
	}
	return nil
}

// flush sends what has been added and looks at every result.
func (l *lane) flush(ctx context.Context) error {
	if len(l.commands) == 0 {
		return nil
	}
	results, err := l.ledger.Apply(ctx, l.commands)
	if err != nil {
		return err
	}
	for i, r := range results {
		if r.GetCode() != pb.Code_CODE_APPLIED {
			return refused(l.commands[i], r)
		}
		if see := l.sees[i]; see != nil {
			if err := see(r); err != nil {
				return fmt.Errorf("command at sequence %d: %w", r.GetSequence(), err)
			}
		}
	}
	l.stats.Commands.Add(int64(len(results)))
	l.commands, l.sees = l.commands[:0], l.sees[:0]
	return nil
}

// refused says which command was refused and why: the play sends none that should be.
func refused(c *pb.Command, r *pb.Result) error {
	at := int(r.GetOperation())
	what := any(c)
	if at < len(c.GetOperations()) {
		what = c.GetOperations()[at]
	}
	return fmt.Errorf("the ledger refused a command (%s): %s at operation %d, {%v} %s",
		Purposes[c.GetPurpose()], r.GetCode(), at, what, r.GetMessage())
}
