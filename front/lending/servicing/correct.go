package servicing

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/id"
)

// Correction is a difference that those who got an earlier event's distribution get too, or give back.
type Correction struct {
	Event   uint32          `json:"event"`
	Holders [tranches]int64 `json:"holders"`
}

func (c *Correction) sum() int64 {
	return c.Holders[toPrincipal] + c.Holders[toInterest] + c.Holders[toCharge]
}

// maxCorrected bounds the lines of one command of corrections, so that what the ledger has to know of the past fits.
const maxCorrected = 60_000

// distributed is what the holders of each event's distribution got and keep, differences since included.
func (l *Loan) distributed() map[uint32][tranches]int64 {
	undone := l.undone()
	got := map[uint32][tranches]int64{}
	for i := range l.Events {
		e := &l.Events[i]
		if e.distributes() && !undone[e.Number] {
			got[e.Number] = e.Booked.Holders
		}
		for _, c := range e.Corrected {
			sum := got[c.Event]
			for t := range sum {
				sum[t] += c.Holders[t]
			}
			got[c.Event] = sum
		}
	}
	return got
}

// distributes reports whether the event's command has a distribution.
func (e *Event) distributes() bool { return e.Booked.held() > 0 && e.Sequence != 0 }

// bearers tells in which event's distribution an event's part is: its own, or, where that was taken back, the one by which
// it was paid again. What has no distribution yet is in that of the next event, in the end of the newest.
func (l *Loan) bearers(newest uint32) func(n uint32) uint32 {
	by := map[uint32]uint32{}
	for i := range l.Events {
		for _, n := range l.Events[i].Undone {
			by[n] = l.Events[i].Number
		}
	}
	return func(n uint32) uint32 {
		for n < newest {
			switch m := by[n]; {
			case m != 0:
				n = m
			case l.Events[n-1].distributes():
				return n
			default:
				n++
			}
		}
		return newest
	}
}

// differences compares what the holders of each distribution got with what a replay with the newest event gives them. own
// is what those of now get.
func (l *Loan) differences(replayed *Loan, s *loan.State, newest uint32) (list []Correction, own [tranches]int64, err error) {
	parts, err := replayed.given(s)
	if err != nil {
		return nil, own, err
	}
	bearer := l.bearers(newest)
	diff := map[uint32][tranches]int64{}
	for n, got := range l.distributed() {
		for t := range got {
			got[t] = -got[t]
		}
		diff[n] = got
	}
	for i := range parts {
		n := bearer(parts[i].event)
		sum := diff[n]
		for t, x := range parts[i].division.Holders {
			sum[t] += x
		}
		diff[n] = sum
	}
	for i := range l.Events {
		n := l.Events[i].Number
		if x := diff[n]; x != ([tranches]int64{}) && n != newest {
			list = append(list, Correction{n, x})
		}
	}
	return list, diff[newest], nil
}

// inOrder reports whether an event can't change what was paid before it: it pays, and nothing counts from later. A settlement
// can: interest that was paid in advance is not owed any more.
func (l *Loan) inOrder(e *Event) bool {
	switch e.Kind {
	case Repaid, Recovered:
		return e.Date >= l.last()
	case Disbursed, Covered, Bought, WrittenOff:
		return true
	}
	return false
}

// fixed are the events of which a difference was paid, or whose command paid one: their commands are not reversed.
func (l *Loan) fixed() map[uint32]bool {
	list := map[uint32]bool{}
	for i := range l.Events {
		e := &l.Events[i]
		for _, c := range e.Corrected {
			list[e.Number], list[c.Event] = true, true
		}
	}
	return list
}

// rewriting is how the books follow an event that changes what was paid before it.
type rewriting struct {
	missing Division // of all, by what is booked
	own     [tranches]int64
	diffs   []Correction
	back    []uint32 // events whose commands would be taken back, the latest first
	mixed   bool     // one of them has another payer, or several
}

// rewrite works out what is missing, and what would have to be taken back so that nobody gives anything but by that.
func (l *Loan) rewrite(e *Event, target *Division) *rewriting {
	r := &rewriting{missing: target.clone()}
	r.missing.plus(&l.Booked, -1)
	left := r.missing.clone()
	var undone map[uint32]bool
	for i := len(l.Events) - 1; i >= 0 && left.short(); i-- {
		x := &l.Events[i]
		if undone == nil {
			undone = l.undone()
		}
		if undone[x.Number] || x.Booked.none() && len(x.Corrected) == 0 {
			continue
		}
		left.plus(&x.Booked, 1)
		for _, c := range x.Corrected {
			for t := range c.Holders {
				left.Holders[t] += c.Holders[t]
			}
		}
		r.mixed = r.mixed || x.ID != e.Of && (l.payer(x) != l.payer(e) || len(x.Payers) > 1)
		r.back = append(r.back, x.Number)
	}
	return r
}

