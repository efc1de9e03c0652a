package ops_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// Whoever asks for the same again hears how his proposal stands.
func TestOutcome(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	ctx := t.Context()
	for n, c := range []struct {
		end  func(p ops.Proposal) (ops.Proposal, error)
		code errs.Code
	}{
		{func(p ops.Proposal) (ops.Proposal, error) { return p, nil }, ops.Pending},
		{func(p ops.Proposal) (ops.Proposal, error) { return o.Approve(ctx, tenant, p.ID, bo, "") }, errs.Code{}},
		{func(p ops.Proposal) (ops.Proposal, error) { return o.Refuse(ctx, tenant, p.ID, bo, "no") }, errs.Conflict},
		{func(p ops.Proposal) (ops.Proposal, error) { return o.Withdraw(ctx, tenant, p.ID, ann, "") }, errs.Conflict},
		{func(p ops.Proposal) (ops.Proposal, error) {
			if err := o.clock.Advance(2 * time.Hour); err != nil {
				return p, err
			}
			return o.Get(ctx, tenant, p.ID)
		}, errs.Conflict},
	} {
		p, err := c.end(o.propose(refund(uint64(n+1), 900)))
		if err != nil {
			t.Fatal(err)
		}
		err = p.Outcome()
		if p.State == ops.Approved {
			if err != nil {
				t.Errorf("approved: %v", err)
			}
			continue
		}
		o.wants(c.code, err)
		if !strings.Contains(err.Error(), p.ID.String()) {
			t.Errorf("%v does not name the proposal", err)
		}
	}
}

// An action is told when its transaction has ended, also when it was taken back, and of no other decision.
func TestKeptIsTold(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	ctx := t.Context()
	p := o.propose(refund(1, 900))
	o.fail = errors.New("not now")
	if _, err := o.Approve(ctx, tenant, p.ID, bo, ""); !errors.Is(err, o.fail) {
		t.Errorf("%v", err)
	}
	o.fail = nil
	for range 2 { // the same again happens once
		if _, err := o.Approve(ctx, tenant, p.ID, bo, ""); err != nil {
			t.Error(err)
		}
	}
	refused := o.propose(refund(2, 900))
	if _, err := o.Refuse(ctx, tenant, refused.ID, bo, "no"); err != nil {
		t.Error(err)
	}
	if want := []id.ID{p.ID, p.ID}; len(o.kept) != 2 || o.kept[0] != want[0] || o.kept[1] != want[1] {
		t.Errorf("told of %v, want %v", o.kept, want)
	}
}
