package bench

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"time"

	"github.com/longmen/longmen/core/ledger"
)

// years is a past that took years: registers that pay every month, accounts that hold in all of them or in one, one
// account on which very much was booked, and much else that nobody asks for.
type years struct {
	world world
	wide  int // accounts that hold units in every register, the first ones
	month int // months that have passed
	rest  world
	site  *site
	ids   *ids
}

// Sizes of the past, of which a part may be taken.
const (
	pastRegisters = 500
	pastHolders   = 1_000
	pastMonths    = 36
	busyEntries   = 1_000_000
	growth        = 10
)

var pastBegan = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

const busy = "busy"

// holder: half of a register's holders are the same everywhere, the others hold there alone.
func (y *years) holder(r, i int) string {
	if i < y.wide {
		return client(i)
	}
	return y.narrow(r, i)
}

func (y *years) narrow(r, i int) string { return fmt.Sprintf("single:%d:%d", r, i) }

// begin opens accounts and registers, and funds and issues what is needed.
func (y *years) begin(ctx context.Context, b *bench) error {
	if err := y.world.build(ctx, y.site, b.seed); err != nil {
		return err
	}
	if err := fill(ctx, y.site, b.seed+100, y.singles); err != nil {
		return err
	}
	if err := fill(ctx, y.site, b.seed+200, y.issued); err != nil {
		return err
	}
	y.world.holders = 2 * y.wide
	return y.rest.build(ctx, y.site, b.seed+300)
}

func (y *years) singles(yield func(ledger.Operation) bool) {
	open := func(address string) bool {
		return yield(&ledger.OpenAccount{
			Address: address, Asset: asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2003, Constraint: ledger.Nonnegative,
		})
	}
	if !open(busy) {
		return
	}
	for r := range y.world.registers {
		for i := y.wide; i < 2*y.wide; i++ {
			if !open(y.narrow(r, i)) {
				return
			}
		}
	}
}

func (y *years) issued(yield func(ledger.Operation) bool) {
	for r := range y.world.registers {
		for i := range 2 * y.wide {
			if !yield(&ledger.Issue{Register: register(r), Account: y.holder(r, i), Units: units(i)}) {
				return
			}
		}
	}
}

// advance moves the clock to the first day of the next month.
func (y *years) advance(ctx context.Context, a applier) error {
	y.month++
	to := pastBegan.AddDate(0, y.month, 0)
	return a.apply(ctx, []*ledger.Command{{ID: y.ids.next(), Operations: []ledger.Operation{&ledger.Advance{To: ledger.InstantOf(to)}}}})
}

// pass lets a month pass: every register of a world pays, and the busy account gets its entries.
func (y *years) pass(ctx context.Context, w *world, times, entries int) error {
	a, err := y.site.applier(ctx)
	if err != nil {
		return err
	}
	defer a.close()
	if err := y.advance(ctx, a); err != nil {
		return err
	}
	var list []*ledger.Command
	for c := range y.commands(w, times, entries) {
		if list = append(list, c); len(list) == transferBatch {
			if err := a.apply(ctx, list); err != nil {
				return err
			}
			list = list[:0]
		}
	}
	if len(list) == 0 {
		return nil
	}
	return a.apply(ctx, list)
}

func (y *years) commands(w *world, times, entries int) iter.Seq[*ledger.Command] {
	return func(yield func(*ledger.Command) bool) {
		each := func(op ledger.Operation) bool {
			return yield(&ledger.Command{ID: y.ids.next(), Purpose: 4, Operations: []ledger.Operation{op}})
		}
		for range times {
			for r := w.first; r < w.first+w.registers; r++ {
				if !each(w.distribution(r, int64(r))) {
					return
				}
			}
		}
		for range entries {
			from := client(y.wide + y.ids.random.IntN(y.world.accounts-y.wide))
			if !each(&ledger.Transfer{Debit: from, Credit: busy, Mode: ledger.Exact, Amount: 1}) {
				return
			}
		}
	}
}

// deposits give the narrow accounts something beside their lines.
func (y *years) deposits(ctx context.Context) error {
	return fill(ctx, y.site, uint64(y.month)<<32, func(yield func(ledger.Operation) bool) {
		for r := range y.world.registers {
			for i := y.wide; i < y.wide+min(y.wide, 16); i++ {
				if !yield(&ledger.Transfer{Debit: bank, Credit: y.narrow(r, i), Mode: ledger.Exact, Amount: 100}) {
					return
				}
			}
		}
	})
}

