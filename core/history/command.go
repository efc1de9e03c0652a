package history

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
)

// group is a group as read.
type group struct {
	first   uint64
	head    Group
	results [][]byte
}

// Command is a command with its place and its outcome.
type Command struct {
	Sequence  uint64
	Timestamp ledger.Instant
	Date      ledger.Date // booking date
	Record    []byte      // as journaled: the command and what was attached to it
	Command   *ledger.Command
	Result    ledger.Result
}

// Command tells of the command at a sequence. It waits until history has come so far.
func (h *History) Command(ctx context.Context, sequence uint64) (Command, error) {
	record, res, err := h.Recorded(ctx, sequence)
	if err != nil {
		return Command{}, err
	}
	c := Command{Sequence: sequence, Timestamp: res.Timestamp, Date: res.Date, Record: record, Result: res}
	parts, err := ledger.DecodeRecord(record)
	if err == nil {
		c.Command, err = ledger.DecodeCommand(parts.Command)
	}
	if err != nil {
		return Command{}, fmt.Errorf("command at sequence %d: %w", sequence, err)
	}
	return c, nil
}

// Recorded gives a command's record and its result. It waits until history has come so far.
func (h *History) Recorded(ctx context.Context, sequence uint64) (record []byte, res ledger.Result, err error) {
	if res, err = h.Result(ctx, sequence); err != nil {
		return nil, res, err
	}
	if h.records == nil {
		return nil, res, fmt.Errorf("command at sequence %d: no journal was given: %w", sequence, ErrNotFound)
	}
	if record, err = h.records.Record(ctx, sequence); err != nil {
		return nil, res, fmt.Errorf("command at sequence %d: %w", sequence, err)
	}
	return record, res, nil
}

// Result gives a command's result. It waits until history has come so far.
func (h *History) Result(ctx context.Context, sequence uint64) (ledger.Result, error) {
	_, res, err := h.ResultBytes(ctx, sequence)
	return res, err
}

// ResultBytes gives a command's result with its canonical bytes.
func (h *History) ResultBytes(ctx context.Context, sequence uint64) ([]byte, ledger.Result, error) {
	if sequence == 0 || sequence > maxPosition {
		return nil, ledger.Result{}, fmt.Errorf("sequence %d: %w", sequence, ErrNotFound)
	}
	if err := h.Wait(ctx, sequence); err != nil {
		return nil, ledger.Result{}, err
	}
	g, err := h.groupOf(ctx, sequence)
	if err != nil {
		return nil, ledger.Result{}, fmt.Errorf("result of sequence %d: %w", sequence, err)
	}
	bytes := g.results[sequence-g.first]
	res, err := ledger.DecodeResult(bytes)
	if err != nil {
		return nil, ledger.Result{}, fmt.Errorf("result of sequence %d: %w", sequence, err)
	}
	res.Sequence, res.Timestamp, res.Date = sequence, g.head.Timestamp, g.head.Date
	return bytes, *res, nil
}

// Group tells of the group that holds a sequence.
func (h *History) Group(ctx context.Context, sequence uint64) (Group, error) {
	if err := h.Wait(ctx, sequence); err != nil {
		return Group{}, err
	}
	g, err := h.groupOf(ctx, sequence)
	if err != nil {
		return Group{}, fmt.Errorf("group of sequence %d: %w", sequence, err)
	}
	return g.head, nil
}

func (h *History) groupOf(ctx context.Context, sequence uint64) (*group, error) {
	if g, ok := h.groups.get(sequence); ok {
		return g, nil
	}
	var place int64
	var data []byte
	found, err := h.reads.one(ctx, "SELECT place, data FROM history_group WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT 1",
		[]any{h.place(0), h.place(sequence)}, &place, &data)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNotFound
	}
	g, err := decodeGroup(place, data)
	if err != nil {
		return nil, err
	}
	if sequence-g.first >= uint64(len(g.results)) {
		return nil, damaged("group", place, "%d commands, want one at sequence %d", len(g.results), sequence)
	}
	h.groups.put(g.first, g, len(data)+24*len(g.results)+200)
	return g, nil
}

