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
func direct(seed uint64, commands int, chronicle bool) (*play, []*step, *Failure) {
	p := newPlay(chronicle)
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
	d.do(&step{kind: tick, wait: d.world.now})
	d.do(&step{kind: lead, command: d.world.opening()})
	if d.world.chance(50) {
		d.submitNew(0, d.world.command(&ledger.Upgrade{Version: ledger.Version}))
	}
	d.submitNew(0, d.world.foundation())
	d.do(&step{kind: flush})
	d.do(&step{kind: apply})
	if d.world.crowd {
		for range 3 {
			d.submitNew(0, d.world.crowded())
			d.do(&step{kind: flush})
			d.do(&step{kind: apply})
		}
	}
	for d.left > 0 {
		d.step()
	}
	if d.play.takeovers == 0 {
		d.do(&step{kind: lead, machine: 1 - d.play.last.number})
	}
}

func (d *director) step() {
	p := d.play
	d.world.wall = p.wall
	d.world.now = p.truth.Now()
	if !d.world.simulated {
		d.world.now = p.wall
	}
	leader := p.leader()
	if leader == nil {
		d.takeLead(d.IntN(2))
		return
	}
	at := leader.number
	for i, left := range d.crashes {
		if d.left <= left {
			d.crashes = append(d.crashes[:i], d.crashes[i+1:]...)
			d.crash(at)
			return
		}
	}
	switch n := d.IntN(100); {
	case n < 60:
		d.submitNew(at, d.world.next())
	case n < 65:
		d.again(at)
	case n < 67: // the other machine may believe that it leads
		d.submitNew(1-at, d.world.next())
	case n < 69:
		d.do(&step{kind: flush, machine: 1 - at, fault: pick(d.Rand, []fault{none, lost, kept, afloat})})
	case n < 75:
		d.pass()
	case n < 76:
		d.do(&step{kind: snapshot, machine: at})
	case n < 77 && d.IntN(3) == 0:
		d.takeLead(1 - at)
	case n < 78:
		d.do(&step{kind: land, size: d.IntN(2)})
	case n < 80:
		d.whatIf()
	default:
		s := &step{kind: flush, machine: at}
		if d.IntN(15) == 0 {
			s.fault = pick(d.Rand, []fault{failed, lost, kept, afloat, lostOvertaken, keptOvertaken, afloatOvertaken, rejected})
		}
		d.do(s)
		if d.IntN(3) > 0 {
			d.do(&step{kind: apply, machine: at})
		}
	}
}

// whatIf makes a command and changes a word of it.
func (d *director) whatIf() {
	d.world.look()
	c := d.world.command(d.world.oneOf(together))
	if d.IntN(4) == 0 {
		c.Operations[0] = d.world.distribute()
	}
	if undoes(c) {
		return
	}
	other := *c
	other.Operations = []ledger.Operation{d.world.changed(c.Operations[0])}
	if c.Check() == nil && other.Check() == nil {
		d.do(&step{kind: whatIf, command: c, other: &other})
	}
}

func undoes(c *ledger.Command) bool {
	switch c.Operations[0].Kind() {
	case ledger.KindReverse, ledger.KindReverseLine, ledger.KindCorrect:
		return true
	}
	return false
}

// again sends something that was sent before, as it was or changed, or something that can't have been.
func (d *director) again(at int) {
	s := &step{kind: submit, machine: at, command: pick(d.Rand, d.play.submitted)}
	switch d.IntN(8) {
	case 0:
		s.kind = conflict
	case 1:
		wall := d.world.wall
		d.world.wall += 36_000_000_000
		s.kind, s.command = future, d.world.command(&ledger.OpenAsset{Code: "NEVER"})
		d.world.wall = wall
	}
	d.do(s)
}

// pass lets seconds pass, sometimes hours.
func (d *director) pass() {
	s := &step{kind: tick, wait: ledger.Instant(d.Int64N(5_000_000))}
	if d.IntN(10) == 0 {
		s.wait *= 3600
	}
	d.do(s)
}

func (d *director) takeLead(number int) {
	s := &step{kind: lead, machine: number, wait: ledger.Instant(d.IntN(6_000_000) - 3_000_000), size: pick(d.Rand, []int{0, 0, 5, 1000})}
	if d.IntN(4) == 0 {
		s.fault = pick(d.Rand, []fault{failed, lost, kept, afloat, crashBefore, crashAfter, crashAfloat})
	}
	d.do(s)
}

// crash ends a program in one of the ways that there are.
func (d *director) crash(number int) {
	if d.IntN(4) > 0 {
		d.do(&step{kind: flush, machine: number, fault: pick(d.Rand, []fault{none, crashBefore, crashAfter, crashAfloat})})
		d.do(&step{kind: apply, machine: number, fault: crashWithin})
	}
	if d.play.machines[number].driver != nil { // it had nothing to append
		d.do(&step{kind: crash, machine: number})
	}
}

// submitNew sends a new command to a machine, whatever it makes of it.
func (d *director) submitNew(number int, c *ledger.Command) {
	d.left--
	s := &step{kind: submit, machine: number, command: c, targets: map[int]ledger.ID{}}
	for i, op := range c.Operations {
		place := uint64(0)
		switch o := op.(type) {
		case *ledger.Reverse:
			place = o.Sequence
		case *ledger.ReverseLine:
			place = o.Sequence
		case *ledger.Correct:
			place = o.Sequence
		}
		if place > 0 && place <= uint64(len(d.world.sent)) {
			s.targets[i] = d.world.sent[place-1].ID
		}
	}
	d.do(s)
}
