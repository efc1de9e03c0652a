package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/longmen/longmen/examples/lendingclub/report"
)

// width is the most columns of a line.
const width = 100

// Text writes the summary for people, but for its end: see Verdict.
func (s *Summary) Text(w io.Writer) error {
	t := &text{}
	t.head(fmt.Sprintf("A marketplace through the API: %s loans, %s investors", count(int64(s.Loans)), count(int64(s.Investors))),
		fmt.Sprintf("simulated clock, %s to %s", s.From, s.Until))
	s.figures(t)
	s.books(t)
	s.recount(t)
	s.Loan.text(t)
	s.Investor.text(t)
	_, err := w.Write(t.Bytes())
	return err
}

// Verdict writes its end, when the books have been verified as well.
func (s *Summary) Verdict(w io.Writer) error {
	t := &text{}
	t.line("")
	t.head("longmen verify", word(s.Verify.Passed, "passed", "FAILED"))
	for line := range strings.Lines(strings.TrimSpace(s.Verify.Text)) {
		t.line("  %s", cut(strings.TrimRight(line, "\n"), width-2))
	}
	t.head("Time", "by this machine's clock")
	for _, p := range s.Phases {
		t.line("  %s%s", left(p.Name, 50), right(report.Span(p.Seconds), 16))
	}
	t.line("  %s%s", left("in all, from the first request", 50), right(report.Span(s.Seconds), 16))
	t.line("")
	t.line("%s", word(s.Sound(), "Every cent is explained.", "SOMETHING IS WRONG: see above."))
	_, err := w.Write(t.Bytes())
	return err
}

// text collects lines.
type text struct{ bytes.Buffer }

