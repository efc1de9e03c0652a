package app

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// midnight is a clock by which something happens at the very moment when somebody asks which day it is.
type midnight struct {
	*clock.Manual
	then atomic.Pointer[func()]
}

func (m *midnight) Now() time.Time {
	if strings.Contains(string(debug.Stack()), "(*Ledger).Today") {
		if then := m.then.Swap(nil); then != nil {
			(*then)()
		}
	}
	return m.Manual.Now()
}

// pastBooks is a node with two accounts on a clock before midnight.
func pastBooks(t *testing.T, m *midnight) (*backend, func(operations ...ledger.Operation)) {
	m.Manual = clock.NewManual(time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC))
	db, err := longmen.Open(t.Context(), longmen.Config{Folder: t.TempDir(), Clock: m})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &backend{}
	b.open(db)
	l, err := db.Create(t.Context(), longmen.New{Name: "main", Zone: "UTC", Clock: longmen.RealClock})
	if err != nil {
		t.Fatal(err)
	}
	apply := func(operations ...ledger.Operation) {
		own, err := id.New(m.Manual, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		answers, err := l.Apply(context.Background(), []*ledger.Command{{ID: ledger.ID(own), Operations: operations}})
		if err != nil || answers[0].Result.Code != ledger.Applied {
			t.Fatal(answers, err)
		}
	}
	apply(&ledger.OpenAsset{Code: "CNY", Scale: 2})
	for _, address := range []string{"bank", "client"} {
		apply(&ledger.OpenAccount{Address: address, Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 1, Constraint: ledger.Unbounded})
	}
	return b, apply
}

func pay(amount int64) ledger.Operation {
	return &ledger.Transfer{Debit: "bank", Credit: "client", Mode: ledger.Exact, Amount: amount}
}

// A statement that calls itself final has the last line of its day, also when that was booked as the question came.
func TestAFinalStatementHasTheLastLine(t *testing.T) {
	var m midnight
	b, apply := pastBooks(t, &m)
	apply(pay(1))
	then := func() {
		apply(pay(2))
		if err := m.Advance(time.Minute); err != nil {
			t.Error(err)
		}
	}
	m.then.Store(&then)
	day := ledger.DateOf(m.Manual.Now())
	s, err := b.Statement(t.Context(), "main", "client", api.StatementQuery{Page: api.Page{Limit: 10}, From: day, Until: day})
	if err != nil || !s.Final {
		t.Fatalf("got %+v, %v", s, err)
	}
	if len(s.Entries) != 2 || s.Closing != 3 {
		t.Errorf("it is final and has %d lines, closing with %d", len(s.Entries), s.Closing)
	}
}

// A sequence that no command has is not waited for.
func TestASequenceThatIsNotThereIsNotWaitedFor(t *testing.T) {
	var m midnight
	b, _ := pastBooks(t, &m)
	day := ledger.DateOf(m.Manual.Now())
	_, err := b.Effective(t.Context(), "main", "client", api.EffectiveQuery{Page: api.Page{Limit: 10}, From: day, Until: day, Sequence: 1 << 40})
	if told, ok := errors.AsType[*errs.Error](err); !ok || told.Code != errs.NotFound {
		t.Errorf("got %v", err)
	}
}
