// Package apitest has a node for the tests of the doors: ledgers over the real engine, all in memory and in one lock,
// with a past that is kept in full and looked through from end to end. It is small so that a test can trust it.
//
// The package must not know the doors, and nothing but tests may use it.
package apitest

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Node serves ledgers from memory.
type Node struct {
	clock clock.Clock
	Box   notice.Box // the simulator of short messages

	mu    sync.Mutex
	books map[string]*book
	// fault, if it is set, is what every call answers.
	fault error
	slow  time.Duration
}

// NewNode makes an empty node by this clock.
func NewNode(c clock.Clock) *Node { return &Node{clock: c, books: map[string]*book{}} }

// Fail makes every call answer with this error, nil ends it.
func (n *Node) Fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fault = err
}

// Slow makes each batch take so long.
func (n *Node) Slow(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.slow = d
}

// Size is the last sequence of a ledger, 0 if there is none: with it a test sees that nothing was journaled.
func (n *Node) Size(name string) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if b := n.books[name]; b != nil {
		return b.engine.Sequence()
	}
	return 0
}

// book is one ledger with its whole past.
type book struct {
	name    string
	created api.NewLedger
	id      ledger.ID
	zone    *time.Location
	clock   clock.Clock
	engine  *ledger.Engine
	fx      ledger.Effects
	applied []step // by sequence - 1
	ids     map[ledger.ID]uint64
	assets  []api.Asset
	entries map[string][]api.Entry // by address, oldest first
	changed chan struct{}          // closed at the next step

	key    proof.Key
	tree   proof.Tree
	hashes []proof.Hash
}

// step is one command with what it left.
type step struct {
	api.Recorded
	record, result []byte
	states         map[string]ledger.AccountState
	trial          []ledger.BucketState
	lines          map[string][]ledger.HoldingState // by register, after a distribution
	before         map[string][]ledger.HoldingState
}

func (n *Node) book(name string) (*book, error) {
	if n.fault != nil {
		return nil, n.fault
	}
	if b := n.books[name]; b != nil {
		return b, nil
	}
	return nil, errs.NotFound.Errorf("there is no ledger %q", name)
}

// on runs f with a ledger under the lock.
func on[T any](n *Node, name string, f func(*book) (T, error)) (T, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.book(name)
	if err != nil {
		var none T
		return none, err
	}
	return f(b)
}

// CreateLedger opens a ledger.
func (n *Node) CreateLedger(_ context.Context, l api.NewLedger) (api.LedgerInfo, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fault != nil {
		return api.LedgerInfo{}, n.fault
	}
	if old := n.books[l.Name]; old != nil {
		if old.created != l {
			return api.LedgerInfo{}, errs.Conflict.Errorf("there is a ledger %q that was opened otherwise", l.Name)
		}
		return old.info(), nil
	}
	zone, err := time.LoadLocation(l.Zone)
	if err != nil {
		return api.LedgerInfo{}, errs.Invalid.Errorf("%q is no time zone", l.Zone).On("body.zone")
	}
	own, err := id.New(n.clock, rand.Reader)
	if err != nil {
		return api.LedgerInfo{}, err
	}
	b := &book{
		name: l.Name, created: l, id: ledger.ID(own), zone: zone, clock: n.clock, engine: ledger.NewEngine(),
		ids: map[ledger.ID]uint64{}, entries: map[string][]api.Entry{}, changed: make(chan struct{}),
	}
	secret, err := proof.GenerateKey(proof.Origin(b.id), rand.Reader)
	if err != nil {
		return api.LedgerInfo{}, err
	}
	if b.key, err = proof.ParseKey(secret); err != nil {
		return api.LedgerInfo{}, err
	}
	open := &ledger.OpenLedger{Ledger: b.id, Zone: l.Zone, Clock: l.Clock, Start: l.Start, Shadow: l.Shadow}
	if l.Clock == ledger.RealClock {
		open.Start = ledger.InstantOf(n.clock.Now())
	}
	c := &ledger.Command{ID: b.id, Operations: []ledger.Operation{open}}
	if err := c.Check(); err != nil {
		return api.LedgerInfo{}, errs.Invalid.Errorf("%v", err)
	}
	b.apply(c, open.Start)
	n.books[l.Name] = b
	return b.info(), nil
}

// Ledger tells about one ledger.
func (n *Node) Ledger(_ context.Context, name string) (api.LedgerInfo, error) {
	return on(n, name, func(b *book) (api.LedgerInfo, error) { return b.info(), nil })
}

