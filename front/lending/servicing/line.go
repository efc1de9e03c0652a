package servicing

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// maxLine is how many loans may wait for the money of one payer.
const maxLine = 10_000

// payerKey names an account of a tenant's ledger.
type payerKey struct {
	tenant          id.ID
	ledger, account string
}

// lines are the accounts for whose money loans may wait: those that have been asked for more than they had. It saves a
// look into the rows for all others.
type lines struct {
	mu   sync.RWMutex
	list map[payerKey]uint64 // by when they were added last
	now  uint64
}

func (l *lines) waits(tenant id.ID, ledger, account string) bool {
	return l.added(payerKey{tenant, ledger, account}) > 0
}

func (l *lines) added(k payerKey) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.list[k]
}

func (l *lines) add(k payerKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now++
	l.list[k] = l.now
}

// drop forgets an account of which the rows have said that no loan waits, unless it was added since they were asked.
func (l *lines) drop(k payerKey, added uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.list[k] == added {
		delete(l.list, k)
	}
}

// openLines reads for whose money loans wait.
func (s *Servicing) openLines(ctx context.Context) error {
	return each(s.db.Reader().QueryContext(ctx, `SELECT DISTINCT tenant, ledger, account FROM lending_waiting`))(func(rows *sql.Rows) error {
		var tenant []byte
		var k payerKey
		err := rows.Scan(&tenant, &k.ledger, &k.account)
		copy(k.tenant[:], tenant)
		s.lines.add(k)
		return err
	})
}

// Waits reports whether loans may wait for money of an account.
func (s *Servicing) Waits(tenant id.ID, ledger, account string) bool {
	return s.lines.waits(tenant, ledger, account)
}

// Service pays what waits for the money of an account, as far as it goes.
type Service struct {
	ID      id.ID  `json:"-"` // made by who asks: the same again goes on with the same division
	Ledger  string `json:"ledger"`
	Account string `json:"account"`
	Actor   id.ID  `json:"-"`
}

// piece is what one loan gets of a service.
type piece struct {
	Loan   id.ID `json:"loan"`
	Amount int64 `json:"amount"`
}

// division is a service as it was worked out. It is kept before it begins, so that it is the same when it goes on.
type division struct {
	Service
	Pieces []piece `json:"pieces"`
}

// Serve divides what an account has among the loans that wait for it, by due date, those of one day in proportion to
// the cent, and pays it out.
func (s *Servicing) Serve(ctx context.Context, tenant id.ID, v Service) (list []Event, err error) {
	if err := v.ID.Check(); err != nil {
		return nil, errs.Invalid.Errorf("%v", err).On("id")
	}
	s.serving.Lock()
	defer s.serving.Unlock()
	d, err := s.division(ctx, tenant, &v)
	if err != nil {
		return nil, err
	}
	for i, p := range d.Pieces {
		e, err := s.serve(ctx, tenant, &v, i, &p)
		if errs.Is(err, WrongState) {
			continue // nothing waits of it any more, or not now: it keeps nobody behind it
		}
		if err != nil {
			return list, fmt.Errorf("pay what waits of loan %s: %w", p.Loan, err)
		}
		list = append(list, e)
	}
	return list, nil
}

func (s *Servicing) serve(ctx context.Context, tenant id.ID, v *Service, i int, p *piece) (Event, error) {
	return s.do(ctx, &act{
		tenant: tenant, loan: p.Loan, asked: []any{v.Account, p.Amount},
		event: Event{ID: v.ID.Derive("lending.piece", uint64(i)), Kind: Covered, Payer: v.Account, Asked: p.Amount, Actor: v.Actor},
		prepare: func(l *Loan, e *Event, today day.Date) (*loan.State, error) {
			if err := l.open(); err != nil {
				return nil, err
			}
			// The borrower may have paid since it was divided.
			list, err := s.wanted(ctx, l, v.Account)
			if err != nil {
				return nil, err
			}
			if e.Asked = min(e.Asked, sumWanted(list)); e.Asked == 0 {
				return nil, errNothing()
			}
			return nil, l.cover(e, today)
		},
	})
}

