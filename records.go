package longmen

import (
	"context"
	"fmt"
	"sync"

	"github.com/longmen/longmen/core/journal"
)

// records reads a ledger's records from the journal. It keeps the groups it read last: who reads one command mostly
// reads its neighbours.
type records struct {
	journal *journal.Journal
	ledger  [16]byte

	mu   sync.Mutex
	kept [keptGroups]readGroup
	next int
}

// keptGroups bounds the memory: a group has at most 4 MiB.
const keptGroups = 4

type readGroup struct {
	first   uint64
	records [][]byte
}

// Record gives the record of the command at a sequence.
func (r *records) Record(ctx context.Context, sequence uint64) ([]byte, error) {
	if record := r.find(sequence); record != nil {
		return record, nil
	}
	g, err := r.journal.At(ctx, r.ledger, sequence)
	if err != nil {
		return nil, err
	}
	read := readGroup{first: g.First}
	for _, record := range g.Records() {
		read.records = append(read.records, record)
	}
	r.mu.Lock()
	r.kept[r.next] = read
	r.next = (r.next + 1) % keptGroups
	r.mu.Unlock()
	if record := read.at(sequence); record != nil {
		return record, nil
	}
	return nil, fmt.Errorf("sequence %d: %w", sequence, journal.ErrNotFound)
}

func (r *records) find(sequence uint64) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.kept {
		if record := r.kept[i].at(sequence); record != nil {
			return record
		}
	}
	return nil
}

func (g *readGroup) at(sequence uint64) []byte {
	if sequence < g.first || sequence-g.first >= uint64(len(g.records)) {
		return nil
	}
	return g.records[sequence-g.first]
}
