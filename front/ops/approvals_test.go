package ops_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// number makes an id.
func number(n uint64) (i id.ID) {
	binary.BigEndian.PutUint64(i[8:], n)
	i[6], i[8] = 0x70, 0x80
	return i
}

// The principals: Ann has two, Bo and Cy one each, a machine has no person behind it.
var (
	tenant, other       = number(1), number(2)
	ann, annsPhone      = number(11), number(12)
	bo, cy, machine     = number(21), number(31), number(41)
	personAnn, personBo = number(101), number(102)
	personCy            = number(103)
)

type persons map[id.ID]struct {
	person id.ID
	roles  []string
}

func (p persons) Person(_ context.Context, _, principal id.ID) (id.ID, []string, error) {
	return p[principal].person, p[principal].roles, nil
}

// office is approvals with one action, which keeps what it did in a table of its own.
type office struct {
	*testing.T
	*ops.Approvals
	db    *store.DB
	clock *clock.Manual
	fail  error
	kept  []id.ID // of which it was told that the transaction has ended
}

func newOffice(t *testing.T, db *store.DB) *office {
	o := &office{T: t, db: db, clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))}
	who := persons{
		ann: {personAnn, []string{"head"}}, annsPhone: {personAnn, []string{"head"}}, bo: {personBo, []string{"head", "clerk"}},
		cy: {personCy, []string{"clerk"}}, machine: {},
	}
	action := ops.Action{
		Rule: ops.Rule{Life: time.Hour, Levels: []ops.Level{
			{Role: "clerk", Most: map[string]int64{"CNY": 1_000}}, {Role: "head", Most: map[string]int64{"CNY": 1_000_000}},
		}},
		Keep: func(ctx context.Context, tx *sql.Tx, p *ops.Proposal) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO done (n) VALUES (1)"); err != nil {
				return err
			}
			return o.fail
		},
		Kept: func(p *ops.Proposal) {
			if o.fail == nil && o.done() == 0 {
				o.Error("it was told before the transaction ended")
			}
			o.kept = append(o.kept, p.ID)
		},
	}
	if _, err := db.Writer().ExecContext(t.Context(), "CREATE TABLE done (n INTEGER NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	var err error
	if o.Approvals, err = ops.OpenApprovals(t.Context(), db, o.clock, who, map[string]ops.Action{"refund": action}); err != nil {
		t.Fatal(err)
	}
	return o
}

func refund(n uint64, amount int64) ops.Proposal {
	return ops.Proposal{
		Tenant: tenant, ID: number(n), Action: "refund", Subject: number(500), Version: 3, Asset: "CNY", Amount: amount,
		Was: []byte(`{"refunded":"0"}`), Becomes: []byte(fmt.Sprintf(`{"refunded":"%d"}`, amount)), Reason: "paid twice", Proposer: ann,
	}
}

func (o *office) propose(p ops.Proposal) ops.Proposal {
	o.Helper()
	p, err := o.Propose(o.Context(), p)
	if err != nil {
		o.Fatal(err)
	}
	return p
}

func (o *office) done() (n int) {
	o.Helper()
	if err := o.db.Reader().QueryRowContext(o.Context(), "SELECT count(*) FROM done").Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

func (o *office) wants(code errs.Code, err error) {
	o.Helper()
	if !errs.Is(err, code) {
		o.Errorf("%v, want %s", err, code.Name())
	}
}

func TestAnotherPersonApproves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		p := o.propose(refund(1, 900))
		if p.State != ops.Open || p.Person != personAnn || p.Expires-p.Proposed != time.Hour.Microseconds() {
			t.Errorf("%+v", p)
		}
		for _, own := range []id.ID{ann, annsPhone} {
			_, err := o.Approve(ctx, tenant, p.ID, own, "")
			o.wants(errs.Forbidden, err) // also with another of his principals
		}
		_, err := o.Approve(ctx, tenant, p.ID, machine, "")
		o.wants(errs.Forbidden, err)
		_, err = o.Approve(ctx, other, p.ID, bo, "")
		o.wants(errs.NotFound, err)
		for range 2 { // the second time it says the same and does nothing
			p, err = o.Approve(ctx, tenant, p.ID, cy, "seen")
			if err != nil || p.State != ops.Approved || p.Decider != cy || p.Why != "seen" || o.done() != 1 {
				t.Errorf("%+v %v, done %d times", p, err, o.done())
			}
		}
		_, err = o.Refuse(ctx, tenant, p.ID, bo, "no")
		o.wants(errs.Conflict, err)
	})
}

