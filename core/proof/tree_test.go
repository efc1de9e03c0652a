package proof_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/proof"
)

// naiveRoot is RFC 6962, section 2.1, word for word: slow, and nothing of what it checks.
func naiveRoot(leaves []proof.Hash) proof.Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		left, right := naiveRoot(leaves[:k]), naiveRoot(leaves[k:])
		return sha256.Sum256(append(append([]byte{0x01}, left[:]...), right[:]...))
	}
}

// naivePath is the audit path of leaf m, section 2.1.1.
func naivePath(m int, leaves []proof.Hash) []proof.Hash {
	n := len(leaves)
	if n == 1 {
		return nil
	}
	k := 1
	for 2*k < n {
		k *= 2
	}
	if m < k {
		return append(naivePath(m, leaves[:k]), naiveRoot(leaves[k:]))
	}
	return append(naivePath(m-k, leaves[k:]), naiveRoot(leaves[:k]))
}

// stored is storage in memory.
type stored []proof.Hash

func (s stored) ReadHashes(indexes []int64) ([]proof.Hash, error) {
	found := make([]proof.Hash, len(indexes))
	for i, at := range indexes {
		if at < 0 || at >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", at)
		}
		found[i] = s[at]
	}
	return found, nil
}

// grow makes a tree of n leaves, each hashed from its number.
func grow(n int) (leaves []proof.Hash, tree *proof.Tree, storage stored) {
	tree = &proof.Tree{}
	for i := range n {
		leaf := proof.Leaf(record(i), result(i))
		leaves = append(leaves, leaf)
		storage = tree.Append(storage, leaf)
	}
	return leaves, tree, storage
}

func record(i int) []byte { return fmt.Appendf(nil, "record %d", i) }
func result(i int) []byte { return fmt.Appendf(nil, "result %d", i) }

