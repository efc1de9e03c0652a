package audit_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/store"
)

// alone takes everything away but the journal.
func (b *book) alone(t testing.TB) *book {
	t.Helper()
	for _, name := range []string{"checkpoints", "keys", "snapshots", "history.db"} {
		if err := os.RemoveAll(b.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// What is proved depends on what is kept elsewhere.
func TestWhatIsProved(t *testing.T) {
	b := copyBook(t).alone(t)
	l, size := b.ids["main"], b.sizes["main"]
	notes, key := b.notes["main"], b.keys["main"]
	newest := notes[len(notes)-1]
	with := func(keys []string, notes ...[]byte) func(*audit.Options) {
		return func(o *audit.Options) {
			o.Keys, o.Ledger = keys, "main"
			for i, n := range notes {
				o.Given = append(o.Given, audit.Given{Name: fmt.Sprintf("note %d", i), Note: n})
			}
		}
	}
	proved := func(set func(*audit.Options)) string {
		r, err := verify(t, b, set)
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, p := range r.Ledgers[0].Proved {
			list = append(list, fmt.Sprintf("%s (%d)", p.Proven, p.Size))
		}
		for _, f := range r.Ledgers[0].Findings {
			list = append(list, "wrong: "+f.What)
		}
		return strings.Join(list, ", ")
	}
	old, err := proof.Peek(notes[0])
	if err != nil {
		t.Fatal(err)
	}
	itself := fmt.Sprintf("consistent in itself (%d)", size)
	for name, test := range map[string]struct {
		set  func(*audit.Options)
		want string
	}{
		"nothing":         {with(nil), itself},
		"newest":          {with([]string{key}, newest), itself + fmt.Sprintf(", equal to the checkpoint (%d)", size)},
		"older":           {with([]string{key}, notes[0]), itself + fmt.Sprintf(", extends the older checkpoint (%d)", old.Size)},
		"both":            {with([]string{key}, newest, notes[0]), itself + fmt.Sprintf(", extends the older checkpoint (%d), equal to the checkpoint (%d)", old.Size, size)},
		"no key":          {with(nil, newest), "there is no public key"},
		"another's key":   {with([]string{b.keys["plan"]}, newest), "there is no public key"},
		"no checkpoint":   {with([]string{key}, []byte("hello")), "malformed"},
		"not signed":      {with([]string{key}, []byte(strings.Replace(string(newest), "clock real", "clock simulated", 1))), "not signed"},
		"a wrong key":     {with([]string{"hello"}), "malformed"},
		"two keys, twice": {with([]string{b.keys["plan"], key}, newest, newest), ", equal to the checkpoint (96), equal to the checkpoint (96)"},
	} {
		if got := proved(test.set); !strings.Contains(got, test.want) || strings.HasPrefix(test.want, itself) && got != test.want {
			t.Errorf("%s: %s\nwant %s", name, got, test.want)
		}
	}

	// The end is cut off and nothing in the folder tells: only a checkpoint kept elsewhere does, or the copy's list.
	b.spoil(t, "journal.db", run("DELETE FROM journal WHERE ledger = ? AND sequence > 50", l[:]))
	if got := proved(with([]string{key})); !strings.HasPrefix(got, "consistent in itself (5") {
		t.Errorf("cut: %s", got)
	}
	if got := proved(with([]string{key}, newest)); !strings.Contains(got, "wrong: checkpoint note 0 covers 96 commands, the journal ends with command 5") {
		t.Errorf("cut, with a checkpoint: %s", got)
	}
	if got := proved(func(o *audit.Options) { o.Ends = []audit.End{{Ledger: l, Sequence: size}} }); !strings.Contains(got, "wrong: the copy's list says") {
		t.Errorf("cut, with a list: %s", got)
	}
	if _, err := verify(t, b, func(o *audit.Options) { o.Ledger = "other" }); !errors.Is(err, audit.ErrNoLedger) {
		t.Errorf("another ledger: %v", err)
	}
}

// Who can write the journal and has no key can change it so that it is consistent in itself, and no further.
func TestJournalWrittenAnew(t *testing.T) {
	b := copyBook(t)
	l, key, notes := b.ids["main"], b.keys["main"], b.notes["main"]
	b.spoil(t, "journal.db", both(changeBytes(l, 6, true, changeAmount), rechain(l)))
	r, err := verify(t, b, nil)
	if err != nil || r.Truth || !(want{audit.PartJournal, 0, "the difference lies anywhere before"}).in(r) {
		t.Errorf("with the checkpoints: %v\n%s", err, show(t, r))
	}
	if remarks := strings.Join(r.Ledgers[0].Remarks, " "); !strings.Contains(remarks, "history tells first of command 6 otherwise") {
		t.Errorf("history should name the command: %s", remarks)
	}
	b.alone(t)
	if r, err = verify(t, b, nil); err != nil || !r.Sound {
		t.Errorf("alone: %v\n%s", err, show(t, r))
	}
	given := func(o *audit.Options) {
		o.Keys, o.Given = []string{key}, []audit.Given{{Name: "mine", Note: notes[0]}}
	}
	if r, err = verify(t, b, given); err != nil || !(want{audit.PartJournal, 0, "checkpoint mine was signed for"}).in(r) {
		t.Errorf("with a checkpoint kept elsewhere: %v\n%s", err, show(t, r))
	}
}

// What a command that undoes was told of the past is compared with what happened, byte for byte.
func TestUndoingWasToldTheTruth(t *testing.T) {
	l := copyBook(t).ids["main"]
	type place struct{ row, at, length int }
	var places []place
	eachRecord(t, copyBook(t), l, func(row, at int, record []byte) {
		r, err := ledger.DecodeRecord(record)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(r.Attachment); n > 0 {
			places = append(places, place{row, at + len(record) - n, n})
		}
	})
	if len(places) < 5 {
		t.Fatalf("%d commands have an attachment, the story should have more", len(places))
	}
	for _, p := range places {
		for i := 0; i < p.length; i += 1 + p.length/40 {
			b := copyBook(t).alone(t)
			b.spoil(t, "journal.db", both(changeBytes(l, uint64(p.row), true, flip(p.at+i)), rechain(l)))
			if r, err := verify(t, b, nil); err != nil || r.Sound {
				t.Errorf("row %d, byte %d of what is attached: %v\n%s", p.row, i, err, show(t, r))
			}
		}
	}
}

// eachRecord calls f with every command's record, its row and its place there.
func eachRecord(t testing.TB, b *book, l ledger.ID, f func(row, at int, record []byte)) {
	t.Helper()
	ctx := context.Background()
	db, err := store.OpenReadOnly(ctx, b.path("journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	for g, err := range j.Read(ctx, l, 1) {
		if err != nil {
			t.Fatal(err)
		}
		at := 91
		for _, record := range g.Records() {
			if n := binary.LittleEndian.Uint32(g.Bytes()[at:]); int(n) != len(record) {
				t.Fatal("the place of a record is not known")
			}
			f(int(g.First), at+4, record)
			at += 4 + len(record)
		}
	}
	if err := errors.Join(j.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// A proof made by the node is checked with the public key alone, and any change of it is found.
func TestProofsEndToEnd(t *testing.T) {
	b := copyBook(t)
	ctx := context.Background()
	l, key := b.ids["main"], b.keys["main"]
	db, err := store.OpenReadOnly(ctx, b.path("history.db"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Open(ctx, db, l, nil, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(h.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	notes := b.notes["main"]
	newest := notes[len(notes)-1]
	sequence := uint64(0)
	eachRecord(t, b, l, func(_, _ int, record []byte) {
		sequence++
		result, _, err := h.ResultBytes(ctx, sequence)
		if err != nil {
			t.Fatal(err)
		}
		p, err := proof.Prove(sequence, record, result, newest, node.Hashes{History: h})
		if err != nil {
			t.Fatal(err)
		}
		text := p.Text()
		read, err := proof.ParseProof(text)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := proof.CheckProof(read, key); err != nil || s.Size != b.sizes["main"] {
			t.Fatalf("command %d: %v", sequence, err)
		}
		if _, err := proof.CheckProof(read, b.keys["plan"]); err == nil {
			t.Fatalf("command %d: another ledger's key will do", sequence)
		}
		for at := int(sequence) % 7; at < len(text); at += 7 {
			changed := append([]byte(nil), text...)
			changed[at] ^= 1
			p, err := proof.ParseProof(changed)
			if err == nil {
				_, err = proof.CheckProof(p, key)
			}
			if err == nil {
				t.Fatalf("command %d: byte %d of its proof was changed and nobody sees it", sequence, at)
			}
		}
	})
	x, err := proof.ProveExtension(notes[0], newest, node.Hashes{History: h})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := proof.CheckExtension(x, key); err != nil {
		t.Fatal(err)
	}
}
