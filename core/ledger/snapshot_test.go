package ledger

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// snapshot cuts a snapshot and runs between before each section.
func snapshot(t *testing.T, e *Engine, between func()) []byte {
	cut := e.Cut()
	defer cut.Close()
	var file []byte
	for {
		between()
		var err error
		if file, err = cut.Next(file); errors.Is(err, io.EOF) {
			return file
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func busyBook(t *testing.T) *book {
	b := newBook(t)
	b.market(60)
	b.registerOf("r:1", 50, 60, 0, 1)
	b.registerOf("r:2", 50, 60, 10, 1)
	b.must(&Hold{Debit: "payer", Credit: "holder:1", Amount: 7, Expiry: b.at + 10})
	b.must(&Hold{Debit: "payer", Credit: "holder:2", Amount: 8})
	b.must(&Void{Hold: Mark{testID(b.seq + 1000), 0}})
	b.must(&Freeze{Account: "holder:3", What: FreezeCredits})
	b.must(&Distribute{Register: "r:1", Payer: "payer", Amounts: []int64{12345, 678}})
	return b
}

// A snapshot holds the state at its cut, whatever is applied while it is written.
func TestSnapshotIsTheStateAtItsCut(t *testing.T) {
	b := busyBook(t)
	want := b.e.Digest()
	i := 0
	file := snapshot(t, b.e, func() {
		i++
		if i > 1 {
			b.must(&Distribute{Register: "r:2", Payer: "payer", Amounts: []int64{int64(i * 1000), 5}})
			b.must(&OpenAccount{Address: "late:" + string(rune('a'+i)), Asset: "CNY", Side: CreditNormal, Type: Liability, Code: 9, Constraint: Nonnegative})
			b.must(&Move{Register: "r:1", From: "holder:5", To: "late:" + string(rune('a'+i)), Units: 1})
		}
	})
	e, err := LoadEngine(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if e.Digest() != want {
		t.Fatal("loaded state differs from the state at the cut")
	}
	if _, ok := e.Account("late:c"); ok {
		t.Fatal("an account opened after the cut is in the snapshot")
	}
}

// A loaded engine goes on as the one that wrote the snapshot.
func TestLoadedEngineGoesOn(t *testing.T) {
	b := busyBook(t)
	file := snapshot(t, b.e, func() {})
	e, err := LoadEngine(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	other := &book{t: t, e: e, seq: b.seq, at: b.at}
	for _, x := range []*book{b, other} {
		x.at += 20
		x.must(&Pulse{Limit: 10})
		x.must(&Hold{Debit: "payer", Credit: "holder:1", Amount: 7})
		x.must(&Distribute{Register: "r:1", Payer: "payer", Amounts: []int64{99, 1}})
		x.must(&Claim{Register: "r:1", Holder: "holder:3", To: "holder:4"})
		x.must(&Cancel{Register: "r:2"})
	}
	if b.e.Digest() != other.e.Digest() {
		t.Fatal("loaded engine went another way")
	}
}

// Every flipped byte and every cut end is found.
func TestDamagedSnapshotIsRefused(t *testing.T) {
	file := snapshot(t, busyBook(t).e, func() {})
	for at := 0; at < len(file); at += 1 + len(file)/700 {
		bad := bytes.Clone(file)
		bad[at] ^= 0x10
		if _, err := LoadEngine(bytes.NewReader(bad)); err == nil {
			t.Fatalf("byte %d of %d was flipped and not found", at, len(file))
		}
	}
	for _, n := range []int{0, 1, 12, 13, 100, len(file) / 2, len(file) - 1} {
		if _, err := LoadEngine(bytes.NewReader(file[:n])); err == nil {
			t.Fatalf("snapshot of %d of %d bytes was not found short", n, len(file))
		}
	}
}
