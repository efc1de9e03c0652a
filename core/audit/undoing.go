package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// A command that undoes another one carries what that one did, since the engine knows nothing of the past. Whether
// that is true is found out here: a first look at the journal tells which commands were undone, the replay notes what
// they really did, and every attachment is compared with it.

// survey is the first look at a journal.
type survey struct {
	end    uint64         // last command, 0 when something is wrong before it
	wanted map[uint64]int // commands of which a later one says what they did, and how many do
}

// look reads a journal up to its end as it is now, or to the first thing that is wrong, which the replay finds again.
func look(ctx context.Context, j *journal.Journal, l ledger.ID) (*survey, error) {
	s := &survey{wanted: map[uint64]int{}}
	for g, err := range j.Read(ctx, l, 1) {
		if _, damaged := errors.AsType[*journal.DamageError](err); damaged {
			s.end = 0
			break
		}
		if err != nil {
			return nil, err
		}
		for _, record := range g.Records() {
			s.note(record)
		}
		s.end = g.Next() - 1
	}
	return s, nil
}

func (s *survey) note(record []byte) {
	r, err := ledger.DecodeRecord(record)
	if err != nil || len(r.Attachment) == 0 {
		return
	}
	if c, err := ledger.DecodeCommand(r.Command); err == nil {
		for _, sequence := range targets(c) {
			s.wanted[sequence]++
		}
	}
}

// targets are the commands of which a command needs to know what they did, each once.
func targets(c *ledger.Command) (list []uint64) {
	for _, op := range c.Operations {
		sequence := uint64(0)
		switch o := op.(type) {
		case *ledger.Reverse:
			sequence = o.Sequence
		case *ledger.ReverseLine:
			sequence = o.Sequence
		case *ledger.Correct:
			sequence = o.Sequence
		default:
			continue
		}
		if !slices.Contains(list, sequence) {
			list = append(list, sequence)
		}
	}
	return list
}

// undoings notes what wanted commands did until it is needed no more.
type undoings struct {
	wanted map[uint64]int
	kept   map[uint64][]byte // canonical bytes of the past; none if the command was refused
}

// deed is a command that will be undone, with the state before it.
type deed struct {
	command   *ledger.Command
	registers map[uint32]*standing
}

// standing is a register's holdings by holder number.
type standing struct {
	tranches int
	units    []uint64
	class    []uint8
	rows     []standingRow // of all tranches of a holder together
}

type standingRow struct {
	span share.Span
	paid int64  // so far
	rest uint32 // of deductions, in millionths
}

// of gives the rows of a holder, who is added if he is new.
func (s *standing) of(holder uint32) []standingRow {
	for uint32(len(s.units)) <= holder {
		s.units, s.class = append(s.units, 0), append(s.class, 0)
		s.rows = append(s.rows, make([]standingRow, s.tranches)...)
	}
	return s.rows[int(holder)*s.tranches : (int(holder)+1)*s.tranches]
}

// before is called before a command is applied; it is nil when nobody wants to know.
func (u *undoings) before(e *ledger.Engine, c *decodedCommand) *deed {
	if len(u.wanted) == 0 || u.wanted[c.sequence] == 0 {
		return nil
	}
	d := &deed{command: c.command, registers: map[uint32]*standing{}}
	for _, op := range c.command.Operations {
		if o, ok := op.(*ledger.Distribute); ok {
			d.stand(e, o.Register)
		}
	}
	return d
}

// stand copies what a register's holders had.
func (d *deed) stand(e *ledger.Engine, address string) {
	r, ok := e.Register(address)
	if !ok || d.registers[r.Number] != nil {
		return
	}
	s := &standing{tranches: len(r.Tranches)}
	const page = 4096
	for from, more := uint32(0), true; more; {
		list, next, _ := e.Holders(address, from, page)
		for i := range list {
			h := &list[i]
			rows := s.of(h.Holder)
			s.units[h.Holder], s.class[h.Holder] = h.Units, h.Class
			for t, row := range h.Rows {
				rows[t] = standingRow{share.Span{Units: h.Units, Carry: row.Carry, Paid: row.Paid, Index: r.Tranches[t].Index}, row.Paid, row.Rest}
			}
		}
		from, more = next, next != 0
	}
	d.registers[r.Number] = s
}

// after notes what a command did.
func (u *undoings) after(e *ledger.Engine, sequence uint64, d *deed, res *ledger.Result, fx *ledger.Effects) {
	if d == nil {
		return
	}
	if u.kept == nil {
		u.kept = map[uint64][]byte{}
	}
	u.kept[sequence] = nil
	if res.Code == ledger.Applied {
		u.kept[sequence] = ledger.AppendPast(nil, d.past(e, fx))
	}
}

