package proof_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/proof"
)

// newLog makes a log with so many checkpoints and gives its path and its bytes.
func newLog(t testing.TB, n int) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ledger.log")
	l := openLog(t, path)
	for i := 1; i <= n; i++ {
		if err := l.Append(checkpointOf(t, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

func openLog(t testing.TB, path string) *proof.Log {
	t.Helper()
	l, err := proof.OpenLog(path, ledgerKey(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// checkpointOf is the signed checkpoint after n times ten commands.
func checkpointOf(t testing.TB, n int) []byte {
	t.Helper()
	c := checkpoint
	c.Size, c.Time, c.State[0] = uint64(10*n), checkpoint.Time+int64(n), byte(n)
	return sign(t, c)
}

// readLog gives the sizes of the sound checkpoints, the errors of the others, and the bytes left over.
func readLog(t testing.TB, content []byte) (sizes []uint64, bad []error, rest int64) {
	t.Helper()
	rest, err := proof.ReadLog(bytes.NewReader(content), ledgerKey(t).Public(), func(c proof.Logged, err error) bool {
		if err != nil {
			bad = append(bad, err)
		} else {
			sizes = append(sizes, c.Size)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return sizes, bad, rest
}

func TestLogOfCheckpoints(t *testing.T) {
	path, content := newLog(t, 3)
	end := strings.SplitAfter(string(content), "\n")
	if got := string(content); !strings.HasPrefix(got, string(checkpointOf(t, 1))+"--- 1 ") || len(end[len(end)-2]) != len("--- 3 01234567\n") {
		t.Fatalf("the form of the log has changed:\n%s", got)
	}
	sizes, bad, rest := readLog(t, content)
	if fmt.Sprint(sizes) != "[10 20 30]" || bad != nil || rest != 0 {
		t.Fatalf("sizes %v, errors %v, rest %d", sizes, bad, rest)
	}

	l := openLog(t, path)
	signed, c := l.Last()
	if c.Size != 30 || !bytes.Equal(signed, checkpointOf(t, 3)) || l.Cut() != 0 {
		t.Fatalf("last is %d, cut %d", c.Size, l.Cut())
	}
	other := checkpoint
	other.Size, other.Time, other.State[0] = 30, checkpoint.Time+3, 99
	for name, test := range map[string]struct {
		signed []byte
		want   error
	}{
		"older":         {checkpointOf(t, 2), nil},
		"the same":      {checkpointOf(t, 3), nil},
		"another state": {sign(t, other), proof.ErrMismatch},
		"unsigned":      {[]byte(checkpointText), proof.ErrMalformed},
	} {
		if err := l.Append(test.signed); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, content) {
		t.Fatalf("the log has changed, %v", err)
	}
}

// A crash leaves the last write unfinished: its end is missing, or what came before its end.
func TestLogAfterCrash(t *testing.T) {
	path, content := newLog(t, 3)
	_, two := newLog(t, 2)
	torn := map[string][]byte{}
	for n := len(two) + 1; n < len(content); n++ {
		torn[fmt.Sprintf("cut after %d bytes", n)] = content[:n]
	}
	for _, n := range []int{1, 100, len(content) - len(two) - 1} {
		hole := bytes.Clone(content)
		clear(hole[len(two) : len(two)+n])
		torn[fmt.Sprintf("%d zeros", n)] = hole
	}
	for name, left := range torn {
		if sizes, _, _ := readLog(t, left); fmt.Sprint(sizes) != "[10 20]" {
			t.Fatalf("%s: %v are sound", name, sizes)
		}
		if err := os.WriteFile(path, left, 0o600); err != nil {
			t.Fatal(err)
		}
		l := openLog(t, path)
		if _, c := l.Last(); c.Size != 20 || l.Cut() != int64(len(left)-len(two)) {
			t.Fatalf("%s: last is %d, cut %d", name, c.Size, l.Cut())
		}
		if err := errors.Join(l.Append(checkpointOf(t, 3)), l.Close()); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, content) {
			t.Fatalf("%s: the log is not what it would have been, %v", name, err)
		}
	}
}

func TestLogDamage(t *testing.T) {
	_, content := newLog(t, 4)
	ends := []int{0}
	for at := 0; at < len(content); at += bytes.IndexByte(content[at:], '\n') + 1 {
		if bytes.HasPrefix(content[at:], []byte("--- ")) {
			ends = append(ends, at+bytes.IndexByte(content[at:], '\n')+1)
		}
	}
	part := func(i int) []byte { return content[ends[i]:ends[i+1]] }
	join := func(list ...int) (b []byte) {
		for _, i := range list {
			b = append(b, part(i)...)
		}
		return b
	}
	for name, damaged := range map[string][]byte{
		"deleted first":  join(1, 2, 3),
		"deleted":        join(0, 2, 3),
		"doubled":        join(0, 1, 1, 2, 3),
		"doubled later":  join(0, 1, 2, 1, 3),
		"swapped":        join(0, 2, 1, 3),
		"something else": append(join(0, 1), append([]byte("hello\n--- 3 00000000\n"), join(3)...)...),
		"a long line":    append(join(0, 1), append(bytes.Repeat([]byte("x"), 1<<20), join(2, 3)...)...),
	} {
		if _, bad, _ := readLog(t, damaged); len(bad) == 0 {
			t.Errorf("%s: nothing was found", name)
		}
	}
	for i := range content {
		flipped := bytes.Clone(content)
		flipped[i] ^= 1
		sizes, bad, rest := readLog(t, flipped)
		if len(sizes) == 4 || len(bad) == 0 && rest == 0 {
			t.Fatalf("bit 0 of byte %d: sizes %v, errors %v, rest %d", i, sizes, bad, rest)
		}
	}
	// What is cut off at the end between two checkpoints leaves a sound log: only a checkpoint kept elsewhere shows it.
	if sizes, bad, rest := readLog(t, join(0, 1)); len(sizes) != 2 || bad != nil || rest != 0 {
		t.Errorf("cut: %v, %v, %d", sizes, bad, rest)
	}
}

// A log whose end no crash explains is left as it is.
func TestLogIsNotOpenedOverDamage(t *testing.T) {
	path, content := newLog(t, 3)
	other := key(t, proof.Origin(ledger), 9).Public()
	for name, test := range map[string]struct {
		content []byte
		public  string
		want    error
	}{
		"two bad":       {bytes.ReplaceAll(content, []byte("epoch 7"), []byte("epoch 8")), ledgerKey(t).Public(), proof.ErrMalformed},
		"much after it": {append(bytes.Clone(content), make([]byte, 20<<10)...), ledgerKey(t).Public(), proof.ErrMalformed},
		"no log at all": {bytes.Repeat([]byte("hello\n"), 20<<10), ledgerKey(t).Public(), proof.ErrMalformed},
		"another key":   {content, other, proof.ErrSignature},
		"no key":        {content, "x", proof.ErrMalformed},
	} {
		if err := os.WriteFile(path, test.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := proof.OpenLog(path, test.public); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, test.content) {
			t.Errorf("%s: the file has changed, %v", name, err)
		}
	}
}

func FuzzReadLog(f *testing.F) {
	_, content := newLog(f, 3)
	f.Add(content)
	f.Add([]byte("--- 1 00000000\n"))
	f.Add([]byte("\n\n--- 18446744073709551615 00000000\n---"))
	public := ledgerKey(f).Public()
	f.Fuzz(func(t *testing.T, b []byte) {
		var at int64
		rest, err := proof.ReadLog(bytes.NewReader(b), public, func(c proof.Logged, err error) bool {
			if err == nil {
				at = c.Offset + int64(len(c.Note))
				if !bytes.Equal(b[c.Offset:at], c.Note) {
					t.Fatal("a note is not what stands at its place")
				}
			}
			return true
		})
		if err != nil || rest < 0 || rest > int64(len(b))-at {
			t.Fatalf("rest %d, %v", rest, err)
		}
	})
}
