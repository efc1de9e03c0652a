package nodetest

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/core/journal"
)

// records reads a ledger's records from the journal.
type records struct {
	journal *journal.Journal
	ledger  [16]byte
}

// Record gives the record of the command at a sequence.
func (r records) Record(ctx context.Context, sequence uint64) ([]byte, error) {
	g, err := r.journal.At(ctx, r.ledger, sequence)
	if err != nil {
		return nil, err
	}
	at := g.First
	for _, record := range g.Records() {
		if at == sequence {
			return record, nil
		}
		at++
	}
	return nil, fmt.Errorf("sequence %d: %w", sequence, journal.ErrNotFound)
}
