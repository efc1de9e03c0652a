package app

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/collection"
	"github.com/longmen/longmen/front/lending/reminder"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// loans is a served program with a product on the shelf, two people who may decide, and a ledger whose clock is moved.
type loans struct {
	*place
	proposer, decider id.ID // principals
}

func newLoans(t *testing.T) *loans {
	l := &loans{place: newPlace(t, 1)}
	l.proposer, l.decider = l.person("operations"), l.person("risk")
	ctx := t.Context()
	_, err := l.backend.CreateLedger(ctx, api.NewLedger{Name: "sim", Zone: "Asia/Shanghai", Clock: ledger.SimulatedClock, Start: ledger.InstantOf(simStart)})
	l.must(err)
	_, err = l.ground.Parties.AddLedger(ctx, l.by, "sim")
	l.must(err)
	file, err := catalog.ShippedFile("consumer-loan")
	l.must(err)
	year, month, n := time.Now().AddDate(0, 0, 1).Date()
	p, err := l.ground.Products.Propose(ctx, l.ground.Approvals, catalog.Draft{
		Tenant: l.tenant, Proposal: l.id(), Proposer: l.proposer, File: file, Effective: day.Of(year, int(month), n), Reason: "new",
	})
	l.must(err)
	_, err = l.ground.Approvals.Approve(ctx, l.tenant, p.ID, l.decider, "")
	l.must(err)
	return l
}

var simStart = time.Date(2026, 1, 15, 2, 0, 0, 0, time.UTC)

// person makes somebody with a role, and gives his principal.
func (l *loans) person(role string) id.ID {
	l.Helper()
	ctx, g, who, login := l.Context(), l.ground.Parties, l.id(), l.id()
	_, err := g.CreateParty(ctx, l.by, party.Party{ID: who, Kind: party.Person, Name: "Wang"})
	l.must(err)
	_, err = g.GiveRole(ctx, l.by, party.Role{ID: l.id(), Party: who, Code: role, From: ground.Day(l.ground.Clock)})
	l.must(err)
	_, err = g.CreatePrincipal(ctx, l.by, party.Principal{ID: login, Kind: "login", Name: role, Person: who})
	l.must(err)
	return login
}

// on applies operations to the ledger whose clock is moved.
func (l *loans) on(operations ...ledger.Operation) {
	l.Helper()
	book, err := l.db.Ledger("sim")
	l.must(err)
	r, err := book.Do(l.Context(), operations...)
	l.must(err)
	if r.Code != ledger.Applied {
		l.Fatalf("%s", r.Code)
	}
}

// to moves the clock to noon of a date in Shanghai, and lets everything happen on the way.
func (l *loans) to(date string) {
	l.Helper()
	at, err := time.Parse(time.DateOnly, date)
	l.must(err)
	answers, err := l.backend.Apply(l.Context(), "sim", []*ledger.Command{{
		ID: ledger.ID(l.id()), Operations: []ledger.Operation{&ledger.Advance{To: ledger.InstantOf(at.Add(4 * time.Hour))}},
	}})
	l.must(err)
	if answers[0].Result.Code != ledger.Applied {
		l.Fatalf("%s", answers[0].Result.Code)
	}
}

// lend pays out a loan of 1,200.00 at 8 % over 12 months to the investor, who is its borrower here.
func (l *loans) lend() servicing.Deed {
	l.Helper()
	loan, who := l.id(), l.investors[0].party
	words, err := json.Marshal(agreement.Terms{Amount: 1_200_00, Term: 12, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15)})
	l.must(err)
	d := servicing.Deed{
		Tenant: l.tenant, Loan: loan, Ledger: "sim", Asset: "CNY", Borrower: who, Product: "consumer-loan", Version: 1, Terms: words,
		Places: servicing.Places{Register: "loan:1", Payer: market.Cash(who), Credit: "credit", Platform: "fees", Reserve: "reserve", Cover: "cover"},
	}
	l.on(&ledger.OpenAsset{Code: "CNY", Scale: 2}, cashAccount("bank", ledger.DebitNormal, ledger.Unbounded), cashAccount("cover", ledger.DebitNormal, ledger.Unbounded),
		cashAccount("unclaimed", ledger.CreditNormal, ledger.Nonnegative), cashAccount("holder", ledger.CreditNormal, ledger.Nonnegative),
		cashAccount("credit", ledger.CreditNormal, ledger.Nonnegative), cashAccount("fees", ledger.CreditNormal, ledger.Nonnegative),
		cashAccount("reserve", ledger.CreditNormal, ledger.Nonnegative), cashAccount(market.Cash(who), ledger.CreditNormal, ledger.Nonnegative),
		&ledger.OpenRegister{Address: "loan:1", Asset: "CNY", Cap: 1200, Tranches: servicing.Tranches, Unclaimed: "unclaimed"},
		&ledger.Issue{Register: "loan:1", Account: "holder", Units: 1200},
		&ledger.Transfer{Debit: "bank", Credit: market.Cash(who), Mode: ledger.Exact, Amount: 1_000_00})
	e, err := l.ground.Loans.Disburse(l.Context(), d, servicing.Disbursement{
		ID: l.id(), Amount: 1_200_00, Operations: []ledger.Operation{&ledger.Transfer{Debit: "bank", Credit: market.Cash(who), Mode: ledger.Exact, Amount: 1_200_00}},
	})
	l.must(err)
	if e.Outcome != servicing.Applied {
		l.Fatal(e.Outcome)
	}
	return d
}

