// Package play plays the market's script on a ledger through its public API, month by month, and notes what the ledger
// answered.
//
// Within a step of a month nothing depends on its order but a loan's own commands, and those go through one lane. So
// the steps are what the script's order is made of, and within them batches are under way side by side.
package play

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/stage"
)

// Player plays a market.
type Player struct {
	m         *market.Market
	run       *stage.Run
	lanes     []*lane
	investors []string   // addresses
	mu        sync.Mutex // of Answered, where several lanes see results

	Stats    Stats
	Answered Answered
}

// Answered is what the script can't know: amounts that the ledger worked out. The recount must come to the same.
type Answered struct {
	Recalled  uint64           // sequence of the repayment that was taken back
	Withdrawn map[int]int64    // by investor
	TakenBack int64            // of the recalled payment
	Missing   map[string]int64 // by address
	Sequence  uint64           // the last one
}

// New makes a player. Each ledger is a connection of its own; so many batches are under way at once.
func New(m *market.Market, run *stage.Run, ledgers ...Ledger) *Player {
	p := &Player{m: m, run: run, investors: make([]string, m.Investors)}
	for i := range p.investors {
		p.investors[i] = Investor(i)
	}
	for _, l := range ledgers {
		p.lanes = append(p.lanes, newLane(l, run, &p.Stats))
	}
	p.Answered.Withdrawn, p.Answered.Missing = map[int]int64{}, map[string]int64{}
	return p
}

// Play plays everything.
func (p *Player) Play(ctx context.Context) error {
	for month := range p.m.Months {
		p.Stats.Month.Store(int64(month))
		if err := p.month(ctx, month); err != nil {
			return fmt.Errorf("month %s: %w", Month(month).Format("2006-01"), err)
		}
	}
	return nil
}

// step is something that happens on one day of a month.
type step struct {
	phase int
	day   int
	hour  int
	many  int // how many things there are to do
	limit int // commands of a batch
	each  func(ctx context.Context, l *lane, i int) error
}

func (p *Player) month(ctx context.Context, month int) error {
	for _, l := range p.lanes {
		l.month = month
	}
	listed, due := p.listed(month), p.due(month)
	steps := []step{}
	if month == 0 {
		steps = append(steps,
			step{Opening, 1, 8, 1, batchSize, p.open},
			step{Opening, 1, 9, p.m.Investors, batchSize, p.deposit})
	}
	if month == p.m.FreezeMonth {
		steps = append(steps, step{Trading, 1, 10, 1, batchSize, p.freeze})
	}
	steps = append(steps,
		step{Bidding, 2, 9, len(listed), batchSize, func(ctx context.Context, l *lane, i int) error { return p.list(ctx, l, listed[i]) }},
		step{Bidding, 3, 9, len(listed), batchSize, func(ctx context.Context, l *lane, i int) error { return p.bids(ctx, l, listed[i]) }},
		step{Bidding, 5, 9, len(listed), batchSize, func(ctx context.Context, l *lane, i int) error { return p.disburse(ctx, l, listed[i]) }},
		step{Repaying, 15, 9, len(due), paymentBatch, func(ctx context.Context, l *lane, i int) error { return p.repay(ctx, l, due[i], i) }})
	steps = append(steps, p.recall(month)...)
	traded := p.traded(month)
	steps = append(steps,
		step{Trading, 20, 9, len(traded), batchSize, func(ctx context.Context, l *lane, i int) error { return p.sell(ctx, l, traded[i]) }},
		step{Trading, 28, 9, 1, batchSize, func(ctx context.Context, l *lane, _ int) error { return p.sweep(ctx, l, month) }})
	for i, s := range steps {
		if s.many == 0 {
			continue
		}
		began := time.Now()
		if err := p.advance(ctx, Month(month).AddDate(0, 0, s.day-1).Add(time.Duration(s.hour)*time.Hour), uint64(i)); err != nil {
			return err
		}
		if err := p.do(ctx, s); err != nil {
			return err
		}
		p.Stats.Spend(s.phase, time.Since(began))
	}
	if month == p.m.Months-1 {
		// One step into the next month, so that the last one is closed.
		return p.advance(ctx, Month(month+1), uint64(len(steps)))
	}
	return nil
}

// do hands the things of a step to the lanes and waits until all are applied.
func (p *Player) do(ctx context.Context, s step) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for _, l := range p.lanes[:min(len(p.lanes), s.many)] {
		l.limit = s.limit
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < s.many && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := s.each(ctx, l, i); err != nil {
					cancel(err)
					return
				}
			}
			if err := l.flush(ctx); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// advance moves the ledger's clock. It is alone in its batch: whatever comes after has the new time.
func (p *Player) advance(ctx context.Context, to time.Time, n uint64) error {
	l := p.lanes[0]
	l.limit = batchSize
	c := command(purposeClock, &pb.Operation{Operation: &pb.Operation_Advance{Advance: &pb.Advance{To: to.UnixMicro()}}})
	if err := l.add(ctx, "clock", n, c, p.note); err != nil {
		return err
	}
	return l.flush(ctx)
}

// note keeps the last sequence.
func (p *Player) note(r *pb.Result) error {
	p.Answered.Sequence = r.GetSequence()
	return nil
}
