package history

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/store"
)

// world is a ledger with its engine, a journal in memory, histories that follow it, and the model.
type world struct {
	t         testing.TB
	r         *rand.Rand
	id        ledger.ID
	engine    *ledger.Engine
	fx        ledger.Effects
	m         *model
	at        time.Time
	groups    []worldGroup
	records   [][]byte
	histories []*History
	registers int
}

type worldGroup struct {
	group    Group
	commands []*ledger.Command
	pasts    []*ledger.Past
}

const worldAccounts = 8

// Record makes the world a journal.
func (w *world) Record(_ context.Context, sequence uint64) ([]byte, error) {
	if sequence == 0 || sequence > uint64(len(w.records)) {
		return nil, ErrNotFound
	}
	return w.records[sequence-1], nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// small sizes, so that a short run meets every boundary.
var smallSizes = sizes{fold: 6, totals: 20, heads: 50, looked: 30}

func newWorld(t testing.TB, seed uint64, dbs ...*store.DB) *world {
	w := &world{
		t: t, r: rand.New(rand.NewPCG(seed, 1)), engine: ledger.NewEngine(), m: newModel(),
		at: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC),
	}
	binary.BigEndian.PutUint64(w.id[:], rand.Uint64())
	w.id[15] = 1
	for i, db := range dbs {
		o := Options{Cache: 1 << 20, sizes: &smallSizes}
		if i > 0 {
			o = Options{Cache: 64 << 10, sizes: &sizes{fold: 3, totals: 64, heads: 1 << 20, looked: 17}}
		}
		w.histories = append(w.histories, must(Open(t.Context(), db, w.id, w, o)))
	}
	w.open()
	return w
}

func (w *world) close() {
	for _, h := range w.histories {
		if err := h.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) open() {
	ops := []ledger.Operation{&ledger.OpenAsset{Code: "CNY", Scale: 2}}
	account := func(address string, side ledger.Side, code uint32, c ledger.Constraint) {
		ops = append(ops, &ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: ledger.Liability, Code: code, Constraint: c})
	}
	account("bank", ledger.DebitNormal, 1001, ledger.Unbounded)
	account("tax", ledger.CreditNormal, 2201, ledger.Unbounded)
	account("fee", ledger.CreditNormal, 2202, ledger.Nonnegative)
	for i := range worldAccounts {
		account(fmt.Sprintf("a:%d", i), ledger.CreditNormal, 2001, ledger.Nonnegative)
	}
	for i := range 4 {
		account(fmt.Sprintf("u:%d", i), ledger.CreditNormal, 2101, ledger.Nonnegative)
	}
	w.group(w.command(&ledger.OpenLedger{Ledger: w.id, Zone: "UTC", Clock: ledger.RealClock, Start: 1}), w.command(ops...))
	w.openRegister()
	w.openRegister()
	for i := range worldAccounts {
		w.group(w.command(&ledger.Transfer{Debit: "bank", Credit: w.address(i), Mode: ledger.Exact, Amount: 100_000}))
	}
}

func (w *world) openRegister() {
	n := w.registers
	w.registers++
	tranches := []string{"principal", "interest", "extra"}[:1+n%3]
	w.group(w.command(&ledger.OpenRegister{
		Address: fmt.Sprintf("r:%d", n), Asset: "CNY", Cap: 1_000_000, Tranches: tranches, Unclaimed: fmt.Sprintf("u:%d", n%4),
	}))
}

func (w *world) address(i int) string    { return fmt.Sprintf("a:%d", i) }
func (w *world) anybody() string         { return w.address(w.r.IntN(worldAccounts)) }
func (w *world) anyRegister() string     { return fmt.Sprintf("r:%d", w.r.IntN(w.registers)) }
func (w *world) chance(percent int) bool { return w.r.IntN(100) < percent }
func (w *world) position() uint64        { return uint64(len(w.records)) }
func (w *world) first() *History         { return w.histories[0] }
func (w *world) anySequence() uint64     { return w.r.Uint64N(w.position() + 1) }
func (w *world) reference(n int) (r ledger.Reference) {
	r.Type, r.Value[15] = uint16(1+n%2), uint8(n)
	return r
}

