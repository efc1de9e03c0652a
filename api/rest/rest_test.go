package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

const at = "/v1/ledgers/main"

func market(t *testing.T) *apitest.Site {
	t.Helper()
	s := apitest.NewSite(t)
	s.Market()
	return s
}

// is compares members of an answer: pairs of a path, dotted, and its text.
func is(t *testing.T, a *apitest.Answer, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		var path []any
		for step := range strings.SplitSeq(pairs[i], ".") {
			var n int
			if _, err := fmt.Sscanf(step, "%d", &n); err == nil {
				path = append(path, n)
			} else {
				path = append(path, step)
			}
		}
		if got := a.At(path...); got != pairs[i+1] {
			t.Errorf("%s is %q, want %q in %s", pairs[i], got, pairs[i+1], a.Body)
		}
	}
}

func TestWalk(t *testing.T) {
	s := market(t)

	t.Run("ledger", func(t *testing.T) {
		is(t, s.Get("/v1/ledgers").OK(), "ledgers.0.name", "main", "ledgers.1", "")
		is(t, s.Get(at).OK(), "zone", "Asia/Shanghai", "clock", "simulated", "now", "2026-03-01T00:00:00.000000Z", "accounts", "8", "registers", "1")
		is(t, s.Get(at+"/assets").OK(), "assets.0.code", "CNY", "assets.0.scale", "2", "assets.1.code", "USD")
	})
	t.Run("account", func(t *testing.T) {
		is(t, s.Get(at+"/accounts/investor:1:cash").OK(), "balance", "4000", "available", "4000", "credits", "10000", "debits", "6000",
			"side", "credit", "type", "liability", "constraint", "nonnegative", "code", "2001", "scale", "2", "registers", "1")
		is(t, s.Get(at+"/accounts/bank:cash/balance").OK(), "balance", "30000", "available", "30000", "side", "debit", "asset", "CNY",
			"timestamp", "2026-03-01T00:00:00.000000Z")
	})
	t.Run("balances", func(t *testing.T) {
		a := s.Post(at+"/balances", `{"addresses":["investor:1:cash","nobody:here","borrower:7:cash"]}`).OK()
		is(t, a, "balances.0.balance", "4000", "balances.1.missing", "true", "balances.1.balance", "0", "balances.2.balance", "10000")
	})
	t.Run("pages of accounts", func(t *testing.T) {
		var all []string
		cursor := ""
		for range 10 {
			a := s.Get(at + "/accounts?limit=2&prefix=investor:&cursor=" + cursor).OK()
			for i := range 2 {
				if address := a.At("accounts", i, "address"); address != "" {
					all = append(all, address)
				}
			}
			if cursor = a.At("next"); cursor == "" {
				break
			}
		}
		if got := strings.Join(all, " "); got != "investor:1:cash investor:2:cash investor:3:cash" {
			t.Errorf("accounts: %s", got)
		}
	})
	t.Run("hold, post and void", func(t *testing.T) {
		a := s.Post(at+"/holds", `{"debit":"investor:3:cash","credit":"borrower:7:cash","amount":"3000","expiry":"2026-03-02T00:00:00Z"}`).OK()
		mark := a.At("marks", 0)
		if mark != a.At("id")+".0" {
			t.Fatalf("mark %q of command %s", mark, a.At("id"))
		}
		is(t, s.Get(at+"/accounts/investor:3:cash/balance").OK(), "balance", "10000", "available", "7000", "debits_held", "3000")
		is(t, s.Get(at+"/accounts/investor:3:cash/holds").OK(), "holds.0.mark", mark, "holds.0.amount", "3000",
			"holds.0.expiry", "2026-03-02T00:00:00.000000Z", "holds.0.credit", "borrower:7:cash")
		s.Post(at+"/holds/"+mark+"/post", `{"amount":"1000"}`).OK()
		is(t, s.Get(at+"/accounts/investor:3:cash/balance").OK(), "balance", "9000", "available", "9000")
		is(t, s.Post(at+"/holds/"+mark+"/void", nil), "status", "404", "code", "hold_not_found")
		mark = s.Post(at+"/holds", `{"debit":"investor:3:cash","credit":"borrower:7:cash","amount":"1"}`).OK().At("marks", 0)
		s.Post(at+"/holds/"+mark+"/void", `{"purpose":9}`).OK()
	})
	t.Run("freeze", func(t *testing.T) {
		mark := s.Post(at+"/accounts/investor:3:cash/freezes", `{"what":"amount","amount":"8000"}`).OK().At("marks", 0)
		is(t, s.Get(at+"/accounts/investor:3:cash").OK(), "available", "1000", "frozen", "8000")
		is(t, s.Post(at+"/transfers", `{"debit":"investor:3:cash","credit":"borrower:7:cash","amount":"1001"}`),
			"status", "422", "code", "amount_frozen", "operation", "0")
		s.Post(at+"/freezes/"+mark+"/end", nil).OK()
		is(t, s.Get(at+"/accounts/investor:3:cash").OK(), "available", "9000")
	})
	t.Run("units", func(t *testing.T) {
		is(t, s.Get(at+"/registers/listing:7").OK(), "units", "100", "cap", "1000", "holdings", "2", "tranches.1.name", "interest")
		s.Post(at+"/registers/listing:7/issue", `{"account":"investor:3:cash","units":10}`).OK()
		mark := s.Post(at+"/registers/listing:7/holds", `{"account":"investor:3:cash","units":4}`).OK().At("marks", 0)
		is(t, s.Get(at+"/accounts/investor:3:cash/holds").OK(), "holds.0.register", "listing:7", "holds.0.units", "4")
		s.Post(at+"/registers/listing:7/move", `{"from":"investor:3:cash","to":"investor:1:cash","units":4,"hold":"`+mark+`"}`).OK()
		is(t, s.Post(at+"/registers/listing:7/cancel", `{"account":"investor:3:cash","units":7}`), "code", "units_too_few")
		s.Post(at+"/registers/listing:7/cancel", `{"account":"investor:3:cash","units":6}`).OK()
		s.Post(at+"/registers/listing:7/move", `{"from":"investor:1:cash","to":"investor:2:cash","units":4}`).OK()
		is(t, s.Get(at+"/registers/listing:7/holders").OK(), "holders.0.account", "investor:1:cash", "holders.0.units", "60",
			"holders.1.units", "44", "holders.2.units", "0", "holders.2.holder", "2")
		is(t, s.Get(at+"/registers/listing:7/holders?limit=1").OK(), "holders.0.holder", "0", "holders.1", "")
		is(t, s.Get(at+"/accounts/investor:2:cash/holdings").OK(), "holdings.0.register", "listing:7", "holdings.0.units", "44")
		s.Post(at+"/registers/listing:7/cancel", `{"account":"investor:2:cash","units":4}`).OK()
	})
	t.Run("distribute", func(t *testing.T) {
		a := s.Post(at+"/registers/listing:7/distributions", `{"payer":"borrower:7:cash","amounts":["1000",333],"effective":"2026-02-27",
			"deductions":[{"tranche":1,"class":0,"rate":100000,"account":"platform:fees"}],
			"references":[{"type":4,"value":"00000000-0000-0000-0000-00000000002a"}]}`).OK()
		is(t, a, "outputs.0.amount", "1333", "outputs.0.count", "2", "outputs.0.tranches.0.units", "100",
			"outputs.0.tranches.0.quotient", "184467440737095516160", "outputs.0.deducted.0", "33")
		sequence := a.At("sequence")
		lines := s.Get(at + "/commands/" + sequence + "/operations/0/lines").OK()
		is(t, lines, "lines.0.account", "investor:1:cash", "lines.0.gross.0", "600", "lines.0.gross.1", "200", "lines.1.gross.1", "133")
		is(t, s.Get(at+"/registers/listing:7/distributions").OK(), "distributions.0.sequence", sequence, "distributions.0.amount", "1333")
		is(t, s.Get(at+"/commands/"+sequence).OK(), "command.operations.0.distribute.payer", "borrower:7:cash",
			"command.operations.0.distribute.deductions.0.rate", "100000", "command.effective", "2026-02-27", "result.code", "applied",
			"command.actor", "6c6f6e67-6d65-6e2f-6f70-657261746f72", "command.references.0.type", "4")
		is(t, s.Get(at+"/commands/"+a.At("id")).OK(), "result.sequence", sequence)
	})
	t.Run("effective date", func(t *testing.T) {
		is(t, s.Get(at+"/accounts/borrower:7:cash/effective?from=2026-02-01&until=2026-02-28").OK(), "entries.0.amount", "1333",
			"entries.0.kind", "payer", "entries.0.effective", "2026-02-27", "entries.0.date", "2026-03-01", "entries.1", "")
		is(t, s.Get(at+"/accounts/borrower:7:cash/effective/totals?from=2026-02-01&until=2026-03-31").OK(),
			"days.0.date", "2026-02-27", "days.0.debits", "1333", "days.1.date", "2026-03-01", "days.1.credits", "11000")
		days := s.Get(at + "/days?from=2026-02-01&until=2026-02-28").OK()
		is(t, days, "days.0.date", "2026-02-27", "days.1", "", "days.0.lines.0.asset", "CNY", "days.0.lines.0.code", "2001",
			"days.0.lines.0.credits", "1300", "days.0.lines.1.debits", "1333", "days.0.lines.2.credits", "33")
		is(t, s.Get(at+"/days/2026-02-27/commands?asset=CNY&code=2002").OK(), "commands.0.debits", "1333", "commands.0.date", "2026-03-01",
			"commands.1", "")
		is(t, s.Get(at+"/days/2026-03-01/commands?asset=CNY&code=2001&limit=1").OK(), "commands.1", "")
		is(t, s.Get(at+"/days/2026-02-27/commands?asset=CNY&code=7").OK(), "commands.0", "")
		is(t, s.Get(at+"/days?from=2026-02-01&until=2027-02-02"), "status", "400", "field", "query.until")
		is(t, s.Get(at+"/days?from=2026-02-28&until=2026-02-27"), "status", "400", "field", "query.until")
	})
	t.Run("debts", func(t *testing.T) {
		is(t, s.Get(at+"/accounts/investor:1:cash/debts").OK(), "debts.0", "")
		is(t, s.Get(at+"/accounts/nobody/debts"), "status", "404", "code", "not_found")
		is(t, s.Get(at+"/debts?cover=bank:cash").OK(), "debts.0", "", "next", "")
		is(t, s.Get(at+"/debts?cover=nobody"), "status", "404", "code", "not_found")
		is(t, s.Get(at+"/debts?cursor=x"), "status", "400", "field", "query.cursor")
		is(t, s.Post(at+"/settlements", `{"account":"investor:1:cash","cover":"bank:cash","payer":"investor:1:cash"}`), "status", "409", "code", "nothing_owed")
	})
	t.Run("clock", func(t *testing.T) {
		is(t, s.Post(at+"/clock", `{"to":"2026-03-31T16:00:00Z"}`).OK(), "code", "applied")
		is(t, s.Get(at).OK(), "now", "2026-03-31T16:00:00.000000Z")
		is(t, s.Post(at+"/clock", `{"to":"2026-03-31T15:59:59+00:00"}`), "status", "409", "code", "clock_backwards")
		s.Post(at+"/transfers", `{"debit":"bank:cash","credit":"investor:1:cash","amount":"50"}`).OK()
	})
	t.Run("past", func(t *testing.T) {
		is(t, s.Get(at+"/accounts/investor:1:cash/balance?at=2026-03-15T00:00:00Z").OK(), "balance", "4780", "available", "")
		is(t, s.Get(at+"/accounts/investor:1:cash/balance?sequence=12").OK(), "balance", "10000", "sequence", "12")
		is(t, s.Get(at+"/accounts/investor:1:cash/balance").OK(), "balance", "4830")
		is(t, s.Get(at+"/accounts/investor:1:cash/entries").OK(), "entries.0.amount", "50", "entries.0.balance", "4830",
			"entries.0.other", "bank:cash", "entries.1.kind", "line")
		is(t, s.Get(at+"/accounts/investor:1:cash/entries?order=oldest&limit=1&purpose=1").OK(), "entries.0.amount", "10000", "entries.1", "")
		is(t, s.Get(at+"/accounts/borrower:7:cash/entries?reference_type=4&reference=00000000-0000-0000-0000-00000000002a").OK(),
			"entries.0.amount", "1333", "entries.1", "")
		is(t, s.Get(at+"/accounts/investor:1:cash/entries?from=2026-03-15T00:00:00Z").OK(), "entries.0.amount", "50", "entries.1", "")
		is(t, s.Get(at+"/accounts/investor:1:cash/statements/2026-03").OK(), "opening", "0", "closing", "4780", "final", "true",
			"from", "2026-03-01", "until", "2026-03-31", "entries.2.kind", "line", "entries.3", "")
		is(t, s.Get(at+"/accounts/investor:1:cash/statements/2026-04-01").OK(), "opening", "4780", "closing", "4830", "final", "false")
		trial := s.Get(at + "/trial-balance").OK()
		is(t, trial, "lines.0.asset", "CNY", "lines.0.code", "1001", "lines.0.debits", "30050")
		is(t, s.Get(at+"/trial-balance?sequence=12").OK(), "lines.0.debits", "10000")
	})
	t.Run("pages of entries", func(t *testing.T) {
		first := s.Get(at + "/accounts/investor:1:cash/entries?limit=2").OK()
		second := s.Get(at + "/accounts/investor:1:cash/entries?limit=2&cursor=" + first.At("next")).OK()
		is(t, second, "entries.0.amount", "6000", "entries.1.amount", "10000", "next", "")
	})
	t.Run("journal", func(t *testing.T) {
		is(t, s.Get(at+"/commands?limit=2").OK(), "commands.0.command.operations.0.open_ledger.zone", "Asia/Shanghai",
			"commands.1.command.operations.0.open_asset.code", "CNY", "commands.1.result.sequence", "2", "commands.2", "")
	})
	t.Run("cancel all", func(t *testing.T) {
		is(t, s.Post(at+"/registers/listing:7/cancel", `{"all":true}`).OK(), "outputs.0.units", "100")
		is(t, s.Get(at+"/commands?from=10&limit=1000").OK(), "commands.0.result.sequence", "10")
	})
}

