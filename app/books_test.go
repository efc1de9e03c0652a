package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/longmen/longmen/api/access"
	"github.com/longmen/longmen/api/apitest"
	ledgerv1 "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/gen/longmen/ledger/v1/ledgerv1connect"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

func dateOf(t *testing.T, text string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// whole is a node in this process, with the tenant north and his ledger main.
func whole(t *testing.T) (*apitest.World, party.By) {
	t.Helper()
	_, w, by := wholeProgram(t)
	return w, by
}

func wholeProgram(t *testing.T) (*program, *apitest.World, party.By) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	log := &apitest.Log{}
	p := &program{config: Config{Data: t.TempDir(), Log: slog.New(slog.NewTextHandler(log, nil))}, ended: make(chan struct{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	p.address = listener.Addr().String()
	fail := func(part string, err error) { t.Errorf("%s: %v", part, err) }
	must(p.listen(listener, fail))
	must(p.open(t.Context(), fail))
	t.Cleanup(func() {
		must(p.drain(context.Background()))
		must(p.close(context.Background()))
	})
	g := p.backend.ground.Load()
	token, err := access.ReadToken(p.config.Data)
	must(err)
	w := &apitest.World{Site: &apitest.Site{T: t, URL: "http://" + p.address, Token: token, Ground: g, Clock: clock.NewManual(time.Now()), Log: log}}
	w.Post("/v1/ledgers", `{"name":"main","zone":"Asia/Shanghai","clock":"simulated","start":"2026-03-30T04:00:00Z"}`).OK()
	north, err := g.Parties.CreateTenant(t.Context(), id.ID(access.Operator), party.Tenant{ID: w.ID(), Name: "north"})
	must(err)
	by := party.By{Tenant: north.ID, Actor: id.ID(access.Operator)}
	_, err = g.Parties.AddLedger(t.Context(), by, "main")
	must(err)
	return p, w, by
}

// TestBooks walks a month's end through the doors: a chart and a closing by two persons each, an export that stays the
// same to the byte, an entry that comes too late, and its correction.
func TestBooks(t *testing.T) {
	w, by := whole(t)
	ann, bo, administrator := w.Caller(by, "ann", "finance"), w.Caller(by, "bo", "finance"), w.Caller(by, "root", "administrator")
	const at = "/v1/ledgers/main"
	propose := func(path, document string) string {
		t.Helper()
		id := w.ID().String()
		w.As(ann, http.MethodPost, path, `{"id":"`+id+`","reason":"month end",`+document+`}`).OK()
		for name, c := range map[string]*apitest.Caller{"the proposer": ann, "an administrator": administrator} {
			if a := w.As(c, http.MethodPost, "/v1/proposals/"+id+"/approval", `{}`); a.Status != http.StatusForbidden {
				t.Errorf("%s approves: %d %s", name, a.Status, a.Body)
			}
		}
		w.As(bo, http.MethodPost, "/v1/proposals/"+id+"/approval", `{}`).OK()
		return id
	}
	transfer := func(more, key string) *apitest.Answer {
		t.Helper()
		return w.As(ann, http.MethodPost, at+"/transfers", `{"debit":"bank","credit":"client","amount":"100"`+more+`}`, "Idempotency-Key", key)
	}
	w.Post(at+"/assets", `{"code":"CNY","scale":2}`).OK()
	w.Post(at+"/accounts", `{"address":"bank","asset":"CNY","side":"debit","type":"asset","code":1001,"constraint":"unbounded"}`).OK()
	w.Post(at+"/accounts", `{"address":"client","asset":"CNY","side":"credit","type":"liability","code":2001}`).OK()
	propose("/v1/charts", `"chart":{"from":"2026-01-01","accounts":[{"code":1001,"gl":"1002","name":{"zh":"银行存款","en":"Cash at bank"}},
		{"code":2001,"gl":"2241","name":{"zh":"客户资金","en":"Client money"}}]}`)
	transfer("", "first").OK()
	transfer(`,"effective":"2026-03-29"`, "second").OK()

	w.Post(at+"/clock", `{"to":"2026-03-31T04:00:00Z"}`).OK()
	export := at + "/export?from=2026-03-01&until=2026-03-31&format=csv"
	before := w.As(ann, http.MethodGet, export, nil).OK()
	want := "date,asset,gl,account_code,name,debits,credits\n" +
		"2026-03-29,CNY,1002,1001,Cash at bank,100,0\n2026-03-29,CNY,2241,2001,Client money,0,100\n" +
		"2026-03-30,CNY,1002,1001,Cash at bank,100,0\n2026-03-30,CNY,2241,2001,Client money,0,100\n"
	if string(before.Body) != want || before.Header.Get("Content-Type") != "text/csv" {
		t.Errorf("%s %s\nwant\n%s", before.Header.Get("Content-Type"), before.Body, want)
	}
	sequence := before.Header.Get("Longmen-Sequence")

	propose(at+"/periods", `"through":"2026-03-30"`)
	if a := w.As(ann, http.MethodGet, at+"/periods", nil).OK(); a.At("periods", 0, "through") != "2026-03-30" || a.At("periods", 0, "sequence") != sequence {
		t.Errorf("%s", a.Body)
	}
	late := transfer(`,"effective":"2026-03-30"`, "late")
	if late.Status != http.StatusConflict || late.At("code") != "period_closed" || late.At("field") != "body.effective" {
		t.Errorf("%d %s", late.Status, late.Body)
	}
	if again := transfer(`,"effective":"2026-03-29"`, "second").OK(); again.At("repeated") != "true" {
		t.Errorf("a repeat does not get its first result: %s", again.Body)
	}
	operation := `"operations":[{"transfer":{"debit":"bank","credit":"client","amount":"100"}}]`
	batch := w.As(ann, http.MethodPost, at+"/batches", fmt.Sprintf(`{"commands":[{"id":%q,"operations":[{"pulse":{"limit":1}}]},{"id":%q,%s},{"id":%q,"effective":"2026-03-30",%s}]}`,
		w.ID().String(), w.ID().String(), operation, w.ID().String(), operation))
	if batch.At("code") != "period_closed" || batch.At("field") != "body.commands[2].effective" {
		t.Errorf("%d %s", batch.Status, batch.Body)
	}
	client := ledgerv1connect.NewLedgerServiceClient(http.DefaultClient, w.URL, connect.WithInterceptors(bearer(ann.Token)))
	grpc := w.ID()
	_, err := client.Apply(t.Context(), connect.NewRequest(&ledgerv1.ApplyRequest{Ledger: "main", Commands: []*ledgerv1.Command{{
		Id: grpc[:], Effective: int32(dateOf(t, "2026-03-30")),
		Operations: []*ledgerv1.Operation{{Operation: &ledgerv1.Operation_Transfer{Transfer: &ledgerv1.Transfer{Debit: "bank", Credit: "client", Amount: 100}}}},
	}}}))
	if err == nil || !strings.Contains(err.Error(), "closed through 2026-03-30") {
		t.Errorf("gRPC: %v", err)
	}

	corrects := fmt.Sprintf(`,"references":[{"type":6001,"value":"%08x-0000-0000-0000-000000000000"}]`, uint32(dateOf(t, "2026-03-30")))
	done := transfer(corrects, "right").OK()
	var list struct {
		Corrections []struct {
			Corrected, Effective string
			Sequence             json.Number
		}
	}
	for deadline := time.Now().Add(30 * time.Second); len(list.Corrections) == 0 && time.Now().Before(deadline); pause() {
		w.As(ann, http.MethodGet, at+"/corrections", nil).OK().Into(&list)
	}
	if len(list.Corrections) != 1 || list.Corrections[0].Corrected != "2026-03-30" || list.Corrections[0].Effective != "2026-03-31" ||
		list.Corrections[0].Sequence.String() != done.At("sequence") {
		t.Errorf("%+v, want the command at %s", list, done.At("sequence"))
	}
	again := w.As(bo, http.MethodGet, export+"&sequence="+sequence, nil).OK()
	if !bytes.Equal(again.Body, before.Body) {
		t.Errorf("the same question gets another answer:\n%s", again.Body)
	}
	now := w.As(bo, http.MethodGet, strings.Replace(export, "&format=csv", "", 1), nil).OK()
	if now.At("rows", 4, "date") != "2026-03-31" || now.At("rows", 4, "debits") != "100" || now.At("rows", 5, "credits") != "100" {
		t.Errorf("%s", now.Body)
	}
}

// Who asked may go before the ledger has answered. What he sent is on its way still, and a closing waits for it.
func TestClosingWaitsForWhomNobodyWaits(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p, w, by := wholeProgram(t)
	ann, bo := w.Caller(by, "ann", "finance"), w.Caller(by, "bo", "finance")
	const at = "/v1/ledgers/main"
	w.Post(at+"/assets", `{"code":"CNY","scale":2}`).OK()
	w.Post(at+"/accounts", `{"address":"bank","asset":"CNY","side":"debit","type":"asset","code":1001,"constraint":"unbounded"}`).OK()
	w.Post(at+"/accounts", `{"address":"client","asset":"CNY","side":"credit","type":"liability","code":2001}`).OK()
	w.Post(at+"/clock", `{"to":"2026-03-31T04:00:00Z"}`).OK()
	send := func(ctx context.Context, id id.ID) (uint64, error) {
		answers, err := p.backend.Apply(ctx, "main", []*ledger.Command{{
			ID: ledger.ID(id), Effective: dateOf(t, "2026-03-30"),
			Operations: []ledger.Operation{&ledger.Transfer{Debit: "bank", Credit: "client", Mode: ledger.Exact, Amount: 100}},
		}})
		if err != nil {
			return 0, err
		}
		return answers[0].Result.Sequence, nil
	}
	if _, err := send(t.Context(), w.ID()); err != nil { // from here on nothing is looked up on the way
		t.Fatal(err)
	}
	closing := w.ID().String()
	w.As(ann, http.MethodPost, at+"/periods", `{"id":"`+closing+`","reason":"month end","through":"2026-03-30"}`).OK()

	db, err := sql.Open("sqlite", filepath.Join(p.config.Data, "journal.db"))
	must(err)
	disk, err := db.Conn(t.Context())
	must(err)
	_, err = disk.ExecContext(t.Context(), "BEGIN IMMEDIATE") // nothing gets to the disk
	must(err)
	ctx, gone := context.WithCancel(t.Context())
	gone()
	last := w.ID()
	if _, err := send(ctx, last); !errs.Is(err, outcomeUnknown) {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		w.As(bo, http.MethodPost, "/v1/proposals/"+closing+"/approval", `{}`)
	}()
	select {
	case <-closed:
	case <-time.After(time.Second / 2):
	}
	_, err = disk.ExecContext(t.Context(), "ROLLBACK")
	must(errors.Join(err, disk.Close(), db.Close()))
	<-closed
	sequence, err := send(t.Context(), last)
	must(err)
	if a := w.As(bo, http.MethodGet, at+"/periods", nil).OK(); a.At("periods", 0, "sequence") != fmt.Sprint(sequence) {
		t.Errorf("the last command of the period is at %d: %s", sequence, a.Body)
	}
}
