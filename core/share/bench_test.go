package share

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// benchRegister makes a register with n holdings in blocks, each of units().
func benchRegister(n int, units func() uint64) (blocks []Block, total uint64) {
	const rows = 4096
	for at := 0; at < n; at += rows {
		b := Block{Units: make([]uint64, min(rows, n-at)), Rows: make([]Row, min(rows, n-at))}
		for i := range b.Units {
			b.Units[i] = units()
			total += b.Units[i]
		}
		blocks = append(blocks, b)
	}
	return blocks, total
}

// BenchmarkPay pays two tranches, as most payments do, and reports the time a line takes.
func BenchmarkPay(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := []struct {
		name  string
		units func() uint64
	}{
		{"unequal", func() uint64 { return 1 + r.Uint64N(1_000_000) }},
		{"hundreds", func() uint64 { return 25 * (1 + r.Uint64N(40)) }},
		{"close", func() uint64 { return 1_000_000 + r.Uint64N(1_000) }},
		{"equal", func() uint64 { return 100 }},
	}
	for _, n := range []int{10, 1_000, 100_000, 1_000_000} {
		for _, k := range kinds {
			b.Run(fmt.Sprintf("%s/%d", k.name, n), func(b *testing.B) {
				benchPay(b, n, k.units)
			})
		}
	}
}

func benchPay(b *testing.B, n int, units func() uint64) {
	const tranches = 2
	var blocks [tranches][]Block
	var total [tranches]uint64
	var rem [tranches]Int128
	blocks[0], total[0] = benchRegister(n, units)
	for t := 1; t < tranches; t++ {
		total[t] = total[0]
		for _, x := range blocks[0] {
			blocks[t] = append(blocks[t], Block{Units: x.Units, Rows: make([]Row, len(x.Rows))})
		}
	}
	lines := make([]int64, n)
	var s Scratch
	amount := func(i int) int64 { return int64(n)*17 + int64(i)%1001 }
	s.Pay(blocks[0], total[0], &rem[0], amount(0), lines)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		for t := range tranches {
			s.Pay(blocks[t], total[t], &rem[t], amount(i), lines)
		}
		i++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/tranches/float64(n), "ns/line")
}

// BenchmarkPayEarlier pays where half of the holdings are far ahead and more is past due
// than there is to give: the slow way, which has to search for the instant of the cut.
func BenchmarkPayEarlier(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(9, 9))
			blocks, total := benchRegister(n, func() uint64 { return 1 + r.Uint64N(1_000_000) })
			rem, sum := Int128{}, Int128{}
			for _, x := range blocks {
				for i := range x.Rows {
					x.Rows[i].Carry = Int128{Hi: r.Int64N(2_000_000) - 1_000_000, Lo: r.Uint64()}
					sum = sum.Add(x.Rows[i].Carry)
				}
			}
			blocks[0].Rows[0].Carry = blocks[0].Rows[0].Carry.Sub(sum)
			lines := make([]int64, n)
			var s Scratch
			for b.Loop() {
				o := s.Pay(blocks, total, &rem, int64(n), lines)
				Undo(blocks, o, &rem, lines)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/line")
		})
	}
}
