package play

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/script"
)

// Units of a loan that the reserve has bought are on its account.
func TestTheReserveIsAHolder(t *testing.T) {
	if got := (&Player{}).Holder(recount.TheReserve); got != Reserve {
		t.Errorf("%q holds what the reserve bought, want %q", got, Reserve)
	}
}

// The pieces of a mandate count together: those in one loan against its cap, all of them against its budget.
func TestMandatesKeepToTheirBounds(t *testing.T) {
	by := func(units ...int64) (list []bid) {
		for i, u := range units {
			list = append(list, bid{Listing: "x", Mandate: "m", Units: u, Sequence: uint64(i)})
		}
		return list
	}
	for name, c := range map[string]struct {
		bids []bid
		says string
	}{
		"within":        {by(300, 200), ""},
		"one piece":     {by(501), "at most 500"},
		"two pieces":    {by(300, 201), "at most 500"},
		"by hand":       {[]bid{{Listing: "x", Units: 100}}, "by mandate"},
		"in all":        {append(by(400), bid{Listing: "y", Mandate: "m", Units: 301}), "it may 700"},
		"all it may":    {append(by(400), bid{Listing: "y", Mandate: "m", Units: 300}), ""},
		"nobody's loan": {[]bid{{Listing: "z", Mandate: "m", Units: 1}}, "nobody made"},
	} {
		p := New(&script.Script{Loans: []*script.Loan{{Number: 1}, {Number: 2}}, Investors: []script.Investor{{PerLoan: 500, Budget: 700}}}, nil, nil, "", 1)
		err := p.funded([][]bid{c.bids}, map[string]*lent{"x": p.loans[0], "y": p.loans[1]})
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// The borrower knows what he gets; an offer of another cent ends the run.
func TestAnotherPayoutEndsTheRun(t *testing.T) {
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"state":"paid-out","loan":"x","offer":{"payout":"97999"}}`))
	}))
	defer node.Close()
	p := New(&script.Script{Loans: []*script.Loan{{Number: 1}}}, nil, client.New(node.URL, 1), "", 1)
	l := p.loans[0]
	l.terms = recount.Terms{Amount: 1_000_00}
	if err := p.paidOut(t.Context(), l); err == nil || !strings.Contains(err.Error(), "98000 by the contract") || len(l.tale.Facts) > 0 {
		t.Errorf("%v, %v", err, l.tale.Facts)
	}
}

// A part of a claim is left alone where it, or what stays, would be smaller than the products let it be.
func TestSmallPiecesStay(t *testing.T) {
	l := &lent{Loan: &script.Loan{Yuan: 10_000}}
	for _, c := range []struct {
		units, principal int64
		small            bool
	}{{10, 10_000_00, false}, {9, 10_000_00, true}, {10, 9_999_99, true}, {20, 5_000_00, false}, {1_000, 0, true}} {
		if l.tooSmall(c.units, c.principal) != c.small {
			t.Errorf("%d units with %d outstanding are too small: %v", c.units, c.principal, !c.small)
		}
	}
}

// However many loans are played, the reserve can buy every loan that it will be asked to.
func TestTheReserveIsLargeEnough(t *testing.T) {
	for _, n := range []int{1, 10, 60, 200, 1_000, 0} {
		list, err := market.Read(data.Loans, n)
		if err != nil {
			t.Fatal(err)
		}
		s, err := script.New(list, 2_000, 1)
		if err != nil {
			t.Fatal(err)
		}
		asked := int64(0)
		for _, l := range s.Loans {
			switch left := l.Yuan * recount.CentsPerUnit * int64(l.Months-l.Stops) / int64(l.Months); {
			case l.Bad && l.Number%2 == 0:
				asked += left * 11 / 10
			case l.Bad:
				asked += left * coveredTo / int64(l.Months) * 2
			}
		}
		if has := New(s, nil, nil, "", 1).endowment(); has < asked {
			t.Errorf("%d loans: the reserve has %d and is asked for %d or so", len(s.Loans), has, asked)
		}
	}
}