func TestUnclaimed(t *testing.T) {
	s := market(t)
	mark := s.Post(at+"/accounts/investor:2:cash/freezes", `{"what":"credits"}`).OK().At("marks", 0)
	a := s.Post(at+"/registers/listing:7/distributions", `{"payer":"borrower:7:cash","amounts":["500","0"]}`).OK()
	is(t, a, "outputs.0.unclaimed", "1", "outputs.0.unclaimed_amount", "200")
	is(t, s.Get(at+"/registers/listing:7/holders").OK(), "holders.1.unclaimed", "200", "holders.1.shares.0.paid", "200")
	is(t, s.Post(at+"/registers/listing:7/claims", `{"holder":"investor:2:cash","to":"investor:2:cash"}`), "code", "credits_frozen", "status", "409")
	s.Post(at+"/freezes/"+mark+"/end", nil).OK()
	is(t, s.Post(at+"/registers/listing:7/claims", `{"holder":"investor:2:cash","to":"investor:2:cash"}`).OK(), "outputs.0.amount", "200")
}

func TestLedgers(t *testing.T) {
	s := apitest.NewSite(t)
	first := s.Post("/v1/ledgers", `{"name":"real"}`).OK()
	is(t, first, "zone", "UTC", "clock", "real", "now", "2026-03-01T08:00:00.000000Z", "sequence", "1")
	is(t, s.Post("/v1/ledgers", `{"name":"real"}`).OK(), "id", first.At("id"))
	is(t, s.Post("/v1/ledgers", `{"name":"real","zone":"Asia/Shanghai"}`), "status", "409", "code", "conflict")
	is(t, s.Post("/v1/ledgers", `{"name":"nowhere","zone":"Moon/Crater"}`), "status", "400", "field", "body.zone")
	is(t, s.Post("/v1/ledgers/real/transfers", `{"debit":"a","credit":"b","amount":"1","purpose":4294967296}`), "status", "400",
		"field", "body.purpose", "detail", "expected number <= 4294967295")
	is(t, s.Post("/v1/ledgers/real/clock", `{"to":"2027-01-01T00:00:00Z"}`), "status", "409", "code", "clock_not_simulated")
}

