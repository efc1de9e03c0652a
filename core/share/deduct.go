package share

import "math/bits"

const million = 1_000_000

// Deduct returns what is deducted from a line at a rate in millionths:
// ⌊(line·ppm + rest)/10^6⌋, and keeps the rest for the next line. So what is
// deducted in all is the exact sum rounded down once, and never more than the line.
// line ≥ 0, ppm ≤ 10^6, rest < 10^6.
func Deduct(line int64, ppm uint32, rest *uint32) int64 {
	if line < 1<<43 { // nearly always, and then the product fits
		product := uint64(line)*uint64(ppm) + uint64(*rest)
		*rest = uint32(product % million)
		return int64(product / million)
	}
	hi, lo := bits.Mul64(uint64(line), uint64(ppm))
	lo, c := bits.Add64(lo, uint64(*rest), 0)
	q, r := bits.Div64(hi+c, lo, million)
	*rest = uint32(r)
	return int64(q)
}

// UndoDeduct returns what Deduct took from the line and puts rest back. Undone
// last first, amounts and rest are what they were; in any other order single amounts
// may differ by a cent and their sum is still exact.
func UndoDeduct(line int64, ppm uint32, rest *uint32) int64 {
	hi, lo := bits.Mul64(uint64(line), uint64(ppm))
	before := (million + uint64(*rest) - bits.Rem64(hi, lo, million)) % million
	// line·ppm + before = deducted·10^6 + rest
	lo, c := bits.Add64(lo, before, 0)
	lo, b := bits.Sub64(lo, uint64(*rest), 0)
	q, _ := bits.Div64(hi+c-b, lo, million)
	*rest = uint32(before)
	return int64(q)
}
