package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// Options say what is audited, and against what.
type Options struct {
	Journal *journal.Journal // opened for reading
	History History          // nil: there is none
	Files   Files
	Ledger  string // name of the only one to look at, "" for all
	// Keys are public keys that the caller has from elsewhere. They are believed, and those in the files are not.
	Keys []string
	// Given are checkpoints that were kept elsewhere.
	Given []Given
	// Ends say how far the journals must go at least, such as a copy's own list does.
	Ends []End
	// Beside gives what the caller found of what lies beside the ledgers; nil: nothing does. It is asked last, so that he
	// may look at the same time.
	Beside func() ([]Finding, error)
	// Tell is called with the progress now and then; it may be nil.
	Tell func(Progress)
}

// Files are folders beside the journal, each "" where there is none.
type Files struct {
	Checkpoints string // <ledger id>.log
	Keys        string // <ledger id>.pub
	Snapshots   string // <ledger id>/<sequence>-<hash of the group>.snapshot
}

// Given is a checkpoint that was kept elsewhere.
type Given struct {
	Name string // for the report
	Note []byte
}

// End is a point that a ledger's journal once reached.
type End struct {
	Ledger   ledger.ID
	Sequence uint64
	Hash     [32]byte // of the group that ends there
}

// ErrNoLedger means that the named ledger is not there.
var ErrNoLedger = errors.New("there is no such ledger")

// Verify audits all ledgers of a journal. An error means that it could not be done; what is wrong with the ledgers stands
// in the report.
func Verify(ctx context.Context, o Options) (*Report, error) {
	evidence, findings, err := readEvidence(o)
	if err != nil {
		return nil, err
	}
	r := &Report{Ledgers: []Ledger{}, Findings: []Finding{}}
	listed, err := o.Journal.Ledgers(ctx)
	if err != nil {
		return nil, err
	}
	if o.Ledger != "" {
		listed = slices.DeleteFunc(listed, func(l journal.Ledger) bool { return l.Name != o.Ledger })
		if len(listed) == 0 {
			return nil, fmt.Errorf("ledger %q: %w", o.Ledger, ErrNoLedger)
		}
	} else {
		r.Findings = append(r.Findings, findings...)
		if err := r.findStrays(ctx, o, listed, evidence); err != nil {
			return nil, err
		}
	}
	for _, l := range listed {
		v := newVerification(o, l, evidence[l.ID])
		err := v.run(ctx)
		r.Ledgers = append(r.Ledgers, v.report)
		if err != nil {
			return nil, fmt.Errorf("ledger %s: %w", l.Name, err)
		}
	}
	if o.Beside != nil {
		beside, err := o.Beside()
		if err != nil {
			return nil, err
		}
		r.Findings = slices.Insert(r.Findings, 0, beside...)
	}
	r.settle()
	return r, nil
}

// findStrays finds rows and evidence of ledgers that are not on the list.
func (r *Report) findStrays(ctx context.Context, o Options, listed []journal.Ledger, evidence map[ledger.ID]*evidence) error {
	row, found, err := o.Journal.Stray(ctx)
	if err != nil {
		return err
	}
	if found {
		r.Findings = append(r.Findings, Finding{
			Part: PartJournal, Sequence: row.Sequence, Do: doLedgerList,
			What: fmt.Sprintf("a row of ledger %v at sequence %d: the ledger is not on the list of ledgers", ledger.ID(row.Ledger), row.Sequence),
		})
	}
	missing := []string{}
	for id, e := range evidence {
		if !slices.ContainsFunc(listed, func(l journal.Ledger) bool { return l.ID == id }) {
			missing = append(missing, fmt.Sprintf("ledger %v has %s and no journal", id, e.what()))
		}
	}
	slices.Sort(missing)
	for _, what := range missing {
		r.Findings = append(r.Findings, Finding{Part: PartJournal, What: what, Do: doBehind})
	}
	return nil
}

// verification is the audit of one ledger.
type verification struct {
	options  Options
	id       ledger.ID
	name     string
	evidence *evidence
	report   Ledger
}

func newVerification(o Options, l journal.Ledger, e *evidence) *verification {
	if e == nil {
		e = &evidence{}
	}
	return &verification{
		options: o, id: l.ID, name: l.Name, evidence: e,
		report: Ledger{Name: l.Name, ID: l.ID, Proved: []Proof{}, Findings: []Finding{}},
	}
}

// maxFindings bounds what is told of one ledger: after so many it is clear.
const maxFindings = 100

func (v *verification) find(part Part, sequence uint64, do, format string, args ...any) {
	r := &v.report
	if len(r.Findings) == maxFindings {
		r.Omitted++
		return
	}
	r.Findings = append(r.Findings, Finding{Part: part, Sequence: sequence, What: strings.ToValidUTF8(fmt.Sprintf(format, args...), "?"), Do: do})
}

func (v *verification) remark(format string, args ...any) {
	v.report.Remarks = append(v.report.Remarks, fmt.Sprintf(format, args...))
}

func (v *verification) tell(stage string, done, total uint64) {
	if v.options.Tell != nil {
		v.options.Tell(Progress{Ledger: v.name, Stage: stage, Done: done, Total: total})
	}
}

// failed reports whether the truth was found wrong.
func (v *verification) failed(part Part) bool {
	return slices.ContainsFunc(v.report.Findings, func(f Finding) bool { return f.Part == part })
}

// run does everything in order. What was written later is read first, so that a node that goes on meanwhile makes no
// difference: snapshots, history and checkpoints never are ahead of the journal.
func (v *verification) run(ctx context.Context) error {
	snapshots, err := listSnapshots(v.options.Files.Snapshots, v.id)
	if err != nil {
		return err
	}
	checkpoints, err := v.openCheckpoints()
	if err != nil {
		return err
	}
	defer checkpoints.close()
	past, err := v.openHistory(ctx)
	if err != nil {
		return err
	}
	p := newReplay(v, checkpoints, past, snapshots)
	err = p.run(ctx)
	if past != nil {
		err = errors.Join(err, past.Close())
	}
	if err != nil {
		return err
	}
	return p.conclude(ctx)
}
