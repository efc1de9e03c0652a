package journal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"github.com/longmen/longmen/store"
)

// Last returns a ledger's last group; found is false when it has none.
func (j *Journal) Last(ctx context.Context, ledger [16]byte) (g Group, found bool, err error) {
	row, found, err := j.rows.Before(ctx, ledger, maxInteger)
	if err != nil || !found {
		return Group{}, false, readError(ledger, maxInteger, err)
	}
	g, err = j.At(ctx, ledger, row.Sequence)
	return g, err == nil, err
}

// At returns the group that holds a sequence.
func (j *Journal) At(ctx context.Context, ledger [16]byte, sequence uint64) (Group, error) {
	for g, err := range j.Read(ctx, ledger, sequence) {
		if err != nil && !errors.Is(err, ErrBeyondEnd) {
			return Group{}, err
		}
		if err == nil {
			return g, nil
		}
	}
	return Group{}, fmt.Errorf("read sequence %d of ledger %s: %w", sequence, name(ledger), ErrNotFound)
}

// Read gives a ledger's groups in order, beginning with the one that holds the sequence from, up to the end of the
// journal as it is when it gets there. Each is checked against its hash, its row and the group before it. From may be
// the sequence after the last one, which gives nothing; beyond that is ErrBeyondEnd.
//
// No transaction stays open while the caller works on a group.
func (j *Journal) Read(ctx context.Context, ledger [16]byte, from uint64) iter.Seq2[Group, error] {
	return func(yield func(Group, error) bool) {
		if err := j.read(ctx, ledger, from, func(g Group) bool { return yield(g, nil) }); err != nil {
			yield(Group{}, err)
		}
	}
}

// read calls each until that returns false, and then returns nil.
func (j *Journal) read(ctx context.Context, ledger [16]byte, from uint64, each func(Group) bool) error {
	if from == 0 || from > maxInteger {
		return fmt.Errorf("read ledger %s from sequence %d: want 1 to %d", name(ledger), from, uint64(maxInteger))
	}
	c, err := j.chainFrom(ctx, ledger, from)
	if err != nil {
		return err
	}
	for {
		rows, err := j.rows.Page(ctx, ledger, c.from, pageSize)
		if err != nil {
			return readError(ledger, c.from, err)
		}
		for i := range rows {
			g, err := c.link(&rows[i])
			if err != nil {
				return err
			}
			if g.Next() > from && !each(g) {
				return nil
			}
		}
		if len(rows) == 0 {
			break
		}
	}
	if c.next < from {
		return fmt.Errorf("read ledger %s from sequence %d: %w, its next is %d", name(ledger), from, ErrBeyondEnd, c.next)
	}
	return nil
}

// chain is what the next row has to follow.
type chain struct {
	ledger    [16]byte
	from      uint64 // where to look for it
	next      uint64 // where it must begin
	hash      [32]byte
	epoch     uint64
	timestamp int64
	stamped   bool // the timestamp of the row before is known
}

// chainFrom makes ready to read the row that holds a sequence.
func (j *Journal) chainFrom(ctx context.Context, ledger [16]byte, from uint64) (*chain, error) {
	c := &chain{ledger: ledger, from: 1, next: 1}
	row, found, err := j.rows.Before(ctx, ledger, from)
	if err != nil {
		return nil, readError(ledger, from, err)
	}
	if !found {
		return c, nil
	}
	c.from = row.Sequence
	if row.Sequence <= 1 {
		return c, nil
	}
	before, found, err := j.rows.Before(ctx, ledger, row.Sequence-1)
	if err != nil {
		return nil, readError(ledger, row.Sequence, err)
	}
	if !found {
		return nil, c.damage(1, "the first row is missing, the journal begins at sequence %d", row.Sequence)
	}
	c.next, c.hash, c.epoch = before.next(), before.Hash, before.Epoch
	return c, nil
}

func (c *chain) damage(sequence uint64, format string, args ...any) *DamageError {
	return &DamageError{Ledger: c.ledger, Sequence: sequence, What: fmt.Sprintf(format, args...)}
}