func TestBatch(t *testing.T) {
	s := market(t)
	id := func(n int) string { return fmt.Sprintf("019599c5-8a7b-7d60-a1f2-%012x", n) }
	transfer := func(n int, amount string) string {
		return fmt.Sprintf(`{"id":%q,"operations":[{"transfer":{"debit":"investor:1:cash","credit":"investor:2:cash","amount":%q}}]}`, id(n), amount)
	}
	a := s.Post(at+"/batches", `{"commands":[`+strings.Join([]string{transfer(1, "100"), transfer(2, "99999"), transfer(3, "0"), transfer(1, "100"), transfer(1, "101")}, ",")+`]}`).OK()
	is(t, a, "results.0.code", "applied", "results.1.code", "balance_too_low", "results.1.operation", "0",
		"results.2.code", "malformed", "results.2.sequence", "", "results.3.repeated", "true", "results.3.sequence", a.At("results", 0, "sequence"),
		"results.4.code", "id_conflict", "results.0.id", id(1))
	is(t, s.Get(at+"/accounts/investor:1:cash/balance"), "balance", "3900")
	is(t, s.Post(at+"/batches", `{"commands":[{"operations":[{"void":{"hold":"`+id(1)+`.0"}}]}]}`), "status", "400", "field", "body.commands[0].id")
}

