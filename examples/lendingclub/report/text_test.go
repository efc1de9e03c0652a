package report

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files again")

func example() *Summary {
	return &Summary{
		Loans: 1000, Good: 945, Bad: 55, Lent: 15_718_825_00, Investors: 20000, Deposited: 18_234_550_00,
		From: "2021-01", Until: "2026-12", Months: 72, Commands: 1_140_321,
		Bids: 1_011_980, BidSeconds: 12.4, Sales: 1944, Repayments: 41_005, Credits: 40_871_223, Repaying: 7.91,
		Trial: []TrialLine{
			{1010, "custody bank cash", 38_100_200_05, 20_100_100_00},
			{2010, "investors' cash", 10_000_000_00, 27_999_000_05},
			{2040, "unclaimed", 0, 1_100_00},
		},
		Custody: 18_000_100_05, Clients: 18_000_100_05,
		Recount: Recount{
			Accounts: 22006, Holdings: 1_012_900, Checked: 911_000, Registers: Registers{901, 99},
			Simple: Distance{0.99996, "39998/40000"}, Plain: Distance{0.99996, "39998/40000"}, Traded: Distance{1.21875, "39/32"},
		},
		Frozen: &Frozen{"investor:4711:cash", "2022-03", 2204, 1_100_00},
		Recall: &Recall{1, 16, "2022-05", 711_66, 480_12, 331, 231_54},
		Loan: Loan{
			Number: 1, Grade: "C1", Amount: 32000_00, Rate: 11_99, Term: 60, Equal: 711_66, Listed: "2021-01", Units: 32000, Cap: 32000,
			Holdings: 1011, Payouts: 62, Paid: 60, Interest: 10272_64, Principal: 32000_00,
			Newest:  []Paid{{1_139_001, "2026-01-15", 0, 704_58, 0}, {900_001, "2022-05-19", 273_20, 431_34, 890_112}},
			Holders: []Owner{{0, "investor:8123:cash", 17, 5_46, 17_00}, {1, "investor:14022:cash", 112, 35_95, 112_00}},
		},
		Statement: Statement{
			Account: "investor:8123:cash", Month: "2021-12", Opening: 512_33, Closing: 498_01, Debits: 17_00, Credits: 2_68, Count: 12, Final: true,
			Lines: lines(12),
		},
		Verify:  Verify{true, "main: 1,140,321 commands replayed\nhistory equals replay"},
		Phases:  []Phase{{"accounts and deposits", 0.62}, {"bids and disbursements", 12.4}, {"repayments", 7.91}},
		Seconds: 61.4,
	}
}

func lines(n int) (list []Line) {
	for i := range n {
		list = append(list, Line{"2021-12-15", "repayment of loan " + strings.Repeat("1", i+1), int64(i) * 11, 512_33 + int64(i)*11})
	}
	return list
}

// The page that people see, from fixed figures.
func TestText(t *testing.T) {
	wrong := example()
	wrong.Difference, wrong.Clients, wrong.Verify = 1, wrong.Clients-1, Verify{false, "loan:1: commands 7 to 9 are missing"}
	wrong.Recount.Wrong, wrong.Recount.First = 2, []string{"account investor:8:cash: the ledger says 1 cents, the recount 2"}
	wrong.Frozen, wrong.Recall, wrong.Statement.Lines, wrong.Statement.Final = nil, nil, lines(3), false
	for name, s := range map[string]*Summary{"summary": example(), "wrong": wrong} {
		var b bytes.Buffer
		if err := errors.Join(s.Text(&b), s.Verdict(&b)); err != nil {
			t.Fatal(err)
		}
		file := "testdata/" + name + ".golden"
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("the text of %s is not that of %s (write it again with -update):\n%s", name, file, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if n := len(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("a line has %d columns: %s", n, line)
			}
		}
		if s.Sound() != (name == "summary") {
			t.Errorf("%s: sound is %v", name, s.Sound())
		}
	}
}

func TestFormat(t *testing.T) {
	for got, want := range map[string]string{
		Count(0): "0", Count(999): "999", Count(1000): "1,000", Count(-1234567): "-1,234,567", Count(123456): "123,456",
		Money(0): "$0.00", Money(5): "$0.05", Money(-123456): "-$1,234.56", Money(100): "$1.00",
		Span(0.04): "0.0 s", Span(59.94): "59.9 s", Span(61): "1 min 1 s", Span(600): "10 min 0 s",
		Left(0): "0:00", Left(65 * time.Second): "1:05", Left(10 * time.Minute): "10:00",
		Rate(100, 0): "-", Rate(10_000, 2): "5,000", percent(1199): "11.99%", percent(505): "5.05%",
		cents(Distance{Cents: 0.99999999}): "0.9999", cents(Distance{Cents: 1.5}): "1.5000", cut("abcdefgh", 6): "abc...",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
