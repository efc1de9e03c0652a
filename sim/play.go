package sim

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/sim/model"
)

// play tells one story and compares everything with what should be.
type play struct {
	store    *journal.Memory
	listed   journal.Ledger
	machines [2]*machine
	active   *machine     // whose program runs
	truth    *model.Model // has applied every row that is stored
	wall     ledger.Instant
	folder   string // for snapshots, made when needed

	results   [][]byte // by sequence − 1: what the model said
	records   [][]byte // by sequence − 1: what the journal holds
	headers   []journal.Header
	moments   []model.Moment      // by sequence, kept if the story is going to be a chronicle
	digests   map[uint64][32]byte // at the ends of groups: what the first engine to come there had
	sequences map[ledger.ID]uint64
	answers   map[ledger.ID][]byte // what clients were told
	submitted []*ledger.Command    // by clients, each once
	byID      map[ledger.ID]*ledger.Command
	targets   map[ledger.ID]map[int]ledger.ID
	compared  uint64
	codes     map[ledger.Code]int
	steps     int
	crashes   int
	takeovers int      // by another machine than the one that led before
	last      *machine // that took the lead
}

// Failure is a story that did not end well.
type Failure struct {
	What  string
	Step  int
	Stack string // of a panic
}

func (f *Failure) Error() string { return f.What }

func newPlay(chronicle bool) *play {
	p := &play{
		store: journal.NewMemory(), truth: model.New(), digests: map[uint64][32]byte{}, sequences: map[ledger.ID]uint64{},
		answers: map[ledger.ID][]byte{}, byID: map[ledger.ID]*ledger.Command{}, targets: map[ledger.ID]map[int]ledger.ID{},
		codes: map[ledger.Code]int{},
	}
	p.store.Hook = p.hook
	if chronicle {
		p.moments = []model.Moment{{}}
	}
	p.machines = [2]*machine{{play: p}, {play: p, number: 1}}
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
		if p.folder != "" {
			if err := os.RemoveAll(p.folder); err != nil && failure == nil {
				failure = &Failure{What: err.Error()}
			}
		}
	}()
	run()
	return nil
}

// hook says what goes wrong with an insert: the fault of the machine that runs, once.
func (p *play) hook(at journal.Step, _ []journal.Group) journal.Fault {
	if at != journal.StepInsert || p.active == nil {
		return journal.None
	}
	f := p.active.fault
	if !f.overtaken() {
		p.active.fault = none
	}
	p.active.dead = f.deadly()
	return faults[f].store
}

// do tells one step.
func (p *play) do(s *step) {
	m := p.machines[s.machine]
	switch s.kind {
	case submit:
		p.submit(m, s)
	case conflict:
		if p.answers[s.command.ID] != nil {
			other := *p.byID[s.command.ID]
			other.Purpose++
			m.submit(&other, ledger.IDConflict)
		}
	case future:
		m.submit(s.command, ledger.IDFromFuture)
	case flush:
		m.flush(s.fault)
	case apply:
		m.apply(s.fault)
	case whatIf:
		p.whatIf(s.command, s.other)
	case crash:
		if m.driver != nil {
			p.crashes++
		}
		m.crash()
	case lead:
		m.lead(s)
	case tick:
		p.wall += s.wait
	case snapshot:
		m.beginSnapshot()
	case land:
		p.store.Land(func([]journal.Group) bool { return s.size > 0 })
	}
	p.read()
	p.compareNow(40)
	p.steps++
}

func (p *play) submit(m *machine, s *step) {
	c := s.command
	if p.byID[c.ID] == nil {
		p.byID[c.ID] = c
		p.targets[c.ID] = s.targets
		p.submitted = append(p.submitted, c)
	}
	m.submit(p.byID[c.ID], ledger.Applied)
}

// overtake lets the other machine take the lead while one waits for an answer.
func (p *play) overtake(m *machine) { p.machines[1-m.number].lead(&step{}) }

