package audit

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// ids finds ids that were sequenced twice. It keeps 8 bytes a command; where two of them are alike the journal is read
// once more.
type ids struct {
	seed  maphash.Seed
	marks []uint64
}

func (s *ids) mark(id ledger.ID) uint64 { return maphash.Bytes(s.seed, id[:]) }

func (s *ids) add(id ledger.ID) { s.marks = append(s.marks, s.mark(id)) }

// alike gives the marks that more than one command has.
func (s *ids) alike() map[uint64]bool {
	slices.Sort(s.marks)
	found := map[uint64]bool{}
	for i := 1; i < len(s.marks); i++ {
		if s.marks[i] == s.marks[i-1] {
			found[s.marks[i]] = true
		}
	}
	s.marks = nil
	return found
}

// findTwice finds commands whose id an earlier one has, among those that were applied.
func (p *replay) findTwice(ctx context.Context) error {
	alike := p.ids.alike()
	if len(alike) == 0 {
		return nil
	}
	first := map[ledger.ID]uint64{}
	var again []byte
	for g, err := range p.options.Journal.Read(ctx, p.id, 1) {
		if _, damaged := errors.AsType[*journal.DamageError](err); damaged {
			return nil // the replay has told of it, and came no further
		}
		if err != nil {
			return err
		}
		for sequence, record := range g.Records() {
			c := decodedCommand{record: record}
			if again, err = c.decode(again); err != nil || sequence > p.report.Commands {
				return nil // that too
			}
			id := c.command.ID
			if !alike[p.ids.mark(id)] {
				continue
			}
			if before := first[id]; before != 0 {
				p.find(PartJournal, sequence, doTwice, "command %d has the id %v, and so has command %d", sequence, id, before)
			} else {
				first[id] = sequence
			}
		}
	}
	return nil
}
