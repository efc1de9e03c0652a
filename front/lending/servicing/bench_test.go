package servicing_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// A million loans, all overdue: the first page, and all of them.
//
//	go test ./front/lending/servicing -run '^$' -bench Overdue -benchtime 3x
func BenchmarkOverdue(b *testing.B) {
	for _, db := range []*store.DB{storetest.SQLite(b)} {
		w := newWorld(b, db, 1)
		const loans = 1_000_000
		crowd(b, db, loans)
		on := day.Of(2026, 12, 1)
		b.Run("page", func(b *testing.B) {
			for b.Loop() {
				if list, _, err := w.Overdue(context.Background(), tenant, on, 0, 0, servicing.Place{}, 100); err != nil || len(list) != 100 {
					b.Fatal(len(list), err)
				}
			}
		})
		b.Run("bucket", func(b *testing.B) {
			for b.Loop() {
				if list, _, err := w.Overdue(context.Background(), tenant, on, 61, 90, servicing.Place{}, 100); err != nil || len(list) != 100 {
					b.Fatal(len(list), err)
				}
			}
		})
		b.Run("export", func(b *testing.B) {
			for b.Loop() {
				n := 0
				if err := w.EachOverdue(context.Background(), tenant, on, 0, 0, servicing.Place{}, func(*servicing.Late) bool { n++; return true }); err != nil || n != loans {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// crowd writes rows of loans that are overdue since some day of the year.
func crowd(b *testing.B, db *store.DB, n int) {
	b.Helper()
	const at = 500
	query := db.Rebind(`INSERT INTO lending_loan (tenant, id, version, state, borrower, product, days, oldest, principal, credit) VALUES ` +
		strings.Repeat(`, (?, ?, 3, 'active', ?, 'test', 'weekends', ?, 100000, 0)`, at)[2:])
	err := db.Write(b.Context(), func(tx *sql.Tx) error {
		for k := 0; k < n; k += at {
			var args []any
			for i := k; i < k+at; i++ {
				loan := uid("crowd", i)
				args = append(args, tenant[:], loan[:], borrower[:], int64(day.Of(2026, 1, 15))+int64(binary.BigEndian.Uint16(loan[8:]))%300)
			}
			if _, err := tx.ExecContext(b.Context(), query, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// Repayments of loans with a thousand holders each, from 64 clients at a time, down to the durable answer.
//
//	go test ./front/lending/servicing -run '^$' -bench Repay -benchtime 20000x
func BenchmarkRepay(b *testing.B) {
	for name, db := range map[string]func(testing.TB) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, db(b), 1000)
			const loans = 64
			deeds := make([]servicing.Deed, loans)
			for n := range deeds {
				deeds[n] = w.lend(n, terms{Amount: 1_000_000_00, Months: 36, Penalty: "0.0005", Fee: 10_00})
			}
			w.to("2026-02-16")
			w.cash(1e15)
			var next atomic.Int64
			var wg sync.WaitGroup
			before := processor(b)
			b.ResetTimer()
			for range 64 {
				wg.Go(func() {
					for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
						e, err := w.Repay(context.Background(), tenant, deeds[n%loans].Loan, servicing.Payment{ID: uid("bench", n), Amount: 100_00 + int64(n)})
						if err != nil || e.Outcome != servicing.Applied {
							b.Error(e.Outcome, err)
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "repayments/s")
			b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// processor is the time that the process has had of the processor: it says more than the clock on a machine that others
// use too.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
