package play

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/script"
)

// payment is one that a borrower makes.
type payment struct {
	loan   *lent
	on     recount.Day // from which it counts; the day it is made if 0
	cents  int64
	closes bool
	way    script.Way
}

// due are the payments of a day. Who pays how much follows from his contract, as the recount works it out: the borrower
// does not ask the platform what he owes.
func (p *Player) due(day int, ways ...script.Way) (list []payment) {
	today := Day(p.month, day)
	for _, l := range p.loans {
		month := p.month - l.Listed
		if l.over || month < 1 || month > l.Months {
			continue
		}
		way := p.s.Pays(l.Loan, month)
		for _, w := range ways {
			if way == w {
				if x, ok := l.pays(way, day, today); ok {
					list = append(list, x)
				}
			}
		}
	}
	return list
}

// pays is what a borrower pays by his way on a day.
func (l *lent) pays(way script.Way, day int, today recount.Day) (payment, bool) {
	x := payment{loan: l, way: way}
	due := today
	switch {
	case way == script.Dated && day == dayLate:
		// The bank had it on the due date.
		x.on = today - dayLate + dayDue
		due = x.on
	case way == script.Corrected && day == dayFound:
		x.on = today - dayFound + dayDue
		x.cents = l.installment(today)
		return x, x.cents > 0
	case way == script.Twice && day == dayLate:
		if len(l.payments) == 0 {
			return x, false
		}
		last := l.payments[len(l.payments)-1]
		x.cents = last.Amount
		return x, last.On == today-dayLate+dayDue
	}
	x.cents = l.terms.Replay(l.payments, due).Due(due)
	if way == script.InParts && day == dayDue {
		x.cents = x.cents * 3 / 5
	}
	return x, x.cents > 0
}

// installment is what the row that was due last asked for at first.
func (l *lent) installment(today recount.Day) (sum int64) {
	for _, r := range l.terms.Replay(nil, 0).Rows {
		if r.Due <= today {
			sum = r.Owed.Total()
		}
	}
	return sum
}

// inTime is the day on which installments are due.
func (p *Player) inTime(ctx context.Context) error {
	return p.repay(ctx, "due", p.due(dayDue, script.OnTime, script.InParts, script.Twice))
}

func (p *Player) late(ctx context.Context) error {
	return p.repay(ctx, "late", p.due(dayLate, script.Late, script.InParts, script.Dated, script.Corrected, script.Twice))
}

func (p *Player) found(ctx context.Context) error {
	return p.repay(ctx, "found", p.due(dayFound, script.Corrected))
}

// early is the day on which some pay much in advance, and others close their loans.
func (p *Player) early(ctx context.Context) error {
	today := Day(p.month, dayEarly)
	var list []payment
	for _, l := range p.loans {
		month := p.month - l.Listed
		if l.over || month < 1 {
			continue
		}
		switch month {
		case l.Closes:
			with := append(l.payments[:len(l.payments):len(l.payments)], recount.Payment{On: today, Closes: true})
			splits := l.terms.Replay(with, today).Splits
			list = append(list, payment{loan: l, way: script.OnTime, cents: splits[len(splits)-1].Total(), closes: true})
		case l.Ahead:
			left := l.terms.Replay(l.payments, today).Outstanding()
			list = append(list, payment{loan: l, way: script.OnTime, cents: min(l.terms.EqualInstallment()*5/2, left.Total())})
		}
	}
	return p.repay(ctx, "early", list)
}

// repay lets money of borrowers come in and counts it.
func (p *Player) repay(ctx context.Context, kind string, list []payment) error {
	commands := make([]command, len(list))
	for i := range list {
		x := &list[i]
		c, err := p.command(kind+"-collect", uint64(x.loan.index), PurposeCollect, transfer(Custody, Cash(x.loan.borrower), x.cents))
		if err != nil {
			return err
		}
		commands[i] = c
	}
	if err := p.apply(ctx, commands); err != nil {
		return err
	}
	return p.Each(ctx, len(list), func(ctx context.Context, i int) error {
		if err := p.count(ctx, kind, &list[i]); err != nil {
			return fmt.Errorf("loan %d: %w", list[i].loan.Number, err)
		}
		return nil
	})
}

// count is what a thousand investors wait for: one request, and the money is theirs.
func (p *Player) count(ctx context.Context, kind string, x *payment) error {
	l, today := x.loan, p.today
	own, err := p.id(kind, uint64(l.index))
	if err != nil {
		return err
	}
	l.note(recount.Fact{Kind: recount.Collected, Day: today, Amount: x.cents})
	body := map[string]any{"id": own, "amount": client.Amount(x.cents)}
	if x.on != 0 {
		body["date"] = x.on.String()
	}
	if x.closes {
		body["settle"] = true
	}
	if x.way == script.Corrected && x.on != 0 {
		body["anyway"] = true // it looks like the same payment once more, and somebody has seen that it is not
	}
	var event struct {
		Outcome string
		Amount  client.Amount
	}
	if err := p.c.Post(ctx, p.staff[service], "/v1/loans/"+l.id+"/payments", "", body, &event); err != nil {
		return err
	}
	if x.way == script.Twice && today.In() == dayLate {
		return p.sendBack(ctx, x, event.Outcome)
	}
	if event.Outcome != "applied" || int64(event.Amount) != x.cents {
		return fmt.Errorf("of a payment of %d there was taken %d: %s", x.cents, event.Amount, event.Outcome)
	}
	p.counted(x)
	return nil
}

// counted notes a payment, for the borrower and for the recount.
func (p *Player) counted(x *payment) {
	l, today := x.loan, p.today
	made := recount.Payment{On: today, Amount: x.cents, Closes: x.closes}
	f := recount.Fact{Kind: recount.Paid, Day: today, On: today, Amount: x.cents}
	if x.on != 0 {
		made.On, f.On = x.on, x.on
	}
	if x.closes {
		f.Kind = recount.Closed
	}
	l.payments = append(l.payments, made)
	l.note(f)
	p.Stats.count(x, today.In())
	l.over = l.terms.Replay(l.payments, today).Outstanding().Total() == 0
}

func (l *lent) note(f recount.Fact) { l.tale.Facts = append(l.tale.Facts, f) }

// sendBack returns what was paid once more by mistake: the platform has found it and taken nothing.
func (p *Player) sendBack(ctx context.Context, x *payment, outcome string) error {
	if outcome != "suspected" {
		return fmt.Errorf("a payment that was made twice was not found: %s", outcome)
	}
	c, err := p.command("twice", uint64(x.loan.index), PurposeSendBack, transfer(Cash(x.loan.borrower), Custody, x.cents))
	if err != nil {
		return err
	}
	x.loan.note(recount.Fact{Kind: recount.SentBack, Day: p.today, Amount: x.cents})
	p.Stats.Twice.Add(1)
	return p.apply(ctx, []command{c})
}
