package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// restart measures how long a node needs until it answers, when all it has to do is load its snapshot.
func restart(ctx context.Context, b *bench) error {
	w := world{accounts: b.n(1_000_000), registers: b.n(7_000), holders: b.n(1_000), tranches: 2}
	s, err := b.site(ctx, "", realClock())
	if err != nil {
		return err
	}
	if err := w.build(ctx, s, b.seed); err != nil {
		return err
	}
	how := fmt.Sprintf("stopped in order, so its snapshot is of the end; %s accounts, %s holdings with 2 tranches; from the start of the process to its first answer",
		number(float64(w.accounts)), number(float64(w.registers*w.holders)))
	return b.starts(ctx, s, "restart after a snapshot", how, 5, func() error { return nil })
}

// replay measures how long a node needs that has lost its snapshots.
func replay(ctx context.Context, b *bench) error {
	w := world{accounts: b.n(20_000), money: money}
	s, err := b.site(ctx, "", realClock())
	if err != nil {
		return err
	}
	if err := w.build(ctx, s, b.seed); err != nil {
		return err
	}
	count, size := b.n(10_000_000), min(transferBatch, b.n(100_000))
	senders, err := w.senders(ctx, b, s, transferClients, size)
	if err != nil {
		return err
	}
	if _, err := exactly(ctx, count/size, senders); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	how := fmt.Sprintf("no snapshot, history there; %s commands of %s accounts; from the start of the process to its first answer",
		number(float64(count)), number(float64(w.accounts)))
	return b.starts(ctx, s, "replay of simple transfers", how, 60, func() error {
		return os.RemoveAll(filepath.Join(s.folder, "snapshots"))
	})
}

// starts stops a node and starts it again, several times.
func (b *bench) starts(ctx context.Context, s *site, what, how string, most float64, prepare func() error) error {
	var runs []float64
	var f Figure
	for range b.options.Runs {
		if err := errors.Join(s.stop(), prepare()); err != nil {
			return err
		}
		own, all, began := ownTime(), machineTime(), time.Now()
		if err := s.start(ctx); err != nil {
			return err
		}
		runs = append(runs, time.Since(began).Seconds())
		f = under(most, inSeconds).figure(what, median(runs), fmt.Sprintf("%s; %d x", how, len(runs)))
		v, err := s.vitals(ctx)
		if err != nil {
			return err
		}
		used := &Use{Client: (ownTime() - own).Seconds(), Server: v.seconds, GC: between(&vitals{}, v), Peak: peakMemory(s.pid())}
		used.Others = max(0, (machineTime()-all).Seconds()-used.Client-used.Server)
		f.Use, f.Seconds = used, runs[len(runs)-1]
	}
	if len(runs) > 1 {
		f.Runs = runs
	}
	b.tell(f)
	return nil
}