// command wraps operations, with a random envelope.
func (w *world) command(ops ...ledger.Operation) *ledger.Command {
	c := &ledger.Command{Purpose: uint32(1 + w.r.IntN(3)), Operations: ops}
	millis := uint64(w.at.UnixMilli()) - w.r.Uint64N(3)
	if w.chance(10) {
		millis = 1_700_000_000_000 // derived from one old id
	}
	binary.BigEndian.PutUint64(c.ID[:], millis<<16|0x7000)
	binary.BigEndian.PutUint64(c.ID[8:], w.r.Uint64()>>2|1<<63)
	if w.chance(30) {
		c.Effective = ledger.DateOf(w.at) + ledger.Date(w.r.IntN(61)-30)
	}
	for i := range w.r.IntN(3) {
		c.References = append(c.References, w.reference(w.r.IntN(3)*2+i))
	}
	return c
}

// group applies commands as one group and lets all histories follow.
func (w *world) group(commands ...*ledger.Command) []ledger.Code {
	g := worldGroup{commands: commands, group: w.stamp()}
	for _, c := range commands {
		g.pasts = append(g.pasts, w.past(c))
	}
	w.groups = append(w.groups, g)
	return w.apply(&g, w.engine, &w.fx, true, w.histories)
}

func (w *world) stamp() Group {
	g := Group{
		First: w.position() + 1, Epoch: 1, Engine: 1, Timestamp: ledger.InstantOf(w.at), Wall: ledger.InstantOf(w.at) + 5,
		Date: ledger.DateOf(w.at),
	}
	binary.LittleEndian.PutUint64(g.Previous[:], g.First)
	return g
}

func (w *world) apply(g *worldGroup, e *ledger.Engine, fx *ledger.Effects, fresh bool, histories []*History) (codes []ledger.Code) {
	batches := make([]*Batch, len(histories))
	for i, h := range histories {
		batches[i] = h.Batch()
		batches[i].Begin(g.group)
	}
	for i, c := range g.commands {
		sequence := g.group.First + uint64(i)
		record := ledger.AppendRecord(nil, ledger.Record{Command: ledger.AppendCommand(nil, c)})
		res := e.Apply(sequence, g.group.Timestamp, g.group.Date, c, g.pasts[i], fx)
		bytes := ledger.AppendResult(nil, &res)
		if fresh {
			w.records = append(w.records, record)
			w.m.apply(c, &res, bytes, fx)
		}
		for _, b := range batches {
			b.Add(record, &res, bytes, fx)
			if !b.skip {
				Hashes(b, [][32]byte{{byte(sequence), 7}, {byte(sequence), 1}}[:1+sequence%2])
			}
		}
		codes = append(codes, res.Code)
	}
	for i, b := range batches {
		b.End()
		if err := histories[i].Append(w.t.Context(), b); err != nil {
			w.t.Fatal(err)
		}
	}
	return codes
}

// past is what the leader attaches.
func (w *world) past(c *ledger.Command) (past *ledger.Past) {
	for _, op := range c.Operations {
		switch o := op.(type) {
		case *ledger.Reverse:
			return w.askPast(o.Sequence, nil)
		case *ledger.ReverseLine:
			return w.askPast(o.Sequence, o)
		case *ledger.Correct:
			return w.askPast(o.Sequence, o)
		}
	}
	return nil
}

func (w *world) askPast(sequence uint64, of ledger.Operation) *ledger.Past {
	if sequence > w.position() {
		return nil
	}
	h := w.first()
	h.ResolveWith(w.engine.Number)
	return must(h.Past(w.t.Context(), sequence, of))
}

