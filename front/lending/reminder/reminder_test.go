package reminder_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/lending/reminder"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// outbox takes notices, or says why it can't.
type outbox struct {
	told []notice.Notice
	err  error
}

func (o *outbox) Prepare(_ context.Context, n notice.Notice) (*notice.Prepared, error) {
	return &notice.Prepared{Notice: n}, o.err
}

func (o *outbox) Keep(_ context.Context, _ *sql.Tx, list ...*notice.Prepared) error {
	for _, p := range list {
		o.told = append(o.told, p.Notice)
	}
	return nil
}

// book is an empty ledger.
type book struct{ servicing.Ledgers }

func (book) View(_ context.Context, _ string, read func(*ledger.Engine)) error {
	read(ledger.NewEngine())
	return nil
}

func uid(n byte) (i id.ID) {
	i[0], i[6], i[8], i[15] = 1, 0x70, 0x80, n
	return i
}

// A payment is told in the transaction that keeps it. A notice that can't be made is planned in it, so that it waits for
// whoever mends what it lacks: the payment stands either way.
func TestAPaymentIsToldOrPlanned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p, err := plan.Open(t.Context(), db, clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
		if err != nil {
			t.Fatal(err)
		}
		out := &outbox{}
		r := &reminder.Reminders{Plan: p, Outbox: out, Ledgers: book{}}
		l := &servicing.Loan{Deed: servicing.Deed{Tenant: uid(1), Loan: uid(2), Ledger: "main", Asset: "CNY", Borrower: uid(3)}}
		e := &servicing.Event{Number: 7, ID: uid(4), Kind: servicing.Repaid, At: 1_000, Amount: 100_00, Outcome: servicing.Applied}
		happens := func() []plan.Event {
			t.Helper()
			told, err := r.Happened(t.Context(), l, e, servicing.Active)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Write(t.Context(), func(tx *sql.Tx) error { return r.Keep(t.Context(), tx, told) }); err != nil {
				t.Fatal(err)
			}
			planned, err := p.List(t.Context(), uid(1), 0, plan.Place{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			return planned
		}
		if planned := happens(); len(planned) != 0 || len(out.told) != 1 {
			t.Fatalf("planned is %+v, told %+v", planned, out.told)
		}
		if n := out.told[0]; n.Party != uid(3) || n.Kind != message.Paid || n.At != 1_000 || n.Tenant != uid(1) || n.Ledger != "main" {
			t.Errorf("%+v", n)
		}
		out.err = errs.Invalid.Errorf("there is no text")
		if planned := happens(); len(planned) != 1 || planned[0].Kind != reminder.EventKind || planned[0].Subject != uid(2) || string(planned[0].Content) != `{"number":7}` {
			t.Errorf("planned is %+v", planned)
		}
	})
}
