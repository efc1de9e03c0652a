package app

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// A tenant's clock that can't be read tells no instant, and says so in the log: the machine's would be another day for
// a ledger whose clock is simulated.
func TestAClockThatCannotBeReadIsLoud(t *testing.T) {
	ctx := t.Context()
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "rows.db"))
	if err != nil {
		t.Fatal(err)
	}
	parties, err := party.Open(ctx, db, party.Options{Clock: clock.Real{}, Random: rand.Reader, LookupKey: make([]byte, party.KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := id.New(clock.Real{}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c := &clocks{backend: &backend{}, parties: parties, log: slog.New(slog.NewTextHandler(&log, nil))}
	silent := func(what string, now time.Time, says string) {
		t.Helper()
		if !now.IsZero() || !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), tenant.String()) || !strings.Contains(log.String(), says) {
			t.Errorf("%s: %v, the log has %s", what, now, log.String())
		}
		log.Reset()
	}
	silent("no such tenant", c.of(tenant).Now(), "there is no tenant")
	by := party.By{Tenant: tenant, Actor: tenant}
	if _, err := parties.CreateTenant(ctx, tenant, party.Tenant{ID: tenant, Name: "north"}); err != nil {
		t.Fatal(err)
	}
	if now := c.of(tenant).Now(); time.Since(now).Abs() > time.Minute || log.Len() > 0 {
		t.Errorf("a tenant without a ledger has the machine's clock, not %v: %s", now, log.String())
	}
	if _, err := parties.AddLedger(ctx, by, "main"); err != nil {
		t.Fatal(err)
	}
	silent("the ledgers are not open", c.of(tenant).Now(), "starting")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	fresh := &clocks{backend: &backend{}, parties: parties, log: c.log}
	silent("the rows are closed", fresh.of(tenant).Now(), "closed")
}
