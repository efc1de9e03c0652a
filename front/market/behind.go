package market

import (
	"context"
	"sync"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Rows are a moment behind the ledger. Who decides by them waits for what they must have, but not for ever.
var (
	patience = 5 * time.Second
	lookNext = 5 * time.Millisecond
)

// Await waits until the rows have noted a ledger's commands up to a sequence.
func (m *Market) Await(ctx context.Context, tenant id.ID, on string, sequence uint64) error {
	for deadline := time.Now().Add(patience); ; {
		noted, err := m.Noted(ctx, tenant, on)
		if err != nil || noted >= sequence {
			return err
		}
		if time.Now().After(deadline) {
			return errs.Overloaded.Errorf("the rows of the market have noted the commands of ledger %s up to %d, and %d is needed; try again later", on, noted, sequence)
		}
		timer := time.NewTimer(lookNext)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// spent knows which bid of a mandate was the last one in a ledger: before its row is there no mandate is looked at, or
// it would spend the same money twice. Of a ledger where it is not known that is the last command of all.
type spent struct {
	mu sync.Mutex
	by map[string]uint64
}

// take gives the sequence that must be noted, and forgets it: who fails does not know any more what he has sent.
func (s *spent) take(ctx context.Context, name string, on Ledger) (last uint64, err error) {
	s.mu.Lock()
	last, known := s.by[name]
	delete(s.by, name)
	s.mu.Unlock()
	if !known {
		err = on.View(ctx, 0, func(e *ledger.Engine) { last = e.Sequence() })
	}
	return last, err
}

func (s *spent) set(name string, last uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[string]uint64{}
	}
	s.by[name] = last
}
