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
