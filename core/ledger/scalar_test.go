package ledger

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestInstantsAndDatesReadLikeTheLibrarys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := Instant(rapid.Int64Range(-62135596800_000_000, 253402300799_999_999).Draw(t, "instant"))
		if want := i.Time().Format("2006-01-02T15:04:05.000000Z"); i.String() != want {
			t.Fatalf("%d reads %s, want %s", int64(i), i, want)
		}
		d := Date(rapid.Int32Range(1, int32(MaxDate)).Draw(t, "date"))
		if want := d.Time().Format(time.DateOnly); d.String() != want {
			t.Fatalf("%d reads %s, want %s", int32(d), d, want)
		}
	})
	if Date(0).String() != "" {
		t.Error("no date reads ", Date(0))
	}
}
