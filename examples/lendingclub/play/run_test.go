package play

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The ids of a run are the same when it goes on, also when a crash cut the file's last line short.
func TestRunGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	months := func(r *Run, n int) (list []string) {
		for m := range n {
			of, err := r.Month(m)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, of.String())
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
	if !second.Began() || strings.Join(after[:2], " ") != strings.Join(before[:2], " ") || after[2] == before[2] || after[3] == after[2] {
		t.Errorf("months were %v and are %v", before, after)
	}
	if third := months(open(), 4); strings.Join(third, " ") != strings.Join(after, " ") {
		t.Errorf("months were %v and are %v", after, third)
	}
	if _, err := OpenRun(path, "11 loans, 200 investors"); err == nil || !strings.Contains(err.Error(), "another --data folder") {
		t.Errorf("another play's file was taken: %v", err)
	}
	if err := os.WriteFile(path, append(text, "month-4 nonsense\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRun(path, "10 loans, 200 investors"); err == nil {
		t.Error("a damaged file was taken")
	}
}
