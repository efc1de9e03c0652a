package history

import (
	"context"
	"database/sql"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

var (
	benchRegisters = flag.Int("registers", 500, "registers in which the account of BenchmarkRead holds units")
	benchOthers    = flag.Int("others", 0, "further registers")
	benchHolders   = flag.Int("holders", 100, "holders of each register")
	benchMonths    = flag.Int("months", 36, "payouts of each register")
	benchKeep      = flag.String("keep", "", "folder in which BenchmarkRead keeps its database for the next run")
	benchPage      = flag.Int("page", 0, "bytes of a page of SQLite")
	benchPostgres  = flag.Bool("postgres", false, "benchmarks on PostgreSQL")
)

func benchDB(b *testing.B) *store.DB {
	if *benchPostgres {
		return storetest.Postgres(b)
	}
	path := storetest.SQLitePath(b)
	if *benchPage > 0 {
		db, err := sql.Open("sqlite", "file:"+path)
		if err == nil {
			_, err = db.Exec(fmt.Sprintf("PRAGMA page_size = %d; CREATE TABLE t (a); DROP TABLE t", *benchPage))
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return storetest.Open(b, path)
}

// feeder makes effects without an engine, as fast as possible, right enough to be projected.
type feeder struct {
	h        *History
	r        *rand.Rand
	sequence uint64
	entries  uint64
	at       ledger.Instant
	heads    []uint64
	ordinals []uint64
	balances []int64
	payouts  []uint64
	fx       ledger.Effects
	record   []byte
	result   []byte
}

func newFeeder(h *History, accounts, registers int) *feeder {
	f := &feeder{
		h: h, r: rand.New(rand.NewPCG(1, 2)), at: 1_700_000_000_000_000, heads: make([]uint64, accounts+1),
		ordinals: make([]uint64, accounts+1), balances: make([]int64, accounts+1), payouts: make([]uint64, registers+1),
	}
	c := &ledger.Command{Purpose: 1, Operations: []ledger.Operation{&ledger.Transfer{Debit: "client:1:cash", Credit: "client:2:cash", Mode: ledger.Exact, Amount: 1}}}
	c.ID[6], c.ID[8] = 0x70, 0x80
	f.record = ledger.AppendRecord(nil, ledger.Record{Command: ledger.AppendCommand(nil, c)})
	f.result = ledger.AppendResult(nil, &ledger.Result{})
	batch := f.batch()
	for i := 1; i <= accounts; i += 1000 {
		f.fx = ledger.Effects{}
		for j := i; j < min(i+1000, accounts+1); j++ {
			f.fx.Accounts = append(f.fx.Accounts, ledger.AccountOpened{Number: uint32(j), Asset: 1, Side: ledger.CreditNormal, Type: ledger.Liability, Bucket: 1, Address: fmt.Sprintf("client:%d:cash", j)})
		}
		f.add(batch)
	}
	f.fx = ledger.Effects{}
	for i := 1; i <= registers; i++ {
		f.fx.Registers = append(f.fx.Registers, ledger.RegisterOpened{Number: uint32(i), Asset: 1, Unclaimed: 1, Cap: 1e9, Address: fmt.Sprintf("loan:%d", i), Tranches: []string{"a", "b"}})
	}
	f.add(batch)
	f.send(batch)
	f.fx = ledger.Effects{}
	return f
}

func (f *feeder) batch() *Batch {
	b := f.h.Batch()
	f.at += 100
	b.Begin(Group{First: f.sequence + 1, Timestamp: f.at, Wall: f.at, Date: ledger.DateOf(f.at.Time())})
	return b
}

func (f *feeder) send(b *Batch) {
	b.End()
	if err := f.h.Append(context.Background(), b); err != nil {
		panic(err)
	}
}

func (f *feeder) add(b *Batch) {
	f.sequence++
	binary.BigEndian.PutUint64(f.record[6:], uint64(f.at)/1000<<16|0x7000|f.r.Uint64()&0xfff)
	binary.BigEndian.PutUint64(f.record[14:], f.r.Uint64()>>2|1<<63)
	res := ledger.Result{Sequence: f.sequence}
	b.Add(f.record, &res, f.result, &f.fx)
	var hashes [2][32]byte
	Hashes(b, hashes[:1+f.sequence%2])
}

func (f *feeder) entry(account, other uint32, side ledger.Side, amount int64) {
	f.entries++
	signed := amount
	if side == ledger.DebitNormal {
		signed = -amount
	}
	f.balances[account] += signed
	f.ordinals[account]++
	f.fx.Entries = append(f.fx.Entries, ledger.Entry{
		Number: f.entries, Previous: f.heads[account], Ordinal: f.ordinals[account], Sequence: f.sequence + 1, Kind: ledger.EntryTransfer,
		Side: side, Account: account, Other: other, Amount: amount, Balance: f.balances[account], Direct: f.balances[account],
	})
	f.heads[account] = f.entries
}

func (f *feeder) transfer(b *Batch, from, to uint32) {
	f.fx.Entries = f.fx.Entries[:0]
	f.entry(from, to, ledger.DebitNormal, 100)
	f.entry(to, from, ledger.CreditNormal, 100)
	f.add(b)
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func report(b *testing.B, cpu time.Duration, unit string, n int) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), unit+"/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(n), "cpu-ns/"+unit)
}

// Simple transfers between 20,000 accounts: two entries, an id and a result each, 1,000 a group.
func BenchmarkProjectTransfers(b *testing.B) {
	const accounts = 20_000
	h := must(Open(context.Background(), benchDB(b), ledger.ID{1}, nil, Options{}))
	f := newFeeder(h, accounts, 0)
	cpu := cpuTime()
	b.ResetTimer()
	n := 0
	for b.Loop() {
		batch := f.batch()
		for range 1000 {
			f.transfer(batch, 1+f.r.Uint32N(accounts), 1+f.r.Uint32N(accounts))
		}
		f.send(batch)
		n += 1000
	}
	if err := h.Wait(context.Background(), f.sequence); err != nil {
		b.Fatal(err)
	}
	report(b, cpuTime()-cpu, "transfer", n)
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
}

// Payouts of two tranches to 1,000 holders each, of 2,000 registers in turn, 64 a group.
func BenchmarkProjectPayouts(b *testing.B) {
	const registers = 2000
	h := must(Open(context.Background(), benchDB(b), ledger.ID{1}, nil, Options{}))
	f := newFeeder(h, 10, registers)
	ahead := [2][]int32{make([]int32, 1000), make([]int32, 1000)}
	for i := range ahead[0] {
		ahead[0][i], ahead[1][i] = int32(i&1), int32(i>>1&1)
	}
	cpu := cpuTime()
	b.ResetTimer()
	n := 0
	for b.Loop() {
		batch := f.batch()
		for range 64 {
			f.payout(batch, uint32(1+n*977%registers), ahead)
			n++
		}
		f.send(batch)
	}
	if err := h.Wait(context.Background(), f.sequence); err != nil {
		b.Fatal(err)
	}
	report(b, cpuTime()-cpu, "payout", n)
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
}

func (f *feeder) payout(b *Batch, register uint32, ahead [2][]int32) {
	f.payouts[register]++
	f.fx.Entries = f.fx.Entries[:0]
	f.entry(1, 0, ledger.DebitNormal, 1000)
	p := ledger.Payout{
		Sequence: f.sequence + 1, Number: f.payouts[register], Register: register, Payer: 1, Holders: 1000, Amount: 1000, After: f.entries,
		Totals: []ledger.BucketTotal{{Bucket: 1, Credits: 1000}},
	}
	for t := range ahead {
		p.Tranches = append(p.Tranches, ledger.PayoutTranche{Index: share.Int128{Lo: f.sequence}, Ahead: ahead[t]})
	}
	f.fx.Payouts = append(f.fx.Payouts[:0], p)
	f.add(b)
	f.fx.Payouts = f.fx.Payouts[:0]
}

// Issues of units: two entries and a change of a holding each, 64 registers at a time among 20,000 accounts.
func BenchmarkProjectChanges(b *testing.B) {
	const accounts = 20_000
	h := must(Open(context.Background(), benchDB(b), ledger.ID{1}, nil, Options{}))
	f := newFeeder(h, accounts, 1_000_000)
	rows, running := make([]share.Row, 2), make([]share.Int128, 2)
	cpu := cpuTime()
	b.ResetTimer()
	n := 0
	for b.Loop() {
		batch := f.batch()
		for range 1000 {
			account := 1 + f.r.Uint32N(accounts)
			f.fx.Entries = f.fx.Entries[:0]
			f.entry(account, 1, ledger.DebitNormal, 100)
			f.entry(1, account, ledger.CreditNormal, 100)
			f.fx.Holdings = append(f.fx.Holdings[:0], ledger.HoldingChange{
				Sequence: f.sequence + 1, Register: uint32(1 + n/64_000*64 + n%64), Account: account, Holder: uint32(n / 64 % 1000), Units: 10, Rows: rows, Running: running,
			})
			f.add(batch)
			n++
		}
		f.fx.Holdings = f.fx.Holdings[:0]
		f.send(batch)
	}
	if err := h.Wait(context.Background(), f.sequence); err != nil {
		b.Fatal(err)
	}
	report(b, cpuTime()-cpu, "change", n)
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
}