func TestLimitsOfRoles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		large := o.propose(refund(1, 1_001))
		_, err := o.Approve(ctx, tenant, large.ID, cy, "")
		o.wants(errs.Forbidden, err)
		if _, err = o.Approve(ctx, tenant, large.ID, bo, ""); err != nil {
			t.Error(err)
		}
		gold := refund(2, 1)
		gold.Asset = "GOLD"
		o.propose(gold)
		_, err = o.Approve(ctx, tenant, gold.ID, bo, "")
		o.wants(errs.Forbidden, err)
	})
}

func TestRefusedWithdrawnExpired(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		for n := range uint64(3) {
			o.propose(refund(n+1, 5))
		}
		p := refund(1, 5)
		if waits, err := o.OpenOn(ctx, tenant, p.Subject); err != nil || waits != number(1) {
			t.Errorf("about its subject waits %s, want the first: %v", waits, err)
		}
		_, err := o.Refuse(ctx, tenant, number(1), bo, "")
		o.wants(errs.Invalid, err)
		if p, err := o.Refuse(ctx, tenant, number(1), bo, "no receipt"); err != nil || p.State != ops.Refused {
			t.Error(p, err)
		}
		_, err = o.Withdraw(ctx, tenant, number(2), bo, "")
		o.wants(errs.Forbidden, err)
		if p, err := o.Withdraw(ctx, tenant, number(2), annsPhone, ""); err != nil || p.State != ops.Withdrawn {
			t.Error(p, err)
		}
		if err := o.clock.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
		_, err = o.Approve(ctx, tenant, number(3), bo, "")
		o.wants(errs.Conflict, err)
		for state, want := range map[ops.State]int{0: 3, ops.Open: 0, ops.Refused: 1, ops.Withdrawn: 1, ops.Expired: 1, ops.Approved: 0} {
			if list, err := o.List(ctx, tenant, state, id.ID{}, 10); err != nil || len(list) != want {
				t.Errorf("%d proposals are %s, want %d: %v", len(list), state, want, err)
			}
		}
		if list, err := o.List(ctx, tenant, 0, number(3), 1); err != nil || len(list) != 1 || list[0].ID != number(2) {
			t.Error(list, err)
		}
		for _, of := range []id.ID{tenant, other} {
			if waits, err := o.OpenOn(ctx, of, p.Subject); err != nil || !waits.IsZero() {
				t.Errorf("%s waits though it is refused, withdrawn or expired, or another tenant's: %v", waits, err)
			}
		}
		if o.done() != 0 {
			t.Error("something happened")
		}
	})
}

func TestWhatFailsToHappenStaysOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		p := o.propose(refund(1, 5))
		o.fail = errors.New("the subject has changed")
		if _, err := o.Approve(ctx, tenant, p.ID, bo, ""); !errors.Is(err, o.fail) {
			t.Error(err)
		}
		if p, err := o.Get(ctx, tenant, p.ID); err != nil || p.State != ops.Open || o.done() != 0 {
			t.Error(p, err, o.done())
		}
	})
}

func TestProposalsThatAreNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		o.propose(refund(1, 5))
		o.propose(refund(1, 5))
		_, err := o.Propose(ctx, refund(1, 6))
		o.wants(errs.Conflict, err)
		for what, c := range map[string]struct {
			spoil func(*ops.Proposal)
			code  errs.Code
		}{
			"no action":        {func(p *ops.Proposal) { p.Action = "rob" }, errs.Invalid},
			"no tenant":        {func(p *ops.Proposal) { p.Tenant = id.ID{} }, errs.Invalid},
			"no id":            {func(p *ops.Proposal) { p.ID = id.ID{} }, errs.Invalid},
			"no reason":        {func(p *ops.Proposal) { p.Reason = "" }, errs.Invalid},
			"no change":        {func(p *ops.Proposal) { p.Becomes = p.Was }, errs.Invalid},
			"no JSON":          {func(p *ops.Proposal) { p.Becomes = []byte("{") }, errs.Invalid},
			"two documents":    {func(p *ops.Proposal) { p.Becomes = []byte("{} {}") }, errs.Invalid},
			"below zero":       {func(p *ops.Proposal) { p.Amount = -1 }, errs.Invalid},
			"an assetless sum": {func(p *ops.Proposal) { p.Asset = "" }, errs.Invalid},
			"too large":        {func(p *ops.Proposal) { p.Was = make([]byte, ops.MaxDocument+1) }, errs.TooLarge},
			"no person":        {func(p *ops.Proposal) { p.Proposer = machine }, errs.Forbidden},
		} {
			p := refund(9, 5)
			c.spoil(&p)
			if _, err := o.Propose(ctx, p); !errs.Is(err, c.code) {
				t.Errorf("%s: %v, want %s", what, err, c.code.Name())
			}
		}
	})
}

// However many decide at once, one decision counts and the action happens at most once.
func TestManyDecideAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		p := o.propose(refund(1, 5))
		var all sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for n := range 12 {
			all.Go(func() {
				var err error
				switch n % 3 {
				case 0:
					_, err = o.Approve(ctx, tenant, p.ID, bo, "")
				case 1:
					_, err = o.Refuse(ctx, tenant, p.ID, cy, "no")
				default:
					_, err = o.Withdraw(ctx, tenant, p.ID, ann, "")
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errs.Is(err, errs.Conflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		end, err := o.Get(ctx, tenant, p.ID)
		if want := map[ops.State]int{ops.Approved: 1}[end.State]; err != nil || o.done() != want || won != 4 {
			t.Errorf("%s, done %d times, %d were told so: %v", end.State, o.done(), won, err)
		}
	})
}

func TestDifference(t *testing.T) {
	got, err := ops.Difference(
		[]byte(`{"name":"a","fees":[{"rate":"0.01"},{"rate":"0.02"}],"gone":null,"same":1.0,"kind":{"x":1}}`),
		[]byte(`{"name":"b","fees":[{"rate":"0.01","tax":true}],"same":1.0,"kind":[1],"new":2}`))
	want := []ops.Change{
		{"fees[0].tax", "", "true"},
		{"fees[1]", `{"rate":"0.02"}`, ""},
		{"gone", "null", ""},
		{"kind", `{"x":1}`, "[1]"},
		{"name", `"a"`, `"b"`},
		{"new", "", "2"},
	}
	if err != nil || cmp.Diff(want, got) != "" {
		t.Error(err, cmp.Diff(want, got))
	}
	if got, err := ops.Difference(nil, []byte(`{"a":1}`)); err != nil || len(got) != 1 || got[0].Path != "" || got[0].Was != "" {
		t.Error(got, err)
	}
}

// A document differs from itself in nothing, and from another the other way round in the same places.
func TestDifferenceIsSymmetric(t *testing.T) {
	leaf := rapid.SampledFrom([]string{"1", `"x"`, "null", "true", "[]", "{}", "[1,2]", `{"a":1}`})
	doc := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf(`{"a":%s,"b":[%s,%s],"c":{"d":%s}}`, leaf.Draw(t, "a"), leaf.Draw(t, "b"), leaf.Draw(t, "c"), leaf.Draw(t, "d"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := []byte(doc.Draw(t, "one")), []byte(doc.Draw(t, "other"))
		there, err := ops.Difference(a, b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ops.Difference(b, a)
		if err != nil {
			t.Fatal(err)
		}
		for i := range back {
			back[i].Was, back[i].Becomes = back[i].Becomes, back[i].Was
		}
		if diff := cmp.Diff(there, back); diff != "" {
			t.Fatal(diff)
		}
		if string(a) == string(b) && len(there) > 0 {
			t.Fatalf("%s differs from itself: %v", a, there)
		}
	})
}
