package sim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime/debug"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/sim/model"
)

// play tells one story and compares everything with what should be.
type play struct {
	disk     disk
	nodes    [2]*node
	truth    *model.Model // has applied every row that is there
	wall     ledger.Instant
	snapshot []byte

	results   [][]byte   // by sequence − 1: what the model said
	digests   [][32]byte // by sequence − 1: what the first engine to come there had
	at        []ledger.Instant
	sequences map[ledger.ID]uint64
	answers   map[ledger.ID][]byte // what clients were told
	submitted []*ledger.Command    // by clients, each once
	byID      map[ledger.ID]*ledger.Command
	targets   map[ledger.ID]map[int]ledger.ID
	compared  uint64
	internal  uint64
	pulses    uint64
	codes     map[ledger.Code]int
	steps     int
	crashes   int
	takeovers int   // by another node than the one that led before, the first lead aside
	last      *node // that took the lead
}

// Failure is a story that did not end well.
type Failure struct {
	What  string
	Step  int
	Stack string // of a panic
}

func (f *Failure) Error() string { return f.What }

func newPlay() *play {
	p := &play{
		truth: model.New(), sequences: map[ledger.ID]uint64{}, answers: map[ledger.ID][]byte{},
		byID: map[ledger.ID]*ledger.Command{}, targets: map[ledger.ID]map[int]ledger.ID{}, codes: map[ledger.Code]int{},
	}
	p.disk.kept = p.keep
	p.nodes = [2]*node{{play: p}, {play: p}}
	p.last = p.nodes[0]
	return p
}

func (p *play) fail(format string, args ...any) { panic(&Failure{What: fmt.Sprintf(format, args...)}) }

// guard turns the end of a bad story into a failure.
func (p *play) guard(run func()) (failure *Failure) {
	defer func() {
		if r := recover(); r != nil {
			var is bool
			if failure, is = r.(*Failure); !is {
				failure = &Failure{What: fmt.Sprintf("panic: %v", r), Stack: string(debug.Stack())}
			}
			failure.Step = p.steps
		}
	}()
	run()
	return nil
}

// do tells one step.
func (p *play) do(s *step) {
	n := p.nodes[s.node]
	switch s.kind {
	case submit:
		p.submit(n, s)
	case flush:
		n.flush(s.fault, s.size)
	case crash:
		p.crashes++
		n.crash()
	case lead:
		if s.command != nil {
			n.open(s.command)
		}
		n.lead(s.fault, s.stale)
	case tick:
		p.wall += s.wait
	case snapshot:
		n.beginSnapshot()
	}
	p.compareNow(40)
	p.steps++
}

func (p *play) submit(n *node, s *step) {
	c := s.command
	if first := p.byID[c.ID]; first != nil && first != c {
		if p.answers[c.ID] != nil {
			n.submit(c) // another content under an id that was answered: a conflict
		}
		return
	}
	if p.byID[c.ID] == nil {
		p.byID[c.ID] = c
		p.targets[c.ID] = s.targets
		p.submitted = append(p.submitted, c)
	}
	n.submit(c)
}

// resolve puts the sequences of their targets into reversals, once: a command never changes after it was sent.
func (p *play) resolve(c *ledger.Command) {
	targets := p.targets[c.ID]
	delete(p.targets, c.ID)
	for i, target := range targets {
		sequence := p.sequences[target]
		if sequence == 0 {
			sequence = 1 << 40
		}
		switch o := c.Operations[i].(type) {
		case *ledger.Reverse:
			o.Sequence = sequence
		case *ledger.ReverseLine:
			o.Sequence = sequence
		}
	}
}

// internalID names a command of a sequencer.
func (p *play) internalID() (id ledger.ID) {
	p.internal++
	binary.BigEndian.PutUint64(id[8:], p.internal)
	id[6], id[8] = 0x70, 0x80
	return id
}

// pulse is asked when a hold has expired; every third time the sequencer is late, so that expired holds are met.
func (p *play) pulse() bool {
	p.pulses++
	return p.pulses%3 == 0
}

func (p *play) decode(record []byte) (*ledger.Command, *ledger.Past) {
	r, err := ledger.DecodeRecord(record)
	if err != nil {
		p.fail("%v", err)
	}
	c, err := ledger.DecodeCommand(r.Command)
	if err != nil {
		p.fail("%v", err)
	}
	if len(r.Attachment) == 0 {
		return c, nil
	}
	past, err := ledger.DecodePast(r.Attachment)
	if err != nil {
		p.fail("%v", err)
	}
	return c, past
}

// keep is told of each row that is there. From then on its commands count, and the model applies them.
func (p *play) keep(r *row) {
	for i, record := range r.records {
		c, _ := p.decode(record)
		seq := r.first + uint64(i)
		if first := p.sequences[c.ID]; first != 0 {
			p.fail("command %s was sequenced twice: %d and %d", short(c.ID), first, seq)
		}
		p.sequences[c.ID] = seq
		result := p.truth.Apply(seq, r.at, dateOf(r.at), c)
		p.codes[result.Code]++
		p.results = append(p.results, ledger.AppendResult(nil, &result))
		p.at = append(p.at, r.at)
	}
}

