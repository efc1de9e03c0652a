package servicing_test

import (
	"context"
	"testing"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
)

// breaks makes the process end at the n-th moment before or after a command; it tells whether it came so far.
func (l *ledgers) breaks(n int) (came func() bool) {
	met := 0
	hook := func() error {
		if met++; met == n {
			return errCrash
		}
		return nil
	}
	l.before, l.after = hook, hook
	return func() bool { l.before, l.after = nil, nil; return met >= n }
}

// A process may end before or after any command of any act: the next one brings the act to its end, and whoever asks
// again with the same id learns what became of it.
func TestCrash(t *testing.T) {
	for name, prepare := range map[string]func(w *world, d servicing.Deed, n int) servicing.Payment{
		"repay": func(w *world, _ servicing.Deed, n int) servicing.Payment {
			w.cash(10_671_85)
			return servicing.Payment{ID: uid("crash", n), Amount: 10_671_85}
		},
		"back-dated": func(w *world, d servicing.Deed, n int) servicing.Payment {
			w.repay(d, 100+n, 12_000_00)
			w.repay(d, 200+n, 3_000_00, func(p *servicing.Payment) { p.Anyway = true })
			w.cash(10_671_85)
			return servicing.Payment{ID: uid("crash", n), Amount: 10_671_85, Date: day.Of(2026, 2, 16)}
		},
		"refused": func(_ *world, _ servicing.Deed, n int) servicing.Payment {
			return servicing.Payment{ID: uid("crash", n), Amount: 99_999_00}
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, 5, func(t *testing.T, w *world) {
				broke := true
				w.to("2026-04-10")
				for n := 1; broke; n++ {
					d := w.lend(n, year)
					p := prepare(w, d, n)
					came := w.ledgers.breaks(n)
					_, err := w.Repay(context.Background(), tenant, d.Loan, p)
					if broke = came(); broke != (err != nil) {
						t.Fatalf("moment %d: %v", n, err)
					}
					w.survives(d, p.ID)
				}
			})
		})
	}
}

func (w *world) survives(d servicing.Deed, i id.ID) {
	w.t.Helper()
	w.open()
	if _, err := w.CatchUp(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	if n := w.query("SELECT count(*) FROM lending_pending"); n != 0 {
		w.t.Errorf("%d acts still wait", n)
	}
	l, err := w.Get(context.Background(), tenant, d.Loan)
	if err != nil {
		w.t.Fatal(err)
	}
	found := 0
	for k := range l.Events {
		if l.Events[k].ID == i {
			found++
		}
	}
	if found != 1 {
		w.t.Errorf("the act is %d times among the loan's events", found)
	}
	w.whole(d)
}
