package order

import "github.com/longmen/longmen/kit/id"

// Query is one that the package asks, for tests that look at its plan.
type Query struct {
	SQL  string
	Args []any
}

// Queries are those by which a filter is answered.
func Queries(tenant id.ID, f Filter, newest bool) []Query {
	s := search{tenant: tenant, Filter: f, descends: newest, below: maxPlace}
	if f.Reference.Type == 0 && f.Party.IsZero() {
		q, args := s.directQuery(10)
		return []Query{{q, args}}
	}
	lead, leadArgs := s.leadQuery(10)
	then, thenArgs := s.placedQuery([]any{int64(1), int64(5), int64(9)})
	return []Query{{lead, leadArgs}, {then, thenArgs}}
}

// OtherQueries are those for one order, its steps, times, events and repeats.
func OtherQueries(tenant, order id.ID) []Query {
	return []Query{
		{queryOpened, []any{tenant[:], int64(5)}},
		{queryEvents, []any{tenant[:], int64(5), 10}},
		{queryLast, []any{tenant[:]}},
		{queryOrders + `(?)`, []any{tenant[:], order[:]}},
		{queryDone + `(?)`, []any{tenant[:], order[:]}},
		{querySteps, []any{tenant[:], order[:], 0, 10, 10}},
		{queryPosition, []any{tenant[:], "me"}},
	}
}