// Ledgers tells about all of them.
func (n *Node) Ledgers(context.Context) ([]api.LedgerInfo, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fault != nil {
		return nil, n.fault
	}
	var list []api.LedgerInfo
	for _, b := range n.books {
		list = append(list, b.info())
	}
	slices.SortFunc(list, func(a, b api.LedgerInfo) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (b *book) info() api.LedgerInfo {
	accounts, registers, _, _ := b.engine.Size()
	p := b.position()
	return api.LedgerInfo{
		ID: b.id, Name: b.name, Zone: b.zone.String(), Clock: b.engine.Clock(), Shadow: b.engine.Shadow(), Now: b.now(),
		Sequence: p.Sequence, Timestamp: p.Timestamp, Projected: p.Sequence, Version: b.engine.Version(),
		Accounts: uint64(accounts), Registers: uint64(registers),
	}
}

func (b *book) position() api.Position {
	return api.Position{Sequence: b.engine.Sequence(), Timestamp: b.applied[len(b.applied)-1].Result.Timestamp}
}

func (b *book) now() ledger.Instant {
	if b.engine.Clock() == ledger.SimulatedClock {
		return b.engine.Now()
	}
	return ledger.InstantOf(b.clock.Now())
}

// Apply applies a batch.
func (n *Node) Apply(ctx context.Context, name string, commands []*ledger.Command) ([]api.Answer, error) {
	n.mu.Lock()
	slow := n.slow
	n.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return on(n, name, func(b *book) ([]api.Answer, error) {
		answers := make([]api.Answer, len(commands))
		for i, c := range commands {
			answers[i] = b.answer(c)
		}
		close(b.changed)
		b.changed = make(chan struct{})
		return answers, nil
	})
}

func (b *book) answer(c *ledger.Command) api.Answer {
	if id.ID(c.ID).Micros() > b.clock.Now().Add(10*time.Second).UnixMicro() {
		return api.Answer{Result: ledger.Result{Code: ledger.IDFromFuture}, Why: "the id lies ahead of the clock"}
	}
	if seq, known := b.ids[c.ID]; known {
		first := b.applied[seq-1]
		if content(c) != content(first.Command) {
			return api.Answer{Result: ledger.Result{Code: ledger.IDConflict}, Why: ledger.IDConflict.Info().Means}
		}
		return api.Answer{Result: first.Result, Repeated: true}
	}
	return api.Answer{Result: b.apply(c, b.now())}
}

// content is what two commands of one id must have in common: all but the trace.
func content(c *ledger.Command) string {
	plain := *c
	plain.Trace = ledger.ID{}
	return string(ledger.AppendCommand(nil, &plain))
}

func (b *book) apply(c *ledger.Command, now ledger.Instant) ledger.Result {
	s := step{states: map[string]ledger.AccountState{}, before: b.holders(c)}
	date := ledger.DateOf(now.Time().In(b.zone))
	sequence := uint64(len(b.applied)) + 1
	res := b.engine.Apply(sequence, now, date, c, nil, &b.fx)
	s.Recorded = api.Recorded{Command: c, Result: res}
	for _, a := range b.fx.Assets {
		b.assets = append(b.assets, api.Asset{Code: a.Code, Scale: a.Scale})
	}
	for n := uint32(1); ; n++ {
		a, ok := b.engine.AccountByNumber(n)
		if !ok {
			break
		}
		s.states[a.Address] = a
	}
	s.lines, s.trial = b.holders(c), b.engine.TrialBalance()
	s.record = ledger.AppendRecord(nil, ledger.Record{Command: ledger.AppendCommand(nil, c)})
	s.result = ledger.AppendResult(nil, &res)
	b.hashes = b.tree.Append(b.hashes, proof.Leaf(s.record, s.result))
	b.applied = append(b.applied, s)
	b.ids[c.ID] = sequence
	b.enter(&s)
	return res
}

// holders lists the holdings of the registers that a command pays.
func (b *book) holders(c *ledger.Command) map[string][]ledger.HoldingState {
	found := map[string][]ledger.HoldingState{}
	for _, op := range c.Operations {
		if d, ok := op.(*ledger.Distribute); ok {
			list, _, _ := b.engine.Holders(d.Register, 0, ledger.MaxHoldings)
			found[d.Register] = list
		}
	}
	return found
}

// enter makes the entries of a step: those the engine tells of, and for the lines that it leaves out what a balance
// moved besides.
func (b *book) enter(s *step) {
	for address, state := range s.states {
		if len(b.applied) < 2 {
			continue
		}
		old := b.applied[len(b.applied)-2].states[address]
		moved := (state.Credits - state.Debits) - (old.Credits - old.Debits)
		entry := func(e api.Entry, signed int64) {
			e.Sequence, e.Timestamp, e.Booked, e.Effective = s.Result.Sequence, s.Result.Timestamp, s.Result.Date, s.Command.Effective
			e.Command, e.Purpose = s.Command.ID, s.Command.Purpose
			if e.Effective == 0 {
				e.Effective = e.Booked
			}
			e.Side, e.Amount = ledger.CreditNormal, signed
			if signed < 0 {
				e.Side, e.Amount = ledger.DebitNormal, -signed
			}
			e.Balance = signed
			if state.Side == ledger.DebitNormal {
				e.Balance = -signed
			}
			list := b.entries[address]
			if len(list) > 0 {
				e.Balance += list[len(list)-1].Balance
			}
			b.entries[address] = append(list, e)
		}
		for i := range b.fx.Entries {
			f := &b.fx.Entries[i]
			if f.Account != state.Number {
				continue
			}
			signed := f.Amount
			if f.Side == ledger.DebitNormal {
				signed = -signed
			}
			moved -= signed
			entry(api.Entry{Operation: f.Index, Kind: kinds[f.Kind], Other: b.address(f.Other)}, signed)
		}
		if moved != 0 {
			last := len(s.Command.Operations) - 1
			line := api.Entry{Kind: "line", Operation: uint16(last)}
			if d, ok := s.Command.Operations[last].(*ledger.Distribute); ok {
				line.Register = d.Register
			}
			entry(line, moved)
		}
	}
}

var kinds = map[ledger.EntryKind]string{
	ledger.EntryTransfer: "transfer", ledger.EntryPost: "post", ledger.EntryPayer: "payer", ledger.EntryLine: "line",
	ledger.EntryUnclaimed: "unclaimed", ledger.EntryDeducted: "deducted", ledger.EntryClaim: "claim", ledger.EntryReversal: "reversal",
	ledger.EntryCovered: "covered", ledger.EntrySetOff: "set_off", ledger.EntrySettled: "settled",
}

func (b *book) address(number uint32) string {
	a, _ := b.engine.AccountByNumber(number)
	return a.Address
}

// Balances reads accounts.
func (n *Node) Balances(_ context.Context, name string, addresses []string, atLeast uint64, states []ledger.AccountState) (api.Position, error) {
	return on(n, name, func(b *book) (api.Position, error) {
		if atLeast > b.engine.Sequence() {
			return api.Position{}, errs.Overloaded.Errorf("sequence %d is not there yet", atLeast)
		}
		for i, address := range addresses {
			states[i], _ = b.engine.Account(address)
		}
		return b.position(), nil
	})
}

// Watch follows the journal.
func (n *Node) Watch(ctx context.Context, name string, from uint64, each func([]api.Recorded) error) error {
	for {
		type more struct {
			list    []api.Recorded
			changed chan struct{}
		}
		m, err := on(n, name, func(b *book) (more, error) {
			m := more{changed: b.changed}
			for ; from <= b.engine.Sequence(); from++ {
				m.list = append(m.list, b.applied[from-1].Recorded)
			}
			return m, nil
		})
		if err != nil {
			return err
		}
		if len(m.list) > 0 {
			if err := each(m.list); err != nil {
				return err
			}
		}
		select {
		case <-m.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// part cuts a page out of a list; places are indexes.
func part[T any](list []T, p api.Page) ([]T, []byte) {
	from := 0
	if len(p.Cursor) > 0 {
		fmt.Sscanf(string(p.Cursor), "%d", &from)
	}
	from = min(from, len(list))
	until := min(from+p.Limit, len(list))
	if until < len(list) {
		return list[from:until], []byte(fmt.Sprint(until))
	}
	return list[from:until], nil
}

func noAccount(address string) error { return errs.NotFound.Errorf("there is no account %q", address) }

func byDate(a, b api.Entry) int { return cmp.Compare(a.Effective, b.Effective) }

// Caused finds the commands that name an event.
func (n *Node) Caused(_ context.Context, name string, event id.ID, limit int) ([]api.Recorded, error) {
	return on(n, name, func(b *book) (list []api.Recorded, err error) {
		for i := range b.applied {
			if slices.Contains(b.applied[i].Command.References, ledger.Reference{Type: plan.Reference, Value: event}) && len(list) < limit {
				list = append(list, b.applied[i].Recorded)
			}
		}
		return list, nil
	})
}

// Simulated has one simulator, of short messages.
func (n *Node) Simulated(channel string, limit int) ([]notice.Message, error) {
	if channel != "sms" {
		return nil, errs.NotFound.Errorf("there is no simulator of a channel %q", channel)
	}
	return n.Box.Messages(limit), nil
}
