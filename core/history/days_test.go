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
			if i.sequence > sequence || i.effective < period.First || i.effective > period.Last || i.amount == 0 {
				continue // a line of which nothing was left is none of a figure's
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
	for k, v := range want {
		w.checkDrill(t, h, DayQuery{Bucket: k.bucket, Date: k.date, At: must(h.At(w.t.Context(), sequence)), Limit: 1 + int(k.date)%6}, v)
	}
}

// checkDrill shows that the commands of a figure are those that the model has, and that they add up to it.
func (w *world) checkDrill(t complaint, h *History, q DayQuery, figure [2]share.Int128) {
	want := map[uint64]bool{}
	for account, a := range w.m.accounts {
		for _, i := range a.items {
			if w.m.buckets[account] == q.Bucket && i.effective == q.Date && i.sequence <= q.At.Sequence && i.amount != 0 {
				want[i.sequence] = true
			}
		}
	}
	before, sum := uint64(0), [2]share.Int128{}
	for {
		list, next, err := h.DayCommands(w.t.Context(), q)
		if err != nil {
			t.Fatalf("commands of %+v: %v", q, err)
		}
		for _, c := range list {
			if c.Sequence <= before || !want[c.Sequence] || c.ID != w.m.commands[c.Sequence-1].ID {
				t.Fatalf("command %+v after %d of %+v is not to be there", c, before, q)
			}
			before = c.Sequence
			delete(want, c.Sequence)
			sum[0], sum[1] = sum[0].Add(c.Total.Debits), sum[1].Add(c.Total.Credits)
		}
		if next == 0 {
			break
		}
		if next <= q.After || len(list) > q.Limit {
			t.Fatalf("%+v goes on after %d with %d commands", q, next, len(list))
		}
		q.After = next
	}
	if len(want) > 0 || sum != figure {
		t.Fatalf("%+v lacks commands %v and adds up to %v, want %v", q, want, sum, figure)
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
