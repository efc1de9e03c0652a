package rest

import (
	"bytes"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

func TestPagesAreWrittenAsTheGeneralEncoderWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9:-]{0,40}`)
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Entry {
			e := Entry{Balance: Total{share.Int128{Hi: rapid.Int64().Draw(t, "high"), Lo: rapid.Uint64().Draw(t, "low")}}}
			if rapid.Bool().Draw(t, "small") {
				e.Balance = total(rapid.Int64().Draw(t, "balance"))
			}
			e.Sequence, e.Operation, e.Purpose = rapid.Uint64().Draw(t, "sequence"), rapid.Uint16().Draw(t, "operation"), rapid.Uint32().Draw(t, "purpose")
			copy(e.Command[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "command"))
			e.Timestamp = Instant(rapid.Int64Range(-2_000_000_000_000_000, 32_000_000_000_000_000).Draw(t, "timestamp"))
			e.Date, e.Effective = Date(rapid.Int32Range(1, int32(ledger.MaxDate)).Draw(t, "date")), Date(rapid.Int32Range(0, int32(ledger.MaxDate)).Draw(t, "effective"))
			e.Kind, e.Side, e.Other, e.Register = word.Draw(t, "kind"), word.Draw(t, "side"), word.Draw(t, "other"), word.Draw(t, "register")
			e.Amount = Amount(rapid.Int64().Draw(t, "amount"))
			return e
		}), 0, 3).Draw(t, "entries")
		if list == nil {
			list = []Entry{}
		}
		position := At{rapid.Uint64().Draw(t, "at"), Instant(rapid.Int64Range(0, 32_000_000_000_000_000).Draw(t, "instant"))}
		next := Next{rapid.StringMatching(`[A-Za-z0-9_-]{0,20}`).Draw(t, "next")}
		date := rapid.Int32Range(1, int32(ledger.MaxDate))
		sum := func(name string) Total { return total(rapid.Int64().Draw(t, name)) }
		same(t, EntriesOutputBody{list, next, position})
		same(t, Statement{
			Address: word.Draw(t, "address"), Asset: word.Draw(t, "asset"), Scale: rapid.Uint8().Draw(t, "scale"), Side: word.Draw(t, "of"),
			From: Date(date.Draw(t, "from")), Until: Date(date.Draw(t, "until")), Opening: sum("opening"), Closing: sum("closing"),
			Debits: sum("debits"), Credits: sum("credits"), Final: rapid.Bool().Draw(t, "final"), Entries: list, Next: next, At: position,
		})
	})
}

func TestActsAreWrittenAsTheGeneralEncoderWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word, sum := rapid.StringMatching(`[a-z0-9:-]{0,40}`), rapid.OneOf(rapid.Just(int64(0)), rapid.Int64())
		some := func(name string) (i ID) {
			if rapid.Bool().Draw(t, name) {
				copy(i[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
			}
			return i
		}
		amount := func(name string) Amount { return Amount(sum.Draw(t, name)) }
		split := func(name string) Split {
			return Split{amount(name), amount(name), amount(name), amount(name), amount(name)}
		}
		instant := Instant(rapid.Int64Range(0, 32_000_000_000_000_000).Draw(t, "at"))
		same(t, Bid{
			ID: some("bid"), Listing: some("listing"), Investor: some("investor"), Mandate: some("mandate"), Amount: amount("amount"),
			Units: rapid.Uint64().Draw(t, "units"), Sequence: rapid.Uint64().Draw(t, "sequence"), At: instant, Ended: uint64(rapid.IntRange(0, 2).Draw(t, "ended")),
		})
		e := LoanEvent{
			Number: rapid.Uint32().Draw(t, "number"), ID: some("id"), Kind: word.Draw(t, "kind"), Date: Date(rapid.Int32Range(1, int32(ledger.MaxDate)).Draw(t, "date")),
			At: instant, Actor: some("actor"), Outcome: word.Draw(t, "outcome"), Asked: amount("asked"), Amount: amount("taken"), Kept: amount("kept"),
			Split: split("split"), Of: some("of"), Undone: rapid.SliceOfN(rapid.Uint32(), 0, 3).Draw(t, "undone"), Sequence: uint64(rapid.IntRange(0, 2).Draw(t, "place")),
			Payer: word.Draw(t, "payer"), Costs: amount("costs"), Units: uint64(rapid.IntRange(0, 2).Draw(t, "bought")), Approval: some("approval"),
			PaidAt: Instant(rapid.SampledFrom([]int64{0, 1, 1772352000000000}).Draw(t, "paid")), Received: Instant(rapid.SampledFrom([]int64{0, 1772352000000001}).Draw(t, "received")),
		}
		for range rapid.IntRange(0, 2).Draw(t, "payers") {
			e.Payers = append(e.Payers, Claimed{word.Draw(t, "by"), split("part")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "waits") {
			e.Waits = append(e.Waits, Wait{word.Draw(t, "for"), amount("wait")})
		}
		same(t, e)
	})
}

// same compares what an answer writes itself with what the general encoder makes of it.
func same(t *rapid.T, answer written) {
	t.Helper()
	var want, got bytes.Buffer
	if err := huma.DefaultJSONFormat.Marshal(&want, answer); err != nil {
		t.Fatal(err)
	}
	if err := jsonFormat.Marshal(&got, answer); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Fatal(diff)
	}
}