// division gives a service as it was worked out before, or works it out.
func (s *Servicing) division(ctx context.Context, tenant id.ID, v *Service) (d division, err error) {
	var body string
	err = s.db.Reader().QueryRowContext(ctx, s.db.Rebind(`SELECT body FROM lending_service WHERE tenant = ? AND id = ?`), tenant[:], v.ID[:]).Scan(&body)
	if err == nil {
		if err = json.Unmarshal([]byte(body), &d); err == nil && (d.Ledger != v.Ledger || d.Account != v.Account) {
			err = Taken.Errorf("id %s was used for another account: make a new one", v.ID).On("id")
		}
		return d, err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return d, fmt.Errorf("read service %s: %w", v.ID, err)
	}
	d.Service = *v
	if d.Pieces, err = s.pieces(ctx, tenant, v); err != nil || len(d.Pieces) == 0 {
		return d, err
	}
	content, err := json.Marshal(d)
	if err != nil {
		return d, err
	}
	return d, s.queue.submit(ctx, &write{key: key{tenant, v.ID}, do: func(ctx context.Context, tx *batch) error {
		_, err := tx.exec(ctx, `INSERT INTO lending_service (tenant, id, body) VALUES (?, ?, ?)`, tenant[:], v.ID[:], string(content))
		return err
	}})
}

// Wanted is what waits of one loan and due date.
type Wanted struct {
	Loan   id.ID
	Due    day.Date
	Amount int64
}

// Line lists what waits for the money of an account, in the order in which it is paid.
func (s *Servicing) Line(ctx context.Context, tenant id.ID, ledger, account string) ([]Wanted, error) {
	all, _, err := s.look(ctx, tenant, &Service{Ledger: ledger, Account: account})
	return all, err
}

// look is the line of an account, with the loans in it of which nothing waits any more.
func (s *Servicing) look(ctx context.Context, tenant id.ID, v *Service) (all []Wanted, done []id.ID, err error) {
	loans, err := s.line(ctx, tenant, v)
	if err != nil {
		return nil, nil, err
	}
	for _, i := range loans {
		l, err := s.Get(ctx, tenant, i)
		if err != nil {
			return nil, nil, err
		}
		list, err := s.wanted(ctx, l, v.Account)
		if err != nil {
			return nil, nil, err
		}
		if all = append(all, list...); len(list) == 0 {
			done = append(done, i)
		}
	}
	slices.SortFunc(all, func(a, b Wanted) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), bytes.Compare(a.Loan[:], b.Loan[:]))
	})
	return all, done, nil
}

