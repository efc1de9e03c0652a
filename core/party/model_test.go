package party_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// state is what there is, by the model: small enough to copy with every change.
type state struct {
	since  int64
	owner  map[string]int // principal of a token's text
	expiry map[string]int64
	issued map[string]int64
	gone   map[string]bool // revoked tokens
	closed map[int]bool    // principals
	shut   map[int]bool    // parties; principal n is of party n
	grants map[id.ID]party.Grant
}

func (s *state) copy() *state {
	c := *s
	c.owner, c.expiry, c.issued, c.gone = maps.Clone(s.owner), maps.Clone(s.expiry), maps.Clone(s.issued), maps.Clone(s.gone)
	c.closed, c.shut, c.grants = maps.Clone(s.closed), maps.Clone(s.shut), maps.Clone(s.grants)
	return &c
}

// answer is what Resolve should say at an instant.
func (s *state) answer(text string, now int64, people, principals []id.ID) string {
	n, known := s.owner[text]
	switch {
	case !known:
		return errs.Unauthenticated.Name()
	case s.gone[text]:
		return party.TokenRevoked.Name()
	case now >= s.expiry[text]:
		return party.TokenExpired.Name()
	case s.closed[n] || s.shut[n]:
		return party.TokenIdle.Name()
	}
	var acts []string
	for i, p := range people {
		may := false
		for _, g := range s.grants {
			carried := g.Created <= s.issued[text] || g.Creator == principals[i] // the party gave it itself
			may = may || g.Principal == principals[n] && g.Party == p && g.Holds(now) && !s.shut[i] && carried
		}
		if may {
			acts = append(acts, p.String())
		}
	}
	slices.Sort(acts)
	return principals[n].String() + " for " + strings.Join(acts, ", ")
}

// said is the same from the real thing, checked against itself on the way.
func said(t *rapid.T, r *party.Registry, text string, people []id.ID) string {
	a, err := r.Resolve(t.Context(), text)
	if err != nil {
		return errs.Of(err).Code.Name()
	}
	var acts []string
	for p := range a.Parties() {
		acts = append(acts, p.String())
	}
	for _, p := range people {
		if a.ActsFor(p) != slices.Contains(acts, p.String()) {
			t.Fatalf("ActsFor(%v) is %v, Parties are %v", p, a.ActsFor(p), acts)
		}
	}
	return a.Principal.String() + " for " + strings.Join(acts, ", ")
}

// Whatever is done in whatever order: the node that does it knows at once, another one knows within a second.
func TestAccessFollowsTheModel(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	other := w.node(party.Options{Stale: time.Second})
	tenants := 0
	rapid.Check(t, func(t *rapid.T) {
		tenants++
		h := w.home(fmt.Sprintf("t%d", tenants))
		people, principals := []id.ID{h.person}, []id.ID{h.principal}
		for n := range 2 {
			people = append(people, w.person(h.by, "Li"))
			principals = append(principals, w.principal(h.by, fmt.Sprint(n), people[n+1]))
		}
		now := &state{
			owner: map[string]int{"nobody's": 0}, expiry: map[string]int64{}, issued: map[string]int64{}, gone: map[string]bool{},
			closed: map[int]bool{}, shut: map[int]bool{}, grants: map[id.ID]party.Grant{}, since: w.now(),
		}
		delete(now.owner, "nobody's")
		past := []*state{now}
		var texts []string
		tokens := map[string]id.ID{}
		any := func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(t, what) }
		ctx := t.Context()
		for range rapid.IntRange(3, 14).Draw(t, "steps") {
			next := now.copy()
			switch rapid.SampledFrom([]string{"token", "grant", "grant", "wait", "wait", "revoke token", "revoke grant", "close principal", "close party"}).Draw(t, "step") {
			case "token":
				n := any("principal", 3)
				if now.closed[n] {
					continue
				}
				life := time.Duration(1+any("life", 20)) * 250 * time.Millisecond
				token, text := w.token(h.by, principals[n], life)
				next.owner[text], next.expiry[text], next.issued[text] = n, token.Expires, token.Created
				tokens[text] = token.ID
				texts = append(texts, text)
			case "grant":
				n, p := any("principal", 3), any("party", 3)
				if now.closed[n] || now.shut[p] {
					continue
				}
				g := party.Grant{ID: w.id(), Principal: principals[n], Party: people[p], From: w.now() + int64(any("from", 4)-1)*300_000}
				if any("end", 2) == 0 {
					g.Until = g.From + int64(1+any("until", 6))*300_000
				}
				by := h.by
				if any("giver", 2) == 0 {
					by.Actor = principals[any("giving", 3)]
				}
				next.grants[g.ID] = must(w.Grant(ctx, by, g))(w.t)
			case "wait":
				w.later(time.Duration(any("time", 16)) * 100 * time.Millisecond)
			case "revoke token":
				if len(texts) == 0 {
					continue
				}
				text := texts[any("token", len(texts))]
				must(w.RevokeToken(ctx, h.by, tokens[text]))(w.t)
				next.gone[text] = true
			case "revoke grant":
				ids := slices.SortedFunc(maps.Keys(now.grants), func(a, b id.ID) int { return strings.Compare(a.String(), b.String()) })
				if len(ids) == 0 {
					continue
				}
				g := ids[any("grant", len(ids))]
				next.grants[g] = must(w.RevokeGrant(ctx, h.by, g))(w.t)
			case "close principal":
				n := any("principal", 3)
				must(w.ClosePrincipal(ctx, h.by, principals[n]))(w.t)
				next.closed[n] = true
			case "close party":
				n := any("party", 3)
				must(w.CloseParty(ctx, h.by, people[n], 1))(w.t)
				next.shut[n] = true
			}
			next.since = w.now()
			past, now = append(past, next), next
			for _, text := range texts {
				if got, want := said(t, w.Registry, text, people), now.answer(text, w.now(), people, principals); got != want {
					t.Fatalf("here %q, want %q", got, want)
				}
				got, allowed := said(t, other, text, people), map[string]bool{}
				for i, s := range past {
					if i+1 == len(past) || past[i+1].since > w.now()-time.Second.Microseconds() {
						allowed[s.answer(text, w.now(), people, principals)] = true
					}
				}
				if !allowed[got] {
					t.Fatalf("elsewhere %q, want one of %v", got, slices.Collect(maps.Keys(allowed)))
				}
			}
		}
	})
}
