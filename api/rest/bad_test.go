package rest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// good has a body that is well formed for every endpoint that takes one, with all of its members. Those of a subject
// beside the ledger stand beside its tests.
var good = func() map[string]string {
	all := maps.Clone(ledgerBodies)
	for _, m := range []map[string]string{approvalBodies, partyBodies, productBodies, calendarBodies, bookBodies, valuationBodies, lossBodies, applicationBodies} {
		maps.Copy(all, m)
	}
	return all
}()

var ledgerBodies = map[string]string{
	"/v1/ledgers":                        `{"name":"x","zone":"UTC","clock":"simulated","start":"2026-01-01T00:00:00Z","shadow":true}`,
	"/v1/loans/{loan}/payments":          `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","amount":"1","date":"2026-01-01","settle":true,"anyway":true,"paid_at":"2026-01-01T00:00:00Z","received_at":"2026-01-01T00:00:00Z"}`,
	"/v1/loans/{loan}/reversals":         `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","event":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"}`,
	"/assets":                            `{"code":"EUR","scale":2}`,
	"/accounts":                          `{"address":"a:b","asset":"CNY","side":"debit","type":"asset","code":1,"constraint":"unbounded"}`,
	"/balances":                          `{"addresses":["a:b"],"min_sequence":1}`,
	"/registers":                         `{"address":"r","asset":"CNY","cap":10,"tranches":["p"],"unclaimed":"platform:unclaimed"}`,
	"/clock":                             `{"to":"2027-01-01T00:00:00Z"}`,
	"/transfers":                         `{"debit":"a","credit":"b","amount":"1","mode":"exact","received":"c"}`,
	"/holds":                             `{"debit":"a","credit":"b","amount":"1","expiry":"2027-01-01T00:00:00Z"}`,
	"/holds/{mark}/post":                 `{"amount":"1"}`,
	"/holds/{mark}/void":                 `{}`,
	"/freezes/{mark}/end":                `{}`,
	"/accounts/{address}/freezes":        `{"what":"amount","amount":"1"}`,
	"/reversals":                         `{"sequence":1,"mode":"owe","cover":"c"}`,
	"/reversals/differences":             `{"sequence":1,"operation":0,"payer":"a","amounts":["-1"],"deductions":[{"tranche":0,"class":1,"rate":1,"account":"b"}],"mode":"owe","cover":"c"}`,
	"/settlements":                       `{"account":"a","cover":"c","payer":"b","amount":"1"}`,
	"/reversals/lines":                   `{"sequence":1,"operation":0,"account":"a","mode":"owe","cover":"c"}`,
	"/registers/{address}/issue":         `{"account":"a","units":1,"class":1}`,
	"/registers/{address}/move":          `{"from":"a","to":"b","units":1,"class":1,"hold":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0"}`,
	"/registers/{address}/cancel":        `{"account":"a","units":1,"all":false}`,
	"/registers/{address}/holds":         `{"account":"a","units":1,"expiry":"2027-01-01T00:00:00Z"}`,
	"/registers/{address}/distributions": `{"payer":"a","amounts":["1"],"deductions":[{"tranche":0,"class":1,"rate":1,"account":"b"}]}`,
	"/registers/{address}/claims":        `{"holder":"a","to":"b","amount":"1"}`,
	"/jobs":                              plannedTransfer,
	"/v1/parties/{party}/preferences":    `{"language":"zh","preferences":[{"kind":"due","channel":"sms","wanted":true}]}`,
	"/checkpoint/extension":              `{"checkpoint":"x"}`,
	"/commands":                          `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","trace":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","operations":[{"void":{"hold":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0"}}]}`,
	"/batches":                           `{"commands":[{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","operations":[{"void":{"hold":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0"}}]}]}`,
}

// bodiless are those that take none.
var bodiless = []string{"/v1/jobs/{job}/retry", "/v1/jobs/{job}/cancel"}

// envelope is what a command's body has besides.
const envelope = `{"purpose":1,"effective":"2026-01-01","actor":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","behalf":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
	"approval":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","references":[{"type":1,"value":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"}]}`

