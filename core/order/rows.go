package order

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// The columns of the tables.
var (
	bookRows = store.NewValues(`tenant blob, id blob, place integer, kind text, state text, version integer, created integer,
		creator blob, changed integer, changer blob, parties text, amounts text, refs text, attributes text`)
	stepRows = store.NewValues(`tenant blob, number integer, item blob, version integer, change blob, hash blob, kind text,
		transition text, origin text, state text, at integer, actor blob, behalf blob, role text, reason text, approval blob,
		ledger blob, command blob, sequence integer, amounts text, refs text, attributes text`)
	partyRows     = store.NewValues("tenant blob, party blob, place integer, part text")
	referenceRows = store.NewValues("tenant blob, type integer, value blob, place integer")

	bookColumns, stepColumns = bookRows.Names(), stepRows.Names()
)

const (
	// replace says what of an order changes.
	replace = ` ON CONFLICT (tenant, id) DO UPDATE SET state = excluded.state, version = excluded.version,
	changed = excluded.changed, changer = excluded.changer, amounts = excluded.amounts, refs = excluded.refs,
	attributes = excluded.attributes`
)

var querySteps = `SELECT ` + stepColumns + ` FROM order_step
	WHERE tenant = ? AND item = ? AND version > ? AND version <= ? ORDER BY version LIMIT ?`

// rows reads and writes the tables within a transaction.
type rows struct {
	dialect store.Dialect
	tx      *sql.Tx
}

// lockEnd finds where a tenant's events end and keeps all others from writing more of them until the transaction ends.
func (r rows) lockEnd(ctx context.Context, tenant id.ID) (*end, error) {
	var e end
	err := r.tx.QueryRowContext(ctx, r.dialect.Rebind(`INSERT INTO order_tenant (tenant, last, at) VALUES (?, 0, 0)
		ON CONFLICT (tenant) DO UPDATE SET last = order_tenant.last RETURNING last, at`), tenant[:]).Scan(&e.last, &e.at)
	if err != nil {
		return nil, fmt.Errorf("lock the events of tenant %s: %w", tenant, err)
	}
	return &e, nil
}

// each runs a query and gives its rows to f.
func (r rows) each(ctx context.Context, query string, args []any, f func(*sql.Rows) error) error {
	found, err := r.tx.QueryContext(ctx, r.dialect.Rebind(query), args...)
	return scanAll(found, err, f)
}

// scanAll gives all rows of an answer to f and closes it.
func scanAll(found *sql.Rows, err error, f func(*sql.Rows) error) error {
	if err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	for err == nil && found.Next() {
		err = f(found)
	}
	if err = errors.Join(err, found.Err(), found.Close()); err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	return nil
}

// by names an index of a table to SQLite, which has no statistics and would rather read all of a tenant than look for
// some dozens of values.
func (r rows) by(table, index string) string {
	if r.dialect == store.SQLite {
		return table + ` INDEXED BY ` + index
	}
	return table
}

func (r rows) queryDone() string {
	return r.lookup(`change, hash, item, version, number`, `order_step`, `change`)
}

func (r rows) queryOrders() string { return r.lookup(bookColumns, `order_book`, `id`) }

// lookup reads the rows of a table whose column is one of the ids in v, by the table's unique index on it, which is named
// after it. PostgreSQL is asked for the first row from an id on: of a table that was empty when it made the plan it knows
// nothing, and takes any index that begins with the tenant, unless the order tells which.
func (r rows) lookup(columns, table, column string) string {
	names := `x.` + strings.ReplaceAll(columns, `, `, `, x.`)
	if r.dialect == store.Postgres {
		return `SELECT ` + names + ` FROM v CROSS JOIN LATERAL (SELECT * FROM ` + table + ` t WHERE t.tenant = v.tenant AND t.` + column +
			` >= v.id ORDER BY t.` + column + ` LIMIT 1) x WHERE x.` + column + ` = v.id`
	}
	return `SELECT ` + names + ` FROM v CROSS JOIN ` + r.by(table+` x`, table+`_`+column) + ` WHERE x.tenant = v.tenant AND x.` + column + ` = v.id`
}

// idRows are the columns of what is looked for.
var idRows = store.NewValues("tenant blob, id blob")

// look gives what a query finds of some ids.
func (r rows) look(ctx context.Context, query string, tenant id.ID, list []id.ID, f func(*sql.Rows) error) error {
	values := make([][]any, len(list))
	for i := range list {
		values[i] = []any{tenant[:], list[i][:]}
	}
	if err := idRows.Query(ctx, r.tx, r.dialect, query, values, f); err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	return nil
}

