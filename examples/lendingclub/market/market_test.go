package market

import (
	"reflect"
	"slices"
	"testing"

	"github.com/longmen/longmen/examples/lendingclub/data"
)

func open(t *testing.T, loans, investors int) *Market {
	t.Helper()
	list, err := Read(data.Loans, loans)
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(list, investors)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestReadAll(t *testing.T) {
	list, err := Read(data.Loans, 0)
	if err != nil {
		t.Fatal(err)
	}
	bad, dollars := 0, int64(0)
	for _, l := range list {
		dollars += l.Units
		if l.Bad {
			bad++
		}
	}
	// Counted apart, with awk.
	if len(list) != 6899 || bad != 357 || dollars != 108023050 {
		t.Errorf("%d loans, %d bad, %d dollars; want 6899, 357, 108023050", len(list), bad, dollars)
	}
	first := *list[0]
	if want := (Loan{Number: 1, Units: 32000, Rate: 11_99, Term: 60, Grade: "C1"}); !reflect.DeepEqual(first, want) {
		t.Errorf("the first loan is %+v, want %+v", first, want)
	}
}

func TestReadRefuses(t *testing.T) {
	const header = "funded_amnt,term,int_rate,sub_grade,Class\n"
	for name, text := range map[string]string{
		"no header":       "",
		"missing column":  "funded_amnt,term,int_rate,sub_grade\n1000,term_36,5.32,A1\n",
		"no loans":        header,
		"amount":          header + "1000.50,term_36,5.32,A1,good\n",
		"amount of zero":  header + "0,term_36,5.32,A1,good\n",
		"term":            header + "1000,36,5.32,A1,good\n",
		"endless term":    header + "1000,term_121,5.32,A1,good\n",
		"rate":            header + "1000,term_36,5.325,A1,good\n",
		"negative rate":   header + "1000,term_36,-5.32,A1,good\n",
		"class":           header + "1000,term_36,5.32,A1,ugly\n",
		"too few columns": header + "1000,term_36\n",
	} {
		if list, err := Read([]byte(text), 0); err == nil {
			t.Errorf("%s: read as %d loans", name, len(list))
		}
	}
}

func TestScript(t *testing.T) {
	m := open(t, 1000, 20_000)
	cash, traded, bad := make([]int64, m.Investors), 0, 0
	for i := range cash {
		cash[i] = m.Deposit(i)
	}
	for _, l := range m.Loans {
		bids, seen, units := m.Bids(l), map[int]bool{}, int64(0)
		for _, b := range bids {
			if b.Units < 1 || seen[b.Investor] {
				t.Fatalf("loan %d: bid %+v", l.Number, b)
			}
			seen[b.Investor] = true
			units += b.Units
			cash[b.Investor] -= b.Units * CentsPerUnit
		}
		if units != l.Units || len(bids) < 1000 || len(bids) > MaxBids {
			t.Fatalf("loan %d: %d bids for %d of %d units", l.Number, len(bids), units, l.Units)
		}
		for _, s := range m.Sales(l) {
			if s.Seller == s.Buyer || s.Seller == m.Frozen || s.Buyer == m.Frozen || s.Price < 1 || s.Units < 1 || m.spenders[s.Buyer] {
				t.Fatalf("loan %d: sale %+v", l.Number, s)
			}
			cash[s.Buyer] -= s.Price
		}
		if l.Traded() {
			traded++
		}
		if l.Bad {
			bad++
			if l.Stops >= l.Term || len(l.Payments) != l.Stops {
				t.Fatalf("loan %d is bad and makes %d of %d payments", l.Number, len(l.Payments), l.Term)
			}
		}
	}
	for i, left := range cash {
		if left < 0 {
			t.Fatalf("investor %d lacks %d cents, though nothing has been paid to him yet", i, -left)
		}
	}
	if traded < 50 || bad != 55 || m.Recalled == nil || m.Recalled.Traded() || m.Months != 72 {
		t.Errorf("%d loans traded, %d bad, recalled %v, %d months", traded, bad, m.Recalled, m.Months)
	}
	again := open(t, 1000, 20_000)
	for i, l := range m.Loans {
		if o := again.Loans[i]; !reflect.DeepEqual(l, o) || !slices.Equal(m.Bids(l), again.Bids(o)) || !slices.Equal(m.Sales(l), again.Sales(o)) {
			t.Fatalf("the same rows make another play of loan %d", l.Number)
		}
	}
	if !slices.Equal(m.deposits, again.deposits) || m.Frozen != again.Frozen {
		t.Error("the same rows make another play")
	}
}

// A payment that is taken back is made again the month after, beside that month's own.
func TestRecalledPayment(t *testing.T) {
	m := open(t, 10, 200)
	var got []Payment
	for _, p := range m.Recalled.Payments {
		if p.Recalled || p.Again {
			got = append(got, p)
		}
	}
	if len(got) != 2 || !got[0].Recalled || got[0].Month != m.RecallMonth() || !got[1].Again || got[1].Month != m.RecallMonth()+1 ||
		got[0].Number != got[1].Number || got[0].Split != got[1].Split {
		t.Errorf("recalled payments: %+v", got)
	}
	if n := len(m.Spenders()); n < 10 {
		t.Errorf("%d investors have spent it", n)
	}
}
