package authority_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/authority"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a tenant's people, and who makes them more than they are.
type house struct {
	*authority.Authority
	parties *party.Registry
	office  *ops.Approvals
	clock   *clock.Manual
	by      party.By // the operator
	fail    func(...any)
}

// persons are the people behind principals, as the ground tells them.
type persons struct{ h *house }

func (p persons) Person(ctx context.Context, tenant, principal id.ID) (id.ID, []string, error) {
	found, err := p.h.parties.Principal(ctx, tenant, principal)
	if err != nil {
		return id.ID{}, nil, err
	}
	list, err := p.h.parties.Roles(ctx, tenant, party.RoleFilter{Party: found.Person, Holds: p.h.day()}, party.Page{Limit: party.MaxRoles})
	var codes []string
	for i := range list {
		codes = append(codes, list[i].Code)
	}
	return found.Person, codes, err
}

func newHouse(t testing.TB, db *store.DB) *house {
	t.Helper()
	h := &house{clock: clock.NewManual(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)), fail: t.Fatal}
	var err error
	h.parties, err = party.Open(t.Context(), db, party.Options{Clock: h.clock, Random: rand.Reader, LookupKey: make([]byte, party.KeySize)})
	h.must(err)
	h.office, err = ops.OpenApprovals(t.Context(), db, h.clock, persons{h}, authority.Actions(h.parties, h.clock))
	h.must(err)
	h.Authority = authority.New(h.parties, h.clock, h.office)
	return h
}

func (h *house) must(err error) {
	if err != nil {
		h.fail(err)
	}
}

func (h *house) day() int64 { return h.clock.Now().Unix() / 86400 }

func (h *house) id() id.ID {
	i, err := id.New(h.clock, rand.Reader)
	h.must(err)
	return i
}

// tenant makes another tenant, without anybody.
func (h *house) tenant() {
	made, err := h.parties.CreateTenant(context.Background(), h.id(), party.Tenant{ID: h.id(), Name: fmt.Sprintf("t%x", h.id())[:30]})
	h.must(err)
	h.by = party.By{Tenant: made.ID, Actor: made.ID}
}

// someone is a person with a login that acts for him, and roles.
func (h *house) someone(roles ...string) (person, login id.ID) {
	ctx := context.Background()
	person = h.id()
	_, err := h.parties.CreateParty(ctx, h.by, party.Party{ID: person, Kind: party.Person, Name: "Li"})
	h.must(err)
	for _, code := range roles {
		_, err = h.parties.GiveRole(ctx, h.by, party.Role{ID: h.id(), Party: person, Code: code, From: h.day()})
		h.must(err)
	}
	login = h.login(h.by, person)
	_, err = h.parties.Grant(ctx, h.by, party.Grant{ID: h.id(), Principal: login, Party: person, From: h.clock.Now().UnixMicro()})
	h.must(err)
	return person, login
}

func (h *house) login(by party.By, person id.ID) id.ID {
	p, err := h.parties.CreatePrincipal(context.Background(), by, party.Principal{ID: h.id(), Kind: "login", Name: h.id().String(), Person: person})
	h.must(err)
	return p.ID
}

// token is one that the operator issues.
func (h *house) token(login id.ID) string {
	_, secret, err := h.parties.IssueToken(context.Background(), h.by, party.Token{ID: h.id(), Principal: login, Expires: h.clock.Now().Add(time.Hour).UnixMicro()})
	h.must(err)
	return secret.Text()
}

// who is he who shows a token, as the doors find out.
func (h *house) who(text string) *authority.Who {
	a, err := h.parties.Resolve(context.Background(), text)
	h.must(err)
	w := &authority.Who{By: party.By{Tenant: a.Tenant, Actor: a.Principal}, Person: a.Person, ActsFor: a.ActsFor}
	for code := range a.Roles(h.day()) {
		w.Rights |= right.Role(code)
	}
	return w
}

// Whatever an administrator does alone, with all the tokens that he gets that way, he never may do more than at first, decides
// nothing, and acts for nobody who did not let him: not for clients, and not for those who may do more than he.
func TestNobodyBecomesMoreAlone(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		h.fail = func(a ...any) { t.Fatal(a...) }
		h.tenant()
		administrator, login := h.someone("administrator")
		client, clients := h.someone()
		chief, chiefs := h.someone("operations")
		officer, officers := h.someone("compliance")
		auditor, auditors := h.someone("auditor")
		people := []id.ID{administrator, client, chief, officer, auditor}
		logins := []id.ID{login, clients, chiefs, officers, auditors}
		tokens := []string{h.token(login)}
		at := h.who(tokens[0]).Rights
		one := func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(t, what) }
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			w := h.who(tokens[one("token", len(tokens))])
			to, by := people[one("person", len(people))], logins[one("login", len(logins))]
			var err error
			switch rapid.SampledFrom([]string{"person", "login", "role", "grant", "grant", "token", "token", "decide"}).Draw(t, "step") {
			case "person":
				if w.Rights.Has(right.PartyWrite) {
					people = append(people, h.id())
					_, err = h.parties.CreateParty(ctx, w.By, party.Party{ID: people[len(people)-1], Kind: party.Person, Name: "Li"})
				}
			case "login":
				if w.Rights.Has(right.PrincipalWrite) && len(logins) < 20 {
					logins = append(logins, h.login(w.By, to))
				}
			case "role":
				if w.Rights.Has(right.RoleWrite) {
					code := right.Roles()[one("role", len(right.Roles()))]
					_, err = h.GiveRole(ctx, w, party.Role{ID: h.id(), Party: to, Code: code, From: h.day()}, "why not")
				}
			case "grant":
				if w.Rights.Has(right.PrincipalWrite) || w.ActsFor(to) {
					_, err = h.Grant(ctx, w, party.Grant{ID: h.id(), Principal: by, Party: to, From: 1}, "why not")
				}
			case "token":
				if w.Rights.Has(right.TokenIssue) {
					var secret party.Secret
					_, secret, err = h.IssueToken(ctx, w, party.Token{ID: h.id(), Principal: by, Expires: h.clock.Now().Add(time.Hour).UnixMicro()})
					if err == nil {
						tokens = append(tokens, secret.Text())
					}
				}
			case "decide":
				list, listed := h.office.List(ctx, h.by.Tenant, ops.Open, id.ID{}, 10)
				if h.must(listed); len(list) > 0 {
					_, err = h.office.Approve(ctx, h.by.Tenant, list[one("proposal", len(list))].ID, w.Actor, "")
					if err == nil {
						t.Fatal("he approves what he proposed")
					}
				}
			}
			if err != nil && errs.Is(err, errs.Internal) {
				t.Fatal(err)
			}
			h.must(h.clock.Advance(time.Millisecond))
			for _, text := range tokens {
				w := h.who(text)
				if more := w.Rights &^ at; more != 0 || w.Rights.Has(right.ApprovalDecide) {
					t.Fatalf("he has a token with the rights %b more", more)
				}
				if w.ActsFor(client) || w.ActsFor(chief) || w.ActsFor(officer) || w.ActsFor(auditor) {
					t.Fatal("he acts for somebody who did not let him")
				}
			}
		}
	})
}
