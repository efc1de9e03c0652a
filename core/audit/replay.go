package audit

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
)

// replay applies a journal to a fresh engine and compares on the way.
type replay struct {
	*verification
	engine *ledger.Engine
	tree   proof.Tree
	past   *history.Comparison // nil: there is none
	fx     ledger.Effects

	claims    claims
	snapshots []*snapshot // that lie ahead, by sequence
	passed    []*snapshot
	ends      []End // that lie ahead

	location *time.Location
	header   journal.Header // of the last group
	complete bool           // the whole journal was applied
	otherDay uint64         // groups whose booking date this machine's time zones don't give
	firstDay uint64         // the first of them
	undoings undoings
	debts    debts
	ids      ids
	differs  uint64 // first command of which history tells otherwise

	result []byte
	hashes []proof.Hash
}

func newReplay(v *verification, log *checkpoints, past *history.Comparison, snapshots []*snapshot) *replay {
	p := &replay{verification: v, engine: ledger.NewEngine(), debts: debts{}, ids: ids{seed: maphash.MakeSeed()}, past: past, snapshots: snapshots, ends: v.evidence.ends}
	slices.SortFunc(p.ends, func(a, b End) int { return compare(a.Sequence, b.Sequence) })
	p.claims = claims{v: v, log: log, given: v.evidence.given}
	p.claims.next()
	return p
}

// ErrNewer means that the journal needs rules that this program doesn't know.
var ErrNewer = errors.New("the journal needs a newer version of this program")

// run applies the journal up to its end or to the first thing that is wrong with it. Reading and decoding go on while the
// engine applies.
func (p *replay) run(ctx context.Context) error {
	seen, err := look(ctx, p.options.Journal, p.id)
	if err != nil {
		return err
	}
	p.undoings.wanted = seen.wanted
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	groups := make(chan *decoded, 4)
	failed := make(chan error, 1)
	go func() {
		defer close(groups)
		failed <- decode(reading, p.options.Journal, p.id, seen.end, groups)
	}()
	for g := range groups {
		if err = p.group(ctx, g); err != nil {
			break
		}
		p.tell(StageReplay, g.Next()-1, max(seen.end, g.Next()-1))
	}
	cancel()
	for range groups { // lets the reader end
	}
	if read := <-failed; err == nil {
		err = read
	}
	p.complete = err == nil
	return p.wrong(ctx, err)
}

// wrong makes a finding of what ended the replay, if it is about the journal.
func (p *replay) wrong(ctx context.Context, err error) error {
	if damage, ok := errors.AsType[*journal.DamageError](err); ok {
		what := damage.What
		if damage.Err != nil {
			what += ": " + damage.Err.Error()
		}
		p.find(PartJournal, damage.Sequence, doJournal, "the row at sequence %d: %s", damage.Sequence, what)
		p.search(ctx, damage)
		return nil
	}
	if command, ok := errors.AsType[*commandError](err); ok {
		p.find(PartJournal, command.sequence, doJournal, "command %d: %v", command.sequence, command.err)
		return nil
	}
	return err
}

// search finds the commands of a changed row that were changed, as far as history tells.
func (p *replay) search(ctx context.Context, damage *journal.DamageError) {
	g, err := journal.Decode(damage.Bytes)
	if err != nil || p.past == nil || g.First != damage.Sequence {
		return
	}
	for sequence, record := range g.Records() {
		result, leaf, err := p.past.Leaf(ctx, sequence)
		if err == nil && proof.Leaf(record, result) != leaf {
			p.find(PartJournal, sequence, doJournal, "command %d is not the one whose leaf history keeps", sequence)
		}
	}
}

// fault ends a replay at a command.
func fault(sequence uint64, format string, args ...any) error {
	return &commandError{sequence, fmt.Errorf(format, args...)}
}

// group applies a group. A *commandError says what in it can't be right.
func (p *replay) group(ctx context.Context, g *decoded) error {
	if err := p.checkHeader(g); err != nil {
		return err
	}
	p.beginHistory(&g.Header)
	at, date := ledger.Instant(g.Timestamp), ledger.DateOfUnixDay(g.BookingDate)
	for i := range g.commands {
		c := &g.commands[i]
		if err := p.checkCommand(g, c); err != nil {
			return err
		}
		p.ids.add(c.command.ID)
		deed := p.undoings.before(p.engine, c)
		res, err := p.apply(c, at, date)
		if err != nil {
			return err
		}
		p.undoings.after(p.engine, c.sequence, deed, &res, &p.fx)
		if res.Code != ledger.Applied {
			p.report.Refused++
		}
		p.debts.follow(c.command, p.fx.Entries)
		p.result = ledger.AppendResult(p.result[:0], &res)
		p.hashes = p.tree.Append(p.hashes[:0], proof.Leaf(c.record, p.result))
		p.addToHistory(c.record, &res, p.result, p.hashes)
		p.compareUndoing(c)
		p.reach(c.sequence, &g.Header)
	}
	if g.Engine > p.engine.Version() {
		return fault(g.First, "its group says engine version %d, the ledger has %d", g.Engine, p.engine.Version())
	}
	p.count(g)
	return p.endHistory(ctx)
}

