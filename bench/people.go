package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// people are a tenant of a node that was started here, with those who call it. They are written straight into the node's
// rows: a thousand of them are no part of what is measured.
type people struct {
	site          *site
	registry      *party.Registry
	by            party.By
	administrator string // token
	bid           atomic.Int64
}

// people makes a tenant with a ledger of his own.
func (b *bench) people(ctx context.Context, s *site) (*people, error) {
	var made struct {
		Tenant        struct{ ID id.ID }
		Principal     id.ID
		Administrator id.ID
		Token         string
	}
	s.ledger += "-tenant"
	body, err := json.Marshal(map[string]string{"name": "bench", "ledger": s.ledger, "zone": realClock().Zone})
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
	db, err := store.Open(ctx, filepath.Join(s.folder, longmen.RowsFile))
	if err != nil {
		return nil, err
	}
	b.after(db.Close)
	registry, err := party.Open(ctx, db, party.Options{Clock: clock.Real{}, Random: rand.Reader, LookupKey: key})
	if err != nil {
		return nil, err
	}
	return &people{site: s, registry: registry, by: party.By{Tenant: made.Tenant.ID, Actor: made.Principal}, administrator: made.Token}, nil
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

// as is the site for somebody else.
func (s *site) as(token string) *site {
	other := *s
	other.token = token
	return &other
}
