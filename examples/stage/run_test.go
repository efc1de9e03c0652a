package stage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The ids of a run are the same when it goes on, also when a crash cut the file's last line short.
func TestRunGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	// Two chunks of each of n months.
	months := func(r *Run, n int) (list []string) {
		for m := range n {
			for _, k := range []uint64{0, perChunk} {
				of, err := r.ID(m, "bid", k)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, of.String())
			}
		}
		return list
	}
	open := func() *Run {
		r, err := OpenRun(path, "10 loans, 200 investors")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		return r
	}
	first := open()
	if first.Began() {
		t.Error("a new run has begun already")
	}
	before := months(first, 3)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	second := open()
	after := months(second, 4)
	if !second.Began() || strings.Join(after[:5], " ") != strings.Join(before[:5], " ") || after[5] == before[5] {
		t.Errorf("ids were %v and are %v", before, after)
	}
	if third := months(open(), 4); strings.Join(third, " ") != strings.Join(after, " ") {
		t.Errorf("ids were %v and are %v", after, third)
	}
	if _, err := OpenRun(path, "11 loans, 200 investors"); err == nil || !strings.Contains(err.Error(), "another --data folder") {
		t.Errorf("another play's file was taken: %v", err)
	}
	if err := os.WriteFile(path, append(text, "4/bid/0 nonsense\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRun(path, "10 loans, 200 investors"); err == nil {
		t.Error("a damaged file was taken")
	}
}

// Ids differ by month, kind and number, and no two chunks share a millisecond.
func TestIDs(t *testing.T) {
	r, err := OpenRun("", "")
	if err != nil {
		t.Fatal(err)
	}
	seen, millis := map[string]bool{}, map[int64]chunk{}
	for month := range 3 {
		for _, label := range []string{"bid", "repay"} {
			for n := range uint64(3 * perChunk) {
				of, err := r.ID(month, label, n)
				if err != nil || of.Check() != nil || seen[of.String()] {
					t.Fatalf("id %v of %s %d in month %d (%v)", of, label, n, month, err)
				}
				seen[of.String()] = true
				c := chunk{month, label, n / perChunk}
				if other, taken := millis[of.Micros()]; taken && other != c {
					t.Fatalf("%v and %v share a millisecond", c, other)
				}
				millis[of.Micros()] = c
			}
		}
	}
}
