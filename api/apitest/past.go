package apitest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/core/share"
	"github.com/longmen/longmen/kit/errs"
)

// Assets lists the assets.
func (n *Node) Assets(_ context.Context, name string) ([]api.Asset, error) {
	return on(n, name, func(b *book) ([]api.Asset, error) { return slices.Clone(b.assets), nil })
}

// Accounts lists accounts.
func (n *Node) Accounts(_ context.Context, name string, after uint32, prefix string, limit int) ([]ledger.AccountState, uint32, error) {
	type page struct {
		list []ledger.AccountState
		next uint32
	}
	p, err := on(n, name, func(b *book) (p page, err error) {
		p.list, p.next = b.engine.Accounts(after, prefix, limit, 1_000)
		return p, nil
	})
	return p.list, p.next, err
}

// Registers lists registers.
func (n *Node) Registers(_ context.Context, name string, after uint32, limit int) ([]ledger.RegisterState, uint32, error) {
	type page struct {
		list []ledger.RegisterState
		next uint32
	}
	p, err := on(n, name, func(b *book) (p page, err error) {
		p.list, p.next = b.engine.Registers(after, limit)
		return p, nil
	})
	return p.list, p.next, err
}

// Register reads one register.
func (n *Node) Register(_ context.Context, name, address string) (ledger.RegisterState, error) {
	return on(n, name, func(b *book) (ledger.RegisterState, error) {
		r, ok := b.engine.Register(address)
		if !ok {
			return r, errs.NotFound.Errorf("there is no register %q", address)
		}
		return r, nil
	})
}

// Holders lists a register's holdings.
func (n *Node) Holders(_ context.Context, name, register string, from uint32, limit int) ([]ledger.HoldingState, uint32, error) {
	type page struct {
		list []ledger.HoldingState
		next uint32
	}
	p, err := on(n, name, func(b *book) (p page, err error) {
		var ok bool
		if p.list, p.next, ok = b.engine.Holders(register, from, limit); !ok {
			err = errs.NotFound.Errorf("there is no register %q", register)
		}
		return p, err
	})
	return p.list, p.next, err
}

// Holdings lists where an account holds units.
func (n *Node) Holdings(_ context.Context, name, account, after string, limit int) ([]ledger.HoldingState, bool, error) {
	type page struct {
		list []ledger.HoldingState
		more bool
	}
	p, err := on(n, name, func(b *book) (p page, err error) {
		var ok bool
		if p.list, p.more, ok = b.engine.Holdings(account, after, limit); !ok {
			err = noAccount(account)
		}
		return p, err
	})
	return p.list, p.more, err
}

// Holds lists open holds.
func (n *Node) Holds(_ context.Context, name, account string) ([]ledger.HoldState, error) {
	return on(n, name, func(b *book) ([]ledger.HoldState, error) {
		list, ok := b.engine.Holds(account)
		if !ok {
			return nil, noAccount(account)
		}
		return list, nil
	})
}

// Debts lists what an account owes.
func (n *Node) Debts(_ context.Context, name, account string) ([]ledger.DebtState, error) {
	return on(n, name, func(b *book) ([]ledger.DebtState, error) {
		list, ok := b.engine.Debts(account)
		if !ok {
			return nil, noAccount(account)
		}
		return list, nil
	})
}

// DebtsTo lists who owes to a cover account.
func (n *Node) DebtsTo(_ context.Context, name string, after uint32, cover string, limit int) (list []ledger.DebtState, next uint32, err error) {
	_, err = on(n, name, func(b *book) (struct{}, error) {
		if _, ok := b.engine.Account(cover); cover != "" && !ok {
			return struct{}{}, noAccount(cover)
		}
		list, next = b.engine.AllDebts(after, cover, limit, 1_000)
		return struct{}{}, nil
	})
	return list, next, err
}

// Commands reads the journal.
func (n *Node) Commands(_ context.Context, name string, from uint64, limit int) ([]api.Recorded, error) {
	return on(n, name, func(b *book) (list []api.Recorded, err error) {
		for ; from <= b.engine.Sequence() && len(list) < limit; from++ {
			list = append(list, b.applied[from-1].Recorded)
		}
		return list, nil
	})
}

// Command finds a command by its sequence.
func (n *Node) Command(_ context.Context, name string, sequence uint64) (api.Recorded, error) {
	return on(n, name, func(b *book) (api.Recorded, error) {
		s, err := b.step(sequence)
		if err != nil {
			return api.Recorded{}, err
		}
		return s.Recorded, nil
	})
}

func (b *book) step(sequence uint64) (*step, error) {
	if sequence == 0 || sequence > b.engine.Sequence() {
		return nil, errs.NotFound.Errorf("there is no command with sequence %d", sequence)
	}
	return &b.applied[sequence-1], nil
}

