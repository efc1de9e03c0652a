package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/id"
)

// What mandates want, and what there is for them.
const (
	someMandates, someListings = 10_000, 100
	allMandates, allListings   = 100_000, 1_000

	mandateAmount = 1_000_00
	mandatePiece  = 200_00 // most of one loan
	mandateRegion = 600_00 // most in one region
	mandateTimes  = 5      // as much as there is, they want in all
	loanRegions   = 30
	mandateRows   = 500 // written by one transaction
)

// mandates measures how long standing orders need to fund loans that open together: until the last of the loans is
// funded, with all pieces in the ledger and in the rows.
func mandates(ctx context.Context, b *bench) error {
	return b.mandates(ctx, someMandates, someListings, target{unit: inSeconds, atMost: true})
}

func mandatesAll(ctx context.Context, b *bench) error {
	return b.mandates(ctx, allMandates, allListings, under(60, inSeconds))
}

func (b *bench) mandates(ctx context.Context, orders, loans int, wanted target) error {
	s, p, err := b.platform(ctx, "")
	if err != nil {
		return err
	}
	if _, err := p.product(ctx, productName); err != nil {
		return err
	}
	orders, loans = b.n(orders), b.n(loans)
	o := &ordered{people: p, loans: loans, yuan: orders * mandateAmount / mandateTimes / loans / 100}
	b.say("%s investors, each with a mandate", number(float64(orders)))
	if err := o.enrol(ctx, b, orders); err != nil {
		return err
	}
	b.say("%s loans", number(float64(loans)))
	opens, err := o.open(ctx)
	if err != nil {
		return err
	}
	finish, err := s.watch(ctx)
	if err != nil {
		return err
	}
	took, pieces, err := o.funded(ctx, b, opens)
	if err != nil {
		return err
	}
	f := wanted.figure(fmt.Sprintf("%s mandates fund %s loans", number(float64(orders)), number(float64(loans))), took.Seconds(), fmt.Sprintf(
		"durable on SQLite; from the opening of all loans until the last is funded, with %s pieces in the ledger and the rows; limits of %s", number(float64(pieces)), productName))
	if err := finish(&f); err != nil {
		return err
	}
	b.tell(f)
	return nil
}

// ordered is mandates and the loans that they fund.
type ordered struct {
	people *people
	loans  int
	yuan   int // of a loan
}

