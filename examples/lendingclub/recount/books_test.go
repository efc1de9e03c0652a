package recount

import (
	"reflect"
	"testing"

	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
)

func script(t testing.TB, loans, investors int) *market.Market {
	t.Helper()
	list, err := market.Read(data.Loans, loans)
	if err != nil {
		t.Fatal(err)
	}
	m, err := market.New(list, investors)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBooks(t *testing.T) {
	m := script(t, 30, 400)
	b, err := Count(m, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b.Custody != b.Clients {
		t.Errorf("custody has %d cents, the clients %d", b.Custody, b.Clients)
	}
	if u := b.Unchanged; u.Of == 0 || u.Parts >= u.Of {
		t.Errorf("largest distance without trade is %d/%d of a cent, want less than one", u.Parts, u.Of)
	}
	if c := b.Changed; c.Of == 0 || c.Parts >= 3*c.Of {
		t.Errorf("largest distance with trade is %d/%d of a cent", c.Parts, c.Of)
	}
	for i, l := range b.Loans {
		for tr, sum := range l.Sums {
			paid := int64(0)
			for _, p := range l.Paid[tr] {
				paid += p
			}
			if paid != sum {
				t.Errorf("loan %d, tranche %d: %d of %d cents paid", i+1, tr, paid, sum)
			}
		}
	}
	for i, cash := range b.Cash {
		if cash < 0 {
			t.Errorf("investor %d has %d cents", i, cash)
		}
	}
	if b.Unclaimed == 0 || len(b.Missing) == 0 || b.Cover == 0 || b.Sales == 0 || b.Credits == 0 {
		t.Errorf("unclaimed %d, missing %d, covered %d, %d sales, %d credits: each should have happened",
			b.Unclaimed, len(b.Missing), b.Cover, b.Sales, b.Credits)
	}
	// How the work is divided changes nothing.
	again, err := Count(m, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, b) {
		t.Error("two workers count otherwise than one")
	}
}

func TestDistance(t *testing.T) {
	var d Distance
	for _, e := range []Distance{{1, 3}, {1, 2}, {2, 5}} {
		d.Widen(e)
	}
	if d != (Distance{1, 2}) {
		t.Errorf("the largest of 1/3, 1/2 and 2/5 is %v", d)
	}
}

func BenchmarkCount(b *testing.B) {
	m := script(b, 100, 20_000)
	for b.Loop() {
		if _, err := Count(m, 1, nil); err != nil {
			b.Fatal(err)
		}
	}
}
