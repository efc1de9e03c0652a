package audit_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// BenchmarkVerify audits a journal of a million simple transfers between a thousand accounts, with and without history.
func BenchmarkVerify(b *testing.B) {
	const transfers = 1_000_000
	folder := b.TempDir()
	makeTransfers(b, folder, transfers)
	for _, name := range []string{"journal", "journal and history"} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			for b.Loop() {
				db := value(store.OpenReadOnly(ctx, filepath.Join(folder, "journal.db")))
				past := value(store.OpenReadOnly(ctx, filepath.Join(folder, "history.db")))
				o := audit.Options{Journal: value(journal.Open(ctx, db))}
				if name != "journal" {
					o.History = func(ctx context.Context, l ledger.ID) (*history.Comparison, error) {
						return history.Compare(ctx, past, l)
					}
				}
				r := value(audit.Verify(ctx, o))
				if !r.Sound || r.Ledgers[0].Commands < transfers {
					b.Fatal(show(b, r))
				}
				must(errors.Join(o.Journal.Close(), db.Close(), past.Close()))
			}
			b.ReportMetric(float64(transfers)*float64(b.N)/b.Elapsed().Seconds(), "commands/s")
		})
	}
}

// makeTransfers writes a journal and its history without a node.
func makeTransfers(b *testing.B, folder string, n int) {
	ctx := context.Background()
	db, past := value(store.Open(ctx, filepath.Join(folder, "journal.db"))), value(store.Open(ctx, filepath.Join(folder, "history.db")))
	j := value(journal.Open(ctx, db))
	l := journal.Ledger{ID: [16]byte{6: 0x70, 8: 0x80, 15: 1}, Name: "main"}
	must(j.CreateLedger(ctx, l))
	h := value(history.Open(ctx, past, l.ID, nil, history.Options{}))
	e, fx, tree := ledger.NewEngine(), ledger.Effects{}, proof.Tree{}
	header := journal.Header{Engine: 1, Ledger: l.ID, Epoch: 1, First: 1, Timestamp: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()}
	header.BookingDate = int32(header.Timestamp / 86_400_000_000)
	group := func(list []*ledger.Command) {
		var encoder journal.Encoder
		for _, c := range list {
			must(encoder.Add(ledger.AppendRecord(nil, ledger.Record{Command: ledger.AppendCommand(nil, c)})))
		}
		g := value(encoder.Finish(header))
		must(errors.Join(j.Append(ctx, g)...))
		batch := h.Batch()
		at, date := ledger.Instant(g.Timestamp), ledger.DateOfUnixDay(g.BookingDate)
		batch.Begin(history.Group{First: g.First, Epoch: g.Epoch, Engine: g.Engine, Timestamp: at, Date: date, Previous: g.Previous})
		for sequence, record := range g.Records() {
			res := e.Apply(sequence, at, date, list[sequence-g.First], nil, &fx)
			if res.Code != ledger.Applied {
				b.Fatal(res.Code)
			}
			result := ledger.AppendResult(nil, &res)
			batch.Add(record, &res, result, &fx)
			history.Hashes(batch, tree.Append(nil, proof.Leaf(record, result)))
		}
		batch.End()
		must(h.Append(ctx, batch))
		header.First, header.Previous = g.Next(), g.Hash
		header.Timestamp += 1000
	}
	number := uint64(0)
	command := func(operations ...ledger.Operation) *ledger.Command {
		number++
		own := l.ID
		binary.BigEndian.PutUint32(own[2:], uint32(number/100)) // a hundred a millisecond
		return &ledger.Command{ID: ledger.ID(id.ID(own).Derive("bench", number)), Operations: operations}
	}
	group([]*ledger.Command{
		command(&ledger.OpenLedger{Ledger: l.ID, Zone: "UTC", Clock: ledger.RealClock, Start: ledger.Instant(header.Timestamp)}),
		command(&ledger.Lead{Epoch: 1, Node: l.ID}), command(&ledger.OpenAsset{Code: "CNY", Scale: 2}),
	})
	address := func(i int) string { return fmt.Sprintf("client:%d:cash", i%1000) }
	var open []ledger.Operation
	for i := range 1000 {
		open = append(open, &ledger.OpenAccount{
			Address: address(i), Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 1, Constraint: ledger.Unbounded,
		})
	}
	group([]*ledger.Command{command(open...)})
	for n > 0 {
		var list []*ledger.Command
		for range min(n, 1000) {
			n--
			list = append(list, command(&ledger.Transfer{Debit: address(n), Credit: address(n*7 + 1), Mode: ledger.Exact, Amount: 5}))
		}
		group(list)
	}
	must(errors.Join(h.Close(), j.Close(), past.Close(), db.Close()))
}
