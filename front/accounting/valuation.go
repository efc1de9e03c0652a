package accounting

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Unrated means that the chart does not say how something is valued.
var Unrated = errs.Define("valuation_basis_missing", 409, "The chart does not say how this is valued")

// PurposeValue is the purpose of the command that books a valuation, ReferenceValue the type of the reference to it.
const (
	PurposeValue   = 6002
	ReferenceValue = 6002
)

// MaxLines is the most claims of one valuation.
const MaxLines = 1_000_000

// maxFigure is the most one amount of a command is.
const maxFigure = 1_000_000_000_000_000_000

// Line is what the platform has of one claim on a day, in minor units.
type Line struct {
	Claim    id.ID
	Bucket   string
	Interest int64 // accrued or due on what it holds, not paid
	Fees     int64 // due to it and not paid, tax included
	Received int64 // fees that it has got so far, tax included
	Exposed  int64 // principal that it holds, and what it paid in somebody's place and did not get back
	Tax      *Tax  // in its fees, of each rounded; nil only in valuations from before, which rounded it once for the sum
}

// Tax is what fees contain of it.
type Tax struct {
	Fees     int64 `json:"fees"`
	Received int64 `json:"received"`
}

// Claims know what the platform has. They give all lines of a ledger to a function, each claim once.
type Claims interface {
	Lines(ctx context.Context, tenant id.ID, ledger string, b *Basis, on ledger.Date, f func(*Line) error) error
}

// Booking is the ledgers that valuations are booked in. Commands are let in as Enter says.
type Booking interface {
	Apply(ctx context.Context, ledger string, commands []*ledger.Command) ([]node.Answer, error)
	View(ctx context.Context, ledger string, read func(*ledger.Engine)) error
}

// Sum is what the lines of one bucket add up to.
type Sum struct {
	Bucket   string `json:"bucket"`
	Claims   int    `json:"claims"`
	Interest int64  `json:"interest"`
	Fees     int64  `json:"fees"`
	Received int64  `json:"received"`
	Exposed  int64  `json:"exposed"`
	PPM      int64  `json:"ppm"`
	Impaired int64  `json:"impaired"` // of what is exposed, rounded half up
	Tax      *Tax   `json:"tax,omitempty"`
}

// Entry is how one figure is booked: the difference between what it should be and what was booked before.
type Entry struct {
	Name string `json:"name"`
	Pair
	Target int64 `json:"target"`
	Booked int64 `json:"booked"` // before
}

// Valuation is what the platform's own claims came to on a day, and what was booked for it.
type Valuation struct {
	ID       id.ID // made by the client
	Ledger   string
	Number   uint64 // 1, 2, 3… of the ledger
	On       ledger.Date
	Asset    string
	Chart    ledger.Date // first day of the chart that says how
	Actor    id.ID
	At       int64 // microseconds since 1970
	Sums     []Sum // by bucket
	Entries  []Entry
	Outcome  string // "applied", or why the ledger refused; "" while it is under way
	Sequence uint64 // of the command; 0: there was nothing to book
}

// Asked is a valuation that somebody wants.
type Asked struct {
	ID     id.ID
	Ledger string
	On     ledger.Date
	Actor  id.ID
}

// Valuer values what the platform has itself, and books it.
type Valuer struct {
	books   *Accounting
	booking Booking
	claims  Claims
}

// NewValuer makes one.
func NewValuer(a *Accounting, booking Booking, claims Claims) *Valuer {
	return &Valuer{a, booking, claims}
}

// Value works out what the platform has on a day, and books by one command what differs from what is booked: from then
// on the accounts that the chart names show just that. The same id again gives the first result. A valuation that did
// not come to its end is brought there first.
func (v *Valuer) Value(ctx context.Context, tenant id.ID, q Asked) (*Valuation, error) {
	if err := q.ID.Check(); err != nil {
		return nil, errs.Invalid.Errorf("%v", err).On("id")
	}
	v.books.valuing.Lock()
	defer v.books.valuing.Unlock()
	there, err := v.books.find(ctx, tenant, q.ID)
	if err != nil {
		return nil, err
	}
	if there != nil && (there.Ledger != q.Ledger || there.On != q.On) {
		return nil, errs.Conflict.Errorf("%s valued ledger %s on %v: make a new id", q.ID, there.Ledger, there.On).On("id")
	}
	if there != nil {
		return there, v.finish(ctx, tenant, there)
	}
	last, err := v.last(ctx, tenant, q.Ledger)
	if err != nil {
		return nil, err
	}
	if err := v.admit(ctx, tenant, &q, last); err != nil {
		return nil, err
	}
	x, lines, err := v.work(ctx, tenant, &q, last)
	if err != nil {
		return nil, err
	}
	if c := x.command(); c != nil {
		if err := c.Check(); err != nil {
			return nil, errs.Invalid.Errorf("what is to be booked: %v", err).On("id")
		}
	}
	if err := v.books.begin(ctx, tenant, x, lines); err != nil {
		return nil, err
	}
	return x, v.finish(ctx, tenant, x)
}

