package plan_test

import (
	"errors"
	"testing"
	"time"

	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// What is done is removed after its time, however much it is; what is stuck, cancelled, waits, or was done since stays. A node that was replaced removes nothing.
func TestWhatIsDoneIsRemovedAfterAWhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db)
		s.Together("due")
		const many = 1_203
		var list []plan.Event
		for n := range uint64(many) {
			list = append(list, event(n+1, 10))
		}
		s.add(list...)
		s.add(event(5_000, 10), event(5_001, 10), event(5_002, 1_000))
		s.fail[number(5_000)], s.fail[number(5_001)] = plan.Permanent(errors.New("no")), plan.Over(errors.New("not wanted"))
		if n, err := s.RunDue(t.Context(), "main", 10); n != many+1 || err != nil {
			t.Fatal(n, err)
		}
		pass := func(d time.Duration) {
			if err := s.wall.Advance(d); err != nil {
				t.Fatal(err)
			}
		}
		pass(plan.KeepDone)
		s.add(event(5_003, 10))
		if _, err := s.RunDue(t.Context(), "main", 10); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Clear(t.Context()); n != 0 || err != nil {
			t.Errorf("%d are gone on the last day: %v", n, err)
		}
		pass(time.Second)
		old := s.Runner
		s.lead(2)
		if n, err := old.Clear(t.Context()); n != 0 || !errors.Is(err, plan.ErrLeadLost) {
			t.Errorf("a node that was replaced removed %d: %v", n, err)
		}
		if n, err := s.Clear(t.Context()); n != many || err != nil {
			t.Errorf("%d are gone, want %d: %v", n, many, err)
		}
		list, err := s.List(t.Context(), tenant, 0, plan.Place{}, 10)
		if err != nil || len(list) != 4 {
			t.Errorf("%d stay, want what is stuck, cancelled, waits and was done since: %v", len(list), err)
		}
		if _, err := s.Get(t.Context(), tenant, number(1)); !isCode(err, errs.NotFound) {
			t.Errorf("the first: %v", err)
		}
	})
}
