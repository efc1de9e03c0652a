package order

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Filter says which orders of a tenant are meant: those for which all that is set is true.
type Filter struct {
	Kind      string
	State     string
	Party     id.ID     // has a part in the order
	Part      string    // that part, only with Party
	Reference Reference // is among the order's
	// From and Until bound the instant at which the order was opened, microseconds since 1970: From ≤ created < Until.
	// Zero is no bound.
	From, Until int64
}

// Page says which part of a list is meant. A list is sorted by place: as orders were opened, or the newest first.
type Page struct {
	Size   int // 1 to 1,000
	Newest bool
	// Cursor is the place after which to go on, not included; 0 begins at the list's start, or with Back at its end.
	Cursor uint64
	// Back asks for the orders before the cursor instead of those after it. They stand in the list's order all the same.
	Back bool
}

// Found is one page of a list.
type Found struct {
	Orders []Order
	// More says that there may be more in the direction asked for; Cursor goes on there. A page can be short, even empty,
	// and have more: filters that are combined look at 4,096 orders at a time.
	More   bool
	Cursor uint64
}

// List gives a page of a tenant's orders. To turn round, use the place of the first order as the cursor.
func (o *Orders) List(ctx context.Context, tenant id.ID, f Filter, p Page) (Found, error) {
	if err := f.check(); err != nil {
		return Found{}, err
	}
	if err := checkSize(p.Size); err != nil {
		return Found{}, err
	}
	if p.Cursor > maxPlace {
		return Found{}, invalid("cursor", "%d is no place in a list", p.Cursor)
	}
	var found Found
	err := o.read(ctx, func(r rows) error {
		s := search{rows: r, tenant: tenant, Filter: f, descends: p.Newest != p.Back, above: 0, below: maxPlace}
		if err := s.bound(ctx, p); err != nil {
			return err
		}
		if s.above+1 >= s.below {
			return nil // no place lies between
		}
		var err error
		found, err = s.run(ctx, p.Size)
		return err
	})
	if err != nil {
		return Found{}, err
	}
	if p.Back {
		slices.Reverse(found.Orders)
	}
	return found, nil
}

func (f *Filter) check() error {
	for _, c := range []struct{ field, code string }{{"kind", f.Kind}, {"state", f.State}, {"part", f.Part}} {
		if c.code != "" {
			if err := checkCode(c.field, c.code); err != nil {
				return err
			}
		}
	}
	if f.Part != "" && f.Party.IsZero() {
		return invalid("part", "a part is asked for together with its party")
	}
	if f.Reference.Type == 0 && f.Reference != (Reference{}) {
		return invalid("reference", "a reference is asked for by type and value")
	}
	if f.From < 0 || f.From > maxInstant {
		return invalid("from", "%d is no instant in microseconds since 1970", f.From)
	}
	if f.Until < 0 || f.Until > maxInstant || f.Until > 0 && f.Until <= f.From {
		return invalid("until", "%d is no instant after from", f.Until)
	}
	return nil
}

// search looks for orders with places between two others.
type search struct {
	rows
	tenant id.ID
	Filter
	descends     bool
	above, below uint64 // neither included
}

// bound turns cursor and time into places. Instants never decrease from place to place, so a stretch of time is one of
// places.
func (s *search) bound(ctx context.Context, p Page) error {
	switch {
	case p.Cursor == 0:
	case s.descends:
		s.below = p.Cursor
	default:
		s.above = p.Cursor
	}
	if s.From > 0 {
		first, ok, err := s.opened(ctx, s.From)
		if err != nil {
			return err
		}
		if !ok {
			s.below = 0 // nothing was opened since
			return nil
		}
		s.above = max(s.above, first-1)
	}
	if s.Until > 0 {
		first, ok, err := s.opened(ctx, s.Until)
		if err != nil {
			return err
		}
		if ok {
			s.below = min(s.below, first)
		}
	}
	return nil
}

const queryOpened = `SELECT place FROM order_book WHERE tenant = ? AND created >= ? ORDER BY created, place LIMIT 1`

// opened finds the first order opened at an instant or later.
func (s *search) opened(ctx context.Context, since int64) (place uint64, ok bool, err error) {
	err = s.each(ctx, queryOpened, []any{s.tenant[:], since}, func(found *sql.Rows) error {
		ok = true
		return found.Scan(&place)
	})
	return place, ok, err
}

func (s *search) run(ctx context.Context, size int) (Found, error) {
	if s.Reference.Type == 0 && s.Party.IsZero() {
		orders, err := s.direct(ctx, size+1)
		return cut(orders, size), err
	}
	return s.led(ctx, size)
}

// cut makes a page of what was found for one order more than it may have.
func cut(orders []Order, size int) Found {
	f := Found{Orders: orders}
	if len(orders) > size {
		f.Orders, f.More = orders[:size], true
		f.Cursor = f.Orders[size-1].Place
	}
	return f
}

// direct is answered by one index of the orders themselves.
func (s *search) direct(ctx context.Context, limit int) ([]Order, error) {
	query, args := s.directQuery(limit)
	return s.orders(ctx, query, args)
}

func (s *search) directQuery(limit int) (string, []any) {
	query, args := `SELECT `+bookColumns+` FROM `+s.by("order_book", s.index())+` WHERE tenant = ?`, []any{s.tenant[:]}
	if s.Kind != "" {
		query, args = query+` AND kind = ?`, append(args, s.Kind)
	}
	if s.State != "" {
		query, args = query+` AND state = ?`, append(args, s.State)
	}
	return query + s.span(), append(args, int64(s.above), int64(s.below), limit)
}

