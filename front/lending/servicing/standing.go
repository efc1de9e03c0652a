package servicing

import (
	"context"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Standing is how a loan stands on a day. Nothing of it is stored.
type Standing struct {
	On          day.Date
	State       State
	Bucket      string
	Days        int         // since the oldest due date that is not paid
	Due         loan.Split  // due until the day, it included, and not paid
	PastDue     loan.Split  // the part of it that was due before the day
	Outstanding loan.Split  // by the schedule, to its end
	Credit      int64       // on the loan's credit account
	Covered     int64       // paid out in the borrower's place and not repaid
	Claims      []PayerPart // of it, to whom it is owed
	Waits       []Wait      // what is to be paid out once there is money
	NextDue     day.Date    // of the next row that is not paid, 0 if there is none
	Next        int64
	Rows        []loan.Row
}

// Bucket is the class of days past due: M0 for none, Mk for 30(k-1)+1 to 30k days, M6+ above 150.
func Bucket(days int) string {
	k := (max(days, 0) + 29) / 30
	if k > 5 {
		return "M6+"
	}
	return fmt.Sprintf("M%d", k)
}

// Standing says how a loan stands on a day; 0 is the ledger's today. Penalties run until that day. On a day before its last
// event it is what the events until then make it, without those that were reversed since.
func (s *Servicing) Standing(ctx context.Context, tenant, loanID id.ID, on day.Date) (Standing, error) {
	l, err := s.Get(ctx, tenant, loanID)
	if err != nil {
		return Standing{}, err
	}
	if start := l.contract.Agreement.Terms.Due.Start; on != 0 && on < start {
		return Standing{}, errs.Invalid.Errorf("%s lies before the loan's first day %s", on, start).On("date")
	}
	if on != 0 && on < l.last() {
		if l, err = l.until(on); err != nil {
			return Standing{}, err
		}
		return l.standing(on)
	}
	if on, err = s.day(ctx, l, on); err != nil {
		return Standing{}, err
	}
	if l.Ended {
		on = l.last() // nothing grows any more
	}
	return l.standing(on)
}

// day is a day that was asked for, today if none was.
func (s *Servicing) day(ctx context.Context, l *Loan, on day.Date) (day.Date, error) {
	if on != 0 {
		if on < l.last() {
			return 0, errs.Invalid.Errorf("%s lies before the loan's last event on %s", on, l.last()).On("date")
		}
		return on, nil
	}
	now, err := s.ledgers.Now(ctx, l.Ledger)
	return max(dateOf(ledger.DateOf(now)), l.last()), err
}

// counting is the day from which a payment counts that is made now.
func (s *Servicing) counting(ctx context.Context, l *Loan) (day.Date, error) {
	now, err := s.ledgers.Now(ctx, l.Ledger)
	d, _ := l.contract.Lateness.day(&Payment{}, now)
	return max(d, l.last()), err
}

func (l *Loan) standing(on day.Date) (Standing, error) {
	state, err := l.Replay(on)
	if err != nil {
		return Standing{}, err
	}
	d := l.derive(state)
	t := Standing{On: on, State: d.state, Credit: d.credit, Outstanding: state.Outstanding(), Rows: state.Rows}
	t.PastDue, t.Days = state.PastDue()
	for i := range state.Rows {
		r := &state.Rows[i]
		open := r.Outstanding()
		if r.Row.Due <= on {
			for c := range open {
				t.Due[c] += open[c]
			}
		} else if t.NextDue == 0 && open.Total() > 0 {
			t.NextDue, t.Next = r.Row.Due, open.Total()
		}
	}
	t.Bucket = Bucket(t.Days)
	claims, err := l.claims(state)
	if err != nil {
		return Standing{}, err
	}
	t.owe(claims)
	for i := range l.contract.Losses.Payers {
		account := l.contract.Losses.Payers[i].Account
		wanted, err := l.wants(state, account)
		if err != nil {
			return Standing{}, err
		}
		if x := sumWanted(wanted); x > 0 {
			t.Waits = append(t.Waits, Wait{account, x})
		}
	}
	return t, nil
}

// owe adds up what is owed to those who paid, by who they are.
func (t *Standing) owe(claims []claim) {
	for _, c := range claims {
		if c.left.Total() == 0 {
			continue
		}
		t.Covered += c.left.Total()
		i := slices.IndexFunc(t.Claims, func(p PayerPart) bool { return p.Account == c.payer })
		if i < 0 {
			t.Claims, i = append(t.Claims, PayerPart{Account: c.payer}), len(t.Claims)
		}
		for k := range c.left {
			t.Claims[i].Split[k] += c.left[k]
		}
	}
}

// Quote says what it takes to close a loan on a day; 0 is that from which a payment counts that is made now. Overpaid is what lies on its credit account.
func (s *Servicing) Quote(ctx context.Context, tenant, loanID id.ID, on day.Date) (loan.Quote, error) {
	l, err := s.Get(ctx, tenant, loanID)
	if err != nil {
		return loan.Quote{}, err
	}
	if !l.paidOut() {
		return loan.Quote{}, WrongState.Errorf("the loan was not paid out yet")
	}
	if l.Ended {
		return loan.Quote{}, ended()
	}
	if on == 0 {
		on, err = s.counting(ctx, l)
	} else {
		on, err = s.day(ctx, l, on)
	}
	if err != nil {
		return loan.Quote{}, err
	}
	q, _, err := l.quote(on)
	q.Overpaid = l.Booked.Credit
	return q, err
}

// quote is what closes the loan on a day, with what closing it early costs.
func (l *Loan) quote(on day.Date) (q loan.Quote, fee int64, err error) {
	if q, err = loan.PayoffQuote(l.contract.Agreement, l.counted, on); err != nil {
		return q, 0, refused(err)
	}
	early, err := l.early(on)
	if err != nil || !early || q.Split.Total() == 0 {
		return q, 0, err
	}
	if l.contract.NoPrepay {
		return q, 0, WrongState.Errorf("the product is not repaid before its last due date")
	}
	if l.contract.PayoffFee == nil {
		return q, 0, nil
	}
	if fee, err = l.contract.PayoffFee(q.Split[loan.Principal]); err != nil || fee == 0 {
		return q, 0, err
	}
	charge := loan.Event{Type: loan.Charge, Component: loan.Fee, Date: on, Due: on, Amount: fee}
	q, err = loan.PayoffQuote(l.contract.Agreement, append(l.counted[:len(l.counted):len(l.counted)], charge), on)
	return q, fee, err
}

// early reports whether the last row is not due yet.
func (l *Loan) early(on day.Date) (bool, error) {
	s, err := l.Replay(max(on, l.last()))
	if err != nil || len(s.Rows) == 0 {
		return false, err
	}
	return on < s.Rows[len(s.Rows)-1].Row.Due, nil
}
