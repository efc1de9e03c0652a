package longmen_test

import (
	"errors"
	"testing"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/proof"
)

// Nobody waits for the next second's checkpoint: what was just applied is proven at once, and extends what was signed before.
func TestACommandIsProvenAtOnce(t *testing.T) {
	ctx := t.Context()
	db, err := longmen.Open(ctx, longmen.Config{Folder: t.TempDir()})
	must(t, err)
	defer db.Close()
	book, err := db.Create(ctx, longmen.New{Name: "main", Zone: "UTC", Clock: longmen.RealClock})
	must(t, err)
	var older []byte
	for _, code := range []string{"CNY", "USD", "EUR"} {
		result, err := book.Do(ctx, &longmen.OpenAsset{Code: code, Scale: 2})
		must(t, err)
		p, err := book.Prove(ctx, result.Sequence)
		must(t, err)
		signed, err := proof.CheckProof(p, book.PublicKey())
		must(t, err)
		if signed.Size < result.Sequence {
			t.Errorf("the checkpoint covers %d commands, not the one at %d", signed.Size, result.Sequence)
		}
		if older != nil {
			x, err := book.ProveExtension(ctx, older)
			must(t, err)
			_, _, err = proof.CheckExtension(x, book.PublicKey())
			must(t, err)
		}
		older = []byte(p.Checkpoint)
	}
	for _, sequence := range []uint64{0, 1000} {
		if _, err := book.Prove(ctx, sequence); !errors.Is(err, longmen.ErrNotCovered) {
			t.Errorf("proof of sequence %d, which there is not: %v", sequence, err)
		}
	}
}