// last is the valuation that what is booked came from, nil if there is none. One that is under way comes to its end.
func (v *Valuer) last(ctx context.Context, tenant id.ID, name string) (*Valuation, error) {
	waiting, err := v.books.newest(ctx, tenant, name, "")
	if err != nil {
		return nil, err
	}
	if waiting != nil {
		if err := v.finish(ctx, tenant, waiting); err != nil {
			return nil, err
		}
	}
	return v.books.newest(ctx, tenant, name, applied)
}

// admit refuses a day that is closed, to come, or before the last valuation.
func (v *Valuer) admit(ctx context.Context, tenant id.ID, q *Asked, last *Valuation) error {
	through, err := v.books.through(ctx, v.books.db.Reader(), tenant, q.Ledger)
	if err != nil {
		return err
	}
	stand, err := v.books.ledgers.Stand(ctx, q.Ledger)
	switch {
	case err != nil:
		return err
	case q.On <= through:
		return PeriodClosed.Errorf("%v: the books are closed through %v: value a later day", q.On, through).On("on")
	case q.On > stand.Today:
		return errs.Invalid.Errorf("%v lies ahead: the ledger is at %v", q.On, stand.Today).On("on")
	case last != nil && q.On < last.On:
		return errs.Conflict.Errorf("%v: what is booked is of %v; a valuation of that day or a later one trues it up", q.On, last.On).On("on")
	}
	return nil
}

