package sim

import (
	"math/rand/v2"

	"github.com/longmen/longmen/core/ledger"
)

// director decides what happens next in a story that is told for the first time.
type director struct {
	*rand.Rand
	play    *play
	world   *world
	steps   []*step
	left    int   // commands to submit
	crashes []int // how many commands are left at each crash
}

// direct tells the story of a seed and returns its steps.
func direct(seed uint64, commands int) (*play, []*step, *Failure) {
	p := newPlay()
	d := &director{Rand: newRand(seed), play: p, left: commands}
	for range 3 + d.IntN(3) {
		d.crashes = append(d.crashes, 1+d.IntN(commands-1))
	}
	failure := p.guard(func() {
		d.tell()
		p.finish()
	})
	return p, d.steps, failure
}

func (d *director) do(s *step) {
	d.steps = append(d.steps, s)
	d.play.do(s)
}

func (d *director) tell() {
	d.world = newWorld(d.Rand, d.play.truth, func(id ledger.ID) uint64 { return d.play.sequences[id] })
	d.play.wall = d.world.now
	d.begin()
	for d.left > 0 {
		d.step()
	}
	if d.play.takeovers == 0 {
		d.do(&step{kind: lead, node: 1 - d.play.last.number()})
	}
}

// begin opens the ledger. The steps name the clock's start, so that a story can be told again.
func (d *director) begin() {
	d.do(&step{kind: tick, wait: d.world.now - d.play.wall})
	d.do(&step{kind: lead, node: 0, command: d.world.opening()})
	d.submitNew(0, d.world.foundation())
	d.do(&step{kind: flush, node: 0, size: 1})
}

func (d *director) step() {
	p := d.play
	d.world.now = p.truth.Now()
	if !d.world.simulated {
		d.world.now = p.wall
	}
	leader := p.leader()
	if leader == nil {
		d.takeLead(d.IntN(2))
		return
	}
	at := leader.number()
	if n := len(d.crashes); n > 0 {
		for i, left := range d.crashes {
			if d.left <= left {
				d.crashes = append(d.crashes[:i], d.crashes[i+1:]...)
				d.crash(at)
				return
			}
		}
	}
	switch n := d.IntN(100); {
	case n < 60:
		d.submitNew(at, d.world.next())
	case n < 63: // late or again
		c := pick(d.Rand, p.submitted)
		if d.IntN(4) == 0 {
			other := *c
			other.Purpose++
			c = &other
		}
		d.do(&step{kind: submit, node: at, command: c})
	case n < 65: // the other node may believe that it leads
		d.submitNew(1-at, d.world.next())
	case n < 67:
		d.do(&step{kind: flush, node: 1 - at, size: 3, fault: pick(d.Rand, []fault{none, lost, kept})})
	case n < 72:
		d.do(&step{kind: tick, wait: ledger.Instant(d.Int64N(5_000_000))})
	case n < 73:
		d.do(&step{kind: snapshot, node: at})
	case n < 74 && d.IntN(3) == 0:
		d.takeLead(1 - at)
	default:
		s := &step{kind: flush, node: at, size: 1 + d.IntN(12)}
		if d.IntN(15) == 0 {
			s.fault = pick(d.Rand, []fault{lost, kept})
		}
		d.do(s)
	}
}

func (d *director) takeLead(node int) {
	d.do(&step{kind: lead, node: node, stale: d.IntN(2) == 0, fault: pick(d.Rand, []fault{none, none, none, lost, kept, crashAfter})})
}

// crash ends a node in one of the ways that there are.
func (d *director) crash(node int) {
	if d.IntN(4) == 0 {
		d.do(&step{kind: crash, node: node})
		return
	}
	d.do(&step{kind: flush, node: node, size: 1 + d.IntN(12), fault: pick(d.Rand, []fault{crashBefore, crashAfter, crashWithin})})
	if n := d.play.nodes[node]; n.engine != nil { // it had nothing to append
		d.do(&step{kind: crash, node: node})
	}
}

// submitNew sends a new command to a node, whatever the node makes of it.
func (d *director) submitNew(node int, c *ledger.Command) {
	d.left--
	s := &step{kind: submit, node: node, command: c, targets: map[int]ledger.ID{}}
	for i, op := range c.Operations {
		sequence := uint64(0)
		switch o := op.(type) {
		case *ledger.Reverse:
			sequence = o.Sequence
		case *ledger.ReverseLine:
			sequence = o.Sequence
		}
		if sequence > 0 && sequence <= uint64(len(d.world.sent)) {
			s.targets[i] = d.world.sent[sequence-1].ID
		}
	}
	d.do(s)
}