// past measures questions about the past: first after three years, then when the ledger's history has grown tenfold in
// three more. That of the busy account grows with it; that of the accounts in all registers does not, it lies in more.
func past(ctx context.Context, b *bench) error {
	s, err := b.site(ctx, "", simulatedClock(pastBegan))
	if err != nil {
		return err
	}
	holders, registers := b.n(pastHolders), b.n(pastRegisters)
	wide := holders / 2
	y := &years{
		wide: wide, site: s, ids: newIDs(b.seed),
		world: world{accounts: wide + 2*holders, money: payerOwn, registers: registers, tranches: 2},
		rest:  world{accounts: wide + 2*holders, from: wide, first: registers, registers: max(registers/10, 1), holders: holders, tranches: 2},
	}
	if err := y.begin(ctx, b); err != nil {
		return err
	}
	entries := b.n(busyEntries) / pastMonths
	for range pastMonths {
		if err := y.pass(ctx, &y.world, 1, entries); err != nil {
			return err
		}
		if err := y.deposits(ctx); err != nil {
			return err
		}
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	if err := b.newest(ctx, y); err != nil {
		return err
	}
	if err := b.questions(ctx, y, ""); err != nil {
		return err
	}
	// Nine times as much again: each month pays nine times as often, to a tenth of the registers ten times each.
	for range pastMonths {
		if err := y.pass(ctx, &y.rest, (growth-1)*registers/y.rest.registers, (growth-1)*entries); err != nil {
			return err
		}
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	return b.questions(ctx, y, ", the ledger's history grown tenfold")
}

// newest measures the page that everybody asks for.
func (b *bench) newest(ctx context.Context, y *years) error {
	for _, c := range []struct {
		holder string
		least  float64
		pick   func(*ids) string
	}{
		{"in 1 register", 5_000, func(own *ids) string {
			return y.narrow(own.random.IntN(y.world.registers), y.wide+own.random.IntN(min(y.wide, 16)))
		}},
		{fmt.Sprintf("in %d registers", y.world.registers), 500, func(own *ids) string { return client(own.random.IntN(y.wide)) }},
	} {
		const clients = 8
		steps, err := b.reading(ctx, y.site, clients, func(own *ids) string {
			return y.site.path("/accounts/" + c.pick(own) + "/entries?limit=50")
		})
		if err != nil {
			return err
		}
		err = b.rate(ctx, y.site, trial{
			what: "newest 50 entries of an account " + c.holder, how: fmt.Sprintf("REST; %d clients; %s", clients, y.how()), of: "a page",
			target: atLeast(c.least), clients: steps,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (y *years) how() string {
	return fmt.Sprintf("%d registers of %d holders that paid monthly for 3 years", y.world.registers, 2*y.wide)
}

// anInstant is one of so many months: those in which something was booked on the account that is asked about.
func anInstant(own *ids, months int) time.Time {
	span := pastBegan.AddDate(0, months, 0).Sub(pastBegan)
	return pastBegan.Add(time.Duration(own.random.Int64N(int64(span)))).Truncate(time.Microsecond)
}

// questions measures the time of one question after the other, each about another point of the past.
func (b *bench) questions(ctx context.Context, y *years, after string) error {
	at, err := y.site.standing(ctx)
	if err != nil {
		return err
	}
	questions := []struct {
		what string
		path func(*ids, int) string
	}{
		{"balance as of any instant", func(own *ids, months int) string {
			return "/balance?at=" + url.QueryEscape(anInstant(own, months).Format(time.RFC3339Nano))
		}},
		{"page of 50 from any instant on", func(own *ids, months int) string {
			return "/entries?limit=50&order=oldest&from=" + url.QueryEscape(anInstant(own, months).Format(time.RFC3339Nano))
		}},
		{"page of 50 back from any instant", func(own *ids, months int) string {
			return "/entries?limit=50&until=" + url.QueryEscape(anInstant(own, months).Format(time.RFC3339Nano))
		}},
		{"statement of any month, 1,000 lines at most", func(own *ids, months int) string {
			return "/statements/" + anInstant(own, months).Format("2006-01") + "?limit=1000"
		}},
	}
	for _, who := range []struct {
		name   string
		months int
		pick   func(*ids) string
	}{
		{fmt.Sprintf("account in %d registers", y.world.registers), pastMonths, func(own *ids) string { return client(own.random.IntN(y.wide)) }},
		{"busy account", y.month, func(*ids) string { return busy }},
	} {
		for _, q := range questions {
			steps, err := b.reading(ctx, y.site, 1, func(own *ids) string { return y.site.path("/accounts/" + who.pick(own) + q.path(own, who.months)) })
			if err != nil {
				return err
			}
			err = b.runs(ctx, y.site, trial{
				what: who.name + ", " + q.what + after + ": p99", target: under(20, inMillis), of: "an answer",
				how: fmt.Sprintf("REST; one client; %s; %s commands in all", y.how(), number(float64(at.Sequence))),
			}, false, func() (*load, float64, error) {
				l, err := closedLoop(ctx, b.long()/4, steps)
				return l, float64(l.latency.quantile(0.99)) / float64(time.Millisecond), err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
