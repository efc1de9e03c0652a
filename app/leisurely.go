package app

import (
	"context"
	"slices"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/kit/clock"
)

// leisurely hands over a ledger's events to one for whom nobody waits: few in a transaction, and while the ledger is busy
// with long rests, so that those who have to be quick find the rows free.
type leisurely struct{ *longmen.Ledger }

const (
	leisurelyMost = 256 // events at once
	leisurelyRest = 200 * time.Millisecond
	busyRate      = 500 // commands a second
)

// Watch is the ledger's, at leisure.
func (l leisurely) Watch(ctx context.Context, from uint64, each func([]feed.Event) error) error {
	since, applied := time.Now(), l.Applied()
	return l.Ledger.Watch(ctx, from, func(list []feed.Event) error {
		for part := range slices.Chunk(list, leisurelyMost) {
			began := time.Now()
			if err := each(part); err != nil {
				return err
			}
			rest := time.Duration(0)
			if now := l.Applied(); now-applied > uint64(busyRate*time.Since(since).Seconds()) {
				rest = 4 * time.Since(began)
			}
			if len(part) < leisurelyMost {
				rest = max(rest, leisurelyRest)
			}
			since, applied = time.Now(), l.Applied()
			if err := clock.Pause(ctx, rest); err != nil {
				return err
			}
		}
		return nil
	})
}
