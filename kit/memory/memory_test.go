package memory

import "testing"

func TestRowsAreZeroAndWritable(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 3_000_000} {
		rows := Rows[[3]uint32](n)
		if len(rows) != n {
			t.Fatalf("%d rows, want %d", len(rows), n)
		}
		for i := range rows {
			if rows[i] != [3]uint32{} {
				t.Fatalf("row %d is not zero", i)
			}
			rows[i] = [3]uint32{uint32(i), 1, 2}
		}
		for i := range rows {
			if rows[i][0] != uint32(i) {
				t.Fatalf("row %d has %v", i, rows[i])
			}
		}
	}
}
