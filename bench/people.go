package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// people are a tenant of a node that was started here, with those who call it. They are written straight into the node's
// rows: a thousand of them are no part of what is measured.
type people struct {
	site          *site
	db            *store.DB
	registry      *party.Registry
	by            party.By
	clock         clockOf
	moved         time.Time      // where a simulated clock stands
	administrator string         // token
	bids          []atomic.Int64 // on each listing
}

// platform is a node, and a tenant on it.
func (b *bench) platform(ctx context.Context, dsn string) (*site, *people, error) {
	s, err := b.site(ctx, dsn, realClock())
	if err != nil {
		return nil, nil, err
	}
	p, err := b.people(ctx, s, realClock())
	return s, p, err
}

// people makes a tenant with a ledger of his own.
func (b *bench) people(ctx context.Context, s *site, of clockOf) (*people, error) {
	var made struct {
		Tenant        struct{ ID id.ID }
		Principal     id.ID
		Administrator id.ID
		Token         string
	}
	s.ledger += "-tenant"
	body, err := json.Marshal(struct {
		clockOf
		Name   string `json:"name"`
		Ledger string `json:"ledger"`
	}{of, "bench", s.ledger})
	if err != nil {
		return nil, err
	}
	if err := s.ask(ctx, http.MethodPost, "/v1/tenants", body, &made); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(s.folder, longmen.LookupKeyFile))
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("lookup key: %w", err)
	}
	dsn := s.dsn
	if dsn == "" {
		dsn = filepath.Join(s.folder, longmen.RowsFile)
	}
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	b.after(db.Close)
	registry, err := party.Open(ctx, db, party.Options{Clock: clock.Real{}, Random: rand.Reader, LookupKey: key})
	if err != nil {
		return nil, err
	}
	p := &people{site: s, db: db, registry: registry, by: party.By{Tenant: made.Tenant.ID, Actor: made.Principal}, clock: of, administrator: made.Token}
	if of.Start != "" {
		p.moved, err = time.Parse(time.RFC3339, of.Start)
	}
	return p, err
}

func (p *people) id() id.ID {
	i, err := id.New(clock.Real{}, rand.Reader)
	if err != nil {
		panic(err) // the machine has no random numbers
	}
	return i
}

// person makes a person with roles, a login and a token for a day.
func (p *people) person(ctx context.Context, login string, roles ...string) (id.ID, string, error) {
	own, principal, now := p.id(), p.id(), time.Now()
	_, err := p.registry.CreateParty(ctx, p.by, party.Party{ID: own, Kind: party.Person, Name: "Li"})
	for _, code := range roles {
		if err == nil {
			_, err = p.registry.GiveRole(ctx, p.by, party.Role{ID: p.id(), Party: own, Code: code, From: ground.Day(clock.Real{})})
		}
	}
	if err == nil {
		_, err = p.registry.CreatePrincipal(ctx, p.by, party.Principal{ID: principal, Kind: "login", Name: login, Person: own})
	}
	if err == nil {
		_, err = p.registry.Grant(ctx, p.by, party.Grant{ID: p.id(), Principal: principal, Party: own, From: now.UnixMicro()})
	}
	if err != nil {
		return own, "", err
	}
	_, secret, err := p.registry.IssueToken(ctx, p.by, party.Token{ID: p.id(), Principal: principal, Expires: now.Add(24 * time.Hour).UnixMicro()})
	if err != nil {
		return own, "", err
	}
	return own, secret.Text(), nil
}

// The product whose rules are asked: its investors are known and have a risk class, and lend a borrower 50,000.00 at most.
const productName = "consumer-loan"

// product puts a product that comes with the program in force, by two persons, as its version 1. It gives the token of
// the first of them.
func (p *people) product(ctx context.Context, name string) (string, error) {
	file, err := catalog.ShippedFile(name)
	if err != nil {
		return "", err
	}
	_, first, err := p.person(ctx, "proposer", "operations")
	if err != nil {
		return "", err
	}
	_, second, err := p.person(ctx, "approver", "risk")
	if err != nil {
		return "", err
	}
	today, err := p.today()
	if err != nil {
		return "", err
	}
	proposal := p.id()
	if err := p.post(ctx, first, "/v1/products", map[string]any{"id": proposal, "file": string(file), "effective": today.Format(time.DateOnly), "reason": "bench"}); err != nil {
		return "", err
	}
	return first, p.post(ctx, second, "/v1/proposals/"+proposal.String()+"/approval", map[string]any{})
}

// today is the day of the tenant's ledger.
func (p *people) today() (time.Time, error) {
	zone, err := clock.Zone(p.clock.Zone)
	return p.now().In(zone), err
}

// now is the instant of the tenant's ledger.
func (p *people) now() time.Time {
	if !p.moved.IsZero() {
		return p.moved
	}
	return time.Now()
}

// move moves a simulated clock, and lets happen what falls due on the way.
func (p *people) move(ctx context.Context, to time.Time) error {
	a, err := p.site.applier(ctx)
	if err != nil {
		return err
	}
	err = a.apply(ctx, []*ledger.Command{{ID: ledger.ID(p.id()), Operations: []ledger.Operation{&ledger.Advance{To: ledger.InstantOf(to)}}}})
	p.moved = to
	return errors.Join(err, a.close())
}

// post sends one request as somebody.
func (p *people) post(ctx context.Context, token, path string, content map[string]any) error {
	body, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return p.site.as(token).ask(ctx, http.MethodPost, path, body, nil)
}

// operate posts as the operator of the platform, in the tenant.
func (p *people) operate(ctx context.Context, path string, content map[string]any) error {
	body, err := json.Marshal(content)
	if err != nil {
		return err
	}
	in := *p.site
	in.tenant = "bench"
	return in.ask(ctx, http.MethodPost, path, body, nil)
}

// as is the site for somebody else.
func (s *site) as(token string) *site {
	other := *s
	other.token = token
	return &other
}
