package party

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Access is what a token gives: who asks, in which tenant, and for whom he may act. It holds for the instant at which
// it was resolved and is not to be kept.
type Access struct {
	Tenant     id.ID
	TenantName string
	Principal  id.ID
	Kind       string // of the principal
	Name       string // of the principal
	Person     id.ID  // the party that stands behind the principal
	Token      id.ID
	Expires    int64 // of the token, microseconds since 1970

	at  int64
	all *admission
}

// admission is what the rows say about a token. It is shared and never changes.
type admission struct {
	access  Access
	revoked int64
	idle    bool     // the principal or the person behind it is closed
	ledgers []string // of the tenant, sorted
	grants  []span   // sorted by party
	roles   []tenure // of the person, sorted by code
}

// tenure is the days on which the person has a role.
type tenure struct {
	code         string
	from, before int64
}

// span is a time in which the principal acts for a party.
type span struct {
	party      id.ID
	from, ends int64
}

// ActsFor says whether the principal may act for the party.
func (a *Access) ActsFor(party id.ID) bool {
	if a.all == nil {
		return false
	}
	n, _ := slices.BinarySearchFunc(a.all.grants, party, func(s span, p id.ID) int { return compare(s.party, p) })
	for ; n < len(a.all.grants) && a.all.grants[n].party == party; n++ {
		if a.all.grants[n].holds(a.at) {
			return true
		}
	}
	return false
}

// Parties gives each party that the principal may act for, once, in the order of ids.
func (a *Access) Parties() iter.Seq[id.ID] {
	return func(yield func(id.ID) bool) {
		if a.all == nil {
			return
		}
		var last id.ID
		for _, s := range a.all.grants {
			if s.party == last || !s.holds(a.at) {
				continue
			}
			if last = s.party; !yield(last) {
				return
			}
		}
	}
}

// Roles gives the codes of the roles that the person behind the principal has on a day, sorted, each once.
func (a *Access) Roles(day int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		if a.all == nil {
			return
		}
		last := ""
		for i := range a.all.roles {
			t := &a.all.roles[i]
			if t.code == last || day < t.from || day >= t.before {
				continue
			}
			if last = t.code; !yield(last) {
				return
			}
		}
	}
}

// Owns says whether the ledger of that name is one of the tenant.
func (a *Access) Owns(ledger string) bool {
	if a.all == nil {
		return false
	}
	_, found := slices.BinarySearch(a.all.ledgers, ledger)
	return found
}

func (s *span) holds(at int64) bool { return s.from <= at && at < s.ends }

// at gives the access for an instant, or says why there is none.
func (a *admission) at(now int64) (Access, error) {
	switch {
	case a.revoked != 0:
		return Access{}, TokenRevoked.Errorf("the token was revoked; ask for another one")
	case now >= a.access.Expires:
		return Access{}, TokenExpired.Errorf("the token has expired; ask for another one")
	case a.idle:
		return Access{}, TokenIdle.Errorf("the principal of this token, or who stands behind it, is closed")
	}
	access := a.access
	access.at, access.all = now, a
	return access, nil
}

func unknown() error {
	return errs.Unauthenticated.Errorf("there is no such token; send one that was issued here")
}

// Resolve tells who asks with this token. A token that is known is answered from memory for Options.Stale. One that was
// not issued here is told by its tag, whatever comes: the rows are not asked.
func (r *Registry) Resolve(ctx context.Context, token string) (Access, error) {
	hash, ok := hashOf(token)
	if !ok {
		return Access{}, unknown()
	}
	now := r.clock.Now()
	a := r.cache.get(&hash, now)
	if a == nil && !r.tagged(token) {
		return Access{}, unknown()
	}
	if a == nil {
		var err error
		if a, err = r.admit(ctx, &hash); err != nil {
			return Access{}, err
		}
		now = r.clock.Now()
	}
	return a.at(now.UnixMicro())
}

// admit reads what the rows say about a token and keeps it, unless something was changed meanwhile.
func (r *Registry) admit(ctx context.Context, hash *[32]byte) (*admission, error) {
	ticket, began := r.cache.ticket(), r.clock.Now()
	var a *admission
	err := r.read(ctx, func(q *query) (err error) {
		a, err = q.admission(hash, began.UnixMicro())
		return err
	})
	if err != nil {
		return nil, failed("resolve token", err)
	}
	r.cache.put(hash, a, began, ticket)
	return a, nil
}

// What the rows say about a token: no role or grant that was given after its issue, unless the party itself gave it. So
// whoever has a token, or issued it, does not become more by what he does not know of. It is asked by keys alone: joins
// would let PostgreSQL, before it has counted the rows, walk through all parties of the tenant.
const (
	selectToken = `SELECT t.tenant, t.principal, t.id, t.expires, t.created, t.revoked,
		(SELECT n.name FROM party_tenant n WHERE n.tenant = t.tenant),
		(SELECT p.kind FROM party_principal p WHERE p.tenant = t.tenant AND p.id = t.principal),
		(SELECT p.name FROM party_principal p WHERE p.tenant = t.tenant AND p.id = t.principal),
		(SELECT p.person FROM party_principal p WHERE p.tenant = t.tenant AND p.id = t.principal),
		(SELECT p.closed FROM party_principal p WHERE p.tenant = t.tenant AND p.id = t.principal),
		(SELECT y.closed FROM party_party y WHERE y.tenant = t.tenant AND y.id =
			(SELECT p.person FROM party_principal p WHERE p.tenant = t.tenant AND p.id = t.principal))
		FROM party_token t WHERE t.hash = ?`
	selectLedgers = "SELECT name FROM party_ledger WHERE tenant = ?"
	selectSpans   = `SELECT g.party, g.starts, g.ends FROM party_grant g
		WHERE g.tenant = ? AND g.principal = ? AND g.revoked = 0 AND g.ends > ?
		AND (g.created <= ? OR (SELECT p.person FROM party_principal p WHERE p.tenant = g.tenant AND p.id = g.creator) = g.party)
		AND (SELECT y.closed FROM party_party y WHERE y.tenant = g.tenant AND y.id = g.party) = 0`
	selectTenures = "SELECT code, starts, stops FROM party_role WHERE tenant = ? AND party = ? AND stops > starts AND created <= ?"
)

var spans = record[span]{dest: func(s *span) []any { return []any{column{&s.party}, &s.from, &s.ends} }}

var tenures = record[tenure]{dest: func(t *tenure) []any { return []any{&t.code, &t.from, &t.before} }}

func (q *query) admission(hash *[32]byte, now int64) (*admission, error) {
	a := new(admission)
	to := &a.access
	var issued, closed, gone int64
	err := q.row(selectToken, hash[:]).Scan(column{&to.Tenant}, column{&to.Principal}, column{&to.Token}, &to.Expires, &issued, &a.revoked,
		&to.TenantName, &to.Kind, &to.Name, column{&to.Person}, &closed, &gone)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, unknown()
	}
	if err != nil {
		return nil, err
	}
	a.idle = closed != 0 || gone != 0
	if a.ledgers, err = ledgersOf(q, to.Tenant); err != nil {
		return nil, err
	}
	if a.grants, err = spans.scan(q, selectSpans, to.Tenant[:], to.Principal[:], now, issued); err != nil {
		return nil, err
	}
	slices.SortFunc(a.grants, func(x, y span) int { return compare(x.party, y.party) })
	a.roles, err = tenures.scan(q, selectTenures, to.Tenant[:], to.Person[:], issued)
	slices.SortFunc(a.roles, func(x, y tenure) int { return strings.Compare(x.code, y.code) })
	return a, err
}