// step does something at random.
func (w *world) step() {
	w.at = w.at.Add(time.Duration(w.r.IntN(90)) * time.Minute)
	if w.chance(10) {
		w.at = w.at.AddDate(0, 0, w.r.IntN(12))
	}
	if w.chance(3) && w.registers < 6 {
		w.openRegister()
		return
	}
	if w.engine.Version() < ledger.Version && w.chance(10) {
		w.group(w.command(&ledger.Upgrade{Version: ledger.Version}))
		return
	}
	var list []*ledger.Command
	for range 1 + w.r.IntN(3) {
		ops := w.operations()
		list = append(list, w.command(ops...))
		if k := ops[0].Kind(); k == ledger.KindReverse || k == ledger.KindReverseLine || k == ledger.KindCorrect {
			// What it undoes must be known when it is sequenced.
			list = list[len(list)-1:]
			break
		}
	}
	w.group(list...)
}

func (w *world) operations() (ops []ledger.Operation) {
	switch w.r.IntN(12) {
	case 0, 1:
		for range 1 + w.r.IntN(4) {
			ops = append(ops, &ledger.Transfer{Debit: w.anybody(), Credit: w.anybody(), Mode: ledger.AtMost, Amount: 1 + w.r.Int64N(5000)})
		}
	case 2, 3, 4:
		for range 1 + w.r.IntN(3) {
			ops = append(ops, w.units())
		}
		if w.chance(30) {
			ops = append(ops, w.distribute())
		}
	case 5, 6, 7, 8:
		for range 1 + w.r.IntN(2) {
			ops = append(ops, w.distribute())
		}
	case 9:
		ops = append(ops, w.oddity())
	default:
		ops = append(ops, w.undo())
	}
	return ops
}

// holder finds somebody with units of a register, or anybody.
func (w *world) holder(register string) string {
	var list []string
	holders, _, _ := w.engine.Holders(register, 0, worldAccounts)
	for _, h := range holders {
		if h.Units > 0 {
			list = append(list, h.Account)
		}
	}
	if len(list) == 0 || w.chance(5) {
		return w.anybody()
	}
	return list[w.r.IntN(len(list))]
}

// class is mostly that of the account, so that units can move.
func (w *world) class(account string) uint8 {
	if w.chance(95) {
		return account[len(account)-1] / 3 % 2
	}
	return uint8(w.r.IntN(2))
}

func (w *world) units() ledger.Operation {
	r, to := w.anyRegister(), w.anybody()
	switch n := w.r.IntN(20); {
	case n < 9:
		return &ledger.Issue{Register: r, Account: to, Units: 1 + w.r.Uint64N(50), Class: w.class(to)}
	case n < 16:
		from := w.holder(r)
		to = fmt.Sprintf("a:%d", (int(from[2]-'0')+3*w.r.IntN(3)+3)%worldAccounts)
		units := 1 + w.r.Uint64N(20)
		if h, ok := w.engine.Holding(r, from); ok && h.Units > 0 && w.chance(40) {
			units = h.Units
		}
		return &ledger.Move{Register: r, From: from, To: to, Units: units, Class: w.class(to)}
	case n < 19:
		return &ledger.Cancel{Register: r, Account: w.holder(r), Units: 1 + w.r.Uint64N(20)}
	}
	return &ledger.Cancel{Register: r}
}

// rate is mostly that of the tranche.
func (w *world) rate(tranche int) uint32 {
	if w.chance(90) {
		return 123_456 * uint32(tranche+1)
	}
	return uint32(1 + w.r.IntN(1_000_000))
}

func (w *world) distribute() ledger.Operation {
	n := w.r.IntN(w.registers)
	d := &ledger.Distribute{Register: fmt.Sprintf("r:%d", n), Payer: w.anybody()}
	if w.chance(60) {
		d.Payer = "bank"
	}
	for range 1 + n%3 {
		d.Amounts = append(d.Amounts, w.r.Int64N(400))
	}
	d.Amounts[0]++
	if w.chance(40) {
		for t := range d.Amounts {
			if w.chance(70) {
				to := "tax"
				if w.chance(30) {
					to = w.anybody()
				}
				d.Deductions = append(d.Deductions, ledger.Deduction{Tranche: uint8(t), Class: uint8(w.r.IntN(2)), Rate: w.rate(t), Account: to})
			}
		}
	}
	return d
}