// schema is the part of the description that the test reads.
type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Properties map[string]*schema
	Required   []string
	Items      *schema
	Pattern    string
	Format     string
	Enum       []any
	OneOf      []*schema
	Maximum    *float64
	Minimum    *float64
	MaxLength  *int
	MaxItems   *int
	MinItems   *int
}

type parameter struct {
	Name, In string
	Required bool
	Schema   *schema
}

type description struct {
	Paths map[string]map[string]struct {
		RequestBody *struct {
			Content map[string]struct{ Schema *schema }
		}
		Access struct {
			Person bool // the operator is none
		} `json:"x-access"`
		Parameters []parameter
	}
	Components struct{ Schemas map[string]*schema }
}

func (d *description) deref(s *schema) *schema {
	for s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	return s
}

// TestBadBodies takes every member of every body and breaks it in every way that its schema forbids. Each time the
// problem must name the member, and nothing may have been journaled.
func TestBadBodies(t *testing.T) {
	s := apitest.NewWorld(t)
	s.Tenant = "north"
	whole := s.Caller(party.By{Tenant: s.North.ID, Actor: s.North.Client.Principal}, "whole", right.Roles()...)
	var doc description
	s.Get("/openapi.json").OK().Into(&doc)
	tried := 0
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		post, ok := doc.Paths[path]["post"]
		if !ok {
			continue
		}
		if slices.Contains(bodiless, path) {
			continue
		}
		if post.RequestBody == nil {
			t.Errorf("%s takes no body", path)
			continue
		}
		text, ok := good[strings.TrimPrefix(path, "/v1/ledgers/{ledger}")]
		if !ok {
			t.Errorf("%s has no good body in the test", path)
			continue
		}
		body := doc.deref(post.RequestBody.Content["application/json"].Schema)
		value := object(t, text)
		if _, enveloped := body.Properties["references"]; enveloped {
			maps.Copy(value, object(t, envelope))
		}
		breaker := breaker{doc: &doc, send: func(broken any, field string) {
			tried++
			before := s.Node.Size("main")
			send := s.Post
			if post.Access.Person {
				send = func(path string, body any) *apitest.Answer {
					return s.As(whole, http.MethodPost, path, body, "Longmen-Tenant", "", "Idempotency-Key", s.ID().String())
				}
			}
			a := send(filled(strings.Replace(path, "/v1/parties/{party}", "/v1/parties/"+whole.Party.String(), 1)), broken)
			if a.Status != http.StatusBadRequest || a.At("code") == "" || a.At("detail") == "" {
				t.Errorf("%s: %s is wrong, got status %d: %s", path, field, a.Status, a.Body)
				return
			}
			if got := a.At("field"); got != field {
				t.Errorf("%s: %s is wrong, the problem names %s: %s", path, field, got, a.Body)
			}
			if s.Node.Size("main") != before {
				t.Errorf("%s: %s is wrong, and something was journaled", path, field)
			}
		}}
		breaker.object(body, value, "body", func(v any) any { return v })
	}
	if tried < 300 {
		t.Errorf("only %d faults were tried", tried)
	}
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

func filled(path string) string {
	const some = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	path = strings.NewReplacer("{ledger}", "main", "{address}", "listing:7", "{mark}", some+".0", "{product}", "consumer-loan").Replace(path)
	return regexp.MustCompile(`{[a-z]+}`).ReplaceAllString(path, some) // things with an id of a client
}

// breaker breaks the members of an object one by one.
type breaker struct {
	doc  *description
	send func(broken any, field string)
}

// object breaks value, which put puts back into its place in the whole.
func (b breaker) object(s *schema, value map[string]any, at string, put func(any) any) {
	with := func(name string, v any) any {
		m := maps.Clone(value)
		m[name] = v
		return put(m)
	}
	b.send(with("surprise", 1), at+".surprise")
	for _, name := range slices.Sorted(maps.Keys(value)) {
		p := b.doc.deref(s.Properties[name])
		field := at + "." + name
		if slices.Contains(s.Required, name) {
			m := maps.Clone(value)
			delete(m, name)
			b.send(put(m), field)
		}
		if name == "id" { // of something new: not one that the program derives
			b.send(with(name, derived), field)
		}
		b.send(with(name, nil), field)
		b.member(p, value[name], field, func(v any) any { return with(name, v) })
	}
}