// resolve puts the sequences of their targets into reversals, once: a command never changes after it was sent. A
// client knows only what was answered, so a target that is on its way has no sequence yet.
func (p *play) resolve(c *ledger.Command, applied uint64) {
	targets := p.targets[c.ID]
	delete(p.targets, c.ID)
	for i, target := range targets {
		sequence := p.sequences[target]
		if sequence == 0 || sequence > applied {
			sequence = 1 << 40
		}
		switch o := c.Operations[i].(type) {
		case *ledger.Reverse:
			o.Sequence = sequence
		case *ledger.ReverseLine:
			o.Sequence = sequence
		case *ledger.Correct:
			o.Sequence = sequence
		}
	}
}

// read lets the model apply what has been stored since. From then on it counts.
func (p *play) read() {
	if p.listed.Name == "" {
		return
	}
	rows, err := p.store.Page(context.Background(), p.listed.ID, uint64(len(p.results))+1, 1<<30)
	if err != nil {
		p.fail("%v", err)
	}
	for i := range rows {
		g, err := journal.Decode(rows[i].Bytes)
		if err != nil {
			p.fail("%v", err)
		}
		if n := len(p.headers); n > 0 && (g.Timestamp < p.headers[n-1].Timestamp || g.BookingDate < p.headers[n-1].BookingDate) {
			p.fail("the group at sequence %d has a time before that of the group before it", g.First)
		}
		p.headers = append(p.headers, g.Header)
		for seq, record := range g.Records() {
			p.apply(&g.Header, seq, record)
		}
	}
}

func (p *play) apply(h *journal.Header, seq uint64, record []byte) {
	if seq != uint64(len(p.results))+1 {
		p.fail("the journal goes on with sequence %d after %d", seq, len(p.results))
	}
	c, past := p.decode(record)
	if first := p.sequences[c.ID]; first != 0 {
		p.fail("command %s was sequenced twice: %d and %d", short(c.ID), first, seq)
	}
	if !bytes.Equal(pastBytes(past), pastBytes(p.truth.Past(c))) {
		p.fail("command %s, sequence %d: its attachment is not what happened", short(c.ID), seq)
	}
	p.sequences[c.ID] = seq
	result := p.truth.Apply(seq, ledger.Instant(h.Timestamp), ledger.DateOfUnixDay(h.BookingDate), c)
	p.codes[result.Code]++
	p.results = append(p.results, ledger.AppendResult(nil, &result))
	p.records = append(p.records, record)
	if p.moments != nil {
		p.moments = append(p.moments, p.truth.Moment())
	}
}

