package order_test

import (
	"testing"
	"time"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// A clock that can't be read gives the zero time, and by that nothing is written.
func TestNothingIsWrittenByAClockThatCannotBeRead(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	blind, err := order.Open(t.Context(), w.db, w.Kinds(), func(id.ID) clock.Clock { return clock.NewManual(time.Time{}) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blind.Create(t.Context(), tenant, opening(1)); !errs.Is(err, errs.Overloaded) {
		t.Errorf("an order was opened at no instant: %v", err)
	}
	if _, err := w.Get(t.Context(), tenant, uid("order", 1)); !errs.Is(err, errs.NotFound) {
		t.Errorf("the order is there: %v", err)
	}
	w.open(t, opening(1))
}
