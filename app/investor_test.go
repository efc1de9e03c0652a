package app

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/rate"
)

func (x *exchange) portfolio(who string) *apitest.Answer {
	x.t.Helper()
	c := x.who[who]
	return x.As(c, http.MethodGet, "/v1/parties/"+c.Party.String()+"/portfolio", nil).OK()
}

// sees compares what an investor is shown.
func (x *exchange) sees(who string, want map[string]string) {
	x.t.Helper()
	a := x.portfolio(who)
	for field, value := range want {
		if got := a.At(field); got != value {
			x.t.Errorf("%s sees %s %q, want %q: %s", who, field, got, value, a.Body)
		}
	}
}

// Interest that was paid before it was due is with who had the units then: who buys them later does not pay it again.
func TestInterestPaidEarlyIsNotSold(t *testing.T) {
	x := newExchange(t)
	for _, on := range []string{"2026-02-15", "2026-03-15", "2026-04-10"} {
		x.to(on)
		x.repay(1_066_19, `,"anyway":true`)
	}
	x.to("2026-04-13")
	x.sees("ann", map[string]string{"accrued": "0"})
	sale := x.offer("ann", 1_000, "1")
	if a := x.As(x.who["bob"], http.MethodGet, "/v1/claim-sales/"+sale, nil).OK(); a.At("now", "accrued") != "0" || a.At("now", "price") != "76108" {
		t.Errorf("all of April's interest is paid, and of it are sold: %s", a.Body)
	}
	x.to("2026-04-25") // ten days of May
	x.sees("ann", map[string]string{"accrued": "2283"})
}

// What a fee takes of interest is off what an investor is shown and off the interest in a price, whether it is taken before
// the split or from each line, so that a buyer gains what his own days bring.
func TestFeesOfInterest(t *testing.T) {
	for split, accrued := range map[string][2]string{"before": {"2198", "732"}, "after": {"2199", "733"}} {
		t.Run(split, func(t *testing.T) {
			product, _, _ := strings.Cut(soldProduct, "limits:")
			x := newExchangeOf(t, product+`  - {code: service, name: {zh: 服务费, en: Service fee}, paid_by: investor, at: payment, of: interest, rate: "0.10", split: `+split+"}\n")
			flows := []rate.Flow{{Date: day.Of(2026, 1, 15), Amount: -3_000_00}}
			for month, on := range []string{"2026-02-15", "2026-03-15"} {
				x.to(on)
				before := x.cash("cy")
				x.repay(1_066_19, "")
				flows = append(flows, rate.Flow{Date: day.Of(2026, 2+month, 15), Amount: float64(x.cash("cy") - before)})
			}
			// His part of principal is 2,524.54. What was paid is what his money earned, to a thousandth of a percent.
			r, err := rate.XIRR(append(flows[:2:2], rate.Flow{Date: flows[2].Date, Amount: flows[2].Amount + 2_524_54}), daycount.Act365Fixed)
			told, err2 := strconv.ParseFloat(x.portfolio("cy").At("rate_percent"), 64)
			if err != nil || err2 != nil || math.Abs(told-r*100) > 0.001 {
				t.Errorf("his money earned %.4f %%, he is told %.4f %v %v", r*100, told, err, err2)
			}
			// On the last day before April's installment the loan has borne 97.73 of 100.98, of which nine tenths will be the holders':
			// of the sum they are cut, or of each one's part.
			x.to("2026-04-14")
			x.sees("cy", map[string]string{"accrued": accrued[0]})
			a := x.portfolio("cy")
			if got := a.At("expected", 0, "other"); got != "2272" {
				t.Errorf("he is to get %s of April's interest: %s", got, a.Body)
			}
			sale := x.offer("ann", 1_000, "1")
			if a := x.As(x.who["bob"], http.MethodGet, "/v1/claim-sales/"+sale, nil).OK(); a.At("now", "accrued") != accrued[1] {
				t.Errorf("of interest are sold: %s", a.Body)
			}
			bob := x.cash("bob")
			x.buy("bob", sale, x.cost(sale)).OK()
			x.sale(sale, "sold")
			x.to("2026-04-15")
			x.repay(1_066_19, "")
			// Principal and the purchase fee apart, one day of 12,000 for a month at 12 % less a tenth: 757 - 733 a twelfth.
			if got := x.cash("bob") - bob + 841_51 + 1_00 - 80_43; got < 23 || got > 25 {
				t.Errorf("one day brought the buyer %d", got)
			}
		})
	}
}

