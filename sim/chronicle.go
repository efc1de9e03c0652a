package sim

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
	"github.com/longmen/longmen/sim/model"
	"github.com/longmen/longmen/store"
)

// chronicle writes a story that has ended into a real history and asks it about the past, at many places, what the
// model had there at the time.
type chronicle struct {
	*play
	*rand.Rand
	ctx      context.Context
	history  *history.History
	accounts []ledger.AccountState
	moments  []model.Moment // by sequence, 0 for before everything
	dates    []ledger.Date  // effective, by sequence − 1
}

func (p *play) chronicle() {
	folder, err := os.MkdirTemp("", "longmen-sim-")
	if err != nil {
		p.fail("%v", err)
	}
	defer os.RemoveAll(folder)
	c := &chronicle{
		play: p, Rand: newRand(0), ctx: context.Background(), accounts: p.truth.Accounts(), moments: p.moments,
	}
	db, err := store.Open(c.ctx, filepath.Join(folder, "history.db"))
	c.must(err)
	defer db.Close()
	c.write(db)
	defer func() { c.must(c.history.Close()) }()
	c.askCommands()
	c.askBalances()
	c.askTotals()
	for i := range c.accounts {
		c.askEntries(&c.accounts[i])
		c.askStatements(&c.accounts[i])
	}
}

func (c *chronicle) must(err error) {
	if err != nil {
		c.fail("history: %v", err)
	}
}

// Record makes the play the history's journal.
func (c *chronicle) Record(_ context.Context, sequence uint64) ([]byte, error) {
	if sequence == 0 || sequence > uint64(len(c.records)) {
		return nil, history.ErrNotFound
	}
	return c.records[sequence-1], nil
}

func (c *chronicle) open(db *store.DB) {
	var err error
	c.history, err = history.Open(c.ctx, db, c.listed.ID, c, history.Options{Cache: 1 << 20})
	c.must(err)
	c.history.ResolveWith(func(address string) uint32 {
		if a := c.truth.Account(address); a != nil {
			return a.Number
		}
		return 0
	})
}

// write replays the journal into the history, which is closed and opened again on the way and then sees some groups
// once more.
func (c *chronicle) write(db *store.DB) {
	c.open(db)
	again := c.IntN(len(c.headers))
	c.replayInto(c.headers[:again])
	c.must(c.history.Close())
	c.open(db)
	c.replayInto(c.headers)
	c.must(c.history.Wait(c.ctx, uint64(len(c.records))))
}

func (c *chronicle) replayInto(headers []journal.Header) {
	e, fx := ledger.NewEngine(), ledger.Effects{}
	for _, h := range headers {
		b := c.history.Batch()
		b.Begin(history.Group{
			First: h.First, Epoch: h.Epoch, Engine: h.Engine, Timestamp: ledger.Instant(h.Timestamp), Wall: ledger.Instant(h.Wall),
			Date: ledger.DateOfUnixDay(h.BookingDate), Previous: h.Previous,
		})
		for seq := h.First; seq < h.Next(); seq++ {
			command, past := c.decode(c.records[seq-1])
			result := e.Apply(seq, ledger.Instant(h.Timestamp), ledger.DateOfUnixDay(h.BookingDate), command, past, &fx)
			b.Add(c.records[seq-1], &result, ledger.AppendResult(nil, &result), &fx)
		}
		b.End()
		c.must(c.history.Append(c.ctx, b))
	}
}

// askCommands asks what each command did, and finds each by its id.
func (c *chronicle) askCommands() {
	for seq := uint64(1); seq <= uint64(len(c.records)); seq++ {
		command, _ := c.decode(c.records[seq-1])
		date := command.Effective
		if date == 0 {
			date = c.moments[seq].Date
		}
		c.dates = append(c.dates, date)
		found, err := c.history.Find(c.ctx, command.ID)
		c.must(err)
		_, result, err := c.history.Recorded(c.ctx, seq)
		c.must(err)
		if found != seq || !bytes.Equal(ledger.AppendResult(nil, &result), c.results[seq-1]) {
			c.fail("history: command %s stands at %d with %s, not at %d", short(command.ID), found, show(&result), seq)
		}
		past, err := c.history.Past(c.ctx, seq, nil)
		c.must(err)
		want := c.truth.Past(&ledger.Command{Operations: []ledger.Operation{&ledger.Reverse{Sequence: seq}}})
		if want != nil && want.Foreign {
			want = &ledger.Past{Foreign: true} // no more of it is needed
		}
		if !bytes.Equal(pastBytes(past), pastBytes(want)) {
			c.fail("history: the past of sequence %d is %+v\n    the model says %+v", seq, past, want)
		}
		c.askLines(seq, command)
	}
}

// askLines asks for what one holder got of each distribution, as his reversal needs it.
func (c *chronicle) askLines(seq uint64, command *ledger.Command) {
	for i, op := range command.Operations {
		lines := c.truth.Lines(seq, uint16(i))
		if op.Kind() != ledger.KindDistribute || lines == nil {
			continue
		}
		undo := &ledger.ReverseLine{Sequence: seq, Index: uint16(i), Account: pick(c.Rand, lines)}
		past, err := c.history.Past(c.ctx, seq, undo)
		c.must(err)
		want := c.truth.Past(&ledger.Command{Operations: []ledger.Operation{undo}})
		if past != nil {
			past.Foreign = false // a line can be undone whatever else the command did
		}
		if !bytes.Equal(pastBytes(past), pastBytes(want)) {
			c.fail("history: the line of %s at sequence %d is %+v\n    the model says %+v", undo.Account, seq, past, want)
		}
	}
}

