package proof_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/proof"
)

const commands = 100

// past is a ledger's past with a signed checkpoint at every size.
type past struct {
	key         proof.Key
	storage     stored
	checkpoints [][]byte // by size; none at 0
}

func newPast(t testing.TB) past {
	t.Helper()
	_, _, storage := grow(commands)
	p := past{key: ledgerKey(t), storage: storage, checkpoints: make([][]byte, 1)}
	for size := uint64(1); size <= commands; size++ {
		root, err := proof.RootAt(size, storage)
		if err != nil {
			t.Fatal(err)
		}
		c := checkpoint
		c.Size, c.Root, c.Time, c.State[0] = size, root, checkpoint.Time+int64(size), byte(size)
		p.checkpoints = append(p.checkpoints, sign(t, c))
	}
	return p
}

func (p past) prove(t testing.TB, sequence, size int) proof.Proof {
	t.Helper()
	made, err := proof.Prove(uint64(sequence), record(sequence-1), result(sequence-1), p.checkpoints[size], p.storage)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (p past) extend(t testing.TB, from, to int) proof.Extension {
	t.Helper()
	made, err := proof.ProveExtension(p.checkpoints[from], p.checkpoints[to], p.storage)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestEveryCommandIsProvedByEveryCheckpoint(t *testing.T) {
	p := newPast(t)
	for _, size := range []int{1, 2, 3, 7, 8, 9, 63, 64, 65, commands} {
		for sequence := 1; sequence <= size; sequence++ {
			made := p.prove(t, sequence, size)
			s, err := proof.CheckProof(made, p.key.Public())
			if err != nil || s.Size != uint64(size) {
				t.Fatalf("command %d of %d: %+v, %v", sequence, size, s, err)
			}
			if want := naivePath(sequence-1, p.leaves(size)); fmt.Sprint(made.Path) != fmt.Sprint(append([]proof.Hash{}, want...)) {
				t.Fatalf("command %d of %d: another path than the naive one", sequence, size)
			}
		}
	}
}

func (p past) leaves(size int) []proof.Hash {
	leaves := make([]proof.Hash, size)
	for i := range leaves {
		leaves[i] = proof.Leaf(record(i), result(i))
	}
	return leaves
}

func TestEveryCheckpointExtendsEveryOlderOne(t *testing.T) {
	p := newPast(t)
	for to := 1; to <= commands; to += 3 {
		for from := 1; from <= to; from++ {
			older, newer, err := proof.CheckExtension(p.extend(t, from, to), p.key.Public())
			if err != nil || older.Size != uint64(from) || newer.Size != uint64(to) {
				t.Fatalf("%d to %d: %+v, %+v, %v", from, to, older, newer, err)
			}
		}
	}
}

func TestProveRefuses(t *testing.T) {
	p := newPast(t)
	damaged := slices.Clone(p.storage)
	damaged[0][0] ^= 1
	for _, c := range []struct {
		name       string
		sequence   uint64
		record     []byte
		checkpoint []byte
		storage    stored
		says       string
	}{
		{"command 0", 0, record(0), p.checkpoints[10], p.storage, "covers 1 to 10"},
		{"a command after the checkpoint", 11, record(10), p.checkpoints[10], p.storage, "wait for the next one"},
		{"another command's bytes", 5, record(3), p.checkpoints[10], p.storage, "don't lead to the root"},
		{"damaged storage", 2, record(1), p.checkpoints[10], damaged, "don't lead to the root"},
		{"storage cut short", 2, record(1), p.checkpoints[10], p.storage[:5], "no hash"},
		{"no checkpoint", 2, record(1), []byte("none"), p.storage, "malformed"},
	} {
		_, err := proof.Prove(c.sequence, c.record, result(int(c.sequence)-1), c.checkpoint, c.storage)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.says)
		}
	}
}

// Whatever one byte of a document becomes, it is no longer proof of anything.
func TestEveryByteOfAProofCounts(t *testing.T) {
	p := newPast(t)
	witness := witnessKey(t)
	var err error
	if p.checkpoints[77], err = witness.Cosign(p.checkpoints[77], p.key.Public()); err != nil {
		t.Fatal(err)
	}
	check := func(document []byte) error {
		made, err := proof.ParseProof(document)
		if err != nil {
			return err
		}
		s, err := proof.CheckProof(made, p.key.Public(), witness.Public())
		if err == nil && len(s.Witnesses) != 1 {
			return errors.New("the witness is gone")
		}
		return err
	}
	tamper(t, p.prove(t, 34, 77).Text(), check)
}

func TestEveryByteOfAnExtensionCounts(t *testing.T) {
	p := newPast(t)
	check := func(document []byte) error {
		made, err := proof.ParseExtension(document)
		if err != nil {
			return err
		}
		_, _, err = proof.CheckExtension(made, p.key.Public())
		return err
	}
	tamper(t, p.extend(t, 35, 77).Text(), check)
}

