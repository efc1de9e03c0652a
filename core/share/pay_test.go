package share

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPayTable shows what the rule does in small.
func TestPayTable(t *testing.T) {
	for _, c := range []struct {
		name    string
		units   []uint64
		amounts []int64
		lines   string
	}{
		{"one holding gets all", []uint64{7}, []int64{1, 5, MaxAmount}, "[1] [5] [1000000000000000000]"},
		{"equal units take turns", []uint64{1, 1, 1}, []int64{1, 1, 1, 1}, "[1 0 0] [0 1 0] [0 0 1] [1 0 0]"},
		{"ties go to the lower number", []uint64{2, 2, 2}, []int64{5}, "[2 2 1]"},
		{"large units are due first", []uint64{1, 999}, []int64{1, 1, 998}, "[0 1] [0 1] [1 997]"},
		{"no units, no cent", []uint64{0, 3, 0, 1}, []int64{4, 1}, "[0 3 0 1] [0 1 0 0]"},
		{"tiny shares wait their turn", []uint64{1, 1_000_000}, []int64{500_000, 500_000, 1}, "[0 500000] [1 499999] [0 1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			blocks, total := []Block{{Units: c.units, Rows: make([]Row, len(c.units))}}, uint64(0)
			for _, u := range c.units {
				total += u
			}
			var s Scratch
			var rem Int128
			got := make([]string, 0, len(c.amounts))
			for _, a := range c.amounts {
				lines := make([]int64, len(c.units))
				s.Pay(blocks, total, &rem, a, lines)
				got = append(got, fmt.Sprint(lines))
			}
			if got := strings.Join(got, " "); got != c.lines {
				t.Errorf("got %s, want %s", got, c.lines)
			}
		})
	}
}

// TestDamagedState: Pay stops rather than go on with a state that cannot be.
func TestDamagedState(t *testing.T) {
	behind := func(n int, carry Int128) []Row {
		rows := make([]Row, n)
		for i := range rows {
			rows[i].Carry = carry
		}
		return rows
	}
	for _, n := range []int{3, 2 * fewHoldings} {
		for _, c := range []struct {
			name   string
			rows   []Row
			total  uint64
			amount int64
			says   string
		}{
			{"no amount", make([]Row, n), uint64(n), 0, "an amount"},
			{"no units", make([]Row, n), 0, 1, "and units"},
			{"wrong units", make([]Row, n), uint64(n) + 1, 1, "units of the holdings"},
			{"carries below the remainder", behind(n, Cents(-2)), uint64(n), 1, "carries do not sum"},
		} {
			t.Run(fmt.Sprintf("%s, %d holdings", c.name, n), func(t *testing.T) {
				defer func() {
					if got := fmt.Sprint(recover()); !strings.Contains(got, c.says) {
						t.Errorf("stopped with %q, want %q", got, c.says)
					}
				}()
				var s Scratch
				units := make([]uint64, n)
				for i := range units {
					units[i] = 1
				}
				s.Pay([]Block{{Units: units, Rows: c.rows}}, c.total, new(Int128), c.amount, make([]int64, n))
			})
		}
	}
}

// TestScratchIsNoState: a scratch that has seen other registers, larger and smaller, gives
// what a fresh one gives, and allocates nothing.
func TestScratchIsNoState(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 7))
	used := new(Scratch)
	for range 200 {
		n := 1 + rnd.IntN(300)
		units, total := make([]uint64, n), uint64(0)
		rows := make([]Row, n)
		left := Int128{}
		for i := range units {
			units[i] = 1 + rnd.Uint64N(1000)
			total += units[i]
			rows[i].Carry = Int128{Hi: rnd.Int64N(3) - 1, Lo: rnd.Uint64()}
			left = left.Sub(rows[i].Carry)
		}
		rows[0].Carry = rows[0].Carry.Add(left)
		amount := 1 + rnd.Int64N(500)

		rows2, rem, rem2 := slices.Clone(rows), Int128{}, Int128{}
		lines, lines2 := make([]int64, n), make([]int64, n)
		a := used.Pay([]Block{{units, rows}}, total, &rem, amount, lines)
		b := new(Scratch).Pay([]Block{{units, rows2}}, total, &rem2, amount, lines2)
		if a != b || rem != rem2 || !slices.Equal(rows, rows2) || !slices.Equal(lines, lines2) {
			t.Fatalf("a used scratch gives %v, a fresh one %v", a, b)
		}
		if allocs := testing.AllocsPerRun(1, func() {
			used.Pay([]Block{{units, rows}}, total, &rem, amount, lines)
		}); n < 200 && allocs > 1 { // one is the block slice of the test itself
			t.Fatalf("%v allocations for %d holdings", allocs, n)
		}
	}
}

