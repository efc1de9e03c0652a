package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
	"github.com/longmen/longmen/store"
)

// Difference is one thing that is stored otherwise than a replay of the journal makes it.
type Difference struct {
	Sequence uint64 // of the command where it shows, 0 when it can't be told
	What     string
}

// Comparison compares the past that a replay makes, row by row, with the one that is stored. It is given the groups of
// the journal from the first one on, as a batch is, and changes nothing. It is for one goroutine.
//
// Rows in the order of the logs are compared on the way. For the others sums over all rows are compared at the end, a few
// dozen numbers together.
type Comparison struct {
	stored  *History // only number, database and reads: nothing is loaded
	at      state    // what the ledger's row says
	shadow  *History // in memory: what ought to be stored
	project *projector
	batch   *Batch
	taking  bool // the group that is being given is one that history has

	scans   map[int]*scan
	tallies map[int]*tally
	heads   *[]uint64 // newest entries by account where the stored ones stand
	found   []Difference
	beyond  []Difference // rows after the end, which a node may have added meanwhile
}

// compareBytes is about how much is compared at once.
const compareBytes = 1 << 20

// never is more than there will ever be.
const never = 1 << 62

// Compare begins a comparison with the history of a ledger; ErrNotFound means that there is none, ErrDamaged that it
// can't even be begun with.
func Compare(ctx context.Context, db *store.DB, id ledger.ID) (*Comparison, error) {
	c, err := compareWith(ctx, db, id, usualSizes)
	if err != nil {
		return nil, fmt.Errorf("compare history of ledger %v: %w", id, damagedFile(err))
	}
	return c, nil
}

// damagedFile tells a file that the database itself finds damaged, or where a table is gone, like other damage.
func damagedFile(err error) error {
	if !errors.Is(err, ErrDamaged) && (store.IsDamaged(err) || store.OutcomeOf(err) == store.Refused) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

func compareWith(ctx context.Context, db *store.DB, id ledger.ID, s sizes) (*Comparison, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "history", files); err != nil {
		return nil, err
	}
	c := &Comparison{
		stored: &History{db: db, id: id, reads: newReads(db), sizes: s}, scans: map[int]*scan{}, tallies: map[int]*tally{},
	}
	if err := c.open(ctx); err != nil {
		return nil, firstError(err, c.stored.reads.close())
	}
	s.heads, s.fold = never, never
	shadow := &History{
		number: c.stored.number, id: id, sizes: s, blocks: newCache[block, []byte](nil, 0), latest: numbers{},
	}
	c.shadow = shadow
	c.project = &projector{h: shadow, dirty: map[uint32]struct{}{}, folding: folding{counted: map[uint32]uint64{}}}
	for log := range c.project.logs {
		c.project.logs[log].log = log
	}
	c.project.plan.previous = map[uint32]uint64{}
	c.batch = shadow.Batch()
	for t := range tables {
		if order := orders[t]; order.keys > 0 {
			c.scans[t] = newScan(c.stored, t, order)
		} else if order.number >= 0 {
			c.tallies[t] = &tally{buckets: map[uint64]*tallied{}}
		}
	}
	return c, nil
}

// open reads the ledger's row.
func (c *Comparison) open(ctx context.Context) error {
	h := c.stored
	var position int64
	var data []byte
	found, err := h.reads.one(ctx, "SELECT number, position, state FROM history_ledger WHERE id = ?", []any{h.id[:]}, &h.number, &position, &data)
	if err != nil {
		return err
	}
	if !found {
		return ErrNotFound
	}
	if c.at, err = decodeState(h.place(0), data); err != nil {
		return err
	}
	if c.at.sequence != uint64(position) {
		return damaged("ledger", h.place(0), "position is %d, the state says %d", position, c.at.sequence)
	}
	return nil
}

// Position is the last sequence that history had when the comparison began.
func (c *Comparison) Position() uint64 { return c.at.sequence }

// Begin begins a group. What history does not have yet is not compared.
func (c *Comparison) Begin(g Group) {
	c.taking = g.First <= c.at.sequence && c.batch.Begin(g)
}

// Add adds the group's next command, as to a batch.
func (c *Comparison) Add(record []byte, res *ledger.Result, result []byte, fx *ledger.Effects) {
	if c.taking {
		c.batch.Add(record, res, result, fx)
	}
}

// CompareHashes adds the next stored hashes of the Merkle tree.
func CompareHashes[H ~[hashSize]byte](c *Comparison, hashes []H) {
	if c.taking {
		Hashes(c.batch, hashes)
	}
}

// End ends the group and tells what was found by now.
func (c *Comparison) End(ctx context.Context) ([]Difference, error) {
	if !c.taking {
		return nil, nil
	}
	c.batch.End()
	if c.batch.err != nil {
		return nil, c.batch.err
	}
	end := &c.shadow.produced
	if end.sequence > c.at.sequence {
		c.differ(c.at.sequence, "history ends with command %d, in the middle of a group", c.at.sequence)
	}
	headsHere := c.heads == nil && end.Entries >= c.at.heads
	if c.batch.Size() >= compareBytes || headsHere {
		if err := c.compare(ctx); err != nil {
			return nil, err
		}
	}
	if headsHere {
		c.keepHeads(end.Entries)
	}
	return c.take(), nil
}

