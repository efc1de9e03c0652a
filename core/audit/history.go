package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
)

// History begins the comparison with the history of a ledger, as history.Compare does.
type History func(ctx context.Context, l ledger.ID) (*history.Comparison, error)

// openHistory begins the comparison; it is nil when there is nothing to compare with.
func (v *verification) openHistory(ctx context.Context) (*history.Comparison, error) {
	if v.options.History == nil {
		return nil, nil
	}
	c, err := v.options.History(ctx, v.id)
	switch {
	case errors.Is(err, history.ErrNotFound):
		v.remark("there is no history of this ledger: the node makes it from the journal")
		return nil, nil
	case errors.Is(err, history.ErrDamaged):
		v.find(PartHistory, 0, doHistory, "%v", err)
		return nil, nil
	}
	return c, err
}

// beginHistory hands a group's head on to the comparison with history.
func (p *replay) beginHistory(h *journal.Header) {
	if p.past == nil {
		return
	}
	p.past.Begin(history.Group{
		First: h.First, Epoch: h.Epoch, Engine: h.Engine, Timestamp: ledger.Instant(h.Timestamp), Wall: ledger.Instant(h.Wall),
		Date: ledger.DateOfUnixDay(h.BookingDate), Previous: h.Previous,
	})
}

func (p *replay) addToHistory(record []byte, res *ledger.Result, result []byte, hashes []proof.Hash) {
	if p.past != nil {
		p.past.Add(record, res, result, &p.fx)
		history.CompareHashes(p.past, hashes)
	}
}

func (p *replay) endHistory(ctx context.Context) error {
	if p.past == nil {
		return nil
	}
	list, err := p.past.End(ctx)
	if err != nil {
		return fmt.Errorf("compare history: %w", err)
	}
	p.differ(list)
	return nil
}

func (p *replay) differ(list []history.Difference) {
	for _, d := range list {
		if p.differs == 0 {
			p.differs = d.Sequence
		}
		p.find(PartHistory, d.Sequence, doHistory, "%s", d.What)
	}
}

// finishHistory compares what can be told only at the end.
func (p *replay) finishHistory(ctx context.Context) error {
	if p.past == nil {
		return nil
	}
	end := p.report.Commands
	position := min(p.past.Position(), end)
	p.report.History = &position
	if !p.complete || p.past.Position() > end {
		return nil
	}
	list, err := p.past.Finish(ctx)
	if err != nil {
		return fmt.Errorf("compare history: %w", err)
	}
	p.differ(list)
	if position < end {
		p.remark("history goes to command %d: the node brings it up to the journal when it starts", position)
		return nil
	}
	for _, b := range p.engine.TrialBalance() {
		if debits, credits := p.past.Sums(b.Number); debits != b.Debits || credits != b.Credits {
			p.find(PartState, end, doProgram, "what history is made of does not add up to the trial balance of asset %s, code %d", b.Asset, b.Code)
		}
	}
	return nil
}
