package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
)

// What the investors hold: each of them an equal part of each loan.
const (
	heldLoans  = 500
	heldBy     = 20
	heldAmount = 10_000_00 // of a loan; its installments have the five digits of a repayment
	heldMonths = 24
	heldPaid   = 3 // installments of each loan that are behind

	askingTogether = 16
	askedDays      = 10
	unpaidDays     = 80
)

// overview measures what an investor sees of what he has: while nothing happens, right after a repayment of one of his
// loans, and on a new day, on which everything is worked out anew.
func overview(ctx context.Context, b *bench) error {
	s, err := b.site(ctx, "", realClock())
	if err != nil {
		return err
	}
	p, err := b.people(ctx, s, clockOf{Zone: realClock().Zone, Clock: "simulated", Start: time.Now().UTC().Format(time.RFC3339)})
	if err != nil {
		return err
	}
	v := &viewed{people: p}
	if err := v.build(ctx, b); err != nil {
		return err
	}
	for _, clients := range []int{1, askingTogether} {
		viewers, err := v.asking(ctx, b, clients)
		if err != nil {
			return err
		}
		var steps []step
		for _, w := range viewers {
			steps = append(steps, w.ask)
		}
		if err := b.warm(ctx, steps); err != nil {
			return err
		}
		again := func() (*load, error) { return closedLoop(ctx, b.long(), steps) }
		if err := v.tell(ctx, b, clients, "again", again); err != nil {
			return err
		}
		paid := func() (*load, error) { return afterPayments(ctx, b.long(), viewers) }
		if err := v.tell(ctx, b, clients, "right after a repayment", paid); err != nil {
			return err
		}
	}
	viewers, err := v.asking(ctx, b, 1)
	if err != nil {
		return err
	}
	if err := v.tell(ctx, b, 1, "first of a day", func() (*load, error) { return v.days(ctx, viewers[0]) }); err != nil {
		return err
	}
	// Beyond the next due date, with nothing paid.
	if err := v.people.move(ctx, v.people.moved.AddDate(0, 0, unpaidDays)); err != nil {
		return err
	}
	return v.tell(ctx, b, 1, "first of a day, all overdue", func() (*load, error) { return v.days(ctx, viewers[0]) })
}

// tell measures one way of asking.
func (v *viewed) tell(ctx context.Context, b *bench, clients int, when string, run func() (*load, error)) error {
	t := trial{
		what: fmt.Sprintf("overview %s, clients: %d: p99", when, clients), of: "an overview", target: target{unit: inMillis, atMost: true},
		how: fmt.Sprintf("REST; each client an investor with a token and %s holdings; %d repayments behind each loan", number(float64(len(v.loans))), heldPaid),
	}
	if clients == 1 {
		t.target.value = 30
	}
	return b.runs(ctx, v.people.site, t, false, func() (*load, float64, error) {
		l, err := run()
		if err != nil {
			return nil, 0, err
		}
		return l, float64(l.latency.quantile(0.99)) / float64(time.Millisecond), nil
	})
}

// days lets days begin, and asks on each of them once.
func (v *viewed) days(ctx context.Context, w *viewer) (*load, error) {
	l := &load{}
	for range askedDays {
		if err := v.people.move(ctx, v.people.moved.AddDate(0, 0, 1)); err != nil {
			return nil, err
		}
		sent := time.Now()
		n, err := w.ask()
		if err != nil {
			return nil, err
		}
		took := time.Since(sent)
		l.latency.add(took)
		l.took += took
		l.done += int64(n)
		l.requests++
	}
	return l, nil
}

// viewed is loans that are held by investors who ask.
type viewed struct {
	people    *people
	investors []bidder
	borrowers []bidder
	loans     []id.ID
	payments  []*repayment // by loan
}