func dateOf(at ledger.Instant) ledger.Date { return ledger.DateOf(at.Time()) }

// apply lets an engine apply a command and compares.
func (p *play) apply(n *node, seq uint64, at ledger.Instant, c *ledger.Command, past *ledger.Past) []byte {
	before := n.engine.Digest()
	result := n.engine.Apply(seq, at, dateOf(at), c, past, &n.fx)
	b := ledger.AppendResult(nil, &result)
	if !bytes.Equal(b, p.results[seq-1]) {
		want, err := ledger.DecodeResult(p.results[seq-1])
		if err != nil {
			p.fail("%v", err)
		}
		p.fail("command %s, sequence %d: the engine says %s\n    the model says %s", short(c.ID), seq, show(&result), show(want))
	}
	digest := n.engine.Digest()
	if result.Code != ledger.Applied {
		if digest != before {
			p.fail("command %s, sequence %d: refused with %v, but the digest changed", short(c.ID), seq, result.Code)
		}
		if fx := &n.fx; len(fx.Entries)+len(fx.Accounts)+len(fx.Registers)+len(fx.Holdings)+len(fx.Payouts) > 0 {
			p.fail("command %s, sequence %d: refused, but it has effects", short(c.ID), seq)
		}
	}
	if seq == uint64(len(p.digests))+1 {
		p.digests = append(p.digests, digest)
	} else if p.digests[seq-1] != digest {
		p.fail("command %s, sequence %d: another engine had another digest here", short(c.ID), seq)
	}
	return b
}

func show(r *ledger.Result) string {
	if r.Code != ledger.Applied {
		return fmt.Sprintf("%v at operation %d", r.Code, r.Index)
	}
	return fmt.Sprintf("applied %+v", r.Outputs)
}

// answer is what a client is told: the same every time.
func (p *play) answer(id ledger.ID, result []byte) {
	if seq := p.sequences[id]; seq == 0 || !bytes.Equal(p.results[seq-1], result) {
		p.fail("command %s: the answer is not the result that the journal gives", short(id))
	}
	if first := p.answers[id]; first != nil && !bytes.Equal(first, result) {
		p.fail("command %s: answered twice, not the same", short(id))
	}
	p.answers[id] = result
}

// leader is the node that last took the lead, or nil.
func (p *play) leader() *node {
	var best *node
	for _, n := range p.nodes {
		if n.leading && (best == nil || n.epoch > best.epoch) {
			best = n
		}
	}
	return best
}

// compareNow compares a leader's state with the model's when every commands have come since the last time.
func (p *play) compareNow(every uint64) {
	n := p.leader()
	if n == nil || n.engine.Sequence() != uint64(len(p.results)) || n.engine.Sequence() < p.compared+every {
		return
	}
	p.compared = n.engine.Sequence()
	if what := compare(n.engine, p.truth); what != "" {
		p.fail("after sequence %d: %s", p.compared, what)
	}
}

// finish lets clients try until everything is answered, then looks back at the whole story.
func (p *play) finish() {
	for round := 0; ; round++ {
		waiting := 0
		n := p.leader()
		if n == nil {
			n = p.nodes[round%2]
			n.lead(none, round%2 == 0)
		}
		for _, c := range p.submitted {
			if p.answers[c.ID] == nil {
				waiting++
				n.submit(c)
			}
		}
		if waiting == 0 {
			break
		}
		if round > 100 {
			p.fail("%d commands are never answered", waiting)
		}
		for range len(n.queue) + 1 {
			n.flush(none, 7)
		}
	}
	p.steps++
	p.compareNow(0)
	if wrong := p.truth.Audit(); len(wrong) > 0 {
		p.fail("the model itself is wrong: %v", wrong)
	}
	p.replay(1)
	p.replay(1000)
}

// replay applies the whole journal in groups of another size, all with their own timestamps.
func (p *play) replay(size int) {
	var all []row
	for _, r := range p.disk.rows {
		for i, record := range r.records {
			last := len(all) - 1
			if last >= 0 && all[last].at == r.at && len(all[last].records) < size {
				all[last].records = append(all[last].records, record)
			} else {
				all = append(all, row{first: r.first + uint64(i), at: r.at, records: [][]byte{record}})
			}
		}
	}
	n := &node{play: p}
	n.start(false)
	for i := range all {
		n.apply(&all[i])
	}
	if n.engine.Digest() != n.engine.RecomputeDigest() {
		p.fail("after a replay the digest is not the one worked out from the state")
	}
}

// tell plays steps that are given.
func tell(steps []*step) (*play, *Failure) {
	p := newPlay()
	return p, p.guard(func() {
		for _, s := range steps {
			p.do(s)
		}
		p.finish()
	})
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x6c6f6e676d656e)) }
