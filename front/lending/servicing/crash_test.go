package servicing_test

import (
	"context"
	"testing"

	"github.com/longmen/longmen/core/ledger"
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
		"of a closed period": func(w *world, d servicing.Deed, n int) servicing.Payment {
			w.ledgers.closed = 0
			w.repay(d, 100+n, 12_000_00)
			w.ledgers.closed = ledger.DateOfUnixDay(int32(day.Of(2026, 3, 31)))
			w.cash(10_671_85)
			return servicing.Payment{ID: uid("crash", n), Amount: 10_671_85, Date: day.Of(2026, 2, 16)}
		},
		"corrected": func(w *world, d servicing.Deed, n int) servicing.Payment {
			w.repay(d, 100+n, 12_000_00)
			w.apply(&ledger.Move{Register: d.Places.Register, From: holder(0), To: holder(1), Units: 7_000})
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

// The same for what happens when a borrower does not pay.
func TestCrashInLosses(t *testing.T) {
	losses := servicing.Losses{
		Payers: []servicing.Payer{{Account: "reserve"}, {Account: "guarantor:1", Rank: 1}}, InstallmentAfter: 1, WholeAfter: 1, WriteOffAfter: 1, Queue: true,
	}
	ctx := context.Background()
	for name, c := range map[string]struct {
		before, act func(w *world, d servicing.Deed, n int) error
	}{
		"payout": {act: func(w *world, d servicing.Deed, n int) error {
			_, err := w.Cover(ctx, tenant, d.Loan, servicing.Payout{ID: uid("crash", n)})
			return err
		}},
		"purchase": {act: func(w *world, d servicing.Deed, n int) error {
			_, err := w.Buy(ctx, tenant, d.Loan, servicing.Purchase{ID: uid("crash", n)})
			return err
		}},
		"write-off": {act: func(w *world, d servicing.Deed, n int) error {
			_, err := w.WriteOff(ctx, tenant, d.Loan, servicing.Giving{ID: uid("crash", n)})
			return err
		}},
		"recovery": {
			before: func(w *world, d servicing.Deed, n int) error {
				w.cash(100_00)
				_, err := w.WriteOff(ctx, tenant, d.Loan, servicing.Giving{ID: uid("before", n)})
				return err
			},
			act: func(w *world, d servicing.Deed, n int) error {
				_, err := w.Recover(ctx, tenant, d.Loan, servicing.Recovery{ID: uid("crash", n), Amount: 100_00, Costs: 10_00})
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, 5, func(t *testing.T, w *world) {
				w.to("2026-04-10")
				for n, broke := 1, true; broke; n++ {
					d := w.lend(n, small.lost(losses))
					w.fund("reserve", 100_00)
					w.fund("guarantor:1", 2_000_00)
					if c.before != nil {
						if err := c.before(w, d, n); err != nil {
							t.Fatal(err)
						}
					}
					came := w.ledgers.breaks(n)
					err := c.act(w, d, n)
					if broke = came(); broke != (err != nil) {
						t.Fatalf("moment %d: %v", n, err)
					}
					w.survives(d, uid("crash", n))
					if err := c.act(w, d, n); err != nil {
						t.Errorf("asked again: %v", err)
					}
				}
			})
		})
	}
}

// A division of a payer's money that was interrupted goes on as it was worked out, though part of it is paid.
func TestCrashInLine(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a, b := w.lend(1, small.lost(onReserve)), w.lend(2, small.lost(onReserve))
		w.to("2026-02-20")
		w.cover(a, 1)
		w.cover(b, 2)
		w.fund("reserve", 106_61)
		v := servicing.Service{ID: uid("serve", 1), Ledger: "main", Account: "reserve"}
		came := w.ledgers.breaks(3) // before the command of the second loan
		_, err := w.Serve(context.Background(), tenant, v)
		if !came() || err == nil {
			t.Fatal(err)
		}
		w.open()
		list, err := w.Serve(context.Background(), tenant, v)
		if err != nil || len(list) != 2 || list[0].Amount != 53_31 || list[1].Amount != 53_30 {
			t.Errorf("gone on: %+v %v", list, err)
		}
		w.whole(a)
		w.whole(b)
	})
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
