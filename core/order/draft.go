package order

import (
	"slices"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// key is an id within its tenant.
type key struct{ tenant, id id.ID }

// end is where a tenant's events end.
type end struct {
	last uint64
	at   int64
}

// done is a write that was done before.
type done struct {
	hash    [32]byte
	order   id.ID
	version uint32
	number  uint64
	// result is known at once if it was done in this transaction.
	result *Result
}

// row is a step with what only its row knows.
type row struct {
	Step
	hash [32]byte
}

// draft is what a transaction is going to write. All that matters was read into it before, under the lock of the
// tenants, so it decides without the database.
type draft struct {
	now    map[id.ID]int64
	ends   map[id.ID]*end
	orders map[key]*Order
	done   map[key]done

	steps      []row
	touched    []key // orders in the order of their first change, some perhaps twice
	parties    []key2
	references []key3
}

type key2 struct {
	tenant id.ID
	Party
	place uint64
}

type key3 struct {
	tenant id.ID
	Reference
	place uint64
}

func newDraft() *draft {
	return &draft{now: map[id.ID]int64{}, ends: map[id.ID]*end{}, orders: map[key]*Order{}, done: map[key]done{}}
}

// mark is a point to which a draft can be taken back.
type mark struct {
	end                                 end
	steps, touched, parties, references int
}

func (d *draft) mark(tenant id.ID) mark {
	return mark{*d.ends[tenant], len(d.steps), len(d.touched), len(d.parties), len(d.references)}
}

// back takes a draft back to a mark. Orders are given as they were before.
func (d *draft) back(tenant id.ID, m mark, before map[key]*Order) {
	for _, s := range d.steps[m.steps:] {
		delete(d.done, key{tenant, s.ID})
	}
	for k, o := range before {
		if o == nil {
			delete(d.orders, k)
		} else {
			d.orders[k] = o
		}
	}
	*d.ends[tenant] = m.end
	d.steps, d.touched = d.steps[:m.steps], d.touched[:m.touched]
	d.parties, d.references = d.parties[:m.parties], d.references[:m.references]
}

// write does one write that was not done before.
func (d *draft) write(tenant id.ID, w *write) (Result, error) {
	k := key{tenant, w.order}
	old := d.orders[k]
	if !w.opens && (old == nil || !w.means(old)) {
		return Result{}, noOrder(w.order)
	}
	e := d.ends[tenant]
	if e.last >= maxPlace {
		return Result{}, errs.Internal.Errorf("the tenant's events are counted out")
	}
	at := d.now[tenant]
	if w.at != 0 {
		at = min(at, w.at)
	}
	at = max(at, e.at)
	var o Order
	step := Step{Tenant: tenant, Number: e.last + 1, Order: w.order, ID: w.id, At: at, Act: w.act}
	if w.opens {
		o = w.open(tenant, step.Number, at)
		step.Parties, step.Amounts, step.References, step.Attributes = o.Parties, o.Amounts, o.References, o.Attributes
	} else {
		var err error
		if o, err = w.change(old, at); err != nil {
			return Result{}, err
		}
		step.Transition, step.From = w.transition, old.State
		if len(w.amounts) > 0 {
			step.Amounts = o.Amounts
		}
		if len(w.references) > 0 {
			step.References = o.References
		}
		if w.attributes != nil {
			step.Attributes = o.Attributes
		}
	}
	step.Kind, step.Version, step.To = o.Kind, o.Version, o.State
	*e = end{step.Number, at}
	d.keep(k, old, &o, row{step, w.hash})
	result := Result{Order: o, Number: step.Number}
	d.done[key{tenant, w.id}] = done{w.hash, w.order, o.Version, step.Number, &result}
	return result, nil
}

// keep notes what is to be written.
func (d *draft) keep(k key, old, now *Order, step row) {
	d.orders[k] = now
	d.touched = append(d.touched, k)
	d.steps = append(d.steps, step)
	for _, r := range now.References {
		if old == nil || !slices.Contains(old.References, r) {
			d.references = append(d.references, key3{k.tenant, r, now.Place})
		}
	}
	if old == nil {
		for _, p := range now.Parties {
			d.parties = append(d.parties, key2{k.tenant, p, now.Place})
		}
	}
}

// means says whether a change is meant for an order.
func (w *write) means(o *Order) bool {
	return (w.of == "" || w.of == o.Kind) && (w.having == Reference{} || slices.Contains(o.References, w.having))
}

func noOrder(i id.ID) error {
	return errs.NotFound.Errorf("there is no order %s", i).On("order")
}

func (w *write) open(tenant id.ID, place uint64, at int64) Order {
	return Order{
		Tenant: tenant, ID: w.order, Kind: w.kind.Code, State: w.kind.First, Version: 1, Place: place,
		Parties: w.parties, Amounts: w.amounts, References: w.references, Attributes: w.attributes,
		Created: at, Changed: at, CreatedBy: w.act.Actor, ChangedBy: w.act.Actor,
	}
}

// change takes an order through a transition. What is refused is refused in this order: version, state, role, reason,
// limits.
func (w *write) change(old *Order, at int64) (Order, error) {
	if old.Version != w.version {
		return Order{}, Stale.Errorf("order %s has version %d and is in state %s, you have seen version %d: read it again",
			old.ID, old.Version, old.State, w.version).On("version")
	}
	t, err := w.transit(old)
	if err != nil {
		return Order{}, err
	}
	if !slices.Contains(t.By, w.act.Role) {
		return Order{}, errs.Forbidden.Errorf("role %q may not %s an order of kind %s", w.act.Role, t.Name, old.Kind).On("role")
	}
	if t.Reason && w.act.Reason == "" {
		return Order{}, invalid("reason", "to %s an order of kind %s takes a reason code", t.Name, old.Kind)
	}
	if old.Version >= maxVersion {
		return Order{}, errs.TooLarge.Errorf("order %s has changed %d times, which is all it may: open another", old.ID, old.Version)
	}
	o := *old
	o.State, o.Version, o.Changed, o.ChangedBy = t.To, old.Version+1, at, w.act.Actor
	if o.Amounts = replaced(old.Amounts, w.amounts); len(o.Amounts) > MaxAmounts {
		return Order{}, invalid("amounts", "the order would have %d, at most %d", len(o.Amounts), MaxAmounts)
	}
	if o.References = added(old.References, w.references); len(o.References) > MaxReferences {
		return Order{}, invalid("references", "the order would have %d, at most %d", len(o.References), MaxReferences)
	}
	if w.attributes != nil {
		o.Attributes = w.attributes
	}
	return o, nil
}

func (w *write) transit(old *Order) (*Transition, error) {
	m := w.kinds.byCode[old.Kind]
	if m == nil {
		return nil, WrongState.Errorf("order %s is of kind %s, which is not declared here any more", old.ID, old.Kind)
	}
	t := m.transitions[w.transition]
	if t == nil {
		return nil, invalid("transition", "kind %s has no transition %s", old.Kind, w.transition)
	}
	if !slices.Contains(t.From, old.State) {
		return nil, WrongState.Errorf("order %s is in state %s, from which there is no %s", old.ID, old.State, t.Name).On("transition")
	}
	return t, nil
}

// replaced gives the amounts with some of them put in place of those with the same code.
func replaced(old, by []Amount) []Amount {
	if len(by) == 0 {
		return old
	}
	all := slices.Clone(by)
	for _, a := range old {
		if !slices.ContainsFunc(by, func(b Amount) bool { return a.Code == b.Code }) {
			all = append(all, a)
		}
	}
	return sortAmounts(all)
}

// added gives the references with more of them, each once.
func added(old, more []Reference) []Reference {
	if len(more) == 0 {
		return old
	}
	all := slices.Clone(old)
	for _, r := range more {
		if !slices.Contains(old, r) {
			all = append(all, r)
		}
	}
	return sortReferences(all)
}

// Replay gives the order that a list of steps leads to: all of one order's, from the first on.
func Replay(steps []Step) (Order, error) {
	var o Order
	for i, s := range steps {
		switch {
		case s.Version != uint32(i)+1 || (i == 0) != (s.Transition == ""):
			return Order{}, errs.Internal.Errorf("step %d of order %s has version %d and transition %q", i+1, s.Order, s.Version, s.Transition)
		case i > 0 && (s.Order != o.ID || s.From != o.State || s.Kind != o.Kind || s.At < o.Changed || s.Number <= o.Place):
			return Order{}, errs.Internal.Errorf("step %d of order %s does not follow from the one before", i+1, s.Order)
		case i == 0:
			o = Order{
				Tenant: s.Tenant, ID: s.Order, Kind: s.Kind, Place: s.Number, Parties: s.Parties,
				Amounts: s.Amounts, References: s.References, Attributes: s.Attributes, Created: s.At, CreatedBy: s.Actor,
			}
		}
		o.State, o.Version, o.Changed, o.ChangedBy = s.To, s.Version, s.At, s.Actor
		if s.Amounts != nil {
			o.Amounts = s.Amounts
		}
		if s.References != nil {
			o.References = s.References
		}
		if s.Attributes != nil {
			o.Attributes = s.Attributes
		}
	}
	if len(steps) == 0 {
		return Order{}, errs.Internal.Errorf("an order without a step")
	}
	return o, nil
}
