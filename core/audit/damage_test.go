package audit_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// spoil runs SQL on a file of the book, whatever its triggers say.
func (b *book) spoil(t testing.TB, file string, f func(tx *sql.Tx) error) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+b.path(file)+"?_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, trigger := range []string{"journal_keeps", "journal_stays"} {
		if _, err := tx.Exec("DROP TRIGGER IF EXISTS " + trigger); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f(tx), tx.Commit(), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func run(query string, args ...any) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		result, err := tx.Exec(query, args...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%s: nothing was changed", query))
		}
		return nil
	}
}

// rowOf is the sequence at which the row begins that holds a command.
func rowOf(tx *sql.Tx, l ledger.ID, sequence uint64) (at int64, err error) {
	err = tx.QueryRow("SELECT max(sequence) FROM journal WHERE ledger = ? AND sequence <= ?", l[:], int64(sequence)).Scan(&at)
	return at, err
}

// changeBytes changes the bytes of a row, and what stands beside them if seal is set.
func changeBytes(l ledger.ID, sequence uint64, seal bool, change func([]byte) []byte) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		at, err := rowOf(tx, l, sequence)
		if err != nil {
			return err
		}
		var old []byte
		if err := tx.QueryRow("SELECT bytes FROM journal WHERE ledger = ? AND sequence = ?", l[:], at).Scan(&old); err != nil {
			return err
		}
		changed := change(bytes.Clone(old))
		if bytes.Equal(changed, old) {
			return errors.New("nothing was changed")
		}
		if _, err = tx.Exec("UPDATE journal SET bytes = ? WHERE ledger = ? AND sequence = ?", changed, l[:], at); err == nil && seal {
			hash := sha256.Sum256(changed)
			_, err = tx.Exec("UPDATE journal SET hash = ? WHERE ledger = ? AND sequence = ?", hash[:], l[:], at)
		}
		return err
	}
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte { b[at] ^= 1; return b }
}