// loadDone reads which of these writes were done before.
func (r rows) loadDone(ctx context.Context, d *draft, tenant id.ID, changes []id.ID) error {
	return r.look(ctx, r.queryDone(), tenant, changes, func(found *sql.Rows) error {
		var change, hash, item []byte
		var f done
		if err := found.Scan(&change, &hash, &item, &f.version, &f.number); err != nil {
			return err
		}
		copy(f.hash[:], hash)
		f.order = id.ID(item)
		d.done[key{tenant, id.ID(change)}] = f
		return nil
	})
}

// loadOrders reads orders as they stand.
func (r rows) loadOrders(ctx context.Context, d *draft, tenant id.ID, orders []id.ID) error {
	return r.look(ctx, r.queryOrders(), tenant, orders, func(found *sql.Rows) error {
		o, err := scanOrder(found)
		d.orders[key{tenant, o.ID}] = &o
		return err
	})
}

// steps reads steps of an order, after one version and up to another.
func (r rows) steps(ctx context.Context, tenant, order id.ID, after, upTo uint32, size int) ([]Step, error) {
	var steps []Step
	err := r.each(ctx, querySteps, []any{tenant[:], order[:], after, upTo, size}, func(found *sql.Rows) error {
		s, err := scanStep(found)
		steps = append(steps, s)
		return err
	})
	return steps, err
}

// order reads one order as it stands, nil if there is none.
func (r rows) order(ctx context.Context, tenant, order id.ID) (*Order, error) {
	d := newDraft()
	if err := r.loadOrders(ctx, d, tenant, []id.ID{order}); err != nil {
		return nil, err
	}
	return d.orders[key{tenant, order}], nil
}

// first gives the result of a write that was done before.
func (r rows) first(ctx context.Context, tenant id.ID, f done) (Result, error) {
	if f.result != nil {
		again := *f.result
		again.Repeated = true
		return again, nil
	}
	steps, err := r.steps(ctx, tenant, f.order, 0, f.version, MaxSteps)
	if err != nil {
		return Result{}, err
	}
	now, err := r.order(ctx, tenant, f.order)
	if err != nil {
		return Result{}, err
	}
	if len(steps) > 0 && now != nil {
		steps[0].Parties = now.Parties
	}
	o, err := Replay(steps)
	return Result{Order: o, Number: f.number, Repeated: true}, err
}

// save writes a draft.
func (r rows) save(ctx context.Context, d *draft) error {
	steps := make([][]any, len(d.steps))
	for i := range d.steps {
		steps[i] = d.steps[i].values()
	}
	var book, parties, references [][]any
	saved := make(map[key]bool, len(d.touched))
	for _, k := range d.touched {
		if !saved[k] {
			saved[k] = true
			book = append(book, d.orders[k].values())
		}
	}
	for _, p := range d.parties {
		parties = append(parties, []any{p.tenant[:], p.Party.Party[:], int64(p.place), p.Part})
	}
	for _, f := range d.references {
		references = append(references, []any{f.tenant[:], int64(f.Type), f.Value[:], int64(f.place)})
	}
	for _, t := range []struct {
		into     *store.Values
		table    string
		conflict string
		values   [][]any
	}{
		{stepRows, "order_step", "", steps},
		{bookRows, "order_book", replace, book},
		{partyRows, "order_party", "", parties},
		{referenceRows, "order_reference", "", references},
	} {
		query := `INSERT INTO ` + t.table + ` (` + t.into.Names() + `) SELECT ` + t.into.Names() + ` FROM v WHERE true` + t.conflict
		if _, err := t.into.Exec(ctx, r.tx, r.dialect, query, t.values); err != nil {
			return fmt.Errorf("write %s: %w", t.table, err)
		}
	}
	for tenant, e := range d.ends {
		if _, err := r.tx.ExecContext(ctx, r.dialect.Rebind(`UPDATE order_tenant SET last = ?, at = ? WHERE tenant = ?`),
			int64(e.last), e.at, tenant[:]); err != nil {
			return fmt.Errorf("write the end of events: %w", err)
		}
	}
	return nil
}

// values are an order's, as bookRows says.
func (o *Order) values() []any {
	return []any{
		o.Tenant[:], o.ID[:], int64(o.Place), o.Kind, o.State, o.Version, o.Created, o.CreatedBy[:], o.Changed, o.ChangedBy[:],
		encode(o.Parties), encode(o.Amounts), encodeReferences(o.References), string(o.Attributes),
	}
}

