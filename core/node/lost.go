package node

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
)

// A journal that was brought back to an earlier point has lost a past of which other files still tell. Nothing of it may
// be taken for the journal's own.

// grouped is a past that tells of groups as it got them.
type grouped interface {
	Group(ctx context.Context, sequence uint64) (history.Group, error)
}

// samePast makes sure that history follows from this journal, which ends with a sequence.
func (l *Ledger) samePast(ctx context.Context, j *journal.Journal, end uint64) error {
	const do = "the journal was brought back to an earlier point and history was not: move the history away " +
		"(history.db in the data folder), it is made again from the journal"
	at := l.projection.Position()
	if at > end {
		return fmt.Errorf("history of ledger %s goes to sequence %d, the journal ends with %d: %s", l.name, at, end, do)
	}
	h, ok := l.history.(grouped)
	if !ok || at == 0 {
		return nil
	}
	told, err := h.Group(ctx, at)
	if err != nil {
		return fmt.Errorf("newest group in history of ledger %s: %w", l.name, err)
	}
	row, err := j.At(ctx, l.id, at)
	if err != nil {
		return err
	}
	if told.First != row.First || told.Epoch != row.Epoch || told.Wall != ledger.Instant(row.Wall) || told.Previous != row.Previous {
		return fmt.Errorf("history of ledger %s has another group at sequence %d than the journal: %s", l.name, at, do)
	}
	return nil
}

// evidence is a projection that knows how far the journal must go.
type evidence interface {
	// Reached is called when all of the journal was handed over.
	Reached() error
}

// Reached makes sure that the journal goes as far as was signed.
func (f *Following) Reached() error {
	if f.tree.Size() < f.claimed.Size {
		return f.lost("a checkpoint covers %d commands, the journal has %d", f.claimed.Size, f.tree.Size())
	}
	return f.foreign
}

// compare compares the tree with the checkpoint that was signed last.
func (f *Following) compare(t *proof.Tree) {
	if f.claimed.Size > 0 && t.Size() == f.claimed.Size && t.Root() != f.claimed.Root {
		f.foreign = f.lost("a checkpoint tells of other commands up to %d than the journal", f.claimed.Size)
	}
}

func (f *Following) lost(format string, args ...any) error {
	return fmt.Errorf("ledger %v: "+format+": the journal was brought back to an earlier point, or changed. "+
		"checkpoints/%v.log is evidence of what is missing: keep it elsewhere, and move it out of the data folder",
		append(append([]any{f.history.Ledger()}, args...), f.history.Ledger())...)
}
