package journal

import (
	"context"
	"errors"
	"fmt"
)

// Bounds of what is copied in one transaction.
const (
	copyBytes  = 8 << 20
	copyGroups = 4096
)

// ErrOther means that a copy and its original do not tell the same.
var ErrOther = errors.New("it is the copy of another journal")

// CopyTo brings a copy of a ledger's journal up to the original as it is now. The copy is in a SQLite file; it may have
// a part already, so a copying that was cut short is taken up again. Every group is checked against the chain on the way.
// Tell is called with the next sequence now and then; it may be nil.
func (j *Journal) CopyTo(ctx context.Context, to *Journal, l Ledger, tell func(next uint64)) error {
	if err := j.copyTo(ctx, to, l, tell); err != nil {
		return fmt.Errorf("copy the journal of ledger %s: %w", l.Name, err)
	}
	return nil
}

func (j *Journal) copyTo(ctx context.Context, to *Journal, l Ledger, tell func(next uint64)) error {
	if _, postgres := to.rows.(*postgresRows); postgres {
		return errors.New("a copy is a SQLite file")
	}
	if err := to.CreateLedger(ctx, l); err != nil {
		return err
	}
	end, found, err := j.Last(ctx, l.ID)
	if err != nil || !found {
		return err
	}
	next, err := j.resume(ctx, to, l)
	if err != nil {
		return err
	}
	var batch []Group
	bytes := 0
	for g, err := range j.Read(ctx, l.ID, next) {
		if err != nil {
			return err
		}
		batch = append(batch, g)
		bytes += len(g.bytes)
		last := g.Next() >= end.Next()
		if last || bytes >= copyBytes || len(batch) == copyGroups {
			if err := to.take(ctx, batch); err != nil {
				return err
			}
			if tell != nil {
				tell(g.Next())
			}
			batch, bytes = batch[:0], 0
		}
		if last {
			break
		}
	}
	return nil
}

// resume is where a copy goes on. What it has must be what the original has.
func (j *Journal) resume(ctx context.Context, to *Journal, l Ledger) (next uint64, err error) {
	has, found, err := to.Last(ctx, l.ID)
	if err != nil || !found {
		return 1, err
	}
	same, err := j.At(ctx, l.ID, has.First)
	if errors.Is(err, ErrNotFound) {
		return 0, fmt.Errorf("the copy goes on to sequence %d, beyond the original: %w", has.Next()-1, ErrOther)
	}
	if err != nil {
		return 0, err
	}
	if same.Hash != has.Hash {
		return 0, fmt.Errorf("the group at sequence %d: %w", has.First, ErrOther)
	}
	return has.Next(), nil
}

// take stores groups that follow each other in one transaction.
func (j *Journal) take(ctx context.Context, groups []Group) error {
	inserted, failure := j.rows.Insert(ctx, groups)
	if failure != nil {
		return failure.Err
	}
	for i := range groups {
		if !inserted[i] {
			return fmt.Errorf("the group at sequence %d does not follow the copy's last one", groups[i].First)
		}
	}
	return nil
}