func (c *chronicle) position(seq uint64) history.Position {
	at, err := c.history.At(c.ctx, seq)
	c.must(err)
	return at
}

func (c *chronicle) somewhere() uint64 { return uint64(c.IntN(len(c.moments))) }

// askBalances asks for balances at places here and there, by booking and by effective date.
func (c *chronicle) askBalances() {
	for range 200 {
		a, seq := pick(c.Rand, c.accounts), c.somewhere()
		at := c.position(seq)
		got, err := c.history.Balance(c.ctx, a.Number, at)
		c.must(err)
		if want := c.moments[seq].Posted(a.Number); got.Debits != want.Debits || got.Credits != want.Credits {
			c.fail("history: %s at sequence %d has %+v\n    the model had %+v", a.Address, seq, got, want)
		}
		date := pick(c.Rand, c.dates)
		got, err = c.history.EffectiveBalance(c.ctx, a.Number, date, at)
		c.must(err)
		var want model.Posted
		for s := uint64(1); s <= seq; s++ {
			if c.dates[s-1] <= date {
				want = want.Plus(c.moved(a.Number, s))
			}
		}
		if got.Debits != want.Debits || got.Credits != want.Credits {
			c.fail("history: %s at sequence %d has %+v by effective date %v\n    the model had %+v", a.Address, seq, got, date, want)
		}
	}
}

// moved is what a command booked on an account.
func (c *chronicle) moved(account uint32, seq uint64) model.Posted {
	return c.moments[seq].Posted(account).Minus(c.moments[seq-1].Posted(account))
}

// askTotals compares trial balances.
func (c *chronicle) askTotals() {
	for range 10 {
		seq := c.somewhere()
		list, err := c.history.TrialBalance(c.ctx, c.position(seq))
		c.must(err)
		sums := map[string][2]*big.Int{}
		for _, t := range list {
			code, _, err := c.history.Asset(c.ctx, t.Asset)
			c.must(err)
			sums[fmt.Sprintf("%s %d", code, t.Code)] = [2]*big.Int{bigOf(t.Debits), bigOf(t.Credits)}
		}
		for i := range c.accounts {
			a := &c.accounts[i]
			key, posted := fmt.Sprintf("%s %d", a.Asset, a.Code), c.moments[seq].Posted(a.Number)
			if s, ok := sums[key]; ok {
				s[0].Sub(s[0], big.NewInt(posted.Debits))
				s[1].Sub(s[1], big.NewInt(posted.Credits))
			} else if posted != (model.Posted{}) {
				c.fail("history: the trial balance at sequence %d has no %s", seq, key)
			}
		}
		for key, s := range sums {
			if s[0].Sign() != 0 || s[1].Sign() != 0 {
				c.fail("history: the trial balance at sequence %d is off by %v and %v in %s", seq, s[0], s[1], key)
			}
		}
	}
}

func bigOf(x share.Int128) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(x.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(x.Lo))
}

// askEntries lists all that was booked on an account, in both directions, and compares command by command.
func (c *chronicle) askEntries(a *ledger.AccountState) {
	up, down := c.entries(a, true), c.entries(a, false)
	slices.Reverse(down)
	if len(up) != len(down) {
		c.fail("history: %s has %d entries oldest first and %d newest first", a.Address, len(up), len(down))
	}
	balance, at := int64(0), 0
	for seq := uint64(1); seq < uint64(len(c.moments)); seq++ {
		var got model.Posted
		for ; at < len(up) && up[at].Sequence == seq; at++ {
			item := &up[at]
			balance += item.Signed()
			if item.Signed() < 0 {
				got.Debits += item.Amount
			} else {
				got.Credits += item.Amount
			}
			if other := &down[at]; item.Balance != balance || other.Balance != balance || other.Sequence != seq || other.Amount != item.Amount {
				c.fail("history: %s, sequence %d: the entry is %+v\n    newest first %+v\n    and the balance %d", a.Address, seq, item, other, balance)
			}
		}
		if want := c.moved(a.Number, seq); got != want {
			c.fail("history: sequence %d booked %+v on %s\n    the model booked %+v", seq, got, a.Address, want)
		}
	}
	if at != len(up) {
		c.fail("history: %s has entries out of order", a.Address)
	}
}

func (c *chronicle) entries(a *ledger.AccountState, up bool) (list []history.Item) {
	q := history.Query{Account: a.Number, OldestFirst: up, Limit: 1 + c.IntN(60)}
	for {
		page, err := c.history.Entries(c.ctx, q)
		c.must(err)
		list = append(list, page.Items...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return list
		}
	}
}

// askStatements compares the ends of a day's statement with the model.
func (c *chronicle) askStatements(a *ledger.AccountState) {
	day := c.moments[1+c.IntN(len(c.moments)-1)].Date
	first, last := 0, 0
	for seq := range c.moments {
		if seq > 0 && c.moments[seq].Date < day {
			first = seq
		}
		if c.moments[seq].Date <= day {
			last = seq
		}
	}
	s, err := c.history.Statement(c.ctx, history.StatementQuery{Account: a.Number, Period: history.Day(day), Limit: 1})
	c.must(err)
	opening, closing := c.moments[first].Posted(a.Number), c.moments[last].Posted(a.Number)
	if s.Opening != history.Balance(opening) || s.Closing != history.Balance(closing) {
		c.fail("history: the statement of %s for %v goes from %+v to %+v\n    the model went from %+v to %+v", a.Address, day,
			s.Opening, s.Closing, opening, closing)
	}
}
