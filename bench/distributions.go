package bench

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/longmen/longmen/core/ledger"
)

// payments are distributions to many holders, on their way from several clients.
type payments struct {
	world world
	paid  atomic.Int64 // sum of what was distributed, in minor units
}

// A payment's request has so many commands.
const paymentBatch = 16

// paymentWorld is the one that the table names.
func (b *bench) paymentWorld(accounts int) world {
	holders := b.n(1_000)
	return world{accounts: max(b.n(accounts), holders), registers: b.n(200), holders: holders, tranches: 2}
}

func (p *payments) how(clients int, batch int, where string) string {
	return fmt.Sprintf("%s; %d clients, %d a request; each to %s holders in 2 tranches; %s registers, %s accounts", where, clients, batch,
		number(float64(p.world.holders)), number(float64(p.world.registers)), number(float64(p.world.accounts)))
}

// commands makes a batch for registers picked at random.
func (p *payments) commands(s *ids, size int) (list []*ledger.Command, sum int64) {
	for range size {
		d := p.world.distribution(s.random.IntN(p.world.registers), s.random.Int64N(1_000_000))
		for _, a := range d.Amounts {
			sum += a
		}
		list = append(list, &ledger.Command{ID: s.next(), Purpose: 2, Operations: []ledger.Operation{d}})
	}
	return list, sum
}

// variety is how many different requests each client has.
const variety = 64

// served makes clients that call by gRPC.
func (p *payments) served(ctx context.Context, b *bench, s *site, clients, size int) ([]step, error) {
	var steps []step
	for range clients {
		b.seed++
		own := newIDs(b.seed)
		c, err := dialRPC(ctx, s.address, s.token, methodApply)
		if err != nil {
			return nil, err
		}
		b.after(c.close)
		var batches []*batch
		var sums []int64
		for range variety {
			list, sum := p.commands(own, size)
			one, err := newBatch(s.ledger, list)
			if err != nil {
				return nil, err
			}
			batches, sums = append(batches, one), append(sums, sum)
		}
		turn := 0
		steps = append(steps, func() (int, error) {
			turn = (turn + 1) % variety
			n, err := sendBatch(c, own, batches[turn])
			if err == nil {
				p.paid.Add(sums[turn])
			}
			return n, err
		})
	}
	return steps, nil
}

// sendBatch sends a batch under new ids; every command of it must be applied.
func sendBatch(c *rpcCaller, own *ids, one *batch) (int, error) {
	own.fill(one.ids...)
	answer, err := c.call(one.message)
	if err != nil {
		return 0, err
	}
	n, err := applied(answer)
	if err == nil && n != len(one.ids) {
		err = fmt.Errorf("%d commands have %d results", len(one.ids), n)
	}
	return n, err
}

// inProcess makes clients that call the library.
func (p *payments) inProcess(ctx context.Context, b *bench, l *local, clients, size int) []step {
	var steps []step
	for range clients {
		b.seed++
		own := newIDs(b.seed)
		steps = append(steps, func() (int, error) {
			list, sum := p.commands(own, size)
			if err := l.apply(ctx, list); err != nil {
				return 0, err
			}
			p.paid.Add(sum)
			return len(list), nil
		})
	}
	return steps
}

// check reads all holders' balances right after the last answer: not a cent may be missing.
func (p *payments) check(ctx context.Context, s *site) error {
	sum, err := s.sum(ctx, p.world.clients)
	if err != nil {
		return err
	}
	return p.compare(sum)
}

func (p *payments) compare(sum int64) error {
	if paid := p.paid.Load(); sum != paid {
		return fmt.Errorf("%d minor units were distributed, the holders' balances say %d", paid, sum)
	}
	return nil
}

// clientsOf many requests at once keep the server busy without queueing for long.
const clientsOfPayments = 8

// distributions measures the main job through the door.
func distributions(ctx context.Context, b *bench) error {
	p := payments{world: b.paymentWorld(20_000)}
	return b.servedPayments(ctx, &p, "", "gRPC, durable on SQLite", 5_000, true)
}

func distributionsMany(ctx context.Context, b *bench) error {
	p := payments{world: b.paymentWorld(10_000_000)}
	return b.servedPayments(ctx, &p, "", "gRPC, durable on SQLite", 2_500, false)
}

func distributionsPostgres(ctx context.Context, b *bench) error {
	p := payments{world: b.paymentWorld(20_000)}
	dsn, err := b.postgres(ctx)
	if err != nil {
		return err
	}
	return b.servedPayments(ctx, &p, dsn, "gRPC, durable on PostgreSQL", 2_500, false)
}

func (b *bench) servedPayments(ctx context.Context, p *payments, dsn, where string, least float64, latencies bool) error {
	s, err := b.site(ctx, dsn, realClock())
	if err != nil {
		return err
	}
	if err := p.world.build(ctx, s, b.seed); err != nil {
		return err
	}
	steps, err := p.served(ctx, b, s, clientsOfPayments, paymentBatch)
	if err != nil {
		return err
	}
	err = b.rate(ctx, s, trial{
		what: "distributions to 1,000 holders", how: p.how(len(steps), paymentBatch, where), of: "a batch",
		target: atLeast(least), clients: steps,
	})
	if err != nil {
		return err
	}
	if err := p.check(ctx, s); err != nil {
		return err
	}
	for _, size := range []int{paymentBatch, 1} {
		if !latencies {
			break
		}
		if err := b.paymentLatency(ctx, p, s, where, least/2, size); err != nil {
			return err
		}
	}
	return p.check(ctx, s)
}

// paymentLatency measures alone, at half of the rate that is promised.
func (b *bench) paymentLatency(ctx context.Context, p *payments, s *site, where string, rate float64, size int) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	const most = 64
	steps, err := p.served(ctx, b, s, most, size)
	if err != nil {
		return err
	}
	return b.percentile(ctx, s, trial{
		what: fmt.Sprintf("distributions at %s a second, %d a request: p99", number(rate), size), how: p.how(most, size, where),
		of: "a request", target: under(10, inMillis), clients: steps,
	}, rate/float64(size), 0.99)
}

func distributionsInProcess(ctx context.Context, b *bench) error {
	p := payments{world: b.paymentWorld(20_000)}
	l, err := b.local(ctx)
	if err != nil {
		return err
	}
	if err := p.world.build(ctx, l, b.seed); err != nil {
		return err
	}
	steps := p.inProcess(ctx, b, l, clientsOfPayments, paymentBatch)
	err = b.rate(ctx, l, trial{
		what: "distributions to 1,000 holders", how: p.how(len(steps), paymentBatch, "in process, durable on SQLite"), of: "a batch",
		target: atLeast(10_000), clients: steps,
	})
	if err != nil {
		return err
	}
	sum := int64(0)
	err = l.book.View(ctx, 0, func(e *ledger.Engine) {
		for i := range p.world.accounts {
			state, _ := e.Account(client(i))
			sum += state.Balance()
		}
	})
	if err != nil {
		return err
	}
	return p.compare(sum)
}
