package recount

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func registerOf(units ...uint64) *Register {
	r := NewRegister(1)
	for _, u := range units {
		r.Issue(u)
	}
	return r
}

func (r *Register) pay(amount int64) []int64 {
	lines := make([]int64, len(r.Units))
	r.Pay(0, amount, lines)
	return lines
}

// Each case was worked out by hand.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		name     string
		units    []uint64
		payments []int64
		lines    [][]int64
	}{
		{"nothing to round", []uint64{1, 2, 3}, []int64{600}, [][]int64{{100, 200, 300}}},
		{"one cent goes round", []uint64{1, 1, 1}, []int64{1, 1, 1, 1}, [][]int64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}}},
		// Shares 1⅓ each: the odd cent goes to the lowest number, then to those who have waited.
		{"four cents for three", []uint64{1, 1, 1}, []int64{4, 4, 4}, [][]int64{{2, 1, 1}, {1, 2, 1}, {1, 1, 2}}},
		// Deficits after accrual, by unit: (1−½)/1, (1−1)/2 → the second is due.
		{"who is due first", []uint64{1, 2, 1}, []int64{2, 2}, [][]int64{{1, 1, 0}, {0, 1, 1}}},
		// Exact shares 0.1 and 0.9, five times: the small one is due when he has a half, but not before the large one.
		{"small and large", []uint64{1, 9}, []int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := registerOf(c.units...)
			for i, amount := range c.payments {
				lines := r.pay(amount)
				if c.lines != nil && !slices.Equal(lines, c.lines[i]) {
					t.Errorf("payment %d of %d gives %v, want %v", i+1, amount, lines, c.lines[i])
				}
				for h := range r.Units {
					if off := r.Off(0, h); off >= r.Total {
						t.Errorf("after payment %d holder %d is %d/%d of a cent away", i+1, h, off, r.Total)
					}
				}
			}
			if err := r.Sound(); err != nil {
				t.Error(err)
			}
			if r.Tranches[0].Sum%int64(r.Total) != 0 {
				return
			}
			for h, u := range r.Units {
				if want := int64(u) * r.Tranches[0].Sum / int64(r.Total); r.Tranches[0].Paid[h] != want {
					t.Errorf("all shares are whole, but holder %d has %d instead of %d", h, r.Tranches[0].Paid[h], want)
				}
			}
		})
	}
}

// plain is a register of one tranche that keeps every carry, in big integers.
type plain struct {
	units []uint64
	carry []*big.Int
	rem   *big.Int
}

func (p *plain) pay(amount int64) []int64 {
	total := uint64(0)
	for _, u := range p.units {
		total += u
	}
	var q *big.Int
	q, p.rem = plainEarn(amount, p.rem, total)
	holders := make([]owed, len(p.units))
	for i, u := range p.units {
		p.carry[i] = new(big.Int).Add(p.carry[i], new(big.Int).Mul(q, new(big.Int).SetUint64(u)))
		holders[i] = owed{u, p.carry[i]}
	}
	lines := plainLines(holders, amount)
	for i, line := range lines {
		p.carry[i] = new(big.Int).Sub(p.carry[i], new(big.Int).Mul(big.NewInt(line), one))
	}
	return lines
}

func (p *plain) move(from, to int, k uint64) {
	part := plainPart(p.carry[from], k, p.units[from])
	p.carry[from] = new(big.Int).Sub(p.carry[from], part)
	p.carry[to] = new(big.Int).Add(p.carry[to], part)
	p.units[from] -= k
	p.units[to] += k
}

// The fast register gives the lines that the plain rule gives, through payments, moves and payments taken back.
func TestFastIsPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.Uint64Range(1, 3000), 2, 12).Draw(t, "units")
		r, p := registerOf(units...), &plain{units: slices.Clone(units), rem: new(big.Int)}
		for range units {
			p.carry = append(p.carry, new(big.Int))
		}
		changed := false
		for step := range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what < 2:
				from, to := rapid.IntRange(0, len(units)-1).Draw(t, "from"), rapid.IntRange(0, len(units)-1).Draw(t, "to")
				if from == to || r.Units[from] == 0 {
					continue
				}
				k := rapid.Uint64Range(1, r.Units[from]).Draw(t, "k")
				if err := r.Move(from, to, k); err != nil {
					t.Fatal(err)
				}
				p.move(from, to, k)
				changed = true
			case what == 2:
				kept := r.Keep()
				r.pay(rapid.Int64Range(1, 500).Draw(t, "taken back"))
				r = kept
			default:
				amount := rapid.OneOf(rapid.Int64Range(1, 5), rapid.Int64Range(1, 3_000)).Draw(t, "amount")
				if got, want := r.pay(amount), p.pay(amount); !slices.Equal(got, want) {
					t.Fatalf("step %d: %d cents over %v give %v, the plain rule %v", step, amount, r.Units, got, want)
				}
			}
			for h := range r.Units {
				if off := r.Off(0, h); !changed && off >= r.Total {
					t.Fatalf("step %d: holder %d is %d/%d of a cent away", step, h, off, r.Total)
				}
			}
		}
		if err := r.Sound(); err != nil {
			t.Fatal(err)
		}
	})
}

