package servicing_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// taxed is the product of the second example in docs/accounting.md: 6 % at disbursement, 3 % at installment, and a penalty
// of which a product names no tax.
const taxed = `code: taxed
name: {zh: 含税, en: Taxed}
asset: {code: CNY}
amount: {min: "1200.00", max: "1200.00"}
terms:
  - {unit: months, min: 12, max: 12, every: 1}
repayment: {method: equal_installment}
grades:
  - {code: a, rate: "0.12"}
fees:
  - {code: opening, name: {zh: 开办费, en: Opening fee}, paid_by: borrower, at: disbursement, amount: "21.20", tax: "0.06"}
  - {code: monthly, name: {zh: 月费, en: Monthly fee}, paid_by: borrower, at: installment, amount: "2.06", tax: "0.03"}
  - {code: early, name: {zh: 提前还款费, en: Early payoff}, paid_by: borrower, at: payoff, amount: "10.30", tax: "0.03"}
penalties:
  - {code: late, kind: flat, amount: "3.18", shares: [{to: platform, share: "1"}]}
`

// shelf has one product, and no holidays.
type shelf struct{ p *catalog.Product }

func (s shelf) Product(context.Context, id.ID, string, uint32) (*catalog.Product, error) {
	return s.p, nil
}

func (shelf) Days(context.Context, id.ID, string) (holidays, workdays []day.Date, err error) {
	return nil, nil, nil
}

// lendBy pays 1,200.00 out by a product, which all loans of the world are by from then on.
func (w *world) lendBy(n int, file, reserve string) servicing.Deed {
	w.t.Helper()
	p, err := catalog.ReadNew([]byte(file))
	if err != nil {
		w.t.Fatal(err)
	}
	w.contracts.products = &agreement.Contracts{Products: shelf{p}, Calendars: shelf{}}
	const lent = 1_200_00
	d := deed(n, terms{})
	d.Product, d.Places.Reserve = p.Code, reserve
	if d.Terms, err = json.Marshal(agreement.Terms{Amount: lent, Term: 12, Unit: "months", Grade: "a", Start: dayOf(w.now())}); err != nil {
		w.t.Fatal(err)
	}
	payout, _, err := catalog.Payout(p, lent)
	if err != nil {
		w.t.Fatal(err)
	}
	w.apply(w.funding(&d, lent)...)
	pay := servicing.Disbursement{ID: uid("disbursement", n), Amount: lent, Operations: []ledger.Operation{
		&ledger.Transfer{Debit: escrow(n), Credit: d.Places.Payer, Mode: ledger.Exact, Amount: payout},
	}}
	if kept := lent - payout; kept > 0 {
		pay.Operations = append(pay.Operations, &ledger.Transfer{Debit: escrow(n), Credit: d.Places.Platform, Mode: ledger.Exact, Amount: kept})
	}
	if e, err := w.Disburse(context.Background(), d, pay); err != nil || e.Outcome != servicing.Applied {
		w.t.Fatal(e.Outcome, err)
	}
	return d
}

// tax checks what the books show of a loan's fees, and that its line says the same.
func (v *valued) tax(what string, n int, d servicing.Deed, at string, want accounting.Tax) {
	v.t.Helper()
	x := v.value(n, on(at))
	v.shows(x)
	v.sums(x)
	v.have(what, map[string]int64{"books:tax-to-come": want.Fees, "books:tax": want.Received})
	if l := v.lines(x)[d.Loan]; *l.Tax != want {
		v.t.Errorf("%s: the line has %+v of tax, want %+v", what, *l.Tax, want)
	}
}

// The second example of docs/accounting.md: each fee contains the tax that its product names; where it names none, the
// chart's 6 % count.
func TestTaxOfEachFee(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		v := newValued(t, w)
		d := w.lendBy(1, taxed, "reserve")
		w.to("2026-01-31")
		v.tax("21.20 were kept from the payout", 1, d, "2026-01-31", accounting.Tax{Received: 1_20})
		w.to("2026-02-15")
		first := w.repay(d, 1, 108_68)
		w.to("2026-02-28")
		v.tax("and 2.06 in an installment", 2, d, "2026-02-28", accounting.Tax{Received: 1_26})
		w.to("2026-03-31")
		v.tax("2.06 are late, with a penalty of 3.18", 3, d, "2026-03-31", accounting.Tax{Fees: 6 + 18, Received: 1_26})
		// The penalty is paid first, then the fee in part: 1.03 contain 0.03.
		w.repay(d, 2, 3_18+1_03)
		v.tax("the penalty and half of the fee are paid", 4, d, "2026-03-31", accounting.Tax{Fees: 3, Received: 1_26 + 18 + 3})

		// What was paid first never was: both fees are due, both rows were late.
		if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), first.ID, id0); err != nil {
			t.Fatal(err)
		}
		v.tax("the first payment is reversed", 5, d, "2026-03-31", accounting.Tax{Fees: 6 + 3 + 18, Received: 1_20 + 18 + 3})
		// Back-dated, it came in time after all.
		w.repay(d, 3, 108_68, func(p *servicing.Payment) { p.Date = day.Of(2026, 2, 15) })
		v.tax("it came in time after all", 6, d, "2026-03-31", accounting.Tax{Fees: 3, Received: 1_26 + 18 + 3})

		w.to("2026-04-10")
		q, err := w.Quote(context.Background(), tenant, d.Loan, 0)
		if err != nil {
			t.Fatal(err)
		}
		w.cash(q.Split.Total())
		if _, err := w.Repay(context.Background(), tenant, d.Loan, servicing.Payment{ID: uid("payment", 4), Amount: q.Split.Total(), Settle: true}); err != nil {
			t.Fatal(err)
		}
		// Who closes it early owes all twelve monthly fees, and one more.
		v.tax("closed early for 10.30", 7, d, "2026-04-10", accounting.Tax{Received: 1_20 + 18 + 12*6 + 30})
	})
}