func (b breaker) member(p *schema, value any, field string, put func(any) any) {
	switch v := value.(type) {
	case map[string]any:
		b.send(put("no object"), field)
		b.object(p, v, field, put)
		return
	case []any:
		b.send(put("no list"), field)
		if p.MaxItems != nil {
			b.send(put(slices.Repeat(v, *p.MaxItems/len(v)+1)), field)
		}
		if p.MinItems != nil {
			b.send(put([]any{}), field)
		}
		item := func(e any) any { return put(append([]any{e}, v[1:]...)) }
		b.send(item(nil), field+"[0]")
		b.member(b.doc.deref(p.Items), v[0], field+"[0]", item)
		return
	}
	b.send(put(map[string]any{"no": "scalar"}), field)
	if text, ok := value.(string); ok {
		b.send(put(text+"\x00"), field)
	}
	for _, bad := range worse(p) {
		b.send(put(bad), field)
	}
}

// derived is an id that the program makes by itself, of another one.
var derived = func() string {
	base, err := id.Parse("019599c5-8a7b-7d60-a1f2-3c4d5e6f7081")
	if err != nil {
		panic(err)
	}
	return base.Derive("settle", 0).String()
}()

// TestNobodyTakesADerivedID sends ids that the program derives as idempotency keys: to every endpoint that has them.
func TestNobodyTakesADerivedID(t *testing.T) {
	s := apitest.NewWorld(t)
	s.Tenant = "north"
	whole := s.Caller(party.By{Tenant: s.North.ID, Actor: s.North.Client.Principal}, "whole", right.Roles()...)
	var doc description
	s.Get("/openapi.json").OK().Into(&doc)
	tried := 0
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		post, ok := doc.Paths[path]["post"]
		if !ok || !slices.ContainsFunc(post.Parameters, func(p parameter) bool { return p.Name == "Idempotency-Key" }) {
			continue
		}
		tried++
		before := s.Node.Size("main")
		body := good[strings.TrimPrefix(path, "/v1/ledgers/{ledger}")]
		if strings.HasSuffix(path, "/commands") {
			body = strings.Replace(body, `"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",`, "", 1)
		}
		var a *apitest.Answer
		if post.Access.Person {
			a = s.As(whole, http.MethodPost, filled(path), body, "Longmen-Tenant", "", "Idempotency-Key", derived)
		} else {
			a = s.Do(http.MethodPost, filled(path), body, "Idempotency-Key", derived)
		}
		if a.Status != http.StatusBadRequest || a.At("field") != "header.Idempotency-Key" || s.Node.Size("main") != before {
			t.Errorf("%s takes a derived id as key, or says nothing about it: %d %s", path, a.Status, a.Body)
		}
	}
	if tried < 15 {
		t.Errorf("only %d endpoints were tried", tried)
	}
}

