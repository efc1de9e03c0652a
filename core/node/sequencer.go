package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/id"
)

// group is what the sequencer puts together and the applier applies: items of several requests under one timestamp.
type group struct {
	encoder journal.Encoder
	row     journal.Group
	first   uint64 // sequence
	at      ledger.Instant
	date    ledger.Date
	items   []sequenced
}

// sequenced is a command in its place. The sequencer's own commands belong to no request.
type sequenced struct {
	request *request
	item    int
	command *ledger.Command
	past    *ledger.Past
}

// sequence is the sequencer's loop: it stamps time and order on what has arrived, appends it as one group, and hands it
// to the applier when it is durable. While a group is appended the next one gathers; a lone request waits for nothing.
func (l *Ledger) sequence() {
	defer close(l.groups)
	var carried *request // partly sequenced: the rest did not fit
	for {
		first, ok := carried, true
		if first == nil {
			if first, ok = l.await(); !ok {
				return
			}
		}
		g := l.spare()
		began := time.Now()
		l.underway.Add(1)
		l.stamp(g)
		carried = l.gather(g, first)
		if len(g.items) == 0 {
			l.underway.Add(-1)
			l.reuse <- g
			continue
		}
		if l.failed.Load() != nil {
			return // what was not projected must not be followed by more
		}
		if err := l.append(g); err != nil {
			l.stop(err)
			return
		}
		last := g.row.Next() - 1
		l.groups <- g
		l.pace(last, began)
	}
}

// await waits for a request, or for a hold to expire: then the request is nil. It is not ok when the ledger closes.
func (l *Ledger) await() (*request, bool) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if l.due(l.clockNow()) {
			return nil, true
		}
		timer.Reset(l.untilExpiry())
		select {
		case r := <-l.requests:
			return r, true
		case <-timer.C:
		case <-l.expiryChanged:
		case <-l.closing:
			return nil, false
		case <-l.stopped:
			return nil, false
		}
	}
}

// untilExpiry is how long nothing will expire. A simulated clock stands still until a command moves it.
func (l *Ledger) untilExpiry() time.Duration {
	at := l.expiry.Load()
	if at == 0 || l.clock == ledger.SimulatedClock || l.pulsed > l.applied.Load() {
		return time.Hour
	}
	return max(0, time.UnixMicro(at).Sub(l.wall()))
}

// due reports whether a hold has expired that no pulse under way will release.
func (l *Ledger) due(now ledger.Instant) bool {
	at := l.expiry.Load()
	return at != 0 && at <= int64(now) && l.pulsed <= l.applied.Load()
}

func (l *Ledger) clockNow() ledger.Instant {
	if l.clock == ledger.SimulatedClock {
		return l.now
	}
	return max(l.now, ledger.InstantOf(l.wall()))
}

// gather adds what has arrived until the group is full, and gives back a request that did not fit as a whole.
func (l *Ledger) gather(g *group, r *request) *request {
	if l.due(g.at) {
		l.pulsed = l.next
		l.addOwn(g, &ledger.Pulse{Limit: ledger.MaxPulse})
	}
	for {
		if r != nil && !l.addRequest(g, r) {
			return r
		}
		select {
		case r = <-l.requests:
		default:
			return nil
		}
	}
}

// addRequest adds the items that are left; it is false when they need another group.
func (l *Ledger) addRequest(g *group, r *request) bool {
	for ; r.next < len(r.items); r.next++ {
		if l.advanced {
			return false
		}
		it := &r.items[r.next]
		if it.answer.Result.Code != ledger.Applied {
			continue
		}
		if l.repeated(it) {
			l.settle(r, 1)
			continue
		}
		if it.lost = !it.asked && !l.covered(it.own); it.lost {
			l.settle(r, 1)
			continue
		}
		if err := g.encoder.Add(it.record); errors.Is(err, journal.ErrFull) {
			return false
		} else if err != nil {
			it.refuse(ledger.Oversized, "%v", err)
			l.settle(r, 1)
			continue
		}
		l.remember(it.command.ID, it.hash)
		g.items = append(g.items, sequenced{r, r.next, it.command, it.past})
		switch o := it.command.Operations[0].(type) {
		case *ledger.Advance:
			l.advance(o)
		case *ledger.Upgrade:
			if ledger.Known(o.Version) { // so that a program without these rules does not read even this group
				l.rules = max(l.rules, o.Version)
			}
		}
	}
	return true
}

// remember gives the id the next sequence.
func (l *Ledger) remember(id ledger.ID, hash uint64) {
	l.recent.add(id, hash, l.next, l.lastWall)
	l.since.Store(l.recent.since.UnixNano())
	l.next++
}

// repeated finds an id that was sequenced before.
func (l *Ledger) repeated(it *item) bool {
	if it.repeats != 0 {
		return true
	}
	seq, hash, ok := l.recent.find(it.command.ID, it.own)
	if !ok {
		return false
	}
	if hash != it.hash {
		it.conflict(seq)
	} else {
		it.repeats = seq
	}
	return true
}

// advance follows a simulated clock: the next group has the new time.
func (l *Ledger) advance(a *ledger.Advance) {
	if l.clock == ledger.SimulatedClock && a.To > l.now {
		l.now, l.advanced = a.To, true
	}
}

// addOwn adds a command of the sequencer. Its id derives from the ledger, the sequence and the group before: nobody can
// know it in time to use it up.
func (l *Ledger) addOwn(g *group, op ledger.Operation) {
	cid := ledger.ID(id.ID(l.id).Derive(op.Kind().String()+string(l.previous[:]), l.next))
	c := &ledger.Command{ID: cid, Operations: []ledger.Operation{op}}
	canonical := ledger.AppendCommand(nil, c)
	if err := g.encoder.Add(ledger.AppendRecord(nil, ledger.Record{Command: canonical})); err != nil {
		panic(fmt.Sprintf("node: an empty group has no room: %v", err))
	}
	l.remember(cid, contentHash(c, canonical))
	g.items = append(g.items, sequenced{command: c})
}

// stamp gives a group its time: it never goes back, whatever the machine's clock does.
func (l *Ledger) stamp(g *group) {
	g.encoder.Reset()
	g.items = g.items[:0]
	if now := l.wall(); now.After(l.lastWall) {
		l.lastWall = now
	}
	if l.clock == ledger.RealClock {
		l.now = max(l.now, ledger.InstantOf(l.lastWall))
	}
	l.advanced = false
	g.at = l.now
	l.lastDate = max(l.lastDate, ledger.DateOf(g.at.Time().In(l.location)))
	g.date = l.lastDate
	g.first = l.next
}

// append makes the group durable.
func (l *Ledger) append(g *group) error {
	row, err := g.encoder.Finish(journal.Header{
		Engine: max(l.rules, uint16(l.version.Load())), Ledger: l.id, Epoch: l.epoch, First: g.first, Timestamp: int64(g.at),
		Wall: l.lastWall.UnixMicro(), BookingDate: g.date.UnixDay(), Previous: l.previous,
	})
	if err != nil {
		return err
	}
	if err := l.journal.Append(context.Background(), row); err != nil {
		return err
	}
	g.row, l.previous = row, row.Hash
	return nil
}