func decodeGroup(place int64, data []byte) (*group, error) {
	data, err := unseal("group", place, data)
	if err != nil {
		return nil, err
	}
	g := &group{first: uint64(place & maxPosition)}
	f := fields{data, true}
	g.head.First, g.head.Epoch, g.head.Engine = g.first, le.Uint64(f.take(8)), le.Uint16(f.take(2))
	g.head.Timestamp, g.head.Wall = ledger.Instant(le.Uint64(f.take(8))), ledger.Instant(le.Uint64(f.take(8)))
	g.head.Date = ledger.Date(le.Uint32(f.take(4)))
	copy(g.head.Previous[:], f.take(32))
	for f.ok && len(f.b) > 0 {
		n := f.varint()
		if n > uint64(len(f.b)) {
			f.ok = false
			break
		}
		g.results = append(g.results, f.take(int(n)))
	}
	if !f.ok {
		return nil, damaged("group", place, "the results can't be read")
	}
	return g, nil
}

// Find gives the sequence of the first command with an id, 0 if history has none.
func (h *History) Find(ctx context.Context, id ledger.ID) (uint64, error) {
	place := h.idPlace(id[:])
	var data []byte
	if _, err := h.reads.one(ctx, "SELECT data FROM history_id WHERE place = ?", []any{place}, &data); err != nil {
		return 0, fmt.Errorf("find id %v: %w", id, err)
	}
	if len(data)%idSize != 0 {
		return 0, damaged("id", place, "%d bytes", len(data))
	}
	for b := data; len(b) > 0; b = b[idSize:] {
		if string(b[:idRest]) == string(id[6:]) {
			return h.foundID(ctx, id, le.Uint64(b[idRest:]))
		}
	}
	if len(data) < crowded {
		return 0, nil
	}
	var sequence int64
	found, err := h.reads.one(ctx, "SELECT sequence FROM history_crowd WHERE place = ? AND rest = ? ORDER BY sequence LIMIT 1",
		[]any{place, id[6:]}, &sequence)
	if err != nil || !found {
		return 0, err
	}
	return h.foundID(ctx, id, uint64(sequence))
}

// foundID makes sure that an id is that of the command to which the index points. The index has no checksums.
func (h *History) foundID(ctx context.Context, id ledger.ID, sequence uint64) (uint64, error) {
	if sequence == 0 || sequence > maxPosition {
		return 0, damaged("id", h.idPlace(id[:]), "sequence %d", sequence)
	}
	if sequence > h.Position() {
		return sequence, nil // written, and about to be told
	}
	c, err := h.command(ctx, sequence)
	if err != nil {
		return 0, err
	}
	if c.ID != id {
		return 0, damaged("id", h.idPlace(id[:]), "sequence %d has the id %v", sequence, c.ID)
	}
	return sequence, nil
}

// Referring lists the sequences of commands with a reference, in order, after one and up to a position, at most limit.
func (h *History) Referring(ctx context.Context, r ledger.Reference, after uint64, at Position, limit int) ([]uint64, error) {
	if limit < 1 || limit > MaxPage {
		return nil, fmt.Errorf("limit: %d, want 1 to %d", limit, MaxPage)
	}
	return h.referring(ctx, r, after, at.Sequence, limit, false)
}

func (h *History) referring(ctx context.Context, r ledger.Reference, after, upto uint64, limit int, down bool) (list []uint64, err error) {
	order := "ORDER BY sequence LIMIT ?"
	if down {
		order = "ORDER BY sequence DESC LIMIT ?"
	}
	err = h.reads.each(ctx, "SELECT sequence FROM history_reference WHERE ledger = ? AND type = ? AND value = ? AND sequence > ? AND sequence <= ? "+order,
		[]any{h.number, int64(r.Type), r.Value[:], int64(after), int64(upto), limit}, func(row *sql.Rows) error {
			var s int64
			err := row.Scan(&s)
			list = append(list, uint64(s))
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("commands with a reference of type %d: %w", r.Type, err)
	}
	return list, nil
}
