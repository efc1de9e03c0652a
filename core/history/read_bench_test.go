package history

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// years is a ledger with one account that holds units in many registers, all of which pay every month.
type years struct {
	b      testing.TB
	h      *History
	e      *ledger.Engine
	fx     ledger.Effects
	seq    uint64
	at     time.Time
	r      *rand.Rand
	batch  *Batch
	number uint32 // of the account
	months []time.Time
}

const yearsAccounts = 20_000

func (y *years) apply(ops ...ledger.Operation) {
	y.seq++
	if y.batch == nil {
		y.batch = y.h.Batch()
	}
	at := ledger.InstantOf(y.at)
	y.batch.Begin(Group{First: y.seq, Timestamp: at, Wall: at, Date: ledger.DateOf(y.at)})
	c := &ledger.Command{Purpose: 1, Operations: ops}
	binary.BigEndian.PutUint64(c.ID[:], uint64(y.at.UnixMilli())<<16|0x7000)
	binary.BigEndian.PutUint64(c.ID[8:], y.r.Uint64()>>2|1<<63)
	res := y.e.Apply(y.seq, at, ledger.DateOf(y.at), c, nil, &y.fx)
	if res.Code != ledger.Applied {
		y.b.Fatalf("%v of %v at %d", res.Code, ops[res.Index].Kind(), y.seq)
	}
	y.batch.Add(ledger.AppendRecord(nil, ledger.Record{Command: ledger.AppendCommand(nil, c)}), &res, ledger.AppendResult(nil, &res), &y.fx)
	y.batch.End()
	if y.batch.Size() > 1<<20 {
		y.send()
	}
}

func (y *years) send() {
	if y.batch != nil {
		if err := y.h.Append(context.Background(), y.batch); err != nil {
			y.b.Fatal(err)
		}
		y.batch = nil
	}
}

func holderAddress(i int) string { return fmt.Sprintf("client:%d:cash", i) }

// build plays the years: registers of which the account holds units, and others.
func (y *years) build(registers, others, holders, months int) {
	y.apply(&ledger.OpenLedger{Ledger: ledger.ID{1}, Zone: "UTC", Clock: ledger.RealClock, Start: 1})
	y.apply(&ledger.OpenAsset{Code: "CNY", Scale: 2})
	open := func(address string, side ledger.Side, c ledger.Constraint) *ledger.OpenAccount {
		return &ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: ledger.Liability, Code: 2001, Constraint: c}
	}
	y.apply(open("bank", ledger.DebitNormal, ledger.Unbounded), open("unclaimed", ledger.CreditNormal, ledger.Unbounded))
	for i := 0; i < yearsAccounts; i += 1000 {
		var ops []ledger.Operation
		for j := range 1000 {
			ops = append(ops, open(holderAddress(i+j), ledger.CreditNormal, ledger.Nonnegative))
		}
		y.apply(ops...)
	}
	me := holderAddress(0)
	y.apply(&ledger.Transfer{Debit: "bank", Credit: me, Mode: ledger.Exact, Amount: 1_000_000_00})
	all := registers + others
	for n := range all {
		y.at = y.at.Add(time.Minute)
		register := fmt.Sprintf("loan:%d", n)
		ops := []ledger.Operation{&ledger.OpenRegister{Address: register, Asset: "CNY", Cap: 1e12, Tranches: []string{"principal", "interest"}, Unclaimed: "unclaimed"}}
		step := 1 + y.r.IntN((yearsAccounts-2)/holders)
		for i := range holders - 1 {
			ops = append(ops, &ledger.Issue{Register: register, Account: holderAddress(1 + i*step), Units: 1 + y.r.Uint64N(20)})
		}
		y.apply(ops...)
		if n < registers {
			y.apply(&ledger.Transfer{Debit: me, Credit: "bank", Mode: ledger.Exact, Amount: 1000_00}, &ledger.Issue{Register: register, Account: me, Units: 10})
		}
	}
	for m := range months {
		start := time.Date(2026, 1+time.Month(m)+1, 1, 0, 0, 0, 0, time.UTC)
		y.months = append(y.months, start)
		for i, n := range y.r.Perm(all) {
			y.at = start.Add(time.Duration(i) * (27 * 24 * time.Hour / time.Duration(all)))
			y.apply(&ledger.Distribute{Register: fmt.Sprintf("loan:%d", n), Payer: "bank", Amounts: []int64{int64(holders)*90 + y.r.Int64N(1000), int64(holders)*7 + y.r.Int64N(100)}})
			if i%(all/4+1) == 5 {
				y.apply(&ledger.Transfer{Debit: me, Credit: "bank", Mode: ledger.AtMost, Amount: 50_00})
			}
		}
	}
	y.send()
	y.number = y.e.Number(me)
}