func pastBytes(past *ledger.Past) []byte {
	if past == nil {
		return nil
	}
	return ledger.AppendPast(nil, past)
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

// check compares what an engine made of a command with what the model made of it.
func (p *play) check(seq uint64, result *ledger.Result, fx *ledger.Effects) {
	if b := ledger.AppendResult(nil, result); !bytes.Equal(b, p.results[seq-1]) {
		want, err := ledger.DecodeResult(p.results[seq-1])
		if err != nil {
			p.fail("%v", err)
		}
		c, _ := p.decode(p.records[seq-1])
		p.fail("command %s, sequence %d: the engine says %s\n    the model says %s", short(c.ID), seq, show(result), show(want))
	}
	if result.Code != ledger.Applied {
		if len(fx.Entries)+len(fx.Accounts)+len(fx.Registers)+len(fx.Holdings)+len(fx.Payouts) > 0 {
			p.fail("sequence %d: refused, but it has effects", seq)
		}
	}
}

func show(r *ledger.Result) string {
	if r.Code != ledger.Applied {
		return fmt.Sprintf("%v at operation %d", r.Code, r.Index)
	}
	return fmt.Sprintf("applied %+v", r.Outputs)
}

// digest compares an engine's digest after a sequence with that of the first engine that came there.
func (p *play) digest(seq uint64, digest [32]byte) {
	if first, known := p.digests[seq]; known && first != digest {
		p.fail("after sequence %d: another engine had another digest", seq)
	}
	p.digests[seq] = digest
}

// answer is what a client is told: the same every time, and what the journal says.
func (p *play) answer(r *request, a *node.Answer) {
	id := r.command.ID
	if r.want != ledger.Applied || !a.Result.Code.Journaled() {
		if a.Result.Code != r.want {
			p.fail("command %s: the answer is %v, want %v (%s)", short(id), a.Result.Code, r.want, a.Why)
		}
		return
	}
	result, seq := ledger.AppendResult(nil, &a.Result), p.sequences[id]
	if seq == 0 || seq != a.Result.Sequence || !bytes.Equal(p.results[seq-1], result) {
		p.fail("command %s: the answer is not the result that the journal gives at sequence %d", short(id), seq)
	}
	if first := p.answers[id]; first != nil && !bytes.Equal(first, result) {
		p.fail("command %s: answered twice, not the same", short(id))
	}
	p.answers[id] = result
}

// leader is the machine that runs with the highest lead, or nil.
func (p *play) leader() *machine {
	var best *machine
	for _, m := range p.machines {
		if m.driver != nil && (best == nil || m.driver.Epoch() > best.driver.Epoch()) {
			best = m
		}
	}
	return best
}

// compareNow compares a leader's state with the model's when every commands have come since the last time.
func (p *play) compareNow(every uint64) {
	m := p.leader()
	if m == nil || m.applied != uint64(len(p.results)) || m.applied < p.compared+every {
		return
	}
	p.compared = m.applied
	if what := compare(m.driver.Engine(), p.truth); what != "" {
		p.fail("after sequence %d: %s", p.compared, what)
	}
	if err := m.driver.Engine().CheckSums(); err != nil {
		p.fail("after sequence %d: %s", p.compared, err)
	}
}

// finish lets clients try until everything is answered, then looks back at the whole story.
func (p *play) finish() {
	for round := 0; ; round++ {
		waiting := 0
		m := p.leader()
		if m == nil {
			m = p.machines[round%2]
			m.lead(&step{})
		}
		for _, c := range p.submitted {
			if p.answers[c.ID] == nil {
				waiting++
				m.submit(c, ledger.Applied)
			}
		}
		if waiting == 0 {
			break
		}
		if round > 5 {
			p.fail("%d commands are never answered", waiting)
		}
		for turn := 0; m.driver != nil && len(m.waiting) > 0; turn++ {
			if turn > 1000 {
				p.fail("%d commands wait for ever", len(m.waiting))
			}
			m.flush(none)
			m.apply(none)
		}
	}
	p.steps++
	p.compareNow(0)
	if wrong := p.truth.Audit(); len(wrong) > 0 {
		p.fail("the model itself is wrong: %v", wrong)
	}
	p.replay()
	if p.moments != nil {
		p.chronicle()
	}
}

// replay applies the whole journal once more, command by command: every digest that a group ended with comes again, and
// a refused command changes none.
func (p *play) replay() {
	e, fx, i := ledger.NewEngine(), ledger.Effects{}, 0
	for seq := uint64(1); seq <= uint64(len(p.records)); seq++ {
		if seq == p.headers[i].Next() {
			i++
		}
		h := &p.headers[i]
		c, past := p.decode(p.records[seq-1])
		before := e.Digest()
		result := e.Apply(seq, ledger.Instant(h.Timestamp), ledger.DateOfUnixDay(h.BookingDate), c, past, &fx)
		p.check(seq, &result, &fx)
		if result.Code != ledger.Applied && e.Digest() != before {
			p.fail("command %s, sequence %d: refused with %v, but the digest changed", short(c.ID), seq, result.Code)
		}
		if seq+1 == h.Next() {
			p.digest(seq, e.Digest())
		}
	}
	if e.Digest() != e.RecomputeDigest() {
		p.fail("after a replay the digest is not the one worked out from the state")
	}
}

// tell plays steps that are given.
func tell(steps []*step, chronicle bool) (*play, *Failure) {
	p := newPlay(chronicle)
	return p, p.guard(func() {
		for _, s := range steps {
			p.do(s)
		}
		p.finish()
	})
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x6c6f6e676d656e)) }