// build lets loans be funded by bids, paid out and repaid for some months.
func (v *viewed) build(ctx context.Context, b *bench) (err error) {
	p, count := v.people, b.n(heldLoans)
	if v.investors, err = p.investors(ctx, b.n(heldBy), int64(count*heldAmount)); err != nil {
		return err
	}
	if v.borrowers, err = p.borrow(ctx, min(loanClients, count)); err != nil {
		return err
	}
	if _, err := p.product(ctx, productName); err != nil {
		return err
	}
	if err := fill(ctx, p.site, b.seed, places); err != nil {
		return err
	}
	if err := fill(ctx, p.site, b.seed+fillers, func(yield func(ledger.Operation) bool) {
		for n := range count {
			if !yield(&ledger.OpenAccount{Address: payer(n), Asset: asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2002, Constraint: ledger.Nonnegative}) {
				return
			}
		}
	}); err != nil {
		return err
	}
	for range count {
		v.loans = append(v.loans, p.id())
	}
	listings, err := v.list(ctx)
	if err != nil {
		return err
	}
	if err := v.fund(ctx, b, listings); err != nil {
		return err
	}
	start, err := p.today()
	if err != nil {
		return err
	}
	if err := p.disburse(ctx, v.loans, v.borrowers, func(n int) agreement.Terms {
		return agreement.Terms{Amount: heldAmount, Term: heldMonths, Unit: "months", Grade: grade(n), Start: dayOf(start)}
	}); err != nil {
		return err
	}
	return v.repay(ctx, b)
}

func grade(n int) string { return string(rune('a' + n%4)) }

// list opens the listings.
func (v *viewed) list(ctx context.Context) ([]id.ID, error) {
	listings := make([]id.ID, len(v.loans))
	var next atomic.Int64
	one := func() (int, error) {
		n := int(next.Add(1)) - 1
		said := map[string]any{
			"loan": v.loans[n], "borrower": v.borrowers[n%len(v.borrowers)].party, "receiver": payer(n), "tranches": servicing.Tranches, "grade": grade(n),
			"region": strconv.Itoa(n % 30), "days": 30 * heldMonths,
		}
		var err error
		if listings[n], err = v.people.list(ctx, n, heldAmount/100, said); err != nil {
			return 0, err
		}
		return 1, v.people.until(ctx, listings[n], func(l *listed) bool { return l.State == "open" })
	}
	_, err := exactly(ctx, len(v.loans), slices.Repeat([]step{one}, fillers))
	return listings, err
}

// fund lets each investor bid for his part of each loan.
func (v *viewed) fund(ctx context.Context, b *bench, listings []id.ID) error {
	body := fmt.Appendf(nil, `{"amount":"%d"}`, heldAmount/len(v.investors))
	var steps []step
	for _, who := range v.investors {
		c, err := dialREST(ctx, v.people.site.address)
		if err != nil {
			return err
		}
		b.after(c.close)
		steps = append(steps, func() (int, error) {
			for _, l := range listings {
				request, _ := plainRequest(v.people.site.address, who.token, http.MethodPost, "/v1/listings/"+l.String()+"/bids", v.people.id().String(), typeJSON, body)
				if _, err := c.call(request); err != nil {
					return 0, err
				}
			}
			return len(listings), nil
		})
	}
	if err := once(ctx, steps); err != nil {
		return err
	}
	for _, l := range listings {
		if err := v.people.until(ctx, l, func(l *listed) bool { return l.State == "funded" }); err != nil {
			return err
		}
	}
	return nil
}

// once lets every client do one step.
func once(ctx context.Context, clients []step) error {
	_, err := together(clients, func(_ *load, do step) error {
		if _, err := do(); err != nil {
			return err
		}
		return ctx.Err()
	}, time.Now())
	return err
}

// installment is what is looked at of a loan's schedule.
type installment struct {
	Due  string
	Owed struct {
		Total int64 `json:",string"`
	}
}

// repay pays installments when they fall due, trades some claims after the last of them, and goes on to the next due date.
func (v *viewed) repay(ctx context.Context, b *bench) error {
	p := v.people
	rows := make([][]installment, len(v.loans))
	for n, l := range v.loans {
		token := v.borrowers[n%len(v.borrowers)].token
		v.payments = append(v.payments, newRepayment(p.site.address, token, l))
		var answer struct{ Rows []installment }
		if err := p.site.as(token).ask(ctx, http.MethodGet, "/v1/loans/"+l.String(), nil, &answer); err != nil {
			return err
		}
		if rows[n] = answer.Rows; len(rows[n]) <= heldPaid || rows[n][0].Due != rows[0][0].Due {
			return fmt.Errorf("loan %s is to be paid by %+v", l, answer)
		}
	}
	for k := range heldPaid {
		if err := v.moveTo(ctx, rows[0][k].Due); err != nil {
			return err
		}
		if err := v.payAll(ctx, b, func(n int) int64 { return rows[n][k].Owed.Total }); err != nil {
			return err
		}
	}
	return v.moveTo(ctx, rows[0][heldPaid].Due)
}