// link checks that a row is what it was and follows the row before, and goes on to the next.
func (c *chain) link(row *Row) (Group, error) {
	switch {
	case row.Sequence > c.next:
		return Group{}, c.damage(c.next, "rows are missing, the next one begins at sequence %d", row.Sequence)
	case row.Sequence < c.next:
		return Group{}, c.damage(row.Sequence, "the row before it goes on to sequence %d", c.next-1)
	case sha256.Sum256(row.Bytes) != row.Hash:
		damage := c.damage(row.Sequence, "its bytes do not have the hash that stands beside them")
		damage.Bytes = row.Bytes
		return Group{}, damage
	}
	g, err := Decode(row.Bytes)
	if err != nil {
		return Group{}, &DamageError{Ledger: c.ledger, Sequence: row.Sequence, What: "its bytes are no group", Err: err}
	}
	switch {
	case g.Ledger != row.Ledger:
		return Group{}, c.damage(row.Sequence, "its bytes are of ledger %s", name(g.Ledger))
	case g.First != row.Sequence:
		return Group{}, c.damage(row.Sequence, "its bytes are those of sequence %d", g.First)
	case g.Epoch != row.Epoch || g.Count != row.Count:
		return Group{}, c.damage(row.Sequence, "epoch or count beside its bytes is not theirs")
	case g.Previous != c.hash:
		return Group{}, c.damage(row.Sequence, "it follows a row with another hash than the one before it")
	case g.Epoch < c.epoch:
		return Group{}, c.damage(row.Sequence, "its epoch %d is lower than the one before, %d", g.Epoch, c.epoch)
	case c.stamped && g.Timestamp < c.timestamp:
		return Group{}, c.damage(row.Sequence, "its timestamp is earlier than the one before")
	}
	c.from, c.next, c.hash, c.epoch, c.timestamp, c.stamped = g.First+1, g.Next(), g.Hash, g.Epoch, g.Timestamp, true
	return g, nil
}

// readError tells damage of the file from a database that cannot be reached.
func readError(ledger [16]byte, sequence uint64, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*DamageError](err); ok {
		return err
	}
	if store.IsDamaged(err) {
		return &DamageError{Ledger: ledger, Sequence: sequence, What: "the database cannot be read from there", Err: err}
	}
	return fmt.Errorf("read ledger %s from sequence %d: %w", name(ledger), sequence, err)
}

// Summary is what a checked journal holds.
type Summary struct {
	Ledger Ledger
	Groups uint64
	Bytes  uint64
	Next   uint64 // sequence after the last command
	Epoch  uint64
	Hash   [32]byte // of the last group
}

// Check walks a ledger's whole journal. The error names the first row that is wrong. Rows that were cut off at the end
// leave a shorter journal that is right in itself; only what is kept elsewhere, such as a checkpoint, shows that.
func (j *Journal) Check(ctx context.Context, ledger [16]byte) (Summary, error) {
	s := Summary{Ledger: Ledger{ID: ledger}, Next: 1}
	for g, err := range j.Read(ctx, ledger, 1) {
		if err != nil {
			return s, err
		}
		s.Groups++
		s.Bytes += uint64(len(g.bytes))
		s.Next, s.Epoch, s.Hash = g.Next(), g.Epoch, g.Hash
	}
	return s, nil
}

// CheckAll checks the journals of all ledgers, and that no row belongs to none of them.
func (j *Journal) CheckAll(ctx context.Context) ([]Summary, error) {
	ledgers, err := j.Ledgers(ctx)
	if err != nil {
		return nil, err
	}
	var all []Summary
	for _, l := range ledgers {
		s, err := j.Check(ctx, l.ID)
		if err != nil {
			return all, err
		}
		s.Ledger = l
		all = append(all, s)
	}
	row, found, err := j.Stray(ctx)
	if err != nil {
		return all, err
	}
	if found {
		return all, &DamageError{Ledger: row.Ledger, Sequence: row.Sequence, What: "the ledger is not on the list"}
	}
	return all, nil
}

// Stray finds a row of a ledger that is not on the list; its bytes are not read.
func (j *Journal) Stray(ctx context.Context) (row Row, found bool, err error) {
	if row, found, err = j.rows.Stray(ctx); err != nil {
		return row, found, fmt.Errorf("look for rows of unknown ledgers: %w", err)
	}
	return row, found, nil
}
