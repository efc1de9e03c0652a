package history

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
)

// A packed block gives back its records, whatever stands in them.
func TestPackedEntries(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var data []byte
		for range rapid.IntRange(1, blockSize).Draw(rt, "records") {
			data = append(data, rapid.SliceOfN(rapid.Byte(), entrySize, entrySize).Draw(rt, "record")...)
		}
		packed := packEntries(data)
		if len(packed)%entrySize == 0 {
			rt.Fatalf("%d bytes look like records that are not packed", len(packed))
		}
		if got, ok := unpackEntries(packed); !ok || !bytes.Equal(got, data) {
			rt.Fatal("what comes out is not what went in")
		}
		if got, ok := unpackEntries(data); !ok || !bytes.Equal(got, data) {
			rt.Fatal("a block of an older program is not read as it is")
		}
	})
}

// Whatever bytes are read as a block, whole records come out of it, or it is refused.
func FuzzUnpackEntries(f *testing.F) {
	f.Add([]byte{})
	f.Add(packEntries(make([]byte, 3*entrySize)))
	f.Add(bytes.Repeat([]byte{0x80}, 200))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, ok := unpackEntries(data); ok && (len(got)%entrySize != 0 || len(got) > blockSize*entrySize) {
			t.Fatalf("%d bytes", len(got))
		}
	})
}

// The lines of a payment to a thousand holders take a quarter of what their records would.
func TestLinesPackWell(t *testing.T) {
	var data []byte
	for i := range blockSize {
		data = appendEntry(data, &ledger.Entry{
			Number: uint64(1000 + i), Previous: uint64(400 + i*7%300), Ordinal: uint64(20 + i%5), Sequence: 77, Kind: ledger.EntryLine,
			Side: ledger.CreditNormal, Account: uint32(5000 + i), Register: 9, Amount: int64(300 + i*13%100), Derived: int64(310 + i*13%100),
			Payout: 12, Direct: int64(1_000_000 + i*7919%50_000), Balance: int64(1_200_000 + i*7919%50_000), Debits: int64(900_000 + i*104729%50_000),
		}, false)
	}
	if n := len(packEntries(data)); 4*n > len(data) {
		t.Errorf("%d bytes of %d", n, len(data))
	}
}
