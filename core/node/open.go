package node

import (
	"context"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// Limits of what is remembered for repeats; beyond them history is asked.
const (
	recentIDs  = 16 << 20
	recentTime = 4 * time.Hour
)

// newLedger makes a ledger that has read nothing yet.
func (n *Node) newLedger(listed journal.Ledger) *Ledger {
	return &Ledger{
		name: listed.Name, id: listed.ID, log: n.log, tell: n.fail, wall: n.wall, journal: n.config.Writer, lease: n.config.Lease,
		requests: make(chan *request, maxRequests), groups: make(chan *group, maxGroups), reuse: make(chan *group, maxGroups),
		closing: make(chan struct{}), stopped: make(chan struct{}), expiryChanged: make(chan struct{}, 1),
		recent: newRecent(recentIDs, recentTime, n.wall()), next: 1, snapshots: n.snapshotFolder(listed.ID),
	}
}

// load brings a ledger to the end of its journal: from the newest snapshot that history has reached, the rest by
// replay. It reports false when the journal has no group yet.
func (l *Ledger) load(ctx context.Context, j *journal.Journal) (bool, error) {
	last, found, err := j.Last(ctx, l.id)
	if err != nil || !found {
		return false, err
	}
	if err := l.samePast(ctx, j, last.Next()-1); err != nil {
		return false, err
	}
	if l.engine, err = l.loadSnapshot(ctx, j, l.projection.Position()); err != nil {
		return false, err
	}
	l.next = l.engine.Sequence() + 1
	if l.next == 1 {
		l.recent.since = time.Unix(0, 0) // nothing came before
	}
	for g, err := range j.Read(ctx, l.id, l.next) {
		if err != nil {
			return false, fmt.Errorf("read journal: %w", err)
		}
		if err := l.replay(g); err != nil {
			return false, err
		}
	}
	if l.next == last.Next() && l.previous == [32]byte{} {
		l.previous, l.lastDate, l.epoch = last.Hash, ledger.DateOfUnixDay(last.BookingDate), last.Epoch
		l.now = ledger.Instant(last.Timestamp)
		// The clock may stand before what was sequenced last, and nothing of that is in memory.
		l.last, l.lastWall = last.Hash, time.UnixMicro(last.Wall)
		if l.lastWall.After(l.recent.since) {
			l.recent.since = l.lastWall
		}
	}
	if p, ok := l.projection.(evidence); ok {
		if err := p.Reached(); err != nil {
			return false, err
		}
	}
	return true, l.settleClock()
}

// settleClock takes from the engine what the sequencer goes by.
func (l *Ledger) settleClock() (err error) {
	l.clock, l.shadow = l.engine.Clock(), l.engine.Shadow()
	if l.clock == ledger.SimulatedClock {
		l.now = l.engine.Now()
	}
	if l.location, err = time.LoadLocation(l.engine.Zone()); err != nil {
		return fmt.Errorf("time zone of ledger %s: %w", l.name, err)
	}
	next, _ := l.engine.NextExpiry()
	l.expiry.Store(int64(next))
	l.version.Store(uint32(l.engine.Version()))
	l.applied.Store(l.engine.Sequence())
	l.progress.reach(l.engine.Sequence())
	l.since.Store(l.recent.since.UnixNano())
	return nil
}

// replay applies a group of the journal. Every command that was journaled decodes: if one does not, the journal is
// damaged or newer than this program.
func (l *Ledger) replay(row journal.Group) error {
	g := &group{row: row, at: ledger.Instant(row.Timestamp), date: ledger.DateOfUnixDay(row.BookingDate)}
	wall := time.UnixMicro(row.Wall)
	if l.recent.generations == nil && row.First > 1 {
		l.recent.since = wall
	}
	if row.Engine > ledger.Version {
		return fmt.Errorf("group at sequence %d needs engine version %d, this program has %d: run a newer one", row.First, row.Engine, ledger.Version)
	}
	for seq, bytes := range row.Records() {
		c, past, err := decodeRecord(bytes)
		if err != nil {
			return fmt.Errorf("command at sequence %d: %w", seq, err)
		}
		g.items = append(g.items, sequenced{command: c, past: past})
		rec, _ := ledger.DecodeRecord(bytes)
		l.recent.add(c.ID, contentHash(c, rec.Command), seq, wall)
	}
	if err := l.applyGroup(g); err != nil {
		return err
	}
	l.next, l.previous, l.epoch = row.Next(), row.Hash, row.Epoch
	l.now, l.lastDate = ledger.Instant(row.Timestamp), g.date
	if wall.After(l.lastWall) {
		l.lastWall = wall
	}
	return nil
}

// decodeRecord reads a command and what was attached to it.
func decodeRecord(b []byte) (*ledger.Command, *ledger.Past, error) {
	record, err := ledger.DecodeRecord(b)
	if err != nil {
		return nil, nil, err
	}
	c, err := ledger.DecodeCommand(record.Command)
	if err != nil || len(record.Attachment) == 0 {
		return c, nil, err
	}
	past, err := ledger.DecodePast(record.Attachment)
	return c, past, err
}

// lead takes the lead: a group of its own with a higher epoch. For a new ledger the command that opens it stands first,
// and the upgrade to this program's rules last.
func (l *Ledger) lead(open *ledger.OpenLedger, least uint64, node ledger.ID) error {
	if open != nil {
		l.engine, l.clock, l.shadow, l.now = ledger.NewEngine(), open.Clock, open.Shadow, open.Start
		l.recent.since = time.Unix(0, 0)
		var err error
		if l.location, err = time.LoadLocation(open.Zone); err != nil {
			return fmt.Errorf("time zone %q: %w", open.Zone, err)
		}
		l.version.Store(uint32(ledger.Version))
	}
	l.epoch = max(l.epoch+1, least)
	g := &group{}
	l.stamp(g)
	if open != nil {
		l.addOwn(g, open)
	}
	l.addOwn(g, &ledger.Lead{Epoch: l.epoch, Node: node})
	if open != nil {
		l.addOwn(g, &ledger.Upgrade{Version: ledger.Version})
	}
	if err := l.append(g); err != nil {
		return fmt.Errorf("take the lead of ledger %s: %w", l.name, err)
	}
	return l.applyGroup(g)
}