// moveTo moves the ledger's clock to noon of a day.
func (v *viewed) moveTo(ctx context.Context, date string) error {
	on, err := time.ParseInLocation(time.DateOnly, date, v.people.moved.Location())
	if err != nil {
		return err
	}
	return v.people.move(ctx, on.Add(12*time.Hour))
}

// payAll repays something of each loan.
func (v *viewed) payAll(ctx context.Context, b *bench, amount func(n int) int64) error {
	var next atomic.Int64
	var steps []step
	for range min(loanClients, len(v.loans)) {
		c, own, err := v.dial(ctx, b)
		if err != nil {
			return err
		}
		steps = append(steps, func() (int, error) {
			n := int(next.Add(1)) - 1
			v.payments[n].pay(own, amount(n))
			return 1, v.payments[n].send(c)
		})
	}
	_, err := exactly(ctx, len(v.loans), steps)
	return err
}

func (v *viewed) dial(ctx context.Context, b *bench) (*restCaller, *ids, error) {
	c, err := dialREST(ctx, v.people.site.address)
	if err != nil {
		return nil, nil, err
	}
	b.after(c.close)
	b.seed++
	return c, newIDs(b.seed), nil
}

// viewer is an investor who asks what he has, after payments by borrowers or without.
type viewer struct {
	ask  step
	pay  func() error
	owed int64 // to him, as he was told last
}

// asking makes clients: each an investor, and beside him the borrowers of some loans.
func (v *viewed) asking(ctx context.Context, b *bench, clients int) (list []*viewer, err error) {
	clients = min(clients, len(v.loans))
	for k := range clients {
		c, own, err := v.dial(ctx, b)
		if err != nil {
			return nil, err
		}
		who := v.investors[k%len(v.investors)]
		request, _ := plainRequest(v.people.site.address, who.token, http.MethodGet, "/v1/parties/"+who.party.String()+"/portfolio", "", "", nil)
		w, turn := &viewer{}, 0
		w.ask = func() (int, error) {
			answer, err := c.call(request)
			if err == nil {
				w.owed, err = owed(answer)
			}
			return 1, err
		}
		w.pay = func() error {
			p := v.payments[(k+turn*clients)%(len(v.loans)/clients*clients)]
			turn++
			p.renew(own)
			return p.send(c)
		}
		list = append(list, w)
	}
	return list, nil
}

// afterPayments lets every client ask when a loan of his was repaid a moment ago, and times the answer. It must know of
// the payment.
func afterPayments(ctx context.Context, long time.Duration, viewers []*viewer) (*load, error) {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	steps := make([]step, len(viewers))
	took := make([]histogram, len(viewers))
	for i, w := range viewers {
		steps[i] = func() (int, error) {
			before := w.owed
			if err := w.pay(); err != nil {
				return 0, err
			}
			sent := time.Now()
			_, err := w.ask()
			took[i].add(time.Since(sent))
			if err == nil && w.owed >= before {
				err = fmt.Errorf("%d are owed to the investor after a payment, and %d before", w.owed, before)
			}
			return 1, err
		}
	}
	l, err := together(steps, func(l *load, do step) error {
		for ctx.Err() == nil {
			n, err := do()
			if err != nil {
				return err
			}
			l.done += int64(n)
			l.requests++
		}
		return nil
	}, time.Now())
	for i := range took {
		l.latency.merge(&took[i])
	}
	return l, err
}

// owed is what an answer says is owed to the investor: it falls with every payment.
func owed(answer []byte) (sum int64, err error) {
	for _, name := range []string{"invested", "accrued", "unpaid"} {
		at := bytes.Index(answer, []byte(`"`+name+`":"`))
		if at < 0 {
			return 0, fmt.Errorf("an overview without %s: %.200s", name, answer)
		}
		text, _, _ := bytes.Cut(answer[at+len(name)+4:], []byte(`"`))
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
