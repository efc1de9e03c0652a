package node

import (
	"context"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// Driver runs one ledger on its caller's goroutine, group by group: sequencer, journal and applier as in a Node, without
// their loops. Simulations need it, so that one seed always tells the same story.
type Driver struct {
	l       *Ledger
	carried *request // partly sequenced
	durable []*group // not yet applied
}

// direct appends on the caller's goroutine.
type direct struct{ j *journal.Journal }

func (d direct) Append(ctx context.Context, g journal.Group) error {
	if errs := d.j.Append(ctx, g); errs != nil {
		return errs[0]
	}
	return nil
}

// Drive brings a ledger to the end of its journal and takes its lead. One that has not begun is opened first.
func Drive(ctx context.Context, c Config, self ledger.ID, listed journal.Ledger, open *ledger.OpenLedger) (*Driver, error) {
	n := &Node{config: c, self: self, log: c.Log}
	l, err := n.prepared(ctx, listed)
	if err != nil {
		return nil, err
	}
	l.journal = direct{c.Journal}
	began, err := l.load(ctx, c.Journal)
	if err != nil {
		return nil, err
	}
	if began {
		open = nil
	}
	if err := l.lead(open, c.Epoch, self); err != nil {
		return nil, err
	}
	return &Driver{l: l}, nil
}

// Waiting is a request on its way.
type Waiting struct {
	l *Ledger
	r *request
}

// Submit does what Apply does before it waits.
func (d *Driver) Submit(ctx context.Context, commands []*ledger.Command) (*Waiting, error) {
	r, err := d.l.submit(ctx, commands)
	if err != nil {
		return nil, err
	}
	return &Waiting{d.l, r}, nil
}

// Answers gives what Apply returns; it is not ok while there is no answer.
func (w *Waiting) Answers(ctx context.Context) (answers []Answer, ok bool, err error) {
	if w.r.left.Load() > 0 {
		return nil, false, nil
	}
	answers, err = w.l.answers(ctx, w.r)
	return answers, err == nil, err
}

// Append makes a group of what has arrived and appends it; false if nothing has arrived, or if as many groups wait to be
// applied as a node lets wait. After an error the node would stop.
func (d *Driver) Append() (bool, error) {
	if len(d.durable) == maxGroups {
		return false, nil
	}
	g := &group{}
	d.l.stamp(g)
	d.carried = d.l.gather(g, d.carried)
	if len(g.items) == 0 {
		return false, nil
	}
	if err := d.l.append(g); err != nil {
		return false, err
	}
	d.durable = append(d.durable, g)
	return true, nil
}

// Apply applies the oldest group that was appended and not applied; false if there is none.
func (d *Driver) Apply() (bool, error) {
	if len(d.durable) == 0 {
		return false, nil
	}
	g := d.durable[0]
	d.durable = d.durable[1:]
	return true, d.l.applyGroup(g)
}

// Engine is the ledger's engine, to look at between steps.
func (d *Driver) Engine() *ledger.Engine { return d.l.engine }

// SnapshotName is what the file of a snapshot that is cut now is called.
func (d *Driver) SnapshotName() string { return snapshotOf(d.l.engine.Sequence(), d.l.last).path("") }

// Epoch is the number of the lead.
func (d *Driver) Epoch() uint64 { return d.l.epoch }