// told waits until so many messages were sent in the app, and gives them, oldest first.
func (l *loans) told(n int) (list []string) {
	l.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); pause() {
		sent, err := l.ground.Notices.List(l.Context(), l.tenant, l.investors[0].party, id.ID{}, 100)
		l.must(err)
		sent = slices.DeleteFunc(sent, func(s notice.Sent) bool { return s.Channel != message.App || s.At == 0 })
		if len(sent) < n {
			continue
		}
		slices.SortFunc(sent, func(a, b notice.Sent) int { return cmp.Compare(a.At, b.At) })
		for _, s := range sent {
			list = append(list, s.Body)
		}
		return list
	}
	l.Fatalf("no %d messages came", n)
	return nil
}

// The borrower of a served program is told what falls due, that he is late, what he has paid and that it came back, each
// at its instant on the way of the ledger's clock, and nothing of what was moved or paid meanwhile.
func TestBorrowersAreTold(t *testing.T) {
	l := newLoans(t)
	d := l.lend()
	name := reminder.Name(d.Loan)
	l.to("2026-02-10") // nothing yet: due on the 16th, since the 15th is a Sunday
	l.to("2026-02-16") // told on the 13th
	pay := func(amount int64) id.ID {
		t.Helper()
		own := l.id()
		e, err := l.ground.Loans.Repay(t.Context(), l.tenant, d.Loan, servicing.Payment{ID: own, Amount: amount, Anyway: true})
		if err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e.Outcome, err)
		}
		return own
	}
	l.told(1)
	paid := pay(104_39)
	l.told(2)
	l.to("2026-03-20") // told on the 13th, and that it is late on the 17th
	l.told(4)
	if _, err := l.ground.Loans.Reverse(t.Context(), l.tenant, d.Loan, l.id(), paid, l.proposer); err != nil {
		t.Fatal(err)
	}
	list := l.told(5)
	for i, want := range []string{
		"应于2026年2月16日还款¥104.39", "于2026年2月16日还款¥104.39，已入账", "应于2026年3月16日还款¥104.39", "已逾期1天，尚欠¥104.39", "您2026年2月16日的付款¥104.39被银行退回：" + name,
	} {
		if !strings.Contains(list[i], want) || !strings.Contains(list[i], name) {
			t.Errorf("message %d is %q, want %q", i+1, list[i], want)
		}
	}
	// Both are late now; the older one is told of on its 61st day, the younger one on its 8th.
	l.to("2026-03-25")
	if list := l.told(6); !strings.Contains(list[5], "已逾期8天") {
		t.Errorf("then %q", list[5:])
	}
	// Two persons move all that is to come by 3 months: the due date of April is told of in July.
	p, err := l.ground.Loans.ProposeChange(t.Context(), l.ground.Approvals, servicing.Draft{Tenant: l.tenant, Proposal: l.id(), Proposer: l.proposer, Reason: "ill"},
		d.Loan, servicing.Change{Kind: servicing.Restructured, Due: day.Of(2026, 7, 15)})
	l.must(err)
	_, err = l.ground.Approvals.Approve(t.Context(), l.tenant, p.ID, l.decider, "")
	l.must(err)
	l.settles(d, func(s *servicing.Standing) bool { return s.State == servicing.Renewed })
	before := len(l.told(6))
	l.to("2026-04-15")
	for _, m := range l.told(before)[before:] {
		if strings.Contains(m, "4月15日") {
			t.Errorf("told of a row that was moved: %q", m)
		}
	}
	l.to("2026-07-13")
	found := false
	for _, m := range l.told(before + 1) {
		found = found || strings.Contains(m, "应于2026年7月15日还款")
	}
	if !found {
		t.Errorf("the new due date is not told: %v", l.told(before + 1)[before:])
	}
}

