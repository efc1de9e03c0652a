package rest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

func TestEntriesAreWrittenAsTheGeneralEncoderWould(t *testing.T) {
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
		want, err := json.Marshal(list) // []Entry has no way of its own
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(Entries(list))
		if err != nil {
			t.Fatal(err)
		}
		if list == nil {
			want = []byte("[]")
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Fatal(diff)
		}
	})
}
