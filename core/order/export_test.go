package order

import (
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Query is one that the package asks, for tests that look at its plan. Index is what SQLite says of the index that must
// answer it.
type Query struct {
	SQL   string
	Args  []any
	Index string
}

// Queries are those by which a filter is answered.
func Queries(dialect store.Dialect, tenant id.ID, f Filter, newest bool) []Query {
	s := search{rows: rows{dialect: dialect}, tenant: tenant, Filter: f, descends: newest, below: maxPlace}
	if f.Reference.Type == 0 && f.Party.IsZero() {
		q, args := s.directQuery(10)
		index := "(tenant=?"
		if f.Kind != "" {
			index += " AND kind=?"
		}
		if f.State != "" {
			index += " AND state=?"
		}
		return []Query{{q, args, index + " AND place>? AND place<?)"}}
	}
	lead, leadArgs := s.leadQuery(10)
	index := "(tenant=? AND party=? AND place>? AND place<?)"
	if f.Reference.Type != 0 {
		index = "(tenant=? AND type=? AND value=? AND place>? AND place<?)"
	}
	then, thenArgs := s.placedQuery()
	return []Query{{lead, leadArgs, index}, {then + `(?)`, append(thenArgs, int64(5)), "place=?)"}}
}

// OtherQueries are those for one order, its steps, times, events and repeats.
func OtherQueries(dialect store.Dialect, tenant, order id.ID) []Query {
	s := rows{dialect: dialect}
	v, one := "WITH v (tenant, id) AS (VALUES (?, ?)) ", []any{tenant[:], order[:]}
	if dialect == store.Postgres {
		v, one = "WITH v (tenant, id) AS (SELECT * FROM unnest(?::bytea[], ?::bytea[])) ", []any{[][]byte{tenant[:]}, [][]byte{order[:]}}
	}
	return []Query{
		{queryOpened, []any{tenant[:], int64(5)}, "(tenant=? AND created>?)"},
		{queryEvents, []any{tenant[:], int64(5), 10}, "(tenant=? AND number>?)"},
		{queryLast, []any{tenant[:]}, "(tenant=?)"},
		{v + s.queryOrders(), one, "order_book_id (tenant=? AND id=?)"},
		{v + s.queryDone(), one, "order_step_change (tenant=? AND change=?)"},
		{querySteps, []any{tenant[:], order[:], 0, 10, 10}, "(tenant=? AND item=? AND version>? AND version<?)"},
		{queryPosition, []any{tenant[:], "me"}, "(tenant=? AND name=?)"},
	}
}