// enrol makes investors with money and lets each give a mandate. They are written straight into the node's rows.
func (o *ordered) enrol(ctx context.Context, b *bench, n int) error {
	p := o.people
	model, err := p.investors(ctx, 1, mandateAmount)
	if err != nil {
		return err
	}
	known, err := p.registry.Attestations(ctx, p.by.Tenant, party.AttestationFilter{Party: model[0].party}, party.Page{Limit: party.MaxPage})
	if err != nil {
		return err
	}
	list := make([]id.ID, n)
	for i := range list {
		list[i] = p.id()
	}
	for part := range slices.Chunk(list, mandateRows) {
		if err := p.db.Write(ctx, func(tx *sql.Tx) error { return p.like(ctx, tx, model[0].party, known, part) }); err != nil {
			return fmt.Errorf("write investors: %w", err)
		}
	}
	if err := fill(ctx, p.site, b.seed, func(yield func(ledger.Operation) bool) {
		for _, v := range list {
			if !yield(&ledger.OpenAccount{Address: market.Cash(v), Asset: asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2001, Constraint: ledger.Nonnegative}) {
				return
			}
		}
	}); err != nil {
		return err
	}
	if err := fill(ctx, p.site, b.seed+fillers, func(yield func(ledger.Operation) bool) {
		for _, v := range list {
			if !yield(&ledger.Transfer{Debit: bank, Credit: market.Cash(v), Mode: ledger.Exact, Amount: mandateAmount}) {
				return
			}
		}
	}); err != nil {
		return err
	}
	at, err := p.site.standing(ctx)
	if err != nil {
		return err
	}
	given := 0
	for part := range slices.Chunk(list, mandateRows) {
		if err := p.db.Write(ctx, func(tx *sql.Tx) error {
			for _, v := range part {
				w := market.Wishes{
					Grades: slices.DeleteFunc([]string{"a", "b", "c", "d"}, func(g string) bool { return g == grade(given) }), Shortest: given * 53 % 200,
					Longest: 1_000 + given*97%1_000, PerLoan: mandatePiece, PerRegion: mandateRegion,
				}
				given++
				terms, err := json.Marshal(&w)
				if err != nil {
					return err
				}
				own := p.id()
				if _, err := tx.ExecContext(ctx, p.db.Rebind(`INSERT INTO market_mandate (tenant, id, ledger, investor, terms, amount, used, joined, turn, active)
					VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, 1)`), p.by.Tenant[:], own[:], p.site.ledger, v[:], string(terms), mandateAmount, int64(at.Sequence), int64(at.Sequence)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return fmt.Errorf("write mandates: %w", err)
		}
	}
	return p.site.settle(ctx)
}

// like writes parties of whom the same is known as of another one.
func (p *people) like(ctx context.Context, tx *sql.Tx, model id.ID, known []party.Attestation, list []id.ID) error {
	for _, own := range list {
		if _, err := tx.ExecContext(ctx, p.db.Rebind(`INSERT INTO party_party (tenant, id, kind, name, version, created, creator, closed)
			SELECT tenant, ?, kind, name, version, created, creator, closed FROM party_party WHERE tenant = ? AND id = ?`),
			own[:], p.by.Tenant[:], model[:]); err != nil {
			return err
		}
		for i := range known {
			one := p.id()
			if _, err := tx.ExecContext(ctx, p.db.Rebind(`INSERT INTO party_attestation (tenant, id, party, about, level, source, voucher, starts, ends, created, creator)
				SELECT tenant, ?, ?, about, level, source, voucher, starts, ends, created, creator FROM party_attestation WHERE tenant = ? AND id = ?`),
				one[:], own[:], p.by.Tenant[:], known[i].ID[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// open lists the loans, all of which open at one instant, which it gives.
func (o *ordered) open(ctx context.Context) (time.Time, error) {
	p := o.people
	borrower, _, err := p.person(ctx, "borrower")
	if err != nil {
		return time.Time{}, err
	}
	opens := time.Now().Add(2*time.Second + time.Duration(o.loans)*listingTime).Truncate(time.Second)
	closes := opens.Add(24 * time.Hour)
	var next atomic.Int64
	one := func() (int, error) {
		n := int(next.Add(1)) - 1
		_, err := p.list(ctx, n, o.yuan, map[string]any{
			"borrower": borrower, "grade": grade(n), "region": fmt.Sprint(n % loanRegions), "days": 200 + n*37%1_600,
			"opens": opens.UTC().Format(time.RFC3339), "closes": closes.UTC().Format(time.RFC3339),
		})
		return 1, err
	}
	if _, err := exactly(ctx, o.loans, slices.Repeat([]step{one}, fillers)); err != nil {
		return opens, err
	}
	if late := time.Since(opens); late > 0 {
		return opens, fmt.Errorf("the loans were listed %v after the first of them opened", late)
	}
	return opens, nil
}

// listingTime is what listing a loan takes at most.
const listingTime = 10 * time.Millisecond

// progress is how often one is told how far it is.
const progress = 5 * time.Second

// funded waits until all loans are funded, and counts the pieces and the money.
func (o *ordered) funded(ctx context.Context, b *bench, opens time.Time) (took time.Duration, pieces int64, err error) {
	p := o.people
	count := func(query string) (n int64, err error) {
		err = p.db.Reader().QueryRowContext(ctx, p.db.Rebind(query), p.by.Tenant[:]).Scan(&n)
		return n, err
	}
	for last, moved, told := int64(-1), opens, opens; ; {
		n, err := count(`SELECT count(*) FROM market_listing WHERE tenant = ? AND state = 'funded'`)
		if err != nil {
			return 0, 0, err
		}
		took = time.Since(opens)
		if n < int64(o.loans) && time.Since(told) < progress {
			select {
			case <-ctx.Done():
				return 0, 0, ctx.Err()
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		if pieces, err = count(`SELECT count(*) FROM market_bid WHERE tenant = ?`); err != nil {
			return 0, 0, err
		}
		if n == int64(o.loans) {
			break
		}
		told = time.Now()
		b.say("after %.0f s: %d loans are funded, %d pieces noted", took.Seconds(), n, pieces)
		if n+pieces > last {
			last, moved = n+pieces, told
		}
		if told.Sub(moved) > 4*stall {
			return 0, 0, fmt.Errorf("%d of %d loans are funded, with %d pieces, and nothing more happens", n, o.loans, pieces)
		}
	}
	got, err := p.site.sum(ctx, slices.Values([]string{"receiver"}))
	if want := int64(o.loans * o.yuan * 100); err == nil && got != want {
		err = fmt.Errorf("%d minor units were received, want %d", got, want)
	}
	return took, pieces, err
}
