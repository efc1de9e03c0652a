package sim

import (
	"bytes"
	"errors"

	"github.com/longmen/longmen/core/ledger"
)

// row is a group as the journal keeps it.
type row struct {
	first   uint64 // sequence of its first command
	at      ledger.Instant
	records [][]byte
}

func (r *row) next() uint64 { return r.first + uint64(len(r.records)) }

func (r *row) same(o *row) bool {
	if r.first != o.first || r.at != o.at || len(r.records) != len(o.records) {
		return false
	}
	for i := range r.records {
		if !bytes.Equal(r.records[i], o.records[i]) {
			return false
		}
	}
	return true
}

// Outcomes of an append that is not known to have worked.
var (
	errUnknown = errors.New("the outcome of the append is unknown")
	errTaken   = errors.New("another row is there")
	errDead    = errors.New("the node died")
)

// disk is the journal as a model: rows that are there or not.
type disk struct {
	rows []row
	kept func(*row) // told of every row once it is there
}

// end is the sequence that the next row begins with.
func (d *disk) end() uint64 {
	if len(d.rows) == 0 {
		return 1
	}
	return d.rows[len(d.rows)-1].next()
}

func (d *disk) append(r row, f fault) error {
	for i := range d.rows {
		if d.rows[i].next() <= r.first {
			continue
		}
		if !d.rows[i].same(&r) {
			return errTaken
		}
		return nil
	}
	if r.first != d.end() {
		panic("sim: a row would leave a gap")
	}
	switch f {
	case lost:
		return errUnknown
	case crashBefore:
		return errDead
	}
	d.rows = append(d.rows, r)
	d.kept(&r)
	switch f {
	case kept:
		return errUnknown
	case crashAfter:
		return errDead
	}
	return nil
}
