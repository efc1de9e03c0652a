package sim

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
)

// machine is a computer with a folder, on which the program runs or not.
type machine struct {
	play    *play
	number  int
	skew    ledger.Instant // of its clock
	driver  *node.Driver   // nil while the program does not run
	waiting []*request
	applied uint64 // by the program that runs
	history uint64 // what its history has for good
	fault   fault  // of the append under way
	dead    bool   // the program dies before it can do anything more
	dying   int    // commands until it dies while applying, 0 for never
	cut     *ledger.Cut
	title   string // of the snapshot being written
	file    []byte // and its bytes
}

// request is a command that a client waits for.
type request struct {
	command *ledger.Command
	waiting *node.Waiting
	want    ledger.Code // how the door refuses it; Applied when it has to be sequenced, or was before
}

// errDead ends what a program does when its machine dies.
var errDead = errors.New("the machine died")

// died is panicked when a program dies at work.
type died struct{}

func (m *machine) name() string { return string(rune('A' + m.number)) }

// Now is the machine's clock.
func (m *machine) Now() time.Time { return time.UnixMicro(int64(m.play.wall + m.skew)) }

// Error is told when the program notes a failure. None is due: nothing damages its files here.
func (m *machine) Error(msg string, args ...any) {
	m.play.fail("machine %s notes: %s %v", m.name(), msg, args)
}

// Info is told what the program does.
func (m *machine) Info(string, ...any) {}

// crash loses everything in memory.
func (m *machine) crash() {
	if m.cut != nil {
		m.cut.Close()
	}
	m.driver, m.waiting, m.cut, m.file, m.applied, m.dead, m.dying = nil, nil, nil, nil, 0, false, 0
}

// submit brings a client's request.
func (m *machine) submit(c *ledger.Command, want ledger.Code) {
	if m.driver == nil {
		return // the client tries again later
	}
	m.play.resolve(c, m.applied)
	if err := c.Check(); err != nil {
		m.play.fail("the door refuses command %s: %v", short(c.ID), err)
	}
	w, err := m.driver.Submit(context.Background(), []*ledger.Command{c})
	if err != nil {
		m.play.fail("submit command %s: %v", short(c.ID), err)
	}
	m.waiting = append(m.waiting, &request{c, w, want})
	m.collect()
}

// flush lets the program make and append one group. When too much waits to be applied, it applies first.
func (m *machine) flush(f fault) {
	if m.driver == nil {
		return
	}
	m.during(f, func() error {
		appended, err := m.driver.Append()
		if !appended && err == nil {
			_, err = m.driver.Apply()
		}
		return err
	})
}

// apply lets the program apply what it has appended.
func (m *machine) apply(f fault) {
	if m.driver == nil {
		return
	}
	m.during(f, func() error {
		for {
			if applied, err := m.driver.Apply(); err != nil || !applied {
				return err
			}
		}
	})
	m.collect()
	m.writeSnapshot()
}

// during runs something with a fault in its append, and ends the program when that ends it.
func (m *machine) during(f fault, run func() error) {
	m.fault = f
	if f == crashWithin {
		m.dying = 2 // the second command is its last
	}
	before := m.play.active
	m.play.active = m
	err := m.guarded(run)
	m.play.active = before
	m.fault = none
	switch {
	case err == nil:
		m.dying = 0
		return
	case m.dead && (errors.Is(err, journal.ErrUnknown) || errors.Is(err, errDead)):
		m.play.crashes++
	case errors.Is(err, journal.ErrLeadLost):
		m.play.read()
		if h := m.play.headers; m.driver != nil && h[len(h)-1].Epoch <= m.driver.Epoch() {
			m.play.fail("machine %s lost the lead to nobody: %v", m.name(), err)
		}
	case f == rejected && errors.Is(err, journal.ErrNotStored):
	default:
		m.play.fail("machine %s: %v", m.name(), err)
	}
	m.crash()
}

func (m *machine) guarded(run func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(died); !is {
				panic(r)
			}
			m.dead, err = true, errDead
		}
	}()
	return run()
}

// collect gives clients the answers that are there.
func (m *machine) collect() {
	kept := m.waiting[:0]
	for _, r := range m.waiting {
		answers, ok, err := r.waiting.Answers(context.Background())
		switch {
		case errors.Is(err, errNotYet):
		case err != nil:
			m.play.fail("answer command %s: %v", short(r.command.ID), err)
		case ok:
			m.play.answer(r, &answers[0])
			continue
		}
		kept = append(kept, r)
	}
	m.waiting = kept
}

// lead starts the program: it reads the journal and takes the lead.
func (m *machine) lead(s *step) {
	if m.driver != nil {
		m.crash()
	}
	m.skew = s.wait
	m.history -= min(m.history, uint64(s.size))
	p := m.play
	m.during(s.fault, func() error {
		j := journal.New(p.store, journal.WithWait(m.wait))
		var opening *ledger.OpenLedger
		if s.command != nil {
			opening = s.command.Operations[0].(*ledger.OpenLedger)
			p.listed = journal.Ledger{ID: opening.Ledger, Name: "story"}
			if err := j.CreateLedger(context.Background(), p.listed); err != nil {
				return err
			}
		}
		d, err := node.Drive(context.Background(), node.Config{
			Journal: j, Epoch: 1, Projects: m, Folder: m.folder(), Clock: m, Log: m,
		}, ledger.ID{byte('A' + m.number)}, p.listed, opening)
		m.driver = d
		return err
	})
	if m.driver != nil && p.last != m {
		if p.last != nil {
			p.takeovers++
		}
		p.last = m
	}
}

// wait is what the journal does between two attempts to append.
func (m *machine) wait(context.Context, int) error {
	if m.dead {
		return errDead
	}
	if m.fault.overtaken() {
		m.fault = none
		m.play.overtake(m)
	}
	return nil
}

func (m *machine) folder() string { return filepath.Join(m.play.folder, m.name()) }

func (m *machine) beginSnapshot() {
	if m.driver != nil && m.cut == nil {
		m.cut, m.title, m.file = m.driver.Engine().Cut(), m.driver.SnapshotName(), nil
	}
}

// writeSnapshot writes one section. The engine goes on between two of them.
func (m *machine) writeSnapshot() {
	if m.cut == nil || m.driver == nil {
		return
	}
	file, err := m.cut.Next(m.file)
	if err == nil {
		m.file = file
		return
	}
	if !errors.Is(err, io.EOF) {
		m.play.fail("write snapshot: %v", err)
	}
	if m.play.folder == "" {
		if m.play.folder, err = os.MkdirTemp("", "longmen-sim-"); err != nil {
			m.play.fail("%v", err)
		}
	}
	folder := filepath.Join(m.folder(), ledger.ID(m.play.listed.ID).String())
	if err := os.MkdirAll(folder, 0o700); err != nil {
		m.play.fail("%v", err)
	}
	path := filepath.Join(folder, m.title)
	if err := os.WriteFile(path, m.file, 0o600); err != nil {
		m.play.fail("%v", err)
	}
	m.cut.Close()
	m.cut, m.file = nil, nil
}
