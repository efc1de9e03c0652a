package play

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/recount"
)

// What happens to a loan whose borrower has stopped paying, by how many installments he has missed. The product says from
// how many days past due on it may.
const (
	boughtAt    = 4 // of every second one: the reserve takes the whole loan over
	coveredTo   = 6 // of the others, the reserve pays so many installments
	writtenOff  = 8
	recoveredAt = 12
)

// losses is the day on which the reserve pays, loans are written off, and something is recovered.
func (p *Player) losses(ctx context.Context) error {
	return p.Each(ctx, len(p.loans), func(ctx context.Context, i int) error {
		l := p.loans[i]
		missed := p.month - l.Listed - l.Stops
		if !l.Bad || missed < 1 {
			return nil
		}
		whole := l.Number%2 == 0
		switch {
		case missed < boughtAt, !whole && missed <= coveredTo:
			return told(l, p.cover(ctx, l))
		case whole && missed == boughtAt:
			return told(l, p.buy(ctx, l))
		case missed == writtenOff:
			return told(l, p.writeOff(ctx, l))
		case missed == recoveredAt:
			return told(l, p.recover(ctx, l))
		}
		return nil
	})
}

// event is what a loan says of what was done to it.
type event struct {
	Outcome string
	Amount  client.Amount
}

// cover lets the reserve pay holders what is past due and was not paid before.
func (p *Player) cover(ctx context.Context, l *lent) error {
	interest, principal := l.terms.Replay(l.payments, p.today).PastDue(p.today)
	f := recount.Fact{Kind: recount.Covered, Day: p.today, Interest: interest - l.covered[0], Principal: principal - l.covered[1]}
	if f.Interest+f.Principal == 0 {
		return nil // all of it was due, and paid out
	}
	own, err := p.id("cover", uint64(l.index))
	if err != nil {
		return err
	}
	var e event
	if err := p.c.Post(ctx, p.staff[service], "/v1/loans/"+l.id+"/payouts", "", map[string]any{"id": own}, &e); err != nil {
		return err
	}
	l.covered[0] += f.Interest
	l.covered[1] += f.Principal
	l.note(f)
	p.Stats.lost(l.covered[1] == f.Principal, f.Interest+f.Principal)
	return e.check(f.Interest + f.Principal)
}

// buy lets the reserve take a loan over at what it is worth.
func (p *Player) buy(ctx context.Context, l *lent) error {
	interest, principal := l.terms.Worth(l.terms.Replay(l.payments, p.today), p.today)
	f := recount.Fact{Kind: recount.Bought, Day: p.today, Interest: max(0, interest-l.covered[0]), Principal: max(0, principal-l.covered[1])}
	if f.Interest+f.Principal == 0 {
		return nil
	}
	own, err := p.id("buy", uint64(l.index))
	if err != nil {
		return err
	}
	var e event
	if err := p.c.Post(ctx, p.staff[service], "/v1/loans/"+l.id+"/purchases", "", map[string]any{"id": own}, &e); err != nil {
		return err
	}
	l.note(f)
	p.Stats.Bought.Add(1)
	p.Stats.PaidOut.Add(f.Interest + f.Principal)
	return e.check(f.Interest + f.Principal)
}

// writeOff gives a loan up: one person proposes it, another one approves.
func (p *Player) writeOff(ctx context.Context, l *lent) error {
	own, err := p.id("write-off", uint64(l.index))
	if err != nil {
		return err
	}
	at := "/v1/loans/" + l.id
	err = p.c.Post(ctx, p.staff[operations], at+"/write-offs", "", map[string]any{"id": own, "reason": "nothing has been paid for seven months"}, nil)
	if err != nil {
		return err
	}
	err = p.c.Post(ctx, p.staff[risk], "/v1/proposals/"+own.String()+"/approval", "", map[string]any{"why": "seen"}, nil)
	if err != nil {
		return err
	}
	l.note(recount.Fact{Kind: recount.WrittenOff, Day: p.today})
	p.Stats.WrittenOff.Add(1)
	return await(ctx, "the write-off", func() (bool, error) {
		var out struct{ State string }
		err := p.c.Get(ctx, p.staff[operations], at, nil, &out)
		return out.State == "written-off" || out.State == "closed", err
	})
}

// recover lets something of a loan come in that was written off.
func (p *Player) recover(ctx context.Context, l *lent) error {
	part, of := p.s.Recovers(l.Loan), int64(10)
	owed := l.terms.Replay(l.payments, p.today).Outstanding().Total()
	cents := owed * part / of
	costs := cents / 20
	own, err := p.id("recover", uint64(l.index))
	if err != nil {
		return err
	}
	c, err := p.command("recovered", uint64(l.index), PurposeCollect, transfer(Custody, Cash(l.borrower), cents))
	if err != nil {
		return err
	}
	if err := p.apply(ctx, []command{c}); err != nil {
		return err
	}
	body := map[string]any{"id": own, "amount": client.Amount(cents), "costs": client.Amount(costs)}
	var e event
	if err := p.c.Post(ctx, p.staff[service], "/v1/loans/"+l.id+"/recoveries", "", body, &e); err != nil {
		return err
	}
	l.note(recount.Fact{Kind: recount.Collected, Day: p.today, Amount: cents})
	l.note(recount.Fact{Kind: recount.Recovered, Day: p.today, Amount: cents, Price: costs})
	l.payments = append(l.payments, recount.Payment{On: p.today, Amount: cents - costs})
	p.Stats.Recovered.Add(cents)
	return e.check(cents - costs)
}

// check compares what was taken with what should be.
func (e *event) check(cents int64) error {
	if e.Outcome != "applied" || int64(e.Amount) != cents {
		return fmt.Errorf("of %d there was taken %d: %s", cents, e.Amount, e.Outcome)
	}
	return nil
}