// What repays the platform as one who paid in the borrower's place is no fee: it contains no tax.
func TestWhatIsRepaidIsNoFee(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 3)
	v := newValued(t, w)
	d := w.lendBy(1, taxed, "reserve")
	w.to("2026-03-20")
	w.fund("platform:fees", 500_00)
	if _, err := w.Cover(context.Background(), tenant, d.Loan, servicing.Payout{ID: uid("payout", 1), Payer: "platform:fees"}); err != nil {
		t.Fatal(err)
	}
	w.repay(d, 1, 2*(108_68+3_18))
	x := v.value(1, on("2026-03-20"))
	v.shows(x)
	if l := v.lines(x)[d.Loan]; l.Received != 21_20+2*(2_06+3_18) || l.Tax.Received != 1_20+2*(6+18) {
		t.Errorf("the line is %+v with %+v of tax", l, l.Tax)
	}
}

// serviced takes 10.6 % of the interest from each holder's line too, with a tax of 6 %.
var serviced = strings.Replace(taxed, "fees:\n", `fees:
  - {code: service, name: {zh: 服务费, en: Service}, paid_by: investor, at: payment, of: interest, rate: "0.106", split: after, tax: "0.06"}
`, 1)

// Fees that are taken from holders' lines count once they are, whoever is told of it, and no more once the payment is
// reversed.
func TestTaxOfFeesAfterTheSplit(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		d := w.lendBy(1, serviced, "reserve")
		w.to("2026-02-15")
		came := w.ledgers.breaks(2)
		w.cash(108_68)
		paying := servicing.Payment{ID: uid("payment", 1), Amount: 108_68}
		if _, err := w.Repay(context.Background(), tenant, d.Loan, paying); err == nil || !came() {
			t.Fatalf("nothing broke: %v", err)
		}
		w.open()
		v := newValued(t, w)
		if _, err := w.Repay(context.Background(), tenant, d.Loan, paying); err != nil {
			t.Fatal(err)
		}
		// 10.6 % of 12.00 are 1.27; with 21.20 and 2.06 they are 24.53, and their tax 1.2000 + 0.06 + 0.0719 is 1.33.
		v.tax("1.27 were taken of 12.00", 1, d, "2026-02-15", accounting.Tax{Received: 1_33})
		w.have("that is all the platform has got", map[string]int64{"platform:fees": 21_20 + 2_06 + 1_27})
		received := func() int64 {
			x, err := w.OwnedOf(tenant, d.Loan, servicing.Owner{Ledger: "main", Asset: "CNY", Accounts: []string{"platform:fees"}}, day.Of(2026, 2, 15))
			if err != nil {
				t.Fatal(err)
			}
			return x.Received
		}
		w.to("2026-03-15")
		w.repay(d, 2, 108_68)
		if got := received(); got != 24_53 {
			t.Errorf("until 02-15 it received %d, whatever came since", got)
		}
		for n, of := range []id.ID{uid("payment", 2), paying.ID} {
			if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", n), of, id0); err != nil {
				t.Fatal(err)
			}
		}
		if got := received(); got != 21_20 {
			t.Errorf("until 02-15 it received %d, of which one payment was reversed since", got)
		}
		v.tax("it is reversed", 2, d, "2026-02-15", accounting.Tax{Fees: 6, Received: 1_20})
	})
}

// insured takes a fee of each payment before the split too, and the reserve pays in the borrower's place.
var insured = strings.Replace(serviced, "fees:\n", `losses: {order: [reserve], installment_after: 1, write_off_after: 10}
fees:
  - {code: collection, name: {zh: 代收费, en: Collection}, paid_by: investor, at: payment, of: payment, rate: "0.01", shares: [{to: platform, share: "0.7"}, {to: reserve, share: "0.3"}]}
`, 1)

// Whatever is paid, back-dated, reversed, sold on, written off and recovered, what the platform has received of a loan is what its account got.
func TestReceivedIsWhatCame(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 7)
	loans, corrected := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		loans++
		l := w.newLife(loans)
		before := w.balance("platform:fees")
		l.d = w.lendBy(loans, insured, l.pay[0])
		r.Repeat(map[string]func(*rapid.T){
			"": func(r *rapid.T) {
				l.open() // nothing is remembered but by rows
				x, err := l.OwnedOf(tenant, l.d.Loan, servicing.Owner{Ledger: "main", Asset: "CNY", Accounts: []string{"platform:fees"}}, dayOf(l.now()))
				if err != nil {
					r.Fatal(err)
				}
				if got := l.balance("platform:fees") - before; got != x.Received {
					r.Errorf("the platform got %d, and is said to have received %d", got, x.Received)
				}
			},
			"repay": l.anyPayment, "settle": l.anySettlement, "reverse": l.anyReversal, "charge": l.anyCharge, "transfer": l.anyTransfer,
			"cover": l.anyPayout, "contract": l.anyContractPayout, "write off": l.anyWriteOff, "recover": l.anyRecovery,
			"wait": func(r *rapid.T) { l.wait(rapid.IntRange(1, 70).Draw(r, "days")) },
		})
		now, err := l.Get(context.Background(), tenant, l.d.Loan)
		if err != nil {
			r.Fatal(err)
		}
		for i := range now.Events {
			corrected += len(now.Events[i].Corrected)
		}
	})
	if corrected == 0 {
		t.Error("nothing paid differences to those who held the loan before")
	}
}
