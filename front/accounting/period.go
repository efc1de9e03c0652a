package accounting

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// PeriodClosed means that a command counts from a day in a closed period.
var PeriodClosed = errs.Define("period_closed", 409, "The period is closed")

// Closing asks to close everything up to a day.
type Closing struct {
	Ledger  string `json:"ledger"`
	Through Date   `json:"through"` // last day of the period
}

// Period is a closing that was approved.
type Period struct {
	Ledger   string
	Through  ledger.Date
	Sequence uint64 // the ledger's last command when it was closed
	Proposal id.ID
	Closed   int64 // microseconds since 1970
}

// recheck is how long a closing that is not committed yet is taken for one that is. It lasts longer than a transaction.
const recheck = time.Minute

// keepClosing closes a period: from now on nothing more that counts from its days gets to the ledger, and all that got
// there before has a sequence up to the one that is kept.
func (a *Accounting) keepClosing(ctx context.Context, tx *sql.Tx, p *ops.Proposal) error {
	var c Closing
	if err := readStrictly(p.Becomes, &c); err != nil {
		return err
	}
	if err := a.db.Alone(ctx, tx, "accounting_period"); err != nil {
		return err
	}
	through, err := a.through(ctx, tx, p.Tenant, c.Ledger)
	if err != nil {
		return err
	}
	a.gate.Lock()
	defer a.gate.Unlock()
	stand, err := a.ledgers.Stand(ctx, c.Ledger)
	if err != nil {
		return err
	}
	if err := c.check(through, stand.Today); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, a.db.Rebind("INSERT INTO accounting_period (tenant, ledger, through, sequence, proposal, closed) VALUES (?, ?, ?, ?, ?, ?)"),
		p.Tenant[:], c.Ledger, int64(c.Through), int64(stand.Sequence), p.ID[:], a.clock.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("close period: %w", err)
	}
	at := book{p.Tenant, c.Ledger}
	a.closing[at] = closing{ledger.Date(c.Through), a.clock.Now()}
	a.closed.Delete(at)
	return nil
}

// Known says whether a ledger has a command of this id.
type Known func(ctx context.Context, command id.ID) (bool, error)

// Enter lets commands get to the ledger together, or none of them when one counts from a day in a closed period, unless
// the ledger has it already: then it changes nothing. The caller leaves when the ledger has answered, even if nobody waits
// for it any more, and enters with all commands at once: whoever is inside and enters again may wait for ever.
func (a *Accounting) Enter(ctx context.Context, tenant id.ID, name string, commands []*ledger.Command, known Known) (leave func(), err error) {
	a.gate.RLock()
	if err := a.admit(ctx, tenant, name, commands, known); err != nil {
		a.gate.RUnlock()
		return nil, err
	}
	return a.gate.RUnlock, nil
}

func (a *Accounting) admit(ctx context.Context, tenant id.ID, name string, commands []*ledger.Command, known Known) error {
	through, err := a.closedThrough(ctx, book{tenant, name})
	if err != nil {
		return err
	}
	for i, c := range commands {
		if c.Effective == 0 || c.Effective > through {
			continue // without a date it counts from today, which no closing has reached
		}
		if is, err := known(ctx, id.ID(c.ID)); err != nil || is {
			if err != nil {
				return err
			}
			continue
		}
		return PeriodClosed.Errorf("%v: the books are closed through %v; book what has to be put right with an effective date after that, and name the day by a reference of type %d",
			c.Effective, through, ReferenceCorrects).On(fmt.Sprintf("commands[%d].effective", i))
	}
	return nil
}

// closedThrough is the last day of a book that is closed, for one who is inside the gate. The rows are read once, when
// every closing that may be under way has ended: from then on only this program closes periods, for it leads the ledgers,
// and who has lost the lead gets nothing to them whatever it takes for closed.
func (a *Accounting) closedThrough(ctx context.Context, at book) (ledger.Date, error) {
	if known, ok := a.closed.Load(at); ok {
		return known.(ledger.Date), nil
	}
	now := a.clock.Now()
	since := a.since(now)
	through, err := a.through(ctx, a.db.Reader(), at.tenant, at.ledger)
	if err != nil {
		return 0, err
	}
	switch about := a.closing[at]; {
	case now.Sub(about.known) < recheck:
		through = max(through, about.through)
	case now.Sub(since) >= recheck:
		a.closed.Store(at, through)
	}
	return through, nil
}

// since is when the first command came here. A closing of the node that led before may end soon after, but on SQLite,
// whose rows are this program's alone.
func (a *Accounting) since(now time.Time) time.Time {
	a.first.Do(func() {
		if a.db.Dialect() != store.SQLite {
			a.began = now
		}
	})
	return a.began
}

