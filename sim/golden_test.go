package sim

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
)

var record = flag.Uint64("record", 0, "keep the story of this seed as a golden journal, if there is none yet")

// goldenCommands is how long the recorded stories are.
const goldenCommands = 300

// A golden journal is what a program once wrote: <name>.journal has its groups, each after its length (u32),
// <name>.digests what came of them. They are never written again: whatever the program becomes, it must replay them to the
// same state, and to the same results, by the root of their tree.
func TestGoldenJournalsReplay(t *testing.T) {
	if *record != 0 {
		recordGolden(t, *record)
	}
	files, err := filepath.Glob("testdata/*.journal")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d golden journals: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".journal")
		t.Run(filepath.Base(name), func(t *testing.T) {
			got, want := replayGolden(t, file), string(read(t, name+".digests"))
			if got != want {
				t.Errorf("%s replays to\n%s\nwant\n%s", file, got, want)
			}
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// replayGolden tells the state digest after each group and the root of the tree in the end.
func replayGolden(t *testing.T, file string) string {
	engine, tree, fx, decoder := ledger.NewEngine(), proof.Tree{}, ledger.Effects{}, newPlay(false)
	var told strings.Builder
	for rest := read(t, file); len(rest) > 0; {
		n := binary.LittleEndian.Uint32(rest)
		group, err := journal.Decode(rest[4 : 4+n])
		if err != nil {
			t.Fatal(err)
		}
		rest = rest[4+n:]
		for sequence, raw := range group.Records() {
			command, past := decoder.decode(raw)
			res := engine.Apply(sequence, ledger.Instant(group.Timestamp), ledger.Date(group.BookingDate), command, past, &fx)
			tree.Append(nil, proof.Leaf(raw, ledger.AppendResult(nil, &res)))
		}
		fmt.Fprintf(&told, "%d %x\n", group.Next()-1, engine.Digest())
	}
	if err := engine.CheckSums(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&told, "root %s\n", tree.Root())
	return told.String()
}

func recordGolden(t *testing.T, seed uint64) {
	p, _, failure := direct(seed, goldenCommands, false)
	if failure != nil {
		t.Fatal(failure)
	}
	name := fmt.Sprintf("testdata/version-%d-seed-%d", ledger.Version, seed)
	if _, err := os.Stat(name + ".journal"); !os.IsNotExist(err) {
		t.Fatalf("%s.journal is there: golden journals are never written again (%v)", name, err)
	}
	rows, err := p.store.Page(t.Context(), p.listed.ID, 1, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, row := range rows {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(row.Bytes))), row.Bytes...)
	}
	write(t, name+".journal", b)
	write(t, name+".digests", []byte(replayGolden(t, name+".journal")))
}

func write(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, fs.FileMode(0o644)); err != nil {
		t.Fatal(err)
	}
}
