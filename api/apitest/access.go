package apitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api/access"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// World is a site with two tenants, north with the ledger main (Market) and south with the ledger other. In each of
// them is somebody with every role that the program ships, and two clients without one.
type World struct {
	*Site
	North, South *Tenant
}

// Tenant is a tenant of the world.
type Tenant struct {
	party.Tenant
	Staff         map[string]*Caller // by role
	Client, Other *Caller
}

// Caller is a person with a login that acts for him, and its token.
type Caller struct {
	Party, Principal, Grant, TokenID id.ID
	Token                            string
}

// NewWorld serves the two tenants until the test ends.
func NewWorld(t testing.TB) *World {
	t.Helper()
	w := &World{Site: NewSite(t)}
	w.Market()
	w.Post("/v1/ledgers", `{"name":"other"}`).OK()
	w.North, w.South = w.tenant("north", "main"), w.tenant("south", "other")
	return w
}

// ID makes an id.
func (s *Site) ID() id.ID {
	s.T.Helper()
	i, err := id.New(s.Clock, s.Ground.Random)
	s.must(err)
	return i
}

func (w *World) tenant(name, ledger string) *Tenant {
	w.T.Helper()
	ctx, actor := w.T.Context(), id.ID(access.Operator)
	t := &Tenant{Staff: map[string]*Caller{}}
	made, err := w.Ground.Parties.CreateTenant(ctx, actor, party.Tenant{ID: w.ID(), Name: name})
	w.must(err)
	by := party.By{Tenant: made.ID, Actor: actor}
	t.Tenant, err = w.Ground.Parties.AddLedger(ctx, by, ledger)
	w.must(err)
	for _, role := range right.Roles() {
		t.Staff[role] = w.Caller(by, role, role)
	}
	t.Client, t.Other = w.Caller(by, "client"), w.Caller(by, "other")
	return t
}

// Caller makes a person with roles, a login that acts for him, and a token that lasts a day.
func (w *World) Caller(by party.By, name string, roles ...string) *Caller {
	w.T.Helper()
	ctx, g := w.T.Context(), w.Ground.Parties
	c := &Caller{Party: w.ID(), Principal: w.ID(), Grant: w.ID(), TokenID: w.ID()}
	now := w.Clock.Now()
	_, err := g.CreateParty(ctx, by, party.Party{ID: c.Party, Kind: party.Person, Name: party.Personal("Zhang " + name)})
	w.must(err)
	for _, code := range roles {
		_, err = g.GiveRole(ctx, by, party.Role{ID: w.ID(), Party: c.Party, Code: code, From: ground.Day(w.Clock)})
		w.must(err)
	}
	_, err = g.CreatePrincipal(ctx, by, party.Principal{ID: c.Principal, Kind: "login", Name: name, Person: c.Party})
	w.must(err)
	_, err = g.Grant(ctx, by, party.Grant{ID: c.Grant, Principal: c.Principal, Party: c.Party, From: now.UnixMicro()})
	w.must(err)
	_, secret, err := g.IssueToken(ctx, by, party.Token{ID: c.TokenID, Principal: c.Principal, Expires: now.Add(24 * time.Hour).UnixMicro()})
	w.must(err)
	c.Token = secret.Text()
	return c
}

// Login makes another login of somebody, with a token that lasts a day. It acts for nobody.
func (w *World) Login(by party.By, person id.ID, name string) *Caller {
	w.T.Helper()
	ctx, g := w.T.Context(), w.Ground.Parties
	c := &Caller{Party: person, Principal: w.ID(), TokenID: w.ID()}
	_, err := g.CreatePrincipal(ctx, by, party.Principal{ID: c.Principal, Kind: "login", Name: name, Person: person})
	w.must(err)
	_, secret, err := g.IssueToken(ctx, by, party.Token{ID: c.TokenID, Principal: c.Principal, Expires: w.Clock.Now().Add(24 * time.Hour).UnixMicro()})
	w.must(err)
	c.Token = secret.Text()
	return c
}

// As sends a request with somebody's token.
func (w *World) As(c *Caller, method, path string, body any, headers ...string) *Answer {
	w.T.Helper()
	return w.Do(method, path, body, append([]string{"Authorization", "Bearer " + c.Token}, headers...)...)
}

// Endpoint is one operation of the description, with what it takes to ask it.
type Endpoint struct {
	ID    string // of the operation
	Query string
	Body  string
	// Fill says what stands for the words in braces in path and body: things that belong to a client of the tenant. It is
	// called before each request. {party}, {ledger} and {id}, a new id, need not be filled; nil fills nothing else.
	Fill func(w *World, t *Tenant, c *Caller) map[string]string
	// Only is the role to whose holder the thing belongs, if the right alone is not enough.
	Only string
}

// rule is what the description says about who may use an operation.
type rule struct {
	Right    string `json:"right"`
	Own      string `json:"own"`
	Mine     bool   `json:"mine"`
	Anybody  bool   `json:"anybody"`
	Operator bool   `json:"operator"`
	Person   bool   `json:"person"`
	named    bool   // it is about a thing that the path names
	ledger   bool   // in a ledger
}

// caller is one row of the table of an endpoint.
type caller struct {
	who     string
	token   string
	headers []string
	want    int // 200 for whoever is let in, whatever comes of it
}