// tamper changes, drops, doubles and swaps bytes of a document that is right.
func tamper(t *testing.T, document []byte, check func([]byte) error) {
	t.Helper()
	if err := check(document); err != nil {
		t.Fatal(err)
	}
	for at := range document {
		b := bytes.Clone(document)
		b[at] ^= 1 << (at % 8)
		if check(b) == nil {
			t.Errorf("byte %d was changed and nobody noticed", at)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(document)-1).Draw(t, "at")
		b := bytes.Clone(document)
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			b[at] = rapid.Byte().Draw(t, "byte")
		case 1:
			b = slices.Delete(b, at, at+1)
		case 2:
			b = slices.Insert(b, at, rapid.Byte().Draw(t, "byte"))
		case 3:
			other := rapid.IntRange(0, len(document)-1).Draw(t, "other")
			b[at], b[other] = b[other], b[at]
		}
		if !bytes.Equal(b, document) && check(b) == nil {
			t.Fatalf("changed at %d and nobody noticed:\n%s", at, b)
		}
	})
}

func TestAProofIsOfItsPlaceOnly(t *testing.T) {
	p := newPast(t)
	for name, change := range map[string]func(*proof.Proof){
		"another sequence":      func(x *proof.Proof) { x.Sequence++ },
		"sequence 0":            func(x *proof.Proof) { x.Sequence = 0 },
		"beyond the checkpoint": func(x *proof.Proof) { x.Sequence = 78 },
		"the largest number":    func(x *proof.Proof) { x.Sequence = 1<<64 - 1 },
		"another result":        func(x *proof.Proof) { x.Result = result(5) },
		"a moved boundary":      func(x *proof.Proof) { x.Record, x.Result = x.Record[:3], append(x.Record[3:], x.Result...) },
		"another checkpoint":    func(x *proof.Proof) { x.Checkpoint = string(p.checkpoints[78]) },
		"a shorter path":        func(x *proof.Proof) { x.Path = x.Path[1:] },
		"a longer path":         func(x *proof.Proof) { x.Path = append(x.Path, proof.Hash{}) },
		"no path":               func(x *proof.Proof) { x.Path = nil },
	} {
		made := p.prove(t, 34, 77)
		change(&made)
		if _, err := proof.CheckProof(made, p.key.Public()); !errors.Is(err, proof.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnExtensionIsRefused(t *testing.T) {
	p := newPast(t)
	otherLedger := func(c *proof.Checkpoint) { c.Ledger[0]++ }
	for _, c := range []struct {
		name   string
		change func(older, newer *proof.Checkpoint)
		sizes  [2]int
	}{
		{"a shorter past", func(older, newer *proof.Checkpoint) { newer.Size = older.Size - 1 }, [2]int{35, 77}},
		{"another past", func(older, _ *proof.Checkpoint) { older.Root[0] ^= 1 }, [2]int{35, 77}},
		{"another future", func(_, newer *proof.Checkpoint) { newer.Root[0] ^= 1 }, [2]int{35, 77}},
		{"a time that went back", func(_, newer *proof.Checkpoint) { newer.Time = 1 }, [2]int{35, 77}},
		{"an epoch that went back", func(_, newer *proof.Checkpoint) { newer.Epoch = 1 }, [2]int{35, 77}},
		{"an engine that went back", func(_, newer *proof.Checkpoint) { newer.Engine = 0 }, [2]int{35, 77}},
		{"another clock", func(_, newer *proof.Checkpoint) { newer.Simulated = true }, [2]int{35, 77}},
		{"two states at one size", func(_, newer *proof.Checkpoint) { newer.State[5] ^= 1 }, [2]int{77, 77}},
		{"two roots at one size", func(_, newer *proof.Checkpoint) { newer.Root[5] ^= 1 }, [2]int{77, 77}},
		{"nothing changed", func(_, _ *proof.Checkpoint) {}, [2]int{77, 77}},
	} {
		made := p.extend(t, c.sizes[0], c.sizes[1])
		older, newer := p.open(t, c.sizes[0]), p.open(t, c.sizes[1])
		c.change(&older, &newer)
		made.Old, made.New = string(sign(t, older)), string(sign(t, newer))
		_, _, err := proof.CheckExtension(made, p.key.Public())
		if fine := c.name == "nothing changed"; fine != (err == nil) || !fine && !errors.Is(err, proof.ErrMismatch) {
			t.Errorf("%s: %v", c.name, err)
		}
	}

	foreign := p.open(t, 77)
	otherLedger(&foreign)
	signed, err := key(t, proof.Origin(foreign.Ledger), 1).Sign(foreign)
	if err != nil {
		t.Fatal(err)
	}
	made := p.extend(t, 35, 77)
	made.New = string(signed)
	if _, _, err := proof.CheckExtension(made, p.key.Public()); !errors.Is(err, proof.ErrSignature) {
		t.Errorf("a checkpoint of another ledger: %v", err)
	}
	if _, err := proof.ProveExtension(p.checkpoints[77], p.checkpoints[35], p.storage); err == nil || !strings.Contains(err.Error(), "swap") {
		t.Errorf("the wrong way round: %v", err)
	}
	if _, err := proof.ProveExtension(p.checkpoints[35], signed, p.storage); !errors.Is(err, proof.ErrMismatch) {
		t.Errorf("proving with another ledger's checkpoint: %v", err)
	}
}

func (p past) open(t *testing.T, size int) proof.Checkpoint {
	t.Helper()
	s, err := proof.Open(p.checkpoints[size], p.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return s.Checkpoint
}

func TestDocumentsInBothForms(t *testing.T) {
	p := newPast(t)
	for _, size := range []int{1, 2, 77} {
		made := p.prove(t, 1, size)
		asJSON, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range [][]byte{made.Text(), asJSON} {
			back, err := proof.ParseProof(document)
			if err != nil || fmt.Sprint(back) != fmt.Sprint(made) {
				t.Errorf("%s\nwas read as %+v, %v", document, back, err)
			}
		}
		extended := p.extend(t, 1, size)
		if asJSON, err = json.Marshal(extended); err != nil {
			t.Fatal(err)
		}
		for _, document := range [][]byte{extended.Text(), asJSON} {
			back, err := proof.ParseExtension(document)
			if err != nil || fmt.Sprint(back) != fmt.Sprint(extended) {
				t.Errorf("%s\nwas read as %+v, %v", document, back, err)
			}
		}
	}
}

func TestDocumentsAreRefused(t *testing.T) {
	p := newPast(t)
	text := string(p.prove(t, 34, 77).Text())
	extension := string(p.extend(t, 35, 77).Text())
	swap := func(s, old, new string) string { return strings.Replace(s, old, new, 1) }
	for name, document := range map[string]string{
		"nothing":                "",
		"one line":               "longmen proof 1",
		"another version":        swap(text, "proof 1", "proof 2"),
		"a long path":            swap(text, "path 7", "path 65"),
		"an endless path":        swap(text, "path 7", "path 18446744073709551615"),
		"a number with a zero":   swap(text, "sequence 34", "sequence 034"),
		"lines cut off":          text[:40],
		"JSON of another kind":   `{"old":""}`,
		"JSON and more":          `{"sequence":1} {}`,
		"JSON cut off":           `{"sequence":1`,
		"an extension":           extension,
		"JSON with a long path":  `{"path":["` + strings.Repeat(`AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","`, 64) + `AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}`,
		"JSON with a large part": `{"record":"` + strings.Repeat("AAAA", 3<<20) + `"}`,
		"far too long":           strings.Repeat("a", 25<<20),
	} {
		if made, err := proof.ParseProof([]byte(document)); !errors.Is(err, proof.ErrMalformed) {
			t.Errorf("%s: read %+v, %v", name, made, err)
		}
	}
	for name, document := range map[string]string{
		"a proof":           text,
		"a length too long": swap(extension, "\nold ", "\nold 9"),
		"a length too huge": swap(extension, "\nold ", "\nold 9999999999999"),
	} {
		if made, err := proof.ParseExtension([]byte(document)); !errors.Is(err, proof.ErrMalformed) {
			t.Errorf("%s: read %+v, %v", name, made, err)
		}
	}
}

func FuzzParseProof(f *testing.F) {
	p := newPast(f)
	made := p.prove(f, 34, 77)
	asJSON, err := json.Marshal(made)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made.Text())
	f.Add(asJSON)
	f.Fuzz(func(t *testing.T, document []byte) {
		got, err := proof.ParseProof(document)
		if err != nil {
			return
		}
		if _, err := proof.CheckProof(got, p.key.Public()); err != nil {
			return
		}
		// What passes the check says what was proved; JSON may only write it in another way.
		if got.Sequence != made.Sequence || !bytes.Equal(got.Record, made.Record) || !bytes.Equal(got.Result, made.Result) {
			t.Errorf("proved what never was: %+v", got)
		}
	})
}

func FuzzParseExtension(f *testing.F) {
	p := newPast(f)
	made := p.extend(f, 35, 77)
	asJSON, err := json.Marshal(made)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made.Text())
	f.Add(asJSON)
	f.Fuzz(func(t *testing.T, document []byte) {
		got, err := proof.ParseExtension(document)
		if err != nil {
			return
		}
		older, newer, err := proof.CheckExtension(got, p.key.Public())
		if err == nil && (older.Size > newer.Size || older.Root == newer.Root && older.Size != newer.Size) {
			t.Errorf("proved what never was: %+v", got)
		}
	})
}
