package rest_test

import "github.com/longmen/longmen/api/apitest"

// thing fills in a thing of the market.
func thing(words ...string) func(*apitest.World, *apitest.Tenant, *apitest.Caller) map[string]string {
	filled := map[string]string{}
	for i := 0; i < len(words); i += 2 {
		filled[words[i]] = words[i+1]
	}
	return func(*apitest.World, *apitest.Tenant, *apitest.Caller) map[string]string { return filled }
}

// marked makes something that has a mark.
func marked(path, body string) func(*apitest.World, *apitest.Tenant, *apitest.Caller) map[string]string {
	return func(w *apitest.World, _ *apitest.Tenant, _ *apitest.Caller) map[string]string {
		return map[string]string{"mark": w.Post("/v1/ledgers/main"+path, body).OK().At("marks", 0)}
	}
}

var (
	account  = thing("address", "investor:1:cash", "period", "2026-03")
	register = thing("address", "listing:7")
	held     = marked("/holds", `{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}`)
	frozen   = marked("/accounts/bank:usd/freezes", `{"what":"amount","amount":"1"}`)
)

// reversible makes a transfer that can be undone.
func reversible(w *apitest.World, _ *apitest.Tenant, _ *apitest.Caller) map[string]string {
	a := w.Post("/v1/ledgers/main/transfers", `{"debit":"bank:cash","credit":"investor:3:cash","amount":"1"}`).OK()
	return map[string]string{"sequence": a.At("sequence")}
}

// paid makes a distribution.
func paid(w *apitest.World, _ *apitest.Tenant, _ *apitest.Caller) map[string]string {
	w.Post("/v1/ledgers/main/transfers", `{"debit":"bank:cash","credit":"borrower:7:cash","amount":"100"}`).OK()
	a := w.Post("/v1/ledgers/main/registers/listing:7/distributions", `{"payer":"borrower:7:cash","amounts":["100","0"]}`).OK()
	return map[string]string{"sequence": a.At("sequence"), "operation": "0"}
}

// checkpoint fills in the newest one.
func checkpoint(w *apitest.World, _ *apitest.Tenant, _ *apitest.Caller) map[string]string {
	var c struct{ Checkpoint string }
	w.Get("/v1/ledgers/main/checkpoint").OK().Into(&c)
	return map[string]string{"checkpoint": quoted(c.Checkpoint)}
}

var ledgerEndpoints = []apitest.Endpoint{
	{ID: "list-ledgers"},
	{ID: "create-ledger", Body: `{"name":"main","zone":"Asia/Shanghai","clock":"simulated","start":"2026-03-01T00:00:00Z"}`},
	{ID: "get-ledger"},
	{ID: "list-assets"},
	{ID: "open-asset", Body: `{"code":"EUR","scale":2}`},
	{ID: "advance-clock", Body: `{"to":"2026-03-02T00:00:00Z"}`},

	{ID: "list-accounts"},
	{ID: "open-account", Body: `{"address":"a:b","asset":"CNY","side":"debit","type":"asset","code":1}`},
	{ID: "get-account", Fill: account},
	{ID: "get-balance", Fill: account},
	{ID: "read-balances", Body: `{"addresses":["bank:cash"]}`},
	{ID: "list-holds", Fill: account},
	{ID: "list-account-debts", Fill: account},
	{ID: "list-debts"},
	{ID: "list-entries", Fill: account},
	{ID: "list-holdings", Fill: account},
	{ID: "get-statement", Fill: account},
	{ID: "list-effective", Fill: account, Query: "from=2026-03-01&until=2026-03-31"},
	{ID: "sum-effective", Fill: account, Query: "from=2026-03-01&until=2026-03-31"},
	{ID: "list-days", Query: "from=2026-03-01&until=2026-03-31"},
	{ID: "list-day-commands", Fill: thing("date", "2026-03-01"), Query: "asset=CNY&code=2001"},
	{ID: "trial-balance"},

	{ID: "transfer", Body: `{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}`},
	{ID: "hold", Body: `{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}`},
	{ID: "post-hold", Fill: held, Body: `{"amount":"1"}`},
	{ID: "void-hold", Fill: held, Body: `{}`},
	{ID: "freeze", Fill: thing("address", "bank:usd"), Body: `{"what":"amount","amount":"1"}`},
	{ID: "unfreeze", Fill: frozen, Body: `{}`},
	{ID: "reverse", Fill: reversible, Body: `{"sequence":{sequence},"mode":"refuse"}`},
	{ID: "reverse-line", Fill: paid, Body: `{"sequence":{sequence},"operation":0,"account":"investor:1:cash","mode":"refuse"}`},
	{ID: "correct", Fill: paid, Body: `{"sequence":{sequence},"operation":0,"payer":"bank:cash","amounts":["5","0"],"mode":"refuse"}`},
	{ID: "settle", Body: `{"account":"investor:1:cash","cover":"bank:cash","payer":"investor:1:cash"}`},

	{ID: "list-registers"},
	{ID: "open-register", Body: `{"address":"r","asset":"CNY","cap":10,"tranches":["p"],"unclaimed":"platform:unclaimed"}`},
	{ID: "get-register", Fill: register},
	{ID: "list-holders", Fill: register},
	{ID: "issue", Fill: register, Body: `{"account":"investor:3:cash","units":1}`},
	{ID: "move", Fill: register, Body: `{"from":"investor:1:cash","to":"investor:2:cash","units":1}`},
	{ID: "cancel", Fill: register, Body: `{"account":"investor:2:cash","units":1}`},
	{ID: "hold-units", Fill: register, Body: `{"account":"investor:2:cash","units":1}`},
	{ID: "distribute", Fill: register, Body: `{"payer":"bank:cash","amounts":["1","1"]}`},
	{ID: "claim", Fill: register, Body: `{"holder":"investor:1:cash","to":"investor:2:cash","amount":"1"}`},
	{ID: "list-distributions", Fill: register},

	{ID: "apply-command", Body: `{"operations":[{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}]}`},
	{ID: "apply-batch", Body: `{"commands":[{"id":"{id}","operations":[{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}]}]}`},
	{ID: "list-commands"},
	{ID: "get-command", Fill: thing("command", "2")},
	{ID: "list-lines", Fill: paid},
	{ID: "prove-command", Fill: thing("sequence", "2")},
	{ID: "get-checkpoint"},
	{ID: "prove-extension", Fill: checkpoint, Body: `{"checkpoint":{checkpoint}}`},
}