// take gives what was found since it was asked last.
func (c *Comparison) take() []Difference {
	found := c.found
	c.found = nil
	return found
}

// mostFound bounds what is found: after so many it is clear.
const mostFound = 1000

func (c *Comparison) differ(sequence uint64, format string, args ...any) {
	if len(c.found) < mostFound {
		c.found = append(c.found, Difference{sequence, fmt.Sprintf(format, args...)})
	}
}

// compare makes the rows of the batch and compares them.
func (c *Comparison) compare(ctx context.Context) error {
	b, p := c.batch, c.project
	if b.from == b.to {
		return nil
	}
	next := p.state
	p.plan.reset()
	p.plan.logs, p.plan.accounts = p.logs, p.accounts
	p.addLogs(b)
	p.addNames(b)
	p.addGroups(b)
	p.addCommands(b, &next)
	p.addPayouts(b)
	p.addShifts(b, &next)
	next.tail = b.end
	p.addChanges([]*Batch{b})
	p.addIDs([]*Batch{b})
	if err := c.compareRows(ctx); err != nil {
		return err
	}
	number := p.firstCounts(b).Entries
	for e := range b.entries.records() {
		number++
		c.shadow.heads.slot(le.Uint32(e[72:])).Store(number)
	}
	p.state, p.logs, p.accounts = next, p.plan.logs, p.plan.accounts
	b.reset()
	return nil
}

// compareRows compares the rows in order and adds up the others.
func (c *Comparison) compareRows(ctx context.Context) error {
	for t := range tables {
		r := &c.project.plan.rows[t]
		if k := c.scans[t]; k != nil {
			if err := k.compare(ctx, c, r); err != nil {
				return err
			}
		}
		if t == tableID {
			c.addIDs(r)
		} else if s := c.tallies[t]; s != nil {
			c.addTally(t, s, r)
		}
	}
	return nil
}

// keepHeads keeps the newest entries of accounts where the stored ones stand.
func (c *Comparison) keepHeads(entries uint64) {
	list := make([]uint64, c.shadow.produced.accounts+1)
	for i := range list {
		list[i] = c.shadow.heads.at(uint32(i))
	}
	c.heads = &list
	if entries != c.at.heads {
		c.differ(c.shadow.produced.sequence, "the list of newest entries stands at entry %d, which ends no group", c.at.heads)
	}
}

// Sums are debits and credits of a bucket by what history keeps, to be compared with the trial balance.
func (c *Comparison) Sums(bucket uint32) (debits, credits share.Int128) {
	s := c.project.sums.at(bucket)
	return s.debits, s.credits
}

// Leaf gives what is kept of a command's result and of the hash of its leaf, so that a row of the journal that was changed
// can be searched for the command in which it was.
func (c *Comparison) Leaf(ctx context.Context, sequence uint64) (result []byte, leaf [hashSize]byte, err error) {
	h := c.stored
	if sequence == 0 || sequence > c.at.sequence {
		return nil, leaf, ErrNotFound
	}
	var place int64
	var data []byte
	if _, err = h.reads.one(ctx, "SELECT place, data FROM history_group WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT 1",
		[]any{h.place(0), h.place(sequence)}, &place, &data); err != nil {
		return nil, leaf, err
	}
	g, err := decodeGroup(place, data)
	if err != nil || sequence-g.first >= uint64(len(g.results)) {
		return nil, leaf, firstError(err, ErrNotFound)
	}
	at := leafPlace(sequence - 1)
	place = h.place(at >> blockShift)
	if _, err = h.reads.one(ctx, "SELECT data FROM history_hash WHERE place = ?", []any{place}, &data); err != nil {
		return nil, leaf, err
	}
	if data, err = unseal("hash", place, data); err != nil {
		return nil, leaf, err
	}
	if copy(leaf[:], data[min(len(data), hashSize*int(at&(blockSize-1))):]) != hashSize {
		return nil, leaf, ErrNotFound
	}
	return g.results[sequence-g.first], leaf, nil
}

// Finish compares what can be told only at the end. The groups must have gone at least as far as history.
func (c *Comparison) Finish(ctx context.Context) ([]Difference, error) {
	err := c.compare(ctx)
	if err != nil {
		return nil, err
	}
	c.project.plan.reset()
	c.project.plan.logs, c.project.plan.accounts = c.project.logs, c.project.accounts
	c.project.finishLogs()
	if err := c.compareRows(ctx); err != nil {
		return nil, err
	}
	if err := c.finishTables(ctx); err != nil {
		return nil, err
	}
	moved, err := c.moved(ctx)
	if err != nil {
		return nil, err
	}
	if !moved {
		c.compareState()
		c.tellBeyond()
		if err := c.compareHeads(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.compareFolds(ctx); err != nil {
		return nil, err
	}
	return c.take(), nil
}

// moved reports whether a node has projected more meanwhile.
func (c *Comparison) moved(ctx context.Context) (bool, error) {
	again := &Comparison{stored: &History{db: c.stored.db, id: c.stored.id, reads: c.stored.reads}}
	if err := again.open(ctx); err != nil {
		return false, damagedFile(err)
	}
	return again.at != c.at, nil
}

// Close ends the use of the database, which stays open.
func (c *Comparison) Close() error { return c.stored.reads.close() }
