package bench

import (
	"context"
	"fmt"
	"net/http"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
)

// reading makes clients that get one of some paths by REST, again and again.
func (b *bench) reading(ctx context.Context, s *site, clients int, path func(*ids) string) ([]step, error) {
	var steps []step
	for range clients {
		b.seed++
		own := newIDs(b.seed)
		c, err := dialREST(ctx, s.address)
		if err != nil {
			return nil, err
		}
		b.after(c.close)
		requests := make([][]byte, 16*variety)
		for i := range requests {
			requests[i], _ = plainRequest(s.address, s.token, http.MethodGet, path(own), "", "", nil)
		}
		turn := 0
		steps = append(steps, func() (int, error) {
			turn = (turn + 1) % len(requests)
			_, err := c.call(requests[turn])
			return 1, err
		})
	}
	return steps, nil
}

// asker sends prepared requests and gives the bodies of their answers.
type asker interface {
	call(request []byte) ([]byte, error)
	close() error
}

// readingMany makes clients that read many balances a request, by gRPC or by the same service's plain protocol over HTTP/1.1.
func (w *world) readingMany(ctx context.Context, b *bench, s *site, clients, size int, plain bool) ([]step, error) {
	var steps []step
	for range clients {
		b.seed++
		own := newIDs(b.seed)
		c, err := s.asker(ctx, plain)
		if err != nil {
			return nil, err
		}
		b.after(c.close)
		var messages [][]byte
		for range variety {
			m := &pb.BalancesRequest{Ledger: s.ledger}
			for range size {
				m.Addresses = append(m.Addresses, client(own.random.IntN(w.accounts)))
			}
			one, err := proto.Marshal(m)
			if err != nil {
				return nil, err
			}
			if plain {
				one, _ = plainRequest(s.address, s.token, http.MethodPost, methodBalances, "", typeProto, one)
			}
			messages = append(messages, one)
		}
		turn := 0
		steps = append(steps, func() (int, error) {
			turn = (turn + 1) % variety
			answer, err := c.call(messages[turn])
			if err != nil {
				return 0, err
			}
			n, err := countBalances(answer)
			if err == nil && n != size {
				err = fmt.Errorf("%d accounts have %d balances", size, n)
			}
			return n, err
		})
	}
	return steps, nil
}

func (s *site) asker(ctx context.Context, plain bool) (asker, error) {
	if plain {
		return dialREST(ctx, s.address)
	}
	return dialRPC(ctx, s.address, s.token, methodBalances)
}

// countBalances counts what a BalancesResponse has.
func countBalances(b []byte) (n int, err error) {
	const fieldBalances = 3
	for len(b) > 0 {
		num, typ, size := protowire.ConsumeTag(b)
		if size < 0 {
			return n, protowire.ParseError(size)
		}
		value := protowire.ConsumeFieldValue(num, typ, b[size:])
		if value < 0 {
			return n, protowire.ParseError(value)
		}
		if num == fieldBalances {
			n++
		}
		b = b[size+value:]
	}
	return n, nil
}

// balances measures reads of what accounts have now.
func balances(ctx context.Context, b *bench) error {
	w := world{accounts: b.n(20_000), money: money}
	s, err := b.site(ctx, "", realClock())
	if err != nil {
		return err
	}
	if err := w.build(ctx, s, b.seed); err != nil {
		return err
	}
	const many, clients = 100, 8
	for _, door := range []struct {
		name  string
		plain bool
	}{{"gRPC", false}, {"Connect over HTTP/1.1", true}} {
		steps, err := w.readingMany(ctx, b, s, clients, many, door.plain)
		if err != nil {
			return err
		}
		err = b.rate(ctx, s, trial{
			what: "balances, 100 a request, by " + door.name, how: fmt.Sprintf("%d clients; %s accounts", clients, number(float64(w.accounts))),
			of: "a request", target: atLeast(1_000_000), clients: steps,
		})
		if err != nil {
			return err
		}
	}
	const single = 16
	steps, err := b.reading(ctx, s, single, func(own *ids) string {
		return s.path("/accounts/" + client(own.random.IntN(w.accounts)) + "/balance")
	})
	if err != nil {
		return err
	}
	return b.rate(ctx, s, trial{
		what: "balances, one a request", how: fmt.Sprintf("REST; %d clients; %s accounts", single, number(float64(w.accounts))), of: "a request",
		target: atLeast(20_000), clients: steps,
	})
}