// corrects reports whether differences have to be paid, since units changed after one of the distributions that would be
// divided otherwise, or since one of the commands can't be taken back.
func (s *Servicing) corrects(ctx context.Context, l *Loan, e *Event, r *rewriting) (bool, error) {
	if len(r.diffs) == 0 && len(r.back) == 0 {
		return false, nil
	}
	var register ledger.RegisterState
	if err := s.ledgers.View(ctx, l.Ledger, func(book *ledger.Engine) { register, _ = book.Register(l.Places.Register) }); err != nil {
		return false, err
	}
	// A payment that is no earlier than the others is taken, also if a payout turns out to have been of too much.
	oldest, fixed := ^uint64(0), l.fixed()
	needed := r.mixed && (e.Kind == Repaid || e.Kind == Settled || e.Kind == Recovered) && e.Date >= l.last()
	for _, n := range r.back {
		if needed = needed || fixed[n]; l.Events[n-1].distributes() {
			oldest = min(oldest, l.Events[n-1].Sequence)
		}
	}
	for _, c := range r.diffs {
		oldest = min(oldest, l.Events[c.Event-1].Sequence)
	}
	if !needed && register.Changed <= oldest {
		return false, nil
	}
	if most := max(1, maxCorrected/int(max(register.Holdings, 1))); len(r.diffs) > most {
		return false, WrongState.Errorf("it changes %d payments to holders of whom some have sold since: at most %d can be changed at once", len(r.diffs), most)
	}
	return true, nil
}

// correct is the command that pays all differences: what somebody gives back goes to the payer first, then he pays the others.
func (l *Loan) correct(e *Event, r *rewriting) (*ledger.Command, error) {
	d := r.missing.clone()
	d.Holders = r.own
	sum := r.own
	for _, c := range r.diffs {
		for t := range sum {
			sum[t] += c.Holders[t]
		}
	}
	if sum != r.missing.Holders {
		return nil, fmt.Errorf("loan %s: the differences are %v and %v is missing", l.Deed.Loan, sum, r.missing.Holders)
	}
	payer := cmp.Or(e.Payer, l.Places.Payer)
	var list []ledger.Operation
	for _, p := range d.Parts {
		if p.Amount < 0 && p.Account != payer {
			list = append(list, &ledger.Transfer{Debit: p.Account, Credit: payer, Mode: ledger.Exact, Amount: -p.Amount})
		}
	}
	diffs := slices.Clone(r.diffs)
	slices.SortStableFunc(diffs, func(a, b Correction) int { return cmp.Compare(a.sum(), b.sum()) })
	split, _ := slices.BinarySearchFunc(diffs, 1, func(c Correction, least int64) int { return cmp.Compare(c.sum(), least) })
	for i := range diffs[:split] {
		list = append(list, l.difference(&diffs[i], payer))
	}
	singles := d.clone()
	singles.Holders = [tranches]int64{}
	singles.Parts = slices.DeleteFunc(singles.Parts, func(p Part) bool { return p.Account == payer })
	list = append(list, l.forward(&singles, payer)...)
	list = append(list, l.repayOthers(e, payer)...)
	for i := range diffs[split:] {
		list = append(list, l.difference(&diffs[split+i], payer))
	}
	list = append(list, l.forward(&Division{Holders: r.own}, payer)...)
	e.Booked, e.Corrected = d, r.diffs
	if len(list) == 0 {
		return nil, nil
	}
	c := l.command(e, stepForward, 0, PurposeCorrect, list...)
	e.Command = id.ID(c.ID)
	return c, nil
}

// difference is the operation of a correction.
func (l *Loan) difference(c *Correction, payer string) *ledger.Correct {
	x := &l.Events[c.Event-1]
	o := &ledger.Correct{
		Sequence: x.Sequence, Index: x.Index, Payer: payer, Amounts: slices.Clone(c.Holders[:]), Deductions: l.contract.Deductions,
		Mode: ledger.RefuseShortfall,
	}
	if l.Places.Cover != "" {
		o.Mode, o.Cover = ledger.OweShortfall, l.Places.Cover
	}
	return o
}

// repayOthers gives those who paid an event together, when it is reversed, what they paid: the first of them has it all.
func (l *Loan) repayOthers(e *Event, payer string) (list []ledger.Operation) {
	if e.Kind != Reversed {
		return nil
	}
	if x := l.Find(e.Of); x != nil {
		for _, p := range x.Payers {
			if p.Account != payer {
				list = append(list, &ledger.Transfer{Debit: payer, Credit: p.Account, Mode: ledger.Exact, Amount: p.Split.Total()})
			}
		}
	}
	return list
}