// apply lets the engine apply a command. Where it can't, such as with a past that there never was, it panics.
func (p *replay) apply(c *decodedCommand, at ledger.Instant, date ledger.Date) (res ledger.Result, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fault(c.sequence, "the engine can't apply it: %v", broken)
		}
	}()
	return p.engine.Apply(c.sequence, at, date, c.command, c.past, &p.fx), nil
}

// compareUndoing compares what was attached to a command with what really happened.
func (p *replay) compareUndoing(c *decodedCommand) {
	if c.past == nil {
		return
	}
	p.report.Undoings++
	if what := p.undoings.compare(c); what != "" {
		p.find(PartJournal, c.sequence, doUndoing, "command %d: %s", c.sequence, what)
	}
}

func (p *replay) count(g *decoded) {
	r := &p.report
	if r.Groups == 0 {
		first := ledger.Instant(g.Timestamp).Time()
		r.First = &first
	}
	r.Groups++
	r.Commands = g.Next() - 1
	r.Bytes += uint64(len(g.Bytes()))
	p.header = g.Header
	for len(p.ends) > 0 && p.ends[0].Sequence < g.Next() {
		if e := p.ends[0]; e.Sequence == g.Next()-1 && e.Hash != g.Hash {
			p.find(PartJournal, e.Sequence, doJournal, "the group that ends with command %d is another than the copy's list says", e.Sequence)
		}
		p.ends = p.ends[1:]
	}
}

// checkHeader checks what a group says of itself beyond the chain of rows.
func (p *replay) checkHeader(g *decoded) error {
	h, before := &g.Header, &p.header
	if h.Engine > ledger.Version {
		return fmt.Errorf("the group at sequence %d is of engine version %d, this program has %d: %w", h.First, h.Engine, ledger.Version, ErrNewer)
	}
	if h.Timestamp < before.Timestamp && before.First != 0 {
		return fault(h.First, "its timestamp is earlier than that of the group before")
	}
	if h.BookingDate < before.BookingDate && before.First != 0 {
		return fault(h.First, "its booking date is earlier than that of the group before")
	}
	if p.engine.Clock() == ledger.SimulatedClock && ledger.Instant(h.Timestamp) != p.engine.Now() {
		return fault(h.First, "its timestamp is not where the simulated clock stands")
	}
	if err := p.checkLead(g); err != nil {
		return err
	}
	p.checkDate(h)
	return nil
}

// checkLead makes sure that an epoch begins with the command that takes the lead, and only with it.
func (p *replay) checkLead(g *decoded) error {
	first := g.commands
	if g.First == 1 {
		o, ok := first[0].command.Operations[0].(*ledger.OpenLedger)
		if !ok || o.Ledger != p.id {
			return fault(1, "it does not open this ledger")
		}
		if o.Clock == ledger.SimulatedClock && o.Start != ledger.Instant(g.Timestamp) {
			return fault(1, "its timestamp is not where the simulated clock starts")
		}
		first = first[1:]
	}
	if g.Epoch == p.header.Epoch {
		return nil
	}
	if len(first) > 0 {
		if o, ok := first[0].command.Operations[0].(*ledger.Lead); ok && o.Epoch == g.Epoch {
			return nil
		}
	}
	return fault(g.First, "epoch %d begins without the command that takes the lead", g.Epoch)
}

// checkCommand refuses commands that a sequencer writes only in other places.
func (p *replay) checkCommand(g *decoded, c *decodedCommand) error {
	switch o := c.command.Operations[0].(type) {
	case *ledger.OpenLedger:
		if c.sequence != 1 {
			return fault(c.sequence, "the ledger is opened a second time")
		}
	case *ledger.Lead:
		if o.Epoch != g.Epoch {
			return fault(c.sequence, "it takes the lead with epoch %d in a group of epoch %d", o.Epoch, g.Epoch)
		}
	}
	return nil
}

// checkDate counts booking dates that this machine's time zones don't give. Rules of zones change, so that is a remark.
func (p *replay) checkDate(h *journal.Header) {
	if p.location == nil {
		if p.engine.Zone() == "" {
			return
		}
		var err error
		if p.location, err = time.LoadLocation(p.engine.Zone()); err != nil {
			p.location = time.UTC
			p.remark("booking dates were not compared: this machine doesn't know the time zone %s", p.engine.Zone())
		}
	}
	if p.location == time.UTC && p.engine.Zone() != "UTC" {
		return
	}
	date := ledger.DateOf(ledger.Instant(h.Timestamp).Time().In(p.location))
	if p.header.First != 0 { // it never goes back, though clocks do over midnight
		date = max(date, ledger.DateOfUnixDay(p.header.BookingDate))
	}
	if date != ledger.DateOfUnixDay(h.BookingDate) {
		if p.otherDay == 0 {
			p.firstDay = h.First
		}
		p.otherDay++
	}
}

// reach compares what was kept of the ledger as it was after a command.
func (p *replay) reach(sequence uint64, h *journal.Header) {
	if p.claims.ahead > sequence && (len(p.snapshots) == 0 || p.snapshots[0].sequence > sequence) {
		return
	}
	p.claims.compare(p, sequence, h)
	for len(p.snapshots) > 0 && p.snapshots[0].sequence <= sequence {
		p.snapshots[0].expect(p.engine)
		p.passed = append(p.passed, p.snapshots[0])
		p.snapshots = p.snapshots[1:]
	}
}