func TestProofs(t *testing.T) {
	s := market(t)
	old := s.Get(at + "/checkpoint").OK()
	if key := old.At("key"); !strings.HasPrefix(key, "longmen/") {
		t.Errorf("key %q", key)
	}
	p := s.Get(at + "/commands/9/proof").OK()
	is(t, p, "sequence", "9", "checkpoint", old.At("checkpoint"))
	s.Post(at+"/transfers", `{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"1"}`).OK()
	x := s.Post(at+"/checkpoint/extension", map[string]string{"checkpoint": old.At("checkpoint")}).OK()
	is(t, x, "old", old.At("checkpoint"))
	is(t, s.Post(at+"/checkpoint/extension", `{"checkpoint":"nonsense"}`), "status", "400", "field", "body.checkpoint")
	is(t, s.Get(at+"/commands/9999/proof"), "status", "404")
}

func TestStatuses(t *testing.T) {
	s := market(t)
	for _, c := range []struct {
		path, body string
		status     int
		code       string
	}{
		{"/assets", `{"code":"CNY","scale":2}`, http.StatusConflict, "asset_exists"},
		{"/accounts", `{"address":"x","asset":"EUR","side":"debit","type":"asset"}`, http.StatusNotFound, "asset_not_found"},
		{"/accounts", `{"address":"bank:cash","asset":"CNY","side":"debit","type":"asset"}`, http.StatusConflict, "account_exists"},
		{"/transfers", `{"debit":"bank:cash","credit":"nobody","amount":"1"}`, http.StatusNotFound, "account_not_found"},
		{"/transfers", `{"debit":"bank:cash","credit":"bank:usd","amount":"1"}`, http.StatusUnprocessableEntity, "asset_mismatch"},
		{"/transfers", `{"debit":"bank:cash","credit":"bank:cash","amount":"1"}`, http.StatusUnprocessableEntity, "same_account"},
		{"/transfers", `{"debit":"investor:1:cash","credit":"bank:cash","amount":"4001"}`, http.StatusUnprocessableEntity, "balance_too_low"},
		{"/holds", `{"debit":"investor:1:cash","credit":"bank:cash","amount":"1","expiry":"2026-02-01T00:00:00Z"}`, http.StatusConflict, "expiry_passed"},
		{"/registers/listing:7/issue", `{"account":"investor:1:cash","units":901}`, http.StatusUnprocessableEntity, "cap_exceeded"},
		{"/registers/listing:8/issue", `{"account":"investor:1:cash","units":901}`, http.StatusNotFound, "register_not_found"},
		{"/registers/listing:7/claims", `{"holder":"investor:1:cash","to":"investor:1:cash"}`, http.StatusConflict, "nothing_unclaimed"},
		{"/reversals", `{"sequence":99999,"mode":"refuse"}`, http.StatusNotFound, "command_not_found"},
	} {
		before := s.Node.Size("main")
		a := s.Post(at+c.path, c.body)
		if a.Status != c.status || a.At("code") != c.code {
			t.Errorf("%s %s: status %d %s, want %d %s", c.path, c.body, a.Status, a.At("code"), c.status, c.code)
		}
		if a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: content type %q", c.path, a.Header.Get("Content-Type"))
		}
		// A refusal of the ledger is journaled and says where.
		is(t, a, "sequence", fmt.Sprint(before+1), "type", "/docs#code-"+c.code)
	}
}
