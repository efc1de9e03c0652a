package sim

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// node is a program with its memory. It does what core/node does, without goroutines and clocks.
type node struct {
	play    *play
	engine  *ledger.Engine
	fx      ledger.Effects
	leading bool
	epoch   uint64
	at      ledger.Instant
	queue   []*ledger.Command
	known   map[ledger.ID]*answer
	pending *row // appended, outcome unknown
	cut     *ledger.Cut
	file    []byte // of the snapshot being written
}

// answer is what the sequencer remembers of an id.
type answer struct {
	content [32]byte
	result  []byte // nil until applied
}

func contentOf(c *ledger.Command) [32]byte { return sha256.Sum256(ledger.AppendCommand(nil, c)) }

// crash loses everything in memory.
func (n *node) crash() {
	if n.cut != nil {
		n.cut.Close()
	}
	*n = node{play: n.play}
}

// submit takes a request at the door.
func (n *node) submit(c *ledger.Command) {
	if !n.leading {
		return // the client is told so, and tries again
	}
	if err := c.Check(); err != nil {
		n.play.fail("the door refuses a command: %v", err)
	}
	if a := n.known[c.ID]; a != nil {
		if a.content == contentOf(c) && a.result != nil {
			n.play.answer(c.ID, a.result)
		}
		return
	}
	if !slices.ContainsFunc(n.queue, func(q *ledger.Command) bool { return q.ID == c.ID }) {
		n.queue = append(n.queue, c)
	}
}

// flush appends what is pending, or a group of what waits, and applies it.
func (n *node) flush(f fault, size int) {
	if !n.leading {
		return
	}
	if n.pending == nil {
		if n.pending = n.group(size); n.pending == nil {
			return
		}
	}
	n.append(f)
	n.writeSnapshot()
}

func (n *node) append(f fault) {
	switch err := n.play.disk.append(*n.pending, f); {
	case errors.Is(err, errUnknown): // the same bytes are appended again next time
	case errors.Is(err, errDead):
		n.play.crashes++
		n.crash()
	case errors.Is(err, errTaken):
		n.crash() // stops for good; whoever starts it again starts afresh
	case f == crashWithin:
		half := *n.pending
		half.records = half.records[:len(half.records)/2]
		n.apply(&half)
		n.play.crashes++
		n.crash()
	default:
		n.apply(n.pending)
		n.pending = nil
	}
}

// group makes a row: a pulse if a hold has expired, then what waits. A command that undoes something begins a group,
// since its attachment is made from what was applied before.
func (n *node) group(size int) *row {
	r := &row{first: n.engine.Sequence() + 1, at: n.time()}
	if next, any := n.engine.NextExpiry(); any && next <= r.at && n.play.pulse() {
		r.records = append(r.records, n.record(&ledger.Command{
			ID: n.play.internalID(), Operations: []ledger.Operation{&ledger.Pulse{Limit: 3}},
		}))
	}
	for len(n.queue) > 0 && len(r.records) < size {
		c := n.queue[0]
		if undoes(c) {
			if len(r.records) > 0 {
				break
			}
			n.play.resolve(c)
		}
		n.queue = n.queue[1:]
		n.known[c.ID] = &answer{content: contentOf(c)}
		r.records = append(r.records, n.record(c))
	}
	if len(r.records) == 0 {
		return nil
	}
	return r
}

// time is the next group's: a simulated clock's, or the wall's, but never before the last group's.
func (n *node) time() ledger.Instant {
	if n.engine.Clock() == ledger.RealClock {
		return max(n.at, n.play.wall)
	}
	return n.engine.Now()
}

func undoes(c *ledger.Command) bool {
	return slices.ContainsFunc(c.Operations, func(op ledger.Operation) bool {
		return op.Kind() == ledger.KindReverse || op.Kind() == ledger.KindReverseLine
	})
}

func (n *node) record(c *ledger.Command) []byte {
	r := ledger.Record{Command: ledger.AppendCommand(nil, c)}
	if past := n.play.truth.Past(c); past != nil {
		r.Attachment = ledger.AppendPast(nil, past)
	}
	return ledger.AppendRecord(nil, r)
}

