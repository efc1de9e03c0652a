package audit

import (
	"context"
	"encoding/hex"
	"strconv"

	"github.com/longmen/longmen/core/ledger"
)

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// conclude looks at what stands when the journal was applied, and says what was proved.
func (p *replay) conclude(ctx context.Context) error {
	p.describe()
	end := p.report.Commands
	if p.complete {
		p.claims.left(end)
		p.reachEnd(end)
	} else {
		p.remark("nothing after command %d could be compared", end)
	}
	if err := p.finishHistory(ctx); err != nil {
		return err
	}
	if p.claims.refuted && p.differs > 0 {
		p.remark("history tells first of command %d otherwise than the journal: if history is sound, that is where the journal was changed", p.differs)
	}
	if err := p.findTwice(ctx); err != nil {
		return err
	}
	p.tell(StageState, end, end)
	if err := p.engine.CheckSums(); err != nil {
		p.find(PartState, end, doProgram, "after command %d: %v", end, err)
	}
	for _, what := range p.debts.compare(p.engine) {
		p.find(PartState, end, doProgram, "after command %d: %s", end, what)
	}
	if p.engine.RecomputeDigest() != p.engine.Digest() {
		p.find(PartState, end, doProgram, "after command %d: the state digest kept on the way is not that of all rows", end)
	}
	p.engine = nil // snapshots need the memory
	if err := p.checkSnapshots(ctx); err != nil {
		return err
	}
	if p.complete && !p.failed(PartJournal) && !p.failed(PartState) {
		p.report.Proved = append(p.report.Proved, Proof{Proven: Consistent, Size: end})
		p.report.Proved = append(p.report.Proved, p.claims.proved(end)...)
	}
	return nil
}

// describe writes down what the ledger is.
func (p *replay) describe() {
	r, e := &p.report, p.engine
	r.Key, r.KeyGiven = p.evidence.key, p.evidence.keyGiven
	r.Epoch, r.Engine, r.Zone = e.Epoch(), e.Version(), e.Zone()
	r.Accounts, r.Registers, r.Holdings, r.Holds = e.Size()
	if r.Groups == 0 {
		return
	}
	r.Clock = "real"
	if e.Clock() == ledger.SimulatedClock {
		r.Clock = "simulated"
	}
	last := ledger.Instant(p.header.Timestamp).Time()
	r.Last = &last
	state := e.Digest()
	r.Root, r.State = p.tree.Root().String(), hex.EncodeToString(state[:])
	r.Unfinished = p.claims.log.rest
}

// reachEnd finds what goes further than the journal.
func (p *replay) reachEnd(end uint64) {
	for _, e := range p.ends {
		if e.Sequence <= end {
			continue // the list has no command either
		}
		p.find(PartJournal, e.Sequence, doBehind, "the copy's list says that the journal goes to command %d, it ends with %d", e.Sequence, end)
	}
	for _, s := range p.snapshots {
		p.find(PartJournal, s.sequence, doBehind, "there is a snapshot of command %d, the journal ends with %d", s.sequence, end)
	}
	if p.past != nil && p.past.Position() > end {
		p.find(PartJournal, p.past.Position(), doBehind, "history goes to command %d, the journal ends with %d", p.past.Position(), end)
	}
	if c := &p.claims; c.after > 0 {
		p.remark("%d later checkpoints could not be confirmed either", c.after)
	}
	if p.otherDay > 0 {
		p.remark("%d groups, the first at sequence %d, have another booking date than this machine's rules for the time zone give: such rules change",
			p.otherDay, p.firstDay)
	}
	if p.report.Groups == 0 {
		p.remark("the ledger has no command yet")
	}
	if !p.evidence.keyGiven && p.evidence.key != "" {
		p.remark("the public key was found beside the journal: whoever could change both could sign anew; compare it with a key kept elsewhere")
	}
}
