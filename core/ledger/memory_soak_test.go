//go:build soak

package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
)

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A ledger of a million accounts and seven million holdings: memory of each, and how long a start from its snapshot
// takes.
func TestSizeOfALargeLedger(t *testing.T) {
	const accounts, registers, holders = 1_000_000, 7_000, 1_000
	b := newBook(t)
	b.cash("unclaimed", Unbounded)
	empty := heap()
	names := uint64(0)
	for i := range accounts {
		address := fmt.Sprintf("a:%d", i)
		names += uint64(len(address)+1+7) &^ 7
		b.cash(address, Nonnegative)
	}
	full := heap()
	perAccount := float64(full-empty-names) / accounts
	for r := range registers {
		name := fmt.Sprintf("r:%d", r)
		b.must(&OpenRegister{Address: name, Asset: "CNY", Cap: MaxCap, Tranches: []string{"a", "b"}, Unclaimed: "unclaimed"})
		for i := range holders {
			b.must(&Issue{Register: name, Account: fmt.Sprintf("a:%d", (r*holders+i*17)%accounts), Units: 100})
		}
	}
	perHolding := float64(heap()-full) / (registers * holders)
	t.Logf("an account: %.0f bytes, names aside; a holding: %.0f bytes", perAccount, perHolding)
	if perAccount > 160 || perHolding > 140 {
		t.Errorf("want at most 160 and 140")
	}
	var file bytes.Buffer
	cut := b.e.Cut()
	for {
		section, err := cut.Next(nil)
		if errors.Is(err, io.EOF) {
			break
		}
		file.Write(section)
	}
	cut.Close()
	want := b.e.Digest()
	b.e = nil
	size := file.Len()
	began := time.Now()
	e, err := LoadEngine(bufio.NewReaderSize(&file, 1<<20))
	if err != nil || e.Digest() != want {
		t.Fatal("snapshot does not load", err)
	}
	t.Logf("snapshot of %d MB loaded in %v", size>>20, time.Since(began))
}
