package app

import (
	"errors"
	"testing"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
)

// A ledger that can't be opened so is the caller's mistake, and told as one.
func TestALedgerThatCannotBeNamesTheWord(t *testing.T) {
	db, err := longmen.Open(t.Context(), longmen.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	var b backend
	b.open(db)
	for field, w := range map[string]api.NewLedger{
		"body.zone":  {Name: "a", Zone: "Mars/Base", Clock: ledger.RealClock},
		"body.start": {Name: "a", Zone: "UTC", Clock: ledger.SimulatedClock, Start: 1 << 62},
	} {
		_, err := b.CreateLedger(t.Context(), w)
		var told *errs.Error
		if !errors.As(err, &told) || told.Code != errs.Invalid || told.Field != field {
			t.Errorf("%+v: %v, want it to name %s", w, err, field)
		}
	}
	if _, err := b.CreateLedger(t.Context(), api.NewLedger{Name: "a", Zone: "UTC", Clock: ledger.RealClock}); err != nil {
		t.Fatal(err)
	}
}