// Access checks who may use an endpoint, by the rule that the description states: nobody without a token; each role if
// it has the right; a client for himself where that is open to him; nobody for another client or in another tenant; the
// operator in the tenant that he names.
func (w *World) Access(t *testing.T, doc *huma.OpenAPI, e Endpoint) {
	t.Helper()
	op, method, path := operation(doc, e.ID)
	if op == nil {
		t.Fatalf("there is no operation %s", e.ID)
	}
	r := rule{named: strings.Contains(path, "{"), ledger: strings.Contains(path, "{ledger}")}
	text, err := json.Marshal(op.Extensions["x-access"])
	w.must(errors.Join(err, json.Unmarshal(text, &r)))
	for _, c := range w.callers(&r, e.Only) {
		t.Run(strings.ReplaceAll(c.who, " ", "_"), func(t *testing.T) {
			status, body := w.ask(&e, method, path, &c)
			// What the state of a thing forbids, or the ledger refuses, was let in.
			let := status < 300 || status == http.StatusConflict || status == http.StatusUnprocessableEntity || bytes.Contains(body, []byte(`"sequence":`))
			if c.want == http.StatusOK && !let || c.want != http.StatusOK && status != c.want {
				t.Errorf("%s %s for %s: %d, want %d: %s", method, path, c.who, status, c.want, body)
			}
		})
	}
}

// callers is the table of an endpoint with this rule, about a thing of north's client: first who is refused.
func (w *World) callers(r *rule, only string) []caller {
	var refused, let []caller
	add := func(ok bool, status int, who, token string, headers ...string) {
		if ok {
			let = append(let, caller{who, token, headers, http.StatusOK})
			return
		}
		refused = append(refused, caller{who, token, headers, status})
	}
	public, self := r.Anybody || r.Mine && !r.named, r.Own != "" || r.Mine
	denied := http.StatusForbidden
	if self && r.named {
		denied = http.StatusNotFound // whose it is is not told
	}
	add(false, http.StatusUnauthorized, "nobody", "")
	add(false, http.StatusUnauthorized, "a token that nobody has", w.North.Client.Token[:len(w.North.Client.Token)-4]+"AAAA")
	administrator := w.North.Staff["administrator"].Token
	add(false, http.StatusForbidden, "who names a tenant", administrator, "Longmen-Tenant", "north")
	add(false, http.StatusForbidden, "who acts for a party of another", administrator, "Longmen-Party", w.North.Other.Party.String())
	for _, role := range right.Roles() {
		add((public || may(role, r.Right)) && (only == "" || role == only), denied, role, w.North.Staff[role].Token)
	}
	add(public || self, denied, "the client", w.North.Client.Token)
	add(public, denied, "another client", w.North.Other.Token)
	add(!r.Person, http.StatusForbidden, "operator", w.Token, "Longmen-Tenant", "north")
	switch {
	case r.Operator:
		add(false, denied, "another tenant", w.South.Staff["administrator"].Token)
	case r.named && !public:
		for _, role := range right.Roles() {
			south := http.StatusNotFound
			if !self && !r.ledger && !may(role, r.Right) {
				south = http.StatusForbidden // it is not even looked for
			}
			add(false, south, role+" of another tenant", w.South.Staff[role].Token)
		}
		if !r.Person {
			add(false, http.StatusNotFound, "operator in another tenant", w.Token, "Longmen-Tenant", "south")
		}
	}
	return append(refused, let...)
}

func may(role, need string) bool {
	for r := range right.All() {
		if r.String() == need {
			return right.Role(role).Has(r)
		}
	}
	return false
}

// ask sends one request about a thing of north's client.
func (w *World) ask(e *Endpoint, method, path string, c *caller) (int, []byte) {
	w.T.Helper()
	words := map[string]string{"party": w.North.Client.Party.String(), "ledger": w.North.Ledgers[0], "id": w.ID().String()}
	if e.Fill != nil {
		maps.Copy(words, e.Fill(w, w.North, w.North.Client))
	}
	text := e.Body
	for name, value := range words {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	if strings.Contains(path, "{") {
		w.T.Fatalf("%s: nothing is filled in for %s", e.ID, path)
	}
	if e.Query != "" {
		path += "?" + e.Query
	}
	var body any
	if text != "" {
		body = text
	}
	w.keys++
	headers := []string{"Authorization", "Bearer " + c.token, "Idempotency-Key", fmt.Sprintf("access-%d", w.keys)}
	if method == http.MethodGet {
		headers = headers[:2]
	}
	if c.token == "" {
		headers[1] = ""
	}
	a := w.Do(method, path, body, append(headers, c.headers...)...)
	return a.Status, a.Body
}

// operation finds an operation of the description.
func operation(doc *huma.OpenAPI, id string) (op *huma.Operation, method, path string) {
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post} {
			if op != nil && op.OperationID == id {
				return op, method, path
			}
		}
	}
	return nil, "", ""
}

// Operations lists the ids of all operations of the description, sorted.
func Operations(doc *huma.OpenAPI) (list []string) {
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				list = append(list, op.OperationID)
			}
		}
	}
	slices.Sort(list)
	return list
}
