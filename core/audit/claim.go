package audit

import (
	"math"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// claims are the checkpoints that lie ahead: those of the log and those that the caller gave, by size.
type claims struct {
	v     *verification
	log   *checkpoints
	given []claim

	stored claim
	more   bool   // there is a stored one
	ahead  uint64 // the least size of them

	confirmed []claim // of the caller's
	refuted   bool    // a root was not confirmed: no later one can be
	after     uint64  // how many came after that
}

// next reads the next stored one.
func (c *claims) next() {
	c.stored, c.more = c.log.take(c.v)
	c.look()
}

func (c *claims) look() {
	c.ahead = math.MaxUint64
	if c.more {
		c.ahead = c.stored.Size
	}
	if len(c.given) > 0 {
		c.ahead = min(c.ahead, c.given[0].Size)
	}
}

// compare compares all checkpoints of a size with the replay.
func (c *claims) compare(p *replay, sequence uint64, h *journal.Header) {
	for c.more && c.stored.Size <= sequence {
		if c.confirm(p, &c.stored, h) {
			p.report.Checkpoints++
			p.report.Covered = sequence
		}
		c.next()
	}
	for len(c.given) > 0 && c.given[0].Size <= sequence {
		if c.confirm(p, &c.given[0], h) {
			c.confirmed = append(c.confirmed, c.given[0])
		}
		c.given = c.given[1:]
		c.look()
	}
}

// confirm reports whether the replay is what the checkpoint says; what is not, is found.
func (c *claims) confirm(p *replay, k *claim, h *journal.Header) bool {
	simulated := p.engine.Clock() == ledger.SimulatedClock
	switch {
	case k.Root != p.tree.Root():
		if c.refuted {
			c.after++
			return false
		}
		c.refuted = true
		p.find(PartJournal, k.Size, doRewritten, "%s was signed for %d commands and other results or commands than these: %s",
			k, k.Size, c.since(p))
	case k.State != p.engine.Digest():
		p.find(PartState, k.Size, doRewritten, "%s: the state digest after command %d is not the signed one", k, k.Size)
	case k.Engine != uint32(p.engine.Version()):
		p.find(PartState, k.Size, doRewritten, "%s: engine version %d was in force after command %d, this program says %d",
			k, k.Engine, k.Size, p.engine.Version())
	case k.Time != h.Timestamp, k.Epoch != h.Epoch, k.Simulated != simulated:
		p.find(PartCheckpoint, k.Size, doEvidence, "%s: clock, time or epoch is not that of command %d", k, k.Size)
	default:
		return true
	}
	return false
}

// since says where the difference must lie.
func (c *claims) since(p *replay) string {
	after := p.report.Covered
	for _, k := range c.confirmed {
		after = max(after, k.Size)
	}
	if after == 0 {
		return "the difference lies anywhere before"
	}
	return "the first one lies after command " + decimal(after)
}

// left finds the checkpoints that the journal doesn't reach.
func (c *claims) left(end uint64) {
	const what = "%s covers %d commands, the journal ends with command %d: its end is missing"
	first := true
	for ; c.more; c.next() {
		if first {
			c.v.find(PartJournal, c.stored.Size, doBehind, what, &c.stored, c.stored.Size, end)
		}
		first = false
	}
	for i := range c.given {
		c.v.find(PartJournal, c.given[i].Size, doBehind, what, &c.given[i], c.given[i].Size, end)
	}
}

// proved lists what the confirmed ones of the caller prove of a journal of this size.
func (c *claims) proved(end uint64) (list []Proof) {
	for i := range c.confirmed {
		k := Proof{Proven: Extends, Name: c.confirmed[i].name, Size: c.confirmed[i].Size}
		if k.Size == end {
			k.Proven = Equal
		}
		list = append(list, k)
	}
	return list
}