// worse lists values that the schema of a scalar forbids.
func worse(p *schema) (list []any) {
	if len(p.OneOf) > 0 { // an amount
		return []any{
			"", "1.5", "1e3", "+1", "０", "10000000000000000000", "1000000000000000001", 1.5, json.RawMessage("9007199254740993"), true,
			json.RawMessage("1e3"), json.RawMessage("1e30"), json.RawMessage("1e400"),
		}
	}
	if p.MaxLength != nil {
		list = append(list, strings.Repeat("a", *p.MaxLength+1))
	}
	if p.Maximum != nil {
		list = append(list, json.RawMessage(fmt.Sprintf("%.0f", *p.Maximum+1)))
	}
	if p.Minimum != nil {
		list = append(list, json.RawMessage(fmt.Sprintf("%.0f", *p.Minimum-1)))
	}
	if p.Pattern != "" {
		list = append(list, "Ä", "")
	}
	switch p.Format {
	case "date":
		list = append(list, "2026-02-30", "2026-2-3", "")
	case "date-time":
		list = append(list, "2026-02-30T00:00:00Z", "2026-02-01", "2026-02-01T00:00:00", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z")
	}
	if len(p.Enum) > 0 {
		list = append(list, "other")
	}
	switch p.Type {
	case "string":
		list = append(list, 7, true)
	case "integer":
		list = append(list, "7", 1.5, false, json.RawMessage("1e0"), json.RawMessage("1e30"), json.RawMessage("1e400"),
			json.RawMessage("9223372036854775808"), json.RawMessage("-9223372036854775809"), json.RawMessage("18446744073709551616"))
	case "boolean":
		list = append(list, "true", 1)
	}
	return list
}

// TestBadOperations breaks every member of every operation of a command in full.
func TestBadOperations(t *testing.T) {
	s := market(t)
	var doc description
	s.Get("/openapi.json").OK().Into(&doc)
	operations := map[string]string{
		"transfer": good["/transfers"], "hold": good["/holds"], "open_asset": good["/assets"], "open_account": good["/accounts"],
		"open_register": good["/registers"], "advance": good["/clock"], "upgrade": `{"version":2}`,
		"post":   `{"hold":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0","amount":"1"}`,
		"void":   `{"hold":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0"}`,
		"freeze": `{"account":"a","what":"amount","amount":"1"}`, "unfreeze": `{"freeze":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0"}`,
		"issue": in("/registers/{address}/issue"), "move": in("/registers/{address}/move"), "cancel": in("/registers/{address}/cancel"),
		"hold_units": in("/registers/{address}/holds"), "distribute": in("/registers/{address}/distributions"),
		"claim": in("/registers/{address}/claims"), "reverse": good["/reversals"], "reverse_line": good["/reversals/lines"],
		"settle": good["/settlements"], "correct": good["/reversals/differences"],
	}
	for name := range doc.Components.Schemas["Operation"].Properties {
		if _, ok := operations[name]; !ok && name != "open_ledger" && name != "lead" && name != "pulse" {
			t.Errorf("operation %s has no good body in the test", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		at := "body.operations[1]." + name
		breaker := breaker{doc: &doc, send: func(broken any, field string) {
			before := s.Node.Size("main")
			a := s.Post("/v1/ledgers/main/commands", map[string]any{"operations": []any{
				map[string]any{"transfer": map[string]any{"debit": "bank:cash", "credit": "investor:1:cash", "amount": "1"}},
				map[string]any{name: broken},
			}})
			if a.Status != http.StatusBadRequest || a.At("field") != field || s.Node.Size("main") != before {
				t.Errorf("%s is wrong, got status %d: %s", field, a.Status, a.Body)
			}
		}}
		breaker.object(doc.deref(doc.Components.Schemas["Operation"].Properties[name]), object(t, operations[name]), at, func(v any) any { return v })
	}
}

// in is a good body with the register that the path would name.
func in(path string) string { return `{"register":"listing:7",` + good[path][1:] }

// TestMalformed has what no schema can say: it is found by the ledger's own check, before anything is journaled.
func TestMalformed(t *testing.T) {
	s := market(t)
	const id = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	command := func(operations string) string { return `{"id":"` + id + `","operations":[` + operations + `]}` }
	transfer := `{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}`
	for _, c := range []struct{ path, body, field string }{
		{"/transfers", `{"debit":"Bank","credit":"b","amount":"1"}`, "body.debit"},
		{"/transfers", `{"debit":"a","credit":"b::c","amount":"1"}`, "body.credit"},
		{"/transfers", `{"debit":"a","credit":"b","amount":"0"}`, "body.amount"},
		{"/transfers", `{"debit":"a","credit":"b","amount":-5}`, "body.amount"},
		{"/transfers", `{"debit":"a","credit":"b"}`, "body.amount"},
		{"/transfers", `{"debit":"a","credit":"b","amount":"1","received":"c"}`, "body.received"},
		{"/transfers", `{"debit":"a","credit":"b","mode":"received"}`, "body.received"},
		{"/transfers", `{"debit":"a","credit":"b","mode":"received","received":"c","amount":"1"}`, "body.amount"},
		{"/transfers", `{"debit":"investor:11010519491231002x","credit":"b","amount":"1"}`, "body.debit"},
		{"/assets", `{"code":"cny","scale":2}`, "body.code"},
		{"/accounts", `{"address":"a","asset":"9X","side":"debit","type":"asset"}`, "body.asset"},
		{"/accounts", `{"address":"-:","asset":"CNY","side":"debit","type":"asset"}`, "body.address"},
		{"/registers", `{"address":"r","asset":"CNY","cap":1,"tranches":["p","p"],"unclaimed":"u"}`, "body.tranches[1]"},
		{"/registers", `{"address":"r","asset":"CNY","cap":1,"tranches":["p"],"unclaimed":""}`, "body.unclaimed"},
		{"/holds", `{"debit":"a","credit":"b","amount":"1","expiry":"1850-01-01T00:00:00Z"}`, "body.expiry"},
		{"/accounts/A/freezes", `{"what":"both"}`, "path.address"},
		{"/accounts/a/freezes", `{"what":"both","amount":"1"}`, "body.amount"},
		{"/accounts/a/freezes", `{"what":"amount"}`, "body.amount"},
		{"/registers/R/issue", `{"account":"a","units":1}`, "path.address"},
		{"/registers/r/cancel", `{}`, "body.account"},
		{"/registers/r/cancel", `{"account":"a"}`, "body.units"},
		{"/registers/r/cancel", `{"account":"a","units":1,"all":true}`, "body.all"},
		{"/registers/r/distributions", `{"payer":"a","amounts":["0","0"]}`, "body.amounts"},
		{"/registers/r/distributions", `{"payer":"a","amounts":["1","-1"]}`, "body.amounts[1]"},
		{"/registers/r/distributions", `{"payer":"a","amounts":["1"],"deductions":[{"tranche":1,"class":0,"rate":1,"account":"b"}]}`, "body.deductions[0]"},
		{"/commands", `{"id":"` + id + `","effective":"2999-12-31","operations":[{"advance":{"to":"2027-01-01T00:00:00Z"}},` + transfer + `]}`, "body.operations[0]"},
		{"/commands", command(`{"distribute":{"register":"r","payer":"a","amounts":["1"]}},` + transfer), "body.operations[1]"},
		{"/commands", command(transfer + `,{"cancel":{"register":"r"}}`), "body.operations[1].cancel.account"},
		{"/commands", command(transfer + `,{"transfer":null}`), "body.operations[1].transfer"},
		{"/commands", command(transfer + `,{"transfer":{"debit":"a","credit":"b","amount":null}}`), "body.operations[1].transfer.amount"},
		{"/commands", command(transfer + `,{"issue":{"register":"r","account":"a","units":1e0}}`), "body.operations[1].issue.units"},
		{"/commands", command(transfer + `,{"issue":{"register":"r","account":"a","units":1e400}}`), "body.operations[1].issue.units"},
		{"/balances", `{"addresses":["a"],"min_sequence":18446744073709551616}`, "body.min_sequence"},
		{"/commands", command(transfer + `,{}`), "body.operations[1]"},
		{"/commands", command(`{"transfer":{"debit":"a","credit":"b","amount":"1"},"void":{"hold":"` + id + `.0"}}`), "body.operations[0]"},
		{"/commands", command(`{"pulse":{"limit":1}}`), "body.operations[0]"},
		{"/commands", command(transfer + `,{"transfer":{"debit":"a","credit":"b","amount":"0"}}`), "body.operations[1].transfer.amount"},
		{"/commands", `{"id":"` + id + `"`, "body"},
		{"/commands", `[]`, "body"},
		{"/commands", `null`, "body"},
		{"/commands", ``, ""},
	} {
		before := s.Node.Size("main")
		a := s.Do(http.MethodPost, at+c.path, c.body, "Idempotency-Key", id)
		if a.Status != http.StatusBadRequest || a.At("field") != c.field || a.At("sequence") != "" || s.Node.Size("main") != before {
			t.Errorf("%s %s: want 400 that names %q, got %d: %s", c.path, c.body, c.field, a.Status, a.Body)
		}
	}
}

func TestBadQueries(t *testing.T) {
	s := market(t)
	for _, c := range []struct {
		path   string
		status int
		field  string
	}{
		{"/v1/ledgers?x=1", 400, "query.x"},
		{"/v1/ledgers/Main", 400, "path.ledger"},
		{"/v1/ledgers/" + strings.Repeat("a", 33), 400, "path.ledger"},
		{"/v1/ledgers/other", 404, ""},
		{at + "/accounts?limit=0", 400, "query.limit"},
		{at + "/accounts?limit=1001", 400, "query.limit"},
		{at + "/accounts?limit=x", 400, "query.limit"},
		{at + "/accounts?cursor=x", 400, "query.cursor"},
		{at + "/accounts?cursor=AgE", 400, "query.cursor"},
		{at + "/accounts?cursor=" + strings.Repeat("A", 513), 400, "query.cursor"},
		{at + "/registers?cursor=AQE", 400, "query.cursor"},
		{at + "/accounts?prefix=" + strings.Repeat("a", 256), 400, "query.prefix"},
		{at + "/accounts/nobody", 404, "path.address"},
		{at + "/accounts/" + strings.Repeat("a", 256), 400, "path.address"},
		{at + "/accounts/nobody/balance", 404, "path.address"},
		{at + "/accounts/bank:cash/balance?at=2026", 400, "query.at"},
		{at + "/accounts/bank:cash/balance?at=1970-01-01T00:00:00Z", 400, "query.at"},
		{at + "/accounts/bank:cash/balance?at=2026-03-01T00:00:00Z&sequence=1", 400, "query.at"},
		{at + "/accounts/bank:cash/balance?sequence=-1", 400, "query.sequence"},
		{at + "/accounts/bank:cash/balance?at=2020-01-01T00:00:00Z", 404, ""},
		{at + "/accounts/bank:cash/entries?order=best", 400, "query.order"},
		{at + "/accounts/bank:cash/entries?from=yesterday", 400, "query.from"},
		{at + "/accounts/bank:cash/entries?reference_type=1", 400, "query.reference"},
		{at + "/accounts/bank:cash/entries?reference=1&reference_type=1", 400, "query.reference"},
		{at + "/accounts/bank:cash/statements/2026", 400, "path.period"},
		{at + "/accounts/bank:cash/statements/2026-13", 400, "path.period"},
		{at + "/accounts/bank:cash/statements/1700-01", 400, "path.period"},
		{at + "/accounts/bank:cash/effective?from=2026-01-01", 400, "query.until"},
		{at + "/accounts/bank:cash/effective?from=2026-01-02&until=2026-01-01", 400, "query.until"},
		{at + "/accounts/bank:cash/effective?from=2026-01-32&until=2026-01-01", 400, "query.from"},
		{at + "/commands/0", 400, "path.command"},
		{at + "/commands/99999999999999999999", 400, "path.command"},
		{at + "/commands/1-2", 400, "path.command"},
		{at + "/commands/9999", 404, ""},
		{at + "/commands/019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", 404, ""},
		{at + "/commands/2/operations/0/lines", 404, ""},
		{at + "/commands/2/operations/8000/lines", 400, "path.operation"},
		{at + "/registers/none", 404, ""},
		{at + "/registers/none/holders", 404, ""},
		{at + "/nothing", 404, "path"},
		{"/nothing", 404, "path"},
	} {
		a := s.Get(c.path)
		if a.Status != c.status || a.At("field") != c.field || a.At("status") != fmt.Sprint(c.status) {
			t.Errorf("%s: want %d that names %q, got %d: %s", c.path, c.status, c.field, a.Status, a.Body)
		}
	}
	is(t, s.Do(http.MethodDelete, at+"/accounts", nil), "status", "405", "code", "method_not_allowed")
	if allow := s.Do(http.MethodPut, at+"/accounts", nil).Header.Get("Allow"); allow != "GET, POST" {
		t.Errorf("Allow: %q", allow)
	}
	_ = apitest.Start
}
