package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/longmen/longmen/core/journal"
)

func TestTwoWritersFenceEachOther(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		ctx := t.Context()
		create(t, p.Journal, id(1))
		a, b := p.again(t), p.again(t)
		first, err := lead(ctx, a, id(1))
		if err != nil {
			t.Fatal(err)
		}
		first.fill(t, a, 3)
		second, err := lead(ctx, b, id(1))
		if err != nil {
			t.Fatal(err)
		}
		if second.epoch != 2 {
			t.Fatalf("epoch %d", second.epoch)
		}
		if err := first.append(ctx, a, record(first.next)); !errors.Is(err, journal.ErrLeadLost) {
			t.Fatalf("the first leader: %v", err)
		}
		second.fill(t, b, 3)
		// Even with what is right he may not go on under his old epoch.
		right := *second
		right.epoch = 1
		g := right.group(record(right.next))
		if errs := a.Append(ctx, g); errs == nil || !errors.Is(errs[0], journal.ErrLeadLost) {
			t.Fatalf("the first leader again: %v", errs)
		}
		if errs := p.again(t).Append(ctx, g); errs == nil || !errors.Is(errs[0], journal.ErrLeadLost) {
			t.Fatalf("an old epoch from another process: %v", errs)
		}
		third, err := lead(ctx, a, id(1))
		if err != nil || third.epoch != 3 {
			t.Fatalf("taking the lead again: %v", err)
		}
		third.fill(t, a, 2)
		if err := second.append(ctx, b, record(second.next)); !errors.Is(err, journal.ErrLeadLost) {
			t.Fatalf("the second leader: %v", err)
		}
		list := read(t, p.Journal, id(1), 1)
		if len(list) != 11 || list[10].Epoch != 3 {
			t.Errorf("%d groups, epoch %d", len(list), list[10].Epoch)
		}
	})
}

// Who is late with taking the lead reads again and takes it with the same epoch.
func TestLateClaim(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		ctx := t.Context()
		create(t, p.Journal, id(1))
		a, b := p.again(t), p.again(t)
		first, err := lead(ctx, a, id(1))
		if err != nil {
			t.Fatal(err)
		}
		claim := *first
		claim.epoch = 2
		first.fill(t, a, 1) // arrives between the reading and the claim
		if err := claim.append(ctx, b, record(claim.next)); !errors.Is(err, journal.ErrLeadLost) {
			t.Fatalf("the late claim: %v", err)
		}
		second, err := lead(ctx, b, id(1))
		if err != nil || second.epoch != 2 {
			t.Fatalf("the second claim: %v", err)
		}
		second.fill(t, b, 1)
	})
}

// acked notes what was acknowledged, by whomever.
type acked struct {
	mu     sync.Mutex
	groups map[uint64][32]byte
}

func (a *acked) note(t testing.TB, g *journal.Group) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if hash, twice := a.groups[g.First]; twice && hash != g.Hash {
		t.Errorf("two groups were acknowledged at sequence %d", g.First)
	}
	a.groups[g.First] = g.Hash
}

// check reads everything: each acknowledged group is there.
func (a *acked) check(t testing.TB, j *journal.Journal, ledger [16]byte) {
	t.Helper()
	there := map[uint64][32]byte{}
	for _, g := range read(t, j, ledger, 1) {
		there[g.First] = g.Hash
	}
	for first, hash := range a.groups {
		if there[first] != hash {
			t.Errorf("the group acknowledged at sequence %d is not there", first)
		}
	}
}

// Many who want to lead at once leave one chain with everything in it that was acknowledged.
func TestManyWantToLead(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		create(t, p.Journal, id(1))
		a := &acked{groups: map[uint64][32]byte{}}
		var nodes sync.WaitGroup
		for n := range 4 {
			j := p.again(t)
			nodes.Go(func() {
				if err := campaign(t, j, a, n, 12); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
		a.check(t, p.Journal, id(1))
		if s, err := p.Check(t.Context(), id(1)); err != nil || s.Epoch < 4 {
			t.Errorf("%+v %v", s, err)
		}
	})
}

// campaign takes the lead and appends until it is lost, some times over.
func campaign(t testing.TB, j *journal.Journal, a *acked, n, rounds int) error {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	ctx := context.Background()
	for range rounds {
		l, err := lead(ctx, j, id(1))
		if errors.Is(err, journal.ErrLeadLost) {
			continue
		}
		if err != nil {
			return err
		}
		for range 1 + rng.IntN(4) {
			g := l.group(l.records(1 + rng.IntN(3))...)
			errs := j.Append(ctx, g)
			if errs != nil && errors.Is(errs[0], journal.ErrLeadLost) {
				break
			}
			if errs != nil {
				return fmt.Errorf("node %d: %w", n, errs[0])
			}
			a.note(t, &g)
			l.follow(&g)
		}
	}
	return nil
}
