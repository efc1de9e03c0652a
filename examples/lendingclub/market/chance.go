package market

import "math/bits"

// chance is a source of numbers that look random and are the same in every run: splitmix64, by Sebastiano Vigna, seeded
// with what it decides about and for whom.
type chance struct{ state uint64 }

// What is decided by chance. The numbers are part of the script: another one makes another play.
const (
	aboutBids = iota + 1
	aboutStops
	aboutDeposits
	aboutBuyers
)

func chanceOf(about, number int) *chance {
	c := &chance{state: uint64(about)<<32 | uint64(number)}
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
func (c *chance) below(n int64) int64 {
	high, _ := bits.Mul64(c.next(), uint64(n))
	return int64(high)
}