// index names the index that has what is asked for.
func (s *search) index() string {
	switch {
	case s.Kind != "" && s.State != "":
		return `order_book_kind_state`
	case s.Kind != "":
		return `order_book_kind`
	case s.State != "":
		return `order_book_state`
	}
	return `order_book_place`
}

// span ends a query: places between the two, sorted, so many.
func (s *search) span() string {
	if s.descends {
		return ` AND place > ? AND place < ? ORDER BY place DESC LIMIT ?`
	}
	return ` AND place > ? AND place < ? ORDER BY place LIMIT ?`
}

func (s *search) orders(ctx context.Context, query string, args []any) ([]Order, error) {
	var orders []Order
	err := s.each(ctx, query, args, func(found *sql.Rows) error {
		o, err := scanOrder(found)
		orders = append(orders, o)
		return err
	})
	return orders, err
}

// led follows the places of a reference or a party, and looks there for the other filters.
func (s *search) led(ctx context.Context, size int) (Found, error) {
	var orders []Order
	step := size + 1 // if each place is a hit, that is all
	for seen := 0; seen < looked; step *= 4 {
		want := min(step, lists[0], looked-seen)
		if s.alone() {
			want = min(want, size+1-len(orders))
		}
		places, err := s.places(ctx, want)
		if err != nil {
			return Found{}, err
		}
		if len(places) > 0 {
			hits, err := s.placed(ctx, places)
			if err != nil {
				return Found{}, err
			}
			orders = append(orders, hits...)
			s.pass(uint64(places[len(places)-1].(int64)))
		}
		if len(orders) > size || len(places) < want {
			return cut(orders, size), nil
		}
		seen += len(places)
	}
	f := Found{Orders: orders, More: true, Cursor: s.above}
	if s.descends {
		f.Cursor = s.below
	}
	return f, nil
}

// alone says that the filter that leads is the only one.
func (s *search) alone() bool {
	return s.Kind == "" && s.State == "" && s.Part == "" && (s.Reference.Type == 0 || s.Party.IsZero())
}

// pass goes on after a place.
func (s *search) pass(place uint64) {
	if s.descends {
		s.below = place
	} else {
		s.above = place
	}
}

// places gives the next places of the filter that leads, each once.
func (s *search) places(ctx context.Context, limit int) ([]any, error) {
	var places []any
	query, args := s.leadQuery(limit)
	err := s.each(ctx, query, args, func(found *sql.Rows) error {
		var place int64
		err := found.Scan(&place)
		places = append(places, place)
		return err
	})
	return places, err
}

func (s *search) leadQuery(limit int) (string, []any) {
	query, args := `SELECT DISTINCT place FROM order_party WHERE tenant = ? AND party = ?`, []any{s.tenant[:], s.Party[:]}
	if s.Reference.Type != 0 {
		query = `SELECT place FROM order_reference WHERE tenant = ? AND type = ? AND value = ?`
		args = []any{s.tenant[:], int64(s.Reference.Type), s.Reference.Value[:]}
	}
	return query + s.span(), append(args, int64(s.above), int64(s.below), limit)
}

// lists are the lengths that lists of a query have, so that a database meets few different queries.
var lists = []int{256, 64, 8, 1}

// in runs a query that ends in IN with parts of a list, and gives the rows to f. Each part is filled up with its last
// value.
func (s *search) in(ctx context.Context, query string, args, list []any, f func(*sql.Rows) error) error {
	for len(list) > 0 {
		size := lists[0]
		for _, n := range lists {
			if len(list) <= n {
				size = n
			}
		}
		part := append(slices.Clone(args), list[:min(size, len(list))]...)
		list = list[len(part)-len(args):]
		for len(part) < len(args)+size {
			part = append(part, part[len(part)-1])
		}
		if err := s.each(ctx, query+`(`+store.List(size)+`)`, part, f); err != nil {
			return err
		}
	}
	return nil
}

// placed reads those of the orders at some places that the other filters let through, in the order of the places.
func (s *search) placed(ctx context.Context, places []any) ([]Order, error) {
	var orders []Order
	query, args := s.placedQuery()
	err := s.in(ctx, query, args, places, func(found *sql.Rows) error {
		o, err := scanOrder(found)
		orders = append(orders, o)
		return err
	})
	slices.SortFunc(orders, func(a, b Order) int {
		if s.descends {
			a, b = b, a
		}
		return cmp.Compare(a.Place, b.Place)
	})
	return orders, err
}

// placedQuery hides kind and state from PostgreSQL's indexes that hold them: the places are few, and nothing else must lead.
func (s *search) placedQuery() (string, []any) {
	query, args := `SELECT `+bookColumns+` FROM `+s.by("order_book b", "order_book_place")+` WHERE tenant = ?`, []any{s.tenant[:]}
	if s.Kind != "" {
		query, args = query+` AND kind || '' = ?`, append(args, s.Kind)
	}
	if s.State != "" {
		query, args = query+` AND state || '' = ?`, append(args, s.State)
	}
	if !s.Party.IsZero() && (s.Reference.Type != 0 || s.Part != "") {
		query += ` AND EXISTS (SELECT 1 FROM order_party p WHERE p.tenant = b.tenant AND p.party = ? AND p.place = b.place`
		args = append(args, s.Party[:])
		if s.Part != "" {
			query, args = query+` AND p.part = ?`, append(args, s.Part)
		}
		query += `)`
	}
	return query + ` AND place IN `, args
}