// Who takes a loan over has bought it, and those who held it have sold it to him.
func TestWhoseLoanWasTakenOver(t *testing.T) {
	product, _, _ := strings.Cut(soldProduct, "limits:")
	x := newExchangeOf(t, product+"losses: {order: [guarantors], whole_after: 30}\n")
	ann, dan := x.cash("ann"), x.cash("dan")
	x.to("2026-04-20")
	x.As(x.who["operations"], http.MethodPost, "/v1/loans/"+x.loan.String()+"/purchases", fmt.Sprintf(`{"id":%q}`, x.ID())).OK()
	got, paid := x.cash("ann")-ann, dan-x.cash("dan")
	if got != 9_260_06 || paid != 12_346_74 {
		t.Fatalf("ann got %d, dan paid %d", got, paid)
	}
	x.to("2026-04-21")
	x.repay(3*1_066_19, "") // is his
	x.sees("ann", map[string]string{"paid": "900000", "sold": "926006", "earned": "0", "invested": "0"})
	x.sees("dan", map[string]string{"paid": "1234674", "sold": "0"})
	for _, who := range []string{"ann", "dan"} {
		if a := x.portfolio(who); a.At("rate_percent") == "" || a.At("rate_percent")[0] == '-' {
			t.Errorf("%s lost nothing: %s", who, a.Body)
		}
	}
	// She buys a part of it, and it is taken over once more.
	sale := x.offer("dan", 4_000, "1")
	pays, err := strconv.ParseInt(x.cost(sale), 10, 64)
	x.must(err)
	x.buy("ann", sale, fmt.Sprint(pays)).OK()
	x.sale(sale, "sold")
	ann = x.cash("ann")
	x.to("2026-06-30")
	x.As(x.who["operations"], http.MethodPost, "/v1/loans/"+x.loan.String()+"/purchases", fmt.Sprintf(`{"id":%q}`, x.ID())).OK()
	sold := x.cash("ann") - ann
	if sold < pays || x.units("ann") != "" {
		t.Fatalf("ann got %d for what cost her %d, and has %q", sold, pays, x.units("ann"))
	}
	x.restart()
	x.sees("ann", map[string]string{"sold": fmt.Sprint(926006 + sold), "paid": fmt.Sprint(900000 + pays)})
	if a := x.portfolio("ann"); a.At("rate_percent") == "" || a.At("rate_percent")[0] == '-' {
		t.Errorf("ann lost nothing: %s", a.Body)
	}
}

// Fees by class of investors are off what is shown and sold as they are taken from the lines of that class.
func TestFeesOfInterestByClass(t *testing.T) {
	product, _, _ := strings.Cut(soldProduct, "limits:")
	x := newExchangeOf(t, product+`  - {code: service, name: {zh: 服务费, en: Service fee}, paid_by: investor, at: payment, of: interest, rate: "0.50", split: after, classes: [{class: vip, rate: "0.01"}]}
`)
	x.to("2026-02-14") // 116.13 of interest were borne
	x.sees("cy", map[string]string{"accrued": "1452"})
	sale := x.offer("cy", 1_000, "1")
	if a := x.As(x.who["bob"], http.MethodGet, "/v1/claim-sales/"+sale, nil).OK(); a.At("now", "accrued") != "484" {
		t.Errorf("half of the interest is the platform's: %s", a.Body)
	}
	x.sees("ann", map[string]string{"accrued": "8622"})
	sale = x.offer("ann", 1_000, "1")
	if a := x.As(x.who["bob"], http.MethodGet, "/v1/claim-sales/"+sale, nil).OK(); a.At("now", "accrued") != "958" {
		t.Errorf("a hundredth of Ann's interest is the platform's: %s", a.Body)
	}
}
