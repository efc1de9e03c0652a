package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
)

// What is repaid, and over how many connections that are kept.
const (
	repaidLoans = 2_000
	loanHolders = 1_000
	loanClients = 64
	manyClients = 256

	loanAmount = 100_000_00
	loanMonths = 36
	loanAge    = 45 // days since it was paid out: an installment is late
	leastPaid  = 100_00
	spread     = 10_000 // amounts differ, so that none looks like another one made a second time
)

// repayments measures the main job as a platform meets it: a borrower's request, and all who hold his loan are paid.
func repayments(ctx context.Context, b *bench) error {
	return b.repayments(ctx, "", "SQLite", 2_000)
}

func repaymentsPostgres(ctx context.Context, b *bench) error {
	dsn, err := b.postgres(ctx)
	if err != nil {
		return err
	}
	return b.repayments(ctx, dsn, "PostgreSQL", 1_000)
}

func (b *bench) repayments(ctx context.Context, dsn, durable string, wanted float64) error {
	s, p, err := b.platform(ctx, dsn)
	if err != nil {
		return err
	}
	r := &repaid{people: p, world: world{accounts: b.n(20_000), registers: b.n(repaidLoans), holders: b.n(loanHolders), tranches: len(servicing.Tranches)}}
	if err := r.world.build(ctx, s, b.seed); err != nil {
		return err
	}
	if err := fill(ctx, s, b.seed, places); err != nil {
		return err
	}
	if err := r.lend(ctx); err != nil {
		return err
	}
	how := fmt.Sprintf("REST, durable on %s; a payment a request, by the borrowers; %s loans of %d months, each with %s holders in %d tranches",
		durable, number(float64(r.world.registers)), loanMonths, number(float64(r.world.holders)), r.world.tranches)
	for i, loan := range r.loans {
		r.payments = append(r.payments, newRepayment(p.site.address, r.borrowers[i%len(r.borrowers)].token, loan))
	}
	for _, clients := range []int{loanClients, manyClients} {
		steps, err := r.repaying(ctx, b, min(clients, len(r.borrowers)))
		if err != nil {
			return err
		}
		t := trial{what: fmt.Sprintf("repayments, clients by REST: %d", len(steps)), of: "a repayment", target: atLeast(wanted), clients: steps, how: how}
		if err := b.rate(ctx, s, t); err != nil {
			return err
		}
	}
	return r.check(ctx)
}

// repaid is loans that are being repaid.
type repaid struct {
	people    *people
	world     world
	borrowers []bidder // the loans are theirs in turn
	loans     []id.ID
	payments  []*repayment // of each loan
	paid      atomic.Int64
}

// The platform's accounts.
var platformAccounts = []string{"platform:fees", "platform:reserve", "platform:guarantee"}

// places opens the accounts that the loans share.
func places(yield func(ledger.Operation) bool) {
	for _, a := range platformAccounts {
		if !yield(&ledger.OpenAccount{Address: a, Asset: asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2003, Constraint: ledger.Nonnegative}) {
			return
		}
	}
}

// lend lets the loans stand as if they had been paid out.
func (r *repaid) lend(ctx context.Context) (err error) {
	p := r.people
	if _, err := p.product(ctx, productName); err != nil {
		return err
	}
	if r.borrowers, err = p.borrow(ctx, min(manyClients, r.world.registers)); err != nil {
		return err
	}
	now, err := p.today()
	if err != nil {
		return err
	}
	for range r.world.registers {
		r.loans = append(r.loans, p.id())
	}
	terms := agreement.Terms{Amount: loanAmount, Term: loanMonths, Unit: "months", Grade: "b", Start: dayOf(now) - loanAge}
	return p.disburse(ctx, r.loans, r.borrowers, func(int) agreement.Terms { return terms })
}

func dayOf(t time.Time) day.Date { return day.Of(t.Year(), int(t.Month()), t.Day()) }

// borrow makes borrowers.
func (p *people) borrow(ctx context.Context, n int) (list []bidder, err error) {
	for i := range n {
		who, token, err := p.person(ctx, fmt.Sprintf("borrower.%d", i))
		if err != nil {
			return nil, err
		}
		list = append(list, bidder{who, token})
	}
	return list, nil
}