func (t *text) line(format string, args ...any) {
	t.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// head begins a part: what it is on the left, a word more on the right.
func (t *text) head(what, more string) {
	if t.Len() > 1 {
		t.line("")
	}
	t.line("%s%s", left(what, width-len(more)), more)
	t.line("%s", strings.Repeat("-", width))
}

// figure is a line with a name, a right-aligned number and an explanation.
func (t *text) figure(name, number, format string, args ...any) {
	t.line("  %s%s   %s", left(name, 22), right(number, 14), fmt.Sprintf(format, args...))
}

func (s *Summary) figures(t *text) {
	a, f, r, l := &s.Applications, &s.Funding, &s.Repayments, &s.Losses
	t.figure("loans", count(int64(s.Loans)), "%s lent; %s have 1,000 funders and more", Yuan(s.Lent), count(int64(s.Thousand)))
	t.figure("investors", count(int64(s.Investors)), "%s paid in; %s have logins", Yuan(s.Deposited), count(int64(s.Logins)))
	t.figure("applications", count(a.PaidOut+a.Refused), "%s refused by a rule", count(a.Refused))
	t.figure("  submit to paid-out", count(a.Seconds)+" s", "on average by the ledger's clock, %s at most", count(a.Longest))
	t.figure("", report.Span(a.Real), "on average by the clock of this machine")
	t.figure("mandates", count(f.Mandates), "made %s bids, in the order of their line", count(f.Pieces))
	t.figure("single bids", count(f.Bids), "%s a second beside mandates; %s more found all sold", report.Rate(f.Bids, f.Seconds), count(f.TooLate))
	t.figure("claim sales", count(f.Sales), "each one command of units against money")
	t.figure("repayments", count(r.All), "%s a second, each one request to all holders", report.Rate(r.All, r.Seconds))
	t.figure("", "", "%s early, %s late, %s in parts, %s back-dated", count(r.Early), count(r.Late), count(r.Partial), count(r.Dated))
	t.figure("", "", "%s of these took back what was paid, and paid it anew", count(r.Corrected))
	t.figure("", "", "%s more were sent twice, found and sent back", count(r.Twice))
	t.figure("investor credits", count(r.Credits), "of repayments, payouts and recoveries")
	t.figure("defaults", count(l.Defaults), "the reserve paid %s", Yuan(l.PaidOut))
	t.figure("", "", "for %s installments and %s whole loans", count(l.Payouts), count(l.Bought))
	t.figure("recovered", Yuan(l.Recovered), "of %s loans that two persons wrote off", count(l.WrittenOff))
}

func (s *Summary) books(t *text) {
	b := &s.Books
	t.head("The books", "in yuan")
	t.line("  %s  %s%s%s%s", left("code", 4), left("account", 32), right("debits", 20), right("credits", 20), right("balance", 20))
	debits, credits := int64(0), int64(0)
	for _, l := range b.Lines {
		balance := l.Debits - l.Credits
		t.line("  %4d  %s%s%s%s", l.Code, left(l.Name, 32), right(Yuan(l.Debits), 20), right(Yuan(l.Credits), 20), right(Yuan(max(balance, -balance)), 20))
		debits, credits = debits+l.Debits, credits+l.Credits
	}
	t.line("  %s  %s%s%s", left("", 4), left("all", 32), right(Yuan(debits), 20), right(Yuan(credits), 20))
	t.figure("trial balance", Yuan(b.Difference), "%s", word(b.Difference == 0, "debits less credits: both sides meet", "DEBITS AND CREDITS DIFFER"))
	t.figure("custody cash", Yuan(b.Custody), "")
	t.figure("client money", Yuan(b.Clients), "and the reserve of %s: %s", Yuan(b.Reserve), word(b.Custody == b.Clients+b.Reserve, "all of it is there", "NOT THE SAME"))
}

func word(good bool, yes, no string) string {
	if good {
		return yes
	}
	return no
}

func (s *Summary) recount(t *text) {
	r := &s.Recount
	t.head("Independent recount", "from the list of events, without Longmen's code")
	t.figure("accounts", count(int64(r.Accounts)), "balances compared: all there are in the ledger")
	t.figure("holdings", count(int64(r.Holdings)), "units and what was paid compared, in %s loans", count(int64(r.Loans)))
	t.figure("differences", count(int64(r.Wrong)), "%s", word(r.Wrong == 0, "to the cent", "SEE BELOW"))
	for _, w := range r.First {
		t.line("    %s", cut(w, width-4))
	}
	t.line("  largest distance from the exact share, in cents:")
	t.figure("  units never changed", cents(r.Unchanged), "never a whole cent")
	t.figure("  units changed hands", cents(r.Changed), "")
}

func (l *Loan) text(t *text) {
	t.head(fmt.Sprintf("Loan %d", l.Number), fmt.Sprintf("%s, grade %s", l.Product, l.Grade))
	t.line("  %s at %s over %d months from %s; %s a month; %s holders", Yuan(l.Amount), percent(l.Rate), l.Months, l.Started, Yuan(l.Installment), count(int64(l.Holders)))
	t.line("  it is %s, %s are outstanding", l.State, Yuan(l.Outstanding))
	t.line("")
	row := func(date, kind, amount, penalty, fee, interest, principal string) {
		t.line("  %s%s%s%s%s%s%s", left(date, 12), left(kind, 20), right(amount, 14), right(penalty, 11), right(fee, 11), right(interest, 13), right(principal, 14))
	}
	row("event of", "kind", "amount", "penalty", "fee", "interest", "principal")
	for i, e := range l.Events {
		if i == firstEvents && l.Count > len(l.Events) {
			t.line("  ... %d more", l.Count-len(l.Events))
		}
		row(e.Date, cut(e.Kind+e.Note, 20), Yuan(e.Amount), Yuan(e.Penalty), Yuan(e.Fee), Yuan(e.Interest), Yuan(e.Principal))
	}
}

// Of a loan's events the first and the last are shown, and so of a statement's lines.
const (
	firstEvents  = 4
	ShownEvents  = 8
	firstEntries = 5
	ShownEntries = 8
)

// Shown are the first and the last of a list.
func Shown[T any](list []T, first, all int) []T {
	if len(list) <= all {
		return list
	}
	return append(list[:first:first], list[len(list)-(all-first):]...)
}

// Short keeps what is shown of the events and lines.
func (s *Summary) Short() {
	s.Loan.Count, s.Loan.Events = len(s.Loan.Events), Shown(s.Loan.Events, firstEvents, ShownEvents)
	s.Investor.Count, s.Investor.Entries = len(s.Investor.Entries), Shown(s.Investor.Entries, firstEntries, ShownEntries)
}

func (v *Investor) text(t *text) {
	t.head(fmt.Sprintf("Statement of investor %d", v.Number), v.Month+word(v.Final, ", final", ", so far"))
	row := func(date, what, amount, balance string) {
		t.line("  %s%s%s%s", left(date, 14), left(what, 40), right(amount, 18), right(balance, 18))
	}
	row("", "opening", "", Yuan(v.Opening))
	for i, e := range v.Entries {
		if i == firstEntries && v.Count > len(v.Entries) {
			row("", fmt.Sprintf("... %d lines more", v.Count-len(v.Entries)), "", "")
		}
		row(e.Date, cut(e.Text, 40), Yuan(e.Amount), Yuan(e.Balance))
	}
	row("", fmt.Sprintf("%s in, %s out, closing", Yuan(v.In), Yuan(v.Out)), "", Yuan(v.Closing))
	o := &v.Overview
	t.line("  at the end: cash %s, invested %s, repaid %s, earned %s%s", Yuan(o.Cash), Yuan(o.Invested), Yuan(o.Repaid), Yuan(o.Earned),
		word(o.Rate == "", "", ", "+o.Rate+"% a year"))
}

func count(n int64) string { return report.Count(n) }

// Yuan writes cents.
func Yuan(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return sign + count(cents/100) + "." + strconv.FormatInt(cents%100+100, 10)[1:]
}

// percent writes hundredths of a percent.
func percent(hundredths int64) string {
	return strconv.FormatInt(hundredths/100, 10) + "." + strconv.FormatInt(hundredths%100+100, 10)[1:] + "%"
}

// cents writes a distance, cut off and never rounded up: what is below a cent must not look like one.
func cents(d Distance) string {
	text := strconv.FormatFloat(d.Cents, 'f', 12, 64)
	return text[:strings.IndexByte(text, '.')+5]
}

func left(s string, width int) string { return s + strings.Repeat(" ", max(0, width-len(s))) }

func right(s string, width int) string { return strings.Repeat(" ", max(0, width-len(s))) + s }

// cut keeps a text within a width.
func cut(s string, width int) string {
	if len(s) <= width {
		return s
	}
	return s[:width-3] + "..."
}
