package journal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/journal"
)

// golden is one group in the encoding as it is for ever.
const golden = "01" + // format
	"0200" + // engine version
	"0102030405060708090a0b0c0d0e0f10" + // ledger
	"0300000000000000" + // epoch
	"2a00000000000000" + // first sequence
	"02000000" + // count
	"0008646da39b0500" + // timestamp: 2020-01-08T16:31:40.8Z
	"0108646da39b0500" + // wall: a microsecond later
	"5e470000" + // booking date 2020-01-09, already there in Shanghai
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + // previous
	"03000000" + "616263" + // a record
	"01000000" + "64" // another

func goldenHeader() journal.Header {
	h := journal.Header{
		Engine: 2, Epoch: 3, First: 42, Count: 2, Timestamp: 1578501100800000, Wall: 1578501100800001, BookingDate: 18270,
	}
	for i := range h.Ledger {
		h.Ledger[i] = byte(i + 1)
	}
	for i := range h.Previous {
		h.Previous[i] = 0xaa
	}
	return h
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEncodingIsForEver(t *testing.T) {
	b := unhex(t, golden)
	g, err := journal.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	want := goldenHeader()
	if g.Header != want {
		t.Errorf("got %+v\nwant %+v", g.Header, want)
	}
	if g.Hash != sha256.Sum256(b) || g.Next() != 44 {
		t.Errorf("hash %x, next %d", g.Hash, g.Next())
	}
	var e journal.Encoder
	for _, r := range []string{"abc", "d"} {
		if err := e.Add([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := e.Finish(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Bytes(), b) || again.Hash != g.Hash {
		t.Errorf("encoded\n%x\nwant\n%x", again.Bytes(), b)
	}
}

func TestDecodeRefuses(t *testing.T) {
	change := func(at int, to ...byte) []byte {
		b := unhex(t, golden)
		copy(b[at:], to)
		return b
	}
	whole := unhex(t, golden)
	for _, test := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "0 bytes are fewer than the header's 91"},
		{"half a header", whole[:90], "90 bytes are fewer"},
		{"another format", change(0, 2), "format 2 is not known"},
		{"no engine version", change(1, 0, 0), "engine version is 0"},
		{"no ledger", change(3, make([]byte, 16)...), "ledger id is zero"},
		{"no epoch", change(19, make([]byte, 8)...), "epoch 0"},
		{"epoch too large", change(26, 0x80), "epoch 9223372036854775811"},
		{"no sequence", change(27, make([]byte, 8)...), "first sequence 0"},
		{"sequence too large", change(34, 0x80), "first sequence 9223372036854775850"},
		{"first with a previous one", change(27, 1), "previous hash"},
		{"later without a previous one", change(59, make([]byte, 32)...), "previous hash"},
		{"no commands", change(35, 0), "count 0"},
		{"too many commands", change(35, 0x11, 0x27), "count 10001"},
		{"count too high", change(35, 3), "record 3 of 3 is missing"},
		{"count too low", change(35, 1), "5 bytes follow the last record"},
		{"booking date of another day", change(55, 0x5b), "booking date 18267"},
		{"record without bytes", change(91, 0), "record 1 has 0 bytes"},
		{"record longer than the rest", change(91, 200), "record 1 has 200 bytes, 8 are left"},
		{"record beyond the limit", change(91, 0xff, 0xff, 0xff, 0xff), "record 1 has 4294967295 bytes"},
		{"cut", whole[:len(whole)-1], "record 2 has 1 bytes, 0 are left"},
		{"more behind", append(unhex(t, golden), 0), "1 bytes follow"},
		{"too long", make([]byte, journal.MaxGroup+1), "at most 4194304"},
	} {
		if _, err := journal.Decode(test.b); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestEncoderLimits(t *testing.T) {
	var e journal.Encoder
	if err := e.Add(nil); err == nil {
		t.Error("an empty record was taken")
	}
	if err := e.Add(make([]byte, journal.MaxRecord+1)); err == nil || errors.Is(err, journal.ErrFull) {
		t.Errorf("a record beyond the limit: %v", err)
	}
	if err := e.Add(make([]byte, journal.MaxRecord)); err != nil {
		t.Error(err)
	}
	if err := e.Add(make([]byte, 1<<20-1<<10-91-8)); err != nil {
		t.Error(err)
	}
	if e.Len() != journal.MaxGroup {
		t.Fatalf("the group has %d bytes", e.Len())
	}
	if err := e.Add([]byte{1}); !errors.Is(err, journal.ErrFull) {
		t.Errorf("a byte too much: %v", err)
	}
	g, err := e.Finish(goldenHeader())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Decode(g.Bytes()); err != nil || g.Count != 2 {
		t.Errorf("the largest group: %v", err)
	}
	e.Reset()
	for range journal.MaxCommands {
		if err := e.Add([]byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Add([]byte{1}); !errors.Is(err, journal.ErrFull) {
		t.Errorf("a command too much: %v", err)
	}
	e.Reset()
	if _, err := e.Finish(goldenHeader()); err == nil {
		t.Error("a group of nothing was finished")
	}
}

// Whatever an encoder writes, a decoder reads back, and the other way round.
func TestEncodingRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		records := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 40), 1, 20).Draw(t, "records")
		var e journal.Encoder
		for _, r := range records {
			if err := e.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		g, err := e.Finish(h)
		if err != nil {
			t.Fatal(err)
		}
		back, err := journal.Decode(g.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if back.Header != g.Header || back.Hash != g.Hash || !back.Equal(&g) {
			t.Fatalf("read back %+v, wrote %+v", back.Header, g.Header)
		}
		i := 0
		for sequence, r := range back.Records() {
			if sequence != h.First+uint64(i) || !bytes.Equal(r, records[i]) {
				t.Fatalf("record %d: sequence %d, %x", i, sequence, r)
			}
			i++
		}
		if i != len(records) {
			t.Fatalf("%d records of %d", i, len(records))
		}
	})
}

func drawHeader(t *rapid.T) journal.Header {
	h := journal.Header{
		Engine: rapid.Uint16Min(1).Draw(t, "engine"), Epoch: rapid.Uint64Range(1, math.MaxInt64).Draw(t, "epoch"),
		First: rapid.Uint64Range(1, 1<<60).Draw(t, "first"), Wall: rapid.Int64().Draw(t, "wall"),
		Timestamp: rapid.Int64Range(-1<<55, 1<<55).Draw(t, "timestamp"), Ledger: id(rapid.ByteMin(1).Draw(t, "ledger")),
	}
	day := h.Timestamp / 86_400_000_000
	if h.Timestamp%86_400_000_000 < 0 {
		day--
	}
	h.BookingDate = int32(day) + rapid.Int32Range(-1, 1).Draw(t, "zone")
	if h.First > 1 {
		h.Previous[rapid.IntRange(0, 31).Draw(t, "at")] = rapid.ByteMin(1).Draw(t, "previous")
	}
	return h
}

// FuzzDecode: whatever is read has exactly one encoding, and nothing makes the decoder fail otherwise than by an error.
func FuzzDecode(f *testing.F) {
	f.Add(unhex(f, golden))
	f.Add([]byte{})
	l := newTail(id(1))
	g := l.group(record(1), record(2), record(3))
	f.Add(g.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := journal.Decode(b)
		if err != nil {
			return
		}
		var e journal.Encoder
		sum := 0
		for _, r := range g.Records() {
			sum++
			if err := e.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		again, err := e.Finish(g.Header)
		if err != nil {
			t.Fatal(err)
		}
		if sum != int(g.Count) || !bytes.Equal(again.Bytes(), b) || again.Hash != g.Hash {
			t.Fatalf("%x was read and written as %x", b, again.Bytes())
		}
	})
}
