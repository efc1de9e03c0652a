package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// width is the most columns of a line.
const width = 100

// Text writes the summary for people, but for its end: see Verdict.
func (s *Summary) Text(w io.Writer) error {
	t := &text{}
	t.head(fmt.Sprintf("Longmen played a marketplace: %s real loans, %s investors", Count(int64(s.Loans)), Count(int64(s.Investors))),
		fmt.Sprintf("simulated clock, %s to %s", s.From, s.Until))
	s.figures(t)
	s.books(t)
	s.recount(t)
	s.accidents(t)
	s.Loan.text(t)
	s.Statement.text(t)
	_, err := w.Write(t.Bytes())
	return err
}

// Verdict writes its end, when the books have been verified as well: what was found and how long everything took.
func (s *Summary) Verdict(w io.Writer) error {
	t := &text{}
	t.line("")
	s.verdict(t)
	s.times(t)
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
func (t *text) figure(name, number, more string) {
	t.line("  %s%s   %s", left(name, 22), right(number, 16), more)
}

func (s *Summary) figures(t *text) {
	t.figure("loans", Count(int64(s.Loans)), fmt.Sprintf("%s lent; %s good, %s bad", Money(s.Lent), Count(int64(s.Good)), Count(int64(s.Bad))))
	t.figure("investors", Count(int64(s.Investors)), Money(s.Deposited)+" paid in")
	t.figure("bids", Count(s.Bids), Rate(s.Bids, s.BidSeconds)+" a second; each one command of money and units")
	t.figure("sales of units", Count(s.Sales), "each one command of units against money")
	t.figure("repayments", Count(s.Repayments), Rate(s.Repayments, s.Repaying)+" a second; each one command to all holders")
	t.figure("investor credits", Count(s.Credits), Rate(s.Credits, s.Repaying)+" a second; what is left after a fee of 1%")
}

func (s *Summary) books(t *text) {
	t.head("The books", "in dollars")
	t.line("  %s  %s%s%s%s", left("code", 4), left("account", 24), right("debits", 22), right("credits", 22), right("balance", 22))
	debits, credits := int64(0), int64(0)
	for _, l := range s.Trial {
		balance := l.Debits - l.Credits
		if balance < 0 {
			balance = -balance
		}
		t.line("  %4d  %s%s%s%s", l.Code, left(l.Name, 24), right(Money(l.Debits), 22), right(Money(l.Credits), 22), right(Money(balance), 22))
		debits, credits = debits+l.Debits, credits+l.Credits
	}
	t.line("  %s  %s%s%s", left("", 4), left("all", 24), right(Money(debits), 22), right(Money(credits), 22))
	t.figure("trial balance", Money(s.Difference), word(s.Difference == 0, "debits less credits: both sides meet", "DEBITS AND CREDITS DIFFER"))
	t.figure("custody cash", Money(s.Custody), "")
	t.figure("client money", Money(s.Clients), word(s.Custody == s.Clients, "the same: clients' money is all there", "NOT THE SAME"))
}

func word(good bool, yes, no string) string {
	if good {
		return yes
	}
	return no
}

func (s *Summary) recount(t *text) {
	r := &s.Recount
	t.head("Independent recount", "every account and every holding, without the ledger's code")
	t.figure("accounts", Count(int64(r.Accounts)), "balances compared")
	t.figure("holdings", Count(int64(r.Holdings)), "units and what was paid compared")
	t.figure("differences", Count(int64(r.Wrong)), word(r.Wrong == 0, "", "SEE BELOW"))
	for _, w := range r.First {
		t.line("    %s", cut(w, width-4))
	}
	t.line("  largest distance from the exact share, in cents:")
	t.figure("  units never changed", cents(r.Plain), fmt.Sprintf("%s registers; never a whole cent", Count(int64(r.Unchanged))))
	t.figure("  the same, dumb check", cents(r.Simple), "|paid - units/all x payments|, which knows no rule")
	t.figure("  units changed hands", cents(r.Traded), fmt.Sprintf("%s registers", Count(int64(r.Changed))))
}

func (s *Summary) accidents(t *text) {
	if s.Frozen == nil && s.Recall == nil {
		return
	}
	t.head("Two accidents", "nobody else noticed")
	if f := s.Frozen; f != nil {
		t.line("  %s takes no credits since %s.", f.Account, f.Since)
		t.line("  %s lines of %s together lie unclaimed in his name.", Count(f.Lines), Money(f.Unclaimed))
	}
	if r := s.Recall; r != nil {
		t.line("  Repayment %d of loan %d (%s, in %s) was recalled by the borrower's bank.", r.Number, r.Loan, Money(r.Amount), r.Month)
		t.line("  %s could be taken back. %s holders had spent theirs: the platform covered %s.",
			Money(r.TakenBack), Count(int64(r.Holders)), Money(r.Covered))
	}
}

func (l *Loan) text(t *text) {
	t.head(fmt.Sprintf("Loan %d", l.Number), fmt.Sprintf("register loan:%d", l.Number))
	t.line("  %s at %s over %d months, grade %s, listed %s; %s a month",
		Money(l.Amount), percent(l.Rate), l.Term, l.Grade, l.Listed, Money(l.Equal))
	t.line("  %s of %s units are held by %s holders", Count(int64(l.Units)), Count(int64(l.Cap)), Count(int64(l.Holdings)))
	t.line("  %d payments brought them %s interest and %s principal", l.Paid, Money(l.Interest), Money(l.Principal))
	t.line("")
	t.line("  %s%s%s%s", left("newest payments", 18), right("interest", 14), right("principal", 14), right("sequence", 14))
	for _, p := range l.Newest {
		note := ""
		if p.Undoes > 0 {
			note = fmt.Sprintf("   undoes %d", p.Undoes)
		}
		t.line("  %s%s%s%s%s", left(p.Date, 18), right(Money(p.Interest), 14), right(Money(p.Principal), 14), right(Count(int64(p.Sequence)), 14), note)
	}
	t.line("")
	t.line("  %s%s%s%s%s", left("first holders", 30), right("units", 10), right("interest", 14), right("principal", 14), right("in all", 14))
	for _, h := range l.Holders {
		t.line("  %s%s%s%s%s", left(fmt.Sprintf("%4d  %s", h.Holder, h.Account), 30), right(Count(int64(h.Units)), 10),
			right(Money(h.Interest), 14), right(Money(h.Principal), 14), right(Money(h.Interest+h.Principal), 14))
	}
}

// mostLines of a statement are shown: the first ones and the last ones.
const mostLines = 10

func (s *Statement) text(t *text) {
	t.head("Statement of "+s.Account, s.Month+word(s.Final, ", final", ", so far"))
	row := func(date, what, amount, balance string) {
		t.line("  %s%s%s%s", left(date, 14), left(what, 40), right(amount, 18), right(balance, 18))
	}
	row("", "opening", "", Money(s.Opening))
	for i, l := range s.Lines {
		if i >= mostLines-3 && i < len(s.Lines)-3 {
			if i == mostLines-3 {
				row("", fmt.Sprintf("... %s lines more", Count(int64(len(s.Lines)-mostLines))), "", "")
			}
			continue
		}
		row(l.Date, cut(l.Text, 40), Money(l.Amount), Money(l.Balance))
	}
	row("", fmt.Sprintf("%s in, %s out, closing", Money(s.Credits), Money(s.Debits)), "", Money(s.Closing))
}

func (s *Summary) times(t *text) {
	t.head("Time", fmt.Sprintf("%s commands", Count(s.Commands)))
	for _, p := range s.Phases {
		t.line("  %s%s", left(p.Name, 40), right(Span(p.Seconds), 16))
	}
	t.line("  %s%s", left("in all, from the first command", 40), right(Span(s.Seconds), 16))
}

func (s *Summary) verdict(t *text) {
	t.head("longmen verify", word(s.Verify.Passed, "passed", "FAILED"))
	for line := range strings.Lines(strings.TrimSpace(s.Verify.Text)) {
		t.line("  %s", cut(strings.TrimRight(line, "\n"), width-2))
	}
}