// openYears builds the years, or takes them from a run before, and opens history anew, with nothing in memory.
func openYears(b testing.TB) *years {
	y := &years{b: b, e: ledger.NewEngine(), at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), r: rand.New(rand.NewPCG(3, 4))}
	var db *store.DB
	if *benchPostgres {
		db = storetest.Postgres(b)
	} else {
		path := storetest.SQLitePath(b)
		if *benchKeep != "" {
			path = fmt.Sprintf("%s/read-%d-%d-%d-%d.db", *benchKeep, *benchRegisters, *benchOthers, *benchHolders, *benchMonths)
		}
		_, err := os.Stat(path)
		db = storetest.Open(b, path)
		if err == nil {
			y.h = must(Open(context.Background(), db, ledger.ID{1}, nil, Options{}))
			y.number = 3
			for m := range *benchMonths {
				y.months = append(y.months, time.Date(2026, 1+time.Month(m)+1, 1, 0, 0, 0, 0, time.UTC))
			}
			return y
		}
	}
	y.h = must(Open(context.Background(), db, ledger.ID{1}, nil, Options{}))
	began, cpu := time.Now(), cpuTime()
	y.build(*benchRegisters, *benchOthers, *benchHolders, *benchMonths)
	if err := y.h.Close(); err != nil {
		b.Fatal(err)
	}
	b.Logf("built %d commands in %v, cpu %v", y.seq, time.Since(began), cpuTime()-cpu)
	y.h = must(Open(context.Background(), db, ledger.ID{1}, nil, Options{}))
	return y
}

func (y *years) reopen() {
	db := y.h.db
	if err := y.h.Close(); err != nil {
		y.b.Fatal(err)
	}
	y.h = must(Open(context.Background(), db, ledger.ID{1}, nil, Options{}))
}

func (y *years) questions() []struct {
	name string
	ask  func() int
} {
	ctx := context.Background()
	page := func(q Query) int {
		p := must(y.h.Entries(ctx, q))
		return len(p.Items)
	}
	anyAt := func() Position { return must(y.h.At(ctx, 1000+y.r.Uint64N(y.h.Position()-1000))) }
	month := func() Period {
		t := y.months[y.r.IntN(len(y.months))]
		return Month(t.Year(), t.Month())
	}
	return []struct {
		name string
		ask  func() int
	}{
		{"newest50", func() int { return page(Query{Account: y.number, Limit: 50}) }},
		{"newest50other", func() int { return page(Query{Account: y.number + 1 + y.r.Uint32N(yearsAccounts-10), Limit: 50}) }},
		{"balanceNow", func() int { must(y.h.Balance(ctx, y.number, y.h.Latest())); return 1 }},
		{"balanceAsOf", func() int { must(y.h.Balance(ctx, y.number, anyAt())); return 1 }},
		{"page50", func() int { return page(Query{Account: y.number, Limit: 50, At: anyAt().Sequence}) }},
		{"page1000", func() int { return page(Query{Account: y.number, Limit: 1000, At: anyAt().Sequence}) }},
		{"page50oldest", func() int {
			return page(Query{Account: y.number, Limit: 50, OldestFirst: true, From: anyAt().Timestamp})
		}},
		{"page1000oldest", func() int {
			return page(Query{Account: y.number, Limit: 1000, OldestFirst: true, From: anyAt().Timestamp})
		}},
		{"statement", func() int {
			return len(must(y.h.Statement(ctx, StatementQuery{Account: y.number, Period: month(), Limit: 1000})).Items)
		}},
		{"effectiveTotals", func() int { must(y.h.EffectiveTotals(ctx, y.number, month(), y.h.Latest())); return 1 }},
		{"trialBalance", func() int { must(y.h.TrialBalance(ctx, anyAt())); return 1 }},
		{"atTime", func() int { must(y.h.AtTime(ctx, anyAt().Timestamp)); return 1 }},
	}
}

func BenchmarkRead(b *testing.B) {
	y := openYears(b)
	for _, q := range y.questions() {
		b.Run(q.name, func(b *testing.B) {
			var cold []time.Duration
			for range 5 {
				y.reopen()
				began := time.Now()
				q.ask()
				cold = append(cold, time.Since(began))
			}
			slices.Sort(cold)
			var all []time.Duration
			items := 0
			cpu := cpuTime()
			b.ResetTimer()
			for b.Loop() {
				began := time.Now()
				items += q.ask()
				all = append(all, time.Since(began))
			}
			slices.Sort(all)
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(len(all)), "cpu-µs/op")
			b.ReportMetric(float64(cold[2].Microseconds()), "cold-µs")
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "median-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(items)/float64(len(all)), "items/op")
		})
	}
	if err := y.h.Close(); err != nil {
		b.Fatal(err)
	}
}
