package compare

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/play"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/script"
)

// player plays one loan, of which nobody holds anything but the reserve.
func player() *play.Player {
	return play.New(&script.Script{Loans: []*script.Loan{{Number: 1}}}, nil, nil, "", 1)
}

// What a holder was paid is told for each tranche: none is left out, and there are no others.
func TestSharesAreThoseOfAllTranches(t *testing.T) {
	books := recount.Loan{Investors: []int{recount.TheReserve}, Units: []int64{5}, State: &recount.State{}}
	for tranche := range books.Paid {
		books.Paid[tranche] = []int64{int64(tranche)}
	}
	for shares, right := range map[string]bool{
		`,"shares":[{"paid":"0"},{"paid":"1"},{"paid":"2"}]`: true, `,"shares":[{"paid":"0"},{"paid":"1"},{"paid":"3"}]`: false,
		``: false, `,"shares":[]`: false, `,"shares":[{"paid":"0"},{"paid":"1"}]`: false, `,"shares":[{"paid":"0"},{"paid":"1"},{"paid":"2"},{"paid":"0"}]`: false,
	} {
		node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/holders") {
				fmt.Fprintf(w, `{"holders":[{"account":%q,"units":5%s}]}`, play.Reserve, shares)
				return
			}
			fmt.Fprint(w, `{"outstanding":{"penalty":"0","fee":"0","interest":"0","principal":"0"}}`)
		}))
		f := &Findings{}
		err := f.loan(t.Context(), client.New(node.URL, 1), client.Caller{}, player(), 0, &books)
		node.Close()
		if err != nil || (f.Wrong == 0) != right {
			t.Errorf("%s: %d wrong, %v %v", shares, f.Wrong, f.First, err)
		}
	}
}

// At the end nothing is held: all that an account has is available.
func TestNothingIsHeld(t *testing.T) {
	for account, right := range map[string]bool{
		`"balance":"7","available":"7","debits_held":"0","credits_held":"0"`: true,
		`"balance":"7","available":"6","debits_held":"1","credits_held":"0"`: false,
		`"balance":"7","available":"7","debits_held":"0","credits_held":"1"`: false,
		`"balance":"7","available":"6","debits_held":"0","credits_held":"0"`: false, // frozen
		`"balance":"8","available":"8","debits_held":"0","credits_held":"0"`: false,
	} {
		node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			var list []string
			for _, a := range []string{play.Custody, play.Own, play.Fees, play.Lost, play.Contra} {
				list = append(list, fmt.Sprintf(`{"address":%q,"balance":"0","available":"0","debits_held":"0","credits_held":"0","owed":"0"}`, a))
			}
			fmt.Fprintf(w, `{"accounts":[%s,{"address":%q,%s,"owed":"0"}]}`, strings.Join(list, ","), play.Reserve, account)
		}))
		f := &Findings{}
		p := play.New(&script.Script{}, nil, nil, "", 1)
		err := f.accounts(t.Context(), client.New(node.URL, 1), client.Caller{}, p, &recount.Books{Reserve: 7})
		node.Close()
		if err != nil || (f.Wrong == 0) != right {
			t.Errorf("%s: %d wrong, %v %v", account, f.Wrong, f.First, err)
		}
	}
}
