package admission_test

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/admission"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func name(n int) (i id.ID) {
	i[6], i[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(i[12:], uint32(n))
	return i
}

var tenant, investor, borrower = name(1), name(2), name(3)

// desk is an admission with the little that it stands on.
type desk struct {
	admission.Admission
	t        *testing.T
	clock    *clock.Manual
	limits   []catalog.Rule
	fees     []catalog.Fee
	kind     party.Kind
	closed   int64
	attested []party.Attestation
	held     []market.Held
	asked    int // how often rows were read
}

func newDesk(t *testing.T, rules ...string) *desk {
	d := &desk{t: t, clock: clock.NewManual(now), kind: party.Person}
	for i, r := range rules {
		d.limits = append(d.limits, catalog.Rule{Code: string(rune('a' + i)), When: r, Says: catalog.Name{Zh: "不行", En: "No"}})
	}
	d.Products, d.Parties, d.Holdings, d.Clock = d, d, d, d.clock
	return d
}

func (d *desk) Get(_ context.Context, _ id.ID, code string, number uint64) (catalog.Version, error) {
	if code != "plain" || number != 1 {
		return catalog.Version{}, errs.NotFound.Errorf("there is no such version")
	}
	return catalog.Version{Product: &catalog.Product{Limits: d.limits, Fees: d.fees}}, nil
}

func (d *desk) Vouched(_ context.Context, _, p id.ID) (party.Party, []party.Attestation, error) {
	d.asked++
	if p != investor {
		return party.Party{}, nil, errs.NotFound.Errorf("there is no such party")
	}
	return party.Party{Kind: d.kind, Closed: d.closed}, d.attested, nil
}

func (d *desk) Held(context.Context, id.ID, string, id.ID) ([]market.Held, error) {
	d.asked++
	return d.held, nil
}

func (d *desk) attest(about, level string, from, until time.Duration) {
	a := party.Attestation{About: about, Level: level, From: now.Add(from).UnixMicro()}
	if until != 0 {
		a.Until = now.Add(until).UnixMicro()
	}
	d.attested = append(d.attested, a)
}

var listing = market.Listing{
	Tenant: tenant, ID: name(4), Ledger: "main", Borrower: borrower, Terms: market.Terms{Product: "plain", Version: 1, Unit: 100, Units: 1_000, Grade: "a", Days: 360},
}

// bid asks for a bid of so many yuan, by somebody who has bid 200.00 before.
func (d *desk) bid(yuan int64) error {
	return d.Admit(d.t.Context(), &listing, &market.Bid{Tenant: tenant, Investor: investor, Amount: yuan * 100}, 200_00)
}

func (d *desk) is(err error, says string) {
	d.t.Helper()
	if says == "" && err != nil || says != "" && (!errs.Is(err, market.NotAdmitted) || errs.Of(err).Field != "amount" || !strings.Contains(err.Error(), says)) {
		d.t.Errorf("%v, want %q", err, says)
	}
}

func TestLimits(t *testing.T) {
	other := listing
	other.Product, other.Borrower = "other", name(9)
	for _, c := range []struct {
		rule string
		set  func(d *desk)
		says string
	}{
		{"bid.amount >= 10000", nil, ""},
		{"bid.amount >= 10001", nil, "a: 不行 No (bid.amount = 10000)"},
		{"bid.held_after <= 30000", nil, ""},
		{"bid.held_after <= 29999", nil, "bid.held_after = 30000"},
		{`loan.amount == 100000 && loan.days == 360 && loan.grade == "a"`, nil, ""},
		{`investor.kind == "person"`, nil, ""},
		{`investor.kind == "person"`, func(d *desk) { d.kind = party.Organisation }, "investor.kind = organisation"},
		{"investor.level >= 2", nil, "investor.level = not known"},
		{"investor.level >= 2", func(d *desk) { d.attest("identity", "3", -time.Hour, 0); d.attest("identity", "1", -time.Minute, 0) }, ""},
		{"investor.level >= 2", func(d *desk) { d.attest("identity", "2", -time.Hour, -time.Minute) }, "not known"},
		{"investor.level >= 2", func(d *desk) { d.attest("identity", "2", time.Minute, 0) }, "not known"},
		{"investor.level >= 2", func(d *desk) { d.attest("identity", "high", -time.Hour, 0) }, "not known"},
		{"investor.risk >= 3", func(d *desk) { d.attest("risk", "5", -time.Hour, 0); d.attest("risk", "2", -time.Minute, 0) }, "investor.risk = 2"},
		{`investor.class == "gold"`, func(d *desk) { d.attest("class", "gold", -time.Hour, 0) }, ""},
		{"investor.net_assets >= 300000000", func(d *desk) { d.attest("net-assets", "300000000", -time.Hour, 0) }, ""},
		{"investor.invested == 700 && investor.in_product == 500 && investor.in_borrower == 500", func(d *desk) {
			d.held = []market.Held{{Listing: &listing, Outstanding: 500}, {Listing: &other, Outstanding: 200}}
		}, ""},
	} {
		d := newDesk(t, c.rule)
		if c.set != nil {
			c.set(d)
		}
		d.is(d.bid(100), c.says)
	}
}