// A payment that is less than what is overdue goes to whoever has waited longest. Ten holders with a unit each; five of
// them have got one of five cents and are half a cent ahead, the others half a cent behind. Holder 9 buys the units of
// the four who are behind like him: his carry is 2½ cents, and one more cent of which he earns half makes it 3.
func TestOverdue(t *testing.T) {
	r, p := registerOf(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), &plain{units: make([]uint64, 10), rem: new(big.Int)}
	for i := range p.units {
		p.units[i] = 1
		p.carry = append(p.carry, new(big.Int))
	}
	r.pay(5)
	p.pay(5)
	for from := 5; from < 9; from++ {
		if err := r.Move(from, 9, 1); err != nil {
			t.Fatal(err)
		}
		p.move(from, 9, 1)
	}
	for i, want := range [][]int64{{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 1}} {
		got := r.pay(1)
		if plain := p.pay(1); !slices.Equal(got, want) || !slices.Equal(plain, want) {
			t.Errorf("payment %d gives %v, the plain rule %v, want %v", i, got, plain, want)
		}
	}
	if err := r.Sound(); err != nil {
		t.Error(err)
	}
}

// The example of docs/distribution.md, whose figures are checked there against the ledger's own code.
func TestWorkedExample(t *testing.T) {
	r := registerOf(500, 300, 199, 1)
	if r.pay(1); r.Tranches[0].rem != 616 || r.Tranches[0].earned != (wide{0, 18446744073709551}) {
		t.Errorf("the first cent leaves q = %v and rem = %d", r.Tranches[0].earned, r.Tranches[0].rem)
	}
	for h, want := range []string{"-9223372036854776116", "5534023222112865300", "3670902070668200649", "18446744073709551"} {
		if got := r.Tranches[0].carry(h, r.Units[h]).big().String(); got != want {
			t.Errorf("carry of holder %d is %s, want %s", h, got, want)
		}
	}
	for _, c := range []struct {
		amount      int64
		lines, paid []int64
	}{
		{1, []int64{0, 1, 0, 0}, []int64{1, 1, 0, 0}},
		{1, []int64{1, 0, 0, 0}, []int64{2, 1, 0, 0}},
		{7, []int64{3, 2, 2, 0}, []int64{5, 3, 2, 0}},
		{90, []int64{45, 27, 18, 0}, []int64{50, 30, 20, 0}},
		{900, []int64{450, 270, 179, 1}, []int64{500, 300, 199, 1}},
	} {
		if lines := r.pay(c.amount); !slices.Equal(lines, c.lines) || !slices.Equal(r.Tranches[0].Paid, c.paid) {
			t.Errorf("%d cents give %v and %v in all, want %v and %v", c.amount, lines, r.Tranches[0].Paid, c.lines, c.paid)
		}
	}
}

func TestWide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) wide {
			return wide{rapid.Uint64().Draw(t, name+" hi"), rapid.Uint64().Draw(t, name+" lo")}
		}
		a, b, n := draw("a"), draw("b"), rapid.Uint64().Draw(t, "n")
		same := func(op string, got wide, want *big.Int) {
			if got != wideOf(want) {
				t.Fatalf("%s of %v and %v is %v, want %v", op, a, b, got.big(), want)
			}
		}
		x, y := a.big(), b.big()
		same("sum", a.plus(b), new(big.Int).Add(x, y))
		same("difference", a.minus(b), new(big.Int).Sub(x, y))
		same("product", a.times(n), new(big.Int).Mul(x, new(big.Int).SetUint64(n)))
		if a.positive() != (x.Sign() > 0) {
			t.Fatalf("positive(%v) is %v", x, a.positive())
		}
	})
}

func BenchmarkPay(b *testing.B) {
	r := NewRegister(2)
	for i := range 1000 {
		r.Issue(uint64(1 + i%97))
	}
	lines := make([]int64, 1000)
	for i := range b.N {
		r.Pay(0, 40000+int64(i%1000), lines)
		r.Pay(1, 1200+int64(i%7), lines)
	}
	b.ReportMetric(float64(b.N)*2000/b.Elapsed().Seconds(), "lines/s")
}