// rechain makes the chain whole again after a row was changed: what somebody can do who has no key.
func rechain(l ledger.ID) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		rows, err := tx.Query("SELECT sequence, bytes FROM journal WHERE ledger = ? ORDER BY sequence", l[:])
		if err != nil {
			return err
		}
		var sequences []int64
		var list [][]byte
		for rows.Next() {
			var at int64
			var b []byte
			if err := rows.Scan(&at, &b); err != nil {
				return err
			}
			sequences, list = append(sequences, at), append(list, b)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		previous := [32]byte{}
		for i, b := range list {
			copy(b[59:91], previous[:])
			previous = sha256.Sum256(b)
			if _, err := tx.Exec("UPDATE journal SET bytes = ?, hash = ? WHERE ledger = ? AND sequence = ?", b, previous[:], l[:], sequences[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

func both(list ...func(*sql.Tx) error) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		for _, f := range list {
			if err := f(tx); err != nil {
				return err
			}
		}
		return nil
	}
}

// want is what a report must say of a damage.
type want struct {
	part     audit.Part
	sequence uint64 // 0: any
	what     string
}

func (w want) in(r *audit.Report) bool {
	for _, list := range append([][]audit.Finding{r.Findings}, findings(r)...) {
		for _, f := range list {
			if f.Part == w.part && (w.sequence == 0 || f.Sequence == w.sequence) && strings.Contains(f.What, w.what) && f.Do != "" {
				return true
			}
		}
	}
	return false
}

func findings(r *audit.Report) (all [][]audit.Finding) {
	for i := range r.Ledgers {
		all = append(all, r.Ledgers[i].Findings)
	}
	return all
}

func TestDamageOfTheJournal(t *testing.T) {
	b := copyBook(t)
	l, last := b.ids["main"], b.sizes["main"]
	middle := last / 2
	journal := func(sequence uint64, what string) want { return want{audit.PartJournal, sequence, what} }
	row := func(sequence uint64) (at uint64) {
		b.spoil(t, "journal.db", func(tx *sql.Tx) error {
			first, err := rowOf(tx, l, sequence)
			at = uint64(first)
			return err
		})
		return at
	}
	at, after, end := row(middle), uint64(0), row(last)
	for after = at + 1; row(after) == at; after++ {
	}
	update := func(set string) func(*sql.Tx) error {
		return run("UPDATE journal SET "+set+" WHERE ledger = ? AND sequence = ?", l[:], int64(at))
	}
	type damage struct {
		f    func(*sql.Tx) error
		want want
	}
	table := map[string]damage{
		"hash":            {update("hash = zeroblob(32)"), journal(at, "hash")},
		"epoch":           {update("epoch = epoch + 1"), journal(at, "epoch or count")},
		"count":           {update("count = count + 1"), journal(at, "epoch or count")},
		"sequence":        {update("sequence = sequence + 1000000"), journal(at, "missing")},
		"other ledger":    {update("ledger = zeroblob(16)"), journal(at, "missing")},
		"no bytes":        {update("bytes = zeroblob(0)"), journal(at, "hash")},
		"deleted":         {run("DELETE FROM journal WHERE ledger = ? AND sequence = ?", l[:], int64(at)), journal(at, "missing")},
		"first deleted":   {run("DELETE FROM journal WHERE ledger = ? AND sequence = 1", l[:]), journal(1, "missing")},
		"last deleted":    {run("DELETE FROM journal WHERE ledger = ? AND sequence = ?", l[:], int64(end)), journal(last, "its end is missing")},
		"end cut":         {run("DELETE FROM journal WHERE ledger = ? AND sequence >= ?", l[:], int64(at)), journal(0, "its end is missing")},
		"all deleted":     {run("DELETE FROM journal WHERE ledger = ?", l[:]), journal(0, "its end is missing")},
		"ledger unlisted": {run("DELETE FROM ledger WHERE id = ?", l[:]), journal(0, "not on the list")},
		"ledger gone": {
			both(run("DELETE FROM journal WHERE ledger = ?", l[:]), run("DELETE FROM ledger WHERE id = ?", l[:])),
			journal(0, "signed checkpoints and no journal"),
		},
		"doubled": {
			run(`INSERT INTO journal SELECT ledger, sequence + 1000000, epoch, count, hash, bytes FROM journal WHERE ledger = ? AND sequence = ?`, l[:], int64(at)),
			journal(last+1, "missing"),
		},
		"doubled at the end": {
			run(`INSERT INTO journal SELECT ledger, ?, epoch, count, hash, bytes FROM journal WHERE ledger = ? AND sequence = ?`, int64(last+1), l[:], int64(at)),
			journal(last+1, "those of sequence"),
		},
		"swapped": {swap(l, int64(at), int64(after)), journal(at, "those of sequence")},
		"cut bytes": {
			changeBytes(l, middle, false, func(b []byte) []byte { return b[:len(b)-1] }), journal(at, "hash"),
		},
		"cut and sealed": {
			changeBytes(l, middle, true, func(b []byte) []byte { return b[:len(b)-1] }), journal(at, "no group"),
		},
		"more bytes": {
			changeBytes(l, middle, true, func(b []byte) []byte { return append(b, 0) }), journal(at, "no group"),
		},
		"an amount, chained anew": {
			both(changeBytes(l, 6, true, changeAmount), rechain(l)), journal(0, "other results or commands"),
		},
	}
	// A command of old in a new row, which is right in all else.
	table["sequenced twice"] = damage{appendAgain(l, last, 4), want{audit.PartJournal, last + 1, "so has command 4"}}
	// Within a row of many commands history tells which one it was.
	table["one of thirty"] = damage{changeBytes(l, last, false, func(b []byte) []byte { b[len(b)-20] ^= 1; return b }), journal(last, "is not the one whose leaf")}
	for i := 0; i < 91+40; i += 3 {
		table[fmt.Sprintf("byte %d", i)] = damage{changeBytes(l, middle, false, flip(i)), journal(at, "hash")}
	}
	for name, test := range table {
		b := copyBook(t)
		b.spoil(t, "journal.db", test.f)
		r, err := verify(t, b, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if r.Sound || r.Truth || !test.want.in(r) {
			t.Errorf("%s: want %+v in\n%s", name, test.want, show(t, r))
		}
	}
}

// appendAgain appends a group with the command of an earlier sequence.
func appendAgain(l ledger.ID, last, earlier uint64) func(*sql.Tx) error {
	group := func(tx *sql.Tx, sequence uint64) (g journal.Group, err error) {
		at, err := rowOf(tx, l, sequence)
		if err != nil {
			return g, err
		}
		var bytes []byte
		if err := tx.QueryRow("SELECT bytes FROM journal WHERE ledger = ? AND sequence = ?", l[:], at).Scan(&bytes); err != nil {
			return g, err
		}
		return journal.Decode(bytes)
	}
	return func(tx *sql.Tx) error {
		old, err := group(tx, earlier)
		if err != nil {
			return err
		}
		end, err := group(tx, last)
		if err != nil {
			return err
		}
		var encoder journal.Encoder
		for sequence, record := range old.Records() {
			if sequence == earlier {
				err = encoder.Add(record)
			}
		}
		if err != nil {
			return err
		}
		header := end.Header
		header.First, header.Previous = last+1, end.Hash
		g, err := encoder.Finish(header)
		if err != nil {
			return err
		}
		_, err = tx.Exec("INSERT INTO journal (ledger, sequence, epoch, count, hash, bytes) VALUES (?, ?, ?, 1, ?, ?)",
			l[:], int64(g.First), int64(g.Epoch), g.Hash[:], g.Bytes())
		return err
	}
}

// changeAmount adds one to the amount of the first transfer of a group.
func changeAmount(b []byte) []byte {
	at := bytes.Index(b, []byte("bank"))
	amount := at + len("bank") + 1 + len(client(0))
	binary.LittleEndian.PutUint64(b[amount:], binary.LittleEndian.Uint64(b[amount:])+1)
	return b
}

func swap(l ledger.ID, a, c int64) func(*sql.Tx) error {
	move := func(from, to int64) func(*sql.Tx) error {
		return run("UPDATE journal SET sequence = ? WHERE ledger = ? AND sequence = ?", to, l[:], from)
	}
	return both(move(a, 1<<40), move(c, a), move(1<<40, c))
}

// A byte of the file is found, or it is one that says nothing.
func TestFlippedBytesOfTheJournalFile(t *testing.T) {
	flipFile(t, "journal.db", 60)
}

func flipFile(t *testing.T, name string, count int) {
	sound := copyBook(t)
	want, err := verify(t, sound, nil)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sound.path(name))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range count {
		b := copyBook(t)
		at := random.IntN(len(content))
		flipped := bytes.Clone(content)
		flipped[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(b.path(name), flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := verify(t, b, nil)
		switch {
		case err != nil || !r.Sound:
			found++
		case !reflect.DeepEqual(r, want):
			t.Errorf("byte %d: the report has changed and nothing is wrong:\n%s", at, show(t, r))
		}
	}
	t.Logf("%d of %d were found, the others say nothing", found, count)
}

func TestDamageOfCheckpoints(t *testing.T) {
	b := copyBook(t)
	l := b.ids["main"]
	log, key := filepath.Join("checkpoints", l.String()+".log"), filepath.Join("keys", l.String()+".pub")
	content, err := os.ReadFile(b.path(log))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(b.path("keys", b.ids["plan"].String()+".pub"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(content, []byte("\n"))
	replace := func(i int, with string) []byte {
		list := append([][]byte(nil), lines...)
		list[i] = []byte(with)
		return bytes.Join(list, nil)
	}
	checkpoint := func(what string) want { return want{audit.PartCheckpoint, 0, what} }
	for name, test := range map[string]struct {
		file    string
		content []byte
		want    want
	}{
		"size":           {log, replace(1, "31\n"), checkpoint("checkpoint 1, at byte 0")},
		"root":           {log, replace(2, string(lines[13+2])), checkpoint("checkpoint 1, at byte 0")},
		"signature":      {log, replace(9, string(lines[12+9])), checkpoint("checkpoint 1, at byte 0")},
		"number":         {log, replace(10, "--- 2 00000000\n"), checkpoint("it has the number 2")},
		"first deleted":  {log, bytes.Join(lines[11:], nil), checkpoint("it has the number 2")},
		"key of another": {key, other, want{audit.PartKey, 0, "it is the key of"}},
		"no key":         {key, nil, want{audit.PartKey, 0, "can't be used"}},
	} {
		b := copyBook(t)
		if err := os.WriteFile(b.path(test.file), test.content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := verify(t, b, nil)
		if err != nil || r.Sound || !test.want.in(r) {
			t.Errorf("%s: want %+v in\n%s\n%v", name, test.want, show(t, r), err)
		}
	}
	// A log that a crash has torn is sound up to there.
	if err := os.WriteFile(b.path(log), content[:len(content)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := verify(t, b, nil)
	if err != nil || !r.Sound || r.Ledgers[0].Unfinished == 0 {
		t.Errorf("torn: %v\n%s", err, show(t, r))
	}
}

func TestDamageOfSnapshots(t *testing.T) {
	b := copyBook(t)
	l := b.ids["main"]
	files, err := filepath.Glob(b.path("snapshots", l.String(), "*"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	newer, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]byte{
		"empty": nil, "cut": content[:len(content)-1], "another one": newer, "longer": append(bytes.Clone(content), content...),
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		at := random.IntN(len(content))
		flipped := bytes.Clone(content)
		flipped[at] ^= 1 << random.IntN(8)
		table[fmt.Sprintf("bit in byte %d", at)] = flipped
	}
	for name, damaged := range table {
		b := copyBook(t)
		if err := os.WriteFile(filepath.Join(b.folder, strings.TrimPrefix(files[0], sounder(files[0]))), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := verify(t, b, nil)
		if err != nil || r.Sound || !r.Truth || !(want{audit.PartSnapshot, 0, "snapshot"}).in(r) {
			t.Errorf("%s: %v\n%s", name, err, show(t, r))
		}
	}
}

// A snapshot of another version of the program is no damage: the node passes it over, and so does who verifies.
func TestSnapshotOfAnotherVersion(t *testing.T) {
	b := copyBook(t)
	files, err := filepath.Glob(b.path("snapshots", b.ids["main"].String(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	var head bytes.Buffer
	if err := gob.NewEncoder(&head).Encode(struct {
		Format  int
		Version uint16
	}{3, 1}); err != nil {
		t.Fatal(err)
	}
	old := binary.LittleEndian.AppendUint32([]byte{1, 0, 0, 0, 0}, uint32(head.Len()))
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	old = append(binary.LittleEndian.AppendUint32(old, crc32.Update(crc32.Checksum(old, castagnoli), castagnoli, head.Bytes())), head.Bytes()...)
	if err := os.WriteFile(filepath.Join(b.folder, strings.TrimPrefix(files[0], sounder(files[0]))), old, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := verify(t, b, nil)
	if err != nil || !r.Sound || !strings.Contains(strings.Join(r.Ledgers[0].Remarks, " "), "is passed over: snapshot is of format 3") {
		t.Errorf("%v\n%s", err, show(t, r))
	}
}

// sounder is the part of a path up to the book's folder.
func sounder(path string) string {
	return path[:strings.Index(path, string(filepath.Separator)+"snapshots")]
}

func TestDamageOfHistory(t *testing.T) {
	b := copyBook(t)
	number := 1
	if b.ids["main"].String() > b.ids["plan"].String() {
		number = 2
	}
	place := int64(number) << 49
	past := func(sequence uint64, what string) want { return want{audit.PartHistory, sequence, what} }
	flip := func(table string, at int64, offset int) func(*sql.Tx) error {
		return func(tx *sql.Tx) error {
			var data []byte
			if err := tx.QueryRow("SELECT data FROM "+table+" WHERE place = ?", at).Scan(&data); err != nil {
				return err
			}
			data[offset] ^= 4
			return run("UPDATE "+table+" SET data = ? WHERE place = ?", data, at)(tx)
		}
	}
	for name, test := range map[string]struct {
		f    func(*sql.Tx) error
		want want
	}{
		"command":          {flip("history_command", place, 40*64+3), past(41, "record 41")},
		"entry":            {flip("history_entry", place, 0), past(6, "history_entry: record 1 is not")}, // packed: those after it are others too
		"hash":             {flip("history_hash", place, 0), past(1, "history_hash: record 1")},
		"checksum":         {flip("history_hash", place, 128*32), past(0, "checksum")},
		"result":           {flip("history_group", place+4, 66), past(4, "the result of command 4")},
		"results deleted":  {run("DELETE FROM history_group WHERE place = ?", place+4), past(4, "row 4 is missing")},
		"payout":           {run("UPDATE history_payout SET ahead = zeroblob(length(ahead)) WHERE place = ?", place+2), past(0, "history_payout: row 2")},
		"change deleted":   {run("DELETE FROM history_holding WHERE change = 3"), past(0, "history_holding: rows of numbers 0 to 63")},
		"account":          {flip("history_account", place, 20), past(0, "history_account: account 2, fees,")},
		"ids deleted":      {run("DELETE FROM history_id WHERE place BETWEEN ? AND ?", place, place+1<<48), past(0, "history_id: rows of numbers 0 to 63")},
		"swapped":          {run("UPDATE history_group SET place = CASE place WHEN ? THEN ? ELSE ? END WHERE place IN (?, ?)", place+4, -1, place+4, place+4, -1), past(4, "missing")},
		"position":         {run("UPDATE history_ledger SET position = position - 1 WHERE number = ?", number), past(0, "position")},
		"state":            {run("UPDATE history_ledger SET state = zeroblob(92) WHERE number = ?", number), past(0, "checksum")},
		"an empty table":   {run("DELETE FROM history_timeline"), past(0, "history_timeline")},
		"a table is gone":  {func(tx *sql.Tx) error { _, err := tx.Exec("DROP TABLE history_chain"); return err }, past(0, "history_chain")},
		"ledger forgotten": {run("DELETE FROM history_ledger WHERE number = ?", number), want{}},
	} {
		b := copyBook(t)
		b.spoil(t, "history.db", test.f)
		r, err := verify(t, b, nil)
		if name == "ledger forgotten" { // then the node makes history anew
			if err != nil || !r.Sound || len(r.Ledgers[0].Remarks) < 2 {
				t.Errorf("%s: %v\n%s", name, err, show(t, r))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if r.Sound || !r.Truth || !test.want.in(r) {
			t.Errorf("%s: want %+v in\n%s", name, test.want, show(t, r))
		}
	}
}

func TestFlippedBytesOfTheHistoryFile(t *testing.T) {
	flipFile(t, "history.db", 40)
}