// through is the last day that is closed, 0 if none is.
func (a *Accounting) through(ctx context.Context, q querier, tenant id.ID, name string) (ledger.Date, error) {
	list, err := a.periods(ctx, q, tenant, name, 1)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0].Through, nil
}

// Periods lists the closings of a ledger, newest first.
func (a *Accounting) Periods(ctx context.Context, tenant id.ID, name string) ([]Period, error) {
	return a.periods(ctx, a.db.Reader(), tenant, name, MaxPage)
}

// MaxPage is the most rows of one list.
const MaxPage = 1_000

func (a *Accounting) periods(ctx context.Context, q querier, tenant id.ID, name string, limit int) (list []Period, err error) {
	rows, err := q.QueryContext(ctx, a.db.Rebind(`SELECT through, sequence, proposal, closed FROM accounting_period
		WHERE tenant = ? AND ledger = ? ORDER BY through DESC LIMIT ?`), tenant[:], name, limit)
	if err != nil {
		return nil, fmt.Errorf("read periods: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		p := Period{Ledger: name}
		var through, sequence int64
		var proposal []byte
		if err := rows.Scan(&through, &sequence, &proposal, &p.Closed); err != nil {
			return nil, fmt.Errorf("read periods: %w", err)
		}
		p.Through, p.Sequence = ledger.Date(through), uint64(sequence)
		copy(p.Proposal[:], proposal)
		list = append(list, p)
	}
	return list, rows.Err()
}

// ReferenceCorrects is the type of the reference by which a command names the day that it puts right.
const ReferenceCorrects = 6001

// Corrects is the reference of a command that puts right what counted from a day.
func Corrects(day ledger.Date) ledger.Reference {
	r := ledger.Reference{Type: ReferenceCorrects}
	binary.BigEndian.PutUint32(r.Value[:], uint32(day))
	return r
}

// Correction is a command that put something right.
type Correction struct {
	Corrected ledger.Date // the day that was put right
	Sequence  uint64
	Command   id.ID
	Effective ledger.Date // from which it counts
	Purpose   uint32
	Approval  id.ID
}

// Concerns tells whether a command put something right.
func Concerns(c *ledger.Command, r *ledger.Result) bool {
	return r.Code == ledger.Applied && slices.ContainsFunc(c.References, func(r ledger.Reference) bool { return r.Type == ReferenceCorrects })
}

// Follow notes corrections. The caller calls it once for each command of the tenant's ledger that concerns it, in their order,
// in the transaction in which it also moves its cursor.
func (a *Accounting) Follow(ctx context.Context, tx *sql.Tx, tenant id.ID, name string, c *ledger.Command, r *ledger.Result) error {
	if !Concerns(c, r) {
		return nil
	}
	effective := c.Effective
	if effective == 0 {
		effective = r.Date
	}
	for _, reference := range c.References {
		if reference.Type != ReferenceCorrects {
			continue
		}
		_, err := tx.ExecContext(ctx, a.db.Rebind(`INSERT INTO accounting_correction (tenant, ledger, corrected, sequence, command, effective, purpose, approval)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`), tenant[:], name, int64(binary.BigEndian.Uint32(reference.Value[:])),
			int64(r.Sequence), c.ID[:], int64(effective), int64(c.Purpose), c.Approval[:])
		if err != nil {
			return fmt.Errorf("note correction: %w", err)
		}
	}
	return nil
}

// Place is where a list of corrections goes on: after this day and sequence.
type Place struct {
	Day      ledger.Date
	Sequence uint64
}

// Corrections lists what was put right of days up to one, by day and sequence, after a place: at most limit, 1 to MaxPage.
func (a *Accounting) Corrections(ctx context.Context, tenant id.ID, name string, after Place, last ledger.Date, limit int) (list []Correction, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("%d, want 1 to %d", limit, MaxPage).On("limit")
	}
	rows, err := a.db.Reader().QueryContext(ctx, a.db.Rebind(`SELECT corrected, sequence, command, effective, purpose, approval FROM accounting_correction
		WHERE tenant = ? AND ledger = ? AND (corrected, sequence) > (?, ?) AND corrected <= ? ORDER BY corrected, sequence LIMIT ?`),
		tenant[:], name, int64(after.Day), int64(after.Sequence), int64(last), limit)
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c Correction
		var corrected, sequence, effective, purpose int64
		var command, approval []byte
		if err := rows.Scan(&corrected, &sequence, &command, &effective, &purpose, &approval); err != nil {
			return nil, fmt.Errorf("read corrections: %w", err)
		}
		c.Corrected, c.Sequence, c.Effective, c.Purpose = ledger.Date(corrected), uint64(sequence), ledger.Date(effective), uint32(purpose)
		copy(c.Command[:], command)
		copy(c.Approval[:], approval)
		list = append(list, c)
	}
	return list, rows.Err()
}