// past says what the command did.
func (d *deed) past(e *ledger.Engine, fx *ledger.Effects) *ledger.Past {
	past := &ledger.Past{}
	for _, op := range d.command.Operations {
		past.Foreign = past.Foreign || op.Kind().Foreign()
	}
	changes := fx.Holdings
	for i := range fx.Payouts {
		p := &fx.Payouts[i]
		for len(changes) > 0 && changes[0].After <= i {
			d.change(&changes[0])
			changes = changes[1:]
		}
		if p.Undoes == 0 {
			past.Distributions = append(past.Distributions, d.distribution(e, p))
			addSetOffs(e, &past.Distributions[len(past.Distributions)-1], p, fx.Entries)
		}
	}
	for i := 0; i+1 < len(fx.Entries); i++ {
		debit, credit := &fx.Entries[i], &fx.Entries[i+1]
		if (debit.Kind == ledger.EntryTransfer || debit.Kind == ledger.EntryPost) && debit.Side == ledger.DebitNormal {
			past.Movements = append(past.Movements, ledger.PastMovement{
				Index: debit.Index, Debit: debit.Account, Credit: credit.Account, Amount: debit.Amount,
			})
		}
	}
	return past
}

// addSetOffs tells which lines paid debts.
func addSetOffs(e *ledger.Engine, d *ledger.PastDistribution, p *ledger.Payout, entries []ledger.Entry) {
	if p.SetOffs == 0 {
		return
	}
	for i := range entries {
		x := &entries[i]
		if x.Kind != ledger.EntrySetOff || x.Side != ledger.DebitNormal || x.Register != p.Register || x.Payout != p.Number {
			continue
		}
		h, _ := e.Holding(e.RegisterAddress(p.Register), e.AddressOf(x.Account))
		if at, ok := slices.BinarySearchFunc(d.Lines, h.Holder, func(l ledger.PastLine, holder uint32) int { return cmp.Compare(l.Holder, holder) }); ok {
			d.Lines[at].SetOffs = append(d.Lines[at].SetOffs, ledger.PastSetOff{Cover: x.Other, Amount: x.Amount})
		}
	}
}

// change follows a change of a holding within the command.
func (d *deed) change(c *ledger.HoldingChange) {
	s := d.registers[c.Register]
	if s == nil {
		s = &standing{tranches: len(c.Rows)}
		d.registers[c.Register] = s
	}
	rows := s.of(c.Holder)
	s.units[c.Holder], s.class[c.Holder] = c.Units, c.Class
	for t, row := range c.Rows {
		rows[t] = standingRow{share.Span{Units: c.Units, Carry: row.Carry, Paid: row.Paid, Index: c.Running[t]}, row.Paid, row.Rest}
	}
}

// distribution works out the lines of a payout.
func (d *deed) distribution(e *ledger.Engine, p *ledger.Payout) ledger.PastDistribution {
	op := d.command.Operations[p.Index].(*ledger.Distribute)
	past := ledger.PastDistribution{Sequence: p.Sequence, Index: p.Index, Register: p.Register, Payer: p.Payer}
	for t := range p.Tranches {
		past.Tranches = append(past.Tranches, ledger.PastTranche{Amount: p.Tranches[t].Amount, Units: p.Tranches[t].Units, Q: p.Tranches[t].Q})
	}
	explicit := p.Lines
	s := d.registers[p.Register]
	for holder := range p.Holders {
		rows := s.of(holder)
		detail := ledger.LineDetail{}
		if len(explicit) > 0 && explicit[0].Holder == holder {
			detail, explicit = explicit[0], explicit[1:]
		}
		if s.units[holder] == 0 {
			continue
		}
		line := ledger.PastLine{
			Holder: holder, Units: s.units[holder], Unclaimed: detail.Unclaimed != 0, Gross: make([]int64, len(p.Tranches)),
		}
		for t := range p.Tranches {
			paid := rows[t].span.PaidAt(p.Tranches[t].Index, int64(p.Tranches[t].Ahead[holder]))
			line.Gross[t] = paid - rows[t].paid
			rows[t].paid = paid
			if rate := ledger.RateOf(p.Rates, uint8(t), s.class[holder]); rate > 0 {
				detail.Deducted[t] = share.Deduct(line.Gross[t], rate, &rows[t].rest)
			}
		}
		for i := range op.Deductions {
			x := &op.Deductions[i]
			if x.Class == s.class[holder] && line.Gross[x.Tranche] != 0 {
				line.Deducted = append(line.Deducted, ledger.PastDeducted{
					Tranche: x.Tranche, Rate: x.Rate, Account: e.Number(x.Account), Amount: detail.Deducted[x.Tranche],
				})
			}
		}
		past.Lines = append(past.Lines, line)
	}
	return past
}