// values are a step's, as stepRows says.
func (s *row) values() []any {
	e := s.Evidence
	v := []any{
		s.Tenant[:], int64(s.Number), s.Order[:], s.Version, s.ID[:], s.hash[:], s.Kind, text(s.Transition), text(s.From), s.To,
		s.At, s.Actor[:], blob(&s.Behalf), s.Role, text(s.Reason), blob(&s.Approval), blob(&s.Evidence.Ledger),
		blob(&s.Evidence.Command), nil, nil, nil, nil,
	}
	opens := s.Transition == ""
	if e.Sequence > 0 {
		v[18] = int64(e.Sequence)
	}
	if opens || s.Amounts != nil {
		v[19] = encode(s.Amounts)
	}
	if opens || s.References != nil {
		v[20] = encodeReferences(s.References)
	}
	if s.Attributes != nil {
		v[21] = string(s.Attributes)
	}
	return v
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func blob(i *id.ID) any {
	if i.IsZero() {
		return nil
	}
	return i[:]
}

func encode[T Party | Amount](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(err) // codes, ids and numbers have a form in JSON
	}
	return string(b)
}

// storedReference is a reference in a row: its value may be any bytes, so it is in plain hexadecimal.
type storedReference struct {
	Type  uint16 `json:"type"`
	Value string `json:"value"`
}

func encodeReferences(list []Reference) string {
	stored := make([]storedReference, len(list))
	for i, r := range list {
		stored[i] = storedReference{r.Type, hex.EncodeToString(r.Value[:])}
	}
	b, err := json.Marshal(stored)
	if err != nil {
		panic(err) // numbers and hexadecimal have a form in JSON
	}
	return string(b)
}

func decodeReferences(s string) ([]Reference, error) {
	var stored []storedReference
	if err := json.Unmarshal([]byte(s), &stored); err != nil {
		return nil, err
	}
	var list []Reference
	for _, r := range stored {
		b, err := hex.DecodeString(r.Value)
		if err != nil || len(b) != 16 {
			return nil, fmt.Errorf("reference value %q is not 16 bytes", r.Value)
		}
		list = append(list, Reference{r.Type, [16]byte(b)})
	}
	return list, nil
}

// decode reads a list, nil if it is empty.
func decode[T Party | Amount](s string) ([]T, error) {
	if s == "[]" {
		return nil, nil
	}
	var list []T
	err := json.Unmarshal([]byte(s), &list)
	return list, err
}

func scanOrder(found *sql.Rows) (Order, error) {
	var o Order
	var tenant, order, creator, changer []byte
	var place int64
	var parties, amounts, references, attributes string
	err := found.Scan(&tenant, &order, &place, &o.Kind, &o.State, &o.Version, &o.Created, &creator, &o.Changed, &changer,
		&parties, &amounts, &references, &attributes)
	if err != nil {
		return o, err
	}
	o.Tenant, o.ID, o.CreatedBy, o.ChangedBy = id.ID(tenant), id.ID(order), id.ID(creator), id.ID(changer)
	o.Place, o.Attributes = uint64(place), json.RawMessage(attributes)
	if o.Parties, err = decode[Party](parties); err != nil {
		return o, err
	}
	if o.Amounts, err = decode[Amount](amounts); err != nil {
		return o, err
	}
	o.References, err = decodeReferences(references)
	return o, err
}

// scanStep reads a step, and more columns after it.
func scanStep(found *sql.Rows, more ...any) (Step, error) {
	var s Step
	var tenant, order, change, hash, actor, behalf, approval, ledger, command []byte
	var transition, origin, reason, amounts, references, attributes sql.NullString
	var number int64
	var sequence sql.NullInt64
	into := []any{
		&tenant, &number, &order, &s.Version, &change, &hash, &s.Kind, &transition, &origin, &s.To, &s.At, &actor, &behalf, &s.Role,
		&reason, &approval, &ledger, &command, &sequence, &amounts, &references, &attributes,
	}
	if err := found.Scan(append(into, more...)...); err != nil {
		return s, err
	}
	s.Tenant, s.Order, s.ID, s.Actor = id.ID(tenant), id.ID(order), id.ID(change), id.ID(actor)
	s.Behalf, s.Approval, s.Evidence.Ledger, s.Evidence.Command = maybe(behalf), maybe(approval), maybe(ledger), maybe(command)
	s.Number, s.Evidence.Sequence = uint64(number), uint64(sequence.Int64)
	s.Transition, s.From, s.Reason = transition.String, origin.String, reason.String
	if attributes.Valid {
		s.Attributes = json.RawMessage(attributes.String)
	}
	var err error
	if amounts.Valid {
		if s.Amounts, err = decode[Amount](amounts.String); err != nil {
			return s, err
		}
	}
	if references.Valid {
		s.References, err = decodeReferences(references.String)
	}
	return s, err
}

func maybe(b []byte) id.ID {
	var i id.ID
	copy(i[:], b)
	return i
}