// CommandByID finds a command by its id.
func (n *Node) CommandByID(_ context.Context, name string, id ledger.ID) (api.Recorded, error) {
	return on(n, name, func(b *book) (api.Recorded, error) {
		if seq := b.ids[id]; seq != 0 {
			return b.applied[seq-1].Recorded, nil
		}
		return api.Recorded{}, errs.NotFound.Errorf("there is no command with id %v", id)
	})
}

// then is the last step that a point of the past has.
func (b *book) then(asOf api.AsOf) (*step, error) {
	if asOf.Now() {
		return &b.applied[len(b.applied)-1], nil
	}
	if asOf.Sequence != 0 {
		return b.step(asOf.Sequence)
	}
	for i := len(b.applied) - 1; i >= 0; i-- {
		if b.applied[i].Result.Timestamp <= asOf.At {
			return &b.applied[i], nil
		}
	}
	return nil, errs.NotFound.Errorf("the ledger was not open yet")
}

func (s *step) position() api.Position {
	return api.Position{Sequence: s.Result.Sequence, Timestamp: s.Result.Timestamp}
}

// BalanceAt looks a balance up in the step.
func (n *Node) BalanceAt(_ context.Context, name, address string, asOf api.AsOf) (api.PastBalance, error) {
	return on(n, name, func(b *book) (api.PastBalance, error) {
		s, err := b.then(asOf)
		if err != nil {
			return api.PastBalance{}, err
		}
		a, ok := s.states[address]
		if !ok {
			return api.PastBalance{}, noAccount(address)
		}
		return api.PastBalance{Account: a, As: s.position()}, nil
	})
}

// TrialBalance looks the trial balance up in the step.
func (n *Node) TrialBalance(_ context.Context, name string, asOf api.AsOf) ([]ledger.BucketState, api.Position, error) {
	s, err := on(n, name, func(b *book) (*step, error) { return b.then(asOf) })
	if err != nil {
		return nil, api.Position{}, err
	}
	return s.trial, s.position(), nil
}

// Entries filters an account's entries.
func (n *Node) Entries(_ context.Context, name, address string, q api.EntryQuery) (api.EntryPage, error) {
	return on(n, name, func(b *book) (p api.EntryPage, err error) {
		if _, ok := b.engine.Account(address); !ok {
			return p, noAccount(address)
		}
		var list []api.Entry
		for _, e := range b.entries[address] {
			if q.From != 0 && e.Timestamp < q.From || q.Until != 0 && e.Timestamp >= q.Until || q.Purpose != 0 && e.Purpose != q.Purpose {
				continue
			}
			if q.Reference != nil && !slices.Contains(b.applied[e.Sequence-1].Command.References, *q.Reference) {
				continue
			}
			list = append(list, e)
		}
		if !q.Oldest {
			slices.Reverse(list)
		}
		p.Entries, p.Next = part(list, q.Page)
		p.As = b.position()
		return p, nil
	})
}

// Statement sums up a period.
func (n *Node) Statement(_ context.Context, name, address string, q api.StatementQuery) (api.Statement, error) {
	return on(n, name, func(b *book) (st api.Statement, err error) {
		a, ok := b.engine.Account(address)
		if !ok {
			return st, noAccount(address)
		}
		st.Account, st.As = a, b.position()
		st.Final = q.Until < ledger.DateOf(b.now().Time().In(b.zone))
		var list []api.Entry
		for _, e := range b.entries[address] {
			if e.Booked < q.From {
				st.Opening = e.Balance
			}
			if e.Booked <= q.Until {
				st.Closing = e.Balance
			}
			if e.Booked >= q.From && e.Booked <= q.Until {
				list = append(list, e)
				if e.Side == ledger.DebitNormal {
					st.Debits += e.Amount
				} else {
					st.Credits += e.Amount
				}
			}
		}
		st.Entries, st.Next = part(list, q.Page)
		return st, nil
	})
}

