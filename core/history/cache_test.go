package history

import "testing"

// Caches that share a memory keep no more than it holds, but each keeps a sixteenth of its own limit whatever the others do.
func TestCachesShareAMemory(t *testing.T) {
	all := NewMemory(1000)
	first, second := newCache[int, int](all, 1600), newCache[int, int](all, 1600)
	for i := range 50 {
		first.put(i, i, 20)
	}
	if first.size != 1000 {
		t.Fatalf("the first keeps %d bytes, it may keep 1000", first.size)
	}
	for i := range 50 {
		second.put(i, -i, 20)
	}
	if second.size != 100 {
		t.Errorf("the second keeps %d bytes, its sure share is 100", second.size)
	}
	if v, ok := second.get(49); !ok || v != -49 {
		t.Errorf("what was put last is %d, %v", v, ok)
	}
	first.put(50, 50, 20)
	if first.size+second.size > 1000 || first.size+second.size != int(all.used.Load()) {
		t.Errorf("%d and %d bytes are kept, the memory counts %d", first.size, second.size, all.used.Load())
	}
	if _, ok := first.get(50); !ok {
		t.Error("the first has no room for what was read last")
	}
}
