package sign_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// phone keeps the code that came last.
type phone struct {
	code string
	came int
}

func (p *phone) Prepare(_ context.Context, n notice.Notice) (*notice.Prepared, error) {
	return &notice.Prepared{Notice: n}, nil
}

func (p *phone) Keep(_ context.Context, _ *sql.Tx, list ...*notice.Prepared) error {
	var data struct{ Code string }
	p.came++
	err := json.Unmarshal(list[0].Data, &data)
	p.code = data.Code
	return err
}

func TestSign(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := &phone{}
		d, err := sign.Open(t.Context(), db, p, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		r := sign.Request{Tenant: id.ID{1}, Subject: id.ID{2}, Party: id.ID{3}, Hash: [32]byte{4}, Ledger: "main", Now: 1_000_000, Kind: "code"}
		code := func(c string, change ...func(*sign.Request)) error {
			q := r
			for _, f := range change {
				f(&q)
			}
			return d.Sign(t.Context(), q, c)
		}
		if err := code("000000"); !errs.Is(err, errs.NotFound) {
			t.Errorf("not asked yet: %v", err)
		}
		ask := func() {
			t.Helper()
			if err := d.Ask(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		ask()
		first := p.code
		if len(first) != 6 {
			t.Fatalf("the code is %q", first)
		}
		wrong := "x" + first[1:]
		for range 5 {
			if err := code(wrong); !errs.Is(err, sign.Wrong) {
				t.Errorf("a wrong code: %v", err)
			}
		}
		if err := code(first); !errs.Is(err, sign.Wrong) {
			t.Errorf("after five wrong ones the right one is taken: %v", err)
		}
		ask()
		if err := code(p.code, func(q *sign.Request) { q.Hash[0]++ }); !errs.Is(err, sign.Wrong) {
			t.Errorf("under another document: %v", err)
		}
		if err := code(p.code, func(q *sign.Request) { q.Party[0]++ }); !errs.Is(err, errs.NotFound) {
			t.Errorf("by another party: %v", err)
		}
		if err := code(p.code, func(q *sign.Request) { q.Now += 10 * time.Minute.Microseconds() }); !errs.Is(err, sign.Wrong) {
			t.Errorf("too late: %v", err)
		}
		for range 2 {
			if err := code(p.code); err != nil {
				t.Errorf("the right code: %v", err)
			}
		}
		came := p.came
		ask()
		if p.came != came {
			t.Error("what was signed is asked for again")
		}
		if s, err := d.Signature(t.Context(), r.Tenant, r.Subject, r.Party); err != nil || s != (sign.Signature{Hash: r.Hash, At: r.Now}) {
			t.Errorf("the signature is %+v, %v", s, err)
		}
		if s, err := d.Signature(t.Context(), r.Tenant, r.Subject, id.ID{9}); err != nil || s.At != 0 {
			t.Errorf("somebody else's signature is %+v, %v", s, err)
		}
	})
}

// Guesses are bounded: after ten codes no more is sent for a document.
func TestCodesAreUsedUp(t *testing.T) {
	p := &phone{}
	d, err := sign.Open(t.Context(), storetest.SQLite(t), p, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := sign.Request{Tenant: id.ID{1}, Subject: id.ID{2}, Party: id.ID{3}, Ledger: "main", Now: 1_000_000, Kind: "code"}
	for n := range 12 {
		if err := d.Ask(t.Context(), r); n < 10 && err != nil || n >= 10 && !errs.Is(err, sign.UsedUp) {
			t.Errorf("asked %d times: %v", n+1, err)
		}
	}
	if p.came != 10 {
		t.Errorf("%d codes came", p.came)
	}
}
