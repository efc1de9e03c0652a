package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/core/ledger"
)

// Money of each account that pays in these scenarios: enough for all that may be asked of it.
const money = 1_000_000_000

// transfer moves little between two accounts picked at random.
func (w *world) transfer(s *ids) *ledger.Transfer {
	from := s.random.IntN(w.accounts)
	to := (from + 1 + s.random.IntN(w.accounts-1)) % w.accounts
	return &ledger.Transfer{Debit: client(from), Credit: client(to), Mode: ledger.Exact, Amount: 1 + s.random.Int64N(100)}
}

func (w *world) transfers(s *ids, size int) (list []*ledger.Command) {
	for range size {
		list = append(list, &ledger.Command{ID: s.next(), Purpose: 3, Operations: []ledger.Operation{w.transfer(s)}})
	}
	return list
}

// senders makes clients that send batches of transfers by gRPC.
func (w *world) senders(ctx context.Context, b *bench, s *site, clients, size int) ([]step, error) {
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
		for range variety {
			one, err := newBatch(s.ledger, w.transfers(own, size))
			if err != nil {
				return nil, err
			}
			batches = append(batches, one)
		}
		turn := 0
		steps = append(steps, func() (int, error) {
			turn = (turn + 1) % variety
			for {
				n, err := sendBatch(c, own, batches[turn])
				if !errors.Is(err, errOverloaded) {
					return n, err
				}
				// Nothing of it was taken; a client waits and tries again, and the time counts.
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	return steps, nil
}

// postTransfers makes clients that send one transfer a request by REST.
func (w *world) postTransfers(ctx context.Context, b *bench, s *site, clients int) ([]step, error) {
	var steps []step
	for range clients {
		b.seed++
		own := newIDs(b.seed)
		c, err := dialREST(ctx, s.address)
		if err != nil {
			return nil, err
		}
		b.after(c.close)
		var requests, keys [][]byte
		for range variety {
			t := w.transfer(own)
			body, err := json.Marshal(map[string]string{"debit": t.Debit, "credit": t.Credit, "amount": fmt.Sprint(t.Amount)})
			if err != nil {
				return nil, err
			}
			key := own.next().String()
			request, at := plainRequest(s.address, s.token, http.MethodPost, s.path("/transfers"), key, typeJSON, body)
			requests, keys = append(requests, request), append(keys, request[at:at+len(key)])
		}
		turn := 0
		steps = append(steps, func() (int, error) {
			turn = (turn + 1) % variety
			id := own.next()
			textID(keys[turn], &id)
			_, err := c.call(requests[turn])
			return 1, err
		})
	}
	return steps, nil
}

// A large batch of transfers, and how many clients send them.
const (
	transferBatch   = 1_000
	transferClients = 4
)

// transfers measures how many are accepted for three runs without a break, and then how long history takes to have
// them all.
func transfers(ctx context.Context, b *bench) error {
	w := world{accounts: b.n(20_000), money: money}
	s, err := b.site(ctx, "", realClock())
	if err != nil {
		return err
	}
	if err := w.build(ctx, s, b.seed); err != nil {
		return err
	}
	steps, err := w.senders(ctx, b, s, transferClients, min(transferBatch, w.accounts*4))
	if err != nil {
		return err
	}
	if err := errors.Join(b.warm(ctx, steps), s.settle(ctx)); err != nil {
		return err
	}
	before, err := s.standing(ctx)
	if err != nil {
		return err
	}
	watched, stop := context.WithCancel(ctx)
	lag := make(chan uint64, 1)
	go func() { lag <- s.backlog(watched) }()
	began := time.Now()
	how := fmt.Sprintf("gRPC, durable on SQLite; %d clients, %d a request; %s accounts", len(steps), transferBatch, number(float64(w.accounts)))
	err = b.rate(ctx, s, trial{
		what: "independent transfers accepted, run after run without a break", how: how, of: "a batch", target: atLeast(300_000), clients: steps,
	})
	stop()
	most := <-lag
	if err != nil {
		return err
	}
	finish, err := s.watch(ctx)
	if err != nil {
		return err
	}
	behind := time.Now()
	if err := s.settle(ctx); err != nil {
		return err
	}
	after, err := s.standing(ctx)
	if err != nil {
		return err
	}
	rate := float64(after.Sequence-before.Sequence) / time.Since(began).Seconds()
	f := atLeast(100_000).figure("independent transfers sustained, history included", rate, fmt.Sprintf(
		"%s; history was at most %s commands behind, and had all of them %s s after the last answer", how,
		number(float64(most)), number(time.Since(behind).Seconds())))
	if err := finish(&f); err != nil {
		return err
	}
	b.tell(f)
	return nil
}

// backlog looks from time to time how far history is behind, and gives the most it saw.
func (s *site) backlog(ctx context.Context) (most uint64) {
	for ctx.Err() == nil {
		if at, err := s.standing(ctx); err == nil && at.Projected < at.Sequence {
			most = max(most, at.Sequence-at.Projected)
		}
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
	return most
}

// singles measures one transfer a request.
func singles(ctx context.Context, b *bench) error {
	w := world{accounts: b.n(20_000), money: money}
	s, err := b.site(ctx, "", realClock())
	if err != nil {
		return err
	}
	if err := w.build(ctx, s, b.seed); err != nil {
		return err
	}
	for _, c := range []struct {
		door    string
		clients int
		least   float64
	}{{"REST", 16, 10_000}, {"gRPC", 16, 5_000}, {"REST", 1, 800}, {"gRPC", 1, 800}} {
		steps, err := w.postTransfers(ctx, b, s, c.clients)
		if c.door == "gRPC" {
			steps, err = w.senders(ctx, b, s, c.clients, 1)
		}
		if err != nil {
			return err
		}
		err = b.rate(ctx, s, trial{
			what: fmt.Sprintf("single transfers, clients by %s: %d", c.door, c.clients), of: "a transfer", target: atLeast(c.least), clients: steps,
			how: fmt.Sprintf("%s, durable on SQLite; one transfer a request; %s accounts", c.door, number(float64(w.accounts))),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wide measures distributions to very many holders, and what others feel of them.
func wide(ctx context.Context, b *bench) error {
	w := world{accounts: b.n(1_000_000), money: money}
	s, err := b.site(ctx, "", realClock())
	if err != nil {
		return err
	}
	if err := w.build(ctx, s, b.seed); err != nil {
		return err
	}
	for i, c := range []struct {
		holders int
		most    float64
	}{{100_000, 15}, {1_000_000, 150}} {
		w.first, w.registers, w.holders, w.tranches = i+1, 1, min(b.n(c.holders), w.accounts), 2
		if err := w.build(ctx, s, b.seed); err != nil {
			return err
		}
		pay, err := w.paying(ctx, b, s, i+1)
		if err != nil {
			return err
		}
		if err := b.oneAtATime(ctx, s, pay, c.most, w.holders); err != nil {
			return err
		}
		if i == 1 {
			return b.others(ctx, s, &w, pay)
		}
	}
	return nil
}

// paying is a client that distributes to one register.
func (w *world) paying(ctx context.Context, b *bench, s *site, r int) (step, error) {
	c, err := dialRPC(ctx, s.address, s.token, methodApply)
	if err != nil {
		return nil, err
	}
	b.after(c.close)
	own := newIDs(b.seed)
	return func() (int, error) {
		d := w.distribution(r, own.random.Int64N(1_000_000))
		one, err := newBatch(s.ledger, []*ledger.Command{{ID: own.next(), Purpose: 2, Operations: []ledger.Operation{d}}})
		if err != nil {
			return 0, err
		}
		return sendBatch(c, own, one)
	}, nil
}

func (b *bench) oneAtATime(ctx context.Context, s *site, pay step, most float64, holders int) error {
	clients := []step{pay}
	if err := b.warm(ctx, clients); err != nil {
		return err
	}
	return b.runs(ctx, s, trial{
		what: fmt.Sprintf("one distribution to %s holders: median time", number(float64(holders))), target: under(most, inMillis),
		how: "gRPC, durable on SQLite; 2 tranches; one client, one after the other", of: "a distribution",
	}, false, func() (*load, float64, error) {
		l, err := closedLoop(ctx, b.long(), clients)
		return l, float64(l.latency.quantile(0.5)) / float64(time.Millisecond), err
	})
}

// others measures single transfers while a large distribution begins every second.
func (b *bench) others(ctx context.Context, s *site, w *world, pay step) error {
	const clients, rate = 64, 500
	steps, err := w.senders(ctx, b, s, clients, 1)
	if err != nil {
		return err
	}
	paying, stop := context.WithCancel(ctx)
	var failed atomic.Pointer[error]
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		every := time.NewTicker(time.Second)
		defer every.Stop()
		for paying.Err() == nil {
			if _, err := pay(); err != nil {
				failed.Store(&err)
				return
			}
			select {
			case <-every.C:
			case <-paying.Done():
			}
		}
	}()
	err = b.percentile(ctx, s, trial{
		what: fmt.Sprintf("single transfers while %s holders are paid every second: p99", number(float64(w.holders))), target: under(200, inMillis), of: "a transfer",
		how: fmt.Sprintf("gRPC, durable on SQLite; %d transfers a second from %d clients", rate, clients), clients: steps,
	}, rate, 0.99)
	stop()
	<-ended
	if e := failed.Load(); e != nil {
		return errors.Join(err, *e)
	}
	return err
}