// The leaves and roots of the Certificate Transparency project's own tests, which other implementations use too.
func TestRootsOfCertificateTransparency(t *testing.T) {
	var leaves []proof.Hash
	tree := &proof.Tree{}
	for i, c := range []struct{ data, root string }{
		{"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
		{"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
		{"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
		{"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
		{"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
		{"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	} {
		data, err := hex.DecodeString(c.data)
		if err != nil {
			t.Fatal(err)
		}
		leaf := proof.Hash(sha256.Sum256(append([]byte{0x00}, data...)))
		leaves = append(leaves, leaf)
		tree.Append(nil, leaf)
		for name, root := range map[string]proof.Hash{"tree": tree.Root(), "naive": naiveRoot(leaves)} {
			if got := hex.EncodeToString(root[:]); got != c.root {
				t.Errorf("%s of %d leaves: root %s, want %s", name, i+1, got, c.root)
			}
		}
	}
}

func TestLeafIsFixed(t *testing.T) {
	long := make([]byte, 5000)
	for _, c := range []struct{ record, result []byte }{
		{nil, nil},
		{[]byte("record"), []byte("result")},
		{long, []byte("result")},
		{[]byte("record"), long},
	} {
		n := len(c.record)
		b := []byte{0x00, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
		b = append(append(b, c.record...), c.result...)
		if got, want := proof.Leaf(c.record, c.result), proof.Hash(sha256.Sum256(b)); got != want {
			t.Errorf("leaf of %d and %d bytes is %s, want %s", n, len(c.result), got, want)
		}
	}
}

func TestLeafTellsWhereTheRecordEnds(t *testing.T) {
	if proof.Leaf([]byte("ab"), []byte("c")) == proof.Leaf([]byte("a"), []byte("bc")) {
		t.Error("two pairs have one leaf")
	}
}

// Every size up to 130: root, stored hashes, and restoring.
func TestTreeAgainstTheNaiveOne(t *testing.T) {
	const most = 130
	leaves, _, storage := grow(most)
	tree := &proof.Tree{}
	var again stored
	for size := 0; size <= most; size++ {
		want := naiveRoot(leaves[:size])
		if got := tree.Root(); got != want {
			t.Fatalf("root of %d leaves is %s, want %s", size, got, want)
		}
		if got, err := proof.RootAt(uint64(size), storage); err != nil || got != want {
			t.Fatalf("root of %d leaves from storage is %s, %v, want %s", size, got, err, want)
		}
		if got, want := proof.Stored(uint64(size)), int64(len(again)); got != want {
			t.Fatalf("a tree of %d leaves stores %d hashes, want %d", size, got, want)
		}
		restored, err := proof.Restore(uint64(size), storage)
		if err != nil {
			t.Fatal(err)
		}
		if size == most {
			break
		}
		// The restored tree must go on as the one that was never stopped.
		next := tree.Append(nil, leaves[size])
		if got := restored.Append(nil, leaves[size]); fmt.Sprint(got) != fmt.Sprint(next) {
			t.Fatalf("the tree restored at %d leaves stores %v, want %v", size, got, next)
		}
		again = append(again, next...)
	}
	if fmt.Sprint(again) != fmt.Sprint(storage) {
		t.Error("two runs store different hashes")
	}
}

func TestPathsAgainstTheNaiveOnes(t *testing.T) {
	leaves, _, storage := grow(70)
	for size := 1; size <= len(leaves); size++ {
		root := naiveRoot(leaves[:size])
		for n := range size {
			path, err := tlog.ProveRecord(int64(size), int64(n), storage)
			if err != nil {
				t.Fatal(err)
			}
			if want := naivePath(n, leaves[:size]); len(want)+len(path) > 0 && fmt.Sprint([]proof.Hash(path)) != fmt.Sprint(want) {
				t.Fatalf("path of leaf %d of %d is %v, want %v", n, size, path, want)
			}
			if err := tlog.CheckRecord(path, int64(size), root, int64(n), leaves[n]); err != nil {
				t.Fatalf("path of leaf %d of %d: %v", n, size, err)
			}
		}
	}
}

func TestLargeTreeGoesOnWhereverItWasRestored(t *testing.T) {
	leaves, tree, storage := grow(3000)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(leaves)).Draw(t, "at")
		restored, err := proof.Restore(uint64(at), storage)
		if err != nil {
			t.Fatal(err)
		}
		for _, leaf := range leaves[at:] {
			restored.Append(nil, leaf)
		}
		if restored.Root() != tree.Root() || restored.Size() != tree.Size() {
			t.Fatalf("restored at %d it ends in another root", at)
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	if _, err := proof.Restore(proof.MaxSize+1, stored{}); !errors.Is(err, proof.ErrMalformed) {
		t.Errorf("a size beyond the limit: %v", err)
	}
	if _, err := proof.Restore(3, stored{}); err == nil {
		t.Error("storage without hashes restored a tree")
	}
	short := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, nil })
	if _, err := proof.Restore(3, short); err == nil {
		t.Error("storage that gives too few hashes restored a tree")
	}
	if _, err := proof.Restore(proof.MaxSize, tlog.HashReaderFunc(func(i []int64) ([]tlog.Hash, error) { return make([]tlog.Hash, len(i)), nil })); err != nil {
		t.Errorf("the largest tree: %v", err)
	}
}

// The whole work for one command: hash, append, and what storage gets. A simple transfer is about 90 bytes with a
// result of 16; a distribution has more of both.
func BenchmarkAppend(b *testing.B) {
	for name, size := range map[string]struct{ record, result int }{
		"transfer":     {90, 16},
		"distribution": {130, 60},
	} {
		b.Run(name, func(b *testing.B) {
			record, result := make([]byte, size.record), make([]byte, size.result)
			tree := &proof.Tree{}
			var block []proof.Hash
			b.ReportAllocs()
			for b.Loop() {
				if len(block) > 1000 {
					block = block[:0]
				}
				block = tree.Append(block, proof.Leaf(record, result))
			}
		})
	}
}

func BenchmarkRoot(b *testing.B) {
	_, tree, _ := grow(1<<12 - 1)
	for b.Loop() {
		tree.Root()
	}
}
