package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// compareWorld replays a world's groups and compares them with what is stored.
func compareWorld(w *world, db *store.DB, s sizes) (found []Difference, err error) {
	ctx := context.Background()
	c, err := compareWith(ctx, db, w.id, s)
	if err != nil {
		return nil, damagedFile(err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	e, fx := ledger.NewEngine(), ledger.Effects{}
	for i := range w.groups {
		g := &w.groups[i]
		c.Begin(g.group)
		for i, command := range g.commands {
			sequence := g.group.First + uint64(i)
			res := e.Apply(sequence, g.group.Timestamp, g.group.Date, command, g.pasts[i], &fx)
			c.Add(w.records[sequence-1], &res, ledger.AppendResult(nil, &res), &fx)
			CompareHashes(c, worldHashes(sequence))
		}
		list, err := c.End(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	list, err := c.Finish(ctx)
	if err == nil && len(found)+len(list) == 0 && c.Position() == w.position() {
		for _, b := range e.TrialBalance() {
			if debits, credits := c.Sums(b.Number); debits != b.Debits || credits != b.Credits {
				return nil, fmt.Errorf("bucket %d: the sums are not those of the engine", b.Number)
			}
		}
	}
	return append(found, list...), err
}

func worldHashes(sequence uint64) [][32]byte {
	return [][32]byte{{byte(sequence), 7}, {byte(sequence), 1}}[:1+sequence%2]
}

func TestCompareFindsNothingWrongInASoundHistory(t *testing.T) {
	each(t, func(t *testing.T, dbs []*store.DB) {
		for seed := range uint64(4) {
			w := newWorld(t, 100+seed, dbs...)
			for range 80 {
				w.step()
			}
			sizes := []sizes{w.histories[0].sizes, w.histories[1].sizes}
			w.close()
			for i, db := range dbs {
				if found, err := compareWorld(w, db, sizes[i]); err != nil || len(found) > 0 {
					t.Fatalf("seed %d, history %d: %v, %v", seed, i, found, err)
				}
			}
			// What a node has added meanwhile is no difference, nor what history does not have yet.
			for range 10 {
				w.at = w.at.AddDate(0, 0, 1)
				g := worldGroup{commands: []*ledger.Command{w.command(&ledger.Transfer{
					Debit: "bank", Credit: w.anybody(), Mode: ledger.Exact, Amount: 5,
				})}, group: w.stamp(), pasts: []*ledger.Past{nil}}
				w.groups = append(w.groups, g)
				w.apply(&g, w.engine, &w.fx, true, nil)
			}
			if found, err := compareWorld(w, dbs[0], sizes[0]); err != nil || len(found) > 0 {
				t.Fatalf("seed %d, behind: %v, %v", seed, found, err)
			}
		}
	})
}

// damages gives statements that each spoil one row of a table.
func damages(t *table) (list []string) {
	keys := t.ints
	switch t.name {
	case "history_reference":
		keys = []string{"ledger", "type", "sequence", "value"}
	case "history_crowd":
		keys = []string{"place", "rest"}
	}
	key := strings.Join(keys, " || '/' || ")
	columns := strings.Join(append(slices.Clone(t.ints), t.blobs...), ", ")
	where := fmt.Sprintf("%s = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET (SELECT count(*) / 2 FROM %s))",
		key, key, t.name, strings.Join(keys, ", "), t.name)
	for _, c := range t.ints {
		list = append(list, fmt.Sprintf("UPDATE OR IGNORE %s SET %s = %s + 1 WHERE %s", t.name, c, c, where))
	}
	for _, c := range t.blobs {
		for _, at := range []string{"1", "1 + length(" + c + ") / 2"} {
			flipped := fmt.Sprintf("substr(%s, 1, %s - 1) || CASE substr(%s, %s, 1) WHEN x'55' THEN x'54' ELSE x'55' END || substr(%s, %s + 1)",
				c, at, c, at, c, at)
			list = append(list, fmt.Sprintf("UPDATE %s SET %s = CAST(%s AS BLOB) WHERE %s AND length(%s) > 0", t.name, c, flipped, where, c))
		}
		list = append(list, fmt.Sprintf("UPDATE %s SET %s = substr(%s, 1, length(%s) - 1) WHERE %s AND length(%s) > 0", t.name, c, c, c, where, c),
			fmt.Sprintf("UPDATE %s SET %s = CAST(%s || x'00' AS BLOB) WHERE %s", t.name, c, c, where))
	}
	last := t.ints[len(t.ints)-1]
	doubled := strings.Replace(columns, last, last+" + 7777", 1)
	list = append(list, fmt.Sprintf("INSERT OR IGNORE INTO %s (%s) SELECT %s FROM %s WHERE %s", t.name, columns, doubled, t.name, where))
	if t.name != "history_fold" { // whose rows only save work
		list = append(list, fmt.Sprintf("DELETE FROM %s WHERE %s", t.name, where))
	}
	return list
}

// Whatever is changed in a row, added or taken away is found.
func TestCompareFindsEveryDamage(t *testing.T) {
	db := storetest.SQLite(t)
	w := newWorld(t, 14, db)
	for range 90 {
		w.step()
	}
	all := append(slices.Clone(tables[:]), table{name: "history_ledger", ints: []string{"number", "position"}, blobs: []string{"id", "state"}})
	w.spoil(db, slices.DeleteFunc(all, func(t table) bool { return t.name == "history_ahead" || t.name == "history_crowd" }))
}

// Some rows there are only of large registers and of many ids within one millisecond.
func TestCompareFindsDamageOfLargeThings(t *testing.T) {
	db := storetest.SQLite(t)
	w := newWorld(t, 8, db)
	var open, issue []ledger.Operation
	for i := range segmentSize + 10 {
		address := fmt.Sprintf("h:%d", i)
		open = append(open, &ledger.OpenAccount{
			Address: address, Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 1, Constraint: ledger.Nonnegative,
		})
		issue = append(issue, &ledger.Issue{Register: "r:0", Account: address, Units: uint64(1 + i%3)})
	}
	w.group(w.command(open...))
	w.group(w.command(issue...))
	w.group(w.command(&ledger.Distribute{Register: "r:0", Payer: "bank", Amounts: []int64{12345}}))
	for range 4 {
		var list []*ledger.Command
		for range 400 {
			c := w.command(&ledger.Transfer{Debit: "bank", Credit: w.anybody(), Mode: ledger.Exact, Amount: 1})
			copy(c.ID[:6], w.id[:6])
			list = append(list, c)
		}
		w.group(list...)
		if err := w.first().Wait(t.Context(), w.position()); err != nil {
			t.Fatal(err)
		}
	}
	w.spoil(db, []table{tables[tableAhead], tables[tableCrowd]})
}

// spoil makes every damage of some tables, one at a time.
func (w *world) spoil(db *store.DB, list []table) {
	t, s := w.t, w.first().sizes
	w.close()
	if found, err := compareWorld(w, db, s); err != nil || len(found) > 0 {
		t.Fatalf("before: %v, %v", found, err)
	}
	change := func(query string) (changed int64) {
		result, err := db.Writer().Exec(query)
		if err == nil {
			changed, err = result.RowsAffected()
		}
		if err != nil && !strings.Contains(err.Error(), "constraint failed") {
			t.Fatalf("%s: %v", query, err)
		}
		return changed
	}
	change("PRAGMA synchronous = OFF")
	for i := range list {
		name, spoiled := list[i].name, 0
		change("CREATE TABLE kept AS SELECT * FROM " + name)
		for _, query := range damages(&list[i]) {
			if change(query) == 0 {
				continue
			}
			spoiled++
			if found, err := compareWorld(w, db, s); len(found) == 0 && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: nothing was found (%v)", query, err)
			}
			change("DELETE FROM " + name)
			change("INSERT INTO " + name + " SELECT * FROM kept")
		}
		change("DROP TABLE kept")
		if spoiled < 3 {
			t.Errorf("%s: only %d damages were made", name, spoiled)
		}
	}
}

// What is said of a block of entries names the command of its first record, and one that can't be read is damage, whatever
// its checksum.
func TestCompareNamesTheCommandOfALostBlock(t *testing.T) {
	db := storetest.SQLite(t)
	w := newWorld(t, 10, db)
	for range 60 {
		w.step()
	}
	s := w.first().sizes
	w.close()
	var place int64
	var data []byte
	if err := db.Writer().QueryRow("SELECT place, data FROM history_entry ORDER BY place LIMIT 1").Scan(&place, &data); err != nil {
		t.Fatal(err)
	}
	first, _ := unpackEntries(data[:len(data)-sealSize])
	longer := append(bytes.Clone(data[:len(data)-sealSize]), 1, 2, 3)
	store := func(data []byte) {
		must(db.Writer().Exec("UPDATE history_entry SET data = ? WHERE place = ?", data, place))
	}
	for _, c := range []struct {
		says  string
		spoil func()
	}{
		{"can't be read, though its checksum is right", func() { store(seal(place, longer)) }},
		{"the checksum of row", func() { store(seal(place+1, bytes.Clone(data[:len(data)-sealSize]))) }},
		{"", func() { must(db.Writer().Exec("DELETE FROM history_entry WHERE place = ?", place)) }},
	} {
		c.spoil()
		found, err := compareWorld(w, db, s)
		if err != nil || len(found) == 0 || found[0].Sequence != le.Uint64(first[16:]) || !strings.Contains(found[0].What, c.says) {
			t.Errorf("want sequence %d and %q: %v, %v", le.Uint64(first[16:]), c.says, found, err)
		}
	}
}

// Blocks of entries that an older program stored, unpacked, are read, compared and gone on from like any others.
func TestBlocksOfOlderPrograms(t *testing.T) {
	db := storetest.SQLite(t)
	w := newWorld(t, 9, db)
	for range 60 {
		w.step()
	}
	s := w.first().sizes
	w.close()
	old, packed := map[int64][]byte{}, 0
	rows := must(db.Writer().Query("SELECT place, data FROM history_entry"))
	for rows.Next() {
		var place int64
		var data []byte
		if err := rows.Scan(&place, &data); err != nil {
			t.Fatal(err)
		}
		stored := must(unseal("entry", place, data))
		records, _ := unpackEntries(stored)
		old[place] = seal(place, records)
		packed += len(records) - len(stored)
	}
	if err := rows.Err(); err != nil || len(old) == 0 || packed <= 0 {
		t.Fatalf("%d blocks, %d bytes spared: %v", len(old), packed, err)
	}
	for place, data := range old {
		must(db.Writer().Exec("UPDATE history_entry SET data = ? WHERE place = ?", data, place))
	}
	if found, err := compareWorld(w, db, s); err != nil || len(found) > 0 {
		t.Fatalf("%v, %v", found, err)
	}
	w.reopen(t)
	defer w.close()
	for range 10 {
		w.step()
	}
	w.check(t)
}