// TestOutsiderSeesFraud: whoever changes a public figure is found out by the sums or by
// the holders.
func TestOutsiderSeesFraud(t *testing.T) {
	units := []uint64{500, 300, 199, 1}
	rows, lines := make([]Row, 4), make([]int64, 4)
	var s Scratch
	var rem Int128
	o := s.Pay([]Block{{units, rows}}, 1000, &rem, 77, lines)
	honest := func(o Outcome) bool {
		sum := int64(0)
		for i, u := range units {
			sum += o.Line(uint32(i), u, Int128{})
		}
		return o.Sound(Int128{}) && sum == o.Amount
	}
	if !honest(o) {
		t.Fatal("an honest payment is not believed")
	}
	for name, change := range map[string]func(*Outcome){
		"amount":      func(o *Outcome) { o.Amount++ },
		"no amount":   func(o *Outcome) { o.Amount = 0 },
		"units":       func(o *Outcome) { o.Units-- },
		"no units":    func(o *Outcome) { o.Units = 0 },
		"q":           func(o *Outcome) { o.Q.Lo-- },
		"rem":         func(o *Outcome) { o.Rem.Lo++ },
		"earlier cut": func(o *Outcome) { o.Cut.Deficit.Lo-- },
		"later cut":   func(o *Outcome) { o.Cut = Cut{Deficit: Cents(1), Units: 1} },
	} {
		changed := o
		change(&changed)
		if honest(changed) {
			t.Errorf("a changed %s is believed", name)
		}
	}
}

// TestFirst compares the selection with sorting, for orders that are hard on pivots too.
func TestFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 2, 10, 100, 1000}).Draw(t, "n")
		kind := rapid.SampledFrom([]string{"random", "ties", "up", "down", "pipe", "equal"}).Draw(t, "kind")
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 8))
		cents := make([]cent, n)
		for i := range cents {
			c := cent{deficit: rnd.Uint64(), units: 1 + rnd.Uint64N(MaxUnits), holder: uint32(i)}
			switch kind {
			case "ties":
				c.units = 1 + rnd.Uint64N(3)
				c.deficit = c.units * rnd.Uint64N(3)
			case "up":
				c.deficit, c.units = uint64(i), 1
			case "down":
				c.deficit, c.units = uint64(n-i), 1
			case "pipe":
				c.deficit, c.units = uint64(min(i, n-i)), 1
			case "equal":
				c.deficit, c.units = 5, 7
			}
			cents[i] = c
		}
		sorted := slices.Clone(cents)
		slices.SortFunc(sorted, order)
		k := rapid.IntRange(1, n).Draw(t, "k")
		first(cents, k)
		if cents[k-1] != sorted[k-1] {
			t.Fatalf("the %d-th is %v, want %v", k, cents[k-1], sorted[k-1])
		}
		slices.SortFunc(cents[:k], order)
		if !slices.Equal(cents[:k], sorted[:k]) {
			t.Fatal("not the first ones")
		}
	})
}

// TestDrawers: a later due cent never lies in an earlier drawer.
func TestDrawers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		a, b = min(a, b), max(a, b)
		if drawerOf(a) > drawerOf(b) || drawerOf(b) > lastDrawer {
			t.Fatalf("%d lies in %d, %d in %d", a, drawerOf(a), b, drawerOf(b))
		}
	})
	if got := drawerOf(1<<64 - 1); got != lastDrawer {
		t.Errorf("the last cent lies in %d, not in the last drawer", got)
	}
}
