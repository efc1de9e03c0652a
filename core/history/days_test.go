package history

import (
	"errors"
	"reflect"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
	"github.com/longmen/longmen/store/storetest"
)

// checkDays compares days of a random period as of a random sequence with all items of the model, added up one by one.
func (w *world) checkDays(t complaint, h *History) {
	sequence := w.anySequence()
	first := w.m.commands[w.r.IntN(len(w.m.commands))].Date + ledger.Date(w.r.IntN(41)-20)
	period := Period{first, first + ledger.Date(w.r.IntN(30))}
	type key struct {
		date   ledger.Date
		bucket uint32
	}
	want := map[key][2]share.Int128{}
	for account, a := range w.m.accounts {
		for _, i := range a.items {
			if i.sequence > sequence || i.effective < period.First || i.effective > period.Last {
				continue
			}
			k := key{i.effective, w.m.buckets[account]}
			v := want[k]
			if i.amount < 0 {
				v[0] = v[0].Add(share.Int128{Lo: uint64(-i.amount)})
			} else {
				v[1] = v[1].Add(share.Int128{Lo: uint64(i.amount)})
			}
			want[k] = v
		}
	}
	days, err := h.DayTotals(w.t.Context(), period, must(h.At(w.t.Context(), sequence)))
	if err != nil {
		t.Fatalf("days %v: %v", period, err)
	}
	got := map[key][2]share.Int128{}
	for _, d := range days {
		for _, b := range d.Totals {
			got[key{d.Date, b.Bucket}] = [2]share.Int128{b.Debits, b.Credits}
			if k := w.m.bucketOf[b.Bucket]; uint64(b.Asset) != k[0] || uint64(b.Code) != k[1] {
				t.Fatalf("bucket %d is called %+v, want %v", b.Bucket, b, k)
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("days %v at %d: %v, want %v", period, sequence, got, want)
	}
}

func TestDaysAreAtMostAYear(t *testing.T) {
	w := newWorld(t, 1, storetest.SQLite(t))
	defer w.close()
	w.step()
	h := w.histories[0]
	for _, p := range []Period{{10, 9}, {10, 10 + MaxDays}} {
		if _, err := h.DayTotals(t.Context(), p, h.Latest()); !errors.Is(err, ErrTooWide) {
			t.Errorf("period %v: %v", p, err)
		}
	}
}
