package journal_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// childRole is set in the environment when the test binary runs as a child of itself.
const childRole = "LONGMEN_JOURNAL_CHILD"

func TestMain(m *testing.M) {
	switch role, where, _ := strings.Cut(os.Getenv(childRole), ":"); role {
	case "append":
		childAppend(where)
	case "clock":
		childClock()
	default:
		storetest.Main(m)
	}
}

// id makes an id that is easy to see.
func id(n byte) [16]byte { return [16]byte{15: n} }

// place is a store of one kind with what the tests need beside it.
type place struct {
	*journal.Journal
	db  *store.DB       // nil for Memory
	mem *journal.Memory // nil for databases
}

// again opens another Journal on the same rows, as a second node would.
func (p *place) again(t testing.TB, opts ...journal.Option) *journal.Journal {
	t.Helper()
	if p.mem != nil {
		return journal.New(p.mem, opts...)
	}
	j, err := journal.Open(t.Context(), p.db, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// onDatabase makes a place on a database that holds nothing of ours yet.
func onDatabase(t testing.TB, db *store.DB) *place {
	t.Helper()
	p := &place{db: db}
	p.Journal = p.again(t)
	return p
}

func onMemory() *place {
	m := journal.NewMemory()
	return &place{Journal: journal.New(m), mem: m}
}

// each runs a test on every kind of store.
func each(t *testing.T, f func(t *testing.T, p *place)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { f(t, onMemory()) })
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(t, onDatabase(t, db)) })
}

func create(t testing.TB, j *journal.Journal, ledger [16]byte) {
	t.Helper()
	l := journal.Ledger{ID: ledger, Name: fmt.Sprintf("ledger-%d", ledger[15]), Created: 1}
	if err := j.CreateLedger(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

// tail is what a leader knows of his ledger's journal.
type tail struct {
	ledger [16]byte
	epoch  uint64
	next   uint64
	hash   [32]byte
	at     int64
}

func newTail(ledger [16]byte) *tail { return &tail{ledger: ledger, epoch: 1, next: 1} }

// group makes the next group without going on to it.
func (l *tail) group(records ...[]byte) journal.Group {
	var e journal.Encoder
	for _, r := range records {
		if err := e.Add(r); err != nil {
			panic(err)
		}
	}
	g, err := e.Finish(journal.Header{
		Engine: 1, Ledger: l.ledger, Epoch: l.epoch, First: l.next, Timestamp: l.at, Wall: l.at + 7,
		BookingDate: int32(l.at / 86_400_000_000), Previous: l.hash,
	})
	if err != nil {
		panic(err)
	}
	return g
}

// follow goes on after a group that is durable.
func (l *tail) follow(g *journal.Group) {
	l.next, l.hash, l.at, l.epoch = g.Next(), g.Hash, g.Timestamp+1, g.Epoch
}

// append makes the next group durable, or says why not.
func (l *tail) append(ctx context.Context, j *journal.Journal, records ...[]byte) error {
	g := l.group(records...)
	if errs := j.Append(ctx, g); errs != nil {
		return errs[0]
	}
	l.follow(&g)
	return nil
}

// filled appends n groups of one to three records, each record with its sequence.
func (l *tail) fill(t testing.TB, j *journal.Journal, n int) {
	t.Helper()
	for range n {
		if err := l.append(t.Context(), j, l.records(1+int(l.next)%3)...); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *tail) records(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = record(l.next + uint64(i))
	}
	return list
}

// record is the content of a sequence: nine bytes and some more that tell their own length.
func record(sequence uint64) []byte {
	b := binary.LittleEndian.AppendUint64(nil, sequence)
	return append(b, make([]byte, 1+sequence%17)...)
}

// isRecord says whether a record is the one that belongs to a sequence.
func isRecord(sequence uint64, b []byte) bool { return string(b) == string(record(sequence)) }

// lead takes the lead after the last group that is there.
func lead(ctx context.Context, j *journal.Journal, ledger [16]byte) (*tail, error) {
	l := newTail(ledger)
	last, found, err := j.Last(ctx, ledger)
	if err != nil {
		return nil, err
	}
	if found {
		l.follow(&last)
		l.epoch++
	}
	return l, l.append(ctx, j, record(l.next))
}

// read collects groups and checks that every sequence has its record.
func read(t testing.TB, j *journal.Journal, ledger [16]byte, from uint64) []journal.Group {
	t.Helper()
	var list []journal.Group
	for g, err := range j.Read(t.Context(), ledger, from) {
		if err != nil {
			t.Fatal(err)
		}
		for sequence, b := range g.Records() {
			if !isRecord(sequence, b) {
				t.Fatalf("sequence %d has the record %x", sequence, b)
			}
		}
		list = append(list, g)
	}
	return list
}