// What was approved and not carried out ends when its loan is closed, also if it was stuck before, and the proposal says why.
func TestApprovedChangesLapseWithTheirLoan(t *testing.T) {
	l := newLoans(t)
	d := l.lend()
	l.to("2026-08-20") // 185 days late
	ctx, loans := t.Context(), l.ground.Loans
	draft := func(own id.ID) servicing.Draft {
		return servicing.Draft{Tenant: l.tenant, Proposal: own, Proposer: l.proposer, Reason: "late"}
	}
	ends := func(proposal id.ID, state plan.State, problem string) {
		t.Helper()
		var e plan.Event
		for deadline := time.Now().Add(30 * time.Second); e.State != state && time.Now().Before(deadline); pause() {
			var err error
			e, err = l.ground.Plan.Get(ctx, l.tenant, proposal.Derive("lending.act", 0))
			l.must(err)
		}
		if e.State != state || !strings.Contains(e.Problem, problem) {
			t.Fatalf("the job is %s: %s", e.State, e.Problem)
		}
	}
	pay := func(p servicing.Payment) {
		t.Helper()
		l.on(&ledger.Transfer{Debit: "bank", Credit: d.Places.Payer, Mode: ledger.Exact, Amount: p.Amount})
		p.ID = l.id()
		if e, err := loans.Repay(ctx, l.tenant, d.Loan, p); err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e.Outcome, err)
		}
	}
	loss, pause := l.id(), l.id()
	_, err := loans.ProposeWriteOff(ctx, l.ground.Approvals, draft(loss), d.Loan)
	l.must(err)
	s, err := loans.Standing(ctx, l.tenant, d.Loan, 0)
	l.must(err)
	pay(servicing.Payment{Amount: s.Due.Total()})
	_, err = l.ground.Approvals.Approve(ctx, l.tenant, loss, l.decider, "")
	l.must(err)
	ends(loss, plan.Stuck, "180 days past due")

	_, err = loans.ProposeChange(ctx, l.ground.Approvals, draft(pause), d.Loan, servicing.Change{Kind: servicing.Deferred, Rows: 1})
	l.must(err)
	q, err := loans.Quote(ctx, l.tenant, d.Loan, 0)
	l.must(err)
	pay(servicing.Payment{Amount: q.Split.Total(), Settle: true})
	ends(loss, plan.Cancelled, "the loan is closed")
	_, err = l.ground.Approvals.Approve(ctx, l.tenant, pause, l.decider, "")
	l.must(err)
	ends(pause, plan.Cancelled, "the loan is closed")
	for _, proposal := range []id.ID{loss, pause} {
		p, err := l.ground.Approvals.Get(ctx, l.tenant, proposal)
		l.must(err)
		if !strings.HasPrefix(p.Lapsed, "the loan is closed: ") || !errs.Is(p.Outcome(), errs.Conflict) {
			t.Errorf("the proposal says %q, %v", p.Lapsed, p.Outcome())
		}
	}

	// One that a program left stuck which did not know of this ends as the next one starts.
	own := loss.Derive("lending.act", 0)
	_, err = l.ground.DB.Writer().ExecContext(ctx, "UPDATE plan_event SET state = 3, problem = 'left behind' WHERE id = ?", own[:])
	l.must(err)
	l.stop()
	l.start(l.config.Data)
	ends(loss, plan.Cancelled, "the loan is closed: left behind")
}

// While a loan is in dispute, nobody is told that it falls due or is late; afterwards he is again.
func TestDisputedIsNotReminded(t *testing.T) {
	l := newLoans(t)
	d := l.lend()
	note := func(kind collection.Kind) {
		t.Helper()
		_, err := l.ground.Collections.Add(t.Context(), l.tenant, d.Loan, collection.Entry{ID: l.id(), Kind: kind, Note: "says that he was never paid", Actor: l.proposer})
		l.must(err)
	}
	note(collection.Disputed)
	l.to("2026-02-20") // due on the 16th: nothing on the 13th, nothing on the 17th
	note(collection.Resolved)
	l.to("2026-02-25")
	if list := l.told(1); len(list) != 1 || !strings.Contains(list[0], "已逾期8天") {
		t.Errorf("told: %v", list)
	}
}

// settles waits until a loan stands in a way.
func (l *loans) settles(d servicing.Deed, so func(*servicing.Standing) bool) {
	l.Helper()
	var s servicing.Standing
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); pause() {
		var err error
		s, err = l.ground.Loans.Standing(l.Context(), l.tenant, d.Loan, 0)
		l.must(err)
		if so(&s) {
			return
		}
	}
	l.Fatalf("the loan never stood so: %+v", fmt.Sprintf("%s %d %v", s.State, s.Covered, s.Waits))
}

// Money that comes to a reserve for which loans wait is paid out by itself.
func TestTopUpIsPaidOut(t *testing.T) {
	l := newLoans(t)
	d := l.lend()
	l.to("2026-03-25") // 37 days late
	e, err := l.ground.Loans.Cover(t.Context(), l.tenant, d.Loan, servicing.Payout{ID: l.id(), Actor: l.proposer})
	if err != nil || e.Outcome != servicing.Waiting {
		t.Fatal(e.Outcome, err)
	}
	l.on(&ledger.Transfer{Debit: "bank", Credit: "reserve", Mode: ledger.Exact, Amount: 150_00})
	l.settles(d, func(s *servicing.Standing) bool { return s.Covered == 150_00 })
	l.on(&ledger.Transfer{Debit: "bank", Credit: "reserve", Mode: ledger.Exact, Amount: 150_00})
	l.settles(d, func(s *servicing.Standing) bool { return len(s.Waits) == 0 && s.Covered == 208_78 })
}
