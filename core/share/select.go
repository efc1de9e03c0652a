package share

import (
	"cmp"
	"math/bits"
	"slices"
)

// cent is a candidate: the next cent of one holding and what is missing to earn
// it, in 2^-64 cents. It falls due when one unit has earned deficit/units more.
type cent struct {
	deficit uint64
	units   uint64
	holder  uint32
}

// order compares deficit/units exactly, by cross multiplication, then holders.
func order(a, b cent) int {
	ah, al := bits.Mul64(a.deficit, b.units)
	bh, bl := bits.Mul64(b.deficit, a.units)
	switch {
	case ah != bh:
		return sign(ah < bh)
	case al != bl:
		return sign(al < bl)
	}
	return cmp.Compare(a.holder, b.holder)
}

// give gives the n cents that come first and returns the last of them; n ≥ 1.
func give(cents []cent, n int, blocks []Block, lines []int64) Cut {
	first(cents, n)
	at := cursor{blocks: blocks}
	for _, c := range cents[:n] {
		r := at.row(int(c.holder))
		r.Paid++
		r.Carry.Hi--
		lines[c.holder]++
	}
	last := cents[n-1]
	return Cut{Deficit: Int128{Lo: last.deficit}, Units: last.units, Holder: last.holder}
}

// first reorders cents so that the n that come first stand in front and the last
// of them at n-1. The pivots are fixed places, so equal inputs take equal steps;
// should they be chosen against us, sorting bounds the work.
func first(cents []cent, n int) {
	if tied(cents) {
		return
	}
	lo, hi := 0, len(cents)
	for rounds := 2 * bits.Len(uint(len(cents))); hi-lo > 1; rounds-- {
		if rounds == 0 {
			// deterministic: no two cents are equal, the holder number sees to that.
			slices.SortFunc(cents[lo:hi], order)
			return
		}
		p := lo + partition(cents[lo:hi])
		switch {
		case p == n-1:
			return
		case p < n-1:
			lo = p + 1
		default:
			hi = p
		}
	}
}

// tied says that all cents fall due at once. They come in order of their holders
// then, so nothing is to be done: the usual case when all units are equal.
func tied(cents []cent) bool {
	for _, c := range cents {
		if c.deficit != cents[0].deficit || c.units != cents[0].units {
			return false
		}
	}
	return true
}

// partition puts a pivot in its place, what comes before it on its left, and
// returns that place.
func partition(c []cent) int {
	last := len(c) - 1
	m := pivot(c)
	p := c[m]
	c[m] = c[last]
	place := 0
	for i := range c[:last] {
		x := c[i]
		if order(x, p) < 0 {
			c[i], c[place] = c[place], x
			place++
		}
	}
	c[last], c[place] = c[place], p
	return place
}

// pivot returns the median of three, or of three such medians when there are many.
func pivot(c []cent) int {
	n := len(c)
	if n < 64 {
		return median(c, 0, n/2, n-1)
	}
	return median(c,
		median(c, 0, n/8, n/4),
		median(c, n/2-n/8, n/2, n/2+n/8),
		median(c, n-1-n/4, n-1-n/8, n-1))
}

func median(c []cent, i, j, k int) int {
	if order(c[j], c[i]) < 0 {
		i, j = j, i
	}
	if order(c[k], c[j]) >= 0 {
		return j
	}
	if order(c[k], c[i]) >= 0 {
		return k
	}
	return i
}

// cursor finds rows by holder number. It remembers the block it was in last.
type cursor struct {
	blocks []Block
	block  int
	base   int // number of the first row of that block
}

func (c *cursor) row(holder int) *Row {
	for holder < c.base {
		c.block--
		c.base -= len(c.blocks[c.block].Rows)
	}
	for holder-c.base >= len(c.blocks[c.block].Rows) {
		c.base += len(c.blocks[c.block].Rows)
		c.block++
	}
	return &c.blocks[c.block].Rows[holder-c.base]
}