func (b *book) effective(address string, q api.EffectiveQuery) (list []api.Entry, at api.Position, err error) {
	if _, ok := b.engine.Account(address); !ok {
		return nil, at, noAccount(address)
	}
	s, err := b.then(api.AsOf{Sequence: q.Sequence})
	if err != nil {
		return nil, at, err
	}
	for _, e := range b.entries[address] {
		if e.Effective >= q.From && e.Effective <= q.Until && e.Sequence <= s.Result.Sequence {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, byDate)
	return list, s.position(), nil
}

// Effective lists entries by effective date.
func (n *Node) Effective(_ context.Context, name, address string, q api.EffectiveQuery) (api.EntryPage, error) {
	return on(n, name, func(b *book) (p api.EntryPage, err error) {
		list, at, err := b.effective(address, q)
		p.Entries, p.Next = part(list, q.Page)
		p.As = at
		return p, err
	})
}

// EffectiveTotals sums entries up by effective date.
func (n *Node) EffectiveTotals(_ context.Context, name, address string, q api.EffectiveQuery) ([]api.DayTotal, api.Position, error) {
	var at api.Position
	days, err := on(n, name, func(b *book) (days []api.DayTotal, err error) {
		var list []api.Entry
		list, at, err = b.effective(address, q)
		for _, e := range list {
			if len(days) == 0 || days[len(days)-1].Date != e.Effective {
				days = append(days, api.DayTotal{Date: e.Effective})
			}
			d := &days[len(days)-1]
			if e.Side == ledger.DebitNormal {
				d.Debits += e.Amount
			} else {
				d.Credits += e.Amount
			}
		}
		return days, err
	})
	return days, at, err
}

// Days adds up all entries by effective date.
func (n *Node) Days(_ context.Context, name string, q api.EffectiveQuery) ([]api.Day, api.Position, error) {
	var at api.Position
	days, err := on(n, name, func(b *book) (days []api.Day, err error) {
		for date := q.From; date <= q.Until; date++ {
			d := api.Day{Date: date}
			for address := range b.entries {
				var list []api.Entry
				list, at, err = b.effective(address, api.EffectiveQuery{From: date, Until: date, Sequence: q.Sequence})
				if err != nil {
					return nil, err
				}
				a, _ := b.engine.Account(address)
				for _, e := range list {
					d.Totals = addUp(d.Totals, &a, &e)
				}
			}
			if d.Totals != nil {
				days = append(days, d)
			}
		}
		return days, err
	})
	return days, at, err
}

// DayCommands adds up entries by command.
func (n *Node) DayCommands(_ context.Context, name string, q api.DayQuery) (list []api.DayCommand, next uint64, at api.Position, err error) {
	list, err = on(n, name, func(b *book) (list []api.DayCommand, err error) {
		for address := range b.entries {
			if a, _ := b.engine.Account(address); a.Asset != q.Asset || a.Code != q.Code {
				continue
			}
			var entries []api.Entry
			if entries, at, err = b.effective(address, api.EffectiveQuery{From: q.Date, Until: q.Date, Sequence: q.Sequence}); err != nil {
				return nil, err
			}
			for _, e := range entries {
				list = addCommand(list, &e)
			}
		}
		slices.SortFunc(list, func(x, y api.DayCommand) int { return cmp.Compare(x.Sequence, y.Sequence) })
		list = slices.DeleteFunc(list, func(c api.DayCommand) bool { return c.Sequence <= q.After })
		if len(list) > q.Limit {
			list, next = list[:q.Limit], list[q.Limit-1].Sequence
		}
		return list, nil
	})
	return list, next, at, err
}

func addCommand(list []api.DayCommand, e *api.Entry) []api.DayCommand {
	i := slices.IndexFunc(list, func(c api.DayCommand) bool { return c.Sequence == e.Sequence })
	if i < 0 {
		i = len(list)
		list = append(list, api.DayCommand{Sequence: e.Sequence, ID: e.Command, Purpose: e.Purpose, Booked: e.Booked})
	}
	if c := &list[i]; e.Side == ledger.DebitNormal {
		c.Debits = c.Debits.Add(share.Int128{Lo: uint64(e.Amount)})
	} else {
		c.Credits = c.Credits.Add(share.Int128{Lo: uint64(e.Amount)})
	}
	return list
}

func addUp(totals []ledger.BucketState, a *ledger.AccountState, e *api.Entry) []ledger.BucketState {
	i := slices.IndexFunc(totals, func(t ledger.BucketState) bool { return t.Asset == a.Asset && t.Code == a.Code })
	if i < 0 {
		totals = append(totals, ledger.BucketState{Asset: a.Asset, Code: a.Code})
		slices.SortFunc(totals, func(x, y ledger.BucketState) int {
			return cmp.Or(cmp.Compare(x.Asset, y.Asset), cmp.Compare(x.Code, y.Code))
		})
		i = slices.IndexFunc(totals, func(t ledger.BucketState) bool { return t.Asset == a.Asset && t.Code == a.Code })
	}
	if t := &totals[i]; e.Side == ledger.DebitNormal {
		t.Debits = t.Debits.Add(share.Int128{Lo: uint64(e.Amount)})
	} else {
		t.Credits = t.Credits.Add(share.Int128{Lo: uint64(e.Amount)})
	}
	return totals
}

// Distributions looks through the journal.
func (n *Node) Distributions(_ context.Context, name, register string, p api.Page) ([]api.Distribution, []byte, error) {
	var next []byte
	list, err := on(n, name, func(b *book) (list []api.Distribution, err error) {
		if _, ok := b.engine.Register(register); !ok {
			return nil, errs.NotFound.Errorf("there is no register %q", register)
		}
		for i := len(b.applied) - 1; i >= 0; i-- {
			s := &b.applied[i]
			for _, o := range s.Result.Outputs {
				if d, ok := s.Command.Operations[o.Index].(*ledger.Distribute); ok && d.Register == register {
					list = append(list, api.Distribution{
						Sequence: s.Result.Sequence, Operation: o.Index, Timestamp: s.Result.Timestamp, Payer: d.Payer, Amount: o.Amount,
						Tranches: o.Tranches,
					})
				}
			}
		}
		list, next = part(list, p)
		return list, nil
	})
	return list, next, err
}

// Lines compares holdings before and after.
func (n *Node) Lines(_ context.Context, name string, sequence uint64, operation uint16, p api.Page) ([]api.Line, []byte, error) {
	var next []byte
	list, err := on(n, name, func(b *book) (list []api.Line, err error) {
		s, err := b.step(sequence)
		if err != nil {
			return nil, err
		}
		if int(operation) >= len(s.Command.Operations) || s.Result.Code != ledger.Applied {
			return nil, errs.NotFound.Errorf("there is no distribution there")
		}
		d, ok := s.Command.Operations[operation].(*ledger.Distribute)
		if !ok {
			return nil, errs.NotFound.Errorf("there is no distribution there")
		}
		for i, h := range s.lines[d.Register] {
			old := s.before[d.Register][i]
			line := api.Line{Holder: h.Holder, Account: h.Account, Units: h.Units, Unclaimed: h.Unclaimed - old.Unclaimed}
			for t := range h.Rows {
				line.Gross = append(line.Gross, h.Rows[t].Paid-old.Rows[t].Paid)
				line.Net += h.Rows[t].Paid - old.Rows[t].Paid
			}
			list = append(list, line)
		}
		list, next = part(list, p)
		return list, nil
	})
	return list, next, err
}

// LineOf finds one line among all.
func (n *Node) LineOf(ctx context.Context, name string, sequence uint64, operation uint16, account string) (api.Line, api.Distribution, error) {
	none := errs.NotFound.Errorf("%q has no line there", account)
	list, _, err := n.Lines(ctx, name, sequence, operation, api.Page{Limit: ledger.MaxHoldings})
	if err != nil {
		return api.Line{}, api.Distribution{}, err
	}
	i := slices.IndexFunc(list, func(l api.Line) bool { return l.Account == account })
	c, err := n.Command(ctx, name, sequence)
	if err != nil || i < 0 {
		return api.Line{}, api.Distribution{}, errors.Join(err, none)
	}
	d := api.Distribution{Sequence: sequence, Operation: operation, Timestamp: c.Result.Timestamp}
	for _, o := range c.Result.Outputs {
		if o.Index == operation {
			d.Amount, d.Tranches = o.Amount, o.Tranches
		}
	}
	return list[i], d, nil
}

// Checkpoint signs the ledger as it is.
func (n *Node) Checkpoint(_ context.Context, name string) ([]byte, error) {
	return on(n, name, (*book).checkpoint)
}

func (b *book) checkpoint() ([]byte, error) {
	p := b.position()
	return b.key.Sign(proof.Checkpoint{
		Ledger: b.id, Size: p.Sequence, Root: b.tree.Root(), State: b.engine.Digest(), Engine: uint32(b.engine.Version()),
		Time: int64(p.Timestamp), Epoch: 1, Simulated: b.engine.Clock() == ledger.SimulatedClock,
	})
}

// Key is the public key.
func (n *Node) Key(_ context.Context, name string) (string, error) {
	return on(n, name, func(b *book) (string, error) { return b.key.Public(), nil })
}

// ReadHashes reads the tree.
func (b *book) ReadHashes(places []int64) ([]proof.Hash, error) {
	var list []proof.Hash
	for _, at := range places {
		list = append(list, b.hashes[at])
	}
	return list, nil
}

// Prove makes a proof.
func (n *Node) Prove(_ context.Context, name string, sequence uint64) (proof.Proof, error) {
	return on(n, name, func(b *book) (proof.Proof, error) {
		s, err := b.step(sequence)
		if err != nil {
			return proof.Proof{}, err
		}
		note, err := b.checkpoint()
		if err != nil {
			return proof.Proof{}, err
		}
		return proof.Prove(sequence, s.record, s.result, note, b)
	})
}

// ProveExtension makes a proof that the past stands unchanged.
func (n *Node) ProveExtension(_ context.Context, name string, older []byte) (proof.Extension, error) {
	return on(n, name, func(b *book) (proof.Extension, error) {
		note, err := b.checkpoint()
		if err != nil {
			return proof.Extension{}, err
		}
		x, err := proof.ProveExtension(older, note, b)
		if err != nil {
			return x, errs.Invalid.Errorf("%s", strings.TrimSpace(err.Error())).On("body.checkpoint")
		}
		return x, nil
	})
}
