package report

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files again")

func example() *Summary {
	s := &Summary{
		Loans: 200, Lent: 21_836_500_00, Thousand: 64, Products: 7, Investors: 2000, Logins: 400, Deposited: 60_000_000_00,
		From: "2021-01", Until: "2027-01", Months: 73, Seed: 1,
		Applications: Applications{PaidOut: 200, Refused: 10, Seconds: 5400, Longest: 7200, Real: 2.25},
		Funding:      Funding{Bids: 20_400, TooLate: 153, Seconds: 9.8, Pieces: 120_345, Mandates: 2000, Sales: 310},
		Repayments: Repayments{
			All: 7_930, Early: 41, Late: 251, Partial: 160, Dated: 190, Corrected: 33, Twice: 38, Credits: 7_300_000, Seconds: 14.2,
		},
		Losses: Losses{Defaults: 10, Payouts: 45, Bought: 5, PaidOut: 512_345_67, WrittenOff: 10, Recovered: 231_000_01},
		Books: Books{
			Lines:   []Line{{1010, "custody bank", 90_000_000_00, 30_000_000_00}, {2001, "cash of investors and borrowers", 9_999_999_99, 69_999_999_99}},
			Custody: 60_000_000_00, Clients: 59_000_000_00, Reserve: 1_000_000_00,
		},
		Recount: Recount{
			Accounts: 2811, Holdings: 140_000, Loans: 200, Unchanged: Distance{0.999979, "99997/99999"}, Changed: Distance{1.21875, "39/32"},
		},
		Loan: Loan{
			Number: 17, Product: "marketplace-c", Grade: "c1-1199", Amount: 224_000_00, Rate: 11_99, Months: 60, Installment: 4_981_62, State: "closed",
			Started: "2021-01-05", Holders: 400,
		},
		Investor: Investor{
			Number: 1, Month: "2021-12", Opening: 5_123_30, Closing: 4_980_01, In: 56_71, Out: 200_00, Final: true,
			Overview: Overview{Cash: 20_000_00, Invested: 0, Earned: 1_234_56, Repaid: 12_000_00, Paid: 12_000_00, Rate: "9.8765"},
		},
		Verify:  Verify{true, "main: 211,140 commands replayed\nhistory equals replay"},
		Phases:  []Phase{{"bursts of single bids", 9.8}, {"repayments", 14.2}},
		Seconds: 71.4,
	}
	for i := range int64(12) {
		s.Loan.Events = append(s.Loan.Events, Event{Date: "2021-02-05", Kind: "repaid", Amount: 4_981_62 + i, Interest: 2_238_13, Principal: 2_743_49 + i})
		s.Investor.Entries = append(s.Investor.Entries, Entry{"2021-12-05", "repayment", 31 * i, 5_123_30 + 31*i})
	}
	s.Loan.Events[3].Note = ", undoes 5"
	s.Short()
	return s
}

func TestText(t *testing.T) {
	wrong := example()
	wrong.Recount.Wrong, wrong.Recount.First = 1, []string{"account platform:cny:fees has 5, the recount says 6"}
	wrong.Books.Difference, wrong.Verify.Passed = 1, false
	for name, s := range map[string]*Summary{"summary": example(), "wrong": wrong} {
		var got bytes.Buffer
		if err := s.Text(&got); err != nil {
			t.Fatal(err)
		}
		if err := s.Verdict(&got); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(got.String()) {
			if len(line) > width+1 {
				t.Errorf("too wide: %s", line)
			}
		}
		if s.Sound() != (name == "summary") {
			t.Errorf("%s is sound: %v", name, s.Sound())
		}
		golden := "testdata/" + name + ".golden"
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is not %s, run with -update and look at the difference:\n%s", name, golden, got.String())
		}
	}
}