// Only what the rules ask for is read, and what was read is used again until it changes or gets old.
func TestWhatIsRead(t *testing.T) {
	d := newDesk(t, "bid.amount >= 100")
	d.is(d.bid(1), "")
	if d.asked != 1 {
		t.Errorf("rows were read %d times for a rule that asks for none: whether the party is closed, and nothing more", d.asked)
	}
	d = newDesk(t, "investor.level >= 1")
	d.attest("identity", "1", -time.Hour, time.Minute)
	for range 3 {
		d.is(d.bid(1), "")
	}
	if d.asked != 1 {
		t.Errorf("read %d times", d.asked)
	}
	d.attested = nil
	d.Forget(tenant, investor)
	d.is(d.bid(1), "not known")
	d.attest("identity", "1", -time.Hour, 0)
	if err := d.clock.Advance(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	d.is(d.bid(1), "")
}

// Who is closed buys nothing, whatever the rules say.
func TestClosedInvestor(t *testing.T) {
	d := newDesk(t)
	d.is(d.bid(1), "")
	d.closed = 1
	d.Forget(tenant, investor)
	if err := d.bid(1); !errs.Is(err, market.NotAdmitted) || errs.Of(err).Field != "investor" {
		t.Error(err)
	}
}

// Fees by class of investors: units are of the class that is vouched for now, of none if the product doesn't name it.
func TestClassOfUnits(t *testing.T) {
	d := newDesk(t)
	class := func() uint8 {
		t.Helper()
		c, err := d.Class(t.Context(), &listing, investor)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	d.attest("class", "gold", -time.Hour, time.Minute)
	if c := class(); c != 0 {
		t.Errorf("class %d in a product without classes", c)
	}
	d = newDesk(t)
	d.fees = []catalog.Fee{{PaidBy: catalog.FeeByInvestor, At: catalog.AtPayment, Classes: []catalog.ClassRate{{Class: "silver"}, {Class: "gold"}}}}
	for _, x := range []struct {
		level string
		want  uint8
	}{{"", 0}, {"silver", 2}, {"gold", 1}, {"lead", 0}} {
		if x.level != "" {
			d.attest("class", x.level, -time.Second, time.Minute)
		}
		d.Forget(tenant, investor)
		if c := class(); c != x.want {
			t.Errorf("%q is class %d, want %d", x.level, c, x.want)
		}
	}
}

// What has ended since it was read counts no more.
func TestAnAttestationEnds(t *testing.T) {
	d := newDesk(t, "investor.level >= 1")
	d.attest("identity", "1", -time.Hour, time.Second)
	d.is(d.bid(1), "")
	if err := d.clock.Advance(2 * time.Second); err != nil {
		t.Fatal(err)
	}
	d.is(d.bid(1), "not known")
}

// Without a product of the catalog there are no rules; one that is not there is an error, not a way around them.
func TestProductsThatAreNone(t *testing.T) {
	d := newDesk(t, "bid.amount >= 100000000")
	l := listing
	l.Version = 0
	if err := d.Admit(t.Context(), &l, &market.Bid{Tenant: tenant, Investor: investor, Amount: 1}, 0); err != nil {
		t.Error(err)
	}
	l.Version = 2
	if err := d.Admit(t.Context(), &l, &market.Bid{Tenant: tenant, Investor: investor, Amount: 1}, 0); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
}