// disburse writes loans straight into the node's rows, as if they had been paid out to the borrowers in turn.
func (p *people) disburse(ctx context.Context, list []id.ID, borrowers []bidder, terms func(n int) agreement.Terms) error {
	loans, err := p.servicing(ctx)
	if err != nil {
		return err
	}
	var next atomic.Int64
	one := func() (int, error) {
		n := int(next.Add(1)) - 1
		t := terms(n)
		text, err := json.Marshal(t)
		if err != nil {
			return 0, err
		}
		_, err = loans.Disburse(ctx, servicing.Deed{
			Tenant: p.by.Tenant, Loan: list[n], Ledger: p.site.ledger, Asset: asset, Borrower: borrowers[n%len(borrowers)].party,
			Product: productName, Version: 1, Terms: text, Places: servicing.Places{
				Register: register(n), Payer: payer(n), Credit: payer(n),
				Platform: platformAccounts[0], Reserve: platformAccounts[1], Guarantee: platformAccounts[2],
			},
		}, servicing.Disbursement{ID: p.id(), Amount: t.Amount, Actor: p.by.Actor})
		return 1, err
	}
	_, err = exactly(ctx, len(list), slices.Repeat([]step{one}, loanClients))
	return err
}

// servicing are the node's loans, as far as nothing is sent to a ledger.
func (p *people) servicing(ctx context.Context) (*servicing.Servicing, error) {
	shelf, err := catalog.Open(ctx, p.db, nil)
	if err != nil {
		return nil, err
	}
	contracts := &agreement.Contracts{Products: shelved{shelf}, Calendars: shelved{}}
	return servicing.Open(ctx, p.db, noLedgers{p}, contracts)
}

// shelved are the node's products, without holidays.
type shelved struct{ catalog *catalog.Catalog }

func (s shelved) Product(ctx context.Context, tenant id.ID, code string, version uint32) (*catalog.Product, error) {
	v, err := s.catalog.Get(ctx, tenant, code, uint64(version))
	return v.Product, err
}

func (shelved) Days(context.Context, id.ID, string) (holidays, workdays []day.Date, err error) {
	return nil, nil, nil
}

// noLedgers know the time, and nothing else.
type noLedgers struct{ people *people }

var errNoLedger = errors.New("the ledger is not reached from here")

func (l noLedgers) Now(context.Context, string) (time.Time, error) { return l.people.today() }

func (noLedgers) Apply(context.Context, string, []*ledger.Command) ([]node.Answer, error) {
	return nil, errNoLedger
}

func (noLedgers) View(context.Context, string, func(*ledger.Engine)) error { return errNoLedger }

// repaying makes clients that pay for their loans in turn.
func (r *repaid) repaying(ctx context.Context, b *bench, clients int) (steps []step, err error) {
	for n := range clients {
		b.seed++
		own := newIDs(b.seed)
		c, err := dialREST(ctx, r.people.site.address)
		if err != nil {
			return nil, err
		}
		b.after(c.close)
		var list []*repayment
		for i := n; i < len(r.payments); i += clients {
			list = append(list, r.payments[i])
		}
		turn := 0
		steps = append(steps, func() (int, error) {
			turn = (turn + 1) % len(list)
			p := list[turn]
			amount := p.renew(own)
			err := p.send(c)
			if err == nil {
				r.paid.Add(amount)
			}
			return 1, err
		})
	}
	return steps, nil
}

var applied200 = []byte(`"outcome":"applied"`)

// repayment is a request that is sent again and again: only id and amount change.
type repayment struct {
	request    []byte
	id, amount []byte // within request
	times      int64
}

func newRepayment(address, token string, loan id.ID) *repayment {
	const none, some = "00000000-0000-0000-0000-000000000000", "10000"
	request, _ := plainRequest(address, token, http.MethodPost, "/v1/loans/"+loan.String()+"/payments", "", typeJSON, []byte(`{"id":"`+none+`","amount":"`+some+`"}`))
	at := bytes.Index(request, []byte(none))
	sum := at + bytes.Index(request[at:], []byte(some))
	return &repayment{request: request, id: request[at : at+len(none)], amount: request[sum : sum+len(some)]}
}

// renew makes it another payment and gives its amount.
func (p *repayment) renew(own *ids) int64 {
	amount := leastPaid + p.times%spread
	p.times++
	p.pay(own, amount)
	return amount
}

// pay makes it another payment, of 100.00 to 999.99.
func (p *repayment) pay(own *ids, amount int64) {
	next := own.next()
	textID(p.id, &next)
	strconv.AppendInt(p.amount[:0], amount, 10)
}

// send pays.
func (p *repayment) send(c *restCaller) error {
	answer, err := c.call(p.request)
	if err == nil && !bytes.Contains(answer, applied200) {
		err = fmt.Errorf("the payment was answered: %s", bytes.TrimSpace(answer))
	}
	return err
}

// check reads the balances of all who were paid: not a cent may be missing.
func (r *repaid) check(ctx context.Context) error {
	sum, err := r.people.site.sum(ctx, func(yield func(string) bool) {
		for _, a := range platformAccounts {
			if !yield(a) {
				return
			}
		}
		r.world.clients(yield)
	})
	if err == nil && sum != r.paid.Load() {
		err = fmt.Errorf("%d minor units were paid, the balances of those who got them say %d", r.paid.Load(), sum)
	}
	return err
}