// compare says what is wrong with what a command was told of the past; empty if nothing is.
func (u *undoings) compare(c *decodedCommand) string {
	list := targets(c.command)
	if c.past == nil || len(list) == 0 {
		if c.past != nil {
			return "something of the past is attached to it, though it undoes nothing"
		}
		return ""
	}
	known := map[uint64]*ledger.Past{}
	for _, sequence := range list {
		if sequence >= c.sequence {
			continue
		}
		if kept := u.kept[sequence]; kept != nil {
			past, err := ledger.DecodePast(kept)
			if err != nil {
				return fmt.Sprintf("what command %d did can't be read back: %v", sequence, err)
			}
			known[sequence] = past
		}
		if u.wanted[sequence]--; u.wanted[sequence] == 0 {
			delete(u.wanted, sequence)
			delete(u.kept, sequence)
		}
	}
	if o, ok := c.command.Operations[0].(*ledger.Reverse); ok {
		return compareWhole(c.past, known[o.Sequence], o.Sequence)
	}
	return compareLines(c, known)
}

// compareWhole compares what the undoing of a whole command was told.
func compareWhole(told, known *ledger.Past, sequence uint64) string {
	switch {
	case known == nil:
		return fmt.Sprintf("command %d was refused or is not there, and it was told what that did", sequence)
	case told.Foreign != known.Foreign:
		return fmt.Sprintf("it was told wrongly whether command %d can be undone", sequence)
	case known.Foreign:
		return ""
	case !slices.Equal(told.Movements, known.Movements):
		return fmt.Sprintf("the movements of command %d were others", sequence)
	case len(told.Distributions) != len(known.Distributions):
		return fmt.Sprintf("command %d has %d distributions, it was told of %d", sequence, len(known.Distributions), len(told.Distributions))
	}
	for i := range known.Distributions {
		if what := compareDistribution(&told.Distributions[i], &known.Distributions[i]); what != "" {
			return what
		}
		if n := paidLines(&known.Distributions[i]); len(told.Distributions[i].Lines) != n {
			return fmt.Sprintf("distribution %d of command %d has %d lines, it was told of %d", known.Distributions[i].Index, sequence,
				n, len(told.Distributions[i].Lines))
		}
	}
	return ""
}

// paidLines counts the lines that are more than nothing. Those of nothing are known for who corrects the distribution.
func paidLines(d *ledger.PastDistribution) (n int) {
	for i := range d.Lines {
		if slices.ContainsFunc(d.Lines[i].Gross, func(g int64) bool { return g != 0 }) {
			n++
		}
	}
	return n
}

// compareDistribution compares a distribution and the lines that were told of it.
func compareDistribution(told, known *ledger.PastDistribution) string {
	where := fmt.Sprintf("distribution %d of command %d", known.Index, known.Sequence)
	if told.Sequence != known.Sequence || told.Index != known.Index || told.Register != known.Register || told.Payer != known.Payer ||
		!slices.Equal(told.Tranches, known.Tranches) {
		return where + " was another than it was told"
	}
	at := 0
	for i := range told.Lines {
		l := &told.Lines[i]
		for at < len(known.Lines) && known.Lines[at].Holder < l.Holder {
			at++
		}
		if at == len(known.Lines) || !bytes.Equal(lineBytes(l), lineBytes(&known.Lines[at])) {
			return fmt.Sprintf("%s: the line of holder %d was another than it was told", where, l.Holder)
		}
	}
	return ""
}

// lineBytes are the canonical bytes of a line within a past.
func lineBytes(l *ledger.PastLine) []byte {
	return ledger.AppendPast(nil, &ledger.Past{Distributions: []ledger.PastDistribution{{Lines: []ledger.PastLine{*l}}}})
}

// compareLines compares what the undoing of single lines, or a correction, was told.
func compareLines(c *decodedCommand, known map[uint64]*ledger.Past) string {
	foreign := false
	for _, k := range known {
		foreign = foreign || k.Foreign
	}
	if len(c.past.Movements) > 0 || c.past.Foreign && !foreign {
		return "it was told more of the past than it asks for"
	}
	for i := range c.past.Distributions {
		told := &c.past.Distributions[i]
		at := -1
		if k := known[told.Sequence]; k != nil {
			at = slices.IndexFunc(k.Distributions, func(d ledger.PastDistribution) bool { return d.Index == told.Index })
		}
		if at < 0 {
			return fmt.Sprintf("it was told of distribution %d of command %d, which is not there", told.Index, told.Sequence)
		}
		if what := compareDistribution(told, &known[told.Sequence].Distributions[at]); what != "" {
			return what
		}
	}
	return ""
}