// apply applies a row and answers.
func (n *node) apply(r *row) {
	for i, record := range r.records {
		c, past := n.play.decode(record)
		result := n.play.apply(n, r.first+uint64(i), r.at, c, past)
		n.known[c.ID] = &answer{contentOf(c), result}
		if l, is := c.Operations[0].(*ledger.Lead); is {
			n.epoch = l.Epoch
		}
		if n.leading {
			n.play.answer(c.ID, result)
		}
	}
	n.at = r.at
}

// open begins a journal.
func (n *node) open(c *ledger.Command) {
	n.start(false)
	start := c.Operations[0].(*ledger.OpenLedger).Start
	n.pending = &row{first: 1, at: start, records: [][]byte{n.record(c)}}
	n.append(none)
}

// lead starts the node if it is down, catches up with the journal and takes the lead.
func (n *node) lead(f fault, fromSnapshot bool) {
	if n.engine == nil || n.pending != nil {
		n.start(fromSnapshot)
	}
	n.leading, n.queue = false, nil // who waits here must ask again: the other node may have answered
	n.catchUp()
	n.pending = &row{first: n.engine.Sequence() + 1, at: n.time(), records: [][]byte{n.record(&ledger.Command{
		ID: n.play.internalID(), Operations: []ledger.Operation{&ledger.Lead{Epoch: n.epoch + 1, Node: ledger.ID{byte('A' + n.number())}}},
	})}}
	n.append(f)
	if n.pending != nil {
		n.append(none) // the outcome was unknown
	}
	n.leading = n.engine != nil
	if n.leading && n.play.last != n {
		n.play.takeovers++
		n.play.last = n
	}
}

func (n *node) number() int {
	if n == n.play.nodes[0] {
		return 0
	}
	return 1
}

func (n *node) start(fromSnapshot bool) {
	n.crash()
	n.engine, n.known = ledger.NewEngine(), map[ledger.ID]*answer{}
	if fromSnapshot && n.play.snapshot != nil {
		e, err := ledger.LoadEngine(bytes.NewReader(n.play.snapshot))
		if err != nil {
			n.play.fail("load snapshot: %v", err)
		}
		n.engine = e
		n.recall(e.Sequence())
	}
}

// recall takes from history what the snapshot does not hold: ids, and where the clock of the group before stood.
func (n *node) recall(until uint64) {
	for i := range n.play.disk.rows {
		r := &n.play.disk.rows[i]
		for j, record := range r.records {
			if seq := r.first + uint64(j); seq <= until {
				c, _ := n.play.decode(record)
				n.known[c.ID] = &answer{contentOf(c), n.play.results[seq-1]}
				n.at = r.at
			}
		}
	}
	n.epoch = n.engine.Epoch()
}

// catchUp applies the rows that the engine has not seen; a snapshot may end within one.
func (n *node) catchUp() {
	for i := range n.play.disk.rows {
		r := n.play.disk.rows[i]
		if r.next() <= n.engine.Sequence()+1 {
			continue
		}
		if seen := n.engine.Sequence() + 1 - r.first; seen > 0 {
			r.first, r.records = r.first+seen, r.records[seen:]
		}
		n.apply(&r)
	}
}

func (n *node) beginSnapshot() {
	if n.engine != nil && n.cut == nil && n.engine.Sequence() > 0 {
		n.cut, n.file = n.engine.Cut(), nil
	}
}

// writeSnapshot writes one section. The engine goes on between two of them.
func (n *node) writeSnapshot() {
	if n.cut == nil {
		return
	}
	file, err := n.cut.Next(n.file)
	switch {
	case errors.Is(err, io.EOF):
		n.cut.Close()
		n.play.snapshot, n.cut, n.file = n.file, nil, nil
	case err != nil:
		n.play.fail("write snapshot: %v", err)
	default:
		n.file = file
	}
}
