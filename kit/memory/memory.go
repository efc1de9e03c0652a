// Package memory gives room for large tables that are read all over the place.
//
// The package must not know what lies in the tables.
package memory

// hugeFrom is how large a piece must be to be worth whole huge pages (2 MiB on most machines).
const hugeFrom = 4 << 20

// Rows gives n zero rows of a type without pointers. Where the operating system can, large pieces lie in huge pages: a
// look-up far away then costs one miss instead of several.
func Rows[T any](n int) []T {
	rows := make([]T, n)
	if b := bytesOf(rows); len(b) >= hugeFrom {
		advise(b)
	}
	return rows
}