// pieces divides what an account has.
func (s *Servicing) pieces(ctx context.Context, tenant id.ID, v *Service) ([]piece, error) {
	all, done, err := s.look(ctx, tenant, v)
	if err != nil {
		return nil, err
	}
	for _, i := range done {
		if err := s.leave(ctx, tenant, v, i); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	can, err := s.available(ctx, v.Ledger, []Payer{{Account: v.Account}})
	if err != nil {
		return nil, err
	}
	return serveByDate(all, can[v.Account]), nil
}

// serveByDate pays the first due date first; one for which it does not suffice is paid in proportion.
func serveByDate(all []Wanted, has int64) (list []piece) {
	gets := map[id.ID]int64{}
	var order []id.ID
	for i := 0; i < len(all) && has > 0; {
		k, sum := i, int64(0)
		var weights []int64
		for ; k < len(all) && all[k].Due == all[i].Due; k++ {
			weights = append(weights, all[k].Amount)
			sum += all[k].Amount
		}
		for n, part := range divide(min(sum, has), weights) {
			if w := &all[i+n]; part > 0 {
				if gets[w.Loan] == 0 {
					order = append(order, w.Loan)
				}
				gets[w.Loan] += part
			}
		}
		has -= min(sum, has)
		i = k
	}
	for _, i := range order {
		list = append(list, piece{i, gets[i]})
	}
	return list
}

// wanted lists what waits of a loan for the money of an account now.
func (s *Servicing) wanted(ctx context.Context, l *Loan, account string) ([]Wanted, error) {
	on, err := s.day(ctx, l, 0)
	if err != nil {
		return nil, err
	}
	state, err := l.Replay(on)
	if err != nil {
		return nil, err
	}
	return l.wants(state, account)
}

// wants lists what waits of a loan by due date, the oldest first: rows that were past due when it began to wait, without
// what was paid out since. What falls due later waits only once somebody asks for it too.
func (l *Loan) wants(s *loan.State, account string) (list []Wanted, err error) {
	most, since := l.waiting(account)
	if l.Lost || most == 0 {
		return nil, nil
	}
	claims, err := l.claims(s)
	if err != nil {
		return nil, err
	}
	covered := left(claims, loan.Interest) + left(claims, loan.Principal)
	if p := l.contract.Losses.payer(account); p != nil {
		most = min(most, p.room(claims))
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		open := r.Outstanding()
		x := open[loan.Interest] + open[loan.Principal]
		if r.Row.Due >= since || x == 0 {
			continue
		}
		paid := min(x, covered)
		covered -= paid
		if x = min(x-paid, most); x > 0 {
			list = append(list, Wanted{l.Deed.Loan, r.Row.Due, x})
			most -= x
		}
	}
	return list, nil
}

func sumWanted(list []Wanted) (sum int64) {
	for i := range list {
		sum += list[i].Amount
	}
	return sum
}

// idle lists the accounts for which a loan waited and does not any more.
func (s *Servicing) idle(l *Loan, state *loan.State) (list []string, err error) {
	for i := range l.contract.Losses.Payers {
		account := l.contract.Losses.Payers[i].Account
		if _, since := l.waiting(account); since == 0 || !s.lines.waits(l.Tenant, l.Ledger, account) {
			continue
		}
		wanted, err := l.wants(state, account)
		if err != nil {
			return nil, err
		}
		if len(wanted) == 0 {
			list = append(list, account)
		}
	}
	return list, nil
}

// line lists the loans that wait for an account.
func (s *Servicing) line(ctx context.Context, tenant id.ID, v *Service) (list []id.ID, err error) {
	k := payerKey{tenant, v.Ledger, v.Account}
	added := s.lines.added(k)
	err = each(s.db.Reader().QueryContext(ctx, s.db.Rebind(`SELECT loan FROM lending_waiting WHERE tenant = ? AND ledger = ? AND account = ? ORDER BY loan`),
		tenant[:], v.Ledger, v.Account))(func(rows *sql.Rows) error {
		var i []byte
		err := rows.Scan(&i)
		list = append(list, id.ID(i))
		return err
	})
	if err == nil && len(list) == 0 {
		s.lines.drop(k, added)
	}
	return list, err
}

// leave takes a loan out of the line of an account, unless more of it has begun to wait.
func (s *Servicing) leave(ctx context.Context, tenant id.ID, v *Service, loanID id.ID) error {
	defer s.locks.lock(tenant, loanID)()
	l, err := s.current(ctx, tenant, loanID)
	if err != nil {
		return err
	}
	if list, err := s.wanted(ctx, l, v.Account); err != nil || len(list) > 0 {
		return err
	}
	return s.queue.submit(ctx, &write{key: key{tenant, loanID}, do: func(ctx context.Context, tx *batch) error {
		_, err := tx.exec(ctx, `DELETE FROM lending_waiting WHERE tenant = ? AND ledger = ? AND account = ? AND loan = ?`,
			tenant[:], v.Ledger, v.Account, loanID[:])
		return err
	}})
}

// queued writes down for whose money a loan waits after an event, and for whose no more.
func (b *batch) queued(ctx context.Context, l *Loan, e *Event, idle []string) error {
	for _, account := range idle {
		if _, err := b.exec(ctx, `DELETE FROM lending_waiting WHERE tenant = ? AND ledger = ? AND account = ? AND loan = ?`,
			l.Tenant[:], l.Ledger, account, l.Deed.Loan[:]); err != nil {
			return err
		}
	}
	for _, w := range e.Waits {
		if _, err := b.exec(ctx, `INSERT INTO lending_waiting (tenant, ledger, account, loan) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			l.Tenant[:], l.Ledger, w.Account, l.Deed.Loan[:]); err != nil {
			return err
		}
	}
	return nil
}
