package script

import "math/bits"

// chance is a source of numbers that look random and are the same in every run: splitmix64, by Sebastiano Vigna, begun
// with the seed, what it decides about and for whom.
type chance struct{ state uint64 }

// What is decided by chance. The numbers are part of the script: another one makes another play.
const (
	aboutBorrower = iota + 1
	aboutMonth
	aboutInvestor
	aboutBids
	aboutSale
	aboutRecovery
)

func (s *Script) chance(about, number, part int) *chance {
	c := &chance{state: uint64(s.Seed)*0x9e3779b97f4a7c15 ^ uint64(about)<<48 ^ uint64(number)<<16 ^ uint64(part)}
	c.next()
	return c
}

func (c *chance) next() uint64 {
	c.state += 0x9e3779b97f4a7c15
	z := c.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below gives a number from 0 to n-1.
func (c *chance) below(n int) int {
	high, _ := bits.Mul64(c.next(), uint64(n))
	return int(high)
}
