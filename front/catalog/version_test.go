package catalog_test

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func number(n uint64) (i id.ID) {
	binary.BigEndian.PutUint64(i[8:], n)
	i[6], i[8] = 0x70, 0x80
	return i
}

var (
	tenant, other = number(1), number(2)
	ann, bo       = number(11), number(21)
)

// persons lets each principal be a person of his own, who may approve products.
type persons struct{}

func (persons) Person(_ context.Context, _, principal id.ID) (id.ID, []string, error) {
	return principal, []string{"product-owner"}, nil
}

type desk struct {
	*testing.T
	*catalog.Catalog
	office *ops.Approvals
	db     *store.DB
	today  day.Date

	forgotten int // times that a calendar may have changed
}

func newDesk(t *testing.T, db *store.DB) *desk {
	d := &desk{T: t, db: db, today: day.Of(2026, 3, 1)}
	var err error
	if d.Catalog, err = catalog.Open(t.Context(), db, func(context.Context, id.ID) (day.Date, error) { return d.today, nil }); err != nil {
		t.Fatal(err)
	}
	actions := map[string]ops.Action{
		catalog.ActionVersion:  d.Action(time.Hour, []ops.Level{{Role: "product-owner"}}),
		catalog.ActionCalendar: d.CalendarAction(time.Hour, []ops.Level{{Role: "product-owner"}}, func() { d.forgotten++ }),
	}
	d.office, err = ops.OpenApprovals(t.Context(), db, clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), persons{}, actions)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) draft(n uint64, file string, effective day.Date) catalog.Draft {
	return catalog.Draft{Tenant: tenant, Proposal: number(n), Proposer: ann, File: []byte(file), Effective: effective, Reason: "better"}
}

func (d *desk) propose(n uint64, file string, effective day.Date) {
	d.Helper()
	if _, err := d.Propose(d.Context(), d.office, d.draft(n, file, effective)); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) approve(n uint64) error {
	_, err := d.office.Approve(d.Context(), tenant, number(n), bo, "")
	return err
}

func (d *desk) wants(code errs.Code, err error) {
	d.Helper()
	if !errs.Is(err, code) {
		d.Errorf("%v, want %s", err, code.Name())
	}
}

var dearer = strings.Replace(small, `rate: "0.12"`, `rate: "0.15"`, 1)

// TestVersions shows the way of two versions: proposed, approved by another person, in force from their days on, and kept
// as they were.
func TestVersions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d, ctx := newDesk(t, db), t.Context()
		d.propose(100, small, d.today+1)
		d.propose(100, small, d.today+1) // again, no harm
		_, err := d.Get(ctx, tenant, "small", 1)
		d.wants(errs.NotFound, err) // nothing is live that nobody approved
		_, err = d.office.Approve(ctx, tenant, number(100), ann, "")
		d.wants(errs.Forbidden, err)
		if err := d.approve(100); err != nil {
			t.Fatal(err)
		}
		_, err = d.InForce(ctx, tenant, "small", d.today)
		d.wants(errs.NotFound, err) // not before its day
		first, err := d.InForce(ctx, tenant, "small", d.today+1)
		if err != nil || first.Number != 1 || first.Approver != bo || first.Proposer != ann || first.Proposal != number(100) {
			t.Fatalf("%+v %v", first, err)
		}
		d.propose(101, dearer, d.today+10)
		if err := d.approve(101); err != nil {
			t.Fatal(err)
		}
		for on, want := range map[day.Date]uint64{d.today + 1: 1, d.today + 9: 1, d.today + 10: 2, d.today + 100: 2} {
			if v, err := d.InForce(ctx, tenant, "small", on); err != nil || v.Number != want {
				t.Errorf("on %s version %d, want %d (%v)", on, v.Number, want, err)
			}
		}
		again, err := d.Get(ctx, tenant, "small", 1)
		if err != nil || again.Hash != first.Hash || again.Product.Grades[0].Rate.String() != "0.12" {
			t.Errorf("the first version became %+v %v", again, err)
		}
		list, err := d.Versions(ctx, tenant, "small", 0, 10)
		if err != nil || len(list) != 2 || list[0].Number != 2 || list[1].Number != 1 {
			t.Errorf("%+v %v", list, err)
		}
		if list, err = d.List(ctx, tenant, "", 10); err != nil || len(list) != 1 || list[0].Number != 2 {
			t.Errorf("%+v %v", list, err)
		}
		if list, err = d.List(ctx, other, "", 10); err != nil || len(list) != 0 {
			t.Errorf("another tenant sees %+v %v", list, err)
		}
		_, err = d.Get(ctx, other, "small", 1)
		d.wants(errs.NotFound, err)
	})
}

func TestVersionsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d, ctx := newDesk(t, db), t.Context()
		_, err := d.Propose(ctx, d.office, d.draft(1, small, d.today-1))
		d.wants(errs.Invalid, err)
		_, err = d.Propose(ctx, d.office, d.draft(1, strings.Replace(small, `rate: "0.12"`, "rate: 0.12", 1), d.today))
		if e, ok := err.(*errs.Error); !ok || e.Code != errs.Invalid || e.Field != "product.grades[0].rate" || !strings.HasPrefix(e.Message, "line 9: ") {
			t.Errorf("%v", err)
		}
		_, err = d.Propose(ctx, d.office, d.draft(1, strings.Replace(small, unserviceable[0].old, unserviceable[0].new, 1), d.today))
		if !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "product.penalties[1].shares" {
			t.Errorf("no loan could be paid out: %v", err)
		}
		d.propose(1, small, d.today)
		d.propose(2, dearer, d.today)
		d.today++
		d.wants(errs.Invalid, d.approve(1)) // approved a day too late: it would be in force before
		d.today--
		if err := d.approve(1); err != nil {
			t.Fatal(err)
		}
		d.wants(errs.Conflict, d.approve(2)) // it was proposed against no version
		d.propose(3, dearer, d.today+5)
		if err := d.approve(3); err != nil {
			t.Fatal(err)
		}
		d.propose(4, small, d.today+4)
		d.wants(errs.Conflict, d.approve(4)) // before the one that is to come
		_, err = d.Propose(ctx, d.office, d.draft(4, dearer, d.today+9))
		d.wants(errs.Conflict, err) // the same id for something else
		for _, limit := range []int{0, catalog.MaxPage + 1} {
			_, err = d.Versions(ctx, tenant, "small", 0, limit)
			d.wants(errs.Invalid, err)
			_, err = d.List(ctx, tenant, "", limit)
			d.wants(errs.Invalid, err)
		}
	})
}

// TestForged shows that a proposal that did not come through Propose makes no version of what it may not be.
func TestForged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		for i, becomes := range []string{`[1]`, `{"effective":"2026-03-02","product":{"code":"x"}}`, `{"effective":"soon","product":{}}`} {
			p := ops.Proposal{Tenant: tenant, ID: number(uint64(10 + i)), Action: catalog.ActionVersion, Subject: number(5), Becomes: []byte(becomes), Reason: "x", Proposer: ann}
			if _, err := d.office.Propose(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			d.wants(errs.Invalid, d.approve(uint64(10+i)))
		}
	})
}

// TestTampered shows that a row that somebody changed in the database is not taken for the version.
func TestTampered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		d.propose(1, small, d.today)
		if err := d.approve(1); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Writer().ExecContext(t.Context(), db.Rebind("UPDATE catalog_product SET content = ?"), []byte(dearer)); err != nil {
			t.Fatal(err)
		}
		_, err := d.Get(t.Context(), tenant, "small", 1)
		d.wants(errs.Internal, err)
	})
}