func (w *world) oddity() ledger.Operation {
	switch w.r.IntN(8) {
	case 0:
		return &ledger.Freeze{Account: w.anybody(), What: ledger.FreezeCredits}
	case 1:
		return &ledger.Freeze{Account: w.anybody(), What: ledger.FreezeDebits}
	case 2, 3:
		return w.claim()
	case 4:
		return &ledger.Hold{Debit: w.anybody(), Credit: w.anybody(), Amount: 1 + w.r.Int64N(500)}
	case 5:
		if m := w.earlier(ledger.KindHold); !m.IsZero() {
			return &ledger.Post{Hold: m, Amount: w.r.Int64N(2) * 7}
		}
	}
	if m := w.earlier(ledger.KindFreeze); !m.IsZero() {
		return &ledger.Unfreeze{Freeze: m}
	}
	return w.claim()
}

// earlier finds a command of one operation of a kind, mostly the newest.
func (w *world) earlier(k ledger.Kind) (m ledger.Mark) {
	for i := len(w.groups) - 1; i >= 0; i-- {
		for _, c := range slices.Backward(w.groups[i].commands) {
			if c.Operations[0].Kind() == k && w.chance(70) {
				return ledger.Mark{Command: c.ID}
			}
		}
	}
	return m
}

func (w *world) claim() ledger.Operation {
	for n := range w.registers {
		r := fmt.Sprintf("r:%d", n)
		holders, _, _ := w.engine.Holders(r, 0, worldAccounts)
		for _, h := range holders {
			if h.Unclaimed > 0 && w.chance(60) {
				return &ledger.Claim{Register: r, Holder: h.Account, To: w.anybody(), Amount: w.r.Int64N(2)}
			}
		}
	}
	return &ledger.Claim{Register: w.anyRegister(), Holder: w.anybody(), To: w.anybody()}
}

func (w *world) undo() ledger.Operation {
	for range 20 {
		s := 1 + w.r.Uint64N(w.position())
		if w.chance(50) {
			s = w.position() - w.r.Uint64N(min(8, w.position()))
		}
		c := &w.m.commands[s-1]
		if len(c.payouts) == 0 && w.chance(80) {
			continue
		}
		mode := ledger.TakeAtMost
		if w.chance(30) {
			mode = ledger.RefuseShortfall
		}
		if len(c.payouts) > 0 && w.chance(40) {
			return w.correct(s, c.payouts[w.r.IntN(len(c.payouts))], mode)
		}
		if len(c.payouts) > 0 && w.chance(50) {
			p := c.payouts[w.r.IntN(len(c.payouts))]
			o := &ledger.ReverseLine{Sequence: s, Index: p.Index, Account: w.anybody(), Mode: mode}
			for h := range p.Holders {
				if l, ok := p.lines[h]; ok && w.chance(40) {
					a, _ := w.engine.AccountByNumber(l.account)
					o.Account = a.Address
				}
			}
			return o
		}
		return &ledger.Reverse{Sequence: s, Mode: mode}
	}
	return &ledger.Reverse{Sequence: w.position(), Mode: ledger.TakeAtMost}
}

// correct pays or takes a difference.
func (w *world) correct(sequence uint64, p *modelPayout, mode ledger.ReverseMode) ledger.Operation {
	o := &ledger.Correct{Sequence: sequence, Index: p.Index, Payer: w.anybody(), Mode: mode}
	for t := range p.Tranches {
		o.Amounts = append(o.Amounts, w.r.Int64N(200)-min(80, p.Tranches[t].Amount))
	}
	o.Amounts[0] += 1000 // never all of them zero
	if w.chance(40) {
		o.Deductions = []ledger.Deduction{{Tranche: uint8(w.r.IntN(len(o.Amounts))), Class: uint8(w.r.IntN(2)), Rate: 1 + w.r.Uint32N(1_000_000), Account: w.anybody()}}
	}
	if w.chance(50) {
		o.Amounts[0] = -1 - w.r.Int64N(max(1, p.Tranches[0].Amount))
	}
	return o
}