// work works a valuation out.
func (v *Valuer) work(ctx context.Context, tenant id.ID, q *Asked, last *Valuation) (*Valuation, []Line, error) {
	chart, err := v.books.Chart(ctx, tenant, q.On)
	if errs.Is(err, errs.NotFound) || err == nil && chart.Basis == nil {
		return nil, nil, Unrated.Errorf("the chart that holds on %v has no valuation", q.On)
	}
	if err != nil {
		return nil, nil, err
	}
	var lines []Line
	err = v.claims.Lines(ctx, tenant, q.Ledger, chart.Basis, q.On, func(l *Line) error {
		if len(lines) == MaxLines {
			return errs.TooLarge.Errorf("there are more than %d claims", MaxLines)
		}
		lines = append(lines, *l)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	x := &Valuation{
		ID: q.ID, Ledger: q.Ledger, On: q.On, Asset: chart.Basis.Asset, Chart: ledger.Date(chart.From), Actor: q.Actor, At: v.books.clock.Now().UnixMicro(),
	}
	if x.Sums, err = chart.Basis.sum(lines); err != nil {
		return nil, nil, err
	}
	targets, err := chart.Basis.targets(x.Sums)
	if err != nil {
		return nil, nil, err
	}
	x.Entries, err = v.entries(ctx, q.Ledger, targets, last)
	return x, lines, err
}

// sum adds lines up by bucket, and says what of each is impaired.
func (b *Basis) sum(lines []Line) ([]Sum, error) {
	by := map[string]*Sum{}
	for i := range lines {
		l := &lines[i]
		s := by[l.Bucket]
		if s == nil {
			ppm, ok := b.rate(l.Bucket)
			if !ok {
				return nil, Unrated.Errorf("there is no rate for bucket %s", l.Bucket)
			}
			s = &Sum{Bucket: l.Bucket, PPM: ppm, Tax: &Tax{}}
			by[l.Bucket] = s
		}
		s.Claims++
		for _, x := range []struct {
			to  *int64
			add int64
		}{{&s.Interest, l.Interest}, {&s.Fees, l.Fees}, {&s.Received, l.Received}, {&s.Exposed, l.Exposed}, {&s.Tax.Fees, l.Tax.Fees}, {&s.Tax.Received, l.Tax.Received}} {
			if err := add(x.to, x.add); err != nil {
				return nil, err
			}
		}
	}
	list := make([]Sum, 0, len(by))
	for _, s := range by {
		var err error
		if s.Impaired, err = amount.HalfUp.MulDiv(s.Exposed, uint64(s.PPM), million); err != nil {
			return nil, err
		}
		list = append(list, *s)
	}
	slices.SortFunc(list, func(x, y Sum) int { return cmp.Compare(x.Bucket, y.Bucket) })
	return list, nil
}

// add adds an amount that is not negative to a sum.
func add(to *int64, x int64) error {
	if x < 0 || *to > math.MaxInt64-x || *to+x > maxFigure {
		return errs.TooLarge.Errorf("a figure is negative or above %d", int64(maxFigure))
	}
	*to += x
	return nil
}

// targets are the figures as they should be.
func (b *Basis) targets(sums []Sum) ([]Entry, error) {
	all := Sum{Tax: &Tax{}}
	for i := range sums {
		s := &sums[i]
		for _, x := range []struct {
			to  *int64
			add int64
		}{{&all.Interest, s.Interest}, {&all.Fees, s.Fees}, {&all.Tax.Fees, s.Tax.Fees}, {&all.Tax.Received, s.Tax.Received}, {&all.Impaired, s.Impaired}} {
			if err := add(x.to, x.add); err != nil {
				return nil, err
			}
		}
	}
	list := b.figures()
	for i, x := range []int64{all.Interest, all.Fees - all.Tax.Fees, all.Tax.Fees, all.Tax.Received, all.Impaired} {
		list[i].Target = x
	}
	return list, nil
}

// entries completes the targets by what is booked. Pairs that were used before and are named no more go to zero first.
func (v *Valuer) entries(ctx context.Context, name string, targets []Entry, last *Valuation) ([]Entry, error) {
	var list []Entry
	if last != nil {
		for _, e := range last.Entries {
			if e.Target != 0 && !slices.ContainsFunc(targets, func(t Entry) bool { return t.Pair == e.Pair }) {
				list = append(list, Entry{Name: e.Name, Pair: e.Pair})
			}
		}
	}
	list = append(list, targets...)
	err := v.booking.View(ctx, name, func(e *ledger.Engine) {
		booked := map[string]int64{}
		for i := range list {
			x := &list[i]
			if _, seen := booked[x.Credit]; !seen {
				a, _ := e.Account(x.Credit) // one that is not there is refused by the ledger
				booked[x.Credit] = a.Credits - a.Debits
			}
			x.Booked = booked[x.Credit]
			booked[x.Credit] = x.Target
		}
	})
	return list, err
}

// command books the differences, nil if there are none.
func (x *Valuation) command() *ledger.Command {
	c := &ledger.Command{
		ID: ledger.ID(x.ID.Derive("accounting.value", 0)), Purpose: PurposeValue, Effective: x.On, Actor: ledger.ID(x.Actor),
		References: []ledger.Reference{{Type: ReferenceValue, Value: x.ID}},
	}
	for _, e := range x.Entries {
		switch d := e.Target - e.Booked; {
		case d > 0:
			c.Operations = append(c.Operations, &ledger.Transfer{Debit: e.Debit, Credit: e.Credit, Mode: ledger.Exact, Amount: d})
		case d < 0:
			c.Operations = append(c.Operations, &ledger.Transfer{Debit: e.Credit, Credit: e.Debit, Mode: ledger.Exact, Amount: -d})
		}
	}
	if len(c.Operations) == 0 {
		return nil
	}
	return c
}

// finish books a valuation that is under way, and keeps what became of it.
func (v *Valuer) finish(ctx context.Context, tenant id.ID, x *Valuation) error {
	if x.Outcome != "" {
		return nil
	}
	outcome, sequence := applied, uint64(0)
	if c := x.command(); c != nil {
		answers, err := v.booking.Apply(ctx, x.Ledger, []*ledger.Command{c})
		switch {
		case errs.Is(err, PeriodClosed):
			outcome = PeriodClosed.Name() // closed since it was worked out
		case err != nil:
			return err
		case !answers[0].Result.Code.Journaled():
			return v.unbooked(ctx, tenant, x, &answers[0])
		default:
			outcome, sequence = answers[0].Result.Code.String(), answers[0].Result.Sequence
		}
	}
	if err := v.books.end(ctx, tenant, x, outcome, sequence); err != nil {
		return err
	}
	x.Outcome, x.Sequence = outcome, sequence
	return nil
}

// unbooked is an error for what the ledger did not even note. What it may take later stays under way; what it never takes
// is as if it had not been asked for, so that it holds up no other valuation.
func (v *Valuer) unbooked(ctx context.Context, tenant id.ID, x *Valuation, a *node.Answer) error {
	if a.Result.Code == ledger.Overloaded {
		return errs.Overloaded.Errorf("%s", a.Why)
	}
	if err := v.books.drop(ctx, tenant, x); err != nil {
		return err
	}
	return errs.Invalid.Errorf("the ledger takes no command of this id: %s %s; make a new one", a.Result.Code, a.Why).On("id")
}
